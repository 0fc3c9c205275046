"""The summary of a run as one HTML page with plots, in the style of the report page.

It names the source and the destination, and no device. Needs the extra `page`; without it the
import raises `ImportError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from appleattest.batch.counts import Summary
from appleattest.batch.groups import Group, actions, groups, sentence
from appleattest.page.bars import Bars, bars
from appleattest.page.rendering import filled

_TITLE: Final = "Batch report"


class Chart(NamedTuple):
    """One group of counts, ready for the template."""

    id: str
    title: str
    note: str
    drawing: Bars
    remarks: tuple[tuple[str, str], ...]
    """The labels that need more words than a bar has room for, with what they mean."""


def render_summary(
    summary: Summary, *, source: str, facts: Iterable[tuple[str, str]] = (), title: str = _TITLE
) -> str:
    """One self-contained HTML page: what a run found, and of which source.

    `facts` stand at its top, a name and a value each. The same arguments give the same page.
    """
    tone, word = _judgement(summary)
    return filled(
        "batch.html.j2",
        title=title,
        source=source,
        tone=tone,
        word=word,
        sentence=sentence(summary),
        action=actions(summary),
        facts=tuple(facts),
        charts=[_chart(number, each) for number, each in enumerate(groups(summary), start=1)],
    )


def _judgement(summary: Summary) -> tuple[str, str]:
    """The tone of the page, by which the style chooses, and its word."""
    if not summary.rows:
        return "unverified", "Empty"
    if not summary.is_clean:
        return "refused", "Not all verified"
    if "unchecked" in summary.counts("freshness"):
        return "unchecked", "Verified, freshness unchecked"
    return "accepted", "Verified"


def _chart(number: int, group: Group) -> Chart:
    drawing = bars([(each.label, each.rows, each.tone.value) for each in group.counts])
    remarks = tuple(
        (each.label, each.remark)
        for each, bar in zip(group.counts, drawing.bars, strict=True)
        if each.remark or bar.label != each.label
    )
    return Chart(f"chart-{number}", group.title, group.note, drawing, remarks)
