"""`appleattest batch`: what it prints, what it writes, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from cli_tools import in_terminal, run
from rich.console import Console
from rich.progress import ProgressColumn

from appleattest import batch
from appleattest.cli import output

SCHEMA: Final = json.loads(files("appleattest.cli").joinpath("output.schema.json").read_text())
ONES: Final = "01" * 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory of two responses to one nonce, and the root of the seed `lab`."""
    source = tmp_path / "responses"
    source.mkdir()
    for name in ("a.plist", "b.plist"):
        minted = run("mint", "mdm", "--seed", "lab", "--nonce", ONES).stdout_bytes
        (source / name).write_bytes(minted)
    (tmp_path / "root.pem").write_bytes(run("mint", "root", "--seed", "lab").stdout_bytes)
    return tmp_path


def expect(folder: Path, name: str, serial_number: str = "TESTSERIAL01") -> None:
    """Say in a sidecar what a response must answer."""
    expected = {"nonce": "AQEBAQEBAQEBAQEBAQEBAQ==", "serial_number": serial_number}
    (folder / "responses" / f"{name}.expect.json").write_text(json.dumps(expected))


def words(folder: Path, *more: str, out: str = "out.jsonl") -> list[str]:
    return [
        "batch", str(folder / "responses"), "--out", str(folder / out), "--carrier", "mdm",
        "--root", str(folder / "root.pem"), "--workers", "1", *more,
    ]  # fmt: skip


def printed(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (found,) = document["results"]
    assert isinstance(found, dict)
    return found


def test_all_verified(folder: Path) -> None:
    expect(folder, "a.plist")
    expect(folder, "b.plist")
    result = run(*words(folder))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "All 2 rows are verified." in result.stdout
    lines = (folder / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a.plist", "b.plist"]


def test_some_are_not(folder: Path) -> None:
    expect(folder, "a.plist", "ANOTHER")
    result = run(*words(folder))
    assert result.exit_code == 1
    assert "Of 2 rows: 1 refused, 1 invalid." in result.stdout
    assert "identifier-mismatch" in result.stdout
    assert "nonce is null" in result.stdout


def test_json(folder: Path) -> None:
    expect(folder, "a.plist")
    found = printed(*words(folder))
    assert (found["rows"], found["verified"], found["invalid"]) == (2, 1, 1)
    assert found["destination"] == str(folder / "out.jsonl")
    assert found["page"] is None
    assert found["freshness"] == {"current": 1}


def test_without_freshness_and_device(folder: Path) -> None:
    assert run(*words(folder, "--unchecked", out="a.jsonl")).exit_code == 1
    assert run(*words(folder, "--any-device", out="b.jsonl")).exit_code == 1
    result = run(*words(folder, "--unchecked", "--any-device", out="c.jsonl"))
    assert result.exit_code == 0
    assert "may be replays" in result.stdout


def test_a_page(folder: Path) -> None:
    page = folder / "page.html"
    found = printed(*words(folder, "--page", str(page), "--at", "2030-01-01T00:00:00Z"))
    assert found["page"] == str(page)
    html = page.read_text()
    assert "Of 2 rows: 2 invalid." in html
    assert "2030-01-01T00:00:00Z" in html


def test_a_page_needs_jinja(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "appleattest.batch.summary_page", None)
    result = run(*words(folder, "--page", str(folder / "page.html")))
    assert result.exit_code == 2
    assert not (folder / "out.jsonl").exists()


def test_a_policy(folder: Path) -> None:
    expect(folder, "a.plist")
    expect(folder, "b.plist")
    rules = folder / "policy.toml"
    rules.write_text('schema = 1\n[minimum_os_version]\nmacos = "99.0"\n')
    found = printed(*words(folder, "--policy", str(rules)))
    assert (found["verified"], found["violated"]) == (2, 2)
    assert run(*words(folder, "--policy", str(rules), "--overwrite")).exit_code == 1
    assert run(*words(folder, "--policy", str(folder / "none.toml"))).exit_code == 2


def test_misuse(folder: Path) -> None:
    assert run(*words(folder, "--unchecked")).exit_code == 1
    again = run(*words(folder, "--unchecked"))
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    for given, problem in (
        (words(folder, out="out.csv"), "is no destination"),
        (["batch", "nothing.parquet", "--out", "out.parquet"], "is not there"),
        (words(folder, "--workers", "0"), "--workers"),
        (words(folder, "--carrier", "post"), "--carrier"),
    ):
        result = run(*given)
        assert result.exit_code == 2
        assert problem in result.stderr


def test_the_backend_of_signatures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(*words(folder, "--signatures", "engine", out="a.jsonl")).exit_code == 1
    monkeypatch.setitem(sys.modules, "awscrt", None)
    monkeypatch.setitem(sys.modules, "awscrt.crypto", None)
    result = run(*words(folder, "--signatures", "awslc", out="b.jsonl"))
    assert result.exit_code == 2
    assert "--signatures" in result.stderr


def test_pyarrow_is_missing(folder: Path) -> None:
    program = (
        "import sys; sys.modules['pyarrow'] = None; "
        "from appleattest.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "appleattest[batch]" in done.stderr


def test_an_interrupt_says_how_to_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "run", interrupted)
    result = run(*words(folder))
    assert result.exit_code == 2
    assert "The same command goes on from here." in result.stderr


def test_a_terminal_sees_how_far_it_is(folder: Path) -> None:
    os.rename(folder / "responses", folder / "r")  # noqa: PTH104
    given = words(folder, "--unchecked", "--any-device")
    given[1] = str(folder / "r")
    shown, code = in_terminal(given, width=100, environment={"NO_COLOR": "1"})
    assert code == 0
    assert "2/2" in shown
    assert "All 2 rows are verified." in shown


def test_the_bar_is_told_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    bar = output.progress_bar()
    assert bar is not None
    monkeypatch.setattr(output, "progress_bar", lambda: bar)
    monkeypatch.setattr(bar, "start", lambda: None)
    assert run(*words(folder, "--unchecked", "--any-device")).exit_code == 0
    (task,) = bar.tasks
    assert (task.completed, task.total) == (2, 2)
    rate = bar.columns[2]
    assert isinstance(rate, ProgressColumn)
    for speed, shown in ((None, ""), (1234.5, "1,234 rows/s")):
        monkeypatch.setattr(type(task), "speed", speed)
        assert str(rate.render(task)) == shown


def test_untrusted_names_are_made_printable(folder: Path) -> None:
    result = run("batch", "a\x1b[31m", "--out", str(folder / "out.jsonl"))
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr


def test_no_rows_are_no_success(folder: Path) -> None:
    for each in (folder / "responses").iterdir():
        each.unlink()
    result = run(*words(folder))
    assert result.exit_code == 1
    assert "There were no rows." in result.stdout


def test_a_page_has_a_place_of_its_own(folder: Path) -> None:
    table = f"sqlite:{folder}/out.db#verdicts"
    for page, out, problem in (
        ("out.jsonl", folder / "out.jsonl", "the source or the destination"),
        ("out.db", table, "the source or the destination"),
        ("nowhere/page.html", table, "its folder is not there"),
    ):
        given = ["--out", str(out), "--page", str(folder / page), "--unchecked", "--any-device"]
        result = run(*words(folder, *given))
        assert result.exit_code == 2
        assert problem in result.stderr
        assert not (folder / "out.db").exists()
    given = ["--out", table, "--page", str(folder / "page.html"), "--unchecked", "--any-device"]
    assert run(*words(folder, *given)).exit_code == 0
