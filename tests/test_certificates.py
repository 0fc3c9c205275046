"""One certificate: every field decoded, every oddity refused, whatever the bytes.

Each refusal is of the genuine leaf (or intermediate) of the same authority with one defect;
mended, it is that genuine certificate, which is accepted.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Literal, NamedTuple

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from appleattest import (
    AttestationError,
    MalformedInput,
    Reason,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    TrustStore,
    UntrustedChain,
    oids,
)
from appleattest.certificates import (
    DecodedCertificate,
    OutsideCertificate,
    attested_key_is_accepted,
    decode_and_judge,
    decode_certificate,
    outermost_fields,
)
from appleattest.certificates.fields import check_doubtful_extensions
from appleattest.certificates.general import is_plain
from appleattest.properties import decode_properties
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Digest,
    KeyKind,
    apple_shape,
    authority_name,
    der,
)
from appleattest.testing import deviations as d
from real_chains import RealChain, apple_intermediate

AUTHORITY = AttestationAuthority("tests of certificates")
LEAF, INTERMEDIATE = AUTHORITY.attest()
ROOT = AUTHORITY.root_issuer.der

MALFORMED = Reason.MALFORMED_CERTIFICATE
WEAK = Reason.WEAK_ALGORITHM
ANY_SIGNATURE = "accepted are ecdsa-with-SHA256, ecdsa-with-SHA384, ecdsa-with-SHA512"
ANY_KEY = "a key of another kind; accepted are P-256, P-384, P-521"
ODD_POINT = "an EC key that is not an uncompressed point on its named curve"
ODD_SERIAL = "the serial number is not positive, or over 20 octets"
ODD_TIME = "a time before 2050 is not a UTCTime"
ODD_SIGNATURE = "the signature is not a whole number of octets"
ODD_ATTRIBUTE = "a common name is not of 1 to 64 octets, or a country not of 2"
PARSED = "ValueError: 'error parsing asn1 value: "

Which = Literal["leaf", "intermediate"]
BOTH: tuple[Which, ...] = ("leaf", "intermediate")


def minted(which: Which, *applied: Deviation) -> bytes:
    if which == "leaf":
        return AUTHORITY.attest(deviations=applied)[0]
    return AUTHORITY.attest(intermediate_deviations=applied)[1]


class Refused(NamedTuple):
    deviation: Deviation
    reason: Reason
    detail: str
    """How the detail begins."""

    def __str__(self) -> str:
        return repr(self.deviation)


ARC_1_2_3 = bytes.fromhex("06022a03")
"""An OID that names no algorithm."""


def malformed(detail: str, *all_of: Deviation) -> Iterator[Refused]:
    return (Refused(deviation, MALFORMED, detail) for deviation in all_of)


def times(*forms: d.TimeForm) -> Iterator[Deviation]:
    for form in forms:
        yield d.BadTime(form, "not_before")
        yield d.BadTime(form, "not_after")


def critical(oid: str, kind: str) -> str:
    return (
        f"critical extension {oid} ('{kind}'); critical may be only basicConstraints and keyUsage"
    )


def policy(qualifier: bytes) -> Deviation:
    """Certificate policies with one policy of one user notice."""
    notice = der.sequence(der.oid("1.3.6.1.5.5.7.2.2"), der.sequence(qualifier))
    value = der.sequence(der.sequence(der.oid("1.2.3.4"), der.sequence(notice)))
    return d.ExtraExtension("2.5.29.32", value)


def attribute(oid: str, value: bytes, tag: int = der.UTF8_STRING) -> bytes:
    return der.sequence(der.oid(oid), der.tlv(tag, value))


def name(*attributes: bytes) -> bytes:
    return der.sequence(*(der.set_of(each) for each in attributes))


def issued_as(serial: bytes) -> Deviation:
    """An authority key identifier that names the issuer's certificate by this serial number."""
    issuer = der.tlv(0xA1, der.tlv(0xA4, apple_shape.ROOT_NAME))
    value = der.sequence(issuer, der.implicit(2, serial))
    return d.ExtraExtension(apple_shape.AUTHORITY_KEY_IDENTIFIER, value)


COMMON_NAME = "2.5.4.3"
COUNTRY = "2.5.4.6"
ORGANIZATION = "2.5.4.10"
JURISDICTION_COUNTRY = "1.3.6.1.4.1.311.60.2.1.3"
EMAIL = "1.2.840.113549.1.9.1"
P192 = bytes.fromhex("3049301306072a8648ce3d020106082a8648ce3d03010103320004") + bytes(48)
FEB_30_2055 = der.tlv(der.GENERALIZED_TIME, b"20550230000000Z")

