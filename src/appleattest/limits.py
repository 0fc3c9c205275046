"""Bounds on what is read at all: everything a device sends is measured before it is parsed.

Apple sends two certificates of under 900 bytes each. Each bound allows several times that. An
input within its bounds costs little more time than one of Apple's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

_DEEPEST_PATH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest input that a verifier looks at; beyond it the reason is `too-large`.

    Raises `ValueError` for a bound below 1 and `TypeError` for one that is not an `int`.
    """

    certificates: int = 5
    """Certificates presented, counted before duplicates are dropped."""
    certificate_bytes: int = 4096
    """Octets of one DER certificate."""
    chain_bytes: int = 5 * 1024
    """Octets of all certificates together, counted before duplicates are dropped."""
    intermediates: int = 2
    """Certificates between the leaf and its trust anchor; a longer path is `path-length`."""
    attestation_object_bytes: int = 16 * 1024
    """Octets of a CBOR attestation object, after base64url is removed."""
    cbor_depth: int = 8
    """Nested CBOR containers."""
    plist_bytes: int = 64 * 1024
    """Octets of an MDM response, XML or binary."""
    plist_elements: int = 1024
    """Keys and values of an MDM response."""
    plist_depth: int = 16
    """Nested containers of an MDM response."""
    json_bytes: int = 128 * 1024
    """Octets of a JSON document: a challenge response or a webhook event."""
    json_elements: int = 1024
    """Containers, members and elements of a JSON document."""
    json_depth: int = 16
    """Nested containers of a JSON document."""

    def __post_init__(self) -> None:
        for field in fields(self):
            bound = getattr(self, field.name)
            if not isinstance(bound, int) or isinstance(bound, bool):
                raise TypeError(f"Limits.{field.name} is a number of type int")
            if bound < 1:
                raise ValueError(f"Limits.{field.name} is at least 1")
        if self.intermediates > _DEEPEST_PATH:
            raise ValueError(f"Limits.intermediates is at most {_DEEPEST_PATH}")
