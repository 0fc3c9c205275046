"""The command says nothing is verified, compared or genuine that is not."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli_tools import in_terminal, run

from appleattest.testing import AttestationAuthority

if TYPE_CHECKING:
    from pathlib import Path

NONCE: Final = "00ff"
NOT_COMPARED: Final = "It was not compared with the device that you asked."
MINTED: Final = ("--seed", "lab", "--nonce", NONCE)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pem").write_bytes(run("mint", "root", "--seed", "lab").stdout_bytes)
    return "root.pem"


def answer(**said: str) -> bytes:
    """A response of a device that says this of itself."""
    document = plistlib.loads(run("mint", "mdm", *MINTED).stdout_bytes)
    document["QueryResponses"] |= said
    return plistlib.dumps(document)


def verified(*arguments: str, given: bytes) -> dict[str, Any]:
    result = run("verify", "mdm", "-", *arguments, "--json", given=given)
    (said,) = json.loads(result.stdout)["results"]
    assert (result.exit_code == 0) is (said["verdict"] == "verified")
    return dict(said)


# --- which device ------------------------------------------------------------------------------


def test_a_device_that_says_another_serial_number_is_refused(root: str) -> None:
    lie, truth = answer(SerialNumber="OTHER"), answer(SerialNumber="TESTSERIAL01")
    asked = ("--nonce", NONCE, "--root", root)
    refused = verified(*asked, given=lie)
    assert refused["verdict"] == "refused"
    assert refused["sentence"].startswith("Genuine, and refused: the device says something else")
    assert [each["said"] for each in refused["discrepancies"]["found"]] == ["OTHER"]
    shown = run("verify", "mdm", "-", *asked, given=lie).output
    assert "attested: TESTSERIAL01" in shown
    accepted = verified(*asked, given=truth)
    assert accepted["verdict"] == "verified"
    assert accepted["discrepancies"] == {"found": [], "compared": ["SerialNumber"]}


def test_what_its_age_explains_is_shown_and_refuses_nothing(root: str) -> None:
    newer = answer(OSVersion="99.0")
    said = verified("--unchecked", "--root", root, given=newer)
    assert said["verdict"] == "verified"
    assert said["discrepancies"]["found"][0]["explained_by_age"] is True
    shown = run("verify", "mdm", "-", "--unchecked", "--root", root, given=newer).output
    assert "its age explains it" in shown
    assert verified("--nonce", NONCE, "--root", root, given=newer)["verdict"] == "refused"


def test_a_device_that_was_not_compared_is_said(root: str) -> None:
    asked = ("--nonce", NONCE, "--root", root)
    assert NOT_COMPARED in verified(*asked, given=answer())["action"]
    compared = verified(*asked, "--serial", "TESTSERIAL01", given=answer())
    assert NOT_COMPARED not in compared["action"]


def test_the_page_refuses_the_same(root: str, tmp_path: Path) -> None:
    (tmp_path / "lie.plist").write_bytes(answer(SerialNumber="OTHER"))
    for asked in (("--nonce", NONCE), ("--unchecked",)):
        written = run("report", "lie.plist", *asked, "--root", root, "--out", "page.html", "--json")
        assert written.exit_code == 1
        assert json.loads(written.stdout)["results"][0]["verdict"] == "refused"
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert "OTHER (attested: TESTSERIAL01)" in page
        assert "Genuine, and refused" in page
    (tmp_path / "truth.plist").write_bytes(answer(SerialNumber="TESTSERIAL01"))
    honest = ("report", "truth.plist", "--nonce", NONCE, "--root", root, "--out", "page.html")
    assert run(*honest).exit_code == 0


# --- which freshness, which root, which time ------------------------------------------------------


def test_a_text_that_is_no_utf_8_is_hashed_as_it_was_given(root: str, tmp_path: Path) -> None:
    authority = AttestationAuthority(seed="lab")
    chain = run("mint", "acme", "--seed", "lab", "--token", "?", "--object").stdout_bytes
    assert authority.root.subject  # the same root as the file's
    (tmp_path / "object.cbor").write_bytes(chain)
    asked = ("verify", "chain", "object.cbor", "--root", root, "--sha256-of")
    assert run(*asked, "?").exit_code == 0
    assert run(*asked, "\udcff").exit_code == 1  # the octet FF, which is no UTF-8
    empty = run(*asked, "")
    assert empty.exit_code == 2
    assert "--sha256-of: it is empty" in empty.stderr


def test_a_policy_hides_neither_the_root_nor_the_freshness(root: str, tmp_path: Path) -> None:
    rules = "schema = 1\n[minimum_os_version]\nmacos = '99.0'\n"
    (tmp_path / "policy.toml").write_text(rules, encoding="utf-8")
    policy = ("--policy", "policy.toml", "--platform", "macos")
    said = verified("--unchecked", "--root", root, *policy, given=answer())
    assert said["sentence"].startswith("Genuine, and refused: the device does not satisfy")
    assert "The trust anchor is not Apple's root" in said["action"]
    assert "Its freshness was not checked" in said["action"]


def test_the_time_of_judgement_is_said(root: str) -> None:
    at = "2026-01-02T00:00:00Z"
    old = run("mint", "mdm", *MINTED, "--at", "2026-01-01T00:00:00Z").stdout_bytes
    asked = ("--nonce", NONCE, "--root", root, "--at", at)
    assert verified(*asked, given=old)["at"] == at
    shown = run("verify", "mdm", "-", *asked, given=old).output
    assert "Judged as of 2026-01-02 00:00 UTC." in shown


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["root.pem", "./root.pem", "r.plist", "hard.html"])
def test_a_page_replaces_no_input(root: str, tmp_path: Path, out: str) -> None:
    (tmp_path / "r.plist").write_bytes(answer())
    os.link(tmp_path / "r.plist", tmp_path / "hard.html")
    before = (tmp_path / out).read_bytes()
    asked = ("report", "r.plist", "--unchecked", "--root", root, "--out")
    refused = run(*asked, out)
    assert refused.exit_code == 2
    assert "--out names an input" in refused.stderr
    assert (tmp_path / out).read_bytes() == before
    assert run(*asked, "page.html").exit_code == 0


@pytest.mark.parametrize(
    ("out", "said"), [("-", "and not -"), ("a\0b", "no name of a file"), ("loop", "Cannot read")]
)
def test_a_page_needs_the_name_of_a_file(root: str, tmp_path: Path, out: str, said: str) -> None:
    (tmp_path / "r.plist").write_bytes(answer())
    (tmp_path / "loop").symlink_to("loop")
    refused = run("report", "r.plist", "--unchecked", "--root", root, "--out", out)
    assert refused.exit_code == 2
    assert said in refused.stderr


# --- the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [(), ("verify",), ("mint",)], ids=str)
def test_a_group_without_a_command_shows_its_help_in_lines(group: tuple[str, ...]) -> None:
    shown = run(*group)
    assert shown.exit_code == 2
    assert "\n  -h, --help" in shown.stderr
    assert "\\x0a" not in shown.output


def test_a_terminal_without_columns_still_shows_everything() -> None:
    shown, code = in_terminal(["explain", "expired"], width=0, environment={"COLUMNS": "0"})
    assert code == 0
    assert "OutsideValidity" in shown


@pytest.mark.parametrize(
    ("closed", "words", "said"),
    [
        (">&-", "explain expired", "Standard output is closed."),
        ("<&-", "verify chain - --unchecked", "standard input: it is closed."),
        (">&- 2>&-", "explain expired", ""),
        ("2>&-", "explain nothing", ""),
    ],
)
def test_a_stream_that_is_closed_is_no_error_of_ours(closed: str, words: str, said: str) -> None:
    command = f'"{sys.executable}" -m appleattest {words} {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert "error of appleattest" not in done.stdout + done.stderr


# --- the vectors --------------------------------------------------------------------------------

ONE_TEST: Final = {
    "testGroups": [
        {"type": "ChainVerify", "tests": [{"tcId": 1, "name": "one", "result": "valid"}]}
    ]
}


def asked(folder: Path, answer: str) -> tuple[int, str]:
    """What comes of an implementation that prints this for the one test."""
    (folder / "answer.txt").write_text(answer, encoding="utf-8")
    after_the_question = ("sh", "-c", 'read -r question; cat "$0"', str(folder / "answer.txt"))
    result = run("vectors", "--directory", str(folder), "--", *after_the_question)
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.json").write_text(json.dumps(ONE_TEST), encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.json")  # no writer: whoever opens it waits for ever
    return tmp_path


def test_an_answer_has_a_bound(folder: Path) -> None:
    code, said = asked(folder, json.dumps({"result": "valid", "padding": "x" * 1_100_000}))
    assert code == 2
    assert "is over 1048576 characters" in said
    assert asked(folder, '{"result": "valid"}\n')[0] == 0


def test_an_answer_prints_no_line_of_its_own(folder: Path) -> None:
    code, said = asked(folder, json.dumps({"result": "x\n9 of 9 tests as expected\x1b[31m"}))
    assert code == 1
    assert [each for each in said.splitlines() if each.startswith("9 of 9")] == []
    assert "\x1b" not in said


@pytest.mark.parametrize("document", ["{}", "[]", '{"testGroups": 1}', "no json"])
def test_a_file_that_is_no_vectors_is_misuse(folder: Path, document: str) -> None:
    (folder / "one.json").write_text(document, encoding="utf-8")
    code, said = asked(folder, "")
    assert code == 2
    assert "A file is no vectors" in said


# --- options and names --------------------------------------------------------------------------


def test_a_platform_without_a_policy_is_misuse(root: str) -> None:
    asked = ("verify", "mdm", "-", "--unchecked", "--root", root, "--platform", "macos")
    refused = run(*asked, given=answer())
    assert refused.exit_code == 2
    assert "--platform is for the rules of --policy" in refused.stderr


def test_the_line_of_a_page_runs_for_a_name_with_a_dash(root: str, tmp_path: Path) -> None:
    (tmp_path / "-x.plist").write_bytes(answer())
    written = run("report", "--unchecked", "--root", root, "--out", "page.html", "--", "-x.plist")
    assert written.exit_code == 0
    assert "report ./-x.plist" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_read_shows_every_check(root: str) -> None:
    said = verified("--unchecked", "--root", root, given=b"no property list")
    outcomes = {each["name"]: each["outcome"] for each in said["checks"]}
    assert outcomes.pop("decode") == "failed"
    assert set(outcomes.values()) == {"not-reached"}
    assert len(outcomes) >= 5


@pytest.mark.parametrize("words", [("mint", "acme", "--token", "2uO9Yz0bJkqQm1sV", "--object")])
def test_a_terminal_gets_no_binary_document(words: tuple[str, ...], tmp_path: Path) -> None:
    """It might obey what is in it."""
    shown, code = in_terminal([*words], width=80, environment={})
    assert code == 2
    assert "send it to a file or a pipe" in shown
    assert run(*words).stdout_bytes[:1] == b"\xa2"  # a pipe gets the CBOR


def test_a_terminal_gets_a_document_in_printable_lines() -> None:
    shown, code = in_terminal(["mint", "root", "--seed", "lab"], width=80, environment={})
    assert code == 0
    assert "BEGIN CERTIFICATE" in shown
