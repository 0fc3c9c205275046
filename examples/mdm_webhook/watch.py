"""What becomes of an event: who enrols, whether an answer is believed, when a device is asked."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    FreshnessMismatch,
    Verifier,
    mdm,
    policy,
)
from examples.mdm_webhook.store import Device, Store, Taken

_ENROLLMENT_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
"""What a UDID is made of. NanoMDM takes an id with a comma in it for two."""


class NotQueued(Exception):
    """The MDM server did not take the command."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Watch:
    """Everything that is decided. Its parts are given to it; it opens no socket and no file.

    `inventory` is what is ours: serial numbers, and what each device runs. `send` queues a command
    for an enrolment, or raises `NotQueued`. `clock` tells the time, aware; `chance` draws a number
    from 0 to below 1; `show` takes a line for the operator. A command without an answer is given
    up after `patience`: NanoMDM sends no event twice, so the answer may have been lost.
    """

    store: Store
    verifier: Verifier
    rules: policy.Policy
    inventory: Mapping[str, policy.Platform]
    send: Callable[[str, bytes], None]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    show: Callable[[str], None] = print
    schedule: mdm.AttestationSchedule = field(default_factory=mdm.AttestationSchedule)
    patience: timedelta = timedelta(days=14)

    def receive(self, event: mdm.WebhookEvent) -> None:
        """Take in one event, which is known to come from the MDM server."""
        enrollment_id = event.enrollment_id or ""
        with self.store.transaction():
            if event.topic == "mdm.Authenticate":
                self._enrol(enrollment_id, _serial_number(event.payload))
                return
            for device in self.store.devices(enrollment_id):
                if event.topic == "mdm.CheckOut":
                    self.store.forget(device)
                    self.show(f"{device.serial_number} has left")
                else:
                    self._take_in(device, event.response)

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
            return
        try:
            self.store.save(Device(enrollment_id=enrollment_id, serial_number=serial_number))
            self.show(f"{serial_number} enrols as {enrollment_id}")
        except Taken:
            self.show(f"{enrollment_id} says it is {serial_number}, as another enrolment does")

    def _take_in(self, device: Device, response: mdm.DeviceInformationResponse | None) -> None:
        """Judge the response, if there is one; then ask the device, if that is due."""
        if device.serial_number not in self.inventory:
            return
        now = self.clock()
        found: dict[str, str] = {}
        if response is not None:
            device, found = self._judge(device, response, now)
            said = self.schedule.watch(response.query_responses)
            device = replace(device, reported={**device.reported, **said})
        device = self._ask(self._give_up(device, now), now)
        found["trust"] = self.schedule.trust(device.state, at=now).name.lower()
        self.store.save(self._shown(device, found))

    def _judge(
        self, device: Device, response: mdm.DeviceInformationResponse, now: datetime
    ) -> tuple[Device, dict[str, str]]:
        """The device after its response, and what was found.

        Nothing, if it answers no pending command of ours: a poll, the response to another
        service's command, a second one to ours.
        """
        command_uuid = response.command_uuid
        expected = device.state.expected(command_uuid)
        if command_uuid is None or expected is None:
            return device, {}
        if response.status == mdm.CommandStatus.NOT_NOW:
            self.show(f"{device.serial_number} is busy, and answers later")
            return device, {}
        try:
            seen = mdm.validate_response(
                response,
                nonce=expected.nonce,
                previous_nonces=expected.previous_nonces,
                verifier=self.verifier,
                device=self._known(device),
                at=now,
            )
        except AttestationError as error:
            state = self.schedule.failed(device.state, error, command_uuid=command_uuid, at=now)
            device = replace(device, state=state)
            if isinstance(error, FreshnessMismatch) and error.attestation is not None:
                stale = error.attestation
                return device, self._found(
                    device, stale, mdm.find_discrepancies(response, stale), now
                )
            self.show(f"{device.serial_number} is not believed: {error.detail or error}")
            return device, {"answer": f"refused, {error}"}
        state = self.schedule.attested(
            device.state,
            seen.attestation,
            command_uuid=command_uuid,
            at=now,
            reported=response.query_responses,
            randomness=self.chance(),
        )
        device = replace(device, state=state, spki=seen.attestation.spki)
        return device, self._found(device, seen.attestation, seen.discrepancies, now)

    def _known(self, device: Device) -> mdm.KnownDevice:
        """What Apple must attest. The UDID of a Mac's enrolment is not the one that it attests."""
        is_mac = self.inventory[device.serial_number] is policy.Platform.MACOS
        udid = None if is_mac else device.enrollment_id
        return mdm.KnownDevice(serial_number=device.serial_number, udid=udid, spki=device.spki)

    def _found(
        self,
        device: Device,
        attestation: Attestation,
        lies: tuple[mdm.Discrepancy, ...],
        now: datetime,
    ) -> dict[str, str]:
        """What an operator wants to know of a device whose attestation is genuine.

        What an update since an older attestation explains is no lie.
        """
        attested, platform = attestation.device, self.inventory[device.serial_number]
        lies = tuple(lie for lie in lies if not lie.explained_by_age)
        result = self.rules.evaluate(attestation, lies, platform=platform, at=now)
        shown = [f"{lie.kind} is {lie.attested}, not {lie.said!a}" for lie in lies]
        return {
            "answer": f"genuine, {attestation.freshness}",
            "OS version": attested.os_version or "-",
            "SIP": "-" if attested.sip is None else attested.sip.value,
            "secure boot": "-" if attested.secure_boot is None else attested.secure_boot.value,
            "discrepancies": "; ".join(shown) or "none",
            "policy": "; ".join(map(str, result.failed)) or "satisfied",
        }

    def _shown(self, device: Device, found: Mapping[str, str]) -> Device:
        """Print what differs from what was printed last."""
        for name, value in found.items():
            before = device.shown.get(name, "-")
            if value != before:
                self.show(f"{device.serial_number} {name}: {before} -> {value}")
        return replace(device, shown={**device.shown, **found})

    def _give_up(self, device: Device, now: datetime) -> Device:
        """The device without the commands whose answers are overdue."""
        state = device.state
        for request in state.pending:
            if now - request.sent_at > self.patience:
                self.show(f"{device.serial_number} has not answered, and is given up")
                state = self.schedule.withdrawn(state, command_uuid=request.command_uuid, at=now)
        return replace(device, state=state)

    def _ask(self, device: Device, now: datetime) -> Device:
        """The device after it was asked, if that is worth it."""
        decision = self.schedule.decide(device.state, at=now, reported=device.reported)
        if not decision:
            return device
        nonce = mdm.new_nonce() if decision.with_nonce else UNCHECKED
        uuid = str(uuid4())
        try:
            command = mdm.device_information_command(command_uuid=uuid, nonce=nonce)
            self.send(device.enrollment_id, command)
        except NotQueued as error:
            self.show(f"{device.serial_number} could not be asked: {error}")
            return device
        self.show(f"{device.serial_number} is asked: {decision.why}")
        state = device.state.asked(command_uuid=uuid, nonce=nonce, at=now)
        return replace(device, state=state)


def _serial_number(payload: bytes | None) -> str:
    """What an Authenticate message says; blank if that cannot be read."""
    try:
        said = plistlib.loads(payload or b"", fmt=plistlib.FMT_XML)["SerialNumber"]
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a device wrote it
        return ""
    return said if isinstance(said, str) else ""
