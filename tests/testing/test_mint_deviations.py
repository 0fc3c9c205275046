"""Each deviation breaks what it says, and, where only that is asked, nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from mint_tools import AUTHORITY, accepts, extensions, load, signature, tbs, value

from appleattest import Reason, decode_unverified, oids
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    CertificateTemplate,
    Deviation,
    Digest,
    Extension,
    KeyKind,
    Properties,
    apple_shape,
    authority_name,
    deviations,
    keys,
)
from appleattest.testing import deviations as d
from appleattest.testing.properties import NUMBER_PROPERTIES, TEXT_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator

GENUINE = AUTHORITY.attest()
LEAF_CERTIFICATE = x509.load_der_x509_certificate(GENUINE[0])
OTHER_NAME = authority_name("Test Other CA")
ONE_SECOND = timedelta(seconds=1)


def leaf(*applied: Deviation) -> bytes:
    return AUTHORITY.attest(deviations=applied)[0]


def intermediate(*applied: Deviation) -> bytes:
    return AUTHORITY.attest(intermediate_deviations=applied)[1]


def is_signed(der: bytes, digest: hashes.HashAlgorithm | None = None) -> bool:
    """Return whether the intermediate's key verifies the signature over the signed octets."""
    key: Any = AUTHORITY.intermediate.public_key()
    try:
        signed = core.Sequence.load(der)[0].dump()
        key.verify(signature(der)[1:], signed, ec.ECDSA(digest or hashes.SHA384()))
    except InvalidSignature:
        return False
    return True


# One value of every deviation, with what a genuine leaf or intermediate needs to take it.
LEAF = [
    d.BERLength(),
    d.BERLength("tbs"),
    d.BERLength("signature"),
    d.BadTime(),
    d.CertifiedKey(KeyKind.P256),
    d.CriticalExtension(),
    d.CriticalExtension(oids.UDID),
    d.DoubledExtension(oids.UDID),
    d.DoubledExtension(oids.UDID, b"other"),
    d.Expired(),
    d.ExplicitCurve(),
    d.ExplicitCurve(other_generator=True),
    d.ExtendedKeyUsage(),
    d.ExtensionValue(oids.UDID, b""),
    d.ExtraExtension(),
    d.IndefiniteLength(),
    d.IssuerName(OTHER_NAME),
    d.KeyPoint(),
    d.KeyUsage(d.KeyUse.KEY_CERT_SIGN),
    d.LeafIsCA(),
    d.MismatchedAlgorithms(),
    d.MismatchedAlgorithms(wrong="inner"),
    d.MismatchedKeyIdentifiers(),
    d.MissingExtension(oids.UDID),
    d.NameConstraints(),
    d.NegativeSerial(),
    d.NestedFreshnessCode(),
    d.NoBasicConstraints(),
    d.NoExtensions(),
    d.NoExtensions(empty=True),
    d.NoKeyUsage(),
    d.NonCriticalExtension(oids.KEY_USAGE),
    d.NonCriticalExtension(oids.KEY_USAGE, explicit=True),
    d.NotYetValid(),
    d.NullSignatureParameters(),
    d.PublicKeyInfo(b"\x30\x00"),
    d.RawExtension(oids.UDID, b"\x30\x00"),
    d.Replaced(),
    d.ReplacedSignature(),
    d.SelfIssued(),
    d.SelfSigned(),
    d.Serial(7),
    d.SignatureAlgorithm(b"\x30\x00"),
    d.SignatureHash(),
    d.SubjectName(OTHER_NAME),
    d.TamperedContent(b"TESTSERIAL01", b"TESTSERIAL99"),
    d.TamperedSignature(),
    d.TrailingBytes(),
    d.TrailingBytes(where="tbs"),
    d.TrailingBytes(where="signature"),
    d.Truncated(),
    d.TwinSignature(),
    d.UnusedBits(),
    d.Utf8StringText(),
    d.Validity(not_after=ISSUED_AT),
    d.Version(2),
    d.WrappedValue(oids.UDID),
    d.MalformedProperty(oids.SERIAL_NUMBER),
    d.WrongSigner(),
    d.ZeroSerial(),
]
INTERMEDIATE = [
    d.NoKeyCertSign(),
    d.NoKeyIdentifiers(),
    d.NotACA(),
    d.PathLength(),
    d.CertifiedKey(KeyKind.RSA_2048),
]


