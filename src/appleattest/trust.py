"""Whom to believe: Apple's root, pinned by digest, and nobody else unless told so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Self

from cryptography import x509

from appleattest.certificates import DecodedCertificate, decode_certificate, der_of
from appleattest.errors import AttestationError
from appleattest.sealed import Immutable

APPLE_ROOT_SHA256: Final = bytes.fromhex(
    "ccf59ef8fcb3017d97f8b5fa6fa90e7a3f9283f76b55ac6cf6eda8b8b949f05b"
)
"""SHA-256 of the DER of the Apple Enterprise Attestation Root CA (valid 2022 to 2047)."""

_ROOT_FILE: Final = "apple-enterprise-attestation-root-ca.pem"
_PEM_BEGIN: Final = b"-----BEGIN "
_CERTIFICATE_LIKE: Final = (x509.Certificate, bytearray, memoryview)


class TrustStore(Immutable):
    """An immutable set of trust anchors.

    Each item is one CA certificate: an `x509.Certificate`, its DER, or its PEM. An anchor
    answers to the same allowlists of algorithms and extensions as any other certificate.

    Raises `TypeError` for an item of another type and `ValueError` for a set without
    certificates, for a PEM text with more than one, and for a certificate that is damaged, may
    not issue, or is refused by the allowlists.
    """

    __slots__ = ("_anchors", "_by_der", "_subjects")
    _anchors: tuple[DecodedCertificate, ...]
    _by_der: dict[bytes, DecodedCertificate]
    _subjects: frozenset[bytes]

    def __init__(self, anchors: Iterable[x509.Certificate | bytes | str]) -> None:
        if isinstance(anchors, bytes | bytearray | memoryview | str):
            raise TypeError("anchors is an iterable of certificates, not one certificate")
        by_der = {anchor.der: anchor for anchor in map(_anchor, anchors)}
        if not by_der:
            raise ValueError("a trust store without anchors trusts nothing")
        self._fill(
            _by_der=by_der,
            _anchors=tuple(by_der.values()),
            _subjects=frozenset(anchor.subject for anchor in by_der.values()),
        )

    @classmethod
    def apple(cls) -> Self:
        """The store that trusts the Apple Enterprise Attestation Root CA alone.

        Raises `ValueError` when the packaged certificate is not the pinned one.
        """
        return cls([_apple_root()])

    def adding(self, *anchors: x509.Certificate | bytes | str) -> Self:
        """A store that trusts these anchors too: for a rotation of the root, or a lab."""
        return type(self)([*self.anchors, *anchors])

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        """The anchors, in the order in which they were given, each once."""
        return tuple(anchor.x509 for anchor in self._anchors)

    @property
    def decoded(self) -> tuple[DecodedCertificate, ...]:
        """The anchors as `chain` looks at them."""
        return self._anchors

    @property
    def subjects(self) -> frozenset[bytes]:
        """The DER of every anchor's name."""
        return self._subjects

    def __contains__(self, encoded: object) -> bool:
        """Whether a certificate, given as DER or decoded, is one of the anchors."""
        if type(encoded) is not bytes and isinstance(encoded, _CERTIFICATE_LIKE):
            encoded = _der(encoded)
        return encoded in self._by_der

    def __len__(self) -> int:
        return len(self._anchors)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TrustStore):
            return NotImplemented
        return self._by_der.keys() == other._by_der.keys()

    def __hash__(self) -> int:
        return hash(frozenset(self._by_der))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self._by_der),)

    def __repr__(self) -> str:
        apple = ", Apple among them" if any(map(is_apple_root, self._by_der)) else ""
        return f"<TrustStore of {len(self)}{apple}>"


def is_apple_root(encoded: bytes) -> bool:
    """Whether this DER is the pinned Apple root."""
    return hashlib.sha256(encoded).digest() == APPLE_ROOT_SHA256


@cache
def _apple_root() -> bytes:
    from importlib.resources import files

    pem = files("appleattest").joinpath("anchors", _ROOT_FILE).read_bytes()
    return pinned_root(pem)


def pinned_root(pem: bytes) -> bytes:
    """The DER of the packaged root; `ValueError` unless its digest is the pinned one."""
    encoded = _der(pem)
    if not is_apple_root(encoded):
        raise ValueError("the packaged root certificate is not the one that is pinned")
    return encoded


def _anchor(item: x509.Certificate | bytes | str) -> DecodedCertificate:
    try:
        anchor = decode_certificate(_der(item))
    except AttestationError as error:
        raise ValueError(
            f"not acceptable as a trust anchor: {error.reason}: {error.detail}"
        ) from None
    if not anchor.may_issue:
        raise ValueError("not a CA certificate, so not acceptable as a trust anchor")
    return anchor


def _der(item: object) -> bytes:
    if isinstance(item, x509.Certificate):
        return der_of(item)
    encoded = item.encode("ascii", "replace") if isinstance(item, str) else item
    if not isinstance(encoded, bytes | bytearray | memoryview):
        raise TypeError(f"an anchor is a certificate or its bytes, not {type(item).__name__}")
    encoded = memoryview(encoded).tobytes()
    if _PEM_BEGIN not in encoded:
        return encoded
    if encoded.count(_PEM_BEGIN) != 1:
        raise ValueError("one anchor was expected; this PEM text holds several certificates")
    return der_of(x509.load_pem_x509_certificate(encoded))
