"""The vectors at verifiers that others wrote: how they are counted, and what is documented."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from peers import peer

from appleattest.testing.vectors import runner
from vectors import peers
from vectors.flags import Flag

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ROOT / "examples" / "vector_consumers" / "peers"
PATHS: Final = runner.vector_files(ROOT / "vectors")
BUILT: Final = {"go": "go1.30", "step-ca": "v1", "nanoca": "v2"}
KEPT_OUT: Final = [attack for attack in peers.ATTACKS if attack is not peers.UNDATED]
"""What nobody accepts: step-ca accepts a leaf without a freshness code."""


def verdict(result: str, given: str, *, reason: str = "expired", flag: str = "Genuine") -> Any:
    test = {"name": "one", "tcId": 1, "result": result, "flags": [flag], "reason": reason}
    return runner.compare("a.json", test, {"result": given, "reason": "because"})


EVERY_KIND: Final = [
    *[verdict("valid", "valid")] * 2,
    *[verdict("invalid", "invalid")] * 3,
    *[verdict("invalid", "valid", reason="untrusted", flag="Validity")] * 4,
    *[verdict("valid", "invalid", flag="Validity")] * 5,
    *[verdict("acceptable", "valid", flag="Validity"), verdict("acceptable", "invalid")],
    *[verdict("invalid", peers.NOT_ASKED)] * 6,
]


class TestCount:
    def test_each_answer_counts_once(self) -> None:
        counted = peers.count(EVERY_KIND)

        assert len(counted.asked) == 16
        assert counted.right() == 5
        assert len(counted.answered("invalid", "valid")) == 4
        assert len(counted.answered("valid", "invalid")) == 5
        assert counted.either() == 2
        assert counted.not_asked == {"because": 6}

    def test_a_flag_counts_what_must_be_accepted_or_refused(self) -> None:
        assert peers.count(EVERY_KIND).wrong_with("Validity") == "9 of 9"
        assert peers.count(EVERY_KIND).wrong_with("Genuine") == "0 of 5"

    @pytest.mark.parametrize("attack", peers.ATTACKS, ids=lambda attack: attack.text)
    def test_an_attack_counts_where_it_is_accepted(self, attack: peers.Attack) -> None:
        of_it = {"reason": (*attack.reasons, "other")[0], "flag": attack.flag or "Genuine"}
        let_in = verdict("invalid", "valid", **of_it)
        kept_out = verdict("invalid", "invalid", **of_it)
        another = verdict("invalid", "valid", reason="too-large")
        genuine = verdict("valid", "valid", **of_it)

        assert peers.count([let_in, kept_out, another, genuine]).accepts(attack) == (1, 2)

    def test_another_answer_is_no_verdict(self) -> None:
        with pytest.raises(RuntimeError, match=r"^a\.json, one: answered 'perhaps'"):
            peers.count([verdict("valid", "perhaps")])

    @pytest.mark.parametrize("page", ["", peers.BEGIN, peers.END, peers.END + peers.BEGIN])
    def test_a_page_without_both_markers_is_left_alone(self, page: str) -> None:
        with pytest.raises(ValueError, match="no place"):
            peers.written(page, "counted")

    def test_only_what_is_between_the_markers_is_written(self) -> None:
        page = f"before\n{peers.BEGIN}old\n{peers.END}after\n"
        once = peers.written(page, "counted\n")

        assert once == f"before\n{peers.BEGIN}\ncounted\n\n{peers.END}after\n"
        assert peers.written(once, "counted\n") == once


class TestCommand:
    def test_it_says_what_is_not_built(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert peers.main(["--program", str(tmp_path / "vectorpeers")]) == 1
        assert "make peers" in capsys.readouterr().out

    def test_who_accepts_everything_is_wrong_about_all_that_is_invalid(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        results = [test["result"] for _, test in runner.tests_in(PATHS)]
        expected = [len(results), *map(results.count, ("valid", "invalid"))]

        assert peers.main(["--program", str(accepting(tmp_path))]) == 0
        printed = capsys.readouterr().out
        for name in peers.PEERS:
            asked, right, accepts, refuses, either = numbers(printed)[name]
            assert [asked, right, accepts] == expected
            assert (refuses, either) == (0, results.count("acceptable"))

    def test_it_writes_the_page_when_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = tmp_path / "peers.md"
        page.write_text(f"{peers.BEGIN}{peers.END}", "utf-8")
        monkeypatch.setattr(peers, "PAGE", page)

        assert peers.main(["--program", str(accepting(tmp_path)), "--write"]) == 0
        assert "| step-ca | `v1` |" in page.read_text("utf-8")


def accepting(folder: Path) -> Path:
    """A program that accepts every test."""
    program = folder / "vectorpeers"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        "if sys.argv[1] == 'versions':\n"
        f"    sys.exit(print(json.dumps({BUILT!r})))\n"
        "for line in sys.stdin:\n"
        "    print(json.dumps({'result': 'valid'}), flush=True)\n"
    )
    program.chmod(0o755)
    return program


def numbers(page: str) -> dict[str, list[int]]:
    """The first table: of each peer what it was asked, and how it answered."""
    _, _, rows = page.partition(f"| {' | '.join(peers.HEADER)} |\n")
    found = re.findall(r"(?m)^\| ([\w-]+) \| `\S+` \| ([\d |]+) \|$", rows.partition("\n\n")[0])
    return {name: [int(cell) for cell in cells.split("|")] for name, cells in found}


class TestPage:
    """docs/peers.md, with or without Go."""

    def test_the_numbers_add_up(self) -> None:
        found = numbers(page())

        assert tuple(found) == peers.PEERS
        for asked, *answered in found.values():
            assert asked == sum(answered) > 0

    def test_it_names_the_versions_that_are_built(self) -> None:
        pinned = dict(
            re.findall(r"(?m)^\t\S+/(\S+) (v\S+)$", (SOURCES / "go.mod").read_text("utf-8"))
        )
        documented = dict(re.findall(r"(?m)^\| ([\w-]+) \| `(v\S+)` \|", section()))

        assert documented == {"step-ca": pinned["certificates"], "nanoca": pinned["nanoca"]}

    def test_its_flags_are_flags(self) -> None:
        documented = re.findall(r"(?m)^\| `([A-Z]\w+)` \|", section())

        assert documented
        assert documented == sorted(set(documented))
        assert set(documented) <= {flag.label for flag in Flag}

    @pytest.mark.parametrize("attack", KEPT_OUT, ids=lambda attack: attack.text)
    def test_nobody_is_let_in(self, attack: peers.Attack) -> None:
        row = re.search(rf"(?m)^\| {re.escape(attack.text)} \| (.+) \|$", section())
        assert row is not None
        assert [cell.startswith("0 of ") for cell in row[1].split(" | ")] == [True, True]


def page() -> str:
    return peers.PAGE.read_text("utf-8")


def section() -> str:
    return page().partition(peers.BEGIN)[2].partition(peers.END)[0]


@pytest.fixture(scope="module")
def program() -> Path:
    return peer("vectorpeers")


@pytest.fixture(scope="module")
def counts(program: Path) -> dict[str, peers.Count]:
    return peers.ask(program, ROOT / "vectors")


class TestPeers:
    """Their own code, built by `make peers`."""

    @pytest.mark.parametrize("attack", KEPT_OUT, ids=lambda attack: attack.text)
    def test_none_lets_anybody_in(
        self, counts: dict[str, peers.Count], attack: peers.Attack
    ) -> None:
        for counted in counts.values():
            accepted, asked = counted.accepts(attack)
            assert accepted == 0
            assert asked > 10

    def test_step_ca_accepts_a_leaf_without_a_freshness_code(
        self, counts: dict[str, peers.Count]
    ) -> None:
        assert counts["step-ca"].accepts(peers.UNDATED)[0] > 0
        assert counts["nanoca"].accepts(peers.UNDATED)[0] == 0

    def test_what_is_genuine_is_accepted_at_its_time(self, counts: dict[str, peers.Count]) -> None:
        for counted in counts.values():
            genuine = [each for each in counted.asked if "Genuine" in each.test["flags"]]
            assert len({each.test["time"] for each in genuine}) > 1
            assert [each.test["name"] for each in genuine if each.failure] == []

    def test_the_page_has_their_counts(self, program: Path, counts: dict[str, peers.Count]) -> None:
        built = peers.versions(program)
        if f"`{built['go']}`" not in section():
            pytest.skip("docs/peers.md was counted with another Go: run 'make peers-vectors'")
        assert peers.written(page(), peers.section(counts, built)) == page()

    @pytest.mark.parametrize("name", peers.PEERS)
    def test_a_test_of_another_carrier_is_not_asked(self, program: Path, name: str) -> None:
        answers = answered(program, name, [{"type": "MdmVerify"}, {"type": "CsrValidate"}])

        assert [each["result"] for each in answers] == [peers.NOT_ASKED] * 2

    def test_what_is_no_test_ends_it(self, program: Path) -> None:
        done = subprocess.run(
            [program, "nanoca"], input="[]\n", capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("vectorpeers: ")

    @pytest.mark.parametrize("arguments", [[], ["certus"], ["nanoca", "step-ca"]])
    def test_it_says_whom_it_can_ask(self, program: Path, arguments: list[str]) -> None:
        done = subprocess.run(
            [program, *arguments], input="", capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "[nanoca step-ca]" in done.stderr


def answered(program: Path, name: str, tests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(test) + "\n" for test in tests)
    done = subprocess.run([program, name], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_sources_are_formatted() -> None:
    formatter = shutil.which("gofmt")
    if formatter is None:
        pytest.skip("gofmt is not here: install Go")
    done = subprocess.run([formatter, "-l", SOURCES], capture_output=True, text=True, check=True)
    assert done.stdout == ""
