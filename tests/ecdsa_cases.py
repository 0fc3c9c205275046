"""Edge cases of ECDSA on P-256 and P-384, under the names that Wycheproof gives such cases.

Everything is generated: a case is a public key and a signature for content that is given. Where a
case needs a certain point R, the key is computed from R, so nobody knows its private half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from appleattest.testing import KeyKind, der
from appleattest.testing.keys import Digest, order_of, sign, spki_of

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""


class Curve(NamedTuple):
    """y² = x³ - 3x + b modulo p, with a generator of prime order."""

    named: ec.EllipticCurve
    p: int
    order: int
    generator: tuple[int, int]

    @property
    def b(self) -> int:
        x, y = self.generator
        return (y * y - x**3 + 3 * x) % self.p

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if one == other:
            slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, factor: int, point: Point) -> Point:
        factor %= self.order
        product: Point = None
        while factor:
            if factor & 1:
                product = self.add(product, point)
            point, factor = self.add(point, point), factor >> 1
        return product

    def right_side(self, x: int) -> int:
        return (x**3 - 3 * x + self.b) % self.p

    def root(self, square: int) -> int:
        """A square root, if there is one: p is 3 modulo 4."""
        return pow(square, (self.p + 1) // 4, self.p)

    def lifted(self, x: int) -> tuple[int, int]:
        """The first point whose x is this or greater."""
        while True:
            y = self.root(self.right_side(x))
            if y * y % self.p == self.right_side(x):
                return x, y
            x += 1

    def on_twist(self) -> tuple[int, int]:
        """A point of the quadratic twist, written as if it were on the curve."""
        x = 1
        while True:
            square = self.right_side(x)
            y = self.root(self.p - square)
            if y * y % self.p == self.p - square != 0:
                return x, y
            x += 1

    def key(self, point: tuple[int, int]) -> bytes:
        """The SubjectPublicKeyInfo of a point, on the curve or not."""
        genuine = spki_of(ec.derive_private_key(1, self.named).public_key())
        octets = (self.p.bit_length() + 7) // 8
        x, y = (each.to_bytes(octets, "big") for each in point)
        return genuine[: -2 * octets] + x + y


@cache
def curve_of(kind: KeyKind) -> Curve:
    named, p = {
        KeyKind.P256: (ec.SECP256R1(), 2**256 - 2**224 + 2**192 + 2**96 - 1),
        KeyKind.P384: (ec.SECP384R1(), 2**384 - 2**128 - 2**96 + 2**32 - 1),
    }[kind]
    one = ec.derive_private_key(1, named)
    numbers = one.public_key().public_numbers()
    return Curve(named, p, order_of(one), (numbers.x, numbers.y))


class EcdsaCase(NamedTuple):
    """One signature, under one key."""

    flag: str
    comment: str
    spki: bytes
    signature: bytes
    valid: bool


def integers(r: int, s: int) -> bytes:
    return der.sequence(der.integer(r), der.integer(s))


def hashed(curve: Curve, digest: Digest, content: bytes) -> int:
    """The number that ECDSA makes of the content (FIPS 186-5, 6.4.1)."""
    value = hashlib.new(digest, content).digest()
    longer = max(0, 8 * len(value) - curve.order.bit_length())
    return int.from_bytes(value, "big") >> longer


_PRIVATE: Final = 0x5EED


def cases(kind: KeyKind, digest: Digest, content: bytes) -> Iterator[EcdsaCase]:
    """Every case for this content."""
    curve = curve_of(kind)
    private = ec.derive_private_key(_PRIVATE, curve.named)
    spki = spki_of(private.public_key())
    genuine = sign(private, digest, content)
    yield EcdsaCase("ValidSignature", "as made", spki, genuine, True)
    for flag, comment, signature, valid in _encodings(genuine):
        yield EcdsaCase(flag, comment, spki, signature, valid)
    for flag, comment, r, s, valid in _numbers(curve, *decode_dss_signature(genuine)):
        yield EcdsaCase(flag, comment, spki, integers(r, s), valid)
    yield from _points(curve, hashed(curve, digest, content))
    yield from _infinity(curve, hashed(curve, digest, content))
    yield from _keys(curve, digest, content)


def _encodings(genuine: bytes) -> Iterator[tuple[str, str, bytes, bool]]:
    r, s = (der.integer(each) for each in decode_dss_signature(genuine))
    padded_r, padded_s = (der.tlv(2, b"\0" + der.read(each)[1]) for each in (r, s))
    size = bytes([len(r + s)])
    yield "BerEncodedSignature", "r padded", der.sequence(padded_r, s), False
    yield "BerEncodedSignature", "s padded", der.sequence(r, padded_s), False
    yield "BerEncodedSignature", "long form of the length", b"\x30\x81" + size + r + s, False
    yield "BerEncodedSignature", "length of two octets", b"\x30\x82\0" + size + r + s, False
    yield "BerEncodedSignature", "indefinite length", b"\x30\x80" + r + s + b"\0\0", False
    yield "BerEncodedSignature", "r with a long length", der.sequence(b"\x02\x81" + r[1:], s), False
    yield "InvalidEncoding", "octets after", genuine + b"\0\0", False
    yield "InvalidEncoding", "NULL after", genuine + der.null(), False
    yield "InvalidEncoding", "a third element", der.sequence(r, s, der.null()), False
    yield "InvalidEncoding", "a third integer", der.sequence(r, s, s), False
    yield "InvalidEncoding", "s alone", der.sequence(s), False
    yield "InvalidEncoding", "no integer", der.sequence(), False
    yield "InvalidEncoding", "r empty", der.sequence(der.tlv(2, b""), s), False
    yield "InvalidEncoding", "no octet", b"", False
    yield "InvalidEncoding", "r and s without DER", der.read(r)[1] + der.read(s)[1], False
    yield "InvalidTypesInSignature", "a SET", b"\x31" + genuine[1:], False
    yield "InvalidTypesInSignature", "r an OCTET STRING", der.sequence(b"\4" + r[1:], s), False
    yield "InvalidTypesInSignature", "s an ENUMERATED", der.sequence(r, b"\x0a" + s[1:]), False
    yield "ModifiedSignature", "twice in a sequence", der.sequence(genuine), False
    for cut in range(len(genuine)):
        yield "ModifiedSignature", f"cut after {cut}", genuine[:cut], False


def _numbers(curve: Curve, r: int, s: int) -> Iterator[tuple[str, str, int, int, bool]]:
    n, p = curve.order, curve.p
    yield "SignatureMalleabilityBitcoin", "(r, n-s)", r, n - s, True
    edges = {"-1": -1, "0": 0, "1": 1, "n-1": n - 1, "n": n, "n+1": n + 1, "p": p, "p+1": p + 1}
    for one_name, one in edges.items():
        for other_name, other in edges.items():
            yield "InvalidSignature", f"r = {one_name}, s = {other_name}", one, other, False
        yield "ModifiedInteger", f"r = {one_name}", one, s, False
        yield "ModifiedInteger", f"s = {one_name}", r, one, False
    for name, by in {"n": n, "-n": -n, "256n": 256 * n, "2**512": 2**512}.items():
        yield "RangeCheck", f"r + {name}", r + by, s, False
        yield "RangeCheck", f"s + {name}", r, s + by, False
    yield "RangeCheck", "-r", -r, s, False
    yield "RangeCheck", "-s", r, -s, False
    yield "RangeCheck", "n-r", n - r, s, False
    for bits in (64, 128, 192, 256, 320, 384):
        yield "IntegerOverflow", f"r + 2**{bits}", r + (1 << bits), s, False
        yield "IntegerOverflow", f"s + 2**{bits}", r, s + (1 << bits), False
    yield "ModifiedSignature", "r and s exchanged", s, r, False


def _key_for(curve: Curve, point: Point, r: int, s: int, e: int) -> bytes:
    """The key under which (r, s) leads to this point R: (sR - eG) / r."""
    difference = curve.add(curve.times(s, point), curve.times(-e, curve.generator))
    key = curve.times(pow(r, -1, curve.order), difference)
    assert key is not None
    return curve.key(key)


def _points(curve: Curve, e: int) -> Iterator[EcdsaCase]:
    """Signatures that lead to points with a special x, or through special multiples."""
    n = curve.order

    def case(flag: str, comment: str, point: tuple[int, int], s: int) -> EcdsaCase:
        r = point[0] % n
        return EcdsaCase(flag, comment, _key_for(curve, point, r, s, e), integers(r, s), valid=True)

    small, large = curve.lifted(1), curve.lifted(n + 1)
    assert large[0] < curve.p
    for s in (1, 2, n // 2, n - 1):
        yield case("SmallRandS", f"R with a small x, s = {s:#x}", small, s)
        found = case("ArithmeticError", f"R with an x over n, s = {s:#x}", large, s)
        yield found
        over = integers(large[0], s)
        yield found._replace(flag="RangeCheck", comment="its x as r", signature=over, valid=False)
    some = curve.times(0xA5, curve.generator)
    assert some is not None
    r = some[0] % n
    for name, s in {"u1 = 1": e, "u1 = n-1": -e, "u2 = 1": r, "u2 = n-1": -r}.items():
        yield case("EdgeCaseShamirMultiplication", name, some, s % n)
    double = curve.times(2 * 0xA5, curve.generator)
    assert double is not None
    s = e * pow(0xA5, -1, n) % n
    yield case("PointDuplication", "u1 G = u2 Q", double, s)


def _infinity(curve: Curve, e: int) -> Iterator[EcdsaCase]:
    """u1 G + u2 Q is the point at infinity, which has no x: r = -e / d."""
    n = curve.order
    spki = spki_of(ec.derive_private_key(_PRIVATE, curve.named).public_key())
    r = -e * pow(_PRIVATE, -1, n) % n
    for s in (1, 2, e % n, r, n - 1):
        signature = integers(r, s)
        yield EcdsaCase("PointDuplication", f"at infinity, s = {s:#x}", spki, signature, False)


def _keys(curve: Curve, digest: Digest, content: bytes) -> Iterator[EcdsaCase]:
    for private in (1, 2, 3, curve.order // 2, curve.order - 2, curve.order - 1):
        key = ec.derive_private_key(private, curve.named)
        signature = sign(key, digest, content)
        name = f"private key {private:#x}"
        yield EcdsaCase("EdgeCasePublicKey", name, spki_of(key.public_key()), signature, True)
        r, s = decode_dss_signature(signature)
        other = integers(r, (s + 1) % curve.order)
        yield EcdsaCase("EdgeCasePublicKey", name, spki_of(key.public_key()), other, False)


def invalid_keys(kind: KeyKind) -> dict[str, bytes]:
    """SubjectPublicKeyInfos of points that are not on the curve."""
    curve = curve_of(kind)
    x, y = curve.generator
    genuine = curve.key(curve.generator)
    octets = (curve.p.bit_length() + 7) // 8
    head = genuine[: -2 * octets - 1]
    return {
        "the origin": curve.key((0, 0)),
        "of order 2 on another curve": curve.key((x, 0)),
        "y changed": curve.key((x, y ^ 1)),
        "on the quadratic twist": curve.key(curve.on_twist()),
        "x is p": curve.key((curve.p, y)),
        "the point at infinity, padded": curve.key((0, 0))[: len(head)] + bytes(2 * octets + 1),
        "a hybrid form": head + bytes([6 | y & 1]) + genuine[-2 * octets :],
        "cut": genuine[:-1],
        "an octet after": genuine + b"\0",
        "nothing": b"",
    }
