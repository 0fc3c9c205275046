"""Counts as bars: where each bar and each text of the drawing lies.

The drawing is 340 units wide, a phone's width. A label stands above its bar, with the count. A bar
that is as long as its track is all of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH: Final = 340
_LEFT: Final = 4
_SPAN: Final = WIDTH - 2 * _LEFT
_ROW: Final = 36
_LEAST: Final = 2
"""Units: the bar of one row is never narrower."""
_LONGEST: Final = 30
"""Characters of a label beside its count."""


class Bar(NamedTuple):
    """The bar of one count."""

    y: int
    label: str
    told: str
    """The count, and its share."""
    width: float
    tone: str


class Bars(NamedTuple):
    """The drawing."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    description: str


def bars(counts: Sequence[tuple[str, int, str]]) -> Bars:
    """The drawing of counts: the label, the number, and the tone by which the style chooses."""
    total = sum(number for _, number, _ in counts) or 1
    drawn = tuple(
        Bar(
            index * _ROW,
            label if len(label) <= _LONGEST else f"{label[: _LONGEST - 3]}...",
            f"{number:,} ({100 * number / total:.1f}%)",
            round(max(_SPAN * number / total, _LEAST if number else 0), 1),
            tone,
        )
        for index, (label, number, tone) in enumerate(counts)
    )
    said = "; ".join(f"{label}: {number}" for label, number, _ in counts)
    return Bars(WIDTH, len(drawn) * _ROW, drawn, f"{said}.")
