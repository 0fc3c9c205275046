"""What comes out: verified results, and claims that cannot be taken for them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from appleattest.freshness import Freshness, FreshnessResult
from appleattest.properties import (
    DeviceProperties,
    refuse_malformed_identity,
    sealed_properties,
)
from appleattest.sealed import Sealed, seal
from appleattest.times import rfc3339
from appleattest.trust import is_apple_root
from appleattest.wire import base64

if TYPE_CHECKING:
    from cryptography import x509

    from appleattest.certificates import DecodedCertificate

RECORD_SCHEMA: Final = 1
"""The version of what `Attestation.to_dict` writes."""


class Attestation(Sealed):
    """A verified attestation. Only a `Verifier` makes one.

    Two are equal when chain, freshness and time of verification are. Pickling is for handing
    one to a worker process of the same release, and unpickling verifies nothing: keep
    `to_dict()`, and read it back with `Verifier.reverify`.
    """

    __slots__ = ("_answers", "_path", "carrier", "device", "verified_at")

    _path: tuple[DecodedCertificate, ...]
    _answers: FreshnessResult
    device: DeviceProperties
    carrier: str
    """`"mdm"`, `"acme"` or `"chain"`."""
    verified_at: datetime
    """The time, in UTC and whole seconds, as of which everything was judged."""

    @property
    def freshness(self) -> Freshness:
        """How it relates to the requests that the caller named."""
        return self._answers.freshness

    @property
    def is_current(self) -> bool:
        """Whether it answers this request."""
        return self.freshness is Freshness.CURRENT

    @property
    def freshness_code(self) -> bytes | None:
        """The octets in the leaf; None when absent or blank."""
        return self._answers.code

    @property
    def matched_freshness(self) -> bytes | None:
        """The expected octets that the code equals: a nonce, or a SHA-256 digest."""
        return self._answers.matched

    @property
    def requested_at(self) -> datetime | None:
        """When the nonce that it answers was sent, if it is an earlier one and that is known."""
        return self._answers.requested_at

    @property
    def leaf(self) -> x509.Certificate:
        """The attestation certificate."""
        return self._path[0].x509

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The path: leaf first, trust anchor last."""
        return tuple(certificate.x509 for certificate in self._path)

    @property
    def anchor(self) -> x509.Certificate:
        """The trust anchor that the path leads to."""
        return self._path[-1].x509

    @property
    def anchored_at_apple(self) -> bool:
        """Whether the anchor is the pinned Apple root."""
        return is_apple_root(self._path[-1].der)

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The attested key, on P-256 or P-384."""
        return self._path[0].public_key

    @property
    def spki(self) -> bytes:
        """The attested key as canonical DER SubjectPublicKeyInfo."""
        return self._path[0].spki

    @property
    def spki_sha256(self) -> bytes:
        """SHA-256 of `spki`: what to index to find a key that is used again."""
        return hashlib.sha256(self.spki).digest()

    @property
    def not_before(self) -> datetime:
        """The leaf's, UTC. The attestation was made no earlier."""
        return self._path[0].not_before

    @property
    def not_after(self) -> datetime:
        """The leaf's, UTC."""
        return self._path[0].not_after

    def to_dict(self) -> dict[str, Any]:
        """A record of JSON types from which `Verifier.reverify` verifies anew.

        `"schema": 1`; the chain as base64 DER, leaf first; times in RFC 3339. It names the
        device.
        """
        return {
            "schema": RECORD_SCHEMA,
            "carrier": self.carrier,
            "verified_at": rfc3339(self.verified_at),
            "chain": [_base64(certificate.der) for certificate in self._path],
            "anchored_at_apple": self.anchored_at_apple,
            "not_before": rfc3339(self.not_before),
            "not_after": rfc3339(self.not_after),
            "freshness": self.freshness.value,
            "freshness_code": _base64(self.freshness_code),
            "matched_freshness": _base64(self.matched_freshness),
            "requested_at": rfc3339(self.requested_at),
            "spki": _base64(self.spki),
            "spki_sha256": self.spki_sha256.hex(),
            "device": self.device.to_dict(),
        }

    def _identity(self) -> tuple[object, ...]:
        ders = tuple(certificate.der for certificate in self._path)
        return ders, self._answers, self.verified_at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attestation):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return (
            f"<Attestation {self.freshness.value}, {self.carrier}, {self.device!r}, "
            f"chain of {len(self._path)}, verified at {rfc3339(self.verified_at)}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        ders = tuple(certificate.der for certificate in self._path)
        return _from_pickle, (ders, tuple(self._answers), self.verified_at, self.carrier)


def _from_pickle(
    ders: tuple[bytes, ...], answers: tuple[Any, ...], verified_at: datetime, carrier: str
) -> Attestation:
    from appleattest.certificates import decode_certificate

    path = tuple(decode_certificate(der) for der in ders)
    raw = path[0].properties()
    refuse_malformed_identity(raw)
    return seal(
        Attestation,
        _path=path,
        _answers=FreshnessResult(*answers),
        device=sealed_properties(DeviceProperties, raw),
        carrier=carrier,
        verified_at=verified_at,
    )


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.encode(value)
