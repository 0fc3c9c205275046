"""Rules made of rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from appleattest.policy.findings import Facts, Finding, Rule, Verdict
from appleattest.policy.platform import Platform, actual_platform


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """A rule for one platform alone.

    It is not applicable to a device that the caller says is of another platform; to one of an
    unknown platform it applies. What is attested of Macs alone makes a device a Mac, whatever the
    caller was told.
    """

    platform: Platform
    rule: Rule

    def __post_init__(self) -> None:
        object.__setattr__(self, "platform", Platform(self.platform))
        require_rule(self.rule)

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    def check(self, facts: Facts) -> Finding:
        """Ask the rule, unless the device is known to be of another platform."""
        actual = actual_platform(facts.attestation.device, facts.platform)
        if actual is None or actual is self.platform:
            return self.rule.check(facts)
        return Finding(
            rule=self.name,
            verdict=Verdict.NOT_APPLICABLE,
            expected=f"{self.platform} alone is asked",
            found=actual,
        )


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """At least one of several rules is satisfied; one that is not applicable is not enough."""

    rules: tuple[Rule, ...]
    name: ClassVar[str] = "any-of"

    def __init__(self, *rules: Rule) -> None:
        if not rules:
            raise ValueError("any of no rules is never satisfied")
        for rule in rules:
            require_rule(rule)
        object.__setattr__(self, "rules", rules)

    def check(self, facts: Facts) -> Finding:
        """The finding of the first rule that is satisfied; else what each of them found."""
        findings = [rule.check(facts) for rule in self.rules]
        for finding in findings:
            if finding.verdict is Verdict.SATISFIED:
                return replace(finding, rule=self.name)
        verdicts = {finding.verdict for finding in findings}
        return Finding(
            rule=self.name,
            verdict=verdicts.pop() if verdicts == {Verdict.ABSENT} else Verdict.VIOLATED,
            expected=" or ".join(f"{each.rule} ({each.expected})" for each in findings),
            found="; ".join(each.found or "nothing" for each in findings),
        )


def require_rule(rule: object) -> None:
    """Raise `TypeError` for what has no name or cannot check."""
    if isinstance(rule, type) or not (hasattr(rule, "name") and hasattr(rule, "check")):
        raise TypeError(f"a rule has a name and checks facts; {type(rule).__name__} does not")