def names(applied: list[Deviation]) -> Iterator[str]:
    for each in applied:
        yield f"{applied.index(each)}-{type(each).__name__}"


def test_the_list_is_complete() -> None:
    listed = {getattr(deviations, name) for name in deviations.__all__}
    classes = {c for c in listed if isinstance(c, type) and issubclass(c, Deviation)}

    assert classes == {type(each) for each in (*LEAF, *INTERMEDIATE)}
    assert all(each.__doc__ for each in classes)


@pytest.mark.parametrize("deviation", LEAF, ids=names(LEAF))
def test_a_deviation_changes_the_leaf_the_same_way_every_time(deviation: Deviation) -> None:
    assert leaf(deviation) == leaf(deviation) != GENUINE[0]
    assert hash(deviation) == hash(replace(deviation))


@pytest.mark.parametrize("deviation", INTERMEDIATE, ids=names(INTERMEDIATE))
def test_a_deviation_changes_the_intermediate(deviation: Deviation) -> None:
    assert intermediate(deviation) == intermediate(deviation) != GENUINE[1]


# These break the signature, or leave no certificate to take one from.
UNSIGNED_CHANGES = (
    d.WrongSigner,
    d.TamperedSignature,
    d.TamperedContent,
    d.ReplacedSignature,
    d.SelfSigned,
    d.SignatureHash,
    d.Replaced,
    d.Truncated,
    d.IndefiniteLength,
)


SIGNED = [
    each
    for each in LEAF
    if not isinstance(each, UNSIGNED_CHANGES) and getattr(each, "where", None) != "signature"
]


@pytest.mark.parametrize("deviation", SIGNED, ids=names(SIGNED))
def test_what_is_broken_before_signing_is_signed(deviation: Deviation) -> None:
    assert is_signed(leaf(deviation))


@pytest.mark.parametrize(
    "deviation",
    [d.BERLength("signature"), d.TrailingBytes(where="signature"), d.ReplacedSignature()],
    ids=repr,
)
def test_a_broken_signature_leaves_the_rest_as_it_is(deviation: Deviation) -> None:
    assert core.Sequence.load(leaf(deviation))[0].dump() == core.Sequence.load(GENUINE[0])[0].dump()


def test_a_deviation_that_changes_nothing_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        leaf(d.SignatureHash(Digest.SHA384))
    with pytest.raises(ValueError, match="changes nothing"):
        leaf(d.TamperedContent(b"not there", b"also none"))


def test_a_deviation_given_twice_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="given twice"):
        leaf(d.TamperedSignature(), d.TamperedSignature())


def test_deviations_compose() -> None:
    der = leaf(d.Serial(5), d.LeafIsCA(), d.TamperedSignature(), d.TrailingBytes(b"\x00"))

    assert der.endswith(b"\x00")
    assert tbs(der[:-1])["serial_number"].native == 5
    assert value(der[:-1], oids.BASIC_CONSTRAINTS) == b"\x30\x03\x01\x01\xff"
    assert not is_signed(der[:-1])


def test_root_deviations_break_the_root() -> None:
    authority = AttestationAuthority(
        "root", root_deviations=[d.CertifiedKey(KeyKind.P521), d.NoKeyUsage()]
    )

    assert isinstance(authority.root.public_key(), ec.EllipticCurvePublicKey)
    authority.root.verify_directly_issued_by(authority.root)
    assert oids.KEY_USAGE not in [oid for oid, _, _ in extensions(authority.root_issuer.der)]
    assert accepts(authority.attest(), root=authority.root)


