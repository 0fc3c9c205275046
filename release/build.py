"""Build the wheel and the sdist twice, from two folders; every octet must be the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from release import DIST, ROOT

KINDS: Final = ("*.whl", "*.tar.gz")


def build() -> tuple[Path, Path]:
    """The wheel and the sdist, new in dist/. A difference between two builds is a ValueError."""
    epoch = last_commit(ROOT)
    shutil.rmtree(DIST, ignore_errors=True)
    _build(ROOT, DIST, epoch)
    wheel, sdist = (_only(DIST, kind) for kind in KINDS)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(sdist) as archive:
            archive.extractall(folder / "source", filter="data")
        (source,) = (folder / "source").iterdir()
        _build(source, folder / "dist", epoch)
        require_same(DIST, folder / "dist")
    return wheel, sdist


def last_commit(checkout: Path) -> str:
    """When the last commit was made, in seconds since 1970: SOURCE_DATE_EPOCH."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in a folder, in hex."""
    files = sorted(each for each in folder.iterdir() if each.is_file())
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def require_same(first: Path, second: Path) -> None:
    """A ValueError that names the files in which two folders differ."""
    one, other = digests(first), digests(second)
    different = sorted(name for name in one | other if one.get(name) != other.get(name))
    if different:
        raise ValueError(f"two builds differ in {', '.join(different)}")


def _build(source: Path, into: Path, epoch: str) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), str(source)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": epoch}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found