REFUSED = [
    # The outermost octets
    *malformed("length at octet 0 is not DER", d.BERLength(), d.IndefiniteLength()),
    *malformed("length at octet 4 is not DER", d.BERLength("tbs")),
    *malformed("no element of the expected type at octet 0", d.Replaced(), d.Replaced(b"\x31\x00")),
    *malformed("no element of the expected type at octet 2", d.Replaced(b"\x30\x00")),
    *malformed("octets follow the certificate", d.TrailingBytes(), d.TrailingBytes(b"\x00")),
    *malformed("element at octet 0 is truncated", d.Truncated(), d.Truncated(100)),
    *malformed(PARSED, d.TrailingBytes(where="tbs")),
    *malformed(
        "not a version 3 certificate", *map(d.Version, (1, 2, 4)), d.Version(1, explicit=True)
    ),
    # The serial number
    *malformed(ODD_SERIAL, d.ZeroSerial(), d.NegativeSerial(), d.Serial(-(2**100))),
    *malformed(ODD_SERIAL, d.Serial(b""), d.Serial(b"\x80"), d.Serial(2**159), d.Serial(2**2000)),
    *malformed(PARSED, d.Serial(b"\x00\x05"), d.Serial(b"\x00\x00")),
    # The signature and its algorithm
    *malformed(ODD_SIGNATURE, *map(d.UnusedBits, (1, 4, 7, 8, 255))),
    *malformed(
        "the two signature algorithms differ",
        d.MismatchedAlgorithms(),
        d.MismatchedAlgorithms(wrong="inner"),
        d.MismatchedAlgorithms(Digest.SHA1),
    ),
    *malformed("an ECDSA signature algorithm with parameters", d.NullSignatureParameters()),
    Refused(d.SignatureHash(Digest.SHA1), WEAK, "signed with '300906072a8648ce3d0401'; "),
    Refused(d.SignatureHash(Digest.SHA224), WEAK, "signed with '300a06082a8648ce3d040301'; "),
    Refused(d.WrongSigner(KeyKind.ED25519), WEAK, f"signed with '300506032b6570'; {ANY_SIGNATURE}"),
    Refused(d.WrongSigner(KeyKind.RSA_2048), WEAK, "signed with '300d06092a864886f70d01010c0500'"),
    *malformed("ValueError", d.SignatureAlgorithm(b"\x30\x00")),
    Refused(
        d.SignatureAlgorithm(der.sequence(ARC_1_2_3, der.octet_string(b"\xab" * 99))),
        WEAK,
        f"signed with '306906022a030463{'ab' * 16}'; ",
    ),
    # Times
    *malformed(
        ODD_TIME,
        *times(
            d.TimeForm.GENERALIZED_BEFORE_2050,
            d.TimeForm.GENERALIZED_WITH_FRACTION,
            d.TimeForm.GENERALIZED_WITHOUT_ZONE,
        ),
        d.Validity(not_after=der.tlv(der.GENERALIZED_TIME, b"20491231235959Z")),
        d.Validity(not_after=der.tlv(der.GENERALIZED_TIME, b"")),
    ),
    *malformed(
        PARSED,
        *times(
            d.TimeForm.UTC_WITHOUT_SECONDS,
            d.TimeForm.UTC_WITH_OFFSET,
            d.TimeForm.UTC_WITHOUT_ZONE,
            d.TimeForm.IMPOSSIBLE_DATE,
            d.TimeForm.LEAP_SECOND,
            d.TimeForm.EMPTY,
            d.TimeForm.OTHER_TYPE,
        ),
        d.Validity(not_after=FEB_30_2055),
    ),
    # Keys
    *(
        Refused(d.CertifiedKey(kind), WEAK, ANY_KEY)
        for kind in (
            *(KeyKind.P224, KeyKind.SECP256K1, KeyKind.ED25519),
            *(KeyKind.RSA_1024, KeyKind.RSA_2048),
        )
    ),
    Refused(d.PublicKeyInfo(P192), WEAK, ANY_KEY),
    Refused(d.ExplicitCurve(), WEAK, ANY_KEY),
    Refused(d.ExplicitCurve(other_generator=True), WEAK, ANY_KEY),
    *malformed(
        ODD_POINT, *(d.KeyPoint(form) for form in d.PointForm if form is not d.PointForm.OFF_CURVE)
    ),
    *malformed("ValueError: 'Invalid key'", d.KeyPoint(d.PointForm.OFF_CURVE)),
    # Extensions
    *(
        Refused(each, Reason.DUPLICATE_EXTENSION, f"extension {each.oid} stands twice (RFC 5280")
        for each in (
            d.DoubledExtension(oids.KEY_USAGE),
            d.DoubledExtension(oids.BASIC_CONSTRAINTS, b"\x30\x00"),
        )
    ),
    Refused(d.NameConstraints(), Reason.NAME_CONSTRAINTS, "constrains names; validators differ"),
    Refused(d.NameConstraints(critical=False), Reason.NAME_CONSTRAINTS, "constrains names; "),
    Refused(
        d.CriticalExtension(),
        Reason.CRITICAL_EXTENSION,
        critical(d.UNKNOWN_EXTENSION, "UnrecognizedExtension"),
    ),
    Refused(
        d.ExtendedKeyUsage(critical=True),
        Reason.CRITICAL_EXTENSION,
        critical("2.5.29.37", "ExtendedKeyUsage"),
    ),
    Refused(
        d.ExtraExtension("2.5.29.17", der.sequence(der.implicit(2, b"example.org")), critical=True),
        Reason.CRITICAL_EXTENSION,
        critical("2.5.29.17", "SubjectAlternativeName"),
    ),
    *malformed(
        PARSED,
        d.NonCriticalExtension(oids.KEY_USAGE, explicit=True),
        d.RawExtension(oids.KEY_USAGE, b"\x30\x00"),
        d.ExtensionValue(oids.KEY_USAGE, b""),
        d.ExtensionValue(oids.KEY_USAGE, der.integer(1)),
        d.ExtensionValue(oids.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x01"),
        d.ExtensionValue(oids.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x00"),
        d.ExtensionValue(oids.BASIC_CONSTRAINTS, b"\x30\x00\x00"),
        d.ExtraExtension("2.5.29.17", b"\xff"),
        d.ExtraExtension("2.5.29.31", b""),
    ),
    # A list of named bits with zero bits at its end
    *malformed(
        "ValueError: 'keyUsage is not in its one encoding'",
        d.ExtensionValue(oids.KEY_USAGE, bytes.fromhex("03020080")),
        d.ExtensionValue(oids.KEY_USAGE, bytes.fromhex("030400f00000")),
    ),
    # Certificate policies whose user notice has text that is not in its alphabet
    *malformed(
        "a VisibleString with characters that it cannot hold",
        policy(der.tlv(0x1A, b"a\xc3\xa9")),
        policy(der.tlv(0x1A, b"a\x7f")),
        policy(der.tlv(0x1A, b"\n")),
        # A notice reference: the organization, and numbers
        policy(der.sequence(der.tlv(0x1A, b"a\xc3\xa9"), der.sequence(der.integer(1)))),
    ),
    *malformed("ValueError: 'error parsing asn1 value: ", policy(der.tlv(0x0C, b"\xff"))),
    # Names
    *(
        each
        for kind in (d.SubjectName, d.IssuerName)
        for each in (
            *malformed(
                ODD_ATTRIBUTE,
                *(
                    kind(name(attribute(oid, value, tag)))
                    for tag in (0x0C, 0x13, 0x14, 0x16)
                    for oid, value in (
                        (COMMON_NAME, b""),
                        (COMMON_NAME, b"x" * 65),
                        (COMMON_NAME, b"x" * 200),
                        (COUNTRY, b"U"),
                        (COUNTRY, b"USA"),
                        (JURISDICTION_COUNTRY, b"USA"),
                    )
                ),
                # Sixty-four characters, and twice as many octets.
                kind(name(attribute(COMMON_NAME, "é".encode() * 64))),
                kind(name(attribute(COMMON_NAME, "a".encode("utf-16-be"), 0x1E))),
            ),
            *malformed(
                "ValueError: 'duplicate attributes are not allowed'",
                kind(name(attribute(ORGANIZATION, b"a") * 2)),
            ),
            *malformed(
                "ValueError: 'a relative distinguished name cannot be empty'",
                kind(der.sequence(der.tlv(der.SET, b""))),
            ),
            *malformed(
                PARSED,
                kind(name(attribute(ORGANIZATION, b"\xff"))),
                kind(name(attribute(ORGANIZATION, b"a*b", 0x13))),
                kind(name(der.sequence())),
            ),
            # A foreign type of value: KeyError from cryptography before 46, later ValueError.
            *malformed("", kind(name(attribute(ORGANIZATION, b"\x01", 0x02)))),
            *malformed(
                "TypeError: 'oid must be X500_UNIQUE_IDENTIFIER for BitString type.'",
                kind(name(attribute(ORGANIZATION, b"\x00a", 0x03))),
            ),
        )
    ),
    *malformed(
        ODD_ATTRIBUTE,
        *(
            d.ExtraExtension(oid, value)
            for odd in (name(attribute(COMMON_NAME, b"")), name(attribute(COUNTRY, b"USA")))
            for oid, value in (
                ("2.5.29.17", der.sequence(der.tlv(0xA4, odd))),
                ("2.5.29.18", der.sequence(der.tlv(0xA4, odd))),
                ("2.5.29.30", der.sequence(der.tlv(0xA0, der.sequence(der.tlv(0xA4, odd))))),
            )
        ),
    ),
]
OF_THE_LEAF = [
    *(
        Refused(each, Reason.DUPLICATE_EXTENSION, f"extension {oids.UDID} stands twice (RFC 5280")
        for each in (d.DoubledExtension(oids.UDID), d.DoubledExtension(oids.UDID, b"other"))
    ),
    Refused(
        d.CriticalExtension(oids.UDID),
        Reason.CRITICAL_EXTENSION,
        critical(oids.UDID, "UnrecognizedExtension"),
    ),
    *malformed(PARSED, d.RawExtension(oids.UDID, b"\x30\x00")),
    *malformed(
        "the authority key identifier's serial number is not positive",
        *map(issued_as, (b"", b"\x00", b"\x80", b"\xff", b"\xff\x01")),
    ),
]
OF_THE_INTERMEDIATE = [
    *malformed(PARSED, d.PathLength(-1)),
    Refused(
        d.CriticalExtension(apple_shape.SUBJECT_KEY_IDENTIFIER),
        Reason.CRITICAL_EXTENSION,
        critical(apple_shape.SUBJECT_KEY_IDENTIFIER, "SubjectKeyIdentifier"),
    ),
]
CASES: list[tuple[Which, Refused]] = [
    *((which, each) for each in REFUSED for which in BOTH),
    *(("leaf", each) for each in OF_THE_LEAF),
    *(("intermediate", each) for each in OF_THE_INTERMEDIATE),
]
# What another module judges, or what is accepted.
ACCEPTED: list[tuple[Which, Deviation]] = [
    ("leaf", d.BERLength("signature")),
    ("leaf", d.TrailingBytes(where="signature")),
    ("leaf", d.ReplacedSignature()),
    ("leaf", d.TamperedContent(b"TESTSERIAL01", b"TESTSERIAL99")),
    ("leaf", d.TamperedSignature()),
    ("leaf", d.TwinSignature()),
    ("leaf", d.WrongSigner()),
    ("leaf", d.SelfSigned()),
    ("leaf", d.SelfIssued()),
    ("leaf", d.Expired()),
    ("leaf", d.NotYetValid()),
    ("leaf", d.Validity(datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))),
    ("leaf", d.Validity(not_after=datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC))),
    ("leaf", d.Validity(not_after=datetime(2050, 1, 1, tzinfo=UTC))),
    ("leaf", d.Validity(not_after=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))),
    *(("leaf", d.CertifiedKey(kind)) for kind in (KeyKind.P256, KeyKind.P521)),
    *(("leaf", d.SignatureHash(digest)) for digest in (Digest.SHA256, Digest.SHA512)),
    ("leaf", d.Serial(1)),
    ("leaf", d.Serial(0x80)),
    ("leaf", d.Serial(2**159 - 1)),
    ("leaf", d.ExtendedKeyUsage()),
    ("leaf", d.ExtraExtension()),
    ("leaf", d.ExtensionValue(oids.UDID, b"")),
    ("leaf", d.MissingExtension(oids.UDID)),
    ("leaf", d.NoExtensions()),
    ("leaf", d.NoExtensions(empty=True)),
    ("leaf", d.NoBasicConstraints()),
    ("leaf", d.NoKeyUsage()),
    ("leaf", d.NonCriticalExtension(oids.KEY_USAGE)),
    ("leaf", d.KeyUsage(d.KeyUse.KEY_CERT_SIGN)),
    ("leaf", d.LeafIsCA()),
    ("leaf", d.MismatchedKeyIdentifiers()),
    ("leaf", d.NestedFreshnessCode()),
    ("leaf", d.Utf8StringText()),
    ("leaf", d.WrappedValue(oids.UDID)),
    ("leaf", d.MalformedProperty(oids.UDID)),
    ("intermediate", d.NoKeyCertSign()),
    ("intermediate", d.NoKeyIdentifiers()),
    ("intermediate", d.NotACA()),
    ("intermediate", d.PathLength()),
    ("intermediate", d.PathLength(3)),
    ("leaf", policy(der.tlv(0x1A, b"an ASCII notice"))),
    ("leaf", policy(der.utf8_string("é"))),
    ("leaf", policy(b"")),
    *(("leaf", issued_as(serial)) for serial in (b"\x01", b"\x7f", b"\x00\x80")),
    (
        "leaf",
        policy(der.sequence(der.tlv(0x1A, b"an organization"), der.sequence(der.integer(1)))),
    ),
    # A pointer to a practice statement, which is no notice, and a policy without either.
    (
        "leaf",
        d.ExtraExtension(
            "2.5.29.32",
            der.sequence(
                der.sequence(
                    der.oid("1.2.3.4"),
                    der.sequence(
                        der.sequence(der.oid("1.3.6.1.5.5.7.2.1"), der.tlv(0x16, b"https://e.org"))
                    ),
                ),
                der.sequence(der.oid("1.2.3.5")),
            ),
        ),
    ),
    # The octets of the policies' OID, and no such extension.
    ("leaf", d.ExtensionValue(oids.FRESHNESS_CODE, der.oid("2.5.29.32"))),
    ("leaf", d.ExtraExtension("2.5.29.17", der.sequence(der.tlv(0xA4, apple_shape.ROOT_NAME)))),
    *(
        ("leaf", kind(each))
        for kind in (d.SubjectName, d.IssuerName)
        for each in (
            authority_name("Another CA"),
            name(),
            name(*(attribute(COMMON_NAME, b"x" * size) for size in (1, 64))),
            name(attribute(COMMON_NAME, "é".encode() * 32)),
            name(attribute(COUNTRY, b"US", 0x0C), attribute(JURISDICTION_COUNTRY, b"US", 0x13)),
            name(attribute(COMMON_NAME, b"a", 0x16), attribute(COUNTRY, b"US", 0x14)),
            name(attribute(EMAIL, b"a@example.org", 0x16)),
            name(attribute(ORGANIZATION, b"a") + attribute(ORGANIZATION, b"b")),
            name(attribute(ORGANIZATION, b"")),
            name(attribute("2.5.4.45", b"\x00a", 0x03)),
            name(*(attribute(ORGANIZATION, bytes([0x61 + i]) * 99) for i in range(3))),
        )
    ),
]
accepted_cases = pytest.mark.parametrize(("which", "deviation"), ACCEPTED, ids=repr)


