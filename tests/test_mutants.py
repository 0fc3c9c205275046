"""The reasons of the mutants that may survive, and the page that is written from them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mutation import counts, page
from mutation.counts import Count
from mutation.reasons import Change, explained, gone, reasons
from mutation.result import result

ROOT = Path(__file__).resolve().parent.parent
KEPT = Change("f", "return 1", "return 2")
KILLED = Change("f", "return 1", "return 3")
OTHER = Change("C.g", "x = 1", "x = 2")
WORDING = Change("f", 'fail("a word")', 'fail("XXa wordXX")')
NAMES = {"f_1": KEPT, "f_2": KILLED, "g_1": OTHER, "f_3": WORDING}


def test_the_tests_that_are_run_on_every_mutant_exist() -> None:
    mutmut = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    ignored = [
        each.removeprefix("--ignore=")
        for each in mutmut["pytest_add_cli_args"]
        if each.startswith("--ignore=")
    ]
    named = [*mutmut["pytest_add_cli_args_test_selection"], *ignored]
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_the_page_is_what_the_data_generates() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(reasons(), counts.read())


def test_the_page_shows_every_change_below_its_reason() -> None:
    sections = page.PAGE.read_text("utf-8").split("\n**")[1:]
    shown = {
        (row, section.partition("**")[0])
        for section in sections
        for row in section.splitlines()
        if row.startswith("| ") and not row.startswith("| function")
    }
    assert shown == {(page.row(change), why) for change, why in explained().items()}


def test_the_page_has_the_counts_of_the_last_run() -> None:
    counted = {"a.py": Count(40, 4, 1), "b/c.py": Count(10, 0, 0)}
    text = page.page([], counted)
    assert "Of 50 mutants 46 were killed, 92.0%. Of the survivors\n1 change" in text
    assert "| `a.py` | 40 | 36 | 4 | 90.0% |\n| `b/c.py` | 10 | 10 | 0 | 100.0% |\n" in text
    assert "| module |" not in page.page([], {})


def test_the_counts_of_modules_that_were_not_tried_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    assert counts.read(path) == {}
    counts.write({"text.py": Count(9, 1, 0), "no_such_module.py": Count(1, 0, 0)}, path)
    counts.write({"oids.py": Count(2, 0, 0)}, path)
    assert counts.read(path) == {"oids.py": Count(2, 0, 0), "text.py": Count(9, 1, 0)}
    assert counts.total(counts.read(path)) == Count(11, 1, 0)


def data(why: str = "w", *survivors: str) -> str:
    return f"[[reason]]\nwhy = '{why}'\nsurvivors = [{', '.join(survivors)}]\n"


def test_a_reason_has_words_and_survivors_and_stands_once() -> None:
    row, another = "['f', 'a', 'b']", "['f', 'a', 'c']"
    assert reasons(data("w", row) + data("v", another)) == [
        ("w", (Change("f", "a", "b"),)),
        ("v", (Change("f", "a", "c"),)),
    ]
    for text, said in (
        (data(" ", row), "no words"),
        (data("w"), "nothing survives"),
        (data("w", row, row), "change stands there twice"),
        (data("w", row) + data("v", row), "change stands there twice"),
        (data("w", row) + data("w", another), "reason stands there twice"),
    ):
        with pytest.raises(ValueError, match=said):
            reasons(text)


def test_code_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def f():\n    return (\n        1\n    )\n", "utf-8")
    there, added = Change("f", "return ( 1 )", "return None"), Change("f", "", "x")
    assert gone([there, KEPT, added], tmp_path) == [KEPT]


def compared(codes: dict[str, int], known: set[Change], *, is_full: bool) -> tuple[object, ...]:
    return result(
        {"m.py": codes},
        known,
        NAMES.__getitem__,
        lambda name: NAMES[name].function,
        is_full=is_full,
    )


@pytest.mark.parametrize("is_full", [True, False])
def test_a_survivor_needs_a_reason(is_full: bool) -> None:
    codes = {"f_1": 0, "f_2": 1}
    counted = {"m.py": Count(2, 1, 0)}
    assert compared(codes, set(), is_full=is_full) == (counted, {KEPT}, set())
    assert compared(codes, {KEPT}, is_full=is_full) == (counted, set(), set())


@pytest.mark.parametrize("is_full", [True, False])
def test_a_reason_needs_a_survivor(is_full: bool) -> None:
    codes = {"f_1": 0, "f_2": 1}
    _, _, needless = compared(codes, {KEPT, KILLED}, is_full=is_full)
    assert needless == {KILLED}


def test_a_run_of_some_modules_says_nothing_of_the_others() -> None:
    assert compared({"f_1": 0}, {KEPT, OTHER}, is_full=False)[2] == set()
    assert compared({"f_1": 0}, {KEPT, OTHER}, is_full=True)[2] == {OTHER}


@pytest.mark.parametrize("code", [0, 5, 33])
def test_wording_needs_no_reason_and_is_counted(code: int) -> None:
    assert compared({"f_3": code}, set(), is_full=True) == (
        {"m.py": Count(1, 1, 1)},
        set(),
        set(),
    )


def test_wording_is_words_alone() -> None:
    assert WORDING.only_wording
    assert not Change("f", 'fail("word")', 'fail("XXwordXX")').only_wording
    assert not Change("f", 'f(f"a {word}")', 'f(f"a {other}")').only_wording
    assert not KEPT.only_wording
