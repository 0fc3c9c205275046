"""Which checks ran, in which order, and how each of them ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from appleattest.errors import Reason
from appleattest.sealed import Sealed, seal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appleattest.attestation import Attestation
    from appleattest.errors import AttestationError

CHECKS: Final = ("decode", "certificates", "path", "leaf", "properties", "freshness")
"""The checks of every verification, in order; the first that fails gives the reason."""


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not-reached"
    """An earlier check failed."""
    NOT_REQUESTED = "not-requested"
    """The caller switched it off."""
    FINDING = "finding"
    """It passed, and there is something to know about how."""


class Check(NamedTuple):
    """One check. `reason` and `element` are those of the error where it failed."""

    name: str
    outcome: Outcome
    reason: Reason | None = None
    element: str | None = None
    detail: str = ""


class Report(Sealed):
    """Every check with its outcome, and the attestation if all passed, else the error.

    `details` may name the device: a report is for the operator.
    """

    __slots__ = ("attestation", "checks", "error")

    checks: tuple[Check, ...]
    attestation: Attestation | None
    error: AttestationError | None

    def __repr__(self) -> str:
        return f"<Report {', '.join(f'{c.name} {c.outcome}' for c in self.checks)}>"

    def to_dict(self) -> dict[str, Any]:
        """The checks as JSON types, and the attestation's record or None."""
        return {
            "checks": [
                {
                    "name": check.name,
                    "outcome": check.outcome.value,
                    "reason": check.reason and check.reason.value,
                    "element": check.element,
                    "detail": check.detail,
                }
                for check in self.checks
            ],
            "attestation": self.attestation and self.attestation.to_dict(),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_pickle, (), (self.checks, self.attestation, self.error)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self  # nothing in it changes, and exceptions that hold one are copied

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if hasattr(self, "checks"):
            raise TypeError("a report does not change")
        for name, value in zip(("checks", "attestation", "error"), state, strict=True):
            object.__setattr__(self, name, value)


def _from_pickle() -> Report:
    return object.__new__(Report)


def passed_until(failed: str | None) -> list[Check]:
    """The checks of a verification that ended at `failed`, without saying why."""
    checks = []
    outcome = Outcome.PASSED
    for name in CHECKS:
        if name == failed:
            checks.append(Check(name, Outcome.FAILED))
            outcome = Outcome.NOT_REACHED
        else:
            checks.append(Check(name, outcome))
    return checks


def refused(checks: Iterable[Check], error: AttestationError) -> Report:
    """The report of a refusal, which the error holds from here on; the failed check says why."""
    explained = (
        check._replace(reason=error.reason, element=error.element, detail=error.detail)
        if check.outcome is Outcome.FAILED
        else check
        for check in checks
    )
    error.report = seal(Report, checks=tuple(explained), attestation=None, error=error)
    return error.report
