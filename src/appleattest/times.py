"""One idea of time for every check: UTC, in whole seconds, and RFC 3339 where it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


def utc_seconds(time: datetime, name: str = "at") -> datetime:
    """`time` in UTC without its fraction of a second, which the path engine drops too.

    Raises `TypeError` for anything but a `datetime`, and `ValueError` for one without an offset
    from UTC or without an equivalent in it. The message begins with `name`.
    """
    if not isinstance(time, datetime):
        raise TypeError(f"{name} is a datetime, not {type(time).__name__}")
    if time.tzinfo is UTC:
        return time.replace(microsecond=0, fold=0)
    if time.utcoffset() is None:
        raise ValueError(f"{name} is a datetime with an offset from UTC: use datetime.now(UTC)")
    try:
        return time.astimezone(UTC).replace(microsecond=0, fold=0)
    except OverflowError:
        raise ValueError(f"{name} is a time that has no equivalent in UTC") from None


@overload
def rfc3339(time: datetime) -> str: ...


@overload
def rfc3339(time: datetime | None) -> str | None: ...


def rfc3339(time: datetime | None) -> str | None:
    """A time in UTC as RFC 3339 text that ends in `Z`; None for None."""
    return None if time is None else time.isoformat().replace("+00:00", "Z")
