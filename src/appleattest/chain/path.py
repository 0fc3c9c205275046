"""Ask the engine, `cryptography.x509.verification`, for a path to a trust anchor.

Here is decided what the engine gets to see, and nothing else: accepting is its business
alone, and no code of ours accepts what it refused. Only of a leaf under a remembered issuer may
the caller have another library asked (`remembered`). The engine sees no certificate that could only
cost it time: none that names itself as issuer, none from which no anchor can be reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
)

from appleattest.certificates import DecodedCertificate
from appleattest.chain.diagnosis import diagnose
from appleattest.chain.memory import IssuerMemory, ValidatedIssuer, validity_of
from appleattest.chain.presented import PresentedChain, element_at
from appleattest.chain.remembered import is_issued_by, key_of
from appleattest.chain.signatures import SignatureLedger
from appleattest.errors import Reason, UntrustedChain
from appleattest.limits import Limits
from appleattest.signatures import Signatures
from appleattest.trust import TrustStore

Path = tuple[DecodedCertificate, ...]
"""The leaf first, then its issuer, and so on to the trust anchor: two at the least."""

_DIAGNOSIS_BUDGET: Final = 4
_ISSUER: Final[Callable[[DecodedCertificate], bytes]] = attrgetter("issuer")
_SUBJECT: Final[Callable[[DecodedCertificate], bytes]] = attrgetter("subject")


def _require_key_cert_sign(
    _policy: object, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    """An issuer with a keyUsage must have keyCertSign in it (RFC 5280, section 4.2.1.3)."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("keyUsage without keyCertSign")


# Strict in what gives power (cA and path length, which the engine enforces wherever
# basicConstraints is required, and keyCertSign), lenient in what merely labels.
_ISSUERS: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _require_key_cert_sign)
)
# The engine's own idea of a leaf is a web server's or client's: `leaf` judges ours.
_LEAF: Final = ExtensionPolicy.permit_all()


def path_policy(anchors: Sequence[x509.Certificate], limits: Limits) -> PolicyBuilder:
    """The engine's settings for these anchors; only the time is still to be given."""
    return (
        PolicyBuilder()
        .store(Store(list(anchors)))
        .max_chain_depth(limits.intermediates)
        .extension_policies(ca_policy=_ISSUERS, ee_policy=_LEAF)
    )


class PathBuilder:
    """Finds paths to the anchors of one trust store under one set of limits.

    `signatures` checks the leaves of remembered issuers.
    """

    __slots__ = ("_limits", "_policy", "_signatures", "_trust", "memory")

    def __init__(self, trust: TrustStore, limits: Limits, signatures: Signatures) -> None:
        self._trust = trust
        self._limits = limits
        self._signatures = signatures
        self._policy = path_policy(trust.anchors, limits)
        self.memory = IssuerMemory()

    def build(self, presented: PresentedChain, at: datetime) -> Path:
        """The path from the leaf to an anchor, valid at `at`.

        Raises `UntrustedChain` or `OutsideValidity` with the first defect that explains why
        there is none.
        """
        leaf = presented.leaf
        if leaf.der in self._trust:
            raise UntrustedChain(
                Reason.LEAF_PROFILE,
                "the first certificate is a trust anchor itself, and attests no device",
                element=element_at(0),
            )
        intermediates = self._intermediates(leaf, presented.others)
        issuer = self.memory.recall(intermediates, at)
        if issuer is not None and _accepts_warm(issuer, leaf, at):
            return (leaf, *issuer.path)
        return self._build_cold(presented, intermediates, at)

    def _build_cold(
        self, presented: PresentedChain, intermediates: Sequence[DecodedCertificate], at: datetime
    ) -> Path:
        leaf = presented.leaf
        # Every pair may be checked, or a candidate would be lost to those that came before it;
        # names and keys limit them.
        pairs = (len(intermediates) + 1) * (len(self._trust) + len(intermediates))
        ledger = SignatureLedger(pairs)
        if _names_leave_a_choice((leaf, *intermediates), self._trust.decoded):
            intermediates = self._signed(_without_rivals(leaf, intermediates, ledger), ledger)
        path = _accepts(self._policy, leaf, intermediates, at)
        if path is None:
            ledger.allow(_DIAGNOSIS_BUDGET)
            raise diagnose(presented, self._trust, self._limits, at, ledger)
        found = self._trace(path, presented)
        self._remember(found[1:], intermediates)
        return found

    def _intermediates(
        self, leaf: DecodedCertificate, others: Sequence[DecodedCertificate]
    ) -> list[DecodedCertificate]:
        """Those of the others that could lie on a path, by their names alone."""
        left = [c for c in others if not c.self_issued and c.der not in self._trust]
        return _below_anchors(_above(leaf, left), self._trust.subjects)

    def _signed(
        self, candidates: Sequence[DecodedCertificate], ledger: SignatureLedger
    ) -> list[DecodedCertificate]:
        """Those of several candidates that an anchor, or a CA under it, has really signed.

        One signature check for each weeds out the same-named and the interlinked, with which
        the engine would need many. The order stays.
        """
        issuers = list(self._trust.decoded)
        signed: set[bytes] = set()
        grown = True
        while grown:
            grown = False
            for candidate in candidates:
                if candidate.der in signed or not _is_signed(candidate, issuers, ledger):
                    continue
                signed.add(candidate.der)
                grown = True
                if candidate.may_issue:
                    issuers.append(candidate)
        return [candidate for candidate in candidates if candidate.der in signed]

    def _trace(self, path: Sequence[x509.Certificate], presented: PresentedChain) -> Path:
        by_identity = {
            id(c.x509): c for c in (presented.leaf, *presented.others, *self._trust.decoded)
        }
        return tuple(by_identity[id(certificate)] for certificate in path)

    def _remember(self, above: Path, intermediates: Sequence[DecodedCertificate]) -> None:
        """Remember the path above the leaf, where no other could be found in its place."""
        if len(above) < 2 or {c.der for c in above[:-1]} != {c.der for c in intermediates}:
            return
        rivals = [*intermediates, *self._trust.decoded]
        if any(sum(_same_issuer(c, rival) for rival in rivals) != 1 for c in above):
            return
        not_before, not_after = validity_of(above)
        policy = path_policy([above[0].x509], self._limits)
        key = key_of(above[0], self._signatures)
        self.memory.remember(ValidatedIssuer(above, not_before, not_after, policy, key))


