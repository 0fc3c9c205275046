"""A year of ten thousand devices: no request is wasted, and no knowledge grows too old."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import pytest
from fleet import DAY, START, WEEK, YEAR, FleetDevice, Server, attestation_like

from appleattest import mdm
from appleattest.freshness import Freshness, FreshnessResult

DEVICES: Final = 10_000
SCHEDULE: Final = mdm.AttestationSchedule(maximum_age=timedelta(days=60), random_share=0.005)
HOUR: Final = timedelta(hours=1)
KINDS: Final = ("steady", "flaky", "away", "lossy")


def kind_of_device(number: int) -> str:
    """Of a hundred: ninety are steady, four fail now and then, three are away for weeks, and of
    three an answer is lost sometimes."""
    place = number % 100
    return KINDS[(place >= 90) + (place >= 94) + (place >= 97)]


def delay(kind: str, chance: random.Random) -> timedelta:
    """How long until a device answers: hours, and for one that is away now and then weeks."""
    if kind == "away" and chance.random() < 0.1:
        return timedelta(days=chance.randrange(5, 60))
    hours = min(chance.expovariate(1 / 4), (SCHEDULE.lead / HOUR) - 1)
    return timedelta(seconds=int(hours * 3600))


def later(chance: random.Random, mean_days: int) -> timedelta:
    return timedelta(seconds=int(chance.expovariate(1 / mean_days) * 86_400))


def a_year_of(number: int) -> Server:
    """One device and its server, from one moment at which something can change to the next."""
    chance = random.Random(number)
    kind = kind_of_device(number)
    device = FleetDevice(chance, fails=0.3 if kind == "flaky" else 0.0, key=number.to_bytes(4))
    server = Server(SCHEDULE, device)
    now = START + timedelta(seconds=chance.randrange(86_400))
    update = now + later(chance, 90)
    while now < START + YEAR:
        if now >= update:
            device.os_version += 1
            update = now + DAY + later(chance, 90)
        decision = server.decide(now)
        if decision.ask:
            uuid = server.ask(decision, now)
            now += delay(kind, chance)
            lost = kind == "lossy" and chance.random() < 0.1
            server.answered(uuid, now, lost_after=DAY if lost else None)
            now += DAY if lost else timedelta(0)
        else:
            assert decision.again_at is not None
            assert decision.again_at > now
            now = min(decision.again_at, max(update, now + HOUR))
    server.look(now)
    return server


@pytest.fixture(scope="module")
def fleet() -> dict[str, list[Server]]:
    fleet: dict[str, list[Server]] = {kind: [] for kind in KINDS}
    for number in range(DEVICES):
        fleet[kind_of_device(number)].append(a_year_of(number))
    return fleet


def test_no_request_is_wasted_on_a_device_that_would_return_its_cache(
    fleet: dict[str, list[Server]],
) -> None:
    assert sum(map(len, fleet.values())) == DEVICES
    assert sum(server.wasted for servers in fleet.values() for server in servers) == 0


def test_no_knowledge_grows_older_than_the_policy_says(fleet: dict[str, list[Server]]) -> None:
    oldest = max(server.oldest for server in fleet["steady"])
    assert SCHEDULE.maximum_age - SCHEDULE.lead < oldest <= SCHEDULE.maximum_age


def test_a_device_that_cannot_be_known_better_is_trusted_less(
    fleet: dict[str, list[Server]],
) -> None:
    assert max(server.oldest for server in fleet["away"]) > SCHEDULE.maximum_age
    assert sum(server.too_trusting for servers in fleet.values() for server in servers) == 0


def test_every_reason_to_ask_occurs_and_none_too_often(fleet: dict[str, list[Server]]) -> None:
    asked: Counter[mdm.AskReason] = Counter()
    for servers in fleet.values():
        for server in servers:
            asked.update(server.asked)
    assert {*asked} == {
        mdm.AskReason.NEVER_ATTESTED,
        mdm.AskReason.OS_CHANGED,
        mdm.AskReason.AGE,
        mdm.AskReason.RANDOM,
        mdm.AskReason.RECOVER,
    }
    assert asked[mdm.AskReason.RECOVER] <= len(fleet["lossy"]) * 20
    assert max(sum(server.asked.values()) for server in fleet["steady"]) <= YEAR / WEEK


def test_every_update_of_a_steady_device_is_seen(fleet: dict[str, list[Server]]) -> None:
    """Within the seven days, or those of an answer."""
    for server in fleet["steady"]:
        assert server.device.cached is not None
        behind = server.device.os_version - int(server.device.cached.os_version)
        made_ago = START + YEAR - server.device.cached.at
        assert behind == 0 or made_ago <= WEEK + 2 * SCHEDULE.lead


def test_a_device_is_never_asked_before_the_time_that_was_named() -> None:
    """The simulation skips from one named time to the next; hour by hour, nothing is missed."""
    for number in range(20):
        server = Server(SCHEDULE, FleetDevice(random.Random(number)))
        named: datetime | None = None
        now = START
        while now < START + timedelta(days=90):
            decision = server.decide(now)
            if decision.ask:
                assert named is None or now >= named
                server.answered(server.ask(decision, now), now)
                named = None
            else:
                assert decision.again_at is not None
                named = decision.again_at
            now += HOUR
        assert server.wasted == 0


def test_a_hundred_thousand_devices_attested_on_one_day_come_due_evenly() -> None:
    """Even where a server has sent one nonce to all of them, and asked them all at once."""
    devices, hour = 100_000, int(HOUR.total_seconds())
    schedule, nonce = mdm.AttestationSchedule(), b"one nonce for the whole fleet"
    asked = mdm.DeviceState().asked(command_uuid="u", nonce=nonce, at=START)
    finding = FreshnessResult(Freshness.CURRENT, nonce, nonce)
    due: Counter[int] = Counter()
    for number in range(devices):
        state = schedule.attested(
            asked,
            attestation_like(finding, START - DAY, spki=number.to_bytes(4)),
            command_uuid="u",
            at=START,
            randomness=0.999999,
        )
        again_at = schedule.decide(state, at=START).again_at
        assert again_at is not None
        due[int((again_at - START).total_seconds()) // hour] += 1
    # The window: a fifth of thirty days, up to three days before their end.
    assert {*due} <= {*range(21 * 24, 27 * 24)} | {27 * 24}
    hours = [due[each] for each in range(21 * 24, 27 * 24)]
    expected = devices / len(hours)
    # Of 144 hours with some 694 devices each, chance puts none six deviations off.
    assert all(abs(each - expected) < 6 * expected**0.5 for each in hours)
