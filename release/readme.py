"""The description that a package list shows: it must render, without links into the checkout."""

from __future__ import annotations

import email.policy
import re
from email.parser import BytesParser
from io import StringIO
from pathlib import Path
from typing import Final
from zipfile import ZipFile

_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def description(wheel: Path) -> str:
    """The long description, in Markdown, of the metadata of a wheel."""
    with ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = BytesParser(policy=email.policy.compat32).parsebytes(archive.read(name))
    if metadata["Description-Content-Type"] != "text/markdown":
        raise ValueError("the description is not declared as Markdown")
    octets = metadata.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode("utf-8")


def relative_links(text: str) -> list[str]:
    """The links that lead nowhere outside the checkout."""
    return [link for link in _LINK.findall(text) if not link.startswith("https://")]


def check(wheel: Path) -> None:
    """A ValueError if the description does not render, or has a relative link."""
    from readme_renderer import markdown  # of the group dist; the rest of this file is tested

    text = description(wheel)
    if markdown.render(text, stream=StringIO()) is None:
        raise ValueError("the description does not render")
    if relative := relative_links(text):
        raise ValueError(f"the description has relative links: {', '.join(relative)}")
