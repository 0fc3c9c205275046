"""One run: judge the answers that came, ask whoever is due, say what changed.

    python -m examples.fleet.run fleet.duckdb

A run commits in steps. If it is killed, the next one goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import uuid4

import duckdb
import pyarrow as pa
from cryptography import x509

from appleattest import AttestationError, Freshness, TrustStore, batch, mdm, policy

SCHEMA: Final = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
STEP: Final = 10_000
"""Events that are judged between two commits: what a run holds in memory."""
SLICE: Final = 250
"""Devices that a worker process takes at once."""

# --- what is asked of a device --------------------------------------------------------------------

SCHEDULE: Final = mdm.AttestationSchedule(maximum_age=timedelta(days=30), random_share=0.01)
_EVERY_DEVICE: Final = (
    policy.NoDiscrepancies(but_for_age=True),
    policy.FreshnessIs(Freshness.CURRENT, Freshness.EARLIER),
    policy.MaximumAge(timedelta(days=31)),
)
RULES: Final = {
    "macos": policy.Policy(
        policy.MinimumOSVersion("15.5"), policy.SIPEnabled(), policy.FullSecurity(), *_EVERY_DEVICE
    ),
    "ios": policy.Policy(policy.MinimumOSVersion("18.5"), *_EVERY_DEVICE),
}
"""By the platform in the inventory: Apple attests none."""

# --- one device -----------------------------------------------------------------------------------


class Event(NamedTuple):
    """One event of the webhook."""

    number: int
    received_at: datetime
    body: bytes


class Device(NamedTuple):
    """What is known of one enrolment: the row of the table `device`."""

    enrollment_id: str
    platform: str
    user_enrolled: bool
    serial_number: str | None
    provisioning_udid: str | None
    udid: str | None
    spki: bytes | None
    state: mdm.DeviceState
    reported: dict[str, str]


@lru_cache
def settings(trust: TrustStore, platform: str, unchecked: bool, any_device: bool) -> batch.Settings:
    """What an answer is judged by."""
    return batch.Settings(
        trust=trust, policy=RULES[platform], unchecked=unchecked, any_device=any_device
    )


def take_in(
    device: Device, event: Event, trust: TrustStore
) -> tuple[Device, dict[str, Any] | None]:
    """The device after one of its events, and the verdict, if the event answers us.

    It does not where it answers a command of another service, or one that was answered before.
    Whatever stands in an event, nothing is raised.
    """
    try:
        said = mdm.WebhookEvent.parse(event.body)
    except AttestationError:  # no MDM server makes such an event
        return device, None
    if said.queue_id != device.enrollment_id:
        return device, None
    answers = {} if said.response is None else said.response.query_responses
    device = device._replace(reported={**device.reported, **SCHEDULE.watch(answers)})
    request = device.state.request(said.command_uuid)
    busy = said.response is not None and said.response.status == mdm.CommandStatus.NOT_NOW
    if request is None or busy:
        return device, None
    judged = judge(device, request, event, trust)
    return after(device, judged, request, event, answers), columns(judged, request, event)


def judge(
    device: Device, request: mdm.SentRequest, event: Event, trust: TrustStore
) -> batch.JudgedRow:
    """Whether it is genuine, this device's, and made for a nonce that this device was sent.

    A nonce is left unchecked only where none was sent. Who it is stays open only for the first
    answer of a user enrolment: its key is not known yet, and Apple attests no identifier.
    """
    expected = device.state.expected(request.command_uuid)
    assert expected is not None
    row = batch.Row(
        id=device.enrollment_id,
        carrier="mdm",
        attestation=event.body,
        nonce=request.nonce,
        previous_nonces=[batch.PreviousNonce(*each) for each in expected.previous_nonces.items()],
        serial_number=device.serial_number,
        provisioning_udid=device.provisioning_udid,
        udid=device.udid,
        spki=device.spki,
        at=event.received_at,
    )
    first = device.user_enrolled and device.spki is None
    return batch.judge_row(row, settings(trust, device.platform, request.nonce is None, first))


def after(
    device: Device,
    judged: batch.JudgedRow,
    request: mdm.SentRequest,
    event: Event,
    answers: Mapping[str, Any],
) -> Device:
    """The device after its answer. Only the answer to a nonce proves a key to be the enrolment's.

    Where our own row was wrong, the device is not to blame, and the command stays pending.
    """
    uuid, at = request.command_uuid, event.received_at
    if judged.error is not None:
        state = SCHEDULE.failed(device.state, judged.error, command_uuid=uuid, at=at)
        return device._replace(state=state)
    if judged.attestation is None:
        return device
    seen, chance = judged.attestation, random.random()
    state = SCHEDULE.attested(
        device.state, seen, command_uuid=uuid, at=at, reported=answers, randomness=chance
    )
    proven = seen.freshness in (Freshness.CURRENT, Freshness.EARLIER)
    return device._replace(state=state, spki=seen.spki if proven else device.spki)


def columns(judged: batch.JudgedRow, request: mdm.SentRequest, event: Event) -> dict[str, Any]:
    """The row of the table `verdict`. What a device says of itself is escaped."""
    verdict = judged.verdict
    current = verdict.freshness == Freshness.CURRENT.value
    lies = [each for each in verdict.discrepancies or () if not each["explained_by_age"]]
    good = (policy.Verdict.SATISFIED.value, policy.Verdict.NOT_APPLICABLE.value)
    broken = [each["rule"] for each in verdict.policy_findings or () if each["verdict"] not in good]
    names = ("verdict", "reason", "message", "freshness", "serial_number", "os_version", "sip")
    return {
        "event": event.number,
        "enrollment_id": verdict.id,
        "received_at": naive(event.received_at),
        "made_after": naive(request.sent_at if current else verdict.requested_at),
        **{name: getattr(verdict, name) for name in (*names, "secure_boot", "spki_sha256")},
        "not_after": naive(verdict.not_after),
        "policy": verdict.policy,
        "violated": ", ".join(broken) or None,
        "lies": "; ".join(f"{e['kind']} is {e['attested']}, not {e['said']!a}" for e in lies)
        or None,
    }


def ask(device: Device, now: datetime) -> tuple[Device, dict[str, Any] | None]:
    """The device as if it had been asked, and the command, if it is time to ask it."""
    device = device._replace(state=SCHEDULE.given_up(device.state, at=now))
    decision = SCHEDULE.decide(device.state, at=now, reported=device.reported)
    if not decision.ask:
        return device, None
    uuid, nonce = str(uuid4()), decision.nonce()
    asked = device.state.asked(command_uuid=uuid, nonce=nonce, at=now)
    return device._replace(state=asked), {
        "command_uuid": uuid,
        "enrollment_id": device.enrollment_id,
        "reason": decision.reason.value,
        "created_at": naive(now),
        "body": mdm.device_information_command(command_uuid=uuid, nonce=nonce),
    }


def stored(device: Device, now: datetime) -> dict[str, Any]:
    """What the table `device` keeps of it: also how far it is trusted, and when to look again.

    That is when the schedule says, or when age lowers its trust, whichever is first.
    """
    decision = SCHEDULE.decide(device.state, at=now, reported=device.reported)
    again_at = decision.again_at or now
    if device.state.as_of is not None:
        second = timedelta(seconds=1)
        steps = (now - device.state.as_of - second) // SCHEDULE.maximum_age + 1
        lower_at = device.state.as_of + max(steps, 1) * SCHEDULE.maximum_age + second
        again_at = min(again_at, lower_at)
    return {
        "enrollment_id": device.enrollment_id,
        "spki": device.spki,
        "state": json.dumps(device.state.to_dict()),
        "reported": json.dumps(device.reported),
        "trust": SCHEDULE.trust(device.state, at=now).name.lower(),
        "reason": (decision.wanted or decision.reason).value,
        "again_at": naive(again_at),
    }


# --- the fleet: rows out of the database, through the workers, and back ---------------------------


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


def loaded(row: Iterable[Any]) -> Device:
    """The device of a row of the table."""
    known = dict(zip(Device._fields, row, strict=True))
    state = mdm.DeviceState.from_dict(json.loads(known.pop("state")))
    return Device(**known, state=state)._replace(reported=json.loads(known["reported"]))


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


def naive(time: datetime | None) -> datetime | None:
    """The time for a column TIMESTAMP, which has no zone: all of ours are in UTC."""
    return None if time is None else time.astimezone(UTC).replace(tzinfo=None)


def aware(time: datetime) -> datetime:
    """The time of a column TIMESTAMP."""
    return time.replace(tzinfo=UTC)


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


if __name__ == "__main__":
    main()
