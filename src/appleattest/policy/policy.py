"""`Policy`, the caller's own rules, and `PolicyResult`, what they find in an attestation."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeAlias

from appleattest.attestation import Attestation
from appleattest.boundary import is_parser_failure
from appleattest.errors import PolicyViolation, Reason
from appleattest.policy.combinators import require_rules
from appleattest.policy.findings import DiscrepancyLike, Facts, Finding, Rule, Verdict
from appleattest.policy.platform import Platform, checked_platform
from appleattest.sealed import Immutable, OwnCopy, Sealed, seal
from appleattest.text import describe, type_name
from appleattest.times import utc_seconds

Score: TypeAlias = Callable[[Attestation, tuple[Finding, ...]], float]
"""A function that gives a trust score from what every rule found: any finite number, on a scale
of the caller's own."""

_NO_RULE_APPLIES: Final = Finding(
    rule="some-rule-applies",
    verdict=Verdict.ABSENT,
    expected="a rule for this platform, or for all",
    found="none",
)
"""Added where every rule is for another platform: the device was not judged at all."""


class PolicyResult(Sealed):
    """What every rule found. Immutable; `bool()` of it is a `TypeError`."""

    __slots__ = ("findings", "score")

    findings: tuple[Finding, ...]
    """One for each rule, in the order of the policy. Then `some-rule-applies` if every rule is for
    another platform, and `score` if the score hook failed; both fail."""
    score: float | None
    """What the policy's score hook returned; None without one, or if it failed."""

    @property
    def passed(self) -> bool:
        """Whether no finding failed, which takes at least one rule that is satisfied."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that did not pass."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def __bool__(self) -> NoReturn:
        raise TypeError("PolicyResult is neither true nor false: read its passed")

    def __repr__(self) -> str:
        return f"<PolicyResult {'passed' if self.passed else f'{len(self.failed)} failed'}>"

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types. It may name the device."""
        return {
            "passed": self.passed,
            "score": self.score,
            "findings": [finding.to_dict() for finding in self.findings],
        }


class Policy(OwnCopy, Immutable):
    """Rules that an attestation must satisfy, all of them. Immutable; can be pickled if they can.

    The rules are given one by one: `Policy(SIPEnabled(), FullSecurity())`. `score` is a function
    that gives a trust score; it is called with the attestation and every finding. The score decides
    nothing. A function that raises, or returns no finite number, is a finding that fails.

    Two are equal where their rules and score functions are. Raises `ValueError` without rules, and
    `TypeError` for what is no rule or no function.
    """

    __slots__ = ("_rules", "_score")
    _rules: tuple[Rule, ...]
    _score: Score | None

    def __init__(self, *rules: Rule, score: Score | None = None) -> None:
        require_rules(rules, "Policy")
        if not rules:
            raise ValueError("a policy without rules would be satisfied by every device")
        if not (score is None or callable(score)):
            raise TypeError(f"score is a function or None, not {type(score).__name__}")
        self._fill(_rules=rules, _score=score)

    @classmethod
    def from_toml(
        cls,
        text: str | bytes | bytearray | memoryview,
        /,
        *,
        inventory: Container[str] | None = None,
        score: Score | None = None,
    ) -> Policy:
        """The policy that a TOML document describes (docs/guide-policy.md).

        `text` is the content of the document, as text or as UTF-8. `inventory` is the caller's, for
        a document with `in_inventory`.

        Raises `ValueError`, with the key or the line, for what is not in the schema (an unknown
        key, a version that is not text), not TOML or not UTF-8, for an inventory that is missing,
        for the name of a file in place of its content, and for more than 65,536 characters or 256
        dots in one line. Raises `TypeError` for a `text` of another type.
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

        `discrepancies` are those of `mdm.validate_response` or `mdm.find_discrepancies`, as they
        are: they say what was compared. None, or an empty tuple or list, does not say that anything
        was, and satisfies no rule about discrepancies. `platform` is
        what the caller's own records say that the device runs, as a `Platform` or its name; None
        fails the rules that depend on it. `at`, an aware `datetime`, is by default the present.

        Raises `TypeError` for an `attestation` that is none, and `TypeError` or `ValueError` for
        another argument that is not as described here.
        """
        if not isinstance(attestation, Attestation):
            raise TypeError(f"attestation is an Attestation, not {type(attestation).__name__}")
        facts = Facts(
            attestation,
            _listed(discrepancies),
            None if platform is None else checked_platform(platform),
            utc_seconds(datetime.now(UTC) if at is None else at),
            frozenset(map(str, getattr(discrepancies, "compared", ()))),
        )
        findings = tuple(_checked(rule, facts) for rule in self._rules)
        if all(finding.verdict is Verdict.NOT_APPLICABLE for finding in findings):
            findings += (_NO_RULE_APPLIES,)
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
        """The result of `evaluate` where it passed.

        Raises `PolicyViolation` (`policy`) where it did not. Its `findings` are those that failed,
        its `element` is the name of the first one's rule. `str()` and `problem()` name that rule
        and no device. Raises `TypeError` and `ValueError` as `evaluate` does.
        """
        result = self.evaluate(attestation, discrepancies, platform=platform, at=at)
        if not result.passed:
            detail, first = "; ".join(map(str, result.failed)), result.failed[0]
            violation = PolicyViolation(Reason.POLICY, detail, element=first.rule)
            violation.findings = result.failed
            raise violation
        return result

    def _scored(
        self, attestation: Attestation, findings: tuple[Finding, ...]
    ) -> tuple[float | None, tuple[Finding, ...]]:
        if self._score is None:
            return None, ()
        try:
            score = float(self._score(attestation, findings))
            found = f"{score}"
        except BaseException as error:  # it is the caller's own function
            if not is_parser_failure(error):
                raise
            score, found = math.nan, describe(error)
        if math.isfinite(score):
            return score, ()
        failure = Finding(
            rule="score", verdict=Verdict.ERROR, expected="a finite number", found=found
        )
        return None, (failure,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return (self._rules, self._score) == (other._rules, other._score)

    def __hash__(self) -> int:
        return hash(tuple(map(type, self._rules)))  # an inventory may have no hash

    def __reduce__(self) -> tuple[Any, ...]:
        return _policy, (self._rules, self._score)

    def __repr__(self) -> str:
        return f"<Policy {', '.join(str(rule.name) for rule in self._rules)}>"


def _policy(rules: tuple[Rule, ...], score: Score | None) -> Policy:
    return Policy(*rules, score=score)


def _listed(
    discrepancies: Iterable[DiscrepancyLike] | None,
) -> tuple[DiscrepancyLike, ...] | None:
    if discrepancies is None:
        return None
    if not isinstance(discrepancies, Iterable):
        kind = type(discrepancies).__name__
        raise TypeError(f"discrepancies is what mdm.find_discrepancies returns, not {kind}")
    return tuple(discrepancies)


def _checked(rule: Rule, facts: Facts) -> Finding:
    """What the rule finds; `ERROR`, which fails, if it raises or returns something else."""
    try:
        finding: object = rule.check(facts)
    except BaseException as error:  # it is the caller's own rule or inventory
        if not is_parser_failure(error):
            raise
        return _error(rule, describe(error))
    return finding if isinstance(finding, Finding) else _error(rule, type_name(finding))


def _error(rule: Rule, found: str) -> Finding:
    try:
        name = str(rule.name)
    except Exception:  # noqa: BLE001 - it is the caller's own rule
        name = type(rule).__name__
    return Finding(rule=name, verdict=Verdict.ERROR, expected="a finding", found=found)
