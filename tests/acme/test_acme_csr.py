"""The certificate request: its encoding, key, signature and extensions, and what comes out."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import warnings
from base64 import b64encode
from typing import Any

import pytest
from acme_tools import (
    ATTESTATION,
    AUTHORITY,
    IDENTIFIER,
    KEY,
    MAC,
    OTHER_KEY,
    P256_KEY,
    SERIAL,
    assert_refused,
    compressed_spki,
    make_csr,
    shown,
    signed,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from appleattest import AttestationError, FreshnessMismatch, Outcome, Reason, Verifier
from appleattest.acme import (
    CSRBinding,
    FoundIn,
    PermanentIdentifier,
    ProblemContext,
    ValidatedCSR,
    examine_csr,
    validate_csr,
)
from appleattest.acme.csr import validation as csr_module
from appleattest.acme.csr.reader import LARGEST_CSR
from appleattest.report import Check
from appleattest.testing import Digest, KeyKind, der
from appleattest.testing.csr import (
    BASIC_CONSTRAINTS,
    CHALLENGE_PASSWORD,
    EXTENDED_KEY_USAGE,
    EXTENSION_REQUEST,
    KEY_USAGE,
    MICROSOFT_EXTENSIONS,
    alternatives,
    attribute,
    explicit_p384,
    extension,
    requested,
    subject,
    subject_of,
    with_point,
)
from appleattest.testing.csr import (
    SUBJECT_ALT_NAME as SAN,
)
from appleattest.testing.keys import algorithm_identifier, key_bits, sign, spki_of
from appleattest.wire import base64url

GOOD = make_csr()
ARGUMENTS: dict[str, Any] = {
    "identifier": IDENTIFIER,
    "attestation": ATTESTATION,
    "binding": CSRBinding.CN_OR_SAN,
}
SPKI = ATTESTATION.spki


def validate(csr: Any, **changed: Any) -> ValidatedCSR:
    return validate_csr(csr, **{**ARGUMENTS, **changed})


def accepts(csr: Any, **changed: Any) -> bool:
    return bool(validate(csr, **changed).spki)


def by_attestation(attestation: Any) -> ValidatedCSR:
    return validate(GOOD, attestation=attestation, attested_key=None)


def by_key(csr: Any, key: Any, **changed: Any) -> ValidatedCSR:
    return validate(csr, attestation=None, attested_key=key, **changed)


def refused(
    csr: Any,
    reason: Reason,
    element: str | None = None,
    problem: str = "badCSR",
    *,
    says: str = "",
    **changed: Any,
) -> AttestationError:
    """Refused by both calls for one reason, while the ordinary request passes."""
    error = assert_refused(
        lambda: validate(csr, **changed),
        reason,
        element,
        context=ProblemContext.FINALIZE,
        problem=problem,
        says=says,
    )
    report = examine_csr(csr, **{**ARGUMENTS, **changed})
    assert report.error is not None
    assert (report.error.reason, report.error.element, report.attestation) == (
        reason,
        element,
        None,
    )
    assert report.checks == (Check("csr", Outcome.FAILED, reason, element, error.detail),)
    assert error.report is not None
    assert error.report.checks == report.checks
    assert SERIAL not in str(error.problem())
    return error


# --- what comes out -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "csr",
    [GOOD, bytearray(GOOD), memoryview(GOOD), base64url.encode(GOOD)],
    ids=lambda csr: type(csr).__name__,
)
def test_a_request_of_apples_client_is_accepted(csr: Any) -> None:
    valid = validate(csr)

    assert valid.csr.public_bytes(Encoding.DER) == GOOD
    assert valid.spki == spki_of(valid.public_key) == SPKI
    assert valid.spki_sha256 == hashlib.sha256(SPKI).digest() == ATTESTATION.spki_sha256
    assert valid.identifier == IDENTIFIER
    assert valid.found_in is FoundIn.CN
    assert valid.names == (x509.NameAttribute(NameOID.COMMON_NAME, SERIAL),)
    assert valid.subject == valid.csr.subject
    assert (valid.subject_alternative_name, valid.key_usage, valid.extended_key_usage) == (
        None,
    ) * 3


def test_everything_that_was_asked_for_is_returned() -> None:
    names = x509.SubjectAlternativeName([IDENTIFIER.other_name(), x509.DNSName("a.example")])
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    valid = validate(
        make_csr(
            extension(SAN, names, critical=True),
            extension(KEY_USAGE, usage, critical=True),
            extension(EXTENDED_KEY_USAGE, purposes),
            extension(BASIC_CONSTRAINTS, x509.BasicConstraints(ca=False, path_length=None)),
            subject=der.sequence(),
        ),
        allowed_names=[x509.DNSName("a.example")],
        binding=CSRBinding.SAN_REQUIRED,
    )

    assert valid.names == tuple(names)
    assert valid.found_in is FoundIn.SAN
    assert valid.subject_alternative_name == names
    assert (valid.key_usage, valid.extended_key_usage) == (usage, purposes)
    assert valid.subject == x509.Name([])


def test_a_request_made_by_cryptography_is_accepted() -> None:
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERIAL)])
    ).add_extension(x509.SubjectAlternativeName([IDENTIFIER.other_name()]), critical=False)
    for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        assert accepts(builder.sign(KEY, algorithm).public_bytes(Encoding.DER))


def test_a_certificate_is_issued_from_what_was_validated() -> None:
    valid = validate(make_csr(alternatives(IDENTIFIER.other_name())))
    assert valid.subject_alternative_name is not None
    certificate = (
        x509.CertificateBuilder(
            issuer_name=AUTHORITY.intermediate.subject,
            subject_name=valid.subject,
            public_key=valid.public_key,
            serial_number=1,
            not_valid_before=ATTESTATION.not_before,
            not_valid_after=ATTESTATION.not_after,
        )
        .add_extension(valid.subject_alternative_name, critical=False)
        .sign(OTHER_KEY, hashes.SHA256())
    )
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [PermanentIdentifier.from_other_name(name) for name in names] == [IDENTIFIER]


def test_a_validated_request_cannot_be_made_or_changed() -> None:
    valid: Any = validate(GOOD)

    for forbidden in (
        lambda: ValidatedCSR(csr=valid.csr),  # type: ignore[call-arg]
        lambda: type("Own", (ValidatedCSR,), {}),
    ):
        with pytest.raises(TypeError):
            forbidden()
    with pytest.raises(AttributeError):
        valid.names = ()
    assert copy.copy(valid) is valid
    assert copy.deepcopy(valid) is valid
    assert repr(valid) == "<ValidatedCSR with 1 names, the identifier cn>"
    bare = validate(make_csr(subject=der.sequence()), binding=CSRBinding.OPTIONAL)
    assert repr(bare) == "<ValidatedCSR with 0 names, the identifier nowhere>"


def test_the_report_of_what_passed() -> None:
    report = examine_csr(GOOD, **ARGUMENTS)
    kept = examine_csr(GOOD, **{**ARGUMENTS, "attestation": None, "attested_key": SPKI})

    assert report.attestation is ATTESTATION
    assert kept.attestation is None
    for each in (report, kept):
        assert each.error is None
        assert [(check.name, check.outcome) for check in each.checks] == [("csr", Outcome.PASSED)]


# --- the encoding -------------------------------------------------------------------------------

SPKI_OCTETS = spki_of(KEY.public_key())
EMPTY_ATTRIBUTES = der.tlv(0xA0, b"")
CN = subject_of(SERIAL)
INFO = (der.integer(0), CN, SPKI_OCTETS, EMPTY_ATTRIBUTES)
ALGORITHM = algorithm_identifier(KEY, Digest.SHA256)
KEYS_SIGNATURE = sign(KEY, Digest.SHA256, der.sequence(*INFO))
BROKEN = {
    "nothing": b"",
    "empty": der.sequence(),
    "truncated": GOOD[:-1],
    "trailing": GOOD + b"\x00",
    "indefinite": b"\x30\x80" + GOOD[3:] + b"\x00\x00",
    "version": make_csr(version=1),
    "no-attributes": signed(der.sequence(*INFO[:3])),
    "second-attributes": signed(der.sequence(*INFO, EMPTY_ATTRIBUTES)),
    "attributes-in-a-set": signed(der.sequence(*INFO[:3], der.tlv(0x31, b""))),
    "no-key": signed(der.sequence(INFO[0], CN, EMPTY_ATTRIBUTES)),
    "key-of-nothing": make_csr(spki=der.sequence()),
    "point-off-the-curve": make_csr(spki=SPKI_OCTETS[:-1] + bytes([SPKI_OCTETS[-1] ^ 1])),
    "unused-bits": signed(der.sequence(*INFO), unused=1),
    "fourth-field": der.sequence(
        der.sequence(*INFO), ALGORITHM, der.bit_string(KEYS_SIGNATURE), der.null()
    ),
    "subject-is-a-set": make_csr(subject=der.tlv(0x31, b"")),
    "rdn-is-a-sequence": make_csr(subject=der.sequence(der.sequence(attribute("2.5.4.3", "a")))),
    "attribute-without-value": make_csr(
        subject=der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"))))
    ),
    "long-common-name": make_csr(subject=subject_of("x" * 65)),
    "empty-common-name": make_csr(subject=subject_of("")),
    "long-country": make_csr(subject=der.sequence(der.set_of(attribute("2.5.4.6", "DEU")))),
    "not-printable": make_csr(
        subject=der.sequence(der.set_of(attribute("2.5.4.3", SERIAL + "*", 0x13)))
    ),
    "not-ascii": make_csr(subject=der.sequence(der.set_of(attribute("2.5.4.10", b"\xff", 0x16)))),
    "utf-8-in-ia5": make_csr(
        subject=der.sequence(der.set_of(attribute("2.5.4.10", "\u00e9", 0x16)))
    ),
    "not-utf-8": make_csr(subject=der.sequence(der.set_of(attribute("2.5.4.3", b"\xff")))),
    "not-der-length": make_csr(subject=b"\x30\x81" + CN[1:]),
}


@pytest.mark.parametrize("csr", BROKEN.values(), ids=BROKEN)
def test_a_request_that_is_not_well_formed(csr: bytes) -> None:
    refused(csr, Reason.MALFORMED_CSR, says="Error: ")
    assert accepts(GOOD)


INFO_AT = GOOD.index(der.sequence(*INFO))
KEY_AT = GOOD.index(SPKI_OCTETS)
ALGORITHM_AT = GOOD.index(ALGORITHM)
TAGS_AT = {
    "request": 0,
    "info": INFO_AT,
    "subject": GOOD.index(CN),
    "key": KEY_AT,
    "key-algorithm": KEY_AT + 2,
    "attributes": ALGORITHM_AT - len(EMPTY_ATTRIBUTES),
    "algorithm": ALGORITHM_AT,
    "signature": ALGORITHM_AT + len(ALGORITHM),
}


@pytest.mark.parametrize("place", TAGS_AT.values(), ids=TAGS_AT)
def test_every_field_is_of_its_type(place: int) -> None:
    octet_string = GOOD[:place] + b"\x04" + GOOD[place + 1 :]
    refused(octet_string, Reason.MALFORMED_CSR, says="no element of the expected type")
    assert accepts(GOOD)


def test_the_mended_twins_of_what_is_not_well_formed() -> None:
    assert accepts(signed(der.sequence(*INFO)))
    long = "x" * 64
    assert accepts(make_csr(subject=subject_of(long)), identifier=long)
    printable = der.sequence(der.set_of(attribute("2.5.4.3", SERIAL, 0x13)))
    assert validate(make_csr(subject=printable)).found_in is FoundIn.CN


@pytest.mark.parametrize(
    "csr",
    [None, 1, [], {}, (GOOD,), AUTHORITY.verified().leaf],
    ids=lambda csr: type(csr).__name__,
)
def test_what_is_no_request_is_refused(csr: Any) -> None:
    refused(csr, Reason.MALFORMED_CSR, says=f"'{type(csr).__name__}' came")


def test_text_is_base64url_and_nothing_else() -> None:
    text = base64url.encode(GOOD)
    pem = x509.load_der_x509_csr(GOOD).public_bytes(Encoding.PEM)

    for odd in (text + "=", text + "\n", " " + text, pem.decode()):
        refused(odd, Reason.MALFORMED_CSR, says="not canonical base64url")
    refused("", Reason.MALFORMED_CSR)
    refused(pem, Reason.MALFORMED_CSR)
    refused(text.encode(), Reason.MALFORMED_CSR)
    assert accepts(text)


def test_a_decoded_request_is_welcome() -> None:
    assert validate(x509.load_der_x509_csr(GOOD)).csr == x509.load_der_x509_csr(GOOD)
    broken = x509.load_der_x509_csr(GOOD[:-1] + bytes([GOOD[-1] ^ 1]))
    refused(broken, Reason.BAD_CSR_SIGNATURE)


def test_another_form_is_named_with_the_call_that_takes_it() -> None:
    pem = x509.load_der_x509_csr(GOOD).public_bytes(Encoding.PEM)
    says = "cryptography.x509.load_pem_x509_csr, and acme.validate_csr takes the result"
    payload = json.dumps({"csr": base64url.encode(GOOD)})

    for request in (pem, pem.decode(), b"\n" + pem, pem.replace(b"N C", b"N NEW C", 1)):
        refused(request, Reason.MALFORMED_CSR, says=says)
    assert accepts(x509.load_pem_x509_csr(pem))
    for finalize in (payload, payload.encode(), json.loads(payload)):
        refused(finalize, Reason.MALFORMED_CSR, says="acme.validate_csr takes its member csr")
    assert accepts(json.loads(payload)["csr"])
    refused("", Reason.MALFORMED_CSR, says="it is empty")


def test_a_request_in_der_is_called_nothing_else() -> None:
    """It begins as a certificate does."""
    asked = make_csr(extension("1.2.3", b"\x05\x00"))
    for csr, reason, element in (
        (GOOD[:-1], Reason.MALFORMED_CSR, None),
        (asked, Reason.UNEXPECTED_EXTENSION, "1.2.3"),
    ):
        assert "it is " not in refused(csr, reason, element).detail


def test_size_is_bounded_before_anything_is_parsed() -> None:
    refused(bytes(LARGEST_CSR), Reason.MALFORMED_CSR, says="no element of the expected type")
    refused(bytes(LARGEST_CSR + 1), Reason.MALFORMED_CSR, says="at most 8192 are read")
    refused("A" * 20_000, Reason.MALFORMED_CSR, says="hold more than 8192 bytes")


@given(st.data())
def test_a_request_with_any_octet_changed_is_refused(data: st.DataObject) -> None:
    """Nothing that is outside the signature matters, so every change is refused."""
    broken = bytearray(GOOD)
    position = data.draw(st.integers(0, len(GOOD) - 1))
    broken[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(AttestationError):
        validate(bytes(broken))


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_is_sent_is_refused(csr: Any) -> None:
    assert examine_csr(csr, **ARGUMENTS).error is not None


def test_a_panic_is_a_refusal_and_an_interrupt_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})

    def raising(error: BaseException) -> Any:
        def read(csr: Any) -> None:
            raise error

        return read

    monkeypatch.setattr(csr_module, "read_csr", raising(panic("in Rust")))
    refused(GOOD, Reason.MALFORMED_CSR, says="PanicException: 'in Rust'")
    monkeypatch.setattr(csr_module, "read_csr", raising(KeyError(SERIAL)))
    refused(GOOD, Reason.MALFORMED_CSR, says="KeyError")
    monkeypatch.setattr(csr_module, "read_csr", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        validate(GOOD)


def test_no_warning_gets_out() -> None:
    """A warning is an exception under some filters, and no verdict may depend on those."""
    long = extension(SAN, der.sequence(der.tlv(0xA4, subject_of("x" * 65))))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refused(make_csr(long), Reason.MALFORMED_CSR)
    assert caught == []


# --- the key ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [SPKI, bytearray(SPKI), memoryview(SPKI), KEY.public_key()],
    ids=lambda key: type(key).__name__,
)
def test_the_attested_key_is_all_that_must_be_kept(key: object) -> None:
    assert by_key(GOOD, key).spki == SPKI


def test_a_request_for_another_key_is_refused() -> None:
    refused(make_csr(key=OTHER_KEY), Reason.KEY_MISMATCH)
    refused(make_csr(key=P256_KEY), Reason.KEY_MISMATCH)
    refused(make_csr(key=AUTHORITY.keys.key("r", KeyKind.RSA_1024)), Reason.KEY_MISMATCH)
    refused(make_csr(key=AUTHORITY.keys.key("e", KeyKind.ED25519)), Reason.KEY_MISMATCH)
    assert by_key(make_csr(key=P256_KEY), spki_of(P256_KEY.public_key())).spki != SPKI
    refused(
        GOOD, Reason.KEY_MISMATCH, attestation=None, attested_key=spki_of(OTHER_KEY.public_key())
    )


def test_a_key_of_a_type_that_nobody_knows_is_another_key() -> None:
    unknown = der.sequence(der.sequence(der.oid("1.2.3.4")), der.bit_string(b"\x00"))
    refused(make_csr(spki=unknown), Reason.KEY_MISMATCH)
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.3.4"))
    curve = der.sequence(algorithm, der.bit_string(b"\x04" + bytes(64)))
    refused(make_csr(spki=curve), Reason.KEY_MISMATCH)


def test_the_key_is_judged_before_its_signature() -> None:
    refused(make_csr(key=OTHER_KEY, signer=KEY), Reason.KEY_MISMATCH)


def test_the_curve_is_named_and_the_point_of_an_ordinary_form() -> None:
    """RFC 5480, 2.1.1 and 2.2: no explicit parameters, and no hybrid point; both would decode."""
    public = KEY.public_key()
    point = key_bits(SPKI)
    named = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.3.132.0.34"))
    for parameters in (explicit_p384(), der.null(), b"", der.oid("1.3.132.0.34") * 2):
        algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), parameters)
        refused(make_csr(spki=der.sequence(algorithm, der.bit_string(point))), Reason.MALFORMED_CSR)
    hybrid = bytes([6 | point[-1] & 1]) + point[1:]
    refused(make_csr(spki=with_point(public, hybrid)), Reason.MALFORMED_CSR)
    assert accepts(make_csr(spki=with_point(public, point)))
    assert accepts(make_csr(spki=der.sequence(named, der.bit_string(point))))


def test_a_compressed_point_is_the_same_key() -> None:
    """Keys are compared as canonical SPKI, and the canonical one is what is returned."""
    valid = validate(make_csr(spki=compressed_spki(KEY)))
    assert valid.spki == SPKI
    refused(make_csr(spki=compressed_spki(OTHER_KEY), signer=OTHER_KEY), Reason.KEY_MISMATCH)


RSA_SPKI = spki_of(AUTHORITY.keys.key("r", KeyKind.RSA_1024).public_key())
P521 = AUTHORITY.keys.ec("p521", KeyKind.P521).public_key()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"attestation": None}, TypeError),
        ({"attested_key": SPKI}, TypeError),
        ({"attested_key": b""}, TypeError),
        ({"attestation": None, "attested_key": b""}, ValueError),
        ({"attestation": None, "attested_key": SPKI[:-1]}, ValueError),
        ({"attestation": None, "attested_key": ATTESTATION.spki_sha256}, ValueError),
        ({"attestation": None, "attested_key": RSA_SPKI}, ValueError),
        ({"attestation": None, "attested_key": P521}, ValueError),
        (
            {
                "attestation": None,
                "attested_key": der.sequence(
                    der.sequence(der.oid("1.2.3.4")), der.bit_string(b"\x00")
                ),
            },
            ValueError,
        ),
        ({"attestation": None, "attested_key": SPKI.hex()}, TypeError),
        ({"attestation": b""}, TypeError),
        ({"attestation": ATTESTATION.to_dict()}, TypeError),
        ({"identifier": None}, TypeError),
        ({"identifier": ""}, ValueError),
        ({"binding": None}, TypeError),
        ({"binding": "cn-or-san"}, TypeError),
        ({"allowed_names": None}, TypeError),
        ({"allowed_names": "a.example"}, TypeError),
        ({"allowed_names": ["a.example"]}, TypeError),
        ({"allowed_names": [None]}, TypeError),
        ({"allowed_names": x509.DNSName("a.example")}, TypeError),
        ({"allowed_usages": None}, TypeError),
        ({"allowed_usages": "1.2.3"}, TypeError),
        ({"allowed_usages": ["1.2.3"]}, TypeError),
    ],
    ids=shown,
)
@pytest.mark.parametrize("csr", [GOOD, None], ids=["good", "none"])
def test_the_callers_misuse_is_told_whatever_the_client_sent(
    changed: dict[str, Any], error: type[Exception], csr: Any
) -> None:
    for call in (validate_csr, examine_csr):
        with pytest.raises(error):
            call(csr, **{**ARGUMENTS, **changed})


@pytest.mark.parametrize("name", ["allowed_names", "allowed_usages"])
@pytest.mark.parametrize("one", ["1.2.3", None])
def test_several_are_allowed_and_not_one(name: str, one: str | None) -> None:
    with pytest.raises(TypeError, match=f"^{name} is several "):
        validate(GOOD, **{name: one})
    assert accepts(GOOD, **{name: []})


@pytest.mark.parametrize("name", ["identifier", "binding", "attestation"])
def test_nothing_that_is_checked_has_a_default(name: str) -> None:
    with pytest.raises(TypeError):
        validate_csr(GOOD, **{key: value for key, value in ARGUMENTS.items() if key != name})


def test_an_attestation_of_another_request_answers_no_challenge() -> None:
    verifier, at = Verifier(trust=AUTHORITY.trust), AUTHORITY.issued_at
    chain = AUTHORITY.attest(properties=MAC, freshness_code=b"earlier")
    earlier = verifier.verify_mdm(chain, nonce=b"now", previous_nonces=[b"earlier"], at=at)
    with pytest.raises(FreshnessMismatch) as caught:
        verifier.verify_mdm(chain, nonce=b"now", at=at)

    current = verifier.verify_mdm(chain, nonce=b"earlier", at=at)
    for over_mdm in (earlier, caught.value.attestation, current):
        with pytest.raises(ValueError, match=r"^attestation came over MDM"):
            by_attestation(over_mdm)
    unchecked = AUTHORITY.verified(MAC, freshness_code=None)
    with pytest.raises(ValueError, match=r"^attestation is unchecked, so it answers no challenge"):
        by_attestation(unchecked)
    assert by_key(GOOD, unchecked.spki).spki
    assert by_attestation(AUTHORITY.verified(MAC)).spki


def test_a_validated_request_reaches_a_worker_whole() -> None:
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    rich = make_csr(
        alternatives(PermanentIdentifier(SERIAL).other_name()),
        extension(EXTENDED_KEY_USAGE, usages),
    )
    for octets, found in ((GOOD, "cn"), (rich, "san")):
        valid = validate(octets)

        again = pickle.loads(pickle.dumps(valid))

        assert type(again) is ValidatedCSR
        assert again.to_dict() == valid.to_dict() == json.loads(json.dumps(valid.to_dict()))
        assert valid.to_dict()["found_in"] == found
        assert (again.names, again.key_usage) == (valid.names, valid.key_usage)
        assert again.extended_key_usage == valid.extended_key_usage
        assert again.names_to_issue() == valid.names_to_issue()


def test_the_members_of_a_written_request() -> None:
    host = x509.DNSName("device.example")
    names = [PermanentIdentifier(SERIAL).other_name(), host]
    valid = validate(make_csr(alternatives(*names)), allowed_names=[host])
    assert valid.to_dict() == {
        "csr": b64encode(valid.csr.public_bytes(Encoding.DER)).decode(),
        "spki": b64encode(valid.spki).decode(),
        "spki_sha256": valid.spki_sha256.hex(),
        "identifier": IDENTIFIER.to_dict(),
        "binding": "cn-or-san",
        "found_in": "san",
        "subject": valid.subject.rfc4514_string(),
        "subject_alternative_name": [
            f"OtherName: '{PermanentIdentifier(SERIAL)}'",
            f"DNSName: '{host.value}'",
        ],
    }
    nobody = make_csr(subject=subject())
    nowhere = validate(nobody, binding=CSRBinding.FORBIDDEN).to_dict()
    assert nowhere["found_in"] is None
    plain = validate(GOOD).to_dict()
    assert (plain["found_in"], plain["subject_alternative_name"]) == ("cn", [])


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (AUTHORITY.verified(MAC).spki_sha256, "^attested_key is 32 bytes, as a digest"),
        (b"no key", "^attested_key is Attestation.spki: a DER SubjectPublicKeyInfo"),
        ("text", "^attested_key is Attestation.spki, or"),
    ],
    ids=["digest", "no key", "text"],
)
def test_a_wrong_attested_key_is_named(wrong: Any, match: str) -> None:
    with pytest.raises((TypeError, ValueError), match=match):
        by_key(GOOD, wrong)
    released = memoryview(b"no key")
    released.release()
    with pytest.raises(ValueError, match=r"^attested_key is a memoryview that has been released"):
        by_key(GOOD, released)
    assert by_key(GOOD, AUTHORITY.verified(MAC).spki).spki


# --- the signature ------------------------------------------------------------------------------


def test_the_signature_is_one_of_the_key() -> None:
    refused(make_csr(signer=OTHER_KEY), Reason.BAD_CSR_SIGNATURE)
    assert accepts(make_csr(signer=KEY))


def test_the_signature_is_over_this_request() -> None:
    info = der.sequence(der.integer(0), subject_of("OTHER"), SPKI_OCTETS, EMPTY_ATTRIBUTES)
    for signature in (KEYS_SIGNATURE, b"", b"\x00" * 64):
        moved = der.sequence(info, ALGORITHM, der.bit_string(signature))
        refused(moved, Reason.BAD_CSR_SIGNATURE, identifier="OTHER")


@pytest.mark.parametrize("digest", list(Digest))
def test_the_signature_algorithm_is_of_the_allowlist(digest: Digest) -> None:
    csr = make_csr(digest=digest)
    if digest in (Digest.SHA1, Digest.SHA224):
        refused(csr, Reason.BAD_CSR_SIGNATURE)
    else:
        assert accepts(csr)


def test_an_algorithm_with_parameters_is_refused() -> None:
    info = der.sequence(*INFO)
    odd = der.sequence(der.oid("1.2.840.10045.4.3.2"), der.null())
    csr = der.sequence(info, odd, der.bit_string(KEYS_SIGNATURE))
    refused(csr, Reason.MALFORMED_CSR, says="with parameters")


# --- attributes and extensions (item 27) --------------------------------------------------------

GOOD_NAMES = alternatives(IDENTIFIER.other_name())
EVIL_NAMES = alternatives(x509.DNSName("evil.example"))


def attributes(*found: bytes) -> bytes:
    return make_csr(attributes=sorted(found))


@pytest.mark.parametrize(
    "found",
    [
        (requested(GOOD_NAMES), requested(EVIL_NAMES)),
        (requested(GOOD_NAMES), requested(GOOD_NAMES)),
    ],
    ids=["evil", "the-same"],
)
def test_extensions_are_requested_once(found: tuple[bytes, ...]) -> None:
    refused(attributes(*found), Reason.MALFORMED_CSR, EXTENSION_REQUEST, says="2 times")
    refused(make_csr(attributes=found[::-1]), Reason.MALFORMED_CSR, EXTENSION_REQUEST)
    assert accepts(attributes(requested(GOOD_NAMES)))


@pytest.mark.parametrize("count", [0, 2])
def test_an_extension_request_has_one_value(count: int) -> None:
    values = der.tlv(0x31, der.sequence(GOOD_NAMES) * count)
    found = der.sequence(der.oid(EXTENSION_REQUEST), values)
    refused(attributes(found), Reason.MALFORMED_CSR, EXTENSION_REQUEST, says=f"{count} values")


def test_an_extension_request_has_nothing_after_its_values() -> None:
    values = der.tlv(0x31, der.sequence(GOOD_NAMES))
    found = der.sequence(der.oid(EXTENSION_REQUEST), values, der.null())
    refused(attributes(found), Reason.MALFORMED_CSR)


@pytest.mark.parametrize(
    ("other", "element"),
    [
        (requested(EVIL_NAMES, oid=MICROSOFT_EXTENSIONS), MICROSOFT_EXTENSIONS),
        (
            der.sequence(der.oid(CHALLENGE_PASSWORD), der.set_of(der.utf8_string("secret"))),
            CHALLENGE_PASSWORD,
        ),
    ],
    ids=["microsoft", "challengePassword"],
)
def test_no_other_attribute_is_allowed(other: bytes, element: str) -> None:
    refused(attributes(other), Reason.UNEXPECTED_EXTENSION, element, says="an attribute")
    refused(attributes(requested(GOOD_NAMES), other), Reason.UNEXPECTED_EXTENSION, element)


def long_oid(octets: int) -> tuple[bytes, str]:
    """An OID of so many octets, as DER and as text."""
    return der.tlv(0x06, b"\x2a" + b"\x01" * (octets - 1)), "1.2" + ".1" * (octets - 1)


def test_the_oid_of_an_extension_has_at_most_64_octets() -> None:
    (oid, dotted), (longer, _) = long_oid(64), long_oid(65)
    value = der.octet_string(b"")
    refused(make_csr(der.sequence(oid, value)), Reason.UNEXPECTED_EXTENSION, dotted)
    refused(make_csr(der.sequence(longer, value)), Reason.MALFORMED_CSR)


def test_the_oid_of_an_attribute_is_bounded() -> None:
    """By `cryptography` already, which takes one octet less."""
    (oid, dotted), (longer, _) = long_oid(63), long_oid(64)
    values = der.set_of(der.null())
    refused(attributes(der.sequence(oid, values)), Reason.UNEXPECTED_EXTENSION, dotted)
    refused(attributes(der.sequence(longer, values)), Reason.MALFORMED_CSR)


UNKNOWN = der.sequence(der.oid("1.2.3.4"), der.octet_string(b""))


@pytest.mark.parametrize(
    "found",
    [
        requested(b"\x31" + UNKNOWN[1:]),
        requested(der.sequence(b"\x0d" + UNKNOWN[3:7], der.octet_string(b""))),
        requested(der.sequence(der.oid(SAN), der.utf8_string("")), UNKNOWN),
        der.sequence(der.oid(EXTENSION_REQUEST), der.set_of(der.tlv(0x31, UNKNOWN))),
        der.sequence(der.oid(EXTENSION_REQUEST), der.sequence(der.sequence(UNKNOWN))),
    ],
    ids=["extension", "oid", "value", "extensions", "values"],
)
def test_what_is_no_extension_is_malformed_before_it_is_unexpected(found: bytes) -> None:
    refused(attributes(found), Reason.MALFORMED_CSR)
    refused(attributes(requested(UNKNOWN)), Reason.UNEXPECTED_EXTENSION, "1.2.3.4")


def test_an_extension_stands_once() -> None:
    refused(make_csr(GOOD_NAMES, EVIL_NAMES), Reason.MALFORMED_CSR, SAN, says="twice")
    refused(make_csr(GOOD_NAMES, GOOD_NAMES), Reason.MALFORMED_CSR, SAN)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage_of(*asked: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in asked for usage in _USAGES})


UNWANTED: dict[str, tuple[bytes, str]] = {
    "ca": (
        extension(BASIC_CONSTRAINTS, x509.BasicConstraints(ca=True, path_length=None)),
        BASIC_CONSTRAINTS,
    ),
    "path-length": (
        extension(BASIC_CONSTRAINTS, x509.BasicConstraints(ca=True, path_length=0)),
        BASIC_CONSTRAINTS,
    ),
    "keyCertSign": (extension(KEY_USAGE, usage_of("key_cert_sign")), KEY_USAGE),
    "cRLSign": (
        extension(KEY_USAGE, usage_of("digital_signature", "crl_sign")),
        KEY_USAGE,
    ),
    "any-usage": (
        extension(
            EXTENDED_KEY_USAGE,
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
            ),
        ),
        EXTENDED_KEY_USAGE,
    ),
    "ocsp-signing": (
        extension(EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])),
        EXTENDED_KEY_USAGE,
    ),
    "name-constraints": (
        extension("2.5.29.30", x509.NameConstraints([x509.DNSName("a.example")], None)),
        "2.5.29.30",
    ),
    "key-identifier": (
        extension("2.5.29.14", x509.SubjectKeyIdentifier.from_public_key(KEY.public_key())),
        "2.5.29.14",
    ),
    "negative-serial-number": (
        extension("2.5.29.35", der.sequence(b"\x82\x01\xff")),
        "2.5.29.35",
    ),
    "unknown": (extension("1.2.3.4", b"\x05\x00"), "1.2.3.4"),
    "attested-property": (
        extension("1.2.840.113635.100.8.9.1", SERIAL.encode()),
        "1.2.840.113635.100.8.9.1",
    ),
}


@pytest.mark.parametrize(("unwanted", "element"), UNWANTED.values(), ids=UNWANTED)
def test_no_other_extension_is_allowed(unwanted: bytes, element: str) -> None:
    refused(make_csr(unwanted), Reason.UNEXPECTED_EXTENSION, element)
    refused(make_csr(GOOD_NAMES, unwanted), Reason.UNEXPECTED_EXTENSION, element)


@pytest.mark.parametrize(
    ("unwanted", "says"),
    [
        ("ca", "asks for a CA"),
        ("keyCertSign", "asks for a key that signs certificates"),
        ("cRLSign", "revocation lists"),
        ("ocsp-signing", "asks for extended key usage '1.3.6.1.5.5.7.3.9'"),
        ("unknown", "asks for an extension"),
    ],
)
def test_the_operator_is_told_what_was_asked_for(unwanted: str, says: str) -> None:
    asked, element = UNWANTED[unwanted]
    refused(make_csr(asked), Reason.UNEXPECTED_EXTENSION, element, says=says)


def test_every_usage_that_is_not_allowed_is_told() -> None:
    both = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.OCSP_SIGNING]
    )
    refused(
        make_csr(extension(EXTENDED_KEY_USAGE, both)),
        Reason.UNEXPECTED_EXTENSION,
        EXTENDED_KEY_USAGE,
        says="1.3.6.1.5.5.7.3.3, 1.3.6.1.5.5.7.3.9",
    )


@pytest.mark.parametrize(
    "wanted",
    [
        extension(BASIC_CONSTRAINTS, x509.BasicConstraints(ca=False, path_length=None)),
        extension(KEY_USAGE, usage_of("digital_signature", "key_encipherment")),
        extension(EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])),
    ],
    ids=["no-ca", "signs", "client"],
)
def test_the_mended_extensions_are_allowed(wanted: bytes) -> None:
    assert accepts(make_csr(wanted))


def test_the_usages_are_the_callers_to_widen_and_to_narrow() -> None:
    signing, _ = UNWANTED["ocsp-signing"]
    client = extension(EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))

    assert accepts(make_csr(signing), allowed_usages=[ExtendedKeyUsageOID.OCSP_SIGNING])
    refused(make_csr(client), Reason.UNEXPECTED_EXTENSION, EXTENDED_KEY_USAGE, allowed_usages=[])


def test_a_detail_is_short_whatever_is_asked_for() -> None:
    many = x509.ExtendedKeyUsage([x509.ObjectIdentifier(f"1.2.3.{i}") for i in range(900)])
    csr = make_csr(extension(EXTENDED_KEY_USAGE, many))
    error = refused(csr, Reason.UNEXPECTED_EXTENSION, EXTENDED_KEY_USAGE)
    assert "1.2.3.0" in error.detail
    assert len(error.detail) < 200
    assert accepts(csr, allowed_usages=many)


@pytest.mark.parametrize(
    ("oid", "value", "element", "says"),
    [
        (KEY_USAGE, b"\x03\x02\x00\x80", KEY_USAGE, "one encoding"),
        (BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x00", None, "ValueError"),
        (SAN, b"\x30\x00", SAN, "without names"),
        (SAN, b"\x30\x80\x00\x00", None, "ValueError"),
        (SAN, b"\x30\x06\x82\x04\xff\xff\xff\xff", None, "ValueError"),
    ],
    ids=["keyUsage", "default-written", "no-names", "indefinite", "not-ascii"],
)
def test_an_extension_is_in_its_one_encoding(
    oid: str, value: bytes, element: str | None, says: str
) -> None:
    refused(make_csr(extension(oid, value)), Reason.MALFORMED_CSR, element, says=says)


def test_the_flag_of_an_extension_is_der() -> None:
    odd = der.sequence(der.oid(SAN), b"\x01\x01\x01", GOOD_NAMES[-1:])
    refused(make_csr(odd), Reason.MALFORMED_CSR)


def test_the_public_key_is_one_that_cryptography_encodes_canonically() -> None:
    assert isinstance(validate(GOOD).public_key, ec.EllipticCurvePublicKey)
    encoded = validate(GOOD).public_key.public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert encoded == SPKI


def test_a_key_usage_of_no_use_is_malformed() -> None:
    """RFC 5280, section 4.2.1.3: at least one bit is set in a certificate's."""
    refused(make_csr(extension(KEY_USAGE, usage_of())), Reason.MALFORMED_CSR, KEY_USAGE)
    assert accepts(make_csr(extension(KEY_USAGE, usage_of("digital_signature"))))
