"""The table of issues in the guide is the linter's."""

from __future__ import annotations

from test_profile_rules import CASES

from appleattest.profile import LintCode, LintIssue
from test_docs import table, text

ROWS = table(text("guide-acme-profile.md"), "code", "severity", "what is wrong", "builder")
REFUSED_BY_THE_BUILDER = {row[0] for row in ROWS if row[3]}


def test_every_finding_is_documented() -> None:
    documented = [(row[0], row[1]) for row in ROWS]
    assert documented == [(code, LintIssue(code, "", "").severity) for code in LintCode]


def test_what_is_broken_in_the_tests_is_refused_by_the_builder() -> None:
    broken = {parameters.values[0].code.value for parameters in CASES}
    assert broken <= REFUSED_BY_THE_BUILDER
    assert LintCode.KEY_SIZE in broken


def test_only_the_linter_finds_the_others() -> None:
    codes = list(LintCode)
    first = codes.index(LintCode.SIGNATURE_NOT_CHECKED)
    others = {code.value for code in LintCode} - REFUSED_BY_THE_BUILDER
    assert others == {LintCode.PAYLOAD_TYPE, *codes[first:]}
