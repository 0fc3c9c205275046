"""What is kept of each enrolled device, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final
from weakref import finalize

from appleattest import mdm

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS device (
    enrollment_id TEXT PRIMARY KEY, serial_number TEXT NOT NULL, proven INTEGER NOT NULL,
    spki BLOB, remembered TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS one_is_proven ON device (serial_number) WHERE proven;
"""


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolment, and the device of the inventory that it says it is."""

    enrollment_id: str
    serial_number: str
    proven: bool = False
    """Whether Apple has attested that, for a nonce of this enrolment, and for no other one since.

    Any enrolment can name any serial number; so a name alone excludes nobody else.
    """
    spki: bytes | None = None
    """The key that the enrolment attested: it stays the same until the next enrolment."""
    state: mdm.DeviceState = field(default_factory=mdm.DeviceState, repr=False)
    """What the schedule remembers, with the nonces."""
    reported: dict[str, str] = field(default_factory=dict)
    """What the device said of itself last, as far as the schedule watches it."""
    shown: dict[str, str] = field(default_factory=dict)
    """What is known of it, as it was last printed."""


class Store:
    """One connection; `path` is a file, by default in memory."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Called by whoever is done with the store; else when the store or the process ends.
        self.close = finalize(self, self._database.close)
        self._database.executescript(_SCHEMA)
        self._lock = Lock()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One at a time, all or nothing: two events of one device do not overwrite each other."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    def save(self, device: Device) -> None:
        """Keep the enrolment as it is now. No other enrolment of its device is proven then."""
        if device.proven:
            self._database.execute(
                "UPDATE device SET proven = FALSE WHERE serial_number = ? AND enrollment_id <> ?",
                [device.serial_number, device.enrollment_id],
            )
        remembered = json.dumps([device.state.to_dict(), device.reported, device.shown])
        # Not REPLACE: where an index is violated, it deletes the row of another.
        self._database.execute(
            "INSERT INTO device VALUES (:id, :serial, :proven, :spki, :remembered)"
            " ON CONFLICT (enrollment_id) DO UPDATE SET serial_number = :serial,"
            " proven = :proven, spki = :spki, remembered = :remembered",
            {
                "id": device.enrollment_id,
                "serial": device.serial_number,
                "proven": device.proven,
                "spki": device.spki,
                "remembered": remembered,
            },
        )

    def forget(self, device: Device) -> None:
        """Keep nothing of this enrolment."""
        self._database.execute("DELETE FROM device WHERE enrollment_id = ?", [device.enrollment_id])

    def enrollment_ids(self) -> list[str]:
        """All enrolments that are known."""
        found = self._database.execute("SELECT enrollment_id FROM device ORDER BY rowid")
        return [enrollment_id for (enrollment_id,) in found]

    def device(self, enrollment_id: str) -> Device | None:
        """The device of this enrolment, if it is known."""
        found = self._database.execute(
            "SELECT serial_number, proven, spki, remembered FROM device WHERE enrollment_id = ?",
            [enrollment_id],
        ).fetchone()
        if found is None:
            return None
        serial_number, proven, spki, remembered = found
        state: dict[str, Any]
        state, reported, shown = json.loads(remembered)
        known = mdm.DeviceState.from_dict(state)
        return Device(enrollment_id, serial_number, bool(proven), spki, known, reported, shown)

    def others(self, device: Device) -> dict[str, bool]:
        """The other enrolments that say they are this device, and which of them is proven."""
        found = self._database.execute(
            "SELECT enrollment_id, proven FROM device"
            " WHERE serial_number = ? AND enrollment_id <> ?",
            [device.serial_number, device.enrollment_id],
        )
        return {enrollment_id: bool(proven) for enrollment_id, proven in found}
