"""`appleattest vectors`: run an implementation over the conformance vectors."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from appleattest.cli import output
from appleattest.cli.options import json_option
from appleattest.cli.output import Style
from appleattest.testing.vectors import runner
from appleattest.testing.vectors.judge import GROUP_TYPES

_OURS = (sys.executable, "-m", "appleattest.testing.vectors", "answer")


@click.command(
    epilog="""\b
Examples:
  appleattest vectors
  appleattest vectors --file chain_path.json --reasons -- ./my-verifier --answer

Exit code: 0 if every answer is as expected, 1 if one is not, 2 if it cannot be asked."""
)
@click.option("--directory", default="vectors", show_default=True, help="Where the vectors are.")
@click.option("--file", "names", multiple=True, metavar="NAME", help="Only this one. Repeatable.")
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice(sorted(GROUP_TYPES)),
    help="Only groups of this type. May be repeated.",
)
@click.option("--reasons", is_flag=True, help="Another reason is a failure too.")
@json_option
@click.argument("implementation", nargs=-1, metavar="[-- COMMAND...]")
def vectors(
    directory: str,
    names: tuple[str, ...],
    types: tuple[str, ...],
    reasons: bool,
    as_json: bool,
    implementation: tuple[str, ...],
) -> int:
    """Ask COMMAND about the vectors of a checkout, and compare its answers.

    Without a COMMAND, this library answers. How a command is asked is in the vectors' README.
    """
    paths = [
        path for path in runner.vector_files(Path(directory)) if not names or path.name in names
    ]
    if not paths:
        raise click.UsageError(f"There are no such vectors in {directory!r}.")
    try:
        verdicts = list(runner.run(implementation or _OURS, paths, types or None))
    except (RuntimeError, OSError) as error:
        raise click.UsageError(f"{error}.") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise click.UsageError(f"A file is no vectors: {error!r}.") from None
    summary = runner.summarize(verdicts, reasons=reasons)
    lines = summary.text.splitlines()
    if as_json:
        results = {"tests": len(verdicts), "failed": summary.failed, "lines": lines}
        output.print_json("vectors", [results])
    else:
        out = output.console()
        for line in lines:
            output.paragraph(out, line, Style.BAD if summary.failed else Style.GOOD)
    return int(summary.failed)