def verdict(encoded: bytes) -> tuple[object, ...]:
    try:
        decode_certificate(encoded)
    except AttestationError as error:
        return type(error), error.reason, error.element, error.detail
    return ()


def read_everything(certificate: DecodedCertificate) -> None:
    """Read all that a caller could, which neither fails nor warns (a warning is an error here)."""
    decoded = certificate.x509
    assert decoded.subject.public_bytes() is not None
    assert decoded.issuer.rfc4514_string() is not None
    assert decoded.serial_number > 0
    assert decoded.version is x509.Version.v3
    assert decoded.signature_hash_algorithm is not None
    assert isinstance(decoded.public_key(), ec.EllipticCurvePublicKey)
    assert len(certificate.extensions) == len(list(decoded.extensions))
    assert repr(list(decoded.extensions))


def test_every_deviation_that_the_mint_offers_is_judged_here() -> None:
    listed = {getattr(d, each) for each in d.__all__}
    classes = {c for c in listed if isinstance(c, type) and issubclass(c, Deviation)}

    assert classes == {
        *(type(case.deviation) for _, case in CASES),
        *(type(deviation) for _, deviation in ACCEPTED),
    }


@pytest.mark.parametrize("encoded", [LEAF, INTERMEDIATE, ROOT], ids=["leaf", "sub", "root"])
def test_the_genuine_certificates_are_accepted(encoded: bytes) -> None:
    read_everything(decode_certificate(encoded))


