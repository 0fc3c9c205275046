"""The one pipeline: from whatever the device sent to a report, or to one error that holds it.

It does not know any carrier: what differs between them (how to get at the certificates, which
freshness is expected, which device may answer) comes in as values. Everything else is built on
`Pipeline.run`: to verify is to take the attestation out of its report, to examine is to take the
report out of the error that it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from appleattest.attestation import Attestation
from appleattest.boundary import contained
from appleattest.chain.leaf import judge_leaf
from appleattest.chain.path import Path, PathBuilder
from appleattest.chain.presented import PresentedChain, decode_presented
from appleattest.errors import (
    AttestationError,
    FreshnessMismatch,
    MalformedInput,
    Reason,
    UntrustedChain,
)
from appleattest.freshness import Freshness, FreshnessResult
from appleattest.limits import Limits
from appleattest.oids import FRESHNESS_CODE
from appleattest.properties import (
    DeviceProperties,
    decode_properties,
    refuse_malformed_identity,
    sealed_properties,
)
from appleattest.report import CHECKS, DEVICE, Check, Outcome, Report, accepted, refused
from appleattest.sealed import seal
from appleattest.signatures import Signatures
from appleattest.times import rfc3339
from appleattest.trust import TrustStore

_T = TypeVar("_T")

DeviceJudge = Callable[[DeviceProperties, bytes], AttestationError | None]
"""Why these properties and this attested key (`spki`) are not the expected device's; None if they
are."""

_ANOTHER_DEVICE: Final = (Reason.IDENTIFIER_MISMATCH, Reason.KEY_MISMATCH)
"""What is graver than an attestation that answers another request."""


class Request(NamedTuple):
    """What one call asks for. All of it is the caller's but what `read` reads."""

    read: Callable[[], Sequence[bytes]]
    """Gets the DER certificates out of what the device sent; raises `AttestationError`."""
    carrier: str
    judge_freshness: Callable[[bytes | None], FreshnessResult]
    """Compares the leaf's freshness code with what the caller expects."""
    at: datetime
    keeps_unmatched: bool
    """Whether a genuine attestation that was made for another request is of use."""
    malformed: Reason
    """The reason for a defect in reading that has no better one."""
    checks: tuple[str, ...] = CHECKS
    """The names of the checks, with `device` where that is one of them."""
    judge_device: DeviceJudge | None = None
    """None where any device may answer."""


class _Unforeseen(NamedTuple):
    kind: type[AttestationError]
    reason: Reason


_UNFORESEEN: Final = {
    "certificates": _Unforeseen(MalformedInput, Reason.MALFORMED_CERTIFICATE),
    "path": _Unforeseen(UntrustedChain, Reason.UNTRUSTED),
    "leaf": _Unforeseen(UntrustedChain, Reason.LEAF_PROFILE),
    "properties": _Unforeseen(MalformedInput, Reason.MALFORMED_PROPERTY),
    "freshness": _Unforeseen(FreshnessMismatch, Reason.FRESHNESS_MISSING),
}


class Pipeline:
    """The checks in their order, for one trust store and one set of limits."""

    __slots__ = ("_paths",)

    def __init__(self, trust: TrustStore, limits: Limits, signatures: Signatures) -> None:
        self._paths = PathBuilder(trust, limits, signatures)

    @property
    def remembered(self) -> int:
        """How many intermediates have been validated and are remembered."""
        return len(self._paths.memory)

    def read(self, reader: Callable[[], _T]) -> _T:
        """What `reader` makes of the device's input, where that is needed before the checks.

        Its failure is one of the check `decode`.
        """
        try:
            return reader()
        except AttestationError as error:
            raise refused(_checks_until(CHECKS, [], error), error) from None

    def run(self, request: Request) -> Report:
        """Run every check. Raises the first failure, which holds the report of all checks."""
        run = _Run(request, self._paths)
        try:
            return contained(run.to_report, run.unforeseen)
        except AttestationError as error:
            if error.report is None:
                refused(run.checks_until(error), error)
            raise


