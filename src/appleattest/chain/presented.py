"""Count, measure, de-duplicate and decode the certificates that were presented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from appleattest.certificates import (
    DecodedCertificate,
    attested_key_is_accepted,
    decode_certificate,
)
from appleattest.errors import AttestationError, MalformedInput, Reason, UntrustedChain
from appleattest.limits import Limits


class PresentedChain(NamedTuple):
    """The leaf, and every other certificate once, in the order in which they came.

    `elements` names each by its first place (`"x5c[1]"`), keyed by its DER.
    """

    leaf: DecodedCertificate
    others: tuple[DecodedCertificate, ...]
    elements: dict[bytes, str]


def element_at(index: int) -> str:
    """The name of the certificate at this place, counted from 0, whatever the carrier."""
    return f"x5c[{index}]"


def measure(ders: Sequence[bytes], limits: Limits) -> None:
    """Refuse too many certificates, or too many octets of one or of all, before any is parsed.

    Raises `MalformedInput` with `too-large`.
    """
    if len(ders) > limits.certificates:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"{len(ders)} certificates were presented; at most {limits.certificates} are read",
        )
    for index, encoded in enumerate(ders):
        if len(encoded) > limits.certificate_bytes:
            raise MalformedInput(
                Reason.TOO_LARGE,
                f"{len(encoded)} bytes; at most {limits.certificate_bytes} are read",
                element=element_at(index),
            )
    together = sum(map(len, ders))
    if together > limits.chain_bytes:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"{together} bytes of certificates; at most {limits.chain_bytes} are read",
        )


def decode_presented(
    ders: Sequence[bytes], known: Callable[[bytes], DecodedCertificate | None]
) -> PresentedChain:
    """Decode every certificate, the leaf first; refuse all for a defect in any.

    `known` may give back the decoding of octets that have passed here before.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`) or
    `UntrustedChain` (`weak-algorithm`, `critical-extension`, `name-constraints`).
    """
    elements: dict[bytes, str] = {}
    decoded: list[DecodedCertificate] = []
    for index, encoded in enumerate(ders):
        if encoded in elements:
            continue
        elements[encoded] = element = element_at(index)
        try:
            certificate = (known(encoded) if decoded else None) or decode_certificate(encoded)
        except AttestationError as error:
            error.element = element
            raise
        decoded.append(certificate)
    leaf, *others = decoded
    if not attested_key_is_accepted(leaf):
        raise UntrustedChain(
            Reason.WEAK_ALGORITHM,
            "the attested key is on neither P-256 nor P-384",
            element=element_at(0),
        )
    return PresentedChain(leaf, tuple(others), elements)
