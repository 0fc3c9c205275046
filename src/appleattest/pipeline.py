"""The one pipeline: from whatever the device sent to an `Attestation`, or to one error.

It does not know any carrier: what differs between them (how to get at the certificates, which
freshness is expected) comes in as values. Verifying and examining are this same run; only the
form of the answer differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from appleattest.attestation import Attestation, device_properties
from appleattest.chain.leaf import judge_leaf
from appleattest.chain.path import Path, PathBuilder
from appleattest.chain.presented import decode_presented, measure
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
from appleattest.properties import decode_properties
from appleattest.report import Check, Outcome, Report, passed_until, refused
from appleattest.sealed import seal
from appleattest.text import describe
from appleattest.trust import TrustStore

_T = TypeVar("_T")


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
_PANIC: Final = "PanicException"


class Pipeline:
    """The checks in their order, for one trust store and one set of limits."""

    __slots__ = ("_limits", "_paths")

    def __init__(self, trust: TrustStore, limits: Limits) -> None:
        self._limits = limits
        self._paths = PathBuilder(trust, limits)

    @property
    def remembered(self) -> int:
        """How many intermediates have been validated and are remembered."""
        return len(self._paths.memory)

    def verify(self, request: Request) -> Attestation:
        """Run every check; raise the first failure, with its report."""
        step = _Step()
        return self._contained(lambda: self._run(request, step), step, request.malformed)

    def read(self, reader: Callable[[], _T], malformed: Reason) -> _T:
        """What `reader` makes of the device's input; its failure is one of the check `decode`."""
        return self._contained(reader, _Step(), malformed)

    def examine(self, request: Request) -> Report:
        """Run every check and report on all of them; never raise for what the device sent."""
        try:
            attestation = self.verify(request)
        except AttestationError as error:
            assert error.report is not None  # noqa: S101 - verify() has just set it
            return error.report
        return _accepted(attestation)

    def _contained(self, act: Callable[[], _T], step: _Step, malformed: Reason) -> _T:
        try:
            return act()
        except AttestationError as error:
            failure = error
        except BaseException as error:
            # The one boundary: whatever a parser raises is a refusal. A panic in Rust is no
            # Exception; what else is none (an interrupt, a scheduler's timeout) is not ours.
            if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
                raise
            failure = _unforeseen(error, step.name, malformed)
        refused(passed_until(step.name), failure)
        failure.__context__ = None  # what a parser raised may quote the device's own octets
        raise failure

    def _run(self, request: Request, step: _Step) -> Attestation:
        ders = request.read()
        measure(ders, self._limits)
        step.name = "certificates"
        presented = decode_presented(ders, self._paths.memory.decoded)
        step.name = "path"
        path = self._paths.build(presented, request.at)
        step.name = "leaf"
        judge_leaf(path)
        step.name = "properties"
        raw = path[0].properties()
        values = decode_properties(raw)
        step.name = "freshness"
        code = raw.get(FRESHNESS_CODE)
        try:
            finding = request.judge_freshness(code)
        except FreshnessMismatch as error:
            if request.keeps_unmatched:
                unmatched = FreshnessResult(Freshness.UNMATCHED, code or None)
                error.attestation = _attestation(request, path, raw, values, unmatched)
            raise
        return _attestation(request, path, raw, values, finding)


class _Step:
    """The check that is running."""

    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = "decode"


def _attestation(
    request: Request,
    path: Path,
    raw: dict[str, bytes],
    values: dict[str, object],
    finding: FreshnessResult,
) -> Attestation:
    return seal(
        Attestation,
        _path=path,
        _finding=finding,
        device=device_properties(values, raw),
        carrier=request.carrier,
        verified_at=request.at,
    )


def _unforeseen(error: BaseException, step: str, malformed: Reason) -> AttestationError:
    kind, reason = _UNFORESEEN.get(step, _Unforeseen(MalformedInput, malformed))
    return kind(reason, describe(error))


def _accepted(attestation: Attestation) -> Report:
    *checks, _ = passed_until(None)
    checks.append(_freshness_check(attestation))
    return seal(Report, checks=tuple(checks), attestation=attestation, error=None)


def _freshness_check(attestation: Attestation) -> Check:
    if attestation.freshness is Freshness.UNCHECKED:
        return Check("freshness", Outcome.NOT_REQUESTED)
    if attestation.freshness is Freshness.EARLIER:
        when = attestation.requested_at
        sent = f"sent at {when.isoformat()}" if when else "sent at an unknown time"
        return Check("freshness", Outcome.FINDING, detail=f"answers an earlier nonce, {sent}")
    return Check("freshness", Outcome.PASSED)