def test_a_template_signs_by_itself() -> None:
    template = CertificateTemplate(
        OTHER_NAME,
        OTHER_NAME,
        ISSUED_AT,
        ISSUED_AT,
        keys.spki_of(AUTHORITY.attested_key.public_key()),
        extensions=None,
    ).with_extension(Extension("1.2.3", b"value"))

    certificate = x509.load_der_x509_certificate(
        template.sign(AUTHORITY.attested_key, Digest.SHA256)
    )

    certificate.verify_directly_issued_by(certificate)
    assert certificate.extensions[0].oid.dotted_string == "1.2.3"


# Time


@pytest.mark.parametrize("by", [ONE_SECOND, timedelta(hours=23)])
def test_expired_and_not_yet_valid_are_measured_from_the_issue(by: timedelta) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    for where in ("deviations", "intermediate_deviations"):
        expired: Any = {where: [d.Expired(by)]}
        early: Any = {where: [d.NotYetValid(by)]}

        assert not accepts(AUTHORITY.attest(at=at, **expired), at)
        assert accepts(AUTHORITY.attest(at=at, **expired), at - by)
        assert not accepts(AUTHORITY.attest(at=at, **early), at)
        assert accepts(AUTHORITY.attest(at=at, **early), at + by)


def test_a_shifted_validity_keeps_its_length() -> None:
    for deviation in (d.Expired(timedelta(days=400)), d.NotYetValid(timedelta(days=400))):
        validity = tbs(leaf(deviation))["validity"]
        assert validity["not_after"].native - validity["not_before"].native == timedelta(days=91)


@pytest.mark.parametrize("deviation", [d.Expired(timedelta(0)), d.NotYetValid(timedelta(0))])
def test_by_nothing_is_a_value_error(deviation: Deviation) -> None:
    with pytest.raises(ValueError, match="both its ends"):
        leaf(deviation)


def test_validity_keeps_the_bound_that_is_not_given() -> None:
    moment = datetime(2025, 6, 1, tzinfo=UTC)
    genuine = tbs(GENUINE[0])["validity"].native

    early = tbs(leaf(d.Validity(not_before=moment)))["validity"].native
    late = tbs(leaf(d.Validity(not_after=moment)))["validity"].native

    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert leaf(d.Validity(not_before=elsewhere)) == leaf(d.Validity(not_before=moment))
    with pytest.raises(ValueError, match="time zone"):
        leaf(d.Validity(not_before=moment.replace(tzinfo=None)))
    assert early == {**genuine, "not_before": moment}
    assert late == {**genuine, "not_after": moment}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (d.TimeForm.GENERALIZED_BEFORE_2050, b"\x18\x0f20250929120000Z"),
        (d.TimeForm.UTC_WITHOUT_SECONDS, b"\x17\x0b2509291200Z"),
        (d.TimeForm.UTC_WITH_OFFSET, b"\x17\x11250929120000+0000"),
        (d.TimeForm.UTC_WITHOUT_ZONE, b"\x17\x0c250929120000"),
        (d.TimeForm.GENERALIZED_WITH_FRACTION, b"\x18\x1120250929120000.5Z"),
        (d.TimeForm.GENERALIZED_WITHOUT_ZONE, b"\x18\x0e20250929120000"),
        (d.TimeForm.IMPOSSIBLE_DATE, b"\x17\x0d250230120000Z"),
        (d.TimeForm.LEAP_SECOND, b"\x17\x0d250929120060Z"),
        (d.TimeForm.EMPTY, b"\x17\x00"),
        (d.TimeForm.OTHER_TYPE, b"\x0c\x0d250929120000Z"),
    ],
)
def test_a_bad_time_has_its_form(form: d.TimeForm, text: bytes) -> None:
    assert text in leaf(d.BadTime(form))
    assert text.replace(b"0929", b"0630") in leaf(d.BadTime(form, "not_before"))


def test_a_time_that_is_already_encoded_has_no_other_form() -> None:
    with pytest.raises(ValueError, match="already encoded"):
        leaf(d.Validity(not_after=b"\x17\x00"), d.BadTime())
    with pytest.raises(ValueError, match="already encoded"):
        leaf(d.BadTime(bound="not_before"), d.Expired())