@pytest.mark.parametrize(("which", "case"), CASES, ids=str)
def test_a_defect_is_refused_for_what_it_is(which: Which, case: Refused) -> None:
    with pytest.raises(AttestationError) as caught:
        decode_certificate(minted(which, case.deviation))

    error = caught.value
    is_malformed = case.reason in (MALFORMED, Reason.DUPLICATE_EXTENSION)
    assert type(error) is (MalformedInput if is_malformed else UntrustedChain)
    assert error.reason is case.reason
    assert error.detail.startswith(case.detail)
    assert error.element is None  # the certificate's place is for the caller to say
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert error.detail.isascii()
    assert error.detail.isprintable()


@accepted_cases
def test_what_is_for_others_to_judge_is_accepted(which: Which, deviation: Deviation) -> None:
    read_everything(decode_certificate(minted(which, deviation)))


@pytest.mark.parametrize("action", ["error", "default", "always", "ignore"])
def test_no_verdict_depends_on_the_filters_of_warnings(
    action: Literal["error", "default", "always", "ignore"],
) -> None:
    minted_ones = [minted(which, case.deviation) for which, case in CASES]
    minted_ones += [minted(which, deviation) for which, deviation in ACCEPTED]
    expected = [verdict(encoded) for encoded in minted_ones]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        found = [verdict(encoded) for encoded in minted_ones]

    assert found == expected
    assert caught == []
    assert found.count(()) == len(ACCEPTED)


