"""What happens at the edges: no reader, no disk, and forms that seldom come."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import click
import pytest
from cli_tools import DEMO, run

from appleattest.cli import app, main
from appleattest.cli.output import console, write
from appleattest.summary import CertificateRow, certificate_rows
from appleattest.testing import AttestationAuthority, Properties, carriers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509


def raising(error: BaseException) -> object:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_main_returns_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("appleattest 0.")
    assert main(["explain", "nothing"]) == 2


def test_python_m_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["appleattest", "explain", "expired"])
    with pytest.raises(SystemExit) as done:
        runpy.run_module("appleattest", run_name="__main__")
    assert done.value.code == 0
    runpy.run_module("appleattest", run_name="another")


def test_closed_streams_are_misuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as closed:
        closed.setattr("sys.stdin", None)
        assert main(["verify", "chain", "-", "--unchecked"]) == 2
    assert "standard input: it is closed." in capsys.readouterr().out
    with monkeypatch.context() as closed:
        closed.setattr("sys.stdout", None)
        assert main(["explain", "expired"]) == 2
    assert capsys.readouterr().err == "Error: Standard output is closed.\n"
    with monkeypatch.context() as closed:
        closed.setattr("sys.stderr", None)
        assert main(["explain", "nothing"]) == 2


def test_another_missing_module_is_not_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def fail(name: str, *rest: object) -> object:
        if name == "appleattest.cli.app":
            raise ModuleNotFoundError("no", name="cryptography")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(ModuleNotFoundError):
        main([])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenPipeError(), ""),
        (OSError(28, "No space left on device"), "Error: Cannot read or write: No space left"),
        (OSError(), "Error: Cannot read or write: OSError."),
    ],
    ids=["nobody reads", "no space", "unnamed"],
)
def test_output_that_fails(error: OSError, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appleattest.cli.output.print_json", raising(error))
    monkeypatch.setattr(app, "_close_output", lambda: None)
    result = run("explain", "--json")
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert bool(result.stderr) is bool(said)


def test_nobody_reads_the_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(app, "_close_output", lambda: closed.append(True))
    monkeypatch.setattr(app, "escaped", raising(BrokenPipeError()))
    assert run("explain", "nothing").exit_code == 2
    assert closed == [True]


def test_an_output_without_a_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Output:
        def fileno(self) -> int:
            raise ValueError

    duplicated: list[object] = []
    monkeypatch.setattr(app, "sys", SimpleNamespace(stdout=Output()))
    monkeypatch.setattr("os.dup2", lambda *given: duplicated.append(given))
    app._close_output()
    assert duplicated == []
    monkeypatch.setattr(Output, "fileno", lambda _: 99)
    app._close_output()
    assert len(duplicated) == 1


def test_a_check_in_holds_no_response() -> None:
    check_in = {"udid": "A", "raw_payload": "AA=="}
    event = json.dumps({"topic": "mdm.Authenticate", "checkin_event": check_in}).encode()
    for given in (event, carriers.webhook_event(b"no property list")):
        assert run("verify", "mdm", "-", "--unchecked", given=given).exit_code == 1


def test_a_root_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(b"no certificate")
    result = run("inspect", "-", "--root", str(tmp_path / "root.pem"))
    assert result.exit_code == 2
    assert "--root" in result.stderr
    wrong = (tmp_path / "policy.toml").write_bytes(b"schema = 9\n")
    assert wrong
    result = run("verify", "mdm", "-", "--unchecked", "--policy", str(tmp_path / "policy.toml"))
    assert "schema" in result.stderr


def test_a_token_that_is_none() -> None:
    result = run("verify", "acme", str(DEMO / "iphone.json"), "--token", "short")
    assert (result.exit_code, "token" in result.stderr) == (2, True)


def test_a_leaf_without_dates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The engine reads dates when it loads a certificate, which it does not promise."""
    page = tmp_path / "page.html"
    chain = b"".join(AttestationAuthority("lab").attest())
    assert "dates cannot be read" not in run("inspect", "-", given=chain).stdout
    assert run("report", "-", "--out", str(page), given=chain).exit_code == 0
    page.unlink()

    def undated(shown: Sequence[x509.Certificate]) -> list[CertificateRow]:
        return [each._replace(not_before=None) for each in certificate_rows(shown)]

    monkeypatch.setattr("appleattest.cli.carriers.certificate_rows", undated)
    shown = run("inspect", "-", given=chain)
    assert "the leaf's dates cannot be read" in shown.stdout
    assert shown.exit_code == 0
    refused = run("report", "-", "--out", str(page), given=chain)
    assert "the leaf's dates cannot be read" in refused.stderr
    assert (refused.exit_code, page.exists()) == (2, False)


def test_a_terminal_takes_lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    terminal = SimpleNamespace(isatty=lambda: True, buffer=SimpleNamespace(write=written.append))
    monkeypatch.setattr("sys.stdout", terminal)
    with pytest.raises(click.UsageError):
        write(b"a line\n\x1b[2J")
    write(b"a line\n")
    assert written == [b"a line\n"]


def test_the_list_of_commands() -> None:
    shown = run("--help").stdout
    assert all(name in shown for name in app.app.list_commands(click.Context(app.app)))


def test_the_console_leaves_a_broken_pipe_to_us() -> None:
    with pytest.raises(BrokenPipeError):
        console().on_broken_pipe()


def test_vectors_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "chain_a.json").write_bytes(b"{")
    result = run("vectors", "--directory", str(tmp_path))
    assert result.exit_code == 2


def test_an_os_version_that_is_none() -> None:
    assert run("lint", "-", "--platform", "macos", "--os-version", "x").exit_code == 2


def test_a_chain_alone_in_other_forms() -> None:
    authority = AttestationAuthority("lab")
    plain = authority.attest()
    blank = Properties(
        raw={"1.2.840.113635.100.8.99.1": b"", "1.2.840.113635.100.8.99.2": b"a" * 99}
    )
    shown = run("inspect", "-", given=b"".join(authority.attest(properties=blank))).stdout
    assert "(blank)" in shown
    assert "6161..." in shown
    assert run("verify", "mdm", "-", "--unchecked", given=b"".join(plain)).exit_code == 1
