"""One device: what is asked of it, what becomes of its answer, when it is asked again.

Everything here is a function of its arguments: it opens no database, and reads no clock.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import uuid4

from appleattest import AttestationError, Freshness, TrustStore, batch, mdm, policy

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


def loaded(row: Iterable[Any]) -> Device:
    """The device of a row of the table."""
    known = dict(zip(Device._fields, row, strict=True))
    state = mdm.DeviceState.from_dict(json.loads(known.pop("state")))
    return Device(**known, state=state)._replace(reported=json.loads(known["reported"]))


def naive(time: datetime | None) -> datetime | None:
    """The time for a column TIMESTAMP, which has no zone: all of ours are in UTC."""
    return None if time is None else time.astimezone(UTC).replace(tzinfo=None)


def aware(time: datetime) -> datetime:
    """The time of a column TIMESTAMP."""
    return time.replace(tzinfo=UTC)
