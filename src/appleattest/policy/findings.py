"""What a rule looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn, Protocol

from appleattest.attestation import Attestation
from appleattest.policy.platform import Platform
from appleattest.sealed import OwnCopy


class Verdict(StrEnum):
    """The answer of one rule. `bool()` of it is a `TypeError`."""

    SATISFIED = "satisfied"
    VIOLATED = "violated"
    ABSENT = "absent"
    """There was nothing to judge, which fails: a property that is not attested, an unknown
    platform, a comparison that nobody made or that compared nothing."""
    NOT_APPLICABLE = "not-applicable"
    """The rule is for another platform. It fails nothing and satisfies nothing."""
    ERROR = "error"
    """The rule raised, which fails: it has a mistake, or an inventory does not answer."""

    def __bool__(self) -> NoReturn:
        raise TypeError("Verdict is neither true nor false: compare it with Verdict.SATISFIED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(OwnCopy):
    """What one rule found. Immutable; `bool()` of it is a `TypeError`.

    It may name the device: show it to the operator alone. Raises `ValueError` for a `verdict` that
    is not one of `Verdict`.
    """

    rule: str
    """The name of the rule."""
    verdict: Verdict
    """Given as a `Verdict` or its text."""
    expected: str
    """What would satisfy the rule."""
    found: str | None = None
    """What was there instead; None where there was nothing."""
    element: str | None = None
    """The OID of the property, where the rule is about one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))

    @property
    def passed(self) -> bool:
        """Whether the rule is satisfied, or for another platform."""
        return self.verdict in (Verdict.SATISFIED, Verdict.NOT_APPLICABLE)

    def __bool__(self) -> NoReturn:
        raise TypeError("Finding is neither true nor false: read its passed")

    def __str__(self) -> str:
        found = "nothing" if self.found is None else self.found
        return f"{self.rule}: {self.verdict}: {self.expected} was expected, {found} found"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON types."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "expected": self.expected,
            "found": self.found,
            "element": self.element,
        }


def judged(
    rule: str, passed: bool | None, expected: str, found: str | None, element: str | None = None
) -> Finding:
    """The finding of a rule; `passed` is None where there was nothing to judge."""
    if passed is None:
        verdict = Verdict.ABSENT
    else:
        verdict = Verdict.SATISFIED if passed else Verdict.VIOLATED
    return Finding(rule=rule, verdict=verdict, expected=expected, found=found, element=element)


class DiscrepancyLike(Protocol):
    """A difference between what a device says and what Apple attests, such as `mdm.Discrepancy`."""

    @property
    def kind(self) -> str:
        """Which property it is about."""

    @property
    def said(self) -> str:
        """What the device says."""

    @property
    def attested(self) -> str:
        """What Apple attests."""

    @property
    def explained_by_age(self) -> bool:
        """Whether the device may have changed since the attestation was made."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule judges."""

    attestation: Attestation
    discrepancies: tuple[DiscrepancyLike, ...] | None
    """Those that were found; None where nobody compared."""
    platform: Platform | None
    """As the caller says; None where that is unknown."""
    at: datetime
    """As of when, UTC and whole seconds."""
    compared: frozenset[str] = frozenset()
    """Which properties were compared, as `mdm.DiscrepancyKind` names them; empty where nobody
    says."""


class Rule(Protocol):
    """One rule: any immutable object with a name that judges facts."""

    @property
    def name(self) -> str:
        """The name of the rule in its findings."""

    def check(self, facts: Facts) -> Finding:
        """Judge the facts, and nothing else. What it raises becomes the verdict `ERROR`."""
