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
SMOKE_COMMAND: Final = Path(__file__).with_name("smoke_command.py")
OLDEST: Final = ROOT / "constraints-oldest.txt"
PINNED: Final = ROOT / "constraints.txt"


@contextmanager
def environment(package: Path, constraints: Path | None) -> Iterator[Path]:
    """The interpreter of a clean environment with the package; without constraints the newest."""
    with TemporaryDirectory() as name:
        venv.create(name, with_pip=False)
        python = Path(name) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        install(python, str(package), constraints)
        yield python


def install(python: Path, requirement: str, constraints: Path | None) -> None:
    """Install a package into that environment, with its extras where they are named."""
    limited = [] if constraints is None else ["--constraint", str(constraints)]
    pip(python, "install", *limited, requirement)
    pip(python, "check")


def pip(python: Path, *arguments: str) -> None:
    """Run our own pip on that environment, without the constraints of the Makefile."""
    chosen = {key: value for key, value in os.environ.items() if key not in _OF_THE_MAKEFILE}
    command = [sys.executable, "-m", "pip", "--python", str(python), *arguments, "--quiet"]
    subprocess.run(command, check=True, env=chosen | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})


_OF_THE_MAKEFILE: Final = frozenset({"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"})


def try_out(package: Path, constraints: Path | None) -> None:
    """Try a package in a clean environment, outside the checkout: the library, then the command."""
    with environment(package, constraints) as python:
        run(python, SMOKE)
        run(python, SMOKE_COMMAND, "missing")
        install(python, f"{package}[cli]", constraints)
        run(python, SMOKE_COMMAND)


def run(python: Path, script: Path, *arguments: str) -> None:
    """Run a script in that environment. Raises `CalledProcessError` where it fails."""
    subprocess.run([python, "-I", str(script), *arguments], cwd=python.parent, check=True)
