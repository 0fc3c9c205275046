"""What a user installs: the wheel has what the package reads, and not much more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

from test_repository import tracked_files

ROOT: Final = Path(__file__).resolve().parent.parent
KB: Final = 1024
FOR_PEOPLE: Final = ("cli", "explain", "page", "summary")
"""The packages that show results to people. No server loads them, so they have their own bound."""
FOR_FLEETS: Final = ("batch",)
"""What verifies tables of rows. No server that verifies one answer at a time loads it."""
REST: Final = "the library, with appleattest.testing and the metadata"
MOST: Final = {FOR_PEOPLE: 250 * KB, FOR_FLEETS: 150 * KB, REST: 720 * KB}
"""Octets of each part, unpacked. RECORD, which lists the files of all three, is not counted."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The size of each file in the wheel. Hatchling builds it here, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as archive:
        return {each.filename: each.file_size for each in archive.infolist()}


def part_of(name: str) -> tuple[str, ...] | str:
    package = name.removeprefix("appleattest/").partition("/")[0]
    return next((part for part in (FOR_PEOPLE, FOR_FLEETS) if package in part), REST)


def test_it_is_small(wheel: dict[str, int]) -> None:
    sizes = dict.fromkeys(MOST, 0)
    for name, size in wheel.items():
        if not name.endswith("/RECORD"):
            sizes[part_of(name)] += size
    largest = sorted(wheel.items(), key=lambda item: -item[1])[:10]
    assert {part: size for part, size in sizes.items() if size > MOST[part]} == {}, largest


def test_it_has_every_file_of_the_package(wheel: dict[str, int]) -> None:
    """Apple's root, the schema of a policy and the mark of types among them."""
    source = ROOT / "src"
    files = {
        path.relative_to(source).as_posix() for path in tracked_files() if source in path.parents
    }
    assert {name for name in wheel if ".dist-info/" not in name} == files
    assert files >= {
        "appleattest/anchors/apple-enterprise-attestation-root-ca.pem",
        "appleattest/policy/policy.schema.json",
        "appleattest/py.typed",
        "appleattest/testing/__init__.py",
        "pytest_appleattest.py",
    }


def test_it_has_no_tests_and_no_vectors(wheel: dict[str, int]) -> None:
    folders = {name.partition("/")[0] for name in wheel}
    assert {each for each in folders if not each.endswith(".dist-info")} == {
        "appleattest",
        "pytest_appleattest.py",
    }
    assert [name for name in wheel if "/cases" in name or "/test_" in name] == []
