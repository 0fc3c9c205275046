"""Write docs/mutants.md from the reasons and the counts: `python -m mutation.page`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mutation import counts
from mutation.counts import Count
from mutation.reasons import ROOT, Change, Reason, reasons

PAGE: Final = ROOT / "docs" / "mutants.md"

_HEAD: Final = """# Mutants

This page is written by `make mutants-page`, from `mutation/survivors.toml` and
`mutation/counts.json`. Edit those.

`make mutants` changes `src/appleattest` (without `testing`) in one place at a time and runs the
tests on each such mutant. A mutant that no test notices has survived. `make mutants MODULES="mdm
acme"` does it for some modules.

`pyproject.toml` configures mutmut. Lines that hold nothing but text for an operator are not
mutated: that text is not part of the interface. A timeout counts as noticed.
"""

_SURVIVED: Final = """## What survived

Each survivor below is shown by what the mutant changed, with the reason why no test can or need
notice. `make mutants` fails over a survivor without a reason, and over a reason without a
survivor.

Survivors that change only the words of a text for an operator are not listed. Such a text has a
letter and a space in it; what an f-string computes is not counted as words.
"""


def page(found: Iterable[Reason], counted: Mapping[str, Count]) -> str:
    """The whole page."""
    parts = [_HEAD, *([_counts(counted)] if counted else []), _SURVIVED, *map(_reason, found)]
    return "\n".join(parts)


def _counts(counted: Mapping[str, Count]) -> str:
    total = counts.total(counted)
    lines = [
        f"Of {total.mutants} mutants {total.killed} were killed, {_share(total)}. Of the survivors",
        f"{total.wording} change only the words of a text.",
        "",
        "| module | mutants | killed | survived | killed |",
        "|---|---|---|---|---|",
        *(
            f"| `{module}` | {each.mutants} | {each.killed} | {each.survived} | {_share(each)} |"
            for module, each in counted.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _share(count: Count) -> str:
    return f"{count.killed / count.mutants:.1%}"


def _reason(reason: Reason) -> str:
    return "\n".join(
        [
            f"**{reason.why}**",
            "",
            "| function | before | after |",
            "|---|---|---|",
            *map(row, reason.survivors),
            "",
        ]
    )


def row(change: Change) -> str:
    """The change as a row of a table."""
    return f"| {' | '.join(map(_cell, change))} |"


def _cell(code: str) -> str:
    return f"`{code}`".replace("|", r"\|") if code else "(nothing)"


def write() -> None:
    """Write the page anew."""
    PAGE.write_text(page(reasons(), counts.read()), "utf-8", newline="\n")


if __name__ == "__main__":
    write()
