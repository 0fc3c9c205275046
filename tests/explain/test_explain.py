"""What people are told of a reason or an OID is what the documentation says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tables
from appleattest import errors, explain
from appleattest.errors import Reason
from appleattest.explain.tables import plain, rows
from appleattest.oids import APPLE_ATTESTATION_ARC, FRESHNESS_CODE
from appleattest.properties import PROPERTIES
from appleattest.report import CHECKS, DEVICE
from test_docs import text


@pytest.mark.parametrize("page", tables.PAGES)
def test_the_pages_show_the_packaged_text(page: str) -> None:
    """`make tables` writes them anew."""
    assert tables.written(page) == text(f"{page}.md")


def test_a_page_that_has_lost_a_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = text("reasons.md").replace("| `expired` |", "| `lapsed` |")
    (tmp_path / "reasons.md").write_text(page, encoding="utf-8")
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    with pytest.raises(ValueError, match=r"has not each row once: \['expired'\]"):
        tables.written("reasons")


def test_every_reason_has_a_row() -> None:
    assert set(rows("reasons")) == {each.value for each in Reason}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_explained_in_plain_text(reason: Reason) -> None:
    said = explain.of_reason(reason)
    assert said.reason is reason
    assert said.sentence == reason.description
    assert issubclass(getattr(errors, said.error_class), errors.AttestationError)
    assert said.checks
    assert said.source
    for words in (said.happened, said.action):
        assert re.fullmatch(r"[ -~…]+", words)
        assert not re.search(r"`|\]\(|\*\*", words)


def test_every_documented_oid_is_explained() -> None:
    said = explain.every_oid()
    assert {each.oid for each in said} == {each.oid for each in PROPERTIES} | {FRESHNESS_CODE}
    names = {each.oid: each.name for each in PROPERTIES}
    assert all(names.get(each.oid, "freshness_code") == each.field for each in said)


def test_an_oid_is_found_whole_and_by_its_last_numbers() -> None:
    assert explain.of_oid("13.2") == explain.of_oid(f"{APPLE_ATTESTATION_ARC}13.2")


@pytest.mark.parametrize("unknown", ["", "9.3", "2.5.29.15", "serial"])
def test_an_undocumented_oid_is_not_explained(unknown: str) -> None:
    assert explain.of_oid(unknown) is None


@pytest.mark.parametrize("name", [*CHECKS, DEVICE, "csr", "policy"])
def test_every_check_is_a_question(name: str) -> None:
    assert explain.of_check(name).endswith("?")


def test_another_check_is_not_explained() -> None:
    with pytest.raises(KeyError):
        explain.of_check("beauty")


def test_markdown_becomes_plain() -> None:
    assert plain("**See** `x` in [the *list*](y.md).") == "See x in the list."
