"""Why the engine found no path: the precise reason, for the error only.

The engine says "candidates exhausted". This module walks the same certificates again, from the
leaf upwards, and names the first link that cannot hold. It accepts nothing: whatever it
finds, the answer is an error. Of several links that could be tried, the one that holds
longest explains best. Defects of the structure come before those of time, so that `expired`
means: this is genuine, and was valid once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509

from appleattest.certificates import DecodedCertificate, OutsideCertificate
from appleattest.chain.presented import PresentedChain
from appleattest.chain.signatures import SignatureLedger
from appleattest.errors import AttestationError, OutsideValidity, Reason, UntrustedChain
from appleattest.limits import Limits
from appleattest.text import quoted
from appleattest.trust import TrustStore

_PROGRESS: Final = (
    Reason.UNTRUSTED,
    Reason.UNKNOWN_ISSUER,
    Reason.WEAK_ALGORITHM,
    Reason.CRITICAL_EXTENSION,
    Reason.NAME_CONSTRAINTS,
    Reason.BAD_SIGNATURE,
    Reason.ISSUER_NOT_CA,
    Reason.PATH_LENGTH,
    Reason.NOT_YET_VALID,
    Reason.EXPIRED,
)
"""Reasons in the order in which a walk meets them; a later one got further."""

_UNSEEN: Final = 0
"""The depth of what was not looked into: whatever was explains more."""


class _Obstacle(NamedTuple):
    depth: int
    reason: Reason
    culprit: DecodedCertificate | OutsideCertificate
    detail: str

    def progress(self) -> tuple[int, int]:
        return self.depth, _PROGRESS.index(self.reason)


class _Walk(NamedTuple):
    presented: PresentedChain
    trust: TrustStore
    limits: Limits
    at: datetime
    ledger: SignatureLedger

    def from_certificate(self, path: tuple[DecodedCertificate, ...]) -> _Obstacle:
        """Why no path continues from the last certificate of `path` to an anchor.

        Where no issuer is left, and some were set aside, what the allowlists have against these
        is the reason. One that names itself as its issuer would be on no path in any case.
        """
        child, depth = path[-1], len(path)
        issuers = self._named(child, path)
        if not issuers:
            outside = [
                _Obstacle(depth, each.reason, each, each.detail)
                for each in self.presented.set_aside
                if each.subject == child.issuer != each.issuer
            ]
            if outside:
                return max(outside, key=_Obstacle.progress)
            where = "itself" if child.self_issued else _name(child.x509.issuer)
            detail = f"issued by {where}, which is no trust anchor, nor an intermediate presented"
            return _Obstacle(depth, Reason.UNKNOWN_ISSUER, child, detail)
        obstacles = [self._through(issuer, path) for issuer in issuers]
        return max(obstacles, key=_Obstacle.progress)

    def _named(
        self, child: DecodedCertificate, path: Sequence[DecodedCertificate]
    ) -> list[DecodedCertificate]:
        """The anchors, then the others, that have the name of the child's issuer.

        What names itself as its issuer is on no path, as in `path`.
        """
        others = [c for c in self.presented.others if not c.self_issued]
        taken = {certificate.der for certificate in path}
        return [
            c
            for c in (*self.trust.decoded, *others)
            if c.subject == child.issuer and c.der not in taken
        ]

    def _through(
        self, issuer: DecodedCertificate, path: tuple[DecodedCertificate, ...]
    ) -> _Obstacle:
        child, depth = path[-1], len(path)
        signed = self.ledger.verifies(child, issuer)
        name = _name(issuer.x509.subject)
        if signed is None:
            detail = "more candidates for an issuer than are looked into to explain a refusal"
            return _Obstacle(_UNSEEN, Reason.UNTRUSTED, child, detail)
        if not signed:
            detail = f"the signature does not verify with the key of its issuer {name}"
            return _Obstacle(depth, Reason.BAD_SIGNATURE, child, detail)
        if not issuer.may_issue:
            detail = f"{name} signed a certificate, but lacks cA or keyCertSign"
            return _Obstacle(depth, Reason.ISSUER_NOT_CA, issuer, detail)
        too_long = self._too_long(issuer, path)
        if too_long:
            return _Obstacle(depth, Reason.PATH_LENGTH, issuer, too_long)
        if issuer.der in self.trust:
            return self._outside_validity((*path, issuer))
        return self.from_certificate((*path, issuer))

    def _too_long(
        self, issuer: DecodedCertificate, path: Sequence[DecodedCertificate]
    ) -> str | None:
        below = len(path) - 1
        constraints = issuer.basic_constraints
        allowed = constraints.path_length if constraints else None
        if allowed is not None and below > allowed:
            return f"path length {allowed}, but {below} intermediates below it"
        if issuer.der not in self.trust and below >= self.limits.intermediates:
            return f"more than {self.limits.intermediates} intermediates"
        return None

    def _outside_validity(self, path: Sequence[DecodedCertificate]) -> _Obstacle:
        depth = len(path)
        for certificate in path:
            if self.at > certificate.not_after:
                detail = f"valid until {certificate.not_after:%Y-%m-%dT%H:%M:%SZ}, not at {self.at}"
                return _Obstacle(depth, Reason.EXPIRED, certificate, detail)
            if self.at < certificate.not_before:
                detail = f"valid from {certificate.not_before:%Y-%m-%dT%H:%M:%SZ}, not at {self.at}"
                return _Obstacle(depth, Reason.NOT_YET_VALID, certificate, detail)
        return _Obstacle(depth, Reason.UNTRUSTED, path[0], "the path engine refuses the path")


def diagnose(
    presented: PresentedChain,
    trust: TrustStore,
    limits: Limits,
    at: datetime,
    ledger: SignatureLedger,
) -> AttestationError:
    """The error that explains best why the engine refused; to be raised by the caller."""
    obstacle = _Walk(presented, trust, limits, at, ledger).from_certificate((presented.leaf,))
    kind = (
        OutsideValidity
        if obstacle.reason in (Reason.EXPIRED, Reason.NOT_YET_VALID)
        else UntrustedChain
    )
    element = presented.elements.get(obstacle.culprit.der, "anchor")
    return kind(obstacle.reason, obstacle.detail, element=element)


def _name(name: x509.Name) -> str:
    return quoted(name.rfc4514_string())
