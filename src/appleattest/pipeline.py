"""The one pipeline: from whatever the device sent to a report, or to one error that holds it.

It does not know any carrier: what differs between them (how to get at the certificates, which
freshness is expected, which device may answer) comes in as values. Everything else is built on
`Pipeline.run`: to verify is to take the attestation out of its report, to examine is to take the
report out of the error that it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def verify(self, request: Request) -> Attestation:
        """Run every check. Raises the first failure, which holds the report of all checks."""
        run = _Run(request, self._paths)
        return _ended(run, run.to_attestation)

    def run(self, request: Request) -> Report:
        """`verify`, answered by the report of a success."""
        run = _Run(request, self._paths)
        return _ended(run, run.to_report)


class _Run:
    """One run of the checks: what has been found so far.

    The checks of a report are made of it when there is a report to make.
    """

    __slots__ = ("_answers", "_device", "_other", "_paths", "_presented", "_request", "_stage")

    _presented: PresentedChain
    _device: DeviceProperties
    _answers: FreshnessResult | FreshnessMismatch
    _other: AttestationError | None

    def __init__(self, request: Request, paths: PathBuilder) -> None:
        self._request = request
        self._paths = paths
        self._stage = 0
        """How many checks have ended. The last one ends with the run: it fails where that does."""

    def to_report(self) -> Report:
        """Every check in its order; the report of a success."""
        attestation = self.to_attestation()
        return accepted(self.checks(), attestation)

    def to_attestation(self) -> Attestation:
        """Every check in its order."""
        request = self._request
        ders = request.read()
        self._stage = _READ
        self._presented = presented = decode_presented(ders, self._paths.memory.decoded)
        self._stage = _DECODED
        path = self._paths.build(presented, request.at)
        self._stage = _FOUND
        judge_leaf(path)
        self._stage = _JUDGED
        raw = path[0].properties()
        refuse_malformed_identity(raw)
        self._device = device = sealed_properties(DeviceProperties, raw)
        self._stage = _IDENTIFIED
        return self._answered(path, raw.get(FRESHNESS_CODE), device)

    def _answered(self, path: Path, code: bytes | None, device: DeviceProperties) -> Attestation:
        """The last two checks. Both run: another device's attestation is the graver fact."""
        request = self._request
        stale: FreshnessMismatch | None = None
        try:
            self._answers = answers = request.judge_freshness(code)
        except FreshnessMismatch as error:
            self._answers = stale = error
            answers = FreshnessResult(Freshness.UNMATCHED, code or None)
        judge = request.judge_device
        self._stage = len(request.checks) - 1
        self._other = other = None if judge is None else judge(device, path[0].spki)
        if other is not None and (stale is None or other.reason in _ANOTHER_DEVICE):
            raise refused(self.checks(), other)
        attestation = _attestation(request, path, answers, device)
        if stale is None:
            return attestation
        if other is None and request.keeps_unmatched:
            stale.attestation = attestation
        raise refused(self.checks(), stale)

    def checks(self) -> list[Check]:
        """All of them, of a run that reached the last."""
        last, self._stage = self._stage, _IDENTIFIED
        checks = [*self._found(), self._freshness_check()]
        self._stage = last
        if DEVICE in self._request.checks:
            checks.append(self._device_check())
        return checks

    def checks_until(self, error: AttestationError) -> list[Check]:
        """Those that passed, the one that failed, and those that were not reached."""
        return _checks_until(self._request.checks, self._found(), error)

    def _found(self) -> list[Check]:
        """Those that have ended, of a run that was ended by something unforeseen, or early.

        What is raised in looking for findings is a failure of the check that they belong to.
        """
        reached, self._stage = self._stage, min(self._stage, _READ)
        checks = [_PASSED[name] for name in CHECKS[: min(reached, _IDENTIFIED)]]
        if reached >= _DECODED and self._presented.set_aside:
            checks[_DECODED - 1] = _finding("certificates", _set_aside(self._presented))
        self._stage = min(reached, _JUDGED)
        if reached >= _IDENTIFIED:
            problems = decode_properties(self._device.raw).problems
            if problems:
                checks[_IDENTIFIED - 1] = _finding("properties", list(problems.values()))
        self._stage = min(reached, _IDENTIFIED)
        if reached > _IDENTIFIED:
            checks.append(self._freshness_check())
        self._stage = reached
        return checks

    def _freshness_check(self) -> Check:
        if isinstance(self._answers, FreshnessMismatch):
            return Check.failed("freshness", self._answers)
        return _freshness_check(self._answers)

    def _device_check(self) -> Check:
        if self._request.judge_device is None:
            return Check(DEVICE, Outcome.NOT_REQUESTED)
        if self._other is None:
            return Check(DEVICE, Outcome.PASSED)
        return Check.failed(DEVICE, self._other)

    def unforeseen(self, what: str) -> AttestationError:
        """The refusal for an exception that the check which is running does not foresee."""
        malformed = _Unforeseen(MalformedInput, self._request.malformed)
        kind, reason = _UNFORESEEN.get(self._request.checks[self._stage], malformed)
        return kind(reason, what)


def _ended(run: _Run, result: Callable[[], _T]) -> _T:
    """The result of the run; its error holds a report. Nothing else comes out of either."""
    try:
        return contained(result, run.unforeseen)
    except AttestationError as error:
        if error.report is None:
            refused(run.checks_until(error), error)
        raise


_READ, _DECODED, _FOUND, _JUDGED, _IDENTIFIED = range(1, 6)
"""How many checks have ended after each of the first five."""


def _finding(name: str, findings: Sequence[AttestationError]) -> Check:
    """The check that passed, and what there is to know about it."""
    first, *others = findings
    check = Check.finding(name, first)
    more = "".join(f"; {each.element}: {each.detail}" for each in others)
    return check._replace(detail=check.detail + more)


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