def test_every_time_form_is_tested() -> None:
    assert len({leaf(d.BadTime(form)) for form in d.TimeForm}) == 10


# Signature


@pytest.mark.parametrize("kind", KeyKind)
def test_a_wrong_signer_changes_nothing_else(kind: KeyKind) -> None:
    certificate = load(leaf(d.WrongSigner(kind)))

    genuine = load(GENUINE[0])
    assert certificate["tbs_certificate"]["subject"] == genuine["tbs_certificate"]["subject"]
    assert certificate["tbs_certificate"]["issuer"] == genuine["tbs_certificate"]["issuer"]
    assert not accepts([certificate.dump(), GENUINE[1]])


def test_a_tampered_signature_is_well_formed() -> None:
    der = leaf(d.TamperedSignature())
    r, s = decode_dss_signature(LEAF_CERTIFICATE.signature)

    assert decode_dss_signature(signature(der)[1:]) == (r, s ^ 1)
    assert not accepts([der, GENUINE[1]])


def test_tampered_content_keeps_the_signature() -> None:
    der = leaf(d.TamperedContent(b"TESTSERIAL01", b"TESTSERIAL99"))

    assert value(der, oids.SERIAL_NUMBER) == b"TESTSERIAL99"
    assert signature(der) == signature(GENUINE[0])
    assert not is_signed(der)
    with pytest.raises(ValueError, match="one length"):
        d.TamperedContent(b"a", b"ab")


def test_a_twin_is_valid_and_another_certificate() -> None:
    der = leaf(d.TwinSignature())
    r, s = decode_dss_signature(LEAF_CERTIFICATE.signature)

    assert decode_dss_signature(signature(der)[1:])[0] == r
    assert decode_dss_signature(signature(der)[1:])[1] != s
    assert accepts([der, GENUINE[1]])


def test_only_ecdsa_has_twins() -> None:
    with pytest.raises(ValueError, match="only an ECDSA signature"):
        leaf(d.WrongSigner(KeyKind.ED25519), d.TwinSignature())


def test_a_signature_can_be_replaced() -> None:
    assert decode_dss_signature(signature(leaf(d.ReplacedSignature()))[1:]) == (0, 0)
    assert signature(leaf(d.ReplacedSignature(b"")))[1:] == b""


@pytest.mark.parametrize("bits", [1, 7, 8, 255])
def test_unused_bits_are_in_the_octet_that_no_signature_covers(bits: int) -> None:
    der = leaf(d.UnusedBits(bits))

    assert signature(der)[0] == bits
    assert signature(der)[1:] == signature(GENUINE[0])[1:]


HASHES = {
    Digest.SHA1: (hashes.SHA1(), "sha1_ecdsa"),  # noqa: S303
    Digest.SHA224: (hashes.SHA224(), "sha224_ecdsa"),
    Digest.SHA256: (hashes.SHA256(), "sha256_ecdsa"),
    Digest.SHA512: (hashes.SHA512(), "sha512_ecdsa"),
}


@pytest.mark.parametrize("digest", HASHES)
def test_a_signature_hash_is_used_and_said(digest: Digest) -> None:
    der = leaf(d.SignatureHash(digest))
    algorithm, name = HASHES[digest]

    assert load(der)["signature_algorithm"]["algorithm"].native == name
    assert tbs(der)["signature"]["algorithm"].native == name
    assert is_signed(der, algorithm)


def test_algorithms_can_have_parameters_or_be_another() -> None:
    der = leaf(d.NullSignatureParameters())
    other = leaf(d.SignatureAlgorithm(b"\x30\x00"))

    assert load(der)["signature_algorithm"].dump() == tbs(der)["signature"].dump()
    assert load(der)["signature_algorithm"].dump().endswith(b"\x05\x00")
    assert core.Sequence.load(other)[1].dump() == b"\x30\x00"


