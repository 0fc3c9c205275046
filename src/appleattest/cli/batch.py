"""`appleattest batch SOURCE --out DEST`: whole directories, files and tables, with a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from appleattest import batch as batches
from appleattest.batch.names import name_of
from appleattest.cli import output
from appleattest.cli.options import at_option, json_option, policy_of, root_option, verifier_of
from appleattest.cli.output import Line, Style
from appleattest.signatures import AWSLC, Engine, Signatures
from appleattest.times import rfc3339

_BACKENDS: Final = ("engine", "awslc")
_WITHOUT_DEVICE: Final = "Let any device answer where a row names none."
_WITHOUT_FRESHNESS: Final = "Let rows without nonce, token or freshness be replays."


@click.command(
    epilog="""\b
Examples:
  appleattest batch responses.parquet --out verdicts.parquet
  appleattest batch events.jsonl --out sqlite:fleet.db#verdicts --workers 4
  appleattest batch responses/ --carrier mdm --unchecked --any-device --out verdicts.jsonl
  appleattest batch "duckdb:#FROM 'events/*.parquet'" --out verdicts.parquet --page page.html

The rows, the sources and the destinations: docs/guide-batch-runs.md. Killed or interrupted, the
same command goes on.

Exit code: 0 all verified, 1 some are not, 2 misuse or unreadable."""
)
@click.argument("source", metavar="SOURCE")
@click.option("--out", required=True, metavar="DEST", help="Where the verdicts go.")
@click.option(
    "--carrier",
    type=click.Choice(["mdm", "acme", "chain"]),
    help="The carrier of rows that name none.",
)
@click.option("--unchecked", is_flag=True, help=_WITHOUT_FRESHNESS)
@click.option("--any-device", is_flag=True, help=_WITHOUT_DEVICE)
@click.option("--policy", metavar="TOML", help="Apply the rules of this policy to verified rows.")
@click.option("--workers", type=click.IntRange(1, 256), help="How many; by default the processors.")
@click.option(
    "--kind",
    type=click.Choice(["processes", "threads"]),
    help="What they are; by default processes.",
)
@click.option(
    "--signatures",
    type=click.Choice(_BACKENDS),
    default="engine",
    show_default=True,
    help="Who checks the leaf's signature; awslc needs the extra fast.",
)
@click.option("--overwrite", is_flag=True, help="Replace DEST where it is there already.")
@click.option("--page", "page_name", metavar="HTML", help="Write the summary as a page, too.")
@root_option
@at_option
@json_option
def batch(
    source: str,
    out: str,
    carrier: str | None,
    workers: int | None,
    kind: Any,
    overwrite: bool,
    page_name: str | None,
    as_json: bool,
    **judging: Any,
) -> int:
    """Verify every row of SOURCE, and write a verdict for each to DEST.

    SOURCE is a directory, a file (.jsonl, .parquet, .arrow), sqlite:FILE#TABLE, duckdb:FILE#TABLE
    or a query in the place of TABLE. DEST is a file of one of these kinds, or a table.
    """
    settings = _settings(**judging)
    _require_place(page_name, source, out)
    render = None if page_name is None else _renderer()
    try:
        with _progress() as progress:
            summary = batches.run(
                source,
                out,
                settings,
                carrier=carrier,
                workers=workers,
                kind=kind,
                overwrite=overwrite,
                progress=progress,
            )
    except (ImportError, batches.RunError) as error:
        raise click.ClickException(f"{error}.") from None
    except KeyboardInterrupt:
        sys.stderr.write("The same command goes on from here.\n")
        raise
    if page_name is not None and render is not None:
        facts = _facts(out, settings)
        Path(page_name).write_text(render(summary, source=source, facts=facts), encoding="utf-8")
    if as_json:
        found = {"source": source, "destination": out, "page": page_name, **summary.to_dict()}
        output.print_json("batch", [found])
    else:
        _show(summary)
    return 0 if summary.is_clean else 1


def _settings(
    unchecked: bool,
    any_device: bool,
    policy: str | None,
    signatures: str,
    roots: tuple[str, ...],
    at: datetime | None,
) -> batches.Settings:
    return batches.Settings(
        trust=verifier_of(roots).trust,
        policy=None if policy is None else policy_of(policy),
        signatures=_backend(signatures),
        at=at,
        unchecked=unchecked,
        any_device=any_device,
    )


def _backend(name: str) -> Signatures:
    try:
        return AWSLC() if name == "awslc" else Engine()
    except ImportError as missing:
        raise click.BadParameter(f"{missing}.", param_hint="--signatures") from None


def _require_place(page: str | None, *taken: str) -> None:
    """Refuse a page that could not be written later, or would replace the rows or the verdicts."""
    if page is None:
        return
    if not Path(page).parent.is_dir():
        raise click.BadParameter("its folder is not there.", param_hint="--page")
    if Path(page).resolve() in [name_of(each).path for each in taken]:
        raise click.BadParameter("it is the source or the destination.", param_hint="--page")


def _renderer() -> Callable[..., str]:
    try:
        from appleattest.batch.summary_page import render_summary
    except ImportError as missing:
        raise click.ClickException(f"{missing}.") from None
    return render_summary


def _facts(out: str, settings: batches.Settings) -> Iterator[tuple[str, str]]:
    yield "Verdicts", out
    yield "Judged as of", rfc3339(settings.at) or "when the run was started"
    yield "Trust anchors", str(len(settings.trust))


@contextmanager
def _progress() -> Iterator[Callable[[int, int | None], None] | None]:
    """What draws a bar with the rate and the time that remains; None where no terminal is."""
    bar = output.progress_bar()
    if bar is None:
        yield None
        return
    with bar:
        task = bar.add_task("rows", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_STYLES: Final = {"good": Style.GOOD, "bad": Style.BAD, "doubt": Style.DOUBT, "plain": Style.PLAIN}


def _show(summary: batches.Summary) -> None:
    from appleattest.batch.groups import actions, groups, sentence

    out = output.console()
    output.title(out, sentence(summary), Style.GOOD if summary.is_clean else Style.BAD)
    if action := actions(summary):
        output.paragraph(out, action)
    for group in groups(summary):
        output.title(out, group.title)
        output.table(
            out,
            [
                Line(f"{each.rows:,}", each.label, each.remark, _STYLES[each.tone.value])
                for each in group.counts
            ],
        )
