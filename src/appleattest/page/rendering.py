"""From sections to one HTML file: the template, its style, and the policy that allows nothing else.

`pip install 'appleattest[page]'` brings Jinja2 (docs/decisions/0022-the-page.md).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from appleattest.page.content import contents
from appleattest.page.section import Section
from appleattest.summary import escaped

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ModuleNotFoundError as missing:
    raise ImportError(
        "a page needs Jinja2, which is not installed: pip install 'appleattest[page]'"
    ) from missing

_TITLE: Final = "Attestation report"


def render(sections: Sequence[Section], *, title: str = _TITLE) -> str:
    """One self-contained HTML page about these sections, of which there is at least one.

    The same sections give the same page. Raises `ValueError` where there is none, and `TypeError`
    for anything but a `Section`.
    """
    return filled("page.html.j2", title=title, sections=contents(_checked(sections)))


def filled(template: str, **values: Any) -> str:
    """The page of a template of this package, with the style and its hash beside these values."""
    style = _style()
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - a file of this package
            style_hash=_hash(style),
            **values,
        )
    )


def _checked(sections: Iterable[Section]) -> tuple[Section, ...]:
    given = tuple(sections)
    if not given:
        raise ValueError("sections is empty: a page is about one input at least")
    for each in given:
        if not isinstance(each, Section):
            raise TypeError(f"sections holds a {type(each).__name__}, which is no Section")
    return given


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("appleattest.page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _shown(value: Any) -> Any:
    """What a placeholder puts on the page: printable ASCII, which Jinja2 then escapes.

    What is printable already, and what rows of `appleattest.summary` hold, stays as it is.
    """
    if isinstance(value, Markup):
        return value
    return escaped(value)


@cache
def _style() -> str:
    return files("appleattest.page").joinpath("templates/page.css").read_text(encoding="utf-8")


def _hash(style: str) -> str:
    """The source expression of a content policy that allows this style alone."""
    digest = hashlib.sha256(style.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
