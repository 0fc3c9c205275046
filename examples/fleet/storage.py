"""How large a fleet is: bytes for each device, and what an index costs and saves.

    python -m examples.fleet.storage fleet.duckdb

The indexes are measured in SQLite, in which many MDM servers keep their devices.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import duckdb

SIZES: Final = {
    "the event, until it is judged": "SELECT avg(octet_length(body)) FROM event",
    "DeviceState as JSON": "SELECT avg(strlen(state)) FROM device",
    "its key": "SELECT avg(octet_length(spki)) FROM device",
    "the rest of its row": "SELECT avg(strlen(concat_ws('', enrollment_id, platform, serial_number,"
    " provisioning_udid, udid, reported, trust, reason)) + 9) FROM device",
    "a verdict": "SELECT avg(strlen(concat_ws('', enrollment_id, verdict, reason, message,"
    " freshness, serial_number, os_version, sip, secure_boot, policy, violated, lies)) + 64)"
    " FROM verdict",
}
"""What is stored of one device, in bytes, before the database compresses it."""

DUE: Final = """
    SELECT enrollment_id FROM device
    ORDER BY again_at LIMIT 100
"""
COPIED: Final = """
    SELECT enrollment_id, device.serial_number, spki_sha256, CAST(again_at AS TEXT), state
    FROM device LEFT JOIN attested USING (enrollment_id)
"""
TABLE: Final = """
    CREATE TABLE device (
        enrollment_id TEXT PRIMARY KEY, serial_number TEXT, spki_sha256 BLOB,
        again_at TEXT NOT NULL, state TEXT NOT NULL
    )
"""
LOOK_UPS: Final = {
    "again_at": "SELECT enrollment_id FROM device ORDER BY again_at LIMIT 100",
    "spki_sha256": "SELECT enrollment_id FROM device"
    " WHERE spki_sha256 = (SELECT spki_sha256 FROM device WHERE rowid = 50)",
    "serial_number": "SELECT enrollment_id FROM device"
    " WHERE serial_number = (SELECT serial_number FROM device WHERE rowid = 50)",
}
WHEN_DUE: Final = """
    SELECT avg(epoch(again_at) - epoch((SELECT max(run_at) FROM step))) / 86400,
        (SELECT max(due) FROM (SELECT count(*) AS due FROM device GROUP BY CAST(again_at AS DATE)))
    FROM device WHERE trust = 'full'
"""
"""After how many days a trusted device is due, in the mean; and how many on the busiest day."""
REPETITIONS: Final = 20


def best(work: Callable[[], Any]) -> float:
    """The shortest of many repetitions, in milliseconds."""
    times = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times) * 1000


def measure(fleet: duckdb.DuckDBPyConnection, copy: sqlite3.Connection) -> Iterator[str]:
    """The lines to print. `copy` is an empty database."""
    devices = fleet.execute("SELECT count(*) FROM device").fetchall()[0][0]
    scan = best(lambda: fleet.execute(DUE).fetchall())
    yield f"{devices:,} devices; who is due, found in {scan:.2f} ms in DuckDB without an index"
    days, busiest = fleet.execute(WHEN_DUE).fetchall()[0]
    yield f"trusted devices are due after {days:.1f} days in the mean; most on one day: {busiest:,}"
    yield "Of each device, in bytes:"
    for what, query in SIZES.items():
        yield f"  {fleet.execute(query).fetchall()[0][0]:>8,.0f}  {what}"
    copy.execute(TABLE)
    copy.executemany("INSERT INTO device VALUES (?, ?, ?, ?, ?)", fleet.execute(COPIED).fetchall())
    copy.commit()
    yield f"  {size(copy) / devices:>8,.0f}  all of it in SQLite, without an index"
    for name, query in LOOK_UPS.items():
        before, without = size(copy), best(lambda: copy.execute(query).fetchall())  # noqa: B023
        copy.execute(f"CREATE INDEX device_{name} ON device ({name})")
        copy.commit()
        indexed = best(lambda: copy.execute(query).fetchall())  # noqa: B023
        yield (
            f"  {(size(copy) - before) / devices:>8,.0f}  index of {name}:"
            f" a look-up in {indexed:.2f} ms, without it {without:.2f} ms"
        )


def size(database: sqlite3.Connection) -> int:
    """How large the file of a database is, in bytes."""
    ((pages,),) = database.execute("PRAGMA page_count").fetchall()
    ((page,),) = database.execute("PRAGMA page_size").fetchall()
    return int(pages * page)


def main() -> None:
    """Measure one fleet."""
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.storage")
    parser.add_argument("database", type=Path)
    options = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        duckdb.connect(options.database, read_only=True) as fleet,
        closing(sqlite3.connect(Path(folder) / "copy.sqlite")) as copy,
    ):
        for line in measure(fleet, copy):
            print(line)


if __name__ == "__main__":
    main()
