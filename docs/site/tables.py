"""Write the tables of docs/reasons.md and docs/oids.md from `appleattest.explain`: `make tables`.

A row stays where it is on its page; what is in it comes from the packaged text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from appleattest.explain.tables import rows

DOCS: Final = Path(__file__).resolve().parent.parent
_ROW: Final = re.compile(r"(?m)^\| `([\w.-]+)` \|.*\|$")


def reason_row(name: str, row: Mapping[str, Any]) -> str:
    """A row of docs/reasons.md."""
    checks = ", ".join(each if each in _NO_CHECKS else f"`{each}`" for each in row["checks"])
    cells = (f"`{name}`", f"`{row['class']}`", checks, row["happened"], row["action"])
    return f"| {' | '.join(cells)} | `{row['problem']}` |"


_NO_CHECKS: Final = ("newOrder", "policy")


def oid_row(name: str, row: Mapping[str, Any]) -> str:
    """A row of docs/oids.md."""
    cells = (f"`{name}`", row["meaning"], f"`{row['field']}`", row["encoding"], row["blank"])
    return f"| {' | '.join(cells)} | {row['since']} |"


PAGES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {
    "reasons": reason_row,
    "oids": oid_row,
}
"""The table of each page, and how a row of it is written."""


def written(name: str) -> str:
    """The page, with its rows as the packaged text has them. Raises `ValueError` for a lost one."""
    table, page = rows(name), (DOCS / f"{name}.md").read_text(encoding="utf-8")
    shown = [found[1] for found in _ROW.finditer(page) if found[1] in table]
    if sorted(shown) != sorted(table):
        raise ValueError(f"docs/{name}.md has not each row once: {sorted(set(table) ^ set(shown))}")

    def row(found: re.Match[str]) -> str:
        return PAGES[name](found[1], table[found[1]]) if found[1] in table else found[0]

    return _ROW.sub(row, page)


if __name__ == "__main__":
    for each in PAGES:
        (DOCS / f"{each}.md").write_text(written(each), encoding="utf-8", newline="\n")
