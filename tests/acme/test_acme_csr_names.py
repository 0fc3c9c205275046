"""The names of a request (items 28 and 29): the order's identifier, those allowed, no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from acme_tools import (
    ATTESTATION,
    IDENTIFIER,
    SERIAL,
    UDID,
    assert_refused,
    make_csr,
    shown,
    signed,
)
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from appleattest import AttestationError, Reason
from appleattest.acme import (
    CSRBinding,
    FoundIn,
    HardwareModuleName,
    PermanentIdentifier,
    ProblemContext,
    ValidatedCSR,
    validate_csr,
)
from appleattest.testing import der
from appleattest.testing.csr import (
    COMMON_NAME,
    ORGANIZATION,
    SERIAL_NUMBER,
    USER_ID,
    alternatives,
    attribute,
    extension,
    rdn,
    requested,
    subject,
    subject_of,
)

SAN_REQUIRED, CN_OR_SAN, OPTIONAL, FORBIDDEN = CSRBinding
NOBODY = der.sequence()
UNEXPECTED, MISMATCH, MISSING, MALFORMED = (
    Reason.UNEXPECTED_NAME,
    Reason.IDENTIFIER_MISMATCH,
    Reason.IDENTIFIER_MISSING,
    Reason.MALFORMED_IDENTIFIER,
)
OTHER = PermanentIdentifier("OTHER")
MODULE = HardwareModuleName(SERIAL, "1.2.3")


def cn(value: str | bytes = SERIAL, tag: int = 0x0C) -> bytes:
    return attribute(COMMON_NAME, value, tag)


def validate(
    subject: bytes, *names: x509.GeneralName, binding: CSRBinding = CN_OR_SAN, **changed: Any
) -> ValidatedCSR:
    extensions = [alternatives(*names)] if names else []
    arguments = {"identifier": IDENTIFIER, "attestation": ATTESTATION, **changed}
    return validate_csr(make_csr(*extensions, subject=subject), binding=binding, **arguments)


def refused(
    subject: bytes,
    *names: x509.GeneralName,
    why: tuple[Reason, str],
    says: str = "",
    **changed: Any,
) -> AttestationError:
    reason, element = why
    return assert_refused(
        lambda: validate(subject, *names, **changed),
        reason,
        element,
        context=ProblemContext.FINALIZE,
        problem="badCSR",
        says=says,
    )


# --- where the identifier is --------------------------------------------------------------------

SHOWN = IDENTIFIER.other_name()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # what the request shows: found in, by mode, or why it is refused
        (
            (NOBODY,),
            {
                SAN_REQUIRED: (MISSING, "subjectAltName"),
                CN_OR_SAN: (MISSING, COMMON_NAME),
                OPTIONAL: None,
                FORBIDDEN: None,
            },
        ),
        (
            (subject(cn()),),
            {
                SAN_REQUIRED: (MISSING, "subjectAltName"),
                CN_OR_SAN: FoundIn.CN,
                OPTIONAL: FoundIn.CN,
                FORBIDDEN: (UNEXPECTED, COMMON_NAME),
            },
        ),
        (
            (NOBODY, SHOWN),
            {
                SAN_REQUIRED: FoundIn.SAN,
                CN_OR_SAN: FoundIn.SAN,
                OPTIONAL: FoundIn.SAN,
                FORBIDDEN: (UNEXPECTED, "subjectAltName[0]"),
            },
        ),
        (
            (subject(cn()), SHOWN, SHOWN),
            {
                SAN_REQUIRED: FoundIn.SAN,
                CN_OR_SAN: FoundIn.SAN,
                OPTIONAL: FoundIn.SAN,
                FORBIDDEN: (UNEXPECTED, "subjectAltName[0]"),
            },
        ),
        (
            (subject(attribute(SERIAL_NUMBER, SERIAL)),),
            {
                SAN_REQUIRED: (MISSING, "subjectAltName"),
                CN_OR_SAN: (MISSING, COMMON_NAME),
                OPTIONAL: None,
                FORBIDDEN: (UNEXPECTED, SERIAL_NUMBER),
            },
        ),
        (
            (subject(cn("OTHER")),),
            {
                SAN_REQUIRED: (MISMATCH, COMMON_NAME),
                CN_OR_SAN: (MISMATCH, COMMON_NAME),
                OPTIONAL: (MISMATCH, COMMON_NAME),
                FORBIDDEN: (UNEXPECTED, COMMON_NAME),
            },
        ),
        (
            (NOBODY, OTHER.other_name()),
            {
                SAN_REQUIRED: (MISMATCH, "subjectAltName[0]"),
                CN_OR_SAN: (MISMATCH, "subjectAltName[0]"),
                OPTIONAL: (MISMATCH, "subjectAltName[0]"),
                FORBIDDEN: (UNEXPECTED, "subjectAltName[0]"),
            },
        ),
    ],
    ids=["nowhere", "cn", "san", "both", "serialNumber", "cn-of-another", "san-of-another"],
)
@pytest.mark.parametrize("binding", list(CSRBinding))
def test_the_four_modes(
    where: tuple[Any, ...],
    expected: dict[CSRBinding, Any],
    binding: CSRBinding,
) -> None:
    outcome = expected[binding]
    if isinstance(outcome, tuple):
        refused(*where, binding=binding, why=outcome)
    else:
        assert validate(*where, binding=binding).found_in is outcome


@pytest.mark.parametrize("binding", [SAN_REQUIRED, CN_OR_SAN, OPTIONAL])
@pytest.mark.parametrize(
    ("evil", "names", "element"),
    [
        (subject(cn("OTHER")), [SHOWN], COMMON_NAME),
        (subject(cn(), cn("OTHER")), [SHOWN], COMMON_NAME),
        (subject(cn(), attribute(SERIAL_NUMBER, "OTHER", 0x13)), [SHOWN], SERIAL_NUMBER),
        (subject(cn(), attribute(USER_ID, "OTHER")), [SHOWN], USER_ID),
        (subject(cn()), [SHOWN, OTHER.other_name()], "subjectAltName[1]"),
        (subject(cn()), [OTHER.other_name(), SHOWN], "subjectAltName[0]"),
        (subject(cn()), [SHOWN, MODULE.other_name()], "subjectAltName[1]"),
        (
            subject(cn()),
            [SHOWN, PermanentIdentifier(SERIAL, "1.2.3").other_name()],
            "subjectAltName[1]",
        ),
    ],
    ids=["cn", "second-cn", "serialNumber", "uid", "second-san", "first-san", "module", "assigner"],
)
def test_every_identifier_that_is_shown_is_the_orders(
    binding: CSRBinding, evil: bytes, names: list[Any], element: str
) -> None:
    error = refused(evil, *names, binding=binding, why=(MISMATCH, element))
    mended = subject(cn(), attribute(SERIAL_NUMBER, SERIAL, 0x13), attribute(USER_ID, SERIAL))
    assert validate(mended, SHOWN, SHOWN, binding=binding).found_in is FoundIn.SAN

    told = error.problem()
    assert told["subproblems"] == [{"type": told["type"], "detail": told["detail"]}]
    assert "OTHER" not in json.dumps(told)
    assert SERIAL not in json.dumps(told)
    (subproblem,) = error.problem(disclose=True)["subproblems"]
    assert subproblem["identifier"] == IDENTIFIER.to_dict()
    assert subproblem["detail"] == f"{told['detail']}: {error.detail}"


@pytest.mark.parametrize(
    "value",
    [SERIAL.lower(), f" {SERIAL}", f"{SERIAL}\x00", f"{SERIAL}/1.2", SERIAL[:-1], UDID],
    ids=shown,
)
def test_the_comparison_is_octet_for_octet(value: str) -> None:
    refused(subject(cn(value)), why=(MISMATCH, COMMON_NAME))
    other = PermanentIdentifier.parse(value).other_name()
    refused(NOBODY, other, why=(MISMATCH, "subjectAltName[0]"))
    assert validate(subject(cn(value)), identifier=value).found_in is FoundIn.CN


def test_identifiers_of_both_types_are_found() -> None:
    assigned = PermanentIdentifier("C02", "1.2.3")
    for identifier in (assigned, HardwareModuleName("C02", "1.2.3")):
        names = [identifier.other_name()]
        assert validate(NOBODY, *names, identifier=identifier).found_in is FoundIn.SAN
        assert validate(subject(cn("C02/1.2.3")), identifier=identifier).found_in is FoundIn.CN
        refused(subject(cn("C02")), identifier=identifier, why=(MISMATCH, COMMON_NAME))


@pytest.mark.parametrize(
    "value",
    [
        der.sequence(der.utf8_string("")),
        der.sequence(der.utf8_string("a/b")),
        der.sequence(der.printable_string(SERIAL)),
        der.sequence(der.utf8_string(SERIAL), der.oid("1.2.3"), der.null()),
    ],
    ids=["empty", "slash", "printable", "third-field"],
)
def test_an_identifier_in_the_request_keeps_the_grammar(value: bytes) -> None:
    name = x509.OtherName(PermanentIdentifier.oid, value)
    refused(NOBODY, SHOWN, name, why=(MALFORMED, "subjectAltName[1]"))
    refused(NOBODY, SHOWN, name, allowed_names=[name], why=(MALFORMED, "subjectAltName[1]"))


@pytest.mark.parametrize(
    ("where", "why", "says", "binding"),
    [
        ((subject(cn("OTHER")),), (MISMATCH, COMMON_NAME), "'OTHER'", OPTIONAL),
        ((NOBODY, OTHER.other_name()), (MISMATCH, "subjectAltName[0]"), "'OTHER'", OPTIONAL),
        ((subject(cn()),), (UNEXPECTED, COMMON_NAME), f"'{SERIAL}'", FORBIDDEN),
        ((NOBODY, x509.DNSName("a.b")), (UNEXPECTED, "subjectAltName[0]"), "'a.b'", OPTIONAL),
        ((subject(attribute(ORGANIZATION, "A")),), (UNEXPECTED, ORGANIZATION), "'A'", OPTIONAL),
        ((subject(cn("AB", 0x1E)),), (UNEXPECTED, COMMON_NAME), "0x1e", OPTIONAL),
    ],
)
def test_the_operator_is_told_what_the_request_shows(
    where: tuple[Any, ...], why: tuple[Reason, str], says: str, binding: CSRBinding
) -> None:
    refused(*where, why=why, says=says, binding=binding)


# --- the common name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        der.sequence(rdn(cn()), rdn(cn())),
        der.sequence(rdn(cn(), attribute(SERIAL_NUMBER, SERIAL, 0x13))),
        subject(cn(SERIAL, 0x16)),
    ],
    ids=["two", "multi-valued", "IA5String"],
)
@pytest.mark.parametrize("binding", [CN_OR_SAN, OPTIONAL])
def test_the_common_name_is_one_and_alone(odd: bytes, binding: CSRBinding) -> None:
    refused(odd, binding=binding, why=(UNEXPECTED, COMMON_NAME))
    assert validate(odd, SHOWN, binding=binding).found_in is FoundIn.SAN


@pytest.mark.parametrize("tag", [0x0C, 0x13], ids=["UTF8String", "PrintableString"])
def test_the_string_types_of_a_common_name(tag: int) -> None:
    assert validate(subject(cn(SERIAL, tag))).found_in is FoundIn.CN


@pytest.mark.parametrize(
    ("tag", "encoding"),
    [(0x14, "latin-1"), (0x1E, "utf-16-be"), (0x1C, "utf-32-be")],
    ids=["TeletexString", "BMPString", "UniversalString"],
)
@pytest.mark.parametrize("oid", [COMMON_NAME, ORGANIZATION])
def test_other_string_types_are_refused(tag: int, encoding: str, oid: str) -> None:
    odd = subject(attribute(oid, "ABC".encode(encoding), tag))
    allowed = [x509.NameAttribute(x509.ObjectIdentifier(oid), "ABC")]
    refused(odd, SHOWN, allowed_names=allowed, why=(UNEXPECTED, oid))
    assert validate(subject(attribute(oid, "ABC")), SHOWN, allowed_names=allowed).names[1:]


def test_the_attributes_of_one_rdn_keep_their_string_types() -> None:
    mixed = der.sequence(
        rdn(attribute(SERIAL_NUMBER, SERIAL, 0x13), attribute(ORGANIZATION, "A", 0x0C)),
        rdn(attribute("0.9.2342.19200300.100.1.25", "example", 0x16)),
    )
    allowed = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A"),
        x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "example"),
    ]
    valid = validate(mixed, SHOWN, allowed_names=allowed)
    assert [each.value for each in valid.names[:3]] == ["A", SERIAL, "example"]


# --- every other name ---------------------------------------------------------------------------

PRINCIPAL = x509.OtherName(
    x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), der.utf8_string("a@a.example")
)
NAMES = [
    x509.DNSName("a.example"),
    x509.RFC822Name("a@a.example"),
    x509.UniformResourceIdentifier("https://a.example"),
    x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERIAL)])),
    PRINCIPAL,
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: type(name).__name__)
@pytest.mark.parametrize("binding", list(CSRBinding))
def test_no_other_alternative_name_is_allowed(name: x509.GeneralName, binding: CSRBinding) -> None:
    shown = [] if binding is FORBIDDEN else [SHOWN]
    element = f"subjectAltName[{len(shown)}]"
    refused(NOBODY, *shown, name, binding=binding, why=(UNEXPECTED, element))
    valid = validate(NOBODY, *shown, name, binding=binding, allowed_names=[name])
    assert valid.names == (*shown, name)


def test_an_allowed_name_is_that_name_and_no_other() -> None:
    allowed = [x509.DNSName("a.example"), PRINCIPAL]
    for other in (
        x509.DNSName("b.example"),
        x509.DNSName("A.example"),
        x509.RFC822Name("a.example"),
        x509.OtherName(PRINCIPAL.type_id, der.utf8_string("b@a.example")),
    ):
        refused(NOBODY, SHOWN, other, allowed_names=allowed, why=(UNEXPECTED, "subjectAltName[1]"))


@pytest.mark.parametrize(
    ("tag", "value"), [(0xA3, der.null()), (0xA5, der.tlv(0xA1, der.utf8_string("a")))]
)
def test_names_that_nobody_reads_are_refused(tag: int, value: bytes) -> None:
    names = der.sequence(der.tlv(tag, value))
    csr = make_csr(extension("2.5.29.17", names))
    assert_refused(
        lambda: validate_csr(
            csr, identifier=IDENTIFIER, attestation=ATTESTATION, binding=CN_OR_SAN
        ),
        UNEXPECTED,
        "subjectAltName",
        context=ProblemContext.FINALIZE,
        problem="badCSR",
        says="UnsupportedGeneralNameType",
    )


def test_no_other_attribute_of_the_subject_is_allowed() -> None:
    named = subject(cn(), attribute(ORGANIZATION, "A"))
    refused(named, why=(UNEXPECTED, ORGANIZATION))
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A")
    assert validate(named, allowed_names=[organization]).found_in is FoundIn.CN
    for other in (
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "B"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "A"),
        x509.DNSName("A"),
    ):
        refused(named, allowed_names=[other], why=(UNEXPECTED, ORGANIZATION))


def test_an_allowed_name_is_not_the_identifier() -> None:
    dns, organization = x509.DNSName("a.example"), attribute(ORGANIZATION, "A")
    shows = [dns, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A")]

    valid = validate(subject(organization), dns, binding=OPTIONAL, allowed_names=shows)
    assert valid.found_in is None
    for where in ((subject(organization),), (NOBODY, dns)):
        refused(*where, allowed_names=shows, why=(MISSING, COMMON_NAME))


def test_a_one_time_code_beside_the_names_of_the_device() -> None:
    """The order is for a code; the caller knows the device, and allows what names it."""
    shows = subject(cn("Mac of A"), attribute(SERIAL_NUMBER, SERIAL, 0x13))
    device = [
        IDENTIFIER,
        MODULE,
        x509.NameAttribute(NameOID.COMMON_NAME, "Mac of A"),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, SERIAL),
    ]
    arguments: dict[str, Any] = {"identifier": "code", "allowed_names": device}

    for binding in (OPTIONAL, FORBIDDEN):
        valid = validate(shows, SHOWN, MODULE.other_name(), binding=binding, **arguments)
        assert valid.found_in is None
        assert len(valid.names) == 4
    refused(shows, SHOWN, binding=CN_OR_SAN, why=(MISSING, COMMON_NAME), **arguments)
    refused(shows, SHOWN, binding=SAN_REQUIRED, why=(MISSING, "subjectAltName"), **arguments)
    refused(subject(cn("Mac of B")), binding=OPTIONAL, why=(MISMATCH, COMMON_NAME), **arguments)


def test_what_is_forbidden_cannot_be_allowed() -> None:
    allowed = [IDENTIFIER, x509.NameAttribute(NameOID.COMMON_NAME, SERIAL)]
    changed: dict[str, Any] = {"binding": FORBIDDEN, "allowed_names": allowed}

    refused(subject(cn()), why=(UNEXPECTED, COMMON_NAME), **changed)
    refused(NOBODY, SHOWN, why=(UNEXPECTED, "subjectAltName[0]"), **changed)


@given(
    st.lists(st.sampled_from([SHOWN, OTHER.other_name(), MODULE.other_name(), *NAMES]), max_size=4),
    st.lists(st.sampled_from([cn(), cn("OTHER"), attribute(ORGANIZATION, "A")]), max_size=3),
    st.sampled_from(CSRBinding),
    st.sets(st.sampled_from([OTHER, *NAMES]), max_size=3),
)
def test_what_is_validated_holds_nothing_but_what_may_be_there(
    names: list[x509.GeneralName],
    attributes: list[bytes],
    binding: CSRBinding,
    allowed: set[Any],
) -> None:
    try:
        valid = validate(subject(*attributes), *names, binding=binding, allowed_names=allowed)
    except AttestationError:
        return
    may = {each.other_name() if each is OTHER else each for each in allowed}
    if binding is not FORBIDDEN:
        may |= {SHOWN, x509.NameAttribute(NameOID.COMMON_NAME, SERIAL)}
    assert set(valid.names) <= may
    assert valid.names[len(attributes) :] == tuple(names)
    if binding in (SAN_REQUIRED, CN_OR_SAN):
        assert valid.found_in is not None
    assert (valid.found_in is FoundIn.SAN) == (SHOWN in names)


INFO = der.sequence(
    der.integer(0),
    subject(attribute(ORGANIZATION, "A"), cn()),
    ATTESTATION.spki,
    der.tlv(0xA0, requested(alternatives(SHOWN, NAMES[0]))),
)


@given(st.data())
def test_a_request_that_is_changed_and_signed_again_shows_nothing_new(data: st.DataObject) -> None:
    changed = bytearray(INFO)
    for _ in range(data.draw(st.integers(0, 3))):
        position = data.draw(st.integers(0, len(INFO) - 1))
        changed[position] = data.draw(st.integers(0, 255))
    allowed: list[Any] = [NAMES[0], x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A")]
    arguments: dict[str, Any] = {"identifier": IDENTIFIER, "attestation": ATTESTATION}
    try:
        valid = validate_csr(
            signed(bytes(changed)), binding=OPTIONAL, allowed_names=allowed, **arguments
        )
    except AttestationError:
        assert changed != INFO
        return
    may = {SHOWN, *allowed}
    may |= {x509.NameAttribute(oid, SERIAL) for oid in (NameOID.COMMON_NAME, NameOID.USER_ID)}
    may |= {x509.NameAttribute(NameOID.SERIAL_NUMBER, SERIAL)}
    assert set(valid.names) <= may
    assert valid.spki == ATTESTATION.spki


def test_a_subject_made_by_hand_is_the_one_that_is_read() -> None:
    assert validate(subject_of(SERIAL)).names == (x509.NameAttribute(NameOID.COMMON_NAME, SERIAL),)
