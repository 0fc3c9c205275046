"""The simulated device, whatever happens to it, agrees with a model of five variables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from device_tools import AUTHORITY, answers, command
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from appleattest import UNCHECKED
from appleattest.testing import ISSUED_AT, DeviceModel, ManualClock, SimulatedDevice

WEEK = timedelta(days=7)
NONCES = st.sampled_from([None, b"a", b"b", b"c"])
STEPS = [timedelta(0), timedelta(seconds=1), timedelta(days=3), WEEK - timedelta(seconds=1), WEEK]


@dataclass(frozen=True)
class Made:
    """The attestation that a device must return for now."""

    nonce: bytes | None
    at: datetime
    os_version: str


class Device(RuleBasedStateMachine):
    """Asks, waits, updates, erases, fails; compares each answer with what must come."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.device = SimulatedDevice(AUTHORITY, DeviceModel.iphone(), clock=self.clock)
        self.now, self.os_version = ISSUED_AT, "18.5"
        self.made: Made | None = None
        self.spki: bytes | None = None
        self.lost: set[bytes] = set()

    @rule(by=st.sampled_from(STEPS))
    def wait(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.now += by

    @rule(version=st.sampled_from(["18.5", "18.6", "26.0"]))
    def update(self, version: str) -> None:
        self.device.update_os(version)
        self.os_version = version

    @rule()
    def erase(self) -> None:
        self.device.erase()
        if self.spki is not None:
            self.lost.add(self.spki)
        self.made = self.spki = None

    @rule(fails=st.booleans())
    def lose_or_find_the_network(self, fails: bool) -> None:
        self.device.attestation_fails = fails

    @rule()
    def want_a_certificate(self) -> None:
        self.device.answer_challenge("token")

    @rule(nonce=NONCES)
    def ask(self, nonce: bytes | None) -> None:
        response = self.device.answer(command(nonce))
        assert answers(self.device, queries=["OSVersion"]) == {"OSVersion": self.os_version}
        if self.needs_new(nonce):
            if self.device.attestation_fails:
                assert b"DevicePropertiesAttestation" not in response
                return
            self.made = Made(nonce, self.now, self.os_version)
        assert self.made is not None
        # As of the making: what is cached may have expired since.
        attestation = AUTHORITY.verifier.verify_mdm(response, nonce=UNCHECKED, at=self.made.at)
        assert attestation.freshness_code == self.made.nonce
        assert attestation.device.os_version == self.made.os_version
        assert attestation.not_before == self.made.at - timedelta(hours=24)
        assert attestation.spki == (self.spki or attestation.spki)
        assert attestation.spki not in self.lost
        self.spki = attestation.spki

    def needs_new(self, nonce: bytes | None) -> bool:
        if self.made is None:
            return True
        return nonce not in (None, self.made.nonce) and self.now >= self.made.at + WEEK


Device.TestCase.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)
TestDevice = Device.TestCase
