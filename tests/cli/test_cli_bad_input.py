"""Whatever is given, a person sees a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_tools import DEMO, ROOT, run
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest.cli import main, options
from appleattest.cli.inputs import MOST

COMMANDS = (
    ("inspect", "-"),
    ("verify", "mdm", "-", "--unchecked"),
    ("verify", "acme", "-", "--unchecked"),
    ("verify", "acme", "-", "--token", "2uO9Yz0bJkqQm1sVtXwA4g", "--identifier", "A"),
    ("verify", "chain", "-", "--unchecked"),
    ("lint", "-"),
)


def is_harmless(text: str) -> bool:
    """Whether it is text and no more: no traceback, nothing that steers a terminal."""
    return "Traceback" not in text and all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@settings(max_examples=60)
@given(content=st.binary(max_size=400) | st.sampled_from([
    b"{}", b"[]", b"-----BEGIN CERTIFICATE-----", b"<plist><dict/></plist>", b"bplist00", b"\xa0",
    b'{"attObj": 1}', b'{"attObj": "oA"}', b'{"acknowledge_event": {}}', b'{"x5c": ["AA"]}',
]))  # fmt: skip
def test_random_octets(command: tuple[str, ...], content: bytes) -> None:
    result = run(*command, given=content)
    assert result.exit_code in (0, 1, 2)
    assert result.exit_code > 0 or command[0] == "lint"
    assert is_harmless(result.output)
    assert result.output.strip()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("directory", "it is a directory"),
        ("missing", "No such file"),
        ("huge", "more than"),
        ("nul", "no name of a file"),
    ],
)
def test_files_that_cannot_be_read(
    command: tuple[str, ...], kind: str, sentence: str, tmp_path: Path
) -> None:
    path = str(tmp_path / kind)
    if kind == "directory":
        Path(path).mkdir()
    if kind == "huge":
        with Path(path).open("wb") as file:
            file.truncate(1 << 40)
    if kind == "nul":
        path += "\0"
    result = run(*(path if each == "-" else each for each in command))
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())
    assert is_harmless(result.output)


def test_standard_input_is_read_within_the_bound() -> None:
    assert "more than" in run("verify", "mdm", "-", "--unchecked", given=b"a" * (MOST + 1)).output
    assert run("verify", "mdm", "-", "--unchecked", given=b"a" * MOST).exit_code == 1


def test_the_gravest_of_several_files_wins() -> None:
    files = [str(DEMO / name) for name in ("mac.plist", "forgery.plist")]
    root = ("--root", str(DEMO / "root.pem"), "--unchecked", "--at", "2025-07-01T12:00:00Z")
    assert run("verify", "mdm", files[0], *root).exit_code == 0
    assert run("verify", "mdm", *files, *root).exit_code == 1
    assert run("verify", "mdm", *files, "missing", *root).exit_code == 2


def test_an_interrupt_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("appleattest.cli.inspect.read", interrupt)
    result = run("inspect", "-")
    assert (result.exit_code, result.stderr) == (2, "\nError: Interrupted.\n")


def test_an_error_of_our_own_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("\x1b[31m")

    monkeypatch.setattr("appleattest.cli.inspect.read", fail)
    result = run("inspect", "-")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: This is an error of appleattest")
    assert is_harmless(result.output)


def test_a_closed_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "appleattest", "explain"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, b"")


def test_a_missing_extra_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("appleattest.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "click", None)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 'pip install "appleattest[cli]"' in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "mdm", "x"), "Give exactly one of --nonce or --unchecked"),
        (("verify", "mdm", "x", "--nonce", "00", "--unchecked"), "Give exactly one"),
        (("verify", "mdm", "x", "--nonce", ""), "it is empty"),
        (("verify", "mdm", "x", "--nonce", "%"), "neither hexadecimal nor base64"),
        (("verify", "mdm", "x", "--nonce", "hex:0"), "neither hexadecimal nor base64"),
        (("verify", "acme", "x"), "Give exactly one of --token or --unchecked"),
        (("verify", "acme", "x", "--unchecked", "--csr", "y"), "need --identifier"),
        (("verify", "acme", "x", "--unchecked", "--identifier", "y"), "needs --token"),
        (("verify", "chain", "x"), "Give exactly one of --freshness or --sha256-of"),
        (("verify", "mdm", "x", "--unchecked", "--at", "2025-01-01"), "is no time such as"),
        (("verify", "mdm", "x", "--unchecked", "--root", "missing"), "--root"),
        (("verify", "mdm", "x", "--unchecked", "--policy", "missing"), "--policy"),
        (("explain", "expird"), "Did you mean expired?"),
        (("explain", "\x1b[31m"), "neither a reason nor a documented OID"),
        (("lint", "x", "--chip", "M2"), "need --platform"),
        (("command",), "Give exactly one of --nonce, --new-nonce and --cached"),
        (("inspct",), "No such command"),
        (("mint", "root", "--seed", "a", "--seed-file", "b"), "not both"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert is_harmless(result.output)
    assert result.stderr.count("\n") == 1


def test_nonces_have_times_all_or_none() -> None:
    first, second = options.earlier_nonce("aa@2025-07-01T12:00:00Z"), options.earlier_nonce("bb")
    assert options.earlier_nonces((first,)) == {b"\xaa": first.sent_at}
    assert options.earlier_nonces((second,)) == [b"\xbb"]
    result = run("verify", "mdm", "x", "--unchecked", "--previous-nonce", "aa",
                 "--previous-nonce", "bb@2025-07-01T12:00:00Z")  # fmt: skip
    assert result.exit_code == 2
