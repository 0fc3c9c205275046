"""The caller's own rules, applied to what has been verified."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from appleattest.attestation import Attestation
from appleattest.errors import PolicyViolation, Reason
from appleattest.policy.combinators import require_rule
from appleattest.policy.findings import DiscrepancyLike, Facts, Finding, Rule, Verdict
from appleattest.policy.platform import Platform
from appleattest.sealed import Sealed, seal
from appleattest.text import describe, type_name
from appleattest.times import utc_seconds

Score: TypeAlias = Callable[[Attestation, tuple[Finding, ...]], float]
"""A trust score from what every rule found: any finite number, on a scale of the caller's."""


class PolicyResult(Sealed):
    """What every rule found, in the order of the policy. True where the policy is satisfied."""

    __slots__ = ("findings", "score")

    findings: tuple[Finding, ...]
    score: float | None
    """What the policy's score hook made of it; None without one, or if it failed."""

    def __init__(self, *, findings: tuple[Finding, ...], score: float | None) -> None:
        self._fill(findings=findings, score=score)

    @property
    def passed(self) -> bool:
        """Whether every rule is satisfied, or for another platform."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings of the rules that are not satisfied."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"<PolicyResult {'passed' if self.passed else f'{len(self.failed)} failed'}>"

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types; it may name the device."""
        return {
            "passed": self.passed,
            "score": self.score,
            "findings": [finding.to_dict() for finding in self.findings],
        }


class Policy:
    """Rules that an attestation must satisfy, all of them. Immutable.

    `score` is a hook for a trust score. It is called with the attestation and every finding, and
    decides nothing; one that fails, or gives no finite number, is itself a finding that fails.

    Raises `ValueError` without rules, which anything would satisfy, and `TypeError` for what is
    no rule.
    """

    __slots__ = ("_rules", "_score")
    _rules: tuple[Rule, ...]
    _score: Score | None

    def __init__(self, *rules: Rule, score: Score | None = None) -> None:
        for rule in rules:
            require_rule(rule)
        if not rules:
            raise ValueError("a policy without rules is satisfied by anything")
        if not (score is None or callable(score)):
            raise TypeError("score is a function of an attestation and its findings")
        object.__setattr__(self, "_rules", rules)
        object.__setattr__(self, "_score", score)

    @classmethod
    def from_toml(
        cls,
        text: str | bytes,
        /,
        *,
        inventory: Container[str] | None = None,
        score: Score | None = None,
    ) -> Policy:
        """The policy that a TOML document describes (docs/guide-policy.md).

        `inventory` is the caller's, for a document that asks for it. `ValueError`, with the place
        in the document, for anything that is not in its schema: an unknown key, a version that is
        not text, an inventory that was asked for and not given.
        """
        from appleattest.policy.document import rules_from_toml

        return cls(*rules_from_toml(text, inventory), score=score)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in order."""
        return self._rules

    def evaluate(
        self,
        attestation: Attestation,
        discrepancies: Iterable[DiscrepancyLike] | None = None,
        *,
        platform: Platform | str | None = None,
        at: datetime | None = None,
    ) -> PolicyResult:
        """Apply every rule. Never raises for what the device is, or for a rule that fails.

        `discrepancies` are those of `mdm.validate_response`: empty where it found none, None where
        nobody compared, which satisfies no rule about them. `platform` is what the caller's own
        records say that the device runs; None fails the rules that depend on it. `at`, an aware
        `datetime`, is by default the present. Anything but an `Attestation`, and other misuse,
        is a `TypeError` or `ValueError`.
        """
        if not isinstance(attestation, Attestation):
            raise TypeError(f"an Attestation was expected, not {type(attestation).__name__}")
        facts = Facts(
            attestation,
            None if discrepancies is None else tuple(discrepancies),
            None if platform is None else Platform(platform),
            utc_seconds(datetime.now(UTC) if at is None else at),
        )
        findings = tuple(_checked(rule, facts) for rule in self._rules)
        score, failure = self._scored(attestation, findings)
        return seal(PolicyResult, findings=(*findings, *failure), score=score)

    def require(
        self,
        attestation: Attestation,
        discrepancies: Iterable[DiscrepancyLike] | None = None,
        *,
        platform: Platform | str | None = None,
        at: datetime | None = None,
    ) -> PolicyResult:
        """`evaluate`, raising `PolicyViolation` (`policy`) unless every rule is satisfied.

        Its `findings` are those that failed, its element the first rule's name; `str()` and
        `problem()` name that rule and no device.
        """
        result = self.evaluate(attestation, discrepancies, platform=platform, at=at)
        if not result.passed:
            raise _violation(result.failed)
        return result

    def _scored(
        self, attestation: Attestation, findings: tuple[Finding, ...]
    ) -> tuple[float | None, tuple[Finding, ...]]:
        if self._score is None:
            return None, ()
        try:
            score = float(self._score(attestation, findings))
            found = f"{score}"
        except Exception as error:  # noqa: BLE001 - a hook of the caller's own
            score, found = math.nan, describe(error)
        if math.isfinite(score):
            return score, ()
        failure = Finding(
            rule="score", verdict=Verdict.ERROR, expected="a finite number", found=found
        )
        return None, (failure,)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a policy does not change: make another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a policy does not change: make another")

    def __repr__(self) -> str:
        return f"<Policy {', '.join(str(rule.name) for rule in self._rules)}>"


def _checked(rule: Rule, facts: Facts) -> Finding:
    """What the rule finds; an `ERROR`, which fails, if it finds nothing at all."""
    try:
        finding: object = rule.check(facts)
    except Exception as error:  # noqa: BLE001 - a rule or an inventory of the caller's own
        return _error(rule, describe(error))
    return finding if isinstance(finding, Finding) else _error(rule, type_name(finding))


def _error(rule: Rule, found: str) -> Finding:
    try:
        name = str(rule.name)
    except Exception:  # noqa: BLE001 - as above
        name = type(rule).__name__
    return Finding(rule=name, verdict=Verdict.ERROR, expected="a finding", found=found)


def _violation(failed: tuple[Finding, ...]) -> PolicyViolation:
    violation = PolicyViolation(Reason.POLICY, "; ".join(map(str, failed)), element=failed[0].rule)
    violation.findings = failed
    return violation
