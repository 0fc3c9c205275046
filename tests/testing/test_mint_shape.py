"""The minted chain is Apple's chain in all but names, keys and values."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest
from asn1crypto import core, parser
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from mint_tools import AUTHORITY, extensions, tbs

from appleattest import TrustStore, oids
from appleattest.testing import ISSUED_AT, Properties, deviations
from appleattest.testing.properties import NUMBER_PROPERTIES, TEXT_PROPERTIES, AttestedField
from real_chains import REAL_CHAINS, RealChain, apple_intermediate

if TYPE_CHECKING:
    from collections.abc import Iterator


def skeleton(der: bytes) -> Any:
    """Return the tree of tags, with OIDs and BOOLEANs as they are and other values left out."""
    constructed, contents = der[0] & 0x20, parser.parse(der)[4]
    if constructed:
        return (der[0], *(skeleton(child) for child in _children(contents)))
    return (der[0], contents) if der[0] in (core.ObjectIdentifier.tag, core.Boolean.tag) else der[0]


def _children(contents: bytes) -> Iterator[bytes]:
    while contents:
        size = parser.peek(contents)
        yield contents[:size]
        contents = contents[size:]


def test_a_leaf_is_tag_for_tag_a_real_one(real_chain: RealChain) -> None:
    """Apple's leaves have had an extended key usage since 2026."""
    genuine = real_chain.ders[0]
    usage = x509.ExtendedKeyUsage.oid.dotted_string
    has_usage = usage in [oid for oid, _, _ in extensions(genuine)]
    minted = AUTHORITY.attest(deviations=[deviations.ExtendedKeyUsage()] * has_usage)[0]

    assert skeleton(minted) == skeleton(genuine)


def test_short_values_are_octet_for_octet_those_of_a_real_leaf(real_chain: RealChain) -> None:
    """Of a Mac in good order: constraints, key usage, 13.x; the lengths of 9.2 and 11.1."""
    fixed = {oids.BASIC_CONSTRAINTS, oids.KEY_USAGE, *MAC_ONLY}
    minted, genuine = extensions(AUTHORITY.attest()[0]), extensions(real_chain.ders[0])

    assert [e for e in minted if e[0] in fixed] == [e for e in genuine if e[0] in fixed]
    for oid in (oids.UDID, oids.FRESHNESS_CODE):
        assert _length(minted, oid) == _length(genuine, oid)


def _length(found: list[tuple[str, bool, bytes]], oid: str) -> int:
    return next(len(value) for each, _, value in found if each == oid)


def test_an_intermediate_is_tag_for_tag_the_real_one() -> None:
    assert skeleton(AUTHORITY.issuer.der) == skeleton(apple_intermediate())
    assert _validity(AUTHORITY.issuer.der)[1] == _validity(apple_intermediate())[1]


def test_a_root_is_tag_for_tag_the_real_one() -> None:
    (root,) = TrustStore.apple().anchors
    apples = root.public_bytes(Encoding.DER)

    assert skeleton(AUTHORITY.root_issuer.der) == skeleton(apples)
    assert _validity(AUTHORITY.root_issuer.der) == _validity(apples)


def _validity(der: bytes) -> tuple[datetime, datetime]:
    validity = tbs(der)["validity"]
    return validity["not_before"].native, validity["not_after"].native


