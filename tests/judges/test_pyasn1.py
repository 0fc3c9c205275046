"""pyasn1 reads every certificate as we do: its fields, its extensions, the INTEGER properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyasn1.codec.der import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import namedtype, tag, univ, useful
from vector_cases import presented

from appleattest import (
    AttestationError,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    oids,
)
from appleattest.certificates import DecodedCertificate, decode_certificate
from appleattest.properties import decode_properties
from appleattest.testing import AttestationAuthority, Properties, strategies
from appleattest.testing.strategies import MintedChain
from chain_cases import Acceptance, verdict
from real_chains import RealChain

AUTHORITY = AttestationAuthority("pyasn1")


def explicit(number: int, spec: Any) -> Any:
    return spec.subtype(explicitTag=_context(number))


def implicit(number: int, spec: Any) -> Any:
    return spec.subtype(implicitTag=_context(number))


def _context(number: int) -> tag.Tag:
    return tag.Tag(tag.tagClassContext, tag.tagFormatSimple, number)


def sequence(*fields: namedtype.NamedType) -> Any:
    return univ.Sequence(componentType=namedtype.NamedTypes(*fields))


Required, Optional = namedtype.NamedType, namedtype.OptionalNamedType
Default = namedtype.DefaultedNamedType

TIME = univ.Choice(
    componentType=namedtype.NamedTypes(
        Required("utc", useful.UTCTime()), Required("generalized", useful.GeneralizedTime())
    )
)
EXTENSION = sequence(
    Required("extnID", univ.ObjectIdentifier()),
    Default("critical", univ.Boolean(False)),
    Required("extnValue", univ.OctetString()),
)
TBS_CERTIFICATE = sequence(
    Required("version", explicit(0, univ.Integer())),
    Required("serialNumber", univ.Integer()),
    Required("signature", univ.Any()),
    Required("issuer", univ.Any()),
    Required("validity", sequence(Required("notBefore", TIME), Required("notAfter", TIME))),
    Required("subject", univ.Any()),
    Required("subjectPublicKeyInfo", univ.Any()),
    Optional("extensions", explicit(3, univ.SequenceOf(componentType=EXTENSION))),
)
CERTIFICATE = sequence(
    Required("tbsCertificate", TBS_CERTIFICATE),
    Required("signatureAlgorithm", univ.Any()),
    Required("signatureValue", univ.BitString()),
)
BASIC_CONSTRAINTS = sequence(
    Default("cA", univ.Boolean(False)), Optional("pathLenConstraint", univ.Integer())
)
AUTHORITY_KEY_IDENTIFIER = sequence(
    Optional("keyIdentifier", implicit(0, univ.OctetString())),
    Optional("issuer", implicit(1, univ.Any())),
    Optional("serial", implicit(2, univ.Integer())),
)
OIDS = univ.SequenceOf(componentType=univ.ObjectIdentifier())


def decoded(octets: bytes, spec: Any) -> Any:
    """The one value that the octets are."""
    value, rest = decoder.decode(octets, asn1Spec=spec)
    assert rest == b""
    return value


KEY_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def basic_constraints(value: bytes) -> object:
    found = decoded(value, BASIC_CONSTRAINTS)
    length = found["pathLenConstraint"]
    return bool(found["cA"]), int(length) if length.isValue else None


def key_usage(value: bytes) -> object:
    bits = tuple(map(bool, decoded(value, univ.BitString())))
    return (bits + (False,) * 9)[: len(KEY_USES)]


def authority_key_identifier(value: bytes) -> object:
    found = decoded(value, AUTHORITY_KEY_IDENTIFIER)["keyIdentifier"]
    return bytes(found) if found.isValue else None


THEIRS: Mapping[type[x509.ExtensionType], Callable[[bytes], object]] = {
    x509.BasicConstraints: basic_constraints,
    x509.KeyUsage: key_usage,
    x509.SubjectKeyIdentifier: lambda value: bytes(decoded(value, univ.OctetString())),
    x509.AuthorityKeyIdentifier: authority_key_identifier,
    x509.ExtendedKeyUsage: lambda value: list(map(str, decoded(value, OIDS))),
    x509.UnrecognizedExtension: lambda value: value,
}
OURS: Mapping[type[x509.ExtensionType], Callable[[Any], object]] = {
    x509.BasicConstraints: lambda value: (value.ca, value.path_length),
    x509.KeyUsage: lambda value: tuple(getattr(value, use) for use in KEY_USES),
    x509.SubjectKeyIdentifier: lambda value: value.digest,
    x509.AuthorityKeyIdentifier: lambda value: value.key_identifier,
    x509.ExtendedKeyUsage: lambda value: [each.dotted_string for each in value],
    x509.UnrecognizedExtension: lambda value: value.value,
}


def moment(choice: Any) -> datetime:
    """The time by RFC 5280, 4.1.2.5: pyasn1's own conversion takes the years 50 to 68 for 20xx."""
    text = str(choice.getComponent())
    if choice.getName() == "utc":
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%S%z")