@pytest.mark.parametrize("wrong", ["inner", "outer"])
def test_mismatched_algorithms(wrong: Any) -> None:
    certificate = load(leaf(d.MismatchedAlgorithms(wrong=wrong)))
    inner = certificate["tbs_certificate"]["signature"]["algorithm"].native
    outer = certificate["signature_algorithm"]["algorithm"].native

    assert {inner, outer} == {"sha384_ecdsa", "sha256_ecdsa"}
    assert (inner if wrong == "inner" else outer) == "sha256_ecdsa"


# Extensions


def listed(der: bytes) -> list[str]:
    return [oid for oid, _, _ in extensions(der)]


def test_an_extension_can_be_missing_doubled_or_extra() -> None:
    genuine = listed(GENUINE[0])
    without = [oid for oid in genuine if oid != oids.UDID]

    assert listed(leaf(d.MissingExtension(oids.UDID))) == without
    assert listed(leaf(d.DoubledExtension(oids.UDID))) == [*genuine, oids.UDID]
    doubled = extensions(leaf(d.DoubledExtension(oids.UDID, b"other")))
    assert doubled[-1] == (oids.UDID, False, b"other")
    extra = extensions(leaf(d.ExtraExtension("1.2.3", b"\x01", critical=True)))
    assert extra[-1] == ("1.2.3", True, b"\x01")
    assert oids.BASIC_CONSTRAINTS not in listed(leaf(d.NoBasicConstraints()))
    assert oids.KEY_USAGE not in listed(leaf(d.NoKeyUsage()))


