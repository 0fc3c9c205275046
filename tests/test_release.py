"""The checks of a release see what they look for."""

from __future__ import annotations

import io
import json
import re
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from release import build, contents, readme, sbom, smoke, smoke_command

INFO = "appleattest-1.dist-info"
WHEEL = contents.IN_WHEEL | {
    f"{INFO}/METADATA",
    f"{INFO}/licenses/LICENSE",
    f"{INFO}/licenses/NOTICE",
}


def test_a_complete_wheel_has_no_faults() -> None:
    assert contents.faults_of_wheel(WHEEL) == []


@pytest.mark.parametrize("missing", sorted(WHEEL - {f"{INFO}/METADATA"}))
def test_a_file_that_the_wheel_lacks_is_named(missing: str) -> None:
    assert contents.faults_of_wheel(WHEEL - {missing}) == [f"the wheel lacks {missing}"]


@pytest.mark.parametrize(
    "name", ["tests/conftest.py", "appleattest/cases/one.py", "appleattest/test_x.py"]
)
def test_a_file_that_the_wheel_must_not_have_is_named(name: str) -> None:
    assert contents.faults_of_wheel(WHEEL | {name}) == [f"the wheel must not have {name}"]


def test_the_sdist_has_what_is_tracked_without_ci() -> None:
    tracked = ["README.md", ".ci/run"]
    assert contents.faults_of_sdist(["PKG-INFO", "README.md"], tracked) == []
    assert contents.faults_of_sdist(["PKG-INFO", ".ci/run"], tracked) == [
        "the sdist lacks README.md",
        "the sdist must not have .ci/run",
    ]


def test_the_files_of_an_sdist_are_listed_without_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x-1/src/a.py"), io.BytesIO())
    assert contents.of_sdist(path) == {"src/a.py"}


def test_two_builds_that_differ_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a.whl").write_bytes(b"same")
    build.require_same(one, other)
    (other / "b.tar.gz").write_bytes(b"more")
    with pytest.raises(ValueError, match=r"^two builds differ in b\.tar\.gz$"):
        build.require_same(one, other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](https://a.example/b)", []),
        ("[a](docs/a.md) and [b](#b)", ["docs/a.md", "#b"]),
        ("no link", []),
    ],
    ids=["absolute", "relative", "none"],
)
def test_links_that_lead_nowhere_are_found(text: str, found: list[str]) -> None:
    assert readme.relative_links(text) == found


def test_the_description_has_no_link_and_no_picture_of_the_checkout() -> None:
    root = Path(__file__).resolve().parent.parent
    text = (root / "README.md").read_text(encoding="utf-8")
    assert "](docs/pictures/" in text
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    built = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    for each in built["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    assert readme.relative_links(text) == []
    assert "![" not in text
    assert "!What" not in text


def test_the_description_is_read_from_the_wheel(tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    kinds = {"text/markdown": True, "text/plain": False}
    for kind, right in kinds.items():
        with ZipFile(path, "w") as archive:
            archive.writestr(
                f"{INFO}/METADATA",
                f"Name: x\nDescription-Content-Type: {kind}\n\n# Grüße\n",
            )
        if right:
            assert readme.description(path) == "# Grüße\n"
        else:
            with pytest.raises(ValueError, match="not declared as Markdown"):
                readme.description(path)


def test_the_bill_of_materials_has_our_version() -> None:
    bill = sbom.with_version('{"metadata": {"component": {"name": "x"}}}', "1.2")
    assert json.loads(bill) == {"metadata": {"component": {"name": "x", "version": "1.2"}}}


def test_the_smoke_test_passes_here_and_can_fail() -> None:
    smoke.main()
    with pytest.raises(SystemExit, match=r"^smoke: expected a thing$"):
        smoke.expect(False, "a thing")


def test_the_smoke_test_of_the_command_passes_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["smoke_command.py"])
    smoke_command.main()


def test_the_smoke_test_of_the_command_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"^smoke: \('mint', 'nothing'\) ended with 2: "):
        smoke_command.appleattest("mint", "nothing")
    monkeypatch.setattr("sys.argv", ["smoke_command.py", "missing"])
    with pytest.raises(SystemExit, match="ended with 0"):
        smoke_command.main()  # the extra is here
