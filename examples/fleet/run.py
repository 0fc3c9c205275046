"""One run: judge the answers that came, ask whoever is due, say what changed.

    python -m examples.fleet.run fleet.duckdb

A run commits in steps. If it is killed, the next one goes on where it was.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from cryptography import x509

from appleattest import TrustStore
from examples.fleet.device import Device, Event, ask, aware, loaded, naive, stored, take_in

SCHEMA: Final = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
STEP: Final = 10_000
"""Events that are judged between two commits: what a run holds in memory."""
SLICE: Final = 250
"""Devices that a worker process takes at once."""


class Judged(NamedTuple):
    """What a worker gives back for its slice: rows of the tables `device` and `verdict`."""

    devices: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]


def judge_slice(rows: list[tuple[Any, ...]], trust: TrustStore, now: datetime) -> Judged:
    """The work of one worker: every device of the slice, with its events in their order."""
    done = Judged([], [])
    for *known, events in rows:
        device = loaded(known)
        for each in events:
            event = Event(each["number"], aware(each["received_at"]), each["body"])
            device, verdict = take_in(device, event, trust)
            if verdict is not None:
                done.verdicts.append(verdict)
        done.devices.append(stored(device, now))
    return done


KNOWN: Final = ", ".join(f"device.{name}" for name in Device._fields)
WITH_EVENTS: Final = f"""
    SELECT {KNOWN}, events FROM device JOIN (
        SELECT enrollment_id, list(struct_pack(number, received_at, body) ORDER BY number) AS events
        FROM event WHERE number > $after AND number <= $upto GROUP BY enrollment_id
    ) USING (enrollment_id)
"""  # noqa: S608 - the names of our own columns
NEXT_STEP: Final = """
    WITH mark AS (SELECT coalesce(max(last_event), 0) AS done FROM step)
    SELECT done, (SELECT max(number) FROM (
        SELECT number FROM event WHERE number > done ORDER BY number LIMIT $step)) FROM mark
"""
DUE: Final = f"SELECT {KNOWN} FROM device WHERE again_at <= $now LIMIT $step"  # noqa: S608


def judge_backlog(
    database: duckdb.DuckDBPyConnection, trust: TrustStore, now: datetime, workers: Executor
) -> int:
    """Judge every event that no run has judged; how many answers that were."""
    answers = 0
    work = partial(judge_slice, trust=trust, now=now)
    while True:
        done, upto = one(database, NEXT_STEP, step=STEP)
        if upto is None:
            return answers
        rows = database.execute(WITH_EVENTS, {"after": done, "upto": upto}).fetchall()
        slices = [rows[start : start + SLICE] for start in range(0, len(rows), SLICE)]
        parts = list(workers.map(work, slices))
        verdicts = [each for part in parts for each in part.verdicts]
        with database.cursor() as writing:
            writing.begin()
            update_devices(writing, [each for part in parts for each in part.devices])
            insert(writing, "verdict", verdicts)
            insert(writing, "step", [{"run_at": naive(now), "last_event": upto}])
            writing.commit()
        answers += len(verdicts)


def ask_who_is_due(database: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """Put a command into the table `command` for each device that is due; how many.

    The state that knows the nonce is committed with it. So send only what stands in the table.
    """
    asked = 0
    while rows := database.execute(DUE, {"now": naive(now), "step": STEP}).fetchall():
        looked_at = [ask(loaded(row), now) for row in rows]
        commands = [command for _, command in looked_at if command is not None]
        database.begin()
        update_devices(database, [stored(device, now) for device, _ in looked_at])
        insert(database, "command", commands)
        database.commit()
        asked += len(commands)
    return asked


def find_changes(database: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Compare today's posture with the one that the last run left, and keep what differs."""
    watched = ("answer", "trust", "os_version", "sip", "secure_boot", "policy", "violated", "lies")
    pairs = ", ".join(f"{{what: '{n}', before: old.{n}, after: new.{n}}}" for n in watched)
    database.begin()
    database.execute(
        f"""
        INSERT INTO change SELECT $now, enrollment_id, found.what, found.before, found.after
        FROM (SELECT enrollment_id, unnest([{pairs}]) AS found
              FROM posture AS new JOIN posture_before AS old USING (enrollment_id))
        WHERE found.before IS DISTINCT FROM found.after
        """,  # noqa: S608 - the names of our own columns
        {"now": naive(now)},
    )
    database.execute("CREATE OR REPLACE TABLE posture_before AS FROM posture")
    database.commit()