class _Run:
    """One run of the checks: what it has found so far, and which check is running."""

    __slots__ = ("_done", "_paths", "_request")

    def __init__(self, request: Request, paths: PathBuilder) -> None:
        self._request = request
        self._paths = paths
        self._done: list[Check] = []

    def to_report(self) -> Report:
        """Every check in its order; the report of a success."""
        request = self._request
        ders = request.read()
        self._passed()
        presented = decode_presented(ders, self._paths.memory.decoded)
        self._passed(_set_aside(presented) if presented.set_aside else ())
        path = self._paths.build(presented, request.at)
        self._passed()
        judge_leaf(path)
        self._passed()
        raw = path[0].properties()
        decoded = decode_properties(raw)
        refuse_malformed_identity(decoded.problems)
        self._passed(decoded.problems.values())
        return self._answered(
            path, raw.get(FRESHNESS_CODE), sealed_properties(DeviceProperties, raw, decoded)
        )

    def _answered(self, path: Path, code: bytes | None, device: DeviceProperties) -> Report:
        """The last two checks. Both run: another device's attestation is the graver fact."""
        stale: FreshnessMismatch | None = None
        try:
            answers = self._request.judge_freshness(code)
            self._done.append(_freshness_check(answers))
        except FreshnessMismatch as error:
            stale = error
            answers = FreshnessResult(Freshness.UNMATCHED, code or None)
            self._done.append(Check.failed("freshness", error))
        other = self._judge_device(path, device)
        if other is not None and (stale is None or other.reason in _ANOTHER_DEVICE):
            raise refused(self._done, other)
        attestation = _attestation(self._request, path, answers, device)
        if stale is None:
            return accepted(self._done, attestation)
        if other is None and self._request.keeps_unmatched:
            stale.attestation = attestation
        raise refused(self._done, stale)

    def _judge_device(self, path: Path, device: DeviceProperties) -> AttestationError | None:
        if DEVICE not in self._request.checks:
            return None
        judge = self._request.judge_device
        if judge is None:
            self._done.append(Check(DEVICE, Outcome.NOT_REQUESTED))
            return None
        other = judge(device, path[0].spki)
        passed = Check(DEVICE, Outcome.PASSED)
        self._done.append(passed if other is None else Check.failed(DEVICE, other))
        return other

    def _passed(self, findings: Collection[AttestationError] = ()) -> None:
        """Note that the check that was running has passed, and what there is to know about it."""
        name = self._running
        if not findings:
            self._done.append(_PASSED[name])
            return
        first, *others = findings
        check = Check.finding(name, first)
        more = "".join(f"; {each.element}: {each.detail}" for each in others)
        self._done.append(check._replace(detail=check.detail + more))

    @property
    def _running(self) -> str:
        return self._request.checks[len(self._ended)]

    @property
    def _ended(self) -> list[Check]:
        """The checks that have ended. The last one ends with the run: it fails where that does."""
        return self._done[: len(self._request.checks) - 1]

    def unforeseen(self, what: str) -> AttestationError:
        """The refusal for an exception that the check which is running does not foresee."""
        malformed = _Unforeseen(MalformedInput, self._request.malformed)
        kind, reason = _UNFORESEEN.get(self._running, malformed)
        return kind(reason, what)

    def checks_until(self, error: AttestationError) -> list[Check]:
        """Those that passed, the one that failed, and those that were not reached."""
        return _checks_until(self._request.checks, self._ended, error)


def _checks_until(
    names: Sequence[str], done: Sequence[Check], error: AttestationError
) -> list[Check]:
    failed, *later = names[len(done) :]
    not_reached = (Check(name, Outcome.NOT_REACHED) for name in later)
    return [*done, Check.failed(failed, error), *not_reached]


_PASSED: Final = {name: Check(name, Outcome.PASSED) for name in CHECKS}


def _set_aside(presented: PresentedChain) -> list[AttestationError]:
    return [each.refusal(presented.elements[each.der]) for each in presented.set_aside]


def _attestation(
    request: Request, path: Path, answers: FreshnessResult, device: DeviceProperties
) -> Attestation:
    return seal(
        Attestation,
        _path=path,
        _answers=answers,
        device=device,
        carrier=request.carrier,
        verified_at=request.at,
    )


def _freshness_check(answers: FreshnessResult) -> Check:
    if answers.freshness is Freshness.UNCHECKED:
        return Check("freshness", Outcome.NOT_REQUESTED)
    if answers.freshness is Freshness.CURRENT:
        return _PASSED["freshness"]
    if answers.freshness is Freshness.EARLIER:
        when = answers.requested_at
        sent = "sent at an unknown time" if when is None else f"sent at {rfc3339(when)}"
        return Check("freshness", Outcome.FINDING, detail=f"answers an earlier nonce, {sent}")
    return Check("freshness", Outcome.FINDING, detail="answers no request that is known")
