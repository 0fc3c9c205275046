"""The time of a simulated device: it moves when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from appleattest.testing import apple_shape, der

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time, aware."""


class ManualClock:
    """A clock that stands still between calls of `advance` and `set`.

    ``start`` is aware (or ``ValueError``), by default `appleattest.testing.ISSUED_AT`. Call the
    clock for its time, in UTC: ``verifier.verify_mdm(…, at=clock())``.
    """

    def __init__(self, start: datetime = apple_shape.ISSUED_AT) -> None:
        self._now = der.in_utc(start)

    def __call__(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward, or back if ``by`` is negative."""
        self._now += by

    def set(self, to: datetime) -> None:
        """Move ``to`` that moment; one without a zone is a ``ValueError``."""
        self._now = der.in_utc(to)

    def __repr__(self) -> str:
        return f"<ManualClock at {self._now.isoformat()}>"
