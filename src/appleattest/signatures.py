"""Who checks a leaf's signature under an intermediate that the verifier remembers.

    verifier = Verifier(signatures=AWSLC())

By default it is `cryptography`'s path engine, as everywhere. `AWSLC` checks that one signature
with AWS-LC, which takes about half the time. It never decides alone that a leaf is refused: then
the engine is asked. docs/decisions/0024-aws-lc.md says what else the engine checks of a leaf, and
where this library does.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Final, Protocol, Self, runtime_checkable

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from appleattest.sealed import Immutable, OwnCopy

__all__ = ["AWSLC", "Engine", "IssuerKey", "Signatures"]

_PLATFORM: Final = "linux"
"""Where awscrt brings AWS-LC. Elsewhere it asks the system's own library."""


class IssuerKey(Protocol):
    """The public key of an intermediate, ready to check signatures."""

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        """Whether this key made the ECDSA signature (DER) of `content`.

        `digest` is the hash that the certificate names: `sha256`, `sha384` or `sha512`. Return
        True only where the path engine would find the signature valid.
        """
        ...


@runtime_checkable
class Signatures(Protocol):
    """Something that checks the signatures of leaves, for `Verifier(signatures=…)`.

    `Engine` and `AWSLC` are the two that this library has, and has compared. The verifier calls
    it from every thread that verifies.
    """

    def issuer_key(self, spki: bytes) -> IssuerKey | None:
        """The key with this SubjectPublicKeyInfo (DER); None leaves its leaves to the engine."""
        ...


class _Stateless(OwnCopy, Immutable):
    """Base of the two: all objects of a class are equal, and a pickle makes a new one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) or NotImplemented

    def __hash__(self) -> int:
        return hash(type(self))

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Engine(_Stateless):
    """The default: `cryptography.x509.verification` judges every leaf, and checks its signature."""

    __slots__ = ()

    def issuer_key(self, spki: bytes) -> None:  # noqa: ARG002
        """None: each leaf is the engine's."""
        return


class AWSLC(_Stateless):
    """AWS-LC, through awscrt, for intermediates with a key on P-256 or P-384 (extra `fast`).

    Raises `ImportError` where awscrt is not installed or is too old to have keys of elliptic
    curves, and on any system but Linux: awscrt uses the system's own library there, which was not
    compared with the engine.
    """

    __slots__ = ()

    def __init__(self) -> None:
        if sys.platform != _PLATFORM:
            raise ImportError(f"AWSLC needs Linux: on {sys.platform} awscrt has no AWS-LC")
        _awscrt()

    def issuer_key(self, spki: bytes) -> IssuerKey | None:
        """The key with this SubjectPublicKeyInfo, or None where AWS-LC does not read it.

        The engine has accepted it before. AWS-LC must read it as the very same key.
        """
        crypto = _awscrt()
        try:
            key = crypto.EC.new_key_from_der_data(spki)
            same = key.export_key(crypto.ECExportFormat.SPKI) == spki
        except (RuntimeError, ValueError):
            return None
        return _AWSLCKey(key) if same else None


class _AWSLCKey:
    """One public key that AWS-LC has read."""

    __slots__ = ("_key",)

    def __init__(self, key: Any) -> None:
        self._key: Final = key

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        """Whether AWS-LC finds the signature valid, and it is in its one encoding."""
        if not is_canonical(signature):
            return False
        valid: bool = self._key.verify(hashlib.new(digest, content).digest(), signature)
        return valid


def is_canonical(signature: bytes) -> bool:
    """Whether this is an ECDSA signature in DER, of two integers that are not negative.

    AWS-LC asks the same today. No release of it, and no other library in its place, can ask less.
    """
    try:
        return encode_dss_signature(*decode_dss_signature(signature)) == signature
    except (ValueError, OverflowError):
        return False


def _awscrt() -> Any:
    try:
        from awscrt import crypto

        _ = crypto.EC, crypto.ECExportFormat
    except (ImportError, AttributeError) as missing:
        raise ImportError(
            "AWSLC needs awscrt, which is not installed or too old: pip install 'appleattest[fast]'"
        ) from missing
    return crypto
