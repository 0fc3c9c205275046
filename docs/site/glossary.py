"""Give each term of the glossary an anchor on the site, such as `#term-nonce`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_TERMS: Final = re.compile(r"(?m)^\*\*([^*\n]+)\*\*:")


def anchor(term: str) -> str:
    """The fragment of a term."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def with_anchors(markdown: str) -> str:
    """The page with an anchor before each entry; an entry of several terms has one for each."""

    def entry(match: re.Match[str]) -> str:
        terms = match.group(1).split(", ")
        return "".join(f'<span id="{anchor(each)}"></span>' for each in terms) + match.group()

    return _TERMS.sub(entry, markdown)


def add_anchors(_app: Sphinx, page: str, source: list[str]) -> None:
    """Do so for the glossary alone."""
    if page == "docs/glossary":
        source[0] = with_anchors(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("source-read", add_anchors)
    return {"parallel_read_safe": True}
