"""Deviations of the certified key and of its encoding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appleattest.testing import der
from appleattest.testing.keys import KeyKind, key_bits, order_of
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft

_EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
_PRIME_FIELD: Final = "1.2.840.10045.1.1"
_P384_OID: Final = "1.3.132.0.34"
_P384_PRIME: Final = 2**384 - 2**128 - 2**96 + 2**32 - 1


def _spki(draft: Draft, spki: bytes) -> Draft:
    return replace(draft, template=replace(draft.template, spki=spki))


@dataclass(frozen=True, slots=True)
class CertifiedKey(Deviation):
    """Certifies a key of another kind, which then signs what this certificate issues.

    The subject and the key identifiers stay those of the key that it replaces.
    """

    kind: KeyKind

    @override
    def draft(self, draft: Draft) -> Draft:
        """Replace the key."""
        return draft.certifying(draft.keys.key("certified", self.kind))


class PointForm(StrEnum):
    """An encoding of a public point other than the uncompressed one (SEC 1, 2.3.3)."""

    COMPRESSED = "02 or 03 and x: the same point"
    HYBRID = "06 or 07, x and y: the same point, in the form of X9.62"
    INFINITY = "00: the point at infinity"
    OFF_CURVE = "y with its last bit flipped"
    TRUNCATED = "the last octet is missing"
    EMPTY = "no octet at all"


@dataclass(frozen=True, slots=True)
class KeyPoint(Deviation):
    """The certified P-384 point in another form. Another kind of key is a ``ValueError``."""

    form: PointForm = PointForm.COMPRESSED

    @override
    def draft(self, draft: Draft) -> Draft:
        """Encode the point again."""
        point = key_bits(_p384(draft))
        algorithm = der.sequence(der.oid(_EC_PUBLIC_KEY), der.oid(_P384_OID))
        return _spki(draft, der.sequence(algorithm, der.bit_string(_point(point, self.form))))


def _p384(draft: Draft) -> bytes:
    key = serialization.load_der_public_key(draft.template.spki)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp384r1":
        raise ValueError("the certified key is not P-384")
    return draft.template.spki


def _point(point: bytes, form: PointForm) -> bytes:
    middle = len(point) // 2 + 1
    odd = point[-1] & 1
    return {
        PointForm.COMPRESSED: bytes([2 | odd]) + point[1:middle],
        PointForm.HYBRID: bytes([6 | odd]) + point[1:],
        PointForm.INFINITY: b"\x00",
        PointForm.OFF_CURVE: point[:-1] + bytes([point[-1] ^ 1]),
        PointForm.TRUNCATED: point[:-1],
        PointForm.EMPTY: b"",
    }[form]


@dataclass(frozen=True, slots=True)
class ExplicitCurve(Deviation):
    """The curve is P-384, spelt out in parameters instead of named (RFC 5480 forbids it).

    With ``other_generator`` the certified point itself is the generator: whoever accepts
    that lets the private key 1 sign for this key (CVE-2020-0601).
    """

    other_generator: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        """Spell the curve out."""
        point = key_bits(_p384(draft))
        generator = ec.derive_private_key(1, ec.SECP384R1()).public_key()
        numbers = generator.public_numbers()
        base = point if self.other_generator else _uncompressed(numbers.x, numbers.y)
        b = (numbers.y**2 - numbers.x**3 + 3 * numbers.x) % _P384_PRIME
        parameters = der.sequence(
            der.integer(1),
            der.sequence(der.oid(_PRIME_FIELD), der.integer(_P384_PRIME)),
            der.sequence(_field_element(_P384_PRIME - 3), _field_element(b)),
            der.octet_string(base),
            der.integer(order_of(generator)),
            der.integer(1),
        )
        algorithm = der.sequence(der.oid(_EC_PUBLIC_KEY), parameters)
        return _spki(draft, der.sequence(algorithm, der.bit_string(point)))


def _field_element(value: int) -> bytes:
    return der.octet_string(value.to_bytes(48, "big"))


def _uncompressed(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(48, "big") + y.to_bytes(48, "big")


@dataclass(frozen=True, slots=True)
class PublicKeyInfo(Deviation):
    """The SubjectPublicKeyInfo is ``spki``, whatever that is."""

    spki: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        """Replace the field."""
        return _spki(draft, self.spki)