@pytest.mark.parametrize(
    "deviation",
    [
        d.MissingExtension("1.2.3"),
        d.DoubledExtension("1.2.3"),
        d.ExtensionValue("1.2.3", b""),
        d.RawExtension("1.2.3", b""),
        d.NonCriticalExtension("1.2.3"),
        d.ExtraExtension(oids.UDID),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_extension_that_is_not_there_or_is_raises(deviation: Deviation) -> None:
    with pytest.raises(ValueError, match="the certificate has"):
        leaf(deviation)


def test_no_extensions_are_none_or_an_empty_sequence() -> None:
    none, empty = (core.Sequence.load(leaf(d.NoExtensions(each)))[0] for each in (False, True))

    assert empty.contents == none.contents + b"\xa3\x02\x30\x00"
    assert none.contents.endswith(tbs(GENUINE[0])["subject_public_key_info"].dump())


def test_a_raw_extension_is_verbatim() -> None:
    assert b"\x30\x03\x06\x01\x2a" in leaf(d.RawExtension(oids.UDID, b"\x30\x03\x06\x01\x2a"))


def test_criticality() -> None:
    known, unknown = leaf(d.CriticalExtension(oids.UDID)), leaf(d.CriticalExtension())
    plain = leaf(d.NonCriticalExtension(oids.KEY_USAGE))
    explicit = leaf(d.NonCriticalExtension(oids.KEY_USAGE, explicit=True))

    assert [oid for oid, critical, _ in extensions(known) if critical][-1] == oids.UDID
    assert extensions(unknown)[-1] == (d.UNKNOWN_EXTENSION, True, b"\x05\x00")
    assert (oids.KEY_USAGE, False, b"\x03\x02\x04\xf0") in extensions(plain)
    assert (oids.KEY_USAGE, False, b"\x03\x02\x04\xf0") in extensions(explicit)
    assert b"\x06\x03\x55\x1d\x0f\x01\x01\x00" in explicit


def test_an_extended_key_usage_follows_the_key_usage() -> None:
    found = extensions(leaf(d.ExtendedKeyUsage(("1.2.3",), critical=True)))

    assert found[2] == (apple_shape.EXTENDED_KEY_USAGE, True, b"\x30\x04\x06\x02\x2a\x03")


def test_key_usage_is_the_bits_asked_for() -> None:
    bits = d.KeyUse.CRL_SIGN | d.KeyUse.DECIPHER_ONLY

    assert value(leaf(d.KeyUsage(bits)), oids.KEY_USAGE) == b"\x03\x03\x07\x02\x80"
    assert value(leaf(d.KeyUsage(d.KeyUse.NONE)), oids.KEY_USAGE) == b"\x03\x01\x00"
    assert value(intermediate(d.NoKeyCertSign()), oids.KEY_USAGE) == b"\x03\x02\x01\x02"


def test_constraints_of_an_authority() -> None:
    assert value(intermediate(d.NotACA()), oids.BASIC_CONSTRAINTS) == b"\x30\x00"
    unlimited = value(intermediate(d.PathLength()), oids.BASIC_CONSTRAINTS)
    assert unlimited == b"\x30\x03\x01\x01\xff"
    negative = value(intermediate(d.PathLength(-1)), oids.BASIC_CONSTRAINTS)
    assert negative == b"\x30\x06\x01\x01\xff\x02\x01\xff"


def test_name_constraints_are_well_formed() -> None:
    certificate = x509.load_der_x509_certificate(intermediate(d.NameConstraints()))

    found = certificate.extensions.get_extension_for_class(x509.NameConstraints)

    assert found.critical
    assert found.value.permitted_subtrees == [x509.DNSName("example.org")]


def test_key_identifiers() -> None:
    der = intermediate(d.NoKeyIdentifiers())
    wrong = intermediate(d.MismatchedKeyIdentifiers())
    oid = apple_shape.AUTHORITY_KEY_IDENTIFIER

    assert listed(der) == [oids.BASIC_CONSTRAINTS, oids.KEY_USAGE]
    assert listed(wrong) == listed(GENUINE[1])
    assert value(wrong, oid) != value(GENUINE[1], oid)
    assert len(value(wrong, oid)) == len(value(GENUINE[1], oid))


def test_values_can_be_wrapped() -> None:
    nested, text = leaf(d.NestedFreshnessCode()), leaf(d.Utf8StringText())
    genuine = value(GENUINE[0], oids.FRESHNESS_CODE)

    assert value(nested, oids.FRESHNESS_CODE) == core.OctetString(genuine).dump()
    for oid in (oids.SERIAL_NUMBER, oids.UDID, oids.OS_VERSION, oids.SECURE_BOOT):
        bare = value(GENUINE[0], oid).decode()
        assert value(text, oid) == core.UTF8String(bare).dump()
    assert value(text, oids.FRESHNESS_CODE) == genuine


EVERY_PROPERTY = [*TEXT_PROPERTIES.values(), *NUMBER_PROPERTIES.values()]


@pytest.mark.parametrize("how", d.Malformation)
@pytest.mark.parametrize("oid", EVERY_PROPERTY)
@pytest.mark.parametrize("number", [0, 1, -1, -129, 255], ids=str)
def test_a_malformed_property_is_malformed_and_the_rest_is_sound(
    oid: str, how: d.Malformation, number: int
) -> None:
    mac = replace(Properties.mac(), sip=number, third_party_kexts=number)
    made, genuine = AUTHORITY.attest(properties=mac), AUTHORITY.attest(properties=mac)
    made[0] = AUTHORITY.attest(properties=mac, deviations=[d.MalformedProperty(oid, how)])[0]
    sound, broken = (decode_unverified(each) for each in (genuine, made))

    assert sound.problems == ()
    assert [(each.reason, each.element) for each in broken.problems] == [
        (Reason.MALFORMED_PROPERTY, oid)
    ]
    assert listed(made[0]) == listed(genuine[0])
    assert is_signed(made[0])


@pytest.mark.parametrize(
    ("properties", "oid"),
    [
        pytest.param(Properties.mac(), oids.FRESHNESS_CODE, id="no property"),
        pytest.param(Properties.iphone(), oids.SECURE_BOOT, id="absent"),
        pytest.param(Properties(raw={oids.UDID: b"  "}), oids.UDID, id="blank text"),
        pytest.param(
            Properties(raw={oids.THIRD_PARTY_KEXTS: b""}), oids.THIRD_PARTY_KEXTS, id="blank number"
        ),
    ],
)
def test_what_has_no_value_cannot_be_malformed(properties: Properties, oid: str) -> None:
    with pytest.raises(ValueError, match=re.escape(oid)):
        AUTHORITY.attest(properties=properties, deviations=[d.MalformedProperty(oid)])


def test_a_leaf_can_lack_its_constraints_its_key_usage_or_both() -> None:
    both = [oids.BASIC_CONSTRAINTS, oids.KEY_USAGE]

    assert listed(leaf(d.NoBasicConstraints()))[:1] == [oids.KEY_USAGE]
    assert listed(leaf(d.NoKeyUsage()))[:1] == [oids.BASIC_CONSTRAINTS]
    assert listed(leaf(d.NoBasicConstraints(), d.NoKeyUsage())) == [
        oid for oid in listed(GENUINE[0]) if oid not in both
    ]


def test_text_is_wrapped_where_there_is_any() -> None:
    der = leaf(d.MissingExtension(oids.UDID), d.Utf8StringText())

    assert oids.UDID not in listed(der)
    assert value(der, oids.SERIAL_NUMBER) == b"\x0c\x0cTESTSERIAL01"


# The certified key


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.P384])
def test_a_certified_key_signs_what_it_issues(kind: KeyKind) -> None:
    chain = AUTHORITY.attest(intermediate_deviations=[d.CertifiedKey(kind)])
    key = AUTHORITY.keys.key("certified", kind).public_key()

    assert tbs(chain[1])["subject_public_key_info"].dump() == keys.spki_of(key)
    certificate, issuer = (x509.load_der_x509_certificate(der) for der in chain)
    assert certificate.issuer == issuer.subject
    certificate.verify_directly_issued_by(issuer)


