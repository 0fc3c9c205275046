"""Simulate a fleet: enrol devices, or let them answer what they were asked.

    python -m examples.fleet.simulate fleet.duckdb --devices 100000   # the first day
    python -m examples.fleet.simulate fleet.duckdb --at 2025-07-02T12:00:00Z   # another one

No key here is secret. Beside the database, `fleet.pem` becomes the root of the simulated authority.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import mdm
from appleattest.testing import AttestationAuthority, DeviceModel, carriers
from examples.fleet.device import SCHEDULE, Device, ask, naive, stored
from examples.fleet.run import SCHEMA, SLICE, STEP, insert, one

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
FIRST_DAY: Final = datetime(2025, 7, 1, 12, tzinfo=UTC)
SECOND_DAY: Final = FIRST_DAY + DAY - HOUR
"""When the devices answer that day: an hour before the run."""


class Kind(StrEnum):
    """What a simulated device does."""

    HONEST = "honest"
    CACHED = "cached"
    """Its last answer was lost. Asked for it again, it returns the attestation that it has."""
    USER = "user"
    """Enrolled by its user: Apple attests neither serial number nor UDID."""
    UPDATES = "updates"
    """Tells on the second day that it runs a newer system now."""
    LATE = "late"
    """Is switched off on the first day."""
    SILENT = "silent"
    """Never answers."""
    DECLINES = "declines"
    """Answers without an attestation."""
    UNSAFE = "unsafe"
    """A Mac without System Integrity Protection."""
    LIES = "lies"
    """Says that its system is newer than Apple attests."""
    REPLAYS = "replays"
    """Sends an attestation that was made for another server."""
    FORGES = "forges"
    """Sends a chain of an authority of its own."""
    RELAYS = "relays"
    """Has another device of the fleet answer."""
    BORROWS = "borrows"
    """The same under user enrolment, where nothing but the key shows it."""


SHARES: Final = {
    Kind.CACHED: 10,
    Kind.USER: 10,
    Kind.UPDATES: 5,
    Kind.LATE: 3,
    Kind.SILENT: 2,
    Kind.DECLINES: 1,
    Kind.UNSAFE: 2,
    Kind.LIES: 1,
    Kind.REPLAYS: 1,
    Kind.FORGES: 1,
    Kind.RELAYS: 1,
    Kind.BORROWS: 1,
}
"""Of 100 devices; the rest is honest."""
_KINDS: Final = [kind for kind, share in SHARES.items() for _ in range(share)]


class Simulated(NamedTuple):
    """One device of the fleet, which its number tells all about."""

    number: int

    @property
    def kind(self) -> Kind:
        """What it does."""
        place = self.number % 100
        return _KINDS[place] if place < len(_KINDS) else Kind.HONEST

    @property
    def user_enrolled(self) -> bool:
        """Whether its user has enrolled it."""
        return self.kind in (Kind.USER, Kind.BORROWS)

    @property
    def is_mac(self) -> bool:
        """Whether it is a Mac, as every second device is, and no iPhone."""
        return self.number % 2 == 0 or self.kind is Kind.UNSAFE

    @property
    def enrollment_id(self) -> str:
        """What the MDM server calls it."""
        if self.user_enrolled:
            return f"00000000-0000-4000-8002-{self.number:012X}"
        return self.model(FIRST_DAY).udid

    @property
    def other(self) -> Simulated:
        """The device whose attestations it relays: the nearest that is honest, and like it."""
        wanted = Kind.USER if self.user_enrolled else Kind.HONEST
        step = 1 if wanted is Kind.HONEST else -1
        other = Simulated(self.number + step)
        while other.kind is not wanted or other.is_mac is not self.is_mac:
            other = Simulated(other.number + step)
        return other

    def model(self, at: datetime) -> DeviceModel:
        """What it is at that time."""
        updated = self.kind is Kind.UPDATES and at >= SECOND_DAY
        if self.is_mac:
            mac = DeviceModel.mac(self.number, os_version="15.6" if updated else "15.5")
            return replace(mac, sip=1) if self.kind is Kind.UNSAFE else mac
        return DeviceModel.iphone(self.number, os_version="18.6" if updated else "18.5")

    @property
    def enrolled(self) -> Device:
        """Its enrolment, before it is asked for the first time."""
        model = self.model(FIRST_DAY)
        named = not self.user_enrolled
        return Device(
            enrollment_id=self.enrollment_id,
            platform="macos" if self.is_mac else "ios",
            user_enrolled=self.user_enrolled,
            serial_number=model.serial_number if named else None,
            provisioning_udid=model.provisioning_udid if named else None,
            udid=model.udid if named and not self.is_mac else None,
            spki=None,
            state=mdm.DeviceState(),
            reported={},
        )


@cache
def authority(seed: str = "fleet") -> AttestationAuthority:
    """Who attests. Another seed is an impostor: the same names, another key."""
    return AttestationAuthority(seed)


def events(device: Simulated, state: mdm.DeviceState, at: datetime) -> Iterator[bytes]:
    """What the MDM server hears of a device at that time."""
    second_day = at >= SECOND_DAY
    if device.kind is Kind.SILENT or (device.kind is Kind.LATE and not second_day):
        return
    for request in state.pending:
        yield event(device, at, request.command_uuid, chain(device, state, request, at))
    if device.kind is Kind.UPDATES and second_day and not state.pending:
        yield event(device, at, "an ordinary command", None)


def event(device: Simulated, at: datetime, command_uuid: str, chain: list[bytes] | None) -> bytes:
    """The event about one answer, as NanoMDM makes it."""
    says = device.model(at).answers(user_enrolled=device.user_enrolled)
    if device.kind is Kind.LIES:
        says["OSVersion"] = "26.0"
    response = carriers.response_plist(
        chain,
        command_uuid=command_uuid,
        query_responses=says,
        enrollment_id=device.enrollment_id if device.user_enrolled else None,
        udid=None if device.user_enrolled else device.enrollment_id,
    )
    return carriers.webhook_event(response)


def chain(
    device: Simulated, state: mdm.DeviceState, request: mdm.SentRequest, at: datetime
) -> list[bytes] | None:
    """The chain that it answers with; None where it declines."""
    if device.kind is Kind.DECLINES:
        return None
    nonce = request.nonce
    if nonce is None:  # it is asked for what it has
        nonce, at = state.nonces[-1]
    if device.kind is Kind.REPLAYS:
        nonce = b"a nonce of another server"
    issuer = authority("impostor" if device.kind is Kind.FORGES else "fleet").issuer
    attested = device.other if device.kind in (Kind.RELAYS, Kind.BORROWS) else device
    properties = attested.model(at).properties()
    return issuer.attest(
        public_key=authority().keys.ec(f"device {attested.number}").public_key(),
        properties=properties.user_enrolled() if device.user_enrolled else properties,
        freshness_code=nonce,
        at=at,
    )


def answers(known: list[tuple[int, str]], at: datetime) -> list[tuple[int, bytes]]:
    """The work of one process: the events of some devices, by their numbers."""
    return [
        (number, body)
        for number, state in known
        for body in events(Simulated(number), mdm.DeviceState.from_dict(json.loads(state)), at)
    ]


def enrol(database: duckdb.DuckDBPyConnection, count: int) -> None:
    """Enrol the devices two hours before noon of the first day, and ask each of them."""
    database.execute(SCHEMA)
    database.execute(
        "CREATE TABLE simulated (enrollment_id TEXT NOT NULL, number INTEGER NOT NULL)"
    )
    for start in range(0, count, STEP):
        fleet = [Simulated(number) for number in range(start, min(start + STEP, count))]
        asked = [ask(asked_before(each), FIRST_DAY - 2 * HOUR) for each in fleet]
        devices = [device for device, _ in asked]
        rows = [{**d._asdict(), **stored(d, FIRST_DAY - 2 * HOUR)} for d in devices]
        insert(database, "device", rows)
        insert(database, "command", [command for _, command in asked if command is not None])
        numbers = [{"enrollment_id": e.enrollment_id, "number": e.number} for e in fleet]
        insert(database, "simulated", numbers)


def asked_before(device: Simulated) -> Device:
    """Its enrolment; of a cached one, after an answer that was lost three days ago."""
    enrolled = device.enrolled
    if device.kind is not Kind.CACHED:
        return enrolled
    before, _ = ask(enrolled, FIRST_DAY - 3 * DAY)
    (request,) = before.state.pending
    uuid = request.command_uuid
    lost = SCHEDULE.answer_lost(before.state, command_uuid=uuid, at=FIRST_DAY - 3 * DAY + HOUR)
    return before._replace(state=lost)


LAST_NUMBER: Final = """
    SELECT greatest(
        0, (SELECT max(number) FROM event), (SELECT max(last_event) FROM step))
