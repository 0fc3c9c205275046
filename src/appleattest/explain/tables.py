"""Read the tables that are packaged as TOML, once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@cache
def rows(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The rows of the table `name`, as they are written: in Markdown."""
    text = files(__package__).joinpath(f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def plain(markdown: str) -> str:
    """One paragraph of Markdown as plain text: links lose their targets, code its marks."""
    return _LINK.sub(r"\1", markdown).replace("`", "").replace("**", "").replace("*", "")
