"""Run the command line: in this process, or in a real terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from appleattest.cli.app import app

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DEMO: Final = ROOT / "vectors" / "demo"
INDEX: Final[dict[str, Any]] = json.loads((DEMO / "demo.json").read_bytes())
GOLDEN: Final = Path(__file__).resolve().parent / "golden"
WRITES_GOLDEN: Final = os.environ.get("APPLEATTEST_GOLDEN") == "write"


def run(*arguments: str, given: bytes = b"") -> Result:
    """Run it in this process, with `given` on standard input."""
    return CliRunner().invoke(app, list(arguments), input=given, prog_name="appleattest")


def demo_arguments(example: dict[str, Any]) -> list[str]:
    """The verification of an example in vectors/demo, as demo.json describes it."""
    arguments = ["verify", example["carrier"], example["file"], "--root", "root.pem"]
    arguments += ["--at", INDEX["at"]]
    if example["carrier"] == "acme":
        return [*arguments, "--token", example["token"]]
    arguments += ["--nonce", example["nonce"]]
    for nonce, sent_at in example.get("previous_nonces", {}).items():
        assert b64decode(nonce)
        arguments += ["--previous-nonce", f"{nonce}@{sent_at}"]
    return arguments


def in_terminal(
    arguments: list[str], *, width: int, environment: dict[str, str]
) -> tuple[str, int]:
    """What a terminal of that width gets to show, and the exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    plain = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", "appleattest", *arguments],
        cwd=DEMO,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=plain | environment,
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux says so at the end of a terminal
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    return shown.decode("utf-8").replace("\r\n", "\n"), process.returncode


def compare(name: str, shown: str) -> None:
    """Hold the text against the golden file, or write that with `make golden`."""
    path = GOLDEN / name
    if WRITES_GOLDEN:
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), "if this is meant, run: make golden"