"""
"""Numbers grow, also where the events that are judged were deleted."""


def answer(database: duckdb.DuckDBPyConnection, at: datetime, workers: Executor) -> int:
    """Let the devices answer whatever is pending; how many events that makes."""
    known = database.execute(
        "SELECT number, state FROM simulated JOIN device USING (enrollment_id) ORDER BY number"
    ).fetchall()
    slices = [known[start : start + SLICE] for start in range(0, len(known), SLICE)]
    (made,) = one(database, LAST_NUMBER)
    first = made
    for part in workers.map(partial(answers, at=at), slices):
        rows = [
            {
                "number": (made := made + 1),
                "enrollment_id": Simulated(number).enrollment_id,
                "received_at": naive(at),
                "body": body,
            }
            for number, body in part
        ]
        insert(database, "event", rows)
    return int(made - first)


def main() -> None:
    """Make the fleet, unless it is there; then let it answer."""
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.simulate")
    parser.add_argument("database", type=Path)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--at", type=datetime.fromisoformat, default=FIRST_DAY)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    root = authority().root.public_bytes(Encoding.PEM)
    options.database.with_suffix(".pem").write_bytes(root)
    new = not options.database.exists()
    with (
        duckdb.connect(options.database) as database,
        ProcessPoolExecutor(options.workers, get_context("spawn")) as workers,
    ):
        if new:
            enrol(database, options.devices)
        print(f"{answer(database, options.at - HOUR, workers):,} events")


if __name__ == "__main__":
    main()
