"""What is kept of each enrolled device, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

from appleattest import mdm

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS device (
    enrollment_id TEXT PRIMARY KEY, serial_number TEXT NOT NULL UNIQUE,
    spki BLOB, state TEXT NOT NULL, reported TEXT NOT NULL, shown TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One enrolment, and the device of the inventory that it must be."""

    enrollment_id: str
    serial_number: str
    spki: bytes | None = None
    """The key that the enrolment attested: it stays the same until the next enrolment."""
    state: mdm.DeviceState = field(default_factory=mdm.DeviceState)
    """What the schedule remembers, with the nonces."""
    reported: Mapping[str, str] = field(default_factory=dict)
    """What the device said of itself last, as far as the schedule watches it."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """What is known of it, as it was last printed."""


class Taken(Exception):
    """Another enrolment is this device already."""


class Store:
    """One connection; `path` is a file, by default in memory."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._lock = Lock()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One at a time, all or nothing: two events of one device do not overwrite each other."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    def save(self, device: Device) -> None:
        """Keep the device as it is now. Raises `Taken` for another's serial number."""
        self.forget(device)
        texts = (device.state.to_dict(), dict(device.reported), dict(device.shown))
        row = [device.enrollment_id, device.serial_number, device.spki, *map(json.dumps, texts)]
        try:
            self._database.execute("INSERT INTO device VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise Taken from None

    def forget(self, device: Device) -> None:
        """Keep nothing of this enrolment."""
        forget = "DELETE FROM device WHERE enrollment_id = ?"
        self._database.execute(forget, [device.enrollment_id])

    def devices(self, enrollment_id: str | None = None) -> list[Device]:
        """All devices, or the one of this enrolment, if it is known."""
        chosen = "SELECT * FROM device WHERE ?1 IS NULL OR enrollment_id = ?1"
        return [
            Device(
                enrollment_id=enrollment,
                serial_number=serial_number,
                spki=spki,
                state=mdm.DeviceState.from_dict(json.loads(state)),
                reported=json.loads(reported),
                shown=json.loads(shown),
            )
            for enrollment, serial_number, spki, state, reported, shown in self._database.execute(
                chosen, [enrollment_id]
            )
        ]