def with_an_unused_bit() -> bytes:
    """A leaf whose signature ends in a bit 0, which is said not to count: as DER has it."""
    serial = next(n for n in range(1, 99) if minted("leaf", d.Serial(n))[-1] % 2 == 0)
    assert verdict(minted("leaf", d.Serial(serial))) == ()
    return minted("leaf", d.Serial(serial), d.UnusedBits(1))


def test_cryptography_alone_would_accept_or_only_warn() -> None:
    # Why the outermost fields are walked at all. Where this fails, cryptography has become
    # stricter, and a check of ours has become its shadow.
    for encoded in (with_an_unused_bit(), minted("leaf", d.BadTime())):
        assert x509.load_der_x509_certificate(encoded).public_key() is not None
        assert verdict(encoded) != ()
    with pytest.warns(match="serial number which wasn't positive"):
        x509.load_der_x509_certificate(minted("leaf", d.ZeroSerial()))
    odd = d.SubjectName(name(attribute(COUNTRY, b"USA")))
    with pytest.warns(match="Attribute's length must be"):
        _ = x509.load_der_x509_certificate(minted("leaf", odd)).subject
    notice = minted("leaf", policy(der.tlv(0x1A, "é".encode())))
    with pytest.warns(match="UTF-8 characters in a VisibleString"):
        _ = x509.load_der_x509_certificate(notice).extensions


def test_a_certificate_outside_the_allowlists_is_malformed_by_its_times_too() -> None:
    outside = decode_and_judge(minted("leaf", d.CriticalExtension()))
    assert isinstance(outside, OutsideCertificate)
    with pytest.raises(MalformedInput) as caught:
        decode_and_judge(minted("leaf", d.CriticalExtension(), d.BadTime()))
    assert caught.value.reason is Reason.MALFORMED_CERTIFICATE


def test_bounds_of_names_are_looked_for_in_names_only() -> None:
    # The octets that begin an empty common name, in a serial number.
    octets = der.oid(COMMON_NAME) + b"\x0c\x00"

    assert decode_certificate(minted("leaf", d.Serial(octets))).x509.serial_number


@pytest.mark.parametrize("which", BOTH)
def test_a_key_usage_is_not_excused_by_the_octets_of_another(which: Which) -> None:
    """The one encoding of the same bits stands in the value of another extension."""
    usage = decode_certificate(minted(which)).extensions[oids.KEY_USAGE].value.public_bytes()
    padded = bytes([usage[0], usage[1] + 1, 0, *usage[3:], 0])
    copy = der.oid(oids.KEY_USAGE) + b"\x01\x01\xff" + der.octet_string(usage)

    decode_certificate(minted(which, d.ExtraExtension(value=copy)))
    with pytest.raises(MalformedInput) as caught:
        decode_certificate(
            minted(which, d.ExtensionValue(oids.KEY_USAGE, padded), d.ExtraExtension(value=copy))
        )
    assert "keyUsage is not in its one encoding" in caught.value.detail


# What is decoded


@pytest.mark.parametrize("which", BOTH)
def test_the_walk_itself_refuses_another_type(which: Which) -> None:
    """Without leave from the decoder: what is shown unverified has passed the walk alone."""
    encoded = minted(which)
    fields = outermost_fields(encoded)
    algorithm = encoded.rindex(fields.signature_algorithm)
    within = accumulate(map(len, fields[:5]), initial=13)
    for offset in (0, 4, *within, algorithm, algorithm + len(fields.signature_algorithm)):
        retagged = bytearray(encoded)
        retagged[offset] ^= 1
        with pytest.raises(ValueError, match=f"no element of the expected type at octet {offset}"):
            outermost_fields(bytes(retagged))


def test_the_search_for_doubtful_extensions_refuses_another_type() -> None:
    policies = bytes.fromhex("a30f 300d 300b 0603551d20 04043002 0500")
    check_doubtful_extensions(policies)
    for offset in (2, 4):
        retagged = bytearray(policies)
        retagged[offset] ^= 1
        with pytest.raises(ValueError, match=f"no element of the expected type at octet {offset}"):
            check_doubtful_extensions(bytes(retagged))


def test_the_outermost_fields_are_the_octets_that_stand_there() -> None:
    for encoded in (LEAF, INTERMEDIATE, ROOT):
        tbs = asn1_x509.Certificate.load(encoded)["tbs_certificate"]

        fields = outermost_fields(encoded)

        assert fields.serial == tbs["serial_number"].dump()
        assert fields.signature_algorithm == tbs["signature"].dump()
        assert fields.issuer == tbs["issuer"].dump()
        assert fields.validity == tbs["validity"].dump()
        assert fields.subject == tbs["subject"].dump()
        assert fields.public_key == tbs["subject_public_key_info"].dump()