def _same_issuer(one: DecodedCertificate, other: DecodedCertificate) -> bool:
    return one.subject == other.subject and one.spki == other.spki


def _is_signed(
    candidate: DecodedCertificate,
    issuers: Sequence[DecodedCertificate],
    ledger: SignatureLedger,
) -> bool:
    named = (issuer for issuer in issuers if issuer.subject == candidate.issuer)
    return any(ledger.verifies(candidate, issuer) for issuer in named)


def _above(
    leaf: DecodedCertificate, candidates: Sequence[DecodedCertificate]
) -> list[DecodedCertificate]:
    """The candidates to whose names the leaf's issuer, its issuer, and so on lead."""
    return _reached(candidates, {leaf.issuer}, by=_SUBJECT, leading_to=_ISSUER)


def _below_anchors(
    candidates: Sequence[DecodedCertificate], anchors: frozenset[bytes]
) -> list[DecodedCertificate]:
    """The candidates whose issuers' names lead to an anchor's name."""
    return _reached(candidates, set(anchors), by=_ISSUER, leading_to=_SUBJECT)


def _reached(
    candidates: Sequence[DecodedCertificate],
    names: set[bytes],
    *,
    by: Callable[[DecodedCertificate], bytes],
    leading_to: Callable[[DecodedCertificate], bytes],
) -> list[DecodedCertificate]:
    """The candidates, in their order, that a chain of names connects with one of `names`."""
    while True:
        reached = [c for c in candidates if by(c) in names]
        more = {leading_to(c) for c in reached} - names
        if not more:
            return reached
        names = names | more


def _names_leave_a_choice(
    presented: Sequence[DecodedCertificate], anchors: Sequence[DecodedCertificate]
) -> bool:
    """Whether any certificate has several that could be its issuer: then keys must decide."""
    named = Counter(certificate.subject for certificate in (*presented[1:], *anchors))
    return any(named[certificate.issuer] > 1 for certificate in presented)


def _without_rivals(
    leaf: DecodedCertificate,
    candidates: Sequence[DecodedCertificate],
    ledger: SignatureLedger,
) -> list[DecodedCertificate]:
    """The candidates without those that bear the name of the leaf's issuer and not its key.

    One that could issue another candidate stays: a name may stand twice on one path.
    """
    issuers = {leaf.issuer} - {c.issuer for c in candidates}
    return [c for c in candidates if c.subject not in issuers or ledger.verifies(leaf, c)]


def _accepts_warm(issuer: ValidatedIssuer, leaf: DecodedCertificate, at: datetime) -> bool:
    """Whether the leaf is one of this issuer, says the engine, or the library chosen for it."""
    if issuer.key is None:
        return _accepts(issuer.policy, leaf, (), at) is not None
    return is_issued_by(leaf, issuer.path[0], issuer.key, at)


def _accepts(
    policy: PolicyBuilder,
    leaf: DecodedCertificate,
    intermediates: Sequence[DecodedCertificate],
    at: datetime,
) -> Sequence[x509.Certificate] | None:
    """The engine's path, or None when it refuses, in whichever way it does.

    Beside `VerificationError` it raises `ValueError` and others for a leaf whose names it
    cannot represent, some of them after the path itself succeeded: a refusal all the same.
    """
    verifier = policy.time(at).build_client_verifier()
    try:
        return verifier.verify(leaf.x509, [c.x509 for c in intermediates]).chain
    except Exception:  # noqa: BLE001 - whatever it raises is a refusal
        return None
