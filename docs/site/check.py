"""Check a built site: every public name is in its inventory. `make docs` ends with it."""

from __future__ import annotations

import re
import sys
import zlib
from pathlib import Path

import public


def inventory(site: Path) -> set[str]:
    """The Python names that the built site documents."""
    _, _, _, _, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    lines = zlib.decompress(packed).decode("utf-8").splitlines()
    return {
        name for name, domain, _ in (line.split(" ", 2) for line in lines) if domain[:3] == "py:"
    }


def wanted() -> set[str]:
    """What a site must document: the public names, each reason and each bound."""
    names = {f"{package}.{name}" for package in public.PACKAGES for name in public.names(package)}
    names |= {f"appleattest.Reason.{each.name}" for each in public.Reason}
    return names | {f"appleattest.Limits.{each}" for each in public.bounds()}


def foreign_loads(site: Path) -> set[str]:
    """What its pages would load from elsewhere: scripts, styles, pictures."""
    loads = re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=\"((?:https?:)?//[^\"]+)"
    )
    return {
        found for page in site.rglob("*.html") for found in loads.findall(page.read_text("utf-8"))
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if missing := sorted(wanted() - inventory(folder)):
        sys.exit(f"Not in the site: {', '.join(missing)}")
    if foreign := sorted(foreign_loads(folder)):
        sys.exit(f"Loaded from elsewhere: {', '.join(foreign)}")