LEAVES = {"minted": AUTHORITY.attest()[0], **{each.name: each.ders[0] for each in REAL_CHAINS}}


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
def test_a_leaf_counts_its_life_from_its_serial_number(leaf: bytes) -> None:
    milliseconds = tbs(leaf)["serial_number"].native
    issued = datetime.fromtimestamp(milliseconds // 1000, tz=UTC)

    assert _validity(leaf) == (issued - timedelta(hours=24), issued + timedelta(days=90))


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
def test_a_leaf_is_named_after_its_key(leaf: bytes) -> None:
    certificate = x509.load_der_x509_certificate(leaf)
    point = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    (common_name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)

    assert common_name.value == hashlib.sha256(point).hexdigest()


def test_key_identifiers_are_those_of_rfc_5280() -> None:
    for certificate in (AUTHORITY.root, AUTHORITY.intermediate):
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert found == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    key = AUTHORITY.root.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    issuer = AUTHORITY.intermediate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert issuer.value == x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def test_every_field_of_the_properties_is_listed_once() -> None:
    listed = [*TEXT_PROPERTIES, *NUMBER_PROPERTIES]
    assert sorted(listed) == sorted(get_args(AttestedField))
    assert {*listed, "raw"} == {field.name for field in fields(Properties)}
    order = list(Properties.mac().extension_values())
    assert sorted(order) == sorted([*TEXT_PROPERTIES.values(), *NUMBER_PROPERTIES.values()])


def test_nothing_pretends_to_be_apple() -> None:
    for der in (*AUTHORITY.attest(), AUTHORITY.root_issuer.der):
        assert b"Apple" not in der


ALL = [
    oids.SEPOS_VERSION,
    oids.LLB_VERSION,
    oids.OS_VERSION,
    oids.SOFTWARE_UPDATE_DEVICE_ID,
    oids.SECURE_BOOT,
    oids.SYSTEM_INTEGRITY_PROTECTION,
    oids.THIRD_PARTY_KEXTS,
    oids.SERIAL_NUMBER,
    oids.UDID,
    oids.FRESHNESS_CODE,
]
MAC_ONLY = {oids.SECURE_BOOT, oids.SYSTEM_INTEGRITY_PROTECTION, oids.THIRD_PARTY_KEXTS}
IDENTIFIERS = {oids.SERIAL_NUMBER, oids.UDID}
IOS_16 = {*IDENTIFIERS, oids.SEPOS_VERSION, oids.FRESHNESS_CODE}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (Properties.mac(), ALL),
        (Properties.iphone(), [oid for oid in ALL if oid not in MAC_ONLY]),
        (Properties.iphone_16(), [oid for oid in ALL if oid in IOS_16]),
        (Properties.mac().user_enrolled(), [oid for oid in ALL if oid not in IDENTIFIERS]),
        (Properties(), [oids.FRESHNESS_CODE]),
    ],
    ids=["mac", "iphone", "iphone_16", "user_enrolled", "none"],
)
def test_a_preset_has_the_extensions_of_its_system(
    properties: Properties, expected: list[str]
) -> None:
    found = [oid for oid, _, _ in extensions(AUTHORITY.attest(properties=properties)[0])]

    assert found == [oids.BASIC_CONSTRAINTS, oids.KEY_USAGE, *expected]


def test_values_are_bare_text_raw_octets_and_der_integers() -> None:
    properties = Properties(serial_number="TESTSERIALÉ", sip=1, third_party_kexts=-1)
    found = extensions(AUTHORITY.attest(properties=properties, freshness_code=b"\x00")[0])

    assert [(oid, value) for oid, _, value in found[2:]] == [
        (oids.SYSTEM_INTEGRITY_PROTECTION, b"\x02\x01\x01"),
        (oids.THIRD_PARTY_KEXTS, b"\x02\x01\xff"),
        (oids.SERIAL_NUMBER, "TESTSERIALÉ".encode()),
        (oids.FRESHNESS_CODE, b"\x00"),
    ]


def test_raw_values_override_in_place_and_add_after_the_udid() -> None:
    unknown = "1.2.840.113635.100.8.13.4"
    raw = {unknown: b"\xff", oids.UDID: b"", oids.SECURE_BOOT: b"x"}
    properties = Properties(serial_number="TESTSERIAL01", udid="overridden", raw=raw)

    values = properties.extension_values()

    assert list(values.items()) == [
        (oids.SECURE_BOOT, b"x"),
        (oids.SERIAL_NUMBER, b"TESTSERIAL01"),
        (oids.UDID, b""),
        (unknown, b"\xff"),
    ]
    assert list(properties.user_enrolled().extension_values()) == [oids.SECURE_BOOT, unknown]
    assert hash(properties) == hash(properties.__class__(**_fields(properties)))


def _fields(properties: Properties) -> dict[str, Any]:
    return {name: getattr(properties, name) for name in Properties.__dataclass_fields__}


def test_a_late_leaf_has_the_times_of_rfc_5280() -> None:
    late = datetime(2049, 12, 1, 8, 30, tzinfo=UTC)
    validity = tbs(AUTHORITY.attest(at=late)[0])["validity"]

    assert validity["not_before"].chosen.tag == core.UTCTime.tag
    assert validity["not_after"].chosen.tag == core.GeneralizedTime.tag
    assert _validity(AUTHORITY.attest(at=late)[0]) == (
        late - timedelta(hours=24),
        late + timedelta(days=90),
    )


def test_the_time_of_issue_is_fixed() -> None:
    assert datetime(2025, 7, 1, 12, tzinfo=UTC) == ISSUED_AT == AUTHORITY.issued_at
