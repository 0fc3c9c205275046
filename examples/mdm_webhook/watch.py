"""What becomes of an event: who enrols, whether an answer is believed, when a device is asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

import appleattest
from appleattest import Attestation, AttestationError, Freshness, mdm, policy
from examples.mdm_webhook.store import Device, Store

_ENROLLMENT_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
"""What a UDID is made of. NanoMDM takes an id with a comma in it for two."""


_PROOFS: Final = (Freshness.CURRENT, Freshness.EARLIER)
"""Made for a nonce that this enrolment was sent. Any other attestation may be a replayed one."""

_LOG: Final = logging.getLogger(__name__)


class NotQueued(Exception):
    """The MDM server has certainly not queued the command: it was not reached, or says so."""


class NoAnswer(Exception):
    """Nobody knows whether the MDM server has queued the command: its answer never came."""


@dataclass(frozen=True, slots=True)
class Question:
    """A command that is to be sent, and that is remembered already."""

    name: str
    enrollment_id: str
    reason: mdm.AskReason
    command_uuid: str
    command: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Watch:
    """Everything that is decided. Its parts are given to it; it opens no socket and no file.

    `inventory` is what is ours: serial numbers, and what each device runs. `send` queues a command
    for an enrolment, or raises `NotQueued` or `NoAnswer`. `clock` tells the time, aware; `chance`
    draws a number from 0 to below 1; `show` takes a line for the operator.
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
        with self.store.transaction():
            question = self._received(event)
        self._put(question)

    def look_after_all(self) -> None:
        """Ask whoever is due, though nothing was heard of it. To be called now and then.

        What fails for one device is logged, and the others are looked after all the same.
        """
        with self.store.transaction():
            known = self.store.enrollment_ids()
        for enrollment_id in known:
            try:
                with self.store.transaction():
                    device = self.store.device(enrollment_id)
                    question = None if device is None else self._take_in(device, None)
                self._put(question)
            except Exception:  # noqa: BLE001 - whatever it is, the others are not to wait
                _LOG.exception("enrolment %a could not be looked after", enrollment_id)

    def _received(self, event: mdm.WebhookEvent) -> Question | None:
        """Remember what the event says; what is to be asked because of it."""
        enrollment_id = event.queue_id or ""
        if event.topic == "mdm.Authenticate":
            self._enrol(enrollment_id, (event.check_in or {}).get("SerialNumber", ""))
            return None
        device = self.store.device(enrollment_id)
        if device is None:
            return None
        if event.topic == "mdm.CheckOut":
            self.store.forget(device)
            self.show(f"{self._name(device)} has left")
            return None
        return self._take_in(device, event)

    def _put(self, question: Question | None) -> None:
        """Send the command. Only one that was certainly not queued is forgotten again.

        Where no answer came, the device may have the nonce already, so it stays remembered.
        """
        if question is None:
            return
        try:
            self.send(question.enrollment_id, question.command)
        except NotQueued as error:
            with self.store.transaction():
                device = self.store.device(question.enrollment_id)
                if device is not None and device.state.request(question.command_uuid):
                    state = device.state.withdrawn(command_uuid=question.command_uuid)
                    self.store.save(replace(device, state=state))
            self.show(f"{question.name} could not be asked: {error}")
        except NoAnswer as error:
            self.show(f"{question.name} may have been asked: {error}")
        else:
            self.show(f"{question.name} is asked: {question.reason}")

    def _enrol(self, enrollment_id: str, serial_number: str) -> None:
        """Remember which device of the inventory an enrolment says that it is.

        Nothing is believed of it yet, and what was known of this enrolment is forgotten: NanoMDM
        has cleared its queue, and the device attests another key than before. A claim that is
        refused changes nothing.
        """
        if serial_number not in self.inventory or not _ENROLLMENT_ID.fullmatch(enrollment_id):
            self.show(f"{enrollment_id[:64]!a} enrols, and is none of ours")
            return
        device = Device(enrollment_id, serial_number)
        self.store.save(device)
        others = len(self.store.others(device))
        also = f"; other enrolments that say so: {others}" if others else ""
        self.show(f"{serial_number} enrols as {enrollment_id}{also}")

    def _name(self, device: Device) -> str:
        """How the operator is told of it: with its enrolment, if others say they are it too."""
        of_several = f" ({device.enrollment_id})" if self.store.others(device) else ""
        return f"{device.serial_number}{of_several}"

    def _take_in(self, device: Device, event: mdm.WebhookEvent | None) -> Question | None:
        """Judge the response, if there is one; then remember the next question, if one is due."""
        if device.serial_number not in self.inventory:
            return None
        now = self.clock()
        device, found = (device, {}) if event is None else self._judge(device, event, now)
        device, question = self._ask(device, now)
        others = self.store.others(device)
        displaced = any(others.values()) and not device.proven
        trust = mdm.Trust.NONE if displaced else self.schedule.trust(device.state, at=now)
        found["trust"] = trust.name.lower()
        for name, value in found.items():
            before = device.shown.get(name, "-")
            if value != before:
                self.show(f"{self._name(device)} {name}: {before} -> {value}")
        self.store.save(replace(device, shown={**device.shown, **found}))
        return question

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
            self.show(f"{self._name(device)} is busy, and answers later")
            return device, {}
        uuid = expected.command_uuid
        try:
            if event.refusal is not None:
                raise event.refusal
            assert response is not None
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
                self.show(f"{self._name(device)} is not believed: {error.detail or error}")
                return device, {"answer": f"refused, {error.reason}"}
            return device, self._found(device, stale, event, now)
        state = self.schedule.attested(
            device.state, seen, command_uuid=uuid, at=now, reported=said, randomness=self.chance()
        )
        device = replace(device, state=state, spki=seen.spki)
        return self._proven(device, seen), self._found(device, seen, event, now)

    def _proven(self, device: Device, seen: Attestation) -> Device:
        """The device, which is now known to be this one if it has answered a nonce of ours.

        Then no other enrolment is. Either may be relaying the other's attestation, so say so.
        """
        if device.proven or seen.freshness not in _PROOFS:
            return device
        for other, proven in self.store.others(device).items():
            if proven:
                self.show(f"{device.serial_number} is {device.enrollment_id} now, not {other}")
        return replace(device, proven=True)

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

    def _ask(self, device: Device, now: datetime) -> tuple[Device, Question | None]:
        """The device as if it had been asked, and the question, if that is worth it.

        A lost answer is given up.
        """
        waiting = self.schedule.given_up(device.state, at=now)
        if waiting != device.state:
            self.show(f"{self._name(device)} has not answered, and is given up")
            device = replace(device, state=waiting)
        decision = self.schedule.decide(device.state, at=now, reported=device.reported)
        if not decision.ask:
            return device, None
        nonce = decision.nonce()
        uuid = str(uuid4())
        asked = device.state.asked(command_uuid=uuid, nonce=nonce, at=now)
        question = Question(
            name=self._name(device),
            enrollment_id=device.enrollment_id,
            reason=decision.reason,
            command_uuid=uuid,
            command=mdm.device_information_command(command_uuid=uuid, nonce=nonce),
        )
        return replace(device, state=asked), question