def test_octets_between_the_signature_and_the_end_are_refused() -> None:
    _, content, _ = der.read(LEAF)

    with pytest.raises(MalformedInput) as caught:
        decode_certificate(der.sequence(content, der.null()))
    assert caught.value.detail == ODD_SIGNATURE

    assert der.sequence(content) == LEAF


def test_a_signature_of_no_octets_at_all_is_refused() -> None:
    tbs, algorithm = (asn1_x509.Certificate.load(LEAF)[i].dump() for i in range(2))

    with pytest.raises(MalformedInput) as caught:
        decode_certificate(der.sequence(tbs, algorithm, der.tlv(der.BIT_STRING, b"")))

    assert caught.value.detail == ODD_SIGNATURE
    # Without a value, but of whole octets: what it is worth is for the path to say.
    assert verdict(der.sequence(tbs, algorithm, der.bit_string(b""))) == ()


def test_a_leaf_is_decoded_field_by_field() -> None:
    leaf = decode_certificate(LEAF)
    issued_at = AUTHORITY.issued_at

    assert leaf.der == LEAF
    assert leaf.x509 == x509.load_der_x509_certificate(LEAF)
    assert leaf.issuer == apple_shape.INTERMEDIATE_NAME
    assert leaf.subject == apple_shape.leaf_name(leaf.spki)
    assert leaf.spki == leaf.x509.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert leaf.public_key == AUTHORITY.attested_key.public_key()
    assert (leaf.not_before, leaf.not_after) == (
        issued_at - timedelta(hours=24),
        issued_at + timedelta(days=90),
    )
    assert not leaf.self_issued
    assert leaf.basic_constraints == x509.BasicConstraints(ca=False, path_length=None)
    assert leaf.key_usage is not None
    assert leaf.key_usage.digital_signature
    assert not leaf.key_usage.key_cert_sign
    assert not leaf.may_issue
    assert repr(leaf) == f"<DecodedCertificate of {len(LEAF)} bytes>"


def test_an_issuer_is_one_with_ca_and_where_there_is_a_key_usage_with_key_cert_sign() -> None:
    intermediate = decode_certificate(INTERMEDIATE)

    assert intermediate.may_issue
    assert intermediate.basic_constraints == x509.BasicConstraints(ca=True, path_length=0)
    assert decode_certificate(minted("intermediate", d.NoKeyUsage())).may_issue
    assert not decode_certificate(minted("intermediate", d.NoKeyCertSign())).may_issue
    assert not decode_certificate(minted("intermediate", d.NotACA())).may_issue
    assert not decode_certificate(minted("intermediate", d.NoBasicConstraints())).may_issue
    assert not decode_certificate(minted("leaf", d.LeafIsCA())).may_issue


def test_absent_extensions_are_none() -> None:
    bare = decode_certificate(minted("leaf", d.NoExtensions()))

    assert bare.basic_constraints is None
    assert bare.key_usage is None
    assert bare.extensions == {}
    assert bare.properties() == {}
    assert not bare.may_issue


def test_self_issued_is_a_question_of_the_names() -> None:
    assert decode_certificate(ROOT).self_issued
    assert not decode_certificate(INTERMEDIATE).self_issued
    assert decode_certificate(minted("leaf", d.SelfIssued())).self_issued


def test_the_raw_properties_are_every_extension_under_apples_arc() -> None:
    arc = "1.2.840.113635.100.8."
    elsewhere = [d.ExtraExtension("1.2.840.113635.100.80.1", b"no"), d.ExtraExtension()]
    beside = [d.ExtraExtension(f"{arc}9.3", b"\xff"), d.ExtraExtension(f"{arc}99", b"")]

    raw = decode_certificate(minted("leaf", *elsewhere, *beside)).properties()

    assert raw == {
        **decode_certificate(LEAF).properties(),
        f"{arc}9.3": b"\xff",
        f"{arc}99": b"",
    }
    assert raw[oids.SERIAL_NUMBER] == b"TESTSERIAL01"
    assert raw[oids.FRESHNESS_CODE] == AUTHORITY.freshness_code
    assert decode_certificate(INTERMEDIATE).properties() == {}


def test_a_secure_enclave_has_keys_on_two_curves() -> None:
    def accepted(kind: KeyKind) -> bool:
        key = AUTHORITY.keys.ec("a key", kind).public_key()
        return attested_key_is_accepted(decode_certificate(AUTHORITY.attest(public_key=key)[0]))

    assert accepted(KeyKind.P256)
    assert accepted(KeyKind.P384)
    assert not accepted(KeyKind.P521)


def test_a_twin_of_the_signature_is_another_certificate_with_the_same_key() -> None:
    twin = decode_certificate(minted("leaf", d.TwinSignature()))

    assert twin.der != LEAF
    assert twin.spki == decode_certificate(LEAF).spki


# Any bytes at all


def survives(encoded: bytes) -> None:
    """Nothing but an `AttestationError` comes out, and what is accepted can be read."""
    found = verdict(encoded)
    if found == ():
        read_everything(decode_certificate(encoded))
        return
    *_, detail = found
    assert isinstance(detail, str)
    assert detail.isascii()
    assert detail.isprintable()
    assert len(detail) < 1000


@given(st.binary(max_size=200) | st.binary(max_size=200).map(der.sequence))
@example(b"\x30\x80")
@example(b"\x30\x81")
@example(b"\x30\x82\x01")
def test_random_octets_are_refused(encoded: bytes) -> None:
    with pytest.raises(AttestationError) as caught:
        decode_certificate(encoded)

    assert caught.value.reason is MALFORMED


