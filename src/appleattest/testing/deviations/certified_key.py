"""Deviations of the certified key and of its encoding."""

from __future__ import annotations

from enum import StrEnum

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appleattest.testing import der
from appleattest.testing.csr import explicit_p384, with_point
from appleattest.testing.keys import KeyKind, key_bits, spki_of
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, deviation


@deviation
class CertifiedKey(Deviation):
    """Certifies a key of another kind, which then signs what this certificate issues.

    The subject and the key identifiers stay those of the key that it replaces.
    """

    kind: KeyKind

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.certifying(draft.keys.key("certified", self.kind))


class PointForm(StrEnum):
    """An encoding of a public point other than the uncompressed one (SEC 1, 2.3.3)."""

    COMPRESSED = "02 or 03 and x: the same point"
    HYBRID = "06 or 07, x and y: the same point, in the form of X9.62"
    INFINITY = "00: the point at infinity"
    OFF_CURVE = "y with its last bit flipped"
    TRUNCATED = "the last octet is missing"
    EMPTY = "no octet at all"


@deviation
class KeyPoint(Deviation):
    """The certified P-384 point in another form. Another kind of key is a ``ValueError``."""

    form: PointForm = PointForm.COMPRESSED

    @override
    def draft(self, draft: Draft) -> Draft:
        key = _p384(draft)
        return draft.changed(spki=with_point(key, _point(key_bits(spki_of(key)), self.form)))


def _p384(draft: Draft) -> ec.EllipticCurvePublicKey:
    key = serialization.load_der_public_key(draft.template.spki)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp384r1":
        raise ValueError("the certified key is not P-384")
    return key


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


@deviation
class ExplicitCurve(Deviation):
    """The curve is P-384, given by its parameters and not by its name (RFC 5480 forbids it).

    With ``other_generator`` the certified point is also the generator: the private key is 1, and
    who accepts it accepts anybody's signature (CVE-2020-0601).
    """

    other_generator: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        point = key_bits(spki_of(_p384(draft)))
        parameters = explicit_p384(point if self.other_generator else None)
        algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), parameters)
        return draft.changed(spki=der.sequence(algorithm, der.bit_string(point)))


@deviation
class PublicKeyInfo(Deviation):
    """The SubjectPublicKeyInfo is ``spki``, which is not checked."""

    spki: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(spki=self.spki)
