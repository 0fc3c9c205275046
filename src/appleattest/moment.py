"""One idea of time for every check: UTC, in whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_seconds(time: datetime) -> datetime:
    """`time` in UTC without its fraction of a second, which the path engine drops too.

    Raises `TypeError` for anything but a `datetime`, and `ValueError` for one without an offset
    from UTC or without an equivalent in it.
    """
    if not isinstance(time, datetime):
        raise TypeError(f"a time is a datetime, not {type(time).__name__}")
    if time.utcoffset() is None:
        raise ValueError("a time without an offset from UTC could be any of many")
    try:
        return time.astimezone(UTC).replace(microsecond=0, fold=0)
    except OverflowError:
        raise ValueError("a time that has no equivalent in UTC") from None
