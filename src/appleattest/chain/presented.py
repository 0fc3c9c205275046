"""De-duplicate and decode the certificates that were presented.

The carriers have bounded their number and size before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from appleattest.certificates import (
    DecodedCertificate,
    OutsideCertificate,
    attested_key_is_accepted,
    decode_and_judge,
)
from appleattest.errors import AttestationError, Reason, UntrustedChain


class PresentedChain(NamedTuple):
    """The leaf, and every other certificate once, in the order in which they came.

    `elements` names each by its first place (`"x5c[1]"`), keyed by its DER.
    """

    leaf: DecodedCertificate
    others: tuple[DecodedCertificate, ...]
    set_aside: tuple[OutsideCertificate, ...]
    """Those that the allowlists refuse. They are on no path, and fail a chain that needs one."""
    elements: dict[bytes, str]


def element_at(index: int) -> str:
    """The name of the certificate at this place, counted from 0, whatever the carrier."""
    return f"x5c[{index}]"


def decode_presented(
    ders: Sequence[bytes], known: Callable[[bytes], DecodedCertificate | None]
) -> PresentedChain:
    """Decode every certificate, the leaf first.

    A defect of the encoding refuses the chain, whichever certificate it is in. What the
    allowlists refuse refuses the chain where it is the leaf; any other such certificate is set
    aside. `known` may give back the decoding of octets that have passed here before.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`) or
    `UntrustedChain` (`weak-algorithm`, `critical-extension`, `name-constraints`).
    """
    elements: dict[bytes, str] = {}
    decoded: list[DecodedCertificate | OutsideCertificate] = []
    for index, encoded in enumerate(ders):
        if encoded in elements:
            continue
        elements[encoded] = element = element_at(index)
        try:
            decoded.append((known(encoded) if decoded else None) or decode_and_judge(encoded))
        except AttestationError as error:
            error.element = element
            raise
    leaf, *others = decoded
    return PresentedChain(
        _accepted_leaf(leaf),
        tuple([each for each in others if isinstance(each, DecodedCertificate)]),
        tuple([each for each in others if isinstance(each, OutsideCertificate)]),
        elements,
    )


def _accepted_leaf(leaf: DecodedCertificate | OutsideCertificate) -> DecodedCertificate:
    if isinstance(leaf, OutsideCertificate):
        raise leaf.refusal(element_at(0))
    if not attested_key_is_accepted(leaf):
        raise UntrustedChain(
            Reason.WEAK_ALGORITHM,
            "the attested key is on neither P-256 nor P-384",
            element=element_at(0),
        )
    return leaf
