"""What is kept of each enrolled device, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import finalize

from appleattest import mdm

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS device (
    enrollment_id TEXT PRIMARY KEY, serial_number TEXT NOT NULL UNIQUE,
    spki BLOB, remembered TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolment, and the device of the inventory that it must be."""

    enrollment_id: str
    serial_number: str
    spki: bytes | None = None
    """The key that the enrolment attested: it stays the same until the next enrolment."""
    state: mdm.DeviceState = field(default_factory=mdm.DeviceState)
    """What the schedule remembers, with the nonces."""
    reported: dict[str, str] = field(default_factory=dict)
    """What the device said of itself last, as far as the schedule watches it."""
    shown: dict[str, str] = field(default_factory=dict)
    """What is known of it, as it was last printed."""


class Store:
    """One connection; `path` is a file, by default in memory."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._lock = Lock()
        # Called by whoever is done with the store; else when the store or the process ends.
        self.close = finalize(self, self._database.close)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One at a time, all or nothing: two events of one device do not overwrite each other."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    def save(self, device: Device) -> bool:
        """Keep the device as it is now; False where another enrolment is this device already."""
        self.forget(device)
        remembered = json.dumps([device.state.to_dict(), device.reported, device.shown])
        row = [device.enrollment_id, device.serial_number, device.spki, remembered]
        kept = self._database.execute("INSERT OR IGNORE INTO device VALUES (?, ?, ?, ?)", row)
        return kept.rowcount == 1

    def forget(self, device: Device) -> None:
        """Keep nothing of this enrolment."""
        self._database.execute("DELETE FROM device WHERE enrollment_id = ?", [device.enrollment_id])

    def devices(self, enrollment_id: str | None = None) -> list[Device]:
        """All devices, or the one of this enrolment, if it is known."""
        chosen = "SELECT * FROM device WHERE ?1 IS NULL OR enrollment_id = ?1"
        return [
            Device(udid, serial_number, spki, mdm.DeviceState.from_dict(state), reported, shown)
            for udid, serial_number, spki, texts in self._database.execute(chosen, [enrollment_id])
            for state, reported, shown in [json.loads(texts)]
        ]