def update_devices(database: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    """Write what is known of these devices now."""
    if rows:
        names = [name for name in rows[0] if name != "enrollment_id"]
        changes = ", ".join(f"{name} = new.{name}" for name in names)
        database.register("new", pa.Table.from_pylist(rows))
        database.execute(
            f"UPDATE device SET {changes} FROM new"  # noqa: S608 - our own columns
            " WHERE device.enrollment_id = new.enrollment_id"
        )


def insert(database: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Add rows to a table of ours; Arrow brings ten thousand at once."""
    if rows:
        database.register("new", pa.Table.from_pylist(rows))
        database.execute(f"INSERT INTO {table} BY NAME FROM new")


def one(database: duckdb.DuckDBPyConnection, query: str, **values: Any) -> tuple[Any, ...]:
    """The one row of a query."""
    (row,) = database.execute(query, values).fetchall()
    return row


# --- what an operator reads -----------------------------------------------------------------------

QUESTIONS: Final = {
    "What devices answered": "SELECT answer, count(*) FROM posture GROUP BY ALL",
    "Trust": "SELECT trust, count(*) FROM posture GROUP BY ALL",
    "Policy": "SELECT coalesce(policy, 'nothing attested'), platform, count(*) FROM posture"
    " GROUP BY ALL",
    "Rules that are broken": "SELECT rule, count(*) FROM"
    " (SELECT unnest(string_split(violated, ', ')) AS rule FROM posture) GROUP BY ALL",
    "To look into": "SELECT what, count(*) FROM alert GROUP BY ALL",
    "Changed since the last run": "SELECT what, coalesce(before, '-'), coalesce(after, '-'),"
    " count(*) FROM change WHERE run_at = $now GROUP BY ALL",
    "Asked in this run": "SELECT reason, count(*) FROM command WHERE created_at = $now"
    " GROUP BY ALL",
    "What the schedule says": "SELECT next_reason, count(*) FROM posture GROUP BY ALL",
}
DUE_NEXT: Final = "SELECT strftime(again_at, '%Y-%m-%d'), count(*) FROM device GROUP BY ALL"
DAYS: Final = 10


def report(database: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[str]:
    """The lines of the summary."""
    for title, question in QUESTIONS.items():
        values = {"now": naive(now)} if "$now" in question else {}
        rows = database.execute(question, values).fetchall()
        rows.sort(key=lambda row: (-row[-1], row))
        yield f"{title}:" if rows else f"{title}: nothing"
        yield from (f"  {count:>8,}  {', '.join(names)}" for *names, count in rows)
    yield "Due next:"
    days = database.execute(f"{DUE_NEXT} ORDER BY ALL LIMIT {DAYS}").fetchall()
    yield from (f"  {count:>8,}  {day}" for day, count in days)


def run(
    database: duckdb.DuckDBPyConnection, *, trust: TrustStore, now: datetime, workers: Executor
) -> Iterator[str]:
    """Bring everything up to this time; the lines for the operator."""
    database.execute(SCHEMA)
    start = perf_counter()
    answers = judge_backlog(database, trust, now, workers)
    judged = perf_counter() - start
    ask_who_is_due(database, now)
    find_changes(database, now)
    rate = answers / judged
    yield f"{answers:,} answers judged in {judged:.1f} s: {rate:,.0f} a second"
    yield f"asked, compared and written in {perf_counter() - start - judged:.1f} s more"
    yield from report(database, now)


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.run")
    parser.add_argument("database", type=Path)
    parser.add_argument("--root", type=Path, metavar="PEM", help="instead of Apple's root")
    parser.add_argument("--at", type=datetime.fromisoformat, default=datetime.now(UTC))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    trust = TrustStore.apple()
    if options.root is not None:
        trust = TrustStore([x509.load_pem_x509_certificate(options.root.read_bytes())])
    with (
        duckdb.connect(options.database) as database,
        ProcessPoolExecutor(options.workers, get_context("spawn")) as workers,
    ):
        for line in run(database, trust=trust, now=options.at, workers=workers):
            print(line)
    spent = os.times()  # what the workers spent is known once they have ended
    print(f"processor: {spent.user:.1f} s here, {spent.children_user:.1f} s in the workers")


if __name__ == "__main__":
    main()
