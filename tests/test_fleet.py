"""The fleet of examples/fleet: who lied, who is due, what changed on the second day."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("duckdb", reason="needs duckdb, of the dependency group 'examples'")
pytest.importorskip("pyarrow", reason="needs pyarrow: install appleattest[batch]")

import duckdb

from appleattest import TrustStore, mdm
from appleattest.testing import AttestationAuthority, carriers
from examples.fleet import device as one_device
from examples.fleet import run as fleet
from examples.fleet import storage
from examples.fleet.simulate import (
    DAY,
    FIRST_DAY,
    HOUR,
    SECOND_DAY,
    Kind,
    Simulated,
    answer,
    authority,
    chain,
    enrol,
    event,
)

ROOT: Final = Path(__file__).resolve().parents[1]
COUNT: Final = 200
FLEET: Final = [Simulated(number) for number in range(COUNT)]
EACH: Final = {kind: sum(device.kind is kind for device in FLEET) for kind in Kind}
ANSWERED: Final = FIRST_DAY - HOUR
ASKED: Final = FIRST_DAY - 2 * HOUR

Database = duckdb.DuckDBPyConnection


def names(*kinds: Kind) -> set[str]:
    """The enrolments of the devices of these kinds."""
    return {device.enrollment_id for device in FLEET if device.kind in kinds}


def rows(database: Database, query: str, **values: Any) -> list[tuple[Any, ...]]:
    return database.execute(query, values or None).fetchall()


def column(database: Database, query: str, **values: Any) -> set[Any]:
    return {value for (value,) in rows(database, query, **values)}


def run(
    database: Database,
    now: datetime,
    workers: Executor,
    trust: TrustStore | None = None,
) -> list[str]:
    trust = authority().trust if trust is None else trust
    return list(fleet.run(database, trust=trust, now=now, workers=workers))


@pytest.fixture(scope="module")
def workers() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def answered(workers: Executor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet whose devices have answered on the first day, and none of it is judged."""
    path = tmp_path_factory.mktemp("fleet") / "answered.duckdb"
    with duckdb.connect(path) as database:
        enrol(database, COUNT)
        answer(database, ANSWERED, workers)
    return path


