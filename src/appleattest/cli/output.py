"""The only way to the terminal: printable ASCII in styles, JSON, or a document as it is.

Every text passes through `escaped`: nothing that came in a certificate, a file name or an argument
reaches a terminal as it is. Styles are those of `rich`, on a terminal only, never under NO_COLOR.
No text is read as markup.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from appleattest.summary import escaped

SCHEMA: Final = 1
"""The version of what `--json` prints: output.schema.json."""

_PRINTABLE_LINES: Final = re.compile(rb"[\t\n\r -~]*")
_NARROWEST: Final = 40
_WIDEST: Final = 120
_ELSEWHERE: Final = 100
"""Columns where the output is no terminal."""


class Style:
    """What a colour means here. The words say the same, so no colour is needed."""

    GOOD: Final = "green"
    BAD: Final = "bold red"
    DOUBT: Final = "yellow"
    FAINT: Final = "dim"
    TITLE: Final = "bold"
    PLAIN: Final = ""


class Line(NamedTuple):
    """A row of a table: its cells, and the style of the first two."""

    label: str
    value: str
    remark: str = ""
    style: str = Style.PLAIN


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to `app`, which knows the exit code."""
        raise BrokenPipeError


def console() -> Console:
    """The console of standard output, as wide as the terminal within reason."""
    made = _Console(markup=False, highlight=False, emoji=False, soft_wrap=False)
    made.width = max(_NARROWEST, min(made.width, _WIDEST)) if made.is_terminal else _ELSEWHERE
    return made


def progress_bar() -> Progress | None:
    """A bar on standard error, with rate and remaining time; None where that is no terminal."""
    made = Console(stderr=True, markup=False, highlight=False, emoji=False)
    if not made.is_terminal:
        return None
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
        console=made,
        transient=True,
    )


class _RateColumn(ProgressColumn):
    """Rows a second, as they are done now."""

    def render(self, task: Task) -> Text:
        """The rate, where it is known."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s")


def styled(text: object, style: str = Style.PLAIN) -> Text:
    """The text made safe, in a style."""
    return Text(escaped(text), style=style)


def title(out: Console, text: object, style: str = Style.TITLE) -> None:
    """A headline."""
    out.print(styled(text, style))


def paragraph(out: Console, text: object, style: str = Style.PLAIN) -> None:
    """A sentence or two."""
    out.print(styled(text, style))


def table(out: Console, lines: Iterable[Line], *, indent: int = 2) -> None:
    """Lines in columns; a column that no line fills is left out."""
    rows = list(lines)
    columns = 3 if any(each.remark for each in rows) else 2
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=True)
    grid.add_column(width=indent - 2 if indent > 2 else 0)
    grid.add_column(no_wrap=True)
    for _ in range(columns - 1):
        grid.add_column(overflow="fold")
    for each in rows:
        cells = [styled(each.label), styled(each.value, each.style)]
        if columns == 3:
            cells.append(styled(each.remark, Style.FAINT if each.style == Style.FAINT else ""))
        grid.add_row("", *cells)
    out.print(grid)


def tree(out: Console, nodes: Sequence[tuple[str, Sequence[str]]]) -> None:
    """A path of one node or more from the top down, each with its details."""
    labels = [
        Text("\n").join([styled(headline, Style.TITLE), *map(styled, details)])
        for headline, details in nodes
    ]
    top = branch = Tree(labels[0], guide_style=Style.FAINT)
    for label in labels[1:]:
        branch = branch.add(label)
    out.print(top)


def print_json(command: str, results: Sequence[dict[str, Any]]) -> None:
    """Print the results of a command as JSON in ASCII, as output.schema.json describes it."""
    document = {"schema": SCHEMA, "command": command, "results": list(results)}
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")


def write(document: bytes) -> None:
    """Write a document as it is, to a file or a pipe; to a terminal only lines of printable ASCII.

    Raises `click.UsageError` for any other on a terminal, which might obey what is in it.
    """
    if sys.stdout.isatty() and not _PRINTABLE_LINES.fullmatch(document):
        raise click.UsageError("A terminal cannot show this: send it to a file or a pipe.")
    sys.stdout.buffer.write(document)
