"""Clean environments, with nothing but what a user installs; not even pip is in them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from release import ROOT

SMOKE: Final = Path(__file__).with_name("smoke.py")
OLDEST: Final = ROOT / "constraints-oldest.txt"
PINNED: Final = ROOT / "constraints.txt"


@contextmanager
def environment(package: Path, constraints: Path | None) -> Iterator[Path]:
    """The interpreter of a clean environment with the package; without constraints the newest."""
    with TemporaryDirectory() as name:
        venv.create(name, with_pip=False)
        python = Path(name) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        limited = [] if constraints is None else ["--constraint", str(constraints)]
        pip(python, "install", *limited, str(package))
        yield python


def pip(python: Path, *arguments: str) -> None:
    """Run our own pip on that environment, without the constraints of the Makefile."""
    chosen = {key: value for key, value in os.environ.items() if key not in _OF_THE_MAKEFILE}
    command = [sys.executable, "-m", "pip", "--python", str(python), *arguments, "--quiet"]
    subprocess.run(command, check=True, env=chosen | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})


_OF_THE_MAKEFILE: Final = frozenset({"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"})


def try_out(package: Path, constraints: Path | None) -> None:
    """Install a package in a clean environment and run the smoke test outside the checkout."""
    with environment(package, constraints) as python:
        pip(python, "check")
        subprocess.run([python, "-I", str(SMOKE)], cwd=python.parent, check=True)
