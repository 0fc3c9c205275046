"""What each check asks, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CHECKS: Final[Mapping[str, str]] = {
    "decode": "Is the message readable, and within the limits?",
    "certificates": "Is every certificate well formed, with accepted algorithms and extensions?",
    "path": "Does a path lead from the leaf to a trust anchor, valid at this time?",
    "leaf": "Is the first certificate an attestation certificate, and no CA?",
    "properties": "Are the attested properties well formed?",
    "freshness": "Does the attestation answer this request?",
    "device": "Is it the device that was expected?",
    "csr": "Is the certificate request for the attested key and the ordered names?",
    "policy": "Does the device satisfy the rules of the policy?",
}


def of_check(name: str) -> str:
    """The question that the check of this name asks. Raises `KeyError` for another name."""
    return _CHECKS[name]
