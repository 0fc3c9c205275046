"""Intermediates that have been validated before, so that the next leaf costs one signature.

The memory changes speed, never a verdict. Promoting an intermediate to an anchor loses every
check above it, so an entry is used only where the cold path could not decide otherwise:

- the certificates presented in *this* call, after the same filter, are exactly the
  intermediates of the remembered path, the leaf's issuer first; one that is missing or any
  other that could serve leads to the cold path;
- no other anchor has the name and the key of a certificate of that path, so there is one path;
- the time lies within the validity of every certificate above the leaf.

A warm path is the same engine with the same policies and that one anchor, or, where the caller
chose it, one signature check by a faster library (`remembered`). A warm refusal means nothing:
the cold path decides, and its reason stands. A memory belongs to one verifier,
whose anchors and limits never change, and is never copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.x509.verification import PolicyBuilder

from appleattest.certificates import DecodedCertificate
from appleattest.signatures import IssuerKey

_CAPACITY: Final = 16


class ValidatedIssuer(NamedTuple):
    """A path above some leaf, from its issuer to the anchor, that the engine has accepted."""

    path: tuple[DecodedCertificate, ...]
    not_before: datetime
    not_after: datetime
    policy: PolicyBuilder
    key: IssuerKey | None = None
    """The issuer's key in the library that checks signatures of leaves; None is the engine."""


class IssuerMemory:
    """At most sixteen validated issuers by the DER of the issuer; the oldest gives way."""

    __slots__ = ("_by_issuer", "_known")

    def __init__(self) -> None:
        self._by_issuer: dict[bytes, ValidatedIssuer] = {}
        self._known: dict[bytes, DecodedCertificate] = {}

    def __len__(self) -> int:
        return len(self._by_issuer)

    def decoded(self, encoded: bytes) -> DecodedCertificate | None:
        """The decoding of these exact octets, if they belong to a remembered path."""
        return self._known.get(encoded)

    def recall(
        self, intermediates: Sequence[DecodedCertificate], at: datetime
    ) -> ValidatedIssuer | None:
        """The remembered path that these intermediates, and no others, form at this time."""
        if not intermediates:
            return None
        for candidate in intermediates:
            entry = self._by_issuer.get(candidate.der)
            if (
                entry is not None
                and entry.not_before <= at <= entry.not_after
                and len(entry.path) == len(intermediates) + 1
                and {certificate.der for certificate in entry.path[:-1]}
                == {certificate.der for certificate in intermediates}
            ):
                return entry
        return None

    def remember(self, entry: ValidatedIssuer) -> None:
        """Keep a path that the cold engine has just accepted.

        The tables are replaced, never changed, so readers need no lock; of two threads that
        remember at once one may be forgotten, and its issuer validated once more.
        """
        kept = {**self._by_issuer, entry.path[0].der: entry}
        for oldest in list(kept)[:-_CAPACITY]:
            del kept[oldest]
        self._known = {c.der: c for each in kept.values() for c in each.path[:-1]}
        self._by_issuer = kept


def validity_of(path: Sequence[DecodedCertificate]) -> tuple[datetime, datetime]:
    """The time within which every one of these certificates is valid, both ends included."""
    return max(c.not_before for c in path), min(c.not_after for c in path)
