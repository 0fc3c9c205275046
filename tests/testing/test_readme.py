"""What the README shows first runs when it is pasted into a new Python prompt."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def pasted(code: str) -> tuple[list[str], str]:
    """Return what an interactive interpreter shows for these lines, and its errors."""
    program = "import sys; sys.ps1 = sys.ps2 = ''"
    done = subprocess.run(
        [sys.executable, "-i", "-c", program],
        input=code,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines(), done.stderr.strip()


def blocks() -> list[str]:
    return re.findall(r"(?ms)^```python\n(.*?)^```", README.read_text(encoding="utf-8"))


def test_the_first_block_runs_when_it_is_pasted_and_shows_what_it_promises() -> None:
    first = blocks()[0]
    promised = re.findall(r"(?m)  # -> (.+)$", first)
    assert len(promised) >= 2
    assert pasted(first) == (promised, "")


def test_the_other_blocks_continue_at_the_same_prompt() -> None:
    code = "\n".join(blocks())
    assert pasted(code) == (re.findall(r"(?m)  # -> (.+)$", code), "")


def test_a_block_that_fails_is_noticed() -> None:
    shown, errors = pasted("x = 1\nx + 1\nnobody\n")
    assert shown == ["2"]
    assert "NameError" in errors
