"""The public names of the library, and the pages that list them. Needs no Sphinx."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from appleattest import Limits, Reason

__all__ = ["Reason"]

PAGES: Final = Path(__file__).resolve().parent.parent / "api"
PACKAGES: Final = (
    "appleattest",
    "appleattest.acme",
    "appleattest.batch",
    "appleattest.batch.duckdb",
    "appleattest.batch.ray",
    "appleattest.batch.spark",
    "appleattest.explain",
    "appleattest.mdm",
    "appleattest.page",
    "appleattest.policy",
    "appleattest.profile",
    "appleattest.signatures",
    "appleattest.summary",
    "appleattest.testing",
    "appleattest.testing.device",
    "appleattest.testing.strategies",
)
LISTED: Final = re.compile(r"(?m)^- `(\w+)`$")
"""A line of a page of the API that names one public name."""


def names(package: str) -> tuple[str, ...]:
    """The public names of a package."""
    return tuple(import_module(package).__all__)


def listed(package: str) -> list[str]:
    """The names that the page of a package lists."""
    return LISTED.findall((PAGES / f"{package}.md").read_text(encoding="utf-8"))


def bounds() -> dict[str, int]:
    """The fields of `Limits` and their defaults."""
    return {each.name: getattr(Limits(), each.name) for each in fields(Limits)}


@cache
def _public_names() -> dict[str, list[str]]:
    """For the last part of a name, where it is public."""
    found: dict[str, list[str]] = {}
    for package in PACKAGES:
        for name in names(package):
            found.setdefault(name, []).append(f"{package}.{name}")
    return found


def is_ours(target: str) -> bool:
    """Whether a name in an annotation is one of this library, public or not."""
    return "." not in target or target.startswith("appleattest.")


def aliases(target: str) -> list[str]:
    """The public names of what an annotation names, the nearest first; none if it has none."""
    if not is_ours(target):
        return []
    home, _, last = target.rpartition(".")
    candidates = _public_names().get(last, [])
    near = [each for each in candidates if home.startswith(each.rpartition(".")[0])]
    return [*sorted(near, key=len, reverse=True), *candidates]
