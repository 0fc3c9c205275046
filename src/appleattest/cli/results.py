"""The result of verifying one file: as lines, as JSON, as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from appleattest import explain
from appleattest.attestation import Attestation
from appleattest.cli import output, show
from appleattest.cli.output import Line, Style
from appleattest.errors import AttestationError, Reason
from appleattest.mdm import Discrepancies
from appleattest.policy import PolicyResult
from appleattest.report import CHECKS, Check, Outcome, Report, examined, refused
from appleattest.summary import Conclusion, verdict
from appleattest.times import rfc3339


class Result(NamedTuple):
    """What came of one file."""

    name: str
    unreadable: str = ""
    """Why the file could not be read; empty where it was."""
    checks: tuple[Check, ...] = ()
    attestation: Attestation | None = None
    """Where every check of the attestation passed, whatever the CSR and the policy say."""
    error: AttestationError | None = None
    report: Report | None = None
    policy: PolicyResult | None = None
    discrepancies: Discrepancies | None = None
    """Between what is attested and what the device says of itself; None where it says nothing."""

    @property
    def code(self) -> int:
        """The exit code: 0 verified, 1 refused, 2 unreadable."""
        if self.unreadable:
            return 2
        if self.error is not None or not self._conclusion.accepted:
            return 1
        return 0 if self.policy is None or self.policy.passed else 1

    @property
    def verdict(self) -> str:
        """The exit code in a word."""
        return ("verified", "refused", "unreadable")[self.code]

    @property
    def _conclusion(self) -> Conclusion:
        assert self.report is not None  # noqa: S101 - without an error there is the report
        return verdict(self.report, self.discrepancies)

    @property
    def sentences(self) -> tuple[str, str]:
        """What it means, and what to do."""
        if self.unreadable:
            return f"Not judged: {self.unreadable}", "Give a file that can be read."
        if self.error is not None:
            text = explain.of_reason(self.error.reason)
            return f"Refused: {text.sentence}.", text.action
        said = self._conclusion
        if said.accepted and self.code:
            text = explain.of_reason(Reason.POLICY)
            return f"Genuine, and refused: {text.sentence}.", f"{text.action} {said.action}"
        return said.sentence, said.action


def of_report(name: str, report: Report) -> Result:
    """The result of a report."""
    return Result(name, "", report.checks, report.attestation, report.error, report)


def of_refusal(name: str, error: AttestationError) -> Result:
    """The result of a refusal before any check ran."""
    return of_report(name, undecoded(error))


def undecoded(error: AttestationError) -> Report:
    """The report of a file that cannot be read: `decode` failed, and nothing else was reached."""
    first, *later = CHECKS
    checks = [Check.failed(first, error), *(Check(name, Outcome.NOT_REACHED) for name in later)]

    def refuse() -> Report:
        raise refused(checks, error)

    return examined(refuse)


def gravest(results: Sequence[Result]) -> int:
    """The exit code of several files."""
    return max(result.code for result in results)


def show_result(result: Result, now: datetime) -> None:
    """Everything about one file, for a person."""
    out = output.console()
    output.title(out, result.name)
    if result.checks:
        output.table(out, show.check_lines(result.checks))
    if result.attestation is not None:
        output.title(
            out,
            "What Apple attests"
            if result.attestation.anchored_at_apple
            else "What the authority that you named attests",
        )
        output.table(out, _facts(result.attestation, now))
    if result.discrepancies:
        output.title(out, "What the device says otherwise")
        output.table(out, _differences(result.discrepancies))
    if result.policy is not None:
        output.title(out, "The policy")
        output.table(out, _findings(result.policy))
    sentence, action = result.sentences
    output.paragraph(out, f"Judged as of {now:%Y-%m-%d %H:%M} UTC.", Style.FAINT)
    output.paragraph(out, sentence, Style.GOOD if result.code == 0 else Style.BAD)
    output.paragraph(out, action)


def _facts(attestation: Attestation, now: datetime) -> list[Line]:
    return [
        *show.property_lines(attestation.device),
        Line("freshness", attestation.freshness.value),
        Line("attested key", attestation.spki_sha256.hex(), "SHA-256 of its SubjectPublicKeyInfo"),
        Line("valid until", show.dated(attestation.not_after, now)),
    ]


def _differences(found: Discrepancies) -> list[Line]:
    return [
        Line(
            each.kind.value,
            each.said,
            f"attested: {each.attested}{'; its age explains it' if each.explained_by_age else ''}",
            Style.DOUBT if each.explained_by_age else Style.BAD,
        )
        for each in found
    ]


def _findings(result: PolicyResult) -> list[Line]:
    return [
        Line(
            each.rule,
            each.verdict.value,
            f"expected {each.expected}; found {'nothing' if each.found is None else each.found}",
            Style.GOOD if each.passed else Style.BAD,
        )
        for each in result.findings
    ]


def to_json(result: Result, now: datetime) -> dict[str, Any]:
    """The result as JSON types, as output.schema.json describes it."""
    sentence, action = result.sentences
    error, policy = result.error, result.policy
    return {
        "input": result.name,
        "at": rfc3339(now),
        "verdict": result.verdict,
        "sentence": sentence,
        "action": action,
        "checks": [check.to_dict() for check in result.checks],
        "attestation": None if result.attestation is None else result.attestation.to_dict(),
        "error": None
        if error is None
        else {
            "reason": error.reason.value,
            "element": error.element,
            "detail": error.detail,
            "problem": error.problem(),
        },
        "discrepancies": None if result.discrepancies is None else result.discrepancies.to_dict(),
        "policy": None
        if policy is None
        else {"passed": policy.passed, "findings": [each.to_dict() for each in policy.findings]},
    }
