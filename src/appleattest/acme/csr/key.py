"""The key of a certificate request is the attested key, or there is no certificate."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from appleattest.acme.csr.reader import EC_PUBLIC_KEY, RequestFields
from appleattest.arguments import BytesLike, copied_octets
from appleattest.attestation import Attestation
from appleattest.errors import KeyMismatch, Reason
from appleattest.freshness import Freshness

AttestedKey: TypeAlias = BytesLike | EllipticCurvePublicKey

_CURVES: Final = ("secp256r1", "secp384r1")
_SPKI_DIGEST: Final = 32


def judge_key(request: RequestFields, attested: EllipticCurvePublicKey) -> None:
    """The attested key is the request's: same type, size and octets.

    A key of another type is not even decoded. Source: Apple, "Validating a Managed Device
    Attestation". Raises `KeyMismatch` (`key-mismatch`).
    """
    shown = None
    if request.key_algorithm.startswith(EC_PUBLIC_KEY):
        with suppress(UnsupportedAlgorithm):  # of a curve that nobody here knows
            shown = request.csr.public_key()
    if shown is None or spki_of(shown) != spki_of(attested):
        raise KeyMismatch(Reason.KEY_MISMATCH, "the request's key is not the attested key")


def attested_public_key(attestation: object, attested_key: object) -> EllipticCurvePublicKey:
    """The key that the caller says is attested; `TypeError` or `ValueError` for misuse."""
    if (attestation is None) == (attested_key is None):
        raise TypeError("exactly one of attestation and attested_key says which key is attested")
    if attested_key is None:
        if not isinstance(attestation, Attestation):
            raise TypeError(f"attestation is an Attestation, not {type(attestation).__name__}")
        _require_challenge_answered(attestation)
        return attestation.public_key
    if isinstance(attested_key, BytesLike):
        key = _loaded(copied_octets(attested_key, "attested_key"))
    elif isinstance(attested_key, EllipticCurvePublicKey):
        key = attested_key
    else:
        raise TypeError("attested_key is Attestation.spki, or the EllipticCurvePublicKey itself")
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise ValueError("attested_key is a key on P-256 or P-384")
    return key


def _require_challenge_answered(attestation: Attestation) -> None:
    """The attested key may get a certificate only if the challenge of this order was answered."""
    if attestation.carrier == "mdm":
        raise ValueError(
            "attestation came over MDM, which attests another key than the one of a certificate: "
            "give the one that validate_challenge returned"
        )
    if attestation.freshness is not Freshness.CURRENT:
        raise ValueError(
            f"attestation is {attestation.freshness.value}, so it answers no challenge that was "
            "checked: give the one that validate_challenge returned, or attested_key="
        )


def _loaded(spki: bytes) -> object:
    """The key; None for one of a type that nobody here knows."""
    if len(spki) == _SPKI_DIGEST:
        raise ValueError(
            "attested_key is 32 bytes, as a digest: give Attestation.spki, not its hash"
        )
    try:
        return load_der_public_key(spki)
    except UnsupportedAlgorithm:
        return None
    except ValueError:
        raise ValueError(
            "attested_key is Attestation.spki: a DER SubjectPublicKeyInfo on P-256 or P-384"
        ) from None


def spki_of(key: object) -> bytes:
    """A public key of `cryptography` as DER SubjectPublicKeyInfo, of which there is one."""
    spki: bytes = key.public_bytes(  # type: ignore[attr-defined]
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return spki
