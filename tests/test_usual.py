"""Two readers of certificates: whatever the quick one reads, the general one reads alike."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appleattest import AttestationError, MalformedInput, Reason, oids
from appleattest.certificates import DecodedCertificate, decode_certificate, points
from appleattest.certificates.general import read_general
from appleattest.certificates.usual import UsualIntermediate, UsualLeaf, read_usual
from appleattest.testing import AttestationAuthority, Deviation, KeyKind, Properties, der
from appleattest.testing import deviations as d
from appleattest.testing import strategies as minted
from appleattest.wire.der import has_length
from real_chains import RealChain, apple_intermediate
from vector_files import FILES, loaded

AUTHORITY: Final = AttestationAuthority("tests of the usual shape")
LEAF, INTERMEDIATE = AUTHORITY.attest()
ON_P256 = AUTHORITY.attest(public_key=AUTHORITY.keys.ec("attested", KeyKind.P256).public_key())[0]
IPHONE = AUTHORITY.attest(properties=Properties.iphone())[0]
CERTIFICATES: Final = {
    "leaf": LEAF,
    "leaf on P-256": ON_P256,
    "leaf of an iPhone": IPHONE,
    "intermediate": INTERMEDIATE,
}

READ: Final = (
    "der",
    "x509",
    "issuer",
    "subject",
    "spki",
    "signed",
    "public_key",
    "not_before",
    "not_after",
    "basic_constraints",
    "key_usage",
    "may_issue",
    "self_issued",
)


def agree(encoded: bytes) -> bool:
    """Whether the quick reader reads it. Then the general one must, with the same result."""
    usual = read_usual(encoded)
    if usual is None:
        return False
    general = read_general(encoded)
    assert type(general) is DecodedCertificate
    for name in READ:
        assert getattr(usual, name) == getattr(general, name), name
    assert usual.properties() == general.properties()
    assert list(usual.properties()) == list(general.properties())
    assert dict(usual.extensions) == dict(general.extensions)
    return True


def flips(encoded: bytes) -> Iterator[bytes]:
    for place in range(len(encoded)):
        for bit in range(8):
            yield encoded[:place] + bytes([encoded[place] ^ 1 << bit]) + encoded[place + 1 :]


@pytest.mark.parametrize("encoded", CERTIFICATES.values(), ids=CERTIFICATES)
def test_what_is_usual(encoded: bytes) -> None:
    assert agree(encoded)
    kind = UsualIntermediate if encoded == INTERMEDIATE else UsualLeaf
    assert type(read_usual(encoded)) is kind


def test_apples_certificates_are_usual(real_chain: RealChain) -> None:
    assert all(map(agree, real_chain.ders))
    assert agree(apple_intermediate())


@pytest.mark.parametrize("encoded", CERTIFICATES.values(), ids=CERTIFICATES)
def test_every_bit(encoded: bytes) -> None:
    read = sum(map(agree, flips(encoded)))
    # Values, times, names and the signature: not one in the structure.
    assert 0 < read < len(encoded) * 8


def test_every_bit_of_apples(real_chain: RealChain) -> None:
    for encoded in real_chain.ders:
        assert any(list(map(agree, flips(encoded))))


@pytest.mark.parametrize("encoded", [LEAF, INTERMEDIATE], ids=["leaf", "intermediate"])
def test_every_cut_and_every_doubled_octet(encoded: bytes) -> None:
    for place in range(len(encoded)):
        assert not agree(encoded[:place])
        assert not agree(encoded[:place] + encoded[place + 1 :])
        assert not agree(encoded[: place + 1] + encoded[place:])


@pytest.mark.parametrize("name", FILES)
def test_every_vector(name: str) -> None:
    for octets in _octets_in(loaded(name)["testGroups"]):
        place = octets.find(b"\x30\x82")
        while place >= 0:
            length = int.from_bytes(octets[place + 2 : place + 4], "big")
            agree(octets[place : place + 4 + length])
            place = octets.find(b"\x30\x82", place + 1)


def _octets_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _octets_in(each)
    elif isinstance(value, str):
        try:
            yield base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        except ValueError:
            try:
                yield base64.b64decode(value, validate=True)
            except ValueError:
                return


@settings(max_examples=100)
@given(chain=minted.chains(AUTHORITY))
def test_minted_chains(chain: minted.MintedChain) -> None:
    for encoded in chain.chain:
        agree(encoded)


@settings(max_examples=100)
@given(chain=minted.broken_chains(AUTHORITY))
def test_broken_chains(chain: minted.MintedChain) -> None:
    for encoded in chain.chain:
        agree(encoded)


CHANGES: Final = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=4)), max_size=4
)


@settings(max_examples=1500)
@given(encoded=st.sampled_from(list(CERTIFICATES.values())), changes=CHANGES)
def test_changed_certificates(encoded: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    """Octets are taken out at some places, and others put in."""
    for place, taken, put in changes:
        at = place % len(encoded)
        encoded = encoded[:at] + put + encoded[at + taken :]
    agree(encoded)


MAC = {
    oids.SERIAL_NUMBER: b"C02TEST",
    oids.FRESHNESS_CODE: bytes(32),
    "1.2.840.113635.100.8.99.0": b"of no documented meaning",
}


@given(values=st.dictionaries(st.sampled_from([*MAC]), st.binary(max_size=130)))
@example(values={oids.SERIAL_NUMBER: bytes(113)})
@example(values={oids.SERIAL_NUMBER: bytes(114)})
@example(values={oids.SERIAL_NUMBER: bytes.fromhex("06035504030c00")})
@example(values={oids.SERIAL_NUMBER: bytes.fromhex("060b2b0601040182373c0201030c00")})
@example(values={oids.SERIAL_NUMBER: bytes.fromhex("3010060a2a864886f763640809010402")})
def test_values_of_properties(values: dict[str, bytes]) -> None:
    leaf = AUTHORITY.attest(properties=Properties(raw=values))[0]
    longest = max(map(len, values.values()), default=0)
    read = agree(leaf)
    assert longest <= 113 or not read


UNUSUAL: Final[dict[str, list[Deviation]]] = {
    "a critical property": [d.CriticalExtension()],
    "a property twice": [d.DoubledExtension(oids.SERIAL_NUMBER)],
    "no extensions": [d.NoExtensions()],
    "no basicConstraints": [d.NoBasicConstraints()],
    "no keyUsage": [d.NoKeyUsage()],
    "a CA": [d.LeafIsCA()],
    "zero as its number": [d.ZeroSerial()],
    "a negative number": [d.NegativeSerial()],
    "two algorithms": [d.MismatchedAlgorithms()],
    "bits that are not used": [d.UnusedBits()],
    "a key of another curve": [d.CertifiedKey(KeyKind.P521)],
    "an RSA key": [d.CertifiedKey(KeyKind.RSA_2048)],
    "a point off the curve": [d.KeyPoint(d.PointForm.OFF_CURVE)],
    "octets after it": [d.TrailingBytes()],
}


@pytest.mark.parametrize("deviations", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_not_usual(deviations: list[Deviation]) -> None:
    assert read_usual(AUTHORITY.attest(deviations=deviations)[0]) is None


def test_a_day_that_is_in_no_month() -> None:
    day = LEAF.index(b"\x17\x0d") + 6
    never = LEAF[:day] + b"99" + LEAF[day + 2 :]
    assert agree(LEAF[:day] + b"01" + LEAF[day + 2 :])
    assert read_usual(never) is None
    with pytest.raises(AttestationError):
        read_general(never)


def test_whatever_loading_raises_is_left_to_the_general_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_encoded: bytes) -> x509.Certificate:
        raise x509.InvalidVersion("odd", 3)

    with monkeypatch.context() as patch:
        patch.setattr(x509, "load_der_x509_certificate", fail)
        assert read_usual(LEAF) is None
        with pytest.raises(MalformedInput) as caught:
            decode_certificate(LEAF)
    assert caught.value.reason is Reason.MALFORMED_CERTIFICATE
    assert decode_certificate(LEAF).der == LEAF


# Points


CURVES: Final = [(points.P256, ec.SECP256R1()), (points.P384, ec.SECP384R1())]


@pytest.mark.parametrize(("curve", "theirs"), CURVES, ids=["P-256", "P-384"])
@given(data=st.data())
@settings(max_examples=300)
def test_points_are_those_that_load(
    curve: points.Curve, theirs: ec.EllipticCurve, data: st.DataObject
) -> None:
    size = theirs.key_size // 8
    edges = [0, 1, curve.prime - 1, curve.prime, curve.prime + 1, 2 ** (8 * size) - 1]
    x = data.draw(st.sampled_from(edges) | st.integers(0, 2 ** (8 * size) - 1))
    square = (x**3 - 3 * x + curve.b) % curve.prime
    root = pow(square, (curve.prime + 1) // 4, curve.prime)
    beyond = [y for y in (root + curve.prime, 2 * curve.prime - root) if y < 2 ** (8 * size)]
    y = data.draw(st.sampled_from([root, curve.prime - root, root ^ 1, *edges, *beyond]))
    coordinates = x.to_bytes(size, "big") + y.to_bytes(size, "big")

    assert curve.has(coordinates) == _loads(theirs, coordinates)


def test_coordinates_beyond_the_prime() -> None:
    """The same point with the prime added to a coordinate, where that fits into its octets."""
    curve, theirs = CURVES[0]
    x = next(x for x in range(50) if curve.has(_with_root(curve, x)))
    y = _with_root(curve, x)[32:]
    assert _loads(theirs, x.to_bytes(32, "big") + y)
    larger = (x + curve.prime).to_bytes(32, "big") + y
    assert not curve.has(larger)
    assert not _loads(theirs, larger)


def _with_root(curve: points.Curve, x: int) -> bytes:
    root = pow((x**3 - 3 * x + curve.b) % curve.prime, (curve.prime + 1) // 4, curve.prime)
    return x.to_bytes(32, "big") + root.to_bytes(32, "big")


def _loads(curve: ec.EllipticCurve, coordinates: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + coordinates)
    except ValueError:
        return False
    return True


# Lengths


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 257, 4000, 65535])
def test_a_length_is_its_one_encoding(length: int) -> None:
    encoded = der.tlv(0x30, bytes(length))
    start = len(encoded) - length
    assert has_length(encoded, 0, start, len(encoded))
    assert not has_length(encoded, 0, start, len(encoded) - 1)
    for octets in (1, 2):
        longer = b"\x30" + der.long_length(length & 0xFF, octets) + bytes(length & 0xFF)
        minimal = longer == der.tlv(0x30, bytes(length & 0xFF))
        assert has_length(longer, 0, 2 + octets, len(longer)) is minimal


def test_a_length_of_three_octets_is_none() -> None:
    encoded = der.tlv(0x30, bytes(65536))
    assert not has_length(encoded, 0, len(encoded) - 65536, len(encoded))
    assert has_length(b"\x30\x82\xff\xff" + bytes(65535), 0, 4, 4 + 65535)
