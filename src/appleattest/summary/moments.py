"""How far one moment is from another, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple


class _Unit(NamedTuple):
    name: str
    length: int
    """Seconds."""
    fewest: int
    """How many there must be for the unit to be named."""


_UNITS: Final = (
    _Unit("year", 365 * 86_400, 2),
    _Unit("day", 86_400, 1),
    _Unit("hour", 3_600, 1),
    _Unit("minute", 60, 1),
    _Unit("second", 1, 1),
)


def distance(moment: datetime, at: datetime) -> str:
    """Where `moment` lies, seen from `at`: `in 12 days`, `3 hours ago`, `now`.

    Both are aware. The number is rounded down, and one unit is named. Years have 365 days, and
    are named from two on.
    """
    seconds = round((moment - at).total_seconds())
    if seconds == 0:
        return "now"
    words = _words(abs(seconds))
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _words(seconds: int) -> str:
    unit, length, _ = next(each for each in _UNITS if seconds >= each.length * each.fewest)
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'}"