@pytest.fixture
def fresh(answered: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it, for a test of its own."""
    path = tmp_path / "fleet.duckdb"
    path.write_bytes(answered.read_bytes())
    with duckdb.connect(path) as database:
        yield database


@pytest.fixture(scope="module")
def first_day(answered: Path, workers: Executor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fleet") / "first.duckdb"
    path.write_bytes(answered.read_bytes())
    with duckdb.connect(path) as database:
        run(database, FIRST_DAY, workers)
    return path


@pytest.fixture(scope="module")
def first(first_day: Path) -> Iterator[Database]:
    """The fleet after the run of the first day; only to be read."""
    with duckdb.connect(first_day, read_only=True) as database:
        yield database


@pytest.fixture(scope="module")
def second(
    first_day: Path, workers: Executor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The fleet after the run of the second day."""
    path = tmp_path_factory.mktemp("fleet") / "second.duckdb"
    path.write_bytes(first_day.read_bytes())
    with duckdb.connect(path) as database:
        answer(database, SECOND_DAY, workers)
        run(database, FIRST_DAY + DAY, workers)
        yield database


# --- the first day --------------------------------------------------------------------------------

POSTURE: Final = {
    Kind.HONEST: ("verified", "full", "current", "passed", None),
    Kind.CACHED: ("verified", "full", "earlier", "passed", None),
    Kind.USER: ("verified", "full", "current", "passed", None),
    Kind.UPDATES: ("verified", "full", "current", "passed", None),
    Kind.LATE: ("never-answered", "none", None, None, None),
    Kind.SILENT: ("never-answered", "none", None, None, None),
    Kind.DECLINES: ("no-attestation", "none", None, None, None),
    Kind.UNSAFE: ("verified", "full", "current", "violated", "sip-enabled"),
    Kind.LIES: ("verified", "full", "current", "violated", "no-discrepancies"),
    Kind.REPLAYS: ("freshness-mismatch", "none", None, None, None),
    Kind.FORGES: ("bad-signature", "none", None, None, None),
    Kind.RELAYS: ("identifier-mismatch", "none", None, None, None),
    Kind.BORROWS: ("verified", "none", "current", "passed", None),
}


def lent(device: Simulated) -> bool:
    """Whether it is one whose key a second enrolment attests."""
    return device in [each.other for each in FLEET if each.kind is Kind.BORROWS]


@pytest.mark.parametrize("kind", Kind)
def test_the_posture_of_each_kind_of_device(first: Database, kind: Kind) -> None:
    query = "SELECT enrollment_id, answer, trust, freshness, policy, violated FROM posture"
    found = {name: posture for name, *posture in rows(first, query)}
    assert len(found) == COUNT
    devices = [device for device in FLEET if device.kind is kind and not lent(device)]
    assert devices
    assert {tuple(found[device.enrollment_id]) for device in devices} == {POSTURE[kind]}


def test_a_device_whose_key_another_one_attests_is_not_trusted_either(first: Database) -> None:
    lenders = {device.enrollment_id for device in FLEET if lent(device)}
    assert len(lenders) == EACH[Kind.BORROWS] > 0
    query = "SELECT enrollment_id, trust FROM posture"
    trusted = {name for name, trust in rows(first, query) if trust == "full"}
    full = {kind for kind, posture in POSTURE.items() if posture[1] == "full"}
    assert trusted == names(*full) - lenders
    assert column(
        first, "SELECT enrollment_id FROM alert WHERE what LIKE 'shares its key%'"
    ) == lenders | names(Kind.BORROWS)


def test_the_alerts_name_who_lied_forged_and_relayed(first: Database) -> None:
    found: dict[str, set[str]] = {}
    for name, what in rows(first, "SELECT enrollment_id, what FROM alert"):
        found.setdefault(what, set()).add(name)
    del found["shares its key with another enrolment"]
    assert found == {
        "lies about itself": names(Kind.LIES),
        "sent a forged attestation": names(Kind.FORGES),
        "sent another device's attestation": names(Kind.RELAYS),
    }


def test_what_a_lying_device_said_stands_beside_what_is_attested(first: Database) -> None:
    assert column(first, "SELECT lies FROM posture WHERE lies IS NOT NULL") == {
        "OSVersion is 18.5, not '26.0'"
    }


def test_nothing_attested_stands_in_a_refused_row(first: Database) -> None:
    columns = "serial_number, os_version, sip, secure_boot, spki_sha256, not_after, policy"
    query = f"SELECT DISTINCT {columns} FROM verdict WHERE verdict"  # noqa: S608
    assert rows(first, f"{query} <> 'verified'") == [(None,) * 7]
    assert (None,) * 7 not in rows(first, f"{query} = 'verified'")


def test_a_user_enrolment_is_known_by_the_key_of_its_first_answer(first: Database) -> None:
    for name, serial, spki, digest in rows(
        first,
        "SELECT enrollment_id, device.serial_number, spki, unhex(sha256(spki)) = spki_sha256"
        " FROM device JOIN attested USING (enrollment_id)",
    ):
        assert spki is not None
        assert digest
        assert (serial is None) is (name in names(Kind.USER, Kind.BORROWS))
    keys = column(first, "SELECT enrollment_id FROM device WHERE spki IS NOT NULL")
    assert keys == {n for kind, p in POSTURE.items() if p[0] == "verified" for n in names(kind)}


def test_a_cached_attestation_counts_from_when_its_nonce_was_sent(first: Database) -> None:
    made = dict(rows(first, "SELECT enrollment_id, made_after FROM posture"))
    assert {made[name] for name in names(Kind.CACHED)} == {one_device.naive(FIRST_DAY - 3 * DAY)}
    assert {made[name] for name in names(Kind.HONEST)} == {one_device.naive(ASKED)}


def due(database: Database, kind: Kind) -> list[datetime]:
    found = dict(rows(database, "SELECT enrollment_id, again_at FROM device"))
    return [one_device.aware(found[name]) for name in sorted(names(kind))]


@pytest.mark.parametrize(
    ("kind", "again_at"),
    [
        (Kind.FORGES, ANSWERED + DAY),
        (Kind.RELAYS, ANSWERED + DAY),
        (Kind.DECLINES, ANSWERED + DAY),
        (Kind.REPLAYS, ANSWERED + 7 * DAY),
        (Kind.SILENT, ASKED + 14 * DAY + timedelta(seconds=1)),
    ],
)
def test_when_a_device_that_is_not_believed_is_looked_at_again(
    first: Database, kind: Kind, again_at: datetime
) -> None:
    assert set(due(first, kind)) == {again_at}


def test_no_device_comes_due_within_its_seven_days_or_after_its_age(first: Database) -> None:
    times = due(first, Kind.HONEST)
    assert all(ANSWERED + 7 * DAY <= each <= ASKED + 27 * DAY for each in times)
    assert len(set(times)) > len(times) * 0.9


def test_the_first_run_asks_nobody_and_finds_no_change(first: Database) -> None:
    created = column(first, "SELECT created_at FROM command")
    assert one_device.naive(FIRST_DAY) not in created
    assert rows(first, "SELECT * FROM change") == []
    assert rows(first, "SELECT count(*) FROM posture_before") == [(COUNT,)]


# --- the second day -------------------------------------------------------------------------------


def test_what_changed_on_the_second_day_is_who_answered_late(second: Database) -> None:
    changes = rows(
        second,
        "SELECT what, before, after, count(*) FROM change WHERE run_at = $now GROUP BY ALL",
        now=one_device.naive(FIRST_DAY + DAY),
    )
    late, macs = EACH[Kind.LATE], sum(d.is_mac for d in FLEET if d.kind is Kind.LATE)
    assert 0 < macs < late
    assert sorted(changes) == [
        ("answer", "never-answered", "verified", late),
        ("os_version", None, "15.5", macs),
        ("os_version", None, "18.5", late - macs),
        ("policy", None, "passed", late),
        ("secure_boot", None, "full", macs),
        ("sip", None, "enabled", macs),
        ("trust", "none", "full", late),
    ]
    assert column(second, "SELECT DISTINCT enrollment_id FROM change") == names(Kind.LATE)


def test_who_was_not_believed_is_asked_again_on_the_second_day(second: Database) -> None:
    asked = rows(
        second,
        "SELECT enrollment_id, command.reason, body, state"
        " FROM command JOIN device USING (enrollment_id) WHERE created_at = $now",
        now=one_device.naive(FIRST_DAY + DAY),
    )
    assert {name for name, *_ in asked} == names(Kind.FORGES, Kind.RELAYS, Kind.DECLINES)
    for name, reason, body, stored in asked:
        (request,) = mdm.DeviceState.from_dict(json.loads(stored)).pending
        assert request.command_uuid.encode() in body
        assert (request.nonce is None) is (reason == "recover")
        assert (reason == "recover") is (name not in names(Kind.DECLINES))


def test_who_has_updated_is_asked_as_soon_as_it_can_attest_again(second: Database) -> None:
    query = "SELECT enrollment_id FROM posture WHERE next_reason = 'os-changed'"
    assert column(second, query) == names(Kind.UPDATES)
    assert set(due(second, Kind.UPDATES)) == {ANSWERED + 7 * DAY}


def test_the_report_counts_what_was_found(fresh: Database, workers: Executor) -> None:
    lines = run(fresh, FIRST_DAY, workers)
    silent = EACH[Kind.SILENT] + EACH[Kind.LATE]
    assert lines[0].startswith(f"{COUNT - silent} answers judged in ")
    assert f"  {silent:>8,}  never-answered" in lines
    assert f"  {EACH[Kind.LIES]:>8,}  lies about itself" in lines
    assert f"  {EACH[Kind.UNSAFE]:>8,}  sip-enabled" in lines
    assert "Asked in this run: nothing" in lines
    assert (
        f"  {sum(EACH[k] for k in (Kind.FORGES, Kind.RELAYS, Kind.DECLINES)):>8,}  2025-07-02"
        in (lines)
    )


def test_events_that_are_judged_may_be_deleted(fresh: Database, workers: Executor) -> None:
    run(fresh, FIRST_DAY, workers)
    fresh.execute("DELETE FROM event")
    answer(fresh, SECOND_DAY, workers)
    lines = run(fresh, FIRST_DAY + DAY, workers)
    assert lines[0].startswith(f"{EACH[Kind.LATE]} answers judged in ")


def test_the_queries_of_the_readme_run(second: Database) -> None:
    readme = (ROOT / "examples" / "fleet" / "README.md").read_text(encoding="utf-8")
    queries = readme.partition("```sql\n")[2].partition("```")[0].split(";\n")[:-1]
    not_good, alerts, due_next, changed = (rows(second, query) for query in queries)
    assert len(not_good) == COUNT - len(
        rows(second, "FROM posture WHERE trust = 'full' AND policy = 'passed'")
    )
    assert (
        len(alerts)
        == sum(EACH[k] for k in (Kind.LIES, Kind.FORGES, Kind.RELAYS)) + 2 * (EACH[Kind.BORROWS])
    )
    assert len(due_next) == 20
    assert {change[1] for change in changed} == names(Kind.LATE)


def test_the_storage_of_a_fleet_is_measured(
    second: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "REPETITIONS", 1)
    with closing(sqlite3.connect(":memory:")) as copy:
        first_line, due, _, *lines = storage.measure(second, copy)
        found = copy.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'")
        indexes = {name.removeprefix("device_") for (name,) in found}
    assert first_line.startswith(f"{COUNT} devices; who is due, found in ")
    days, most = re.findall(r"after ([\d.]+) days in the mean; most on one day: ([\d,]+)", due)[0]
    assert 7 < float(days) <= 27
    days_of = rows(second, "SELECT count(*) FROM device GROUP BY CAST(again_at AS DATE)")
    assert (int(most),) == max(days_of)
    figures = {line.split("  ")[-1]: int(line.split()[0].replace(",", "")) for line in lines}
    assert 3000 < figures["the event, until it is judged"] < 5000
    assert 300 < figures["DeviceState as JSON"] < 500
    assert figures["its key"] == 120
    assert indexes == {"again_at", "spki_sha256", "serial_number"}


# --- what a run may rely on -----------------------------------------------------------------------


def test_a_second_run_judges_nothing_twice(fresh: Database, workers: Executor) -> None:
    run(fresh, FIRST_DAY, workers)
    before = rows(fresh, "SELECT * FROM verdict ORDER BY event")
    devices = rows(fresh, "SELECT * FROM device ORDER BY enrollment_id")
    lines = run(fresh, FIRST_DAY, workers)
    assert lines[0].startswith("0 answers judged")
    assert rows(fresh, "SELECT * FROM verdict ORDER BY event") == before
    assert rows(fresh, "SELECT * FROM device ORDER BY enrollment_id") == devices
    assert rows(fresh, "SELECT * FROM change") == []


DIES: Final = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
import duckdb
from examples.fleet import run as fleet
from examples.fleet.simulate import FIRST_DAY, authority

steps, insert = [], fleet.insert

def dies_in_the_second_step(database, table, rows):
    steps.extend(rows if table == "step" else ())
    if len(steps) == 2:
        os._exit(9)
    insert(database, table, rows)

fleet.STEP, fleet.insert = 60, dies_in_the_second_step
with ThreadPoolExecutor(1) as workers, duckdb.connect(sys.argv[1]) as database:
    list(fleet.run(database, trust=authority().trust, now=FIRST_DAY, workers=workers))
"""


def test_a_run_that_died_while_it_wrote_goes_on_where_it_was(
    answered: Path, tmp_path: Path, workers: Executor, first: Database
) -> None:
    path = tmp_path / "fleet.duckdb"
    path.write_bytes(answered.read_bytes())
    died = subprocess.run([sys.executable, "-c", DIES, str(path)], cwd=ROOT, check=False)
    assert died.returncode == 9
    with duckdb.connect(path) as database:
        assert rows(database, "SELECT count(*), max(event) FROM verdict") == [(60, 60)]
        pending = "SELECT count(*) FROM device WHERE reason = 'pending'"
        assert rows(database, pending) == [(COUNT - 60,)]
        run(database, FIRST_DAY, workers)
        query = "SELECT event, enrollment_id, verdict, reason FROM verdict ORDER BY event"
        assert rows(database, query) == rows(first, query)


def verdict(event: int, made_after: datetime, os_version: str) -> dict[str, Any]:
    return {
        "event": event,
        "enrollment_id": FLEET[40].enrollment_id,
        "received_at": one_device.naive(FIRST_DAY),
        "made_after": one_device.naive(made_after),
        "verdict": "verified",
        "freshness": "earlier",
        "os_version": os_version,
    }


@pytest.mark.parametrize(("newer", "shown"), [(FIRST_DAY, "15.6"), (ASKED - 9 * DAY, "15.5")])
def test_an_old_attestation_that_comes_late_replaces_no_newer_one(
    fresh: Database, newer: datetime, shown: str
) -> None:
    made = [verdict(1, newer, "15.6"), verdict(2, ASKED - 8 * DAY, "15.5")]
    fleet.insert(fresh, "verdict", made)
    name = FLEET[40].enrollment_id
    query = "SELECT os_version FROM posture WHERE enrollment_id = $name"
    assert rows(fresh, query, name=name) == [(shown,)]


def test_an_attestation_that_answers_no_nonce_is_no_posture(fresh: Database) -> None:
    made = [verdict(1, ASKED, "15.5"), verdict(2, FIRST_DAY, "15.6") | {"freshness": "unchecked"}]
    fleet.insert(fresh, "verdict", made)
    name = FLEET[40].enrollment_id
    query = "SELECT os_version FROM posture WHERE enrollment_id = $name"
    assert rows(fresh, query, name=name) == [("15.5",)]


def test_trust_falls_with_age_though_nobody_answers(fresh: Database, workers: Executor) -> None:
    run(fresh, FIRST_DAY, workers)
    run(fresh, ASKED + 30 * DAY, workers)
    query = "SELECT enrollment_id, trust FROM device"
    assert {dict(rows(fresh, query))[name] for name in names(Kind.HONEST)} == {"full"}
    run(fresh, ASKED + 30 * DAY + timedelta(seconds=1), workers)
    assert {dict(rows(fresh, query))[name] for name in names(Kind.HONEST)} == {"reduced"}


# --- one device -----------------------------------------------------------------------------------

MAC: Final = Simulated(40)
PHONE_OF_A_USER: Final = Simulated(11)


def asked(device: Simulated) -> one_device.Device:
    known, _ = one_device.ask(device.enrolled, ASKED)
    return known


def answer_of(
    device: Simulated, known: one_device.Device, *, attested: Simulated | None = None
) -> one_device.Event:
    """The answer of a device to the one command that is pending."""
    (request,) = known.state.pending
    made = chain(attested or device, known.state, request, ANSWERED)
    return one_device.Event(1, ANSWERED, event(device, ANSWERED, request.command_uuid, made))


def take_in(
    known: one_device.Device, came: one_device.Event
) -> tuple[one_device.Device, dict[str, Any] | None]:
    return one_device.take_in(known, came, authority().trust)


def test_an_answer_is_taken_in_once() -> None:
    known = asked(MAC)
    came = answer_of(MAC, known)
    after, row = take_in(known, came)
    assert row is not None
    assert row["verdict"] == "verified"
    assert after.state.pending == ()
    again, none = take_in(after, came)
    assert none is None
    assert again == after


@pytest.mark.parametrize("body", [b"no event", b"{}", b""])
def test_what_no_server_sends_changes_nothing(body: bytes) -> None:
    known = asked(MAC)
    assert take_in(known, one_device.Event(1, ANSWERED, body)) == (known, None)


def test_an_event_of_another_enrolment_changes_nothing() -> None:
    known, other = asked(MAC), Simulated(42)
    (request,) = known.state.pending
    made = chain(MAC, known.state, request, ANSWERED)
    body = event(other, ANSWERED, request.command_uuid, made)
    assert take_in(known, one_device.Event(1, ANSWERED, body)) == (known, None)
    assert take_in(known, answer_of(MAC, known))[1] is not None


def test_an_answer_that_cannot_be_read_is_a_failure_and_ends_the_waiting() -> None:
    known = asked(MAC)
    (request,) = known.state.pending
    body = carriers.webhook_event(
        b"<plist>", udid=MAC.enrollment_id, command_uuid=request.command_uuid
    )
    after, row = take_in(known, one_device.Event(1, ANSWERED, body))
    assert row is not None
    assert (row["verdict"], row["reason"]) == ("refused", "malformed-plist")
    assert after.state.pending == ()
    assert after.state.failures == 1


def test_a_busy_device_has_not_answered() -> None:
    known = asked(MAC)
    (request,) = known.state.pending
    busy = carriers.response_plist(
        None, command_uuid=request.command_uuid, status="NotNow", udid=MAC.enrollment_id
    )
    body = carriers.webhook_event(busy)
    assert take_in(known, one_device.Event(1, ANSWERED, body)) == (known, None)


def test_where_our_own_row_is_wrong_the_device_is_not_to_blame(
    fresh: Database, workers: Executor
) -> None:
    known = asked(MAC)._replace(serial_number=None, provisioning_udid=None)
    after, row = take_in(known, answer_of(MAC, known))
    assert row is not None
    assert row["verdict"] == "invalid"
    assert row["message"].startswith("serial_number, provisioning_udid, udid or spki is null")
    assert after.state == known.state
    fresh.execute(
        "UPDATE device SET serial_number = NULL, provisioning_udid = NULL"
        " WHERE enrollment_id = $name",
        {"name": MAC.enrollment_id},
    )
    run(fresh, FIRST_DAY, workers)
    query = "SELECT enrollment_id FROM alert WHERE what = 'our own table is wrong'"
    assert column(fresh, query) == {MAC.enrollment_id}


def test_a_user_enrolment_keeps_its_key() -> None:
    first = asked(PHONE_OF_A_USER)
    known, _ = take_in(first, answer_of(PHONE_OF_A_USER, first))
    assert known.spki is not None
    again, _ = one_device.ask(known, ASKED + 27 * DAY)
    other = Simulated(13)
    refused, row = take_in(again, answer_of(PHONE_OF_A_USER, again, attested=other))
    assert row is not None
    assert (row["verdict"], row["reason"]) == ("refused", "key-mismatch")
    assert refused.spki == known.spki
    assert refused.state.distrusted
    _, row = take_in(again, answer_of(PHONE_OF_A_USER, again))
    assert row is not None
    assert row["verdict"] == "verified"


def test_an_unchecked_answer_proves_no_key() -> None:
    known = asked(MAC)
    (request,) = known.state.pending
    lost = one_device.SCHEDULE.answer_lost(
        known.state, command_uuid=request.command_uuid, at=ANSWERED
    )
    cached, command = one_device.ask(known._replace(state=lost), ANSWERED)
    assert command is not None
    assert command["reason"] == "recover"
    stranger = AttestationAuthority("fleet").attest(
        properties=MAC.model(ANSWERED).properties(), freshness_code=b"unknown", at=ANSWERED
    )
    body = event(MAC, ANSWERED, command["command_uuid"], stranger)
    after, row = take_in(cached, one_device.Event(1, ANSWERED, body))
    assert row is not None
    assert (row["verdict"], row["freshness"], row["policy"]) == (
        "verified",
        "unchecked",
        "violated",
    )
    assert after.spki is None
    genuine, row = take_in(cached, answer_of(MAC, cached))
    assert row is not None
    assert (row["freshness"], row["policy"]) == ("earlier", "passed")
    assert genuine.spki is not None


# --- the scripts ----------------------------------------------------------------------------------


def test_the_two_scripts_run_as_they_are_shown(tmp_path: Path) -> None:
    database = tmp_path / "fleet.duckdb"

    def script(name: str, *arguments: str) -> str:
        command = [sys.executable, "-m", f"examples.fleet.{name}", str(database), *arguments]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        assert done.stderr == ""
        return done.stdout

    at = ("--at", "2025-07-01T12:00:00Z", "--workers", "1")
    assert script("simulate", "--devices", "100", *at) == "95 events\n"
    out = script("run", "--root", str(database.with_suffix(".pem")), *at)
    assert out.startswith("95 answers judged in ")
    assert "         1  sent a forged attestation\n" in out


def test_times_of_the_database_are_in_utc() -> None:
    noon = datetime(2025, 7, 1, 14, tzinfo=UTC).astimezone()
    assert one_device.naive(noon) == datetime(2025, 7, 1, 14)  # noqa: DTZ001
    assert one_device.naive(None) is None
    assert one_device.aware(datetime(2025, 7, 1, 14)) == noon  # noqa: DTZ001
