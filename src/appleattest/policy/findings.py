"""What a rule looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from appleattest.attestation import Attestation
from appleattest.policy.platform import Platform


class Verdict(StrEnum):
    """How a rule was answered."""

    SATISFIED = "satisfied"
    VIOLATED = "violated"
    ABSENT = "absent"
    """There was nothing to judge, which never satisfies a rule about it: a property that Apple
    does not attest, a comparison that nobody made."""
    NOT_APPLICABLE = "not-applicable"
    """The rule is for another platform."""
    ERROR = "error"
    """The rule itself failed: a mistake in it, or an inventory that is out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule found. It may name the device: findings are for the operator."""

    rule: str
    """The name of the rule."""
    verdict: Verdict
    expected: str
    found: str | None = None
    """None where there was nothing to find."""
    element: str | None = None
    """The OID of the property, where the rule is about one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))

    @property
    def passed(self) -> bool:
        """Whether the rule is satisfied, or for another platform."""
        return self.verdict in (Verdict.SATISFIED, Verdict.NOT_APPLICABLE)

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


class DiscrepancyLike(Protocol):
    """A discrepancy between what a device says and what Apple attests, as `mdm` finds them."""

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
        """Whether it may be because the attestation is older."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to judge."""

    attestation: Attestation
    discrepancies: tuple[DiscrepancyLike, ...] | None
    """None where nobody compared; empty where nothing was found."""
    platform: Platform | None
    """As the caller says; None where that is unknown."""
    at: datetime
    """As of when, UTC and whole seconds."""


class Rule(Protocol):
    """One rule: any immutable object with a name that judges facts."""

    @property
    def name(self) -> str:
        """The name by which its findings are known."""

    def check(self, facts: Facts) -> Finding:
        """Judge the facts; never with the help of anything else."""
