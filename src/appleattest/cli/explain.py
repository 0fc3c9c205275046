"""`appleattest explain`: what a reason, an OID or a check means, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import click

from appleattest import explain as texts
from appleattest.cli import output
from appleattest.cli.options import json_option
from appleattest.cli.output import Line
from appleattest.errors import Reason
from appleattest.explain import OidText, ReasonText
from appleattest.oids import APPLE_ATTESTATION_ARC

_LABELS: Final = {
    "error_class": "class",
    "happened": "what happened",
    "action": "what to do",
    "problem": "ACME problem",
    "since": "attested from",
}
"""The labels of the fields whose name is not the label."""


@click.command(
    epilog="""\b
Examples:
  appleattest explain freshness-mismatch
  appleattest explain 13.2
  appleattest explain 1.2.840.113635.100.8.9.1 expired --json
  appleattest explain

Exit code: 0, or 2 for a word that is not known."""
)
@click.argument("words", nargs=-1, metavar="[REASON|OID]...")
@json_option
def explain(words: tuple[str, ...], as_json: bool) -> None:
    """Say what each REASON or OID means, and what to do. Without one, list them all."""
    if as_json:
        known = [_known(word) for word in words] or [*_reasons(), *texts.every_oid()]
        output.print_json("explain", [_json(each) for each in known])
    elif words:
        for text in [_known(word) for word in words]:
            _show(text)
    else:
        _list()


def _known(word: str) -> ReasonText | OidText:
    try:
        return texts.of_reason(Reason(word.lower()))
    except ValueError:
        found = texts.of_oid(word)
    if found is not None:
        return found
    raise click.UsageError(f"{word!r} is neither a reason nor a documented OID.{_nearest(word)}")


def _nearest(word: str) -> str:
    words = [*(reason.value for reason in Reason), *map(_short, texts.every_oid())]
    near = get_close_matches(word.lower(), words, n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _short(text: OidText) -> str:
    return text.oid.removeprefix(APPLE_ATTESTATION_ARC)


def _reasons() -> list[ReasonText]:
    return [texts.of_reason(reason) for reason in Reason]


def _show(text: ReasonText | OidText) -> None:
    out = output.console()
    output.title(out, text.reason.value if isinstance(text, ReasonText) else text.oid)
    output.table(out, [Line(label, value) for label, value in _fields(text)])


def _fields(text: ReasonText | OidText) -> Sequence[tuple[str, str]]:
    return [
        (_LABELS.get(name, name), ", ".join(value) if isinstance(value, tuple) else value)
        for name, value in text._asdict().items()
        if name not in ("reason", "oid") and value
    ]


def _list() -> None:
    out = output.console()
    output.title(out, "Reasons")
    output.table(out, [Line(each.reason.value, each.sentence) for each in _reasons()])
    output.title(out, "OIDs")
    output.table(out, [Line(_short(each), each.meaning) for each in texts.every_oid()])


def _json(text: ReasonText | OidText) -> dict[str, Any]:
    kind = "reason" if isinstance(text, ReasonText) else "oid"
    fields = {
        name: list(value) if isinstance(value, tuple) else str(value)
        for name, value in text._asdict().items()
    }
    return {"kind": kind, **fields}