def same_by_pyasn1(ours: DecodedCertificate) -> None:
    """Every field and every extension value is the same."""
    whole = decoded(ours.der, CERTIFICATE)
    theirs = whole["tbsCertificate"]
    assert int(theirs["serialNumber"]) == ours.x509.serial_number
    assert bytes(theirs["issuer"]) == ours.issuer == ours.x509.issuer.public_bytes()
    assert bytes(theirs["subject"]) == ours.subject == ours.x509.subject.public_bytes()
    assert bytes(theirs["subjectPublicKeyInfo"]) == ours.spki
    assert moment(theirs["validity"]["notBefore"]) == ours.not_before
    assert moment(theirs["validity"]["notAfter"]) == ours.not_after
    assert whole["signatureValue"].asOctets() == ours.x509.signature
    assert bytes(theirs["signature"]) == bytes(whole["signatureAlgorithm"])
    assert [str(each["extnID"]) for each in theirs["extensions"]] == list(ours.extensions)
    for each, found in zip(theirs["extensions"], ours.extensions.values(), strict=True):
        assert bool(each["critical"]) is found.critical
        kind = type(found.value)
        if kind in THEIRS:
            assert THEIRS[kind](bytes(each["extnValue"])) == OURS[kind](found.value)
    same_integers(ours.properties())


def integer_by_pyasn1(value: bytes) -> int | None:
    """The number, where pyasn1 reads the octets as one INTEGER and nothing after it."""
    try:
        number, rest = decoder.decode(value, asn1Spec=univ.Integer())
    except PyAsn1Error:
        return None
    return None if rest else int(number)


def same_integers(raw: Mapping[str, bytes]) -> None:
    """The INTEGER properties, where we accept them, are what pyasn1 reads."""
    values, problems = decode_properties(raw)
    sip = raw.get(oids.SYSTEM_INTEGRITY_PROTECTION)
    kexts = raw.get(oids.THIRD_PARTY_KEXTS)
    if oids.SYSTEM_INTEGRITY_PROTECTION not in problems:
        assert values["sip"] is (expected_sip(integer_by_pyasn1(sip)) if sip else None)
    if oids.THIRD_PARTY_KEXTS not in problems:
        expected = expected_kexts(integer_by_pyasn1(kexts)) if kexts else None
        assert values["third_party_kexts"] is expected


def expected_sip(number: int | None) -> SystemIntegrityProtection:
    assert number is not None
    known = {0: SystemIntegrityProtection.ENABLED, 1: SystemIntegrityProtection.DISABLED}
    return known.get(number, SystemIntegrityProtection.UNRECOGNIZED)


def expected_kexts(number: int | None) -> ThirdPartyKexts:
    assert number is not None
    return ThirdPartyKexts.SOME_ALLOWED if number else ThirdPartyKexts.NONE_ALLOWED


def readable(ders: set[bytes]) -> Iterator[DecodedCertificate]:
    for der in ders:
        try:
            yield decode_certificate(der)
        except AttestationError:
            continue


def test_it_reads_every_certificate_of_the_vectors_as_we_do() -> None:
    certificates = list(readable({der for each in presented() for der in each.chain}))
    for certificate in certificates:
        same_by_pyasn1(certificate)
    kinds = {type(e.value) for each in certificates for e in each.extensions.values()}
    assert kinds >= THEIRS.keys()


def test_it_reads_the_real_certificates_as_we_do(real_chain: RealChain) -> None:
    for der in real_chain.ders:
        same_by_pyasn1(decode_certificate(der))


@settings(deadline=None, max_examples=300)
@given(strategies.chains(AUTHORITY))
def test_it_reads_generated_certificates_as_we_do(minted: MintedChain) -> None:
    leaf, *others = minted.chain
    same_by_pyasn1(decode_certificate(leaf))
    for certificate in readable(set(others)):  # without those that are set aside
        same_by_pyasn1(certificate)


INTEGERS = [oids.SYSTEM_INTEGRITY_PROTECTION, oids.THIRD_PARTY_KEXTS]


@pytest.mark.parametrize("oid", INTEGERS)
@settings(deadline=None, max_examples=150)
@given(
    value=st.one_of(
        st.binary(max_size=6),
        st.binary(max_size=4).map(lambda content: bytes([2, len(content)]) + content),
    )
)
@example(value=bytes.fromhex("0200"))
@example(value=bytes.fromhex("02020000"))
@example(value=bytes.fromhex("02810100"))
@example(value=bytes.fromhex("020100ff"))
@example(value=bytes.fromhex("0a0100"))
def test_what_we_accept_as_an_integer_is_one_in_its_one_encoding(oid: str, value: bytes) -> None:
    properties = Properties(serial_number="TESTSERIAL01", raw={oid: value})
    found = verdict(AUTHORITY.verifier, AUTHORITY.attest(properties=properties))
    number = integer_by_pyasn1(value)
    canonical = number is not None and value == shortest(number)
    assert isinstance(found, Acceptance)
    read = oid not in found.attestation.device.malformed
    assert read is (canonical or value == b"")
    same_integers({oid: value})


def shortest(number: int) -> bytes:
    """The number as X.690, 8.3.2, has it: no octet more than it needs."""
    length = (number + (number < 0)).bit_length() // 8 + 1
    return bytes([2, length]) + number.to_bytes(length, "big", signed=True)