@pytest.mark.parametrize("form", d.PointForm)
def test_a_point_has_its_form(form: d.PointForm) -> None:
    point = keys.key_bits(keys.spki_of(AUTHORITY.attested_key.public_key()))

    encoded = keys.key_bits(tbs(leaf(d.KeyPoint(form)))["subject_public_key_info"].dump())

    assert (encoded[:1].hex(), len(encoded)) == {
        d.PointForm.COMPRESSED: (f"0{2 + point[-1] % 2}", 49),
        d.PointForm.HYBRID: (f"0{6 + point[-1] % 2}", 97),
        d.PointForm.INFINITY: ("00", 1),
        d.PointForm.OFF_CURVE: ("04", 97),
        d.PointForm.TRUNCATED: ("04", 96),
        d.PointForm.EMPTY: ("", 0),
    }[form]
    assert encoded != point


def test_a_compressed_point_is_the_same_key() -> None:
    certificate = x509.load_der_x509_certificate(leaf(d.KeyPoint(d.PointForm.COMPRESSED)))

    assert certificate.public_key() == AUTHORITY.attested_key.public_key()


def test_an_explicit_curve_is_p384_with_its_generator_or_another() -> None:
    spki = keys.spki_of(AUTHORITY.attested_key.public_key())
    for other, base in ((False, _generator()), (True, keys.key_bits(spki))):
        der = leaf(d.ExplicitCurve(other_generator=other))
        info = tbs(der)["subject_public_key_info"]
        parameters = info["algorithm"]["parameters"].chosen
        assert parameters["version"].native == "ecdpVer1"
        assert parameters["field_id"]["parameters"].native == P384_P
        assert parameters["curve"]["b"].contents.hex() == P384_B
        assert parameters["base"].contents == base
        assert parameters["order"].native == keys.order_of(AUTHORITY.attested_key)


# SEC 2, 2.5.1
P384_P = int("f" * 63 + "e" + "f" * 8 + "0" * 16 + "f" * 8, 16)
P384_B = (
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
    "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"
)


def _generator() -> bytes:
    key = ec.derive_private_key(1, ec.SECP384R1()).public_key()
    return keys.key_bits(keys.spki_of(key))


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA_1024])
def test_only_p384_has_another_encoding(kind: KeyKind) -> None:
    for deviation in (d.KeyPoint(), d.ExplicitCurve()):
        with pytest.raises(ValueError, match="not P-384"):
            leaf(d.CertifiedKey(kind), deviation)


def test_the_whole_key_can_be_replaced() -> None:
    assert b"\x30\x03\x02\x01\x07" in leaf(d.PublicKeyInfo(b"\x30\x03\x02\x01\x07"))