GENUINE = st.sampled_from([LEAF, INTERMEDIATE, minted("leaf", policy(der.tlv(0x1A, b"notice")))])


@settings(max_examples=400)
@given(GENUINE, st.lists(st.tuples(st.integers(0, 900), st.integers(1, 255)), max_size=3))
def test_a_genuine_certificate_with_changed_octets_survives(
    encoded: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(encoded)
    for place, difference in changes:
        changed[place % len(changed)] ^= difference

    survives(bytes(changed))


@given(GENUINE, st.integers(0, 900), st.binary(min_size=1, max_size=8))
def test_a_genuine_certificate_with_inserted_octets_is_refused(
    encoded: bytes, place: int, inserted: bytes
) -> None:
    place %= len(encoded)

    with pytest.raises(AttestationError):
        decode_certificate(encoded[:place] + inserted + encoded[place:])


@given(GENUINE, st.integers(0, 900))
def test_a_truncated_certificate_is_refused(encoded: bytes, size: int) -> None:
    with pytest.raises(MalformedInput):
        decode_certificate(encoded[: size % len(encoded)])


def test_every_flipped_bit_of_the_last_and_first_octets_survives() -> None:
    for place in (*range(300), *range(-110, 0)):
        changed = bytearray(LEAF)
        changed[place] ^= 1
        survives(bytes(changed))


# Every type that cryptography has a decoder for, and a few that it has none for.
KNOWN_EXTENSIONS = [
    *(f"2.5.29.{n}" for n in (9, 14, 15, 16, 17, 18, 19, 31, 32, 35, 36, 37, 46, 54)),
    *(f"1.3.6.1.5.5.7.{n}" for n in ("1.1", "1.11", "1.24", "48.1.5")),
    *(f"1.3.6.1.4.1.{n}" for n in ("11129.2.4.2", "11129.2.4.3", "311.20.2", "311.21.7")),
    "1.3.36.8.3.3",
]


@given(
    oid=st.sampled_from(KNOWN_EXTENSIONS),
    value=st.binary(max_size=30)
    | st.recursive(
        st.builds(der.tlv, st.integers(0, 255), st.binary(max_size=12)),
        lambda inner: st.builds(
            lambda tag, parts: der.tlv(tag, b"".join(parts)),
            st.sampled_from([0x30, 0x31, 0xA0, 0xA1, 0xA2, 0xA4]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    ),
)
def test_any_value_of_a_known_extension_survives(oid: str, value: bytes) -> None:
    survives(minted("leaf", d.NoExtensions(), d.ExtraExtension(oid, value)))


# Names: which of them need no reading

IMITATIONS = [
    b"1\x0b0\x09\x06\x03U\x04\x06\x13\x02US",
    b"\x06\x03U\x04\x0a\x0c",
    b"\x06\x03U\x04\x0a\x13\x01a",
    b"a1\x0c",
    b"0\x08\x06\x03U\x04\x0a\x0c\x01a",
    b"\x06",
]
TAGS = [0x0C, 0x13, 0x14, 0x16, 0x1A, 0x12, 0x1C, 0x1E, 0x03, 0x02, 0x04, 0x05, 0x30, 0x0A, 0x86]
TYPES = [COMMON_NAME, COUNTRY, ORGANIZATION, "2.5.4.6.6", "2.5.4.45", "2.5.4.12", "2.5.4.19"]
TYPES += [EMAIL, JURISDICTION_COUNTRY, "0.9.2342.19200300.100.1.25", "2.5.4.128", "2.5.29.17"]
usual_values = st.text(st.characters(codec="ascii"), max_size=70).map(str.encode)
values = st.one_of(
    usual_values,
    st.text(max_size=20).map(str.encode),
    st.binary(max_size=140),
    st.lists(st.sampled_from(IMITATIONS) | usual_values, max_size=3).map(b"".join),
)
usual_attributes = st.builds(
    attribute, st.sampled_from(TYPES), usual_values, st.sampled_from(TAGS[:2])
)
attributes = st.one_of(
    usual_attributes,
    st.builds(attribute, st.sampled_from(TYPES), values, st.sampled_from(TAGS)),
    st.sampled_from(IMITATIONS),
    # Without a value, with two, and with something else for a type.
    st.sampled_from(TYPES).map(lambda oid: der.sequence(der.oid(oid))),
    usual_values.map(lambda value: attribute(ORGANIZATION, value)[:-1]),
    st.just(der.sequence(der.oid(ORGANIZATION), der.utf8_string("a"), der.null())),
    st.just(der.sequence(der.utf8_string("a"), der.utf8_string("b"))),
)
rdns = st.lists(attributes, max_size=3).map(
    lambda several: der.tlv(der.SET, b"".join(sorted(several)))
)
names = st.one_of(
    st.lists(usual_attributes, max_size=4).map(lambda several: name(*several)),
    st.lists(rdns, max_size=3).map(lambda several: der.sequence(*several)),
    st.lists(rdns | st.sampled_from(IMITATIONS), max_size=2).map(lambda r: der.sequence(*r)),
)


def readable(certificate: x509.Certificate, which: str) -> bool:
    try:
        return getattr(certificate, which) is not None
    except (ValueError, TypeError, KeyError):  # the last from cryptography before 46
        return False


@settings(max_examples=500)
@given(subject=names)
@example(subject=name(attribute(ORGANIZATION, b"a") * 2))
@example(subject=der.sequence(der.tlv(der.SET, b"")))
@example(subject=name(attribute("2.5.4.6.6", b"a")))
def test_a_plain_name_is_one_that_cryptography_decodes(subject: bytes) -> None:
    assume(len(subject) < 900)
    encoded = minted("leaf", d.SubjectName(subject))
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            loaded = x509.load_der_x509_certificate(encoded)
            is_readable = readable(loaded, "subject")
    except ValueError:
        assert verdict(encoded) != ()
        return

    assert is_readable or not is_plain(subject)
    assert is_readable or verdict(encoded) != ()
    survives(encoded)


def test_the_names_that_certificates_of_this_kind_have_are_plain() -> None:
    # That is what the shortcut is for.
    for encoded in (LEAF, INTERMEDIATE, ROOT):
        fields = outermost_fields(encoded)
        assert is_plain(fields.subject)
        assert is_plain(fields.issuer)
    assert is_plain(name())
    assert len(outermost_fields(LEAF).subject) > 130  # a length of two octets
    assert is_plain(name(attribute(ORGANIZATION, b"")))


PLAIN = name(attribute(ORGANIZATION, b"ab"), attribute(COUNTRY, b"US", 0x13))
NOT_PLAIN = {
    "text that is not ASCII": name(attribute(ORGANIZATION, "é".encode())),
    "octets that are no text": name(attribute(ORGANIZATION, b"\xff")),
    "another string type": name(attribute(ORGANIZATION, b"ab", 0x16)),
    "another arc": name(attribute(EMAIL, b"ab")),
    "a longer type": name(attribute("2.5.4.6.6", b"ab")),
    "two attributes in a set": name(attribute(ORGANIZATION, b"a") + attribute(COUNTRY, b"US")),
    "an empty set": der.sequence(der.set_of(b"")),
    "an empty set after a plain one": der.sequence(PLAIN[2:], der.set_of(b"")),
    "two values": der.sequence(
        der.set_of(der.sequence(der.oid(ORGANIZATION), der.utf8_string("a"), der.null()))
    ),
    "octets after the attribute": name(attribute(ORGANIZATION, b"a") + b"\x05\x00"),
    "no set": der.sequence(attribute(ORGANIZATION, b"ab")),
    "a set of a length without an end": bytes.fromhex("300d3180307e060355040a0c776161"),
    "a length of three octets": name(*[attribute(ORGANIZATION, b"x" * 60)] * 5),
}


@pytest.mark.parametrize("odd", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_any_other_name_is_read(odd: bytes) -> None:
    assert not is_plain(odd)
    assert is_plain(PLAIN)


# What Apple issued


def read_as_apples(der: bytes) -> DecodedCertificate:
    certificate = decode_certificate(der)
    read_everything(certificate)
    assert is_plain(certificate.subject)
    assert is_plain(certificate.issuer)
    assert certificate.spki.startswith(bytes.fromhex("3076301006072a8648ce3d020106052b81040022"))
    return certificate


def test_apples_authority_is_accepted() -> None:
    intermediate = read_as_apples(apple_intermediate())
    (anchor,) = TrustStore.apple().anchors
    root = read_as_apples(anchor.public_bytes(Encoding.DER))

    assert intermediate.issuer == root.subject
    assert root.may_issue
    assert root.basic_constraints == x509.BasicConstraints(ca=True, path_length=None)
    assert intermediate.may_issue
    assert intermediate.basic_constraints == x509.BasicConstraints(ca=True, path_length=0)


def test_apples_leaves_are_accepted(real_chain: RealChain) -> None:
    leaf, intermediate = map(read_as_apples, real_chain.ders)

    assert leaf.issuer == intermediate.subject
    assert attested_key_is_accepted(leaf)
    assert not leaf.may_issue
    assert leaf.basic_constraints == x509.BasicConstraints(ca=False, path_length=None)


def test_apples_leaves_hold_what_is_documented(real_chain: RealChain) -> None:
    leaf = decode_certificate(real_chain.ders[0])
    raw = leaf.properties()
    values, problems = decode_properties(raw)
    assert problems == {}

    point = leaf.spki[-97:]
    (common_name,) = leaf.x509.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert common_name.value == hashlib.sha256(point).hexdigest()
    assert set(raw) == {oid for oid, _ in _documented()}
    assert len(raw[oids.FRESHNESS_CODE]) == 32
    assert None not in values.values()
    assert re.fullmatch(r"\d+(\.\d+)+", values["os_version"])
    assert values["sip"] is not SystemIntegrityProtection.UNRECOGNIZED
    assert type(values["third_party_kexts"]) is ThirdPartyKexts
    assert not any(leaf.extensions[oid].critical for oid in raw)


def _documented() -> Iterator[tuple[str, object]]:
    from appleattest.properties import PROPERTIES

    yield from ((row.oid, row.read) for row in PROPERTIES)
    yield oids.FRESHNESS_CODE, None


CHANGES = st.tuples(st.integers(0, 900), st.integers(1, 255))


def survives_a_change(der: bytes, change: tuple[int, int]) -> None:
    changed = bytearray(der)
    changed[change[0] % len(changed)] ^= change[1]

    survives(bytes(changed))


@settings(max_examples=50)
@given(change=CHANGES)
def test_apples_intermediate_with_a_changed_octet_survives(change: tuple[int, int]) -> None:
    survives_a_change(apple_intermediate(), change)


@settings(max_examples=50)
@given(change=CHANGES)
def test_apples_leaves_with_a_changed_octet_survive(
    real_chain: RealChain, change: tuple[int, int]
) -> None:
    survives_a_change(real_chain.ders[0], change)
