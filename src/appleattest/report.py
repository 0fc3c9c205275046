"""Which checks ran, in which order, and how each of them ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from appleattest.errors import AttestationError, Reason
from appleattest.sealed import Sealed, seal

if TYPE_CHECKING:
    from appleattest.attestation import Attestation

CHECKS: Final = ("decode", "certificates", "path", "leaf", "properties", "freshness")
"""The checks of every verification, in order; the first that fails gives the reason."""

DEVICE: Final = "device"
"""The check that follows them where the caller says which device must have answered."""

_PAGE: Final = "appleattest.page"
"""What renders a report. It lies above this module, so it is looked up when it is asked for."""


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
    """One check, and how it ended.

    `reason`, `element` and `detail` say why it failed, or what was found.
    """

    name: str
    outcome: Outcome
    reason: Reason | None = None
    element: str | None = None
    detail: str = ""

    def __bool__(self) -> NoReturn:
        raise TypeError("Check is neither true nor false: compare its outcome")

    @classmethod
    def failed(cls, name: str, error: AttestationError) -> Check:
        """The check that this error ended."""
        return cls(name, Outcome.FAILED, error.reason, error.element, error.detail)

    @classmethod
    def finding(cls, name: str, found: AttestationError) -> Check:
        """The check that passed although there is this to know."""
        return cls(name, Outcome.FINDING, found.reason, found.element, found.detail)

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON types."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "reason": None if self.reason is None else self.reason.value,
            "element": self.element,
            "detail": self.detail,
        }


class Report(Sealed):
    """Every check with its outcome, and the attestation if all passed, else the error.

    `details` may name the device: a report is for the operator.
    """

    __slots__ = ("attestation", "checks", "error")

    checks: tuple[Check, ...]
    attestation: Attestation | None
    error: AttestationError | None

    def __bool__(self) -> NoReturn:
        raise TypeError("Report is neither true nor false: look at its error")

    def __repr__(self) -> str:
        return f"<Report {', '.join(f'{c.name} {c.outcome}' for c in self.checks)}>"

    def to_dict(self) -> dict[str, Any]:
        """The checks as JSON types, and the attestation's record or None."""
        return {
            "checks": [check.to_dict() for check in self.checks],
            "attestation": None if self.attestation is None else self.attestation.to_dict(),
        }

    def to_html(self, *, title: str = "Verification") -> str:
        """The report as a self-contained HTML page without scripts; it may name the device.

        Raises `ImportError` without the extra `page`. For several reports, or to show the input
        beside the report, use `appleattest.page.render`.
        """
        page = import_module(_PAGE)
        html: str = page.render([page.Section(title, self)])
        return html

    def _repr_html_(self) -> str | None:
        """The page, for a notebook; None without the extra `page`."""
        try:
            return self.to_html()
        except ImportError:
            return None

    def __reduce__(self) -> tuple[Any, ...]:
        # In two steps, because the error of a report holds the report.
        return _unfilled, (), (self.checks, self.attestation, self.error)

    def __setstate__(self, state: tuple[Any, Any, Any]) -> None:
        self._fill(checks=state[0], attestation=state[1], error=state[2])


def _unfilled() -> Report:
    return object.__new__(Report)


def accepted(checks: Iterable[Check], attestation: Attestation | None) -> Report:
    """The report of a verification in which every check passed."""
    return seal(Report, checks=tuple(checks), attestation=attestation, error=None)


def refused(checks: Iterable[Check], error: AttestationError) -> AttestationError:
    """The error, which holds the report of these checks from here on."""
    error.report = seal(Report, checks=tuple(checks), attestation=None, error=error)
    return error


def examined(run: Callable[[], Report]) -> Report:
    """The report that `run` returns, or that of the refusal which it raises."""
    try:
        return run()
    except AttestationError as refusal:
        assert refusal.report is not None  # noqa: S101 - whatever runs checks sets it
        return refusal.report
