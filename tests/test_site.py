"""The documentation site: its pages list every public name, and its pictures show the code."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

import check
import glossary
import navigation
import pictures
import public
from test_repository import LAYERS, PUBLIC

ROOT: Final = Path(__file__).resolve().parent.parent
SITE: Final = ROOT / "build" / "site"
SVG: Final = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("package", public.PACKAGES)
def test_a_page_of_the_api_lists_every_public_name_once(package: str) -> None:
    assert sorted(public.listed(package)) == sorted(public.names(package))


def test_every_public_package_has_a_page() -> None:
    assert {f"appleattest{each}" for each in PUBLIC} <= set(public.PACKAGES)
    index = (public.PAGES / "index.md").read_text(encoding="utf-8")
    linked = re.findall(r"^\| \[`([\w.]+)`\]\(\1\.md\)", index, flags=re.MULTILINE)
    assert linked == list(public.PACKAGES)


def test_every_page_is_in_the_navigation_once() -> None:
    listed = [page for pages in navigation.GROUPS.values() for page in pages]
    globbed = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for parent, form in navigation.CHILDREN.items()
        for path in (ROOT / parent).parent.glob(f"{form}.md")
    ]
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/README.md")]
    pages += [ROOT / "vectors/README.md", *(ROOT / name for name in ("CHANGELOG.md",))]
    pages += [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    existing = {page.relative_to(ROOT).with_suffix("").as_posix() for page in pages}
    assert sorted([*listed, *globbed]) == sorted(existing - {"docs/index"})
    assert set(navigation.TITLES) <= set(listed)


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_is_as_it_is_drawn_and_says_what_it_shows(name: str) -> None:
    stored = (pictures.FOLDER / name).read_text(encoding="utf-8")
    assert stored == pictures.PICTURES[name](), "run make pictures"
    root = ElementTree.fromstring(stored)  # noqa: S314 - our own picture
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    assert "prefers-color-scheme: dark" in stored
    words = root.iter(f"{SVG}text")
    width = int(root.attrib["width"])
    assert all(0 < float(each.attrib["x"]) < width for each in words)


def test_every_picture_is_on_a_page() -> None:
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    shown = set(re.findall(r"!\[[^\]]+\]\(pictures/([\w.-]+)\)", pages))
    assert shown == set(pictures.PICTURES) == {each.name for each in pictures.FOLDER.glob("*.svg")}


def test_the_picture_of_the_layers_shows_those_that_are_enforced() -> None:
    root = ElementTree.parse(pictures.FOLDER / "layers.svg")  # noqa: S314 - our own picture
    rows: dict[float, set[str]] = {}
    for each in root.iter(f"{SVG}text"):
        if "code" in each.attrib["class"].split():
            rows.setdefault(float(each.attrib["y"]), set()).add(each.text or "")
    package = ROOT / "src" / "appleattest"
    existing = {path.stem for path in (*package.glob("*.py"), *package.glob("*/"))}
    enforced = [modules for layer in LAYERS if (modules := set(layer) & existing)]
    assert [rows[y] for y in sorted(rows)] == enforced[::-1]


def test_the_functions_that_the_pictures_name_are_public() -> None:
    drawn = pictures.mdm_flow() + pictures.acme_flow()
    named = re.findall(r'class="code middle">([\w.]+)<', drawn)
    known = {each.removeprefix("appleattest.") for each in check.wanted()}
    assert named
    assert [each for each in named if ".".join(each.split(".")[:2]) not in known] == []


def test_every_term_of_the_glossary_has_an_anchor_of_its_own() -> None:
    assert glossary.with_anchors("**DER, PEM**: two\n") == (
        '<span id="term-der"></span><span id="term-pem"></span>**DER, PEM**: two\n'
    )
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    given = re.findall(r'<span id="([^"]+)">', glossary.with_anchors(page))
    assert len(given) >= page.count("\n**")
    assert len(given) == len(set(given))


def built() -> Path:
    if not (SITE / "objects.inv").exists():
        pytest.skip("no site is built: run make docs")
    return SITE


def test_the_built_site_documents_every_public_name() -> None:
    assert sorted(check.wanted() - check.inventory(built())) == [], "run make docs anew"


def test_the_built_site_describes_every_reason_and_every_bound() -> None:
    page = (built() / "docs" / "api" / "appleattest.html").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", page)))
    sentences = [f"{each.description[0].upper()}{each.description[1:]}." for each in public.Reason]
    defaults = [f"Default: {bound:,}" for bound in public.bounds().values()]
    assert [each for each in (*sentences, *defaults) if each not in words] == []


def test_the_built_site_loads_nothing_from_elsewhere() -> None:
    assert check.foreign_loads(built()) == set()


def test_the_check_of_loads_sees_one(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<a href="https://a.example/"></a><script src="own.js"></script>')
    assert check.foreign_loads(tmp_path) == set()
    page.write_text('<script async src="https://a.example/x.js"></script>')
    assert check.foreign_loads(tmp_path) == {"https://a.example/x.js"}
