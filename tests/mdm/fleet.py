"""A fleet that answers as Apple documents, for the tests of the schedule.

No certificates here: an attestation is sealed around the few values that a schedule looks at, or a
year of ten thousand devices would be hours of signatures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from appleattest import UNCHECKED, Attestation, ExpectedFreshness, FreshnessMismatch, Reason, mdm
from appleattest.errors import NoAttestation
from appleattest.freshness import EarlierNonce, Freshness, FreshnessResult, judge_freshness
from appleattest.sealed import seal

START: Final = datetime(2025, 1, 1, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)


def attestation_like(
    finding: FreshnessResult,
    not_before: datetime,
    os_version: str | None = None,
    spki: bytes = b"a key",
) -> Attestation:
    """An `Attestation` of what a schedule reads, and nothing else."""
    path: Any = (SimpleNamespace(not_before=not_before, spki=spki),)
    device: Any = SimpleNamespace(os_version=os_version)
    return seal(
        Attestation,
        _path=path,
        _answers=finding,
        device=device,
        carrier="mdm",
        verified_at=not_before,
    )


class Made(NamedTuple):
    """An attestation as a device caches it."""

    nonce: bytes | None
    at: datetime
    os_version: str


@dataclass
class FleetDevice:
    """One device: when it makes an attestation, and when it returns the one that it has."""

    chance: random.Random
    fails: float = 0.0
    os_version: int = 1
    key: bytes = b"a key"
    cached: Made | None = None
    made: int = 0
    returned_its_cache: int = 0

    def answer(self, nonce: bytes | None, now: datetime) -> Made | None:
        cached = self.cached
        if cached is not None and (
            nonce is None or nonce == cached.nonce or now - cached.at < WEEK
        ):
            self.returned_its_cache += 1
            return cached
        if self.chance.random() < self.fails:
            return None
        self.made += 1
        self.cached = Made(nonce, now, str(self.os_version))
        return self.cached


def judged(made: Made | None, expected: mdm.ExpectedAnswer, key: bytes) -> Attestation:
    """What `validate_response` would return or raise."""
    if made is None:
        raise NoAttestation(Reason.NO_ATTESTATION)
    nonce = expected.nonce
    wanted = nonce if nonce is UNCHECKED else seal(ExpectedFreshness, code=nonce)
    earlier = [EarlierNonce(*each) for each in expected.previous_nonces.items()]
    not_before = made.at - DAY
    try:
        finding = judge_freshness(made.nonce, wanted, earlier)
    except FreshnessMismatch as error:
        unmatched = FreshnessResult(Freshness.UNMATCHED, made.nonce)
        error.attestation = attestation_like(unmatched, not_before, made.os_version, key)
        raise
    return attestation_like(finding, not_before, made.os_version, key)


@dataclass
class Server:
    """The server's side of one device: asks when the schedule says so, and keeps count."""

    schedule: mdm.AttestationSchedule
    device: FleetDevice
    state: mdm.DeviceState = field(default_factory=mdm.DeviceState)
    asked: dict[mdm.AskReason, int] = field(default_factory=dict)
    wasted: int = 0
    oldest: timedelta = timedelta(0)
    too_trusting: int = 0

    def decide(self, now: datetime) -> mdm.Decision:
        reported = {"OSVersion": str(self.device.os_version)}
        return self.schedule.decide(self.state, at=now, reported=reported)

    def ask(self, decision: mdm.Decision, now: datetime) -> str:
        number = sum(self.asked.values())
        self.asked[decision.reason] = self.asked.get(decision.reason, 0) + 1
        nonce: Any = number.to_bytes(4, "big") if decision.with_nonce else UNCHECKED
        self.state = self.state.asked(command_uuid=str(number), nonce=nonce, at=now)
        return str(number)

    def answered(self, uuid: str, now: datetime, *, lost_after: timedelta | None = None) -> None:
        expected = self.state.expected(uuid)
        assert expected is not None
        nonce = None if expected.nonce is UNCHECKED else expected.nonce
        before = self.device.returned_its_cache
        made = self.device.answer(nonce, now)
        self.wasted += nonce is not None and self.device.returned_its_cache > before
        if lost_after is not None:
            self.state = self.schedule.answer_lost(
                self.state, command_uuid=uuid, at=now + lost_after
            )
            return
        self.look(now)
        try:
            attestation = judged(made, expected, self.device.key)
        except (NoAttestation, FreshnessMismatch) as error:
            self.state = self.schedule.failed(self.state, error, command_uuid=uuid, at=now)
            return
        self.state = self.schedule.attested(
            self.state,
            attestation,
            command_uuid=uuid,
            at=now,
            reported={"OSVersion": str(self.device.os_version)},
            randomness=self.device.chance.random(),
        )

    def look(self, now: datetime) -> None:
        """How old what is known is at its oldest, which is just before it is renewed."""
        if self.state.as_of is None:
            return
        age = now - self.state.as_of
        self.oldest = max(self.oldest, age)
        stale = age > self.schedule.maximum_age
        self.too_trusting += stale and self.schedule.trust(self.state, at=now) is mdm.Trust.FULL
