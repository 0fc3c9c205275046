"""What the wheel and the sdist must have, and must not have."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from release import ROOT

IN_WHEEL: Final = frozenset(
    {
        "appleattest/anchors/apple-enterprise-attestation-root-ca.pem",
        "appleattest/cli/output.schema.json",
        "appleattest/explain/oids.toml",
        "appleattest/explain/reasons.toml",
        "appleattest/page/templates/page.css",
        "appleattest/page/templates/page.html.j2",
        "appleattest/policy/policy.schema.json",
        "appleattest/py.typed",
        "pytest_appleattest.py",
    }
)
_LICENCES: Final = ("LICENSE", "NOTICE")
_TOP: Final = ("appleattest", "pytest_appleattest.py")


def of_wheel(path: Path) -> frozenset[str]:
    """The names of the files in a wheel."""
    with ZipFile(path) as archive:
        return frozenset(archive.namelist())


def of_sdist(path: Path) -> frozenset[str]:
    """The names of the files in an sdist, without its outer folder."""
    with tarfile.open(path) as archive:
        files = [each.name for each in archive.getmembers() if each.isfile()]
    return frozenset(name.partition("/")[2] for name in files)


def faults_of_wheel(names: Iterable[str]) -> list[str]:
    """One sentence for each file that a wheel lacks, or has and must not have."""
    held = frozenset(names)
    metadata = {name.partition("/")[0] for name in held if ".dist-info/" in name}
    licences = {f"{each}/licenses/{licence}" for each in metadata for licence in _LICENCES}
    needed = IN_WHEEL | (licences or {"a .dist-info folder"})
    foreign = {name for name in held if name.partition("/")[0] not in {*_TOP, *metadata}}
    tests = {name for name in held if "/cases" in name or "/test_" in name}
    return _faults("wheel", needed - held, foreign | tests)


def faults_of_sdist(names: Iterable[str], tracked: Iterable[str]) -> list[str]:
    """The same of an sdist: it has the tracked files without .ci, and PKG-INFO."""
    needed = {"PKG-INFO", *(name for name in tracked if not name.startswith(".ci/"))}
    held = frozenset(names)
    return _faults("sdist", needed - held, held - needed)


def _faults(what: str, missing: Iterable[str], foreign: Iterable[str]) -> list[str]:
    return [
        *(f"the {what} lacks {name}" for name in sorted(missing)),
        *(f"the {what} must not have {name}" for name in sorted(foreign)),
    ]


def tracked() -> list[str]:
    """Every file of the checkout that is in git."""
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name]


def check(wheel: Path, sdist: Path) -> None:
    """A ValueError that lists the faults of both."""
    faults = [*faults_of_wheel(of_wheel(wheel)), *faults_of_sdist(of_sdist(sdist), tracked())]
    if faults:
        raise ValueError("; ".join(faults))
