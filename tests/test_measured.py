"""What the pages say of speed is what was measured: docs/pictures/peers.json and costs.json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import bars
import measured
import results

PEERS = results.Peers.read()


@pytest.mark.parametrize("page", measured.PLACES)
def test_a_page_says_what_was_measured(page: str) -> None:
    stored = (measured.ROOT / page).read_text(encoding="utf-8")
    assert stored == measured.written(page), "run python docs/site/measured.py"


def test_a_page_without_its_place_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "ROOT", tmp_path)
    page = tmp_path / "README.md"
    begin = measured.BEGIN.format("bench-peers")
    page.write_text(f"above\n{begin}old\nbelow\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md has no place"):
        measured.written("README.md")
    page.write_text(f"above\n{begin}old\n{measured.END}below\n", encoding="utf-8")
    written = measured.written("README.md")
    assert written.startswith(f"above\n{begin}")
    assert written.endswith(f"{measured.END}below\n")
    assert "old" not in written


def test_the_readme_has_the_ratios_of_the_numbers() -> None:
    text = (measured.ROOT / "README.md").read_text(encoding="utf-8")
    said = [float(number) for number in re.findall(r"(\d+\.\d)(?= times| and \d)", text)]
    one_core = {
        name: each["microseconds_one_core"] for name, each in PEERS.document["contestants"].items()
    }
    ours, fast = one_core["appleattest verify_acme"], one_core["appleattest verify_acme, fast"]
    assert said == [
        pytest.approx(one_core["step-ca steps"] / ours, abs=0.051),
        pytest.approx(one_core["step-ca steps"] / fast, abs=0.051),
        pytest.approx(one_core["pyhanko-certvalidator"] / ours, abs=0.051),
    ]
    rates = [int(number.replace(",", "")) for number in re.findall(r"about (\d,\d{3})\s", text)]
    assert rates == [pytest.approx(1e6 / each, abs=51) for each in (ours, fast)]


def test_every_goal_says_what_was_reached() -> None:
    contestants = PEERS.document["contestants"]
    assert len(PEERS.document["goals"]) == 3
    for goal in PEERS.document["goals"]:
        ours, theirs = (contestants[goal[side]] for side in ("ours", "theirs"))
        ratio = theirs["microseconds_one_core"] / ours["microseconds_one_core"]
        assert goal["reached"] == pytest.approx(ratio, rel=0.01)


@pytest.mark.parametrize(("reached", "said"), [(1.99, "missed"), (2.0, "reached")])
def test_a_goal_that_is_missed_is_said_to_be(reached: float, said: str) -> None:
    goal: dict[str, Any] = {"ours": "a", "theirs": "b", "times": 2.0, "reached": reached}
    assert measured._goal(goal)[-1] == said


def test_the_picture_and_the_tables_show_everybody() -> None:
    timed = set(PEERS.document["contestants"])
    assert {each.name for group in results.GROUPS.values() for each in group} == timed
    drawn = bars.peers()
    for name in timed:
        assert f">{PEERS.document['contestants'][name]['a_second_all_cores']:,}<" in drawn


def test_the_versions_are_those_that_the_programs_are_built_of() -> None:
    modules = (measured.ROOT / "examples/vector_consumers/peers/go.mod").read_text("utf-8")
    assert f"github.com/smallstep/certificates {PEERS.version('step-ca')}\n" in modules
    assert f"github.com/brandonweeks/nanoca {PEERS.version('nanoca')}\n" in modules


def test_what_was_measured_names_its_machine() -> None:
    for document in (PEERS.document, results.costs()):
        assert json.dumps(document["machine"]["cores"]) in results.machine(document)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", document["date"])
    assert results.machine({"machine": {"processor": "P", "cores": 1, "system": "S"}}) == (
        "P, 1 core, S"
    )