# Version, serial number, names


@pytest.mark.parametrize(
    ("deviation", "start"),
    [
        (d.Version(1), "02"),
        (d.Version(1, explicit=True), "a003020100"),
        (d.Version(2), "a003020101"),
        (d.Version(4), "a003020103"),
    ],
    ids=str,
)
def test_a_version_is_encoded_less_one(deviation: d.Version, start: str) -> None:
    contents = core.Sequence.load(leaf(deviation))[0].contents

    assert contents.hex().startswith(start)


@pytest.mark.parametrize(
    ("deviation", "octets"),
    [
        (d.Serial(1 << 160), b"\x02\x15\x01" + bytes(20)),
        (d.Serial(b""), b"\x02\x00"),
        (d.Serial(b"\x00\x01"), b"\x02\x02\x00\x01"),
        (d.ZeroSerial(), b"\x02\x01\x00"),
        (d.NegativeSerial(), b"\x02\x01\xff"),
    ],
    ids=str,
)
def test_a_serial_number_is_what_is_asked_for(deviation: Deviation, octets: bytes) -> None:
    contents = core.Sequence.load(leaf(deviation))[0].contents

    assert contents[5:].startswith(octets)


def test_names_can_be_replaced() -> None:
    issuer, subject = leaf(d.IssuerName(OTHER_NAME)), leaf(d.SubjectName(OTHER_NAME))

    assert tbs(issuer)["issuer"].dump() == OTHER_NAME == tbs(subject)["subject"].dump()
    assert tbs(issuer)["subject"].dump() == tbs(GENUINE[0])["subject"].dump()
    chain = AUTHORITY.attest(intermediate_deviations=[d.SubjectName(OTHER_NAME)])
    assert tbs(chain[0])["issuer"].dump() == OTHER_NAME
    assert accepts(chain)


def test_self_issued_and_self_signed() -> None:
    issued, signed = leaf(d.SelfIssued()), leaf(d.SelfSigned())

    for der in (issued, signed):
        assert tbs(der)["issuer"].dump() == tbs(der)["subject"].dump()
    assert is_signed(issued)
    assert not is_signed(signed)
    certificate = x509.load_der_x509_certificate(signed)
    certificate.verify_directly_issued_by(certificate)


def test_a_leaf_of_a_foreign_key_cannot_sign_itself() -> None:
    key = AUTHORITY.keys.ec("foreign").public_key()

    with pytest.raises(ValueError, match="private half"):
        AUTHORITY.attest(public_key=key, deviations=[d.SelfSigned()])


# Encoding


def test_a_length_can_have_an_octet_too_many() -> None:
    genuine = GENUINE[0]

    assert leaf(d.BERLength())[:5] == b"\x30\x83\x00" + genuine[2:4]
    inner = leaf(d.BERLength("tbs"))
    assert inner[4:9] == b"\x30\x83\x00" + genuine[6:8]
    assert is_signed(inner)
    assert signature(leaf(d.BERLength("signature")))[1:4] == b"\x30\x81" + signature(genuine)[2:3]


def test_an_indefinite_length_ends_with_its_end() -> None:
    der = leaf(d.IndefiniteLength())

    assert der == b"\x30\x80" + GENUINE[0][4:] + b"\x00\x00"


def test_trailing_bytes_are_outside_or_inside() -> None:
    assert leaf(d.TrailingBytes(b"xyz")) == GENUINE[0] + b"xyz"
    assert core.Sequence.load(leaf(d.TrailingBytes(where="tbs")))[0].contents.endswith(b"\x05\x00")
    assert signature(leaf(d.TrailingBytes(where="signature"))).endswith(b"\x05\x00")
    assert is_signed(leaf(d.TrailingBytes(where="tbs")))


def test_a_certificate_can_be_cut_or_be_none() -> None:
    assert leaf(d.Truncated(3)) == GENUINE[0][:-3]
    assert leaf(d.Replaced(b"not a certificate")) == b"not a certificate"
