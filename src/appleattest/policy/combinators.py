"""Rules made of rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from appleattest.policy.findings import Facts, Finding, Rule, Verdict
from appleattest.policy.platform import Platform, actual_platform, checked_platform


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """A rule for one platform alone: `OnPlatform(Platform.MACOS, SIPEnabled())`.

    On that platform the finding is the rule's. On another one it is `NOT_APPLICABLE`, which fails
    nothing. Where the platform is unknown it is `ABSENT`, which fails: whether the rule applies is
    unknown too. A device of which 13.1, 13.2 or 13.3 is attested is a Mac, whatever the caller
    says, even where the value is malformed.

    Raises `TypeError` or `ValueError` for what is no platform, and `TypeError` for what is no rule.
    """

    platform: Platform
    """Given as a `Platform` or its name."""
    rule: Rule

    def __post_init__(self) -> None:
        object.__setattr__(self, "platform", checked_platform(self.platform))
        require_rule(self.rule)

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    def check(self, facts: Facts) -> Finding:
        """Ask the rule if the device is known to be of this platform."""
        actual = actual_platform(facts.attestation.device, facts.platform)
        if actual is self.platform:
            return self.rule.check(facts)
        unknown = actual is None
        return Finding(
            rule=self.name,
            verdict=Verdict.ABSENT if unknown else Verdict.NOT_APPLICABLE,
            expected="a known platform" if unknown else f"this only on {self.platform}",
            found="an unknown platform" if unknown else actual,
        )


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """At least one of several rules is satisfied; one that is not applicable is not enough.

    Raises `ValueError` without rules, and `TypeError` for what is no rule.
    """

    rules: tuple[Rule, ...]
    name: ClassVar[str] = "any-of"

    def __init__(self, *rules: Rule) -> None:
        if not rules:
            raise ValueError("any of no rules is never satisfied")
        require_rules(rules, "AnyOf")
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


def require_rules(rules: tuple[object, ...], owner: str) -> None:
    """Raise `TypeError` unless each is a rule. `owner` is the class that they are given to."""
    for rule in rules:
        if isinstance(rule, Iterable) and not isinstance(rule, str | type) and not _is_rule(rule):
            raise TypeError(f"rules are given one by one: {owner}(*rules)")
        require_rule(rule)


def require_rule(rule: object) -> None:
    """Raise `TypeError` for what has no `name` or no `check`."""
    if isinstance(rule, type):
        raise TypeError(f"a rule is an object, not a class: {rule.__name__}(…)")
    if not _is_rule(rule):
        raise TypeError(f"a rule has a name and a check; {type(rule).__name__} does not")


def _is_rule(rule: object) -> bool:
    return hasattr(rule, "name") and hasattr(rule, "check")
