"""What becomes of an event: who enrols, whether an answer is believed, when a device is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

import appleattest
from appleattest import Attestation, AttestationError, mdm, policy
from examples.mdm_webhook.store import Device, Store

_ENROLLMENT_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
"""What a UDID is made of. NanoMDM takes an id with a comma in it for two."""


class NotQueued(Exception):
    """The MDM server did not take the command."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Watch:
    """Everything that is decided. Its parts are given to it; it opens no socket and no file.

    `inventory` is what is ours: serial numbers, and what each device runs. `send` queues a command
    for an enrolment, or raises `NotQueued`. `clock` tells the time, aware; `chance` draws a number
    from 0 to below 1; `show` takes a line for the operator.
    """

    store: Store
    verifier: appleattest.Verifier
    rules: policy.Policy
    inventory: Mapping[str, policy.Platform]
    send: Callable[[str, bytes], None]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    show: Callable[[str], None] = print
    schedule: mdm.AttestationSchedule = field(default_factory=mdm.AttestationSchedule)

    def receive(self, event: mdm.WebhookEvent) -> None:
        """Take in one event, which is known to come from the MDM server."""
        enrollment_id = event.queue_id or ""
        with self.store.transaction():
            if event.topic == "mdm.Authenticate":
                self._enrol(enrollment_id, (event.check_in or {}).get("SerialNumber", ""))
                return
            for device in self.store.devices(enrollment_id):
                if event.topic == "mdm.CheckOut":
                    self.store.forget(device)
                    self.show(f"{device.serial_number} has left")
                else:
                    self._take_in(device, event)

    def look_after_all(self) -> None:
        """Ask whoever is due, though nothing was heard of it. To be called now and then."""
        with self.store.transaction():
            known = self.store.devices()
        for each in known:
            with self.store.transaction():
                for device in self.store.devices(each.enrollment_id):
                    self._take_in(device, None)

    def _enrol(self, enrollment_id: str, serial_number: str) -> None:
        """Remember which device of the inventory an enrolment says that it is.

        Nothing is believed of it yet, and whatever was known is forgotten: NanoMDM has cleared its
        queue, and the device attests another key than before.
        """
        if serial_number not in self.inventory or not _ENROLLMENT_ID.fullmatch(enrollment_id):
            self.show(f"{enrollment_id[:64]!a} enrols, and is none of ours")
        elif self.store.save(Device(enrollment_id, serial_number)):
            self.show(f"{serial_number} enrols as {enrollment_id}")
        else:
            self.show(f"{enrollment_id} says it is {serial_number}, as another enrolment does")

    def _take_in(self, device: Device, event: mdm.WebhookEvent | None) -> None:
        """Judge the response, if there is one; then ask the device, if that is due."""
        if device.serial_number not in self.inventory:
            return
        now = self.clock()
        device, found = (device, {}) if event is None else self._judge(device, event, now)
        device = self._ask(device, now)
        found["trust"] = self.schedule.trust(device.state, at=now).name.lower()
        for name, value in found.items():
            before = device.shown.get(name, "-")
            if value != before:
                self.show(f"{device.serial_number} {name}: {before} -> {value}")
        self.store.save(replace(device, shown={**device.shown, **found}))

    def _judge(
        self, device: Device, event: mdm.WebhookEvent, now: datetime
    ) -> tuple[Device, dict[str, str]]:
        """The device after its response, and what was found.

        Nothing, if it answers no pending command of ours: a check-in, a poll, the response to
        another service's command, a second one to ours.
        """
        response, expected = event.response, device.state.expected(event.command_uuid)
        said = {} if response is None else response.query_responses
        device = replace(device, reported={**device.reported, **self.schedule.watch(said)})
        if expected is None:
            return device, {}
        if response is not None and response.status == mdm.CommandStatus.NOT_NOW:
            self.show(f"{device.serial_number} is busy, and answers later")
            return device, {}
        uuid = expected.command_uuid
        try:
            if event.refusal is not None:
                raise event.refusal
            seen = mdm.validate_response(
                response,
                nonce=expected.nonce,
                previous_nonces=expected.previous_nonces,
                verifier=self.verifier,
                device=self._known(device),
                at=now,
            ).attestation
        except AttestationError as error:
            state = self.schedule.failed(device.state, error, command_uuid=uuid, at=now)
            device = replace(device, state=state)
            stale = error.attestation if isinstance(error, appleattest.FreshnessMismatch) else None
            if stale is None:
                self.show(f"{device.serial_number} is not believed: {error.detail or error}")
                return device, {"answer": f"refused, {error}"}
            return device, self._found(device, stale, event, now)
        state = self.schedule.attested(
            device.state, seen, command_uuid=uuid, at=now, reported=said, randomness=self.chance()
        )
        device = replace(device, state=state, spki=seen.spki)
        return device, self._found(device, seen, event, now)

    def _known(self, device: Device) -> mdm.KnownDevice:
        """What Apple must attest. The UDID of a Mac's enrolment is not the one that it attests."""
        is_mac = self.inventory[device.serial_number] is policy.Platform.MACOS
        udid = None if is_mac else device.enrollment_id
        return mdm.KnownDevice(serial_number=device.serial_number, udid=udid, spki=device.spki)

    def _found(
        self, device: Device, seen: Attestation, event: mdm.WebhookEvent, now: datetime
    ) -> dict[str, str]:
        """What an operator wants to know of a genuine attestation; an update since is no lie."""
        assert event.response is not None
        lies = mdm.find_discrepancies(event.response, seen)
        attested, platform = seen.device, self.inventory[device.serial_number]
        result = self.rules.evaluate(seen, lies, platform=platform, at=now)
        told = [f"{e.kind} is {e.attested}, not {e.said!a}" for e in lies if not e.explained_by_age]
        return {
            "answer": f"genuine, {seen.freshness}",
            "OS version": attested.os_version or "-",
            "SIP": "-" if attested.sip is None else attested.sip.value,
            "secure boot": "-" if attested.secure_boot is None else attested.secure_boot.value,
            "discrepancies": "; ".join(told) or "none",
            "policy": "; ".join(map(str, result.failed)) or "satisfied",
        }

    def _ask(self, device: Device, now: datetime) -> Device:
        """The device after it was asked, if that is worth it; a lost answer is given up."""
        waiting = self.schedule.given_up(device.state, at=now)
        if waiting != device.state:
            self.show(f"{device.serial_number} has not answered, and is given up")
            device = replace(device, state=waiting)
        decision = self.schedule.decide(device.state, at=now, reported=device.reported)
        if not decision.ask:
            return device
        nonce = decision.nonce()
        uuid = str(uuid4())
        command = mdm.device_information_command(command_uuid=uuid, nonce=nonce)
        try:
            self.send(device.enrollment_id, command)
        except NotQueued as error:
            self.show(f"{device.serial_number} could not be asked: {error}")
            return device
        self.show(f"{device.serial_number} is asked: {decision.reason}")
        return replace(device, state=device.state.asked(command_uuid=uuid, nonce=nonce, at=now))
