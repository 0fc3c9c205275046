"""The validity of the chain as a time line: a bar for each certificate, and the time of judgement.

Two scales: all certificates on one, which the root's decades fill, and the leaf on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from appleattest.summary import CertificateRow
from appleattest.times import rfc3339

WIDTH: Final = 340
_LEFT: Final = 4
_SPAN: Final = WIDTH - 2 * _LEFT
_ROW: Final = 56
_LEAST: Final = 3
"""Units: a bar is never narrower."""


class Bar(NamedTuple):
    """The validity of one certificate."""

    label: str
    dates: str
    x: float
    y: int
    width: float
    mark: float | None
    """Where the time of judgement lies; None where it is unknown or off the scale."""
    state: str
    """`within its dates`, `expired`, `not valid yet`, or empty where the time is unknown."""


class Timeline(NamedTuple):
    """The drawing."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    description: str
    at: str


class _Period(NamedTuple):
    label: str
    start: datetime
    end: datetime


def timeline(rows: Sequence[CertificateRow], at: datetime | None) -> Timeline | None:
    """The drawing of a chain, leaf first; None where no validity can be read."""
    periods = [
        _Period(row.role, row.not_before, row.not_after)
        for row in reversed(rows)
        if row.not_before and row.not_after and row.not_before <= row.not_after
    ]
    if not periods:
        return None
    moments = [each.start for each in periods] + [each.end for each in periods]
    whole = _Period("", min(moments), max(moments))
    bars = [_bar(each, whole, at, index) for index, each in enumerate(periods)]
    if len(periods) > 1 and periods[-1].label == "leaf":
        leaf = periods[-1]._replace(label="leaf, on its own scale")
        bars.append(_bar(leaf, leaf, at, len(bars)))
    said = "; ".join(f"{each.label}: {each.dates} {each.state}".strip() for each in bars)
    return Timeline(WIDTH, len(bars) * _ROW - 10, tuple(bars), f"{said}.", rfc3339(at) or "")


def _bar(period: _Period, scale: _Period, at: datetime | None, index: int) -> Bar:
    start = _place(period.start, scale)
    width = max(_place(period.end, scale) - start, _LEAST)
    return Bar(
        period.label,
        f"{period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}",
        round(min(start, _LEFT + _SPAN - width), 1),
        index * _ROW,
        round(width, 1),
        None if at is None or not scale.start <= at <= scale.end else round(_place(at, scale), 1),
        _state(period, at),
    )


def _place(moment: datetime, scale: _Period) -> float:
    length = (scale.end - scale.start).total_seconds()
    return _LEFT + _SPAN * ((moment - scale.start).total_seconds() / length if length else 0)


def _state(period: _Period, at: datetime | None) -> str:
    if at is None:
        return ""
    if at < period.start:
        return "not valid yet"
    return "expired" if at > period.end else "within its dates"
