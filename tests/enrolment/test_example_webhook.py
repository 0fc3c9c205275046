"""The webhook of examples/mdm_webhook: what it answers, what it prints, whom it asks."""

from __future__ import annotations

import base64
import gc
import hmac
import json
import os
import plistlib
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("httpx2", reason="needs the packages of the dependency group 'examples'")

import httpx2
import jsonschema
from peers import free_port, serving
from watched import (
    AUTHORITY,
    EXAMPLE,
    INVENTORY,
    KEY,
    MAC,
    PHONE,
    Lines,
    client,
    device,
    post,
    watch,
)

from appleattest import mdm, policy
from appleattest.testing import (
    DeviceModel,
    ManualClock,
    SimulatedDevice,
    carriers,
    deviations,
)
from appleattest.testing.device import Compromise, Lies, Relays
from appleattest.testing.overriding import override
from examples.mdm_webhook.__main__ import look_after_all
from examples.mdm_webhook.app import SIGNATURE, app
from examples.mdm_webhook.nanomdm import NanoMDM
from examples.mdm_webhook.store import Store
from examples.mdm_webhook.watch import NoAnswer, NotQueued, Question

SERIAL: Final = MAC.serial_number
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


def check_in(topic: str, udid: str, **said: str) -> bytes:
    """An event about a check-in message, as NanoMDM makes it."""
    message = {"MessageType": topic.removeprefix("mdm."), "UDID": udid, **said}
    payload = base64.b64encode(plistlib.dumps(message)).decode()
    event = {"udid": udid, "raw_payload": payload}
    return json.dumps(
        {"topic": topic, "created_at": "2025-07-01T12:00:00Z", "checkin_event": event}
    ).encode()


def connect(response: bytes) -> bytes:
    """An event about a response or a poll."""
    said = plistlib.loads(response)
    return carriers.webhook_event(
        response,
        udid=said["UDID"],
        status=said["Status"],
        command_uuid=said.get("CommandUUID", ""),
    )


def signature(body: bytes, key: bytes = KEY) -> str:
    """What NanoMDM writes into the header."""
    return base64.b64encode(hmac.digest(key, body, "sha256")).decode()


class Service:
    """The service, its MDM server (which takes commands and hands on what it is told), a clock."""

    def __init__(self, store: Store | None = None, *, clock: ManualClock | None = None) -> None:
        self.clock = ManualClock() if clock is None else clock
        self.lines = Lines()
        self.queued: list[tuple[str, bytes]] = []
        self.mdm_is_down = False
        self.no_answer = False
        self.before_queueing: Callable[[str, bytes], None] = lambda *_: None
        self.watch = watch(self.clock, self._queue, self.lines, store)
        self.client = client(self.watch)

    def _queue(self, enrollment_id: str, command: bytes) -> None:
        self.before_queueing(enrollment_id, command)
        if self.mdm_is_down:
            raise NotQueued("it is down")
        self.queued.append((enrollment_id, command))
        if self.no_answer:
            raise NoAnswer("its answer is lost")

    def post(self, body: bytes, *, key: bytes = KEY) -> int:
        headers = {SIGNATURE: signature(body, key)}
        response = self.client.post("/webhook", content=body, headers=headers)
        return response.status_code

    def enrol(self, device: SimulatedDevice) -> None:
        """Let the device enrol, so that it has been asked for its first attestation."""
        model = device.model
        said = {"SerialNumber": model.serial_number}
        assert self.post(check_in("mdm.Authenticate", model.udid, **said)) == 200
        assert self.post(check_in("mdm.TokenUpdate", model.udid)) == 200
        self.lines.read()

    def command(self) -> bytes:
        """The one command that is queued; it is handed out."""
        ((_, command),) = self.queued
        self.queued.clear()
        return command

    def answered(self, device: SimulatedDevice) -> list[str]:
        """What is printed when the device answers the command that is queued."""
        return self.told(device.answer(self.command()))

    def told(self, response: bytes) -> list[str]:
        """What is printed when the MDM server hands this response on."""
        assert self.post(connect(response)) == 200
        return self.lines.read()

    def polled(self, model: DeviceModel = MAC) -> list[str]:
        """What is printed when the device asks for commands."""
        return self.told(plistlib.dumps({"Status": "Idle", "UDID": model.udid}))


@pytest.fixture
def service() -> Service:
    return Service()


def enrolled(
    service: Service, *compromises: Compromise, model: DeviceModel = MAC
) -> SimulatedDevice:
    """A device that has enrolled and has been asked."""
    made = device(service.clock, *compromises, model=model)
    service.enrol(made)
    return made


BELIEVED: Final = [
    f"{SERIAL} answer: - -> genuine, current",
    f"{SERIAL} OS version: - -> 15.5",
    f"{SERIAL} SIP: - -> enabled",
    f"{SERIAL} secure boot: - -> full",
    f"{SERIAL} discrepancies: - -> none",
    f"{SERIAL} policy: - -> satisfied",
    f"{SERIAL} trust: none -> full",
]
"""What is printed of a Mac in good order the first time."""


# --- enrolment ----------------------------------------------------------------------------------


def test_a_device_of_the_inventory_enrols_and_is_asked_when_it_can_be(service: Service) -> None:
    assert service.post(check_in("mdm.Authenticate", MAC.udid, SerialNumber=SERIAL)) == 200
    assert service.lines.read() == [f"{SERIAL} enrols as {MAC.udid}"]
    assert service.queued == []
    assert service.post(check_in("mdm.TokenUpdate", MAC.udid)) == 200
    assert service.lines.read() == [
        f"{SERIAL} trust: - -> none",
        f"{SERIAL} is asked: never-attested",
    ]
    ((enrollment_id, command),) = service.queued
    asked = plistlib.loads(command)["Command"]
    assert enrollment_id == MAC.udid
    assert len(asked["DeviceAttestationNonce"]) == 32
    assert "DevicePropertiesAttestation" in asked["Queries"]


@pytest.mark.parametrize(
    ("udid", "said"),
    [
        pytest.param(MAC.udid, {"SerialNumber": "ANOTHER"}, id="serial number"),
        pytest.param(MAC.udid, {}, id="no serial number"),
        pytest.param(f"{MAC.udid},{PHONE.udid}", {"SerialNumber": SERIAL}, id="two ids in one"),
        pytest.param("", {"SerialNumber": SERIAL}, id="no id"),
    ],
)
def test_an_enrolment_that_is_none_of_ours_is_never_asked(
    service: Service, udid: str, said: dict[str, str]
) -> None:
    assert service.post(check_in("mdm.Authenticate", udid, **said)) == 200
    assert service.lines.read() == [f"'{udid[:64]}' enrols, and is none of ours"]
    assert service.post(check_in("mdm.TokenUpdate", udid)) == 200
    assert service.queued == []


def test_an_authenticate_message_that_cannot_be_read_enrols_nobody(service: Service) -> None:
    event = json.loads(check_in("mdm.Authenticate", MAC.udid, SerialNumber=SERIAL))
    event["checkin_event"]["raw_payload"] = base64.b64encode(b"<plist>").decode()
    assert service.post(json.dumps(event).encode()) == 200
    assert service.lines.read() == [f"'{MAC.udid}' enrols, and is none of ours"]


def claims(service: Service, udid: str, serial_number: str = SERIAL) -> list[str]:
    """What is printed when this enrolment says that it is the device."""
    said = check_in("mdm.Authenticate", udid, SerialNumber=serial_number)
    assert service.post(said) == 200
    assert service.post(check_in("mdm.TokenUpdate", udid)) == 200
    return service.lines.read()


IMPOSTOR: Final = DeviceModel.mac(2).udid
"""The enrolment of another Mac, which says that it is the first one."""


def test_who_claims_a_serial_number_first_does_not_hold_it(service: Service) -> None:
    assert claims(service, IMPOSTOR)[0] == f"{SERIAL} enrols as {IMPOSTOR}"
    service.queued.clear()
    mac = device(service.clock)
    service.enrol(mac)
    lines = service.answered(mac)
    assert lines == [line.replace(SERIAL, f"{SERIAL} ({MAC.udid})", 1) for line in BELIEVED]


def test_a_later_claim_takes_nothing_from_a_device_that_was_attested(service: Service) -> None:
    mac = enrolled(service)
    service.answered(mac)
    assert claims(service, IMPOSTOR) == [
        f"{SERIAL} enrols as {IMPOSTOR}; other enrolments that say so: 1",
        f"{SERIAL} ({IMPOSTOR}) trust: - -> none",
        f"{SERIAL} ({IMPOSTOR}) is asked: never-attested",
    ]
    service.queued.clear()
    assert service.polled() == []
    known = service.watch.store.device(MAC.udid)
    assert known is not None
    assert known.proven


def test_the_enrolment_that_was_attested_last_is_the_device(service: Service) -> None:
    """Both answered the nonce that they were sent, so one of the two relays the other's chain."""
    other = device(service.clock)
    service.enrol(other)
    service.answered(other)
    claims(service, IMPOSTOR)
    service.clock.advance(WEEK)
    response = plistlib.loads(other.answer(service.command()))
    lines = service.told(plistlib.dumps({**response, "UDID": IMPOSTOR}))
    assert lines[0] == f"{SERIAL} is {IMPOSTOR} now, not {MAC.udid}"
    assert lines[-1] == f"{SERIAL} ({IMPOSTOR}) trust: none -> full"
    assert service.polled() == [f"{SERIAL} ({MAC.udid}) trust: full -> none"]


def test_a_claim_that_is_not_proven_takes_nothing(service: Service) -> None:
    """A cached attestation for a request that nobody knows may be one that was replayed."""
    other = device(service.clock)
    service.enrol(other)
    service.answered(other)
    claims(service, IMPOSTOR)
    response = plistlib.loads(other.answer(service.command()))
    lines = service.told(plistlib.dumps({**response, "UDID": IMPOSTOR}))
    assert f"{SERIAL} ({IMPOSTOR}) answer: - -> genuine, unmatched" in lines
    assert not any("trust" in line for line in lines)
    assert service.polled() == []


@pytest.mark.parametrize("claimed", [SERIAL, "ANOTHER"])
def test_a_claim_to_be_another_deletes_nobody(service: Service, claimed: str) -> None:
    service.answered(enrolled(service))
    other = DeviceModel.mac(2)
    service.answered(enrolled(service, model=other))
    claims(service, other.udid, claimed)
    assert service.watch.store.enrollment_ids() == [MAC.udid, other.udid]
    kept = service.watch.store.device(other.udid)
    assert kept is not None
    assert kept.proven == (claimed == "ANOTHER")


def test_the_same_device_may_enrol_again_with_another_key(service: Service) -> None:
    mac = enrolled(service)
    assert service.answered(mac) == BELIEVED
    mac.erase()
    service.enrol(mac)
    assert service.answered(mac) == BELIEVED


def test_a_device_that_has_left_is_no_longer_asked(service: Service) -> None:
    mac = enrolled(service)
    response = mac.answer(service.command())
    assert service.post(check_in("mdm.CheckOut", MAC.udid)) == 200
    assert service.lines.read() == [f"{SERIAL} has left"]
    assert service.told(response) == []
    assert service.polled() == []
    assert service.queued == []


# --- answers ------------------------------------------------------------------------------------


def test_a_genuine_answer_is_believed_and_told_once(service: Service) -> None:
    mac = enrolled(service)
    assert service.answered(mac) == BELIEVED
    assert service.polled() == []
    assert service.queued == []


def test_what_has_changed_is_all_that_is_printed(service: Service) -> None:
    mac = enrolled(service)
    service.answered(mac)
    service.clock.advance(30 * DAY)
    assert service.polled() == [f"{SERIAL} is asked: age"]
    mac.model = replace(mac.model, secure_boot="Reduced Security")
    assert service.answered(mac) == [
        f"{SERIAL} secure boot: full -> reduced",
        f"{SERIAL} policy: satisfied -> full-security: violated: full was expected, reduced found",
    ]
    service.clock.advance(30 * DAY)
    service.polled()
    mac.model = replace(mac.model, secure_boot="Full Security")
    assert service.answered(mac) == [
        f"{SERIAL} secure boot: reduced -> full",
        f"{SERIAL} policy: full-security: violated: full was expected, reduced found -> satisfied",
    ]


def test_an_iphone_is_known_by_its_udid_as_well(service: Service) -> None:
    phone = enrolled(service, model=PHONE)
    lines = service.answered(phone)
    assert f"{PHONE.serial_number} answer: - -> genuine, current" in lines
    assert f"{PHONE.serial_number} SIP: - -> -" not in lines


def test_an_iphone_whose_udid_is_not_that_of_the_enrolment_is_refused(service: Service) -> None:
    phone = enrolled(service, model=PHONE)
    phone.model = replace(PHONE, udid=DeviceModel.iphone(2).udid)
    response = plistlib.loads(phone.answer(service.command()))
    response["UDID"] = PHONE.udid
    lines = service.told(plistlib.dumps(response))
    assert lines[1] == (f"{PHONE.serial_number} answer: - -> refused, identifier-mismatch")


class Sends(Compromise):
    """Sends a chain of the test's choice."""

    def __init__(self, make: Callable[[bytes | None], Sequence[bytes]]) -> None:
        self.make = make

    @override
    def chain(self, chain: tuple[bytes, ...] | None, nonce: bytes | None) -> tuple[bytes, ...]:
        return tuple(self.make(nonce))


def minted(*departures: deviations.WrongSigner) -> Sends:
    """Sends a chain made for the nonce, which departs from the genuine one in this."""
    clock = ManualClock()
    return Sends(
        lambda nonce: AUTHORITY.attest(
            properties=MAC.properties(), freshness_code=nonce, at=clock(), deviations=departures
        )
    )


def test_a_forged_chain_is_refused_and_ends_trust(service: Service) -> None:
    mac = enrolled(service)
    service.answered(mac)
    service.clock.advance(30 * DAY)
    service.polled()
    mac.compromises = (minted(deviations.WrongSigner()),)
    reason, *changes = service.answered(mac)
    assert reason.startswith(f"{SERIAL} is not believed: ")
    assert changes == [
        f"{SERIAL} answer: genuine, current -> refused, bad-signature",
        f"{SERIAL} trust: full -> none",
    ]


def test_the_same_chain_by_the_right_signer_is_believed(service: Service) -> None:
    assert service.answered(enrolled(service, minted())) == BELIEVED


def test_a_relayed_chain_is_refused_and_accepted_from_its_device(service: Service) -> None:
    other = device(service.clock, model=DeviceModel.mac(2))
    mac = enrolled(service, Relays(other))
    assert service.answered(mac)[1:] == [f"{SERIAL} answer: - -> refused, identifier-mismatch"]
    other.erase()
    service.enrol(other)
    serial = other.model.serial_number
    assert f"{serial} answer: - -> genuine, current" in service.answered(other)


def test_another_key_is_refused_until_the_device_enrols_again(service: Service) -> None:
    mac = enrolled(service)
    service.answered(mac)
    mac.erase()
    service.clock.advance(30 * DAY)
    service.polled()
    assert service.answered(mac)[1:] == [
        f"{SERIAL} answer: genuine, current -> refused, key-mismatch",
        f"{SERIAL} trust: full -> none",
    ]
    service.enrol(mac)
    service.clock.advance(WEEK)
    assert service.answered(mac) == BELIEVED


def test_a_device_that_lies_is_believed_where_apple_attests(service: Service) -> None:
    mac = enrolled(service, Lies({"OSVersion": "26.0\u202e\nanother line"}))
    lines = service.answered(mac)
    assert f"{SERIAL} OS version: - -> 15.5" in lines
    said = r"'26.0\u202e\nanother line'"
    assert f"{SERIAL} discrepancies: - -> OSVersion is 15.5, not {said}" in lines
    assert any(line.startswith(f"{SERIAL} policy: - -> no-discrepancies: ") for line in lines)
    service.clock.advance(WEEK)
    assert service.polled() == []


def test_a_busy_device_is_waited_for(service: Service) -> None:
    mac = enrolled(service)
    command = service.command()
    mac.busy = True
    assert service.told(mac.answer(command)) == [f"{SERIAL} is busy, and answers later"]
    assert service.queued == []
    mac.busy = False
    assert service.told(mac.answer(command)) == BELIEVED


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        pytest.param({"Status": "Error", "ErrorChain": []}, "not-acknowledged", id="Error"),
        pytest.param({"Status": "CommandFormatError"}, "not-acknowledged", id="CommandFormatError"),
        pytest.param({"QueryResponses": {}}, "no-attestation", id="absent"),
    ],
)
def test_an_answer_without_attestation_is_a_failure_and_asked_for_again(
    service: Service, refusal: dict[str, Any], reason: str
) -> None:
    mac = enrolled(service)
    response = mac.answer(service.command())
    refused = service.told(plistlib.dumps({**plistlib.loads(response), **refusal}))
    assert len(refused) == 2
    assert refused[1].startswith(f"{SERIAL} answer: - -> refused, {reason}")
    assert service.polled() == []
    service.clock.advance(DAY)
    assert service.polled() == [f"{SERIAL} is asked: never-attested"]
    believed = service.told(
        response.replace(
            plistlib.loads(response)["CommandUUID"].encode(),
            plistlib.loads(service.queued[0][1])["CommandUUID"].encode(),
        )
    )
    assert believed[0].startswith(f"{SERIAL} answer: refused, {reason}")
    assert believed[0].endswith("-> genuine, earlier")


def test_a_cached_attestation_for_an_unknown_request_is_no_failure(service: Service) -> None:
    mac = device(service.clock)
    mac.attest(b"a nonce of the MDM server before")
    service.enrol(mac)
    lines = service.answered(mac)
    assert f"{SERIAL} answer: - -> genuine, unmatched" in lines
    assert (
        f"{SERIAL} policy: - -> "
        "freshness: violated: current or earlier was expected, unmatched found"
    ) in lines
    service.clock.advance(30 * DAY)
    service.polled()
    lines = service.answered(mac)
    assert f"{SERIAL} answer: genuine, unmatched -> genuine, current" in lines
    assert any(line.endswith(" unmatched found -> satisfied") for line in lines)


@pytest.mark.parametrize(
    ("said", "discrepancies"),
    [
        pytest.param("15.6", "none", id="updated since"),
        pytest.param("15.4", "OSVersion is 15.5, not '15.4'", id="older than attested"),
    ],
)
def test_an_update_since_a_cached_attestation_is_no_lie(
    service: Service, said: str, discrepancies: str
) -> None:
    mac = device(service.clock, Lies({"OSVersion": said}))
    mac.attest(b"a nonce of the MDM server before")
    service.enrol(mac)
    assert f"{SERIAL} discrepancies: - -> {discrepancies}" in service.answered(mac)


def test_a_lost_answer_is_recovered_without_a_nonce(service: Service) -> None:
    mac = enrolled(service)
    mac.answer(service.command())
    service.clock.advance(14 * DAY)
    service.watch.look_after_all()
    assert service.queued == []
    service.clock.advance(timedelta(seconds=1))
    service.watch.look_after_all()
    assert service.lines.read() == [
        f"{SERIAL} has not answered, and is given up",
        f"{SERIAL} is asked: recover",
    ]
    assert "DeviceAttestationNonce" not in plistlib.loads(service.queued[0][1])["Command"]
    lines = service.answered(mac)
    assert f"{SERIAL} answer: - -> genuine, earlier" in lines
    assert f"{SERIAL} policy: - -> satisfied" in lines


def test_a_command_is_answered_once(service: Service) -> None:
    mac = enrolled(service)
    command = service.command()
    assert service.told(mac.answer(command)) == BELIEVED
    mac.model = replace(mac.model, os_version="26.0")
    assert service.told(mac.answer(command)) == []


def test_the_answer_to_a_command_of_another_service_is_none_of_ours(service: Service) -> None:
    enrolled(service)
    chain = AUTHORITY.attest(properties=MAC.properties(), at=service.clock())
    assert service.told(carriers.response_plist(chain, udid=MAC.udid)) == []


# --- asking again -------------------------------------------------------------------------------


def test_an_update_that_the_device_tells_of_is_looked_at_after_seven_days(
    service: Service,
) -> None:
    mac = enrolled(service)
    service.answered(mac)
    mac.update_os("15.6")
    told = carriers.response_plist(None, udid=MAC.udid, query_responses={"OSVersion": "15.6"})
    assert service.told(told) == []
    assert service.polled() == []
    service.clock.advance(WEEK - timedelta(seconds=1))
    service.watch.look_after_all()
    assert service.lines.read() == []
    service.clock.advance(timedelta(seconds=1))
    service.watch.look_after_all()
    assert service.lines.read() == [f"{SERIAL} is asked: os-changed"]
    assert service.answered(mac) == [f"{SERIAL} OS version: 15.5 -> 15.6"]


def test_a_command_that_was_not_queued_is_sent_with_the_next_event(service: Service) -> None:
    service.mdm_is_down = True
    mac = device(service.clock)
    service.enrol(mac)
    assert service.polled() == [f"{SERIAL} could not be asked: it is down"]
    service.mdm_is_down = False
    assert service.polled() == [f"{SERIAL} is asked: never-attested"]
    assert service.answered(mac) == BELIEVED


def test_a_command_is_remembered_before_it_is_sent(tmp_path: Path) -> None:
    """Or a device that answers at once, or after a crash in between, would be a stranger."""
    remembered: list[str] = []

    def look(*_: object) -> None:
        with closing(sqlite3.connect(tmp_path / "file")) as database:
            ((texts,),) = database.execute("SELECT remembered FROM device")
        state, _, _ = json.loads(texts)
        remembered.extend(each["command_uuid"] for each in state["pending"])

    with closing(Store(tmp_path / "file")) as store:
        service = Service(store)
        service.before_queueing = look
        enrolled(service)
    assert remembered == [plistlib.loads(service.command())["CommandUUID"]]


def test_a_command_whose_answer_is_lost_stays_remembered(service: Service) -> None:
    service.no_answer = True
    mac = device(service.clock)
    claims(service, MAC.udid)
    service.no_answer = False
    assert service.polled() == []
    ((_, command),) = service.queued
    assert service.told(mac.answer(command)) == BELIEVED


def test_what_was_not_queued_leaves_no_trace(service: Service) -> None:
    mac = enrolled(service)
    mac.answer(service.command())
    service.clock.advance(15 * DAY)
    service.mdm_is_down = True
    assert service.polled() == [
        f"{SERIAL} has not answered, and is given up",
        f"{SERIAL} could not be asked: it is down",
    ]
    service.mdm_is_down = False
    assert service.polled() == [f"{SERIAL} is asked: recover"]
    assert f"{SERIAL} answer: - -> genuine, earlier" in service.answered(mac)


def test_what_has_happened_in_the_meantime_is_not_undone(service: Service) -> None:
    """The device enrols again while its command is on the way to a server that refuses it."""

    def enrol_again(enrollment_id: str, _: bytes) -> None:
        service.before_queueing = lambda *_: None
        assert claims(service, enrollment_id)[-1] == f"{SERIAL} is asked: never-attested"
        raise NotQueued("too late")

    service.before_queueing = enrol_again
    mac = device(service.clock)
    service.enrol(mac)
    assert service.answered(mac) == BELIEVED


def responding(
    monkeypatch: pytest.MonkeyPatch, respond: Callable[[httpx2.Request], httpx2.Response]
) -> NanoMDM:
    """A NanoMDM that responds so."""
    client = partial(httpx2.Client, transport=httpx2.MockTransport(respond))
    with monkeypatch.context() as patched:
        patched.setattr(httpx2, "Client", client)
        return NanoMDM("http://mdm.example", api_key="the key of the API")


QUEUED: Final = '{"status": {"A": {"push_error": "asleep"}}, "command_uuid": "B"}'


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        *((200, text) for text in ("null", "[]", '"no"', "{}", "[" * 100_000, "<html>")),
        *((200, text) for text in ('{"status": null}', '{"status": {"A": null}}')),
        *((status, QUEUED) for status in (302, 408, 502, 503, 504)),
    ],
)
def test_an_answer_of_another_than_nanomdm_leaves_open_what_was_queued(
    status: int, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's time-out, say. Any other exception would end what is done for other devices."""
    with (
        closing(responding(monkeypatch, lambda _: httpx2.Response(status, text=answer))) as api,
        pytest.raises(NoAnswer),
    ):
        api.send("A", b"")


@pytest.mark.parametrize("status", [200, 207, 500])
def test_a_command_is_queued_if_nanomdm_says_so(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(responding(monkeypatch, lambda _: httpx2.Response(status, text=QUEUED))) as api:
        api.send("A", b"")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, '{"status": {"A": {"command_error": "no"}}, "command_uuid": "B"}'),
        (500, '{"command_error": "no"}'),
        *((status, "") for status in (400, 401, 403, 404, 405, 413)),
    ],
)
def test_a_command_is_not_queued_if_nanomdm_says_so(
    status: int, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        closing(responding(monkeypatch, lambda _: httpx2.Response(status, text=answer))) as api,
        pytest.raises(NotQueued),
    ):
        api.send("A", b"")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (httpx2.ConnectError, NotQueued),
        (httpx2.ConnectTimeout, NotQueued),
        (httpx2.ReadTimeout, NoAnswer),
        (httpx2.WriteTimeout, NoAnswer),
        (httpx2.ReadError, NoAnswer),
        (httpx2.RemoteProtocolError, NoAnswer),
    ],
)
def test_a_lost_answer_is_told_from_a_lost_question(
    fault: type[httpx2.TransportError],
    raised: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise fault("at https://nanomdm:the key of the API@mdm.example")

    with (
        closing(responding(monkeypatch, fail)) as api,
        pytest.raises(raised) as refusal,
    ):
        api.send("A", b"")
    # Neither the text nor a cause, which holds the request, gives the key away.
    assert "key" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_one_device_that_fails_does_not_stop_the_others(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    mac, phone = enrolled(service), enrolled(service, model=PHONE)
    commands = dict(service.queued)
    service.queued.clear()
    service.told(mac.answer(commands[MAC.udid]))
    service.told(phone.answer(commands[PHONE.udid]))
    service.clock.advance(30 * DAY)

    def fail(enrollment_id: str, _: bytes) -> None:
        if enrollment_id == MAC.udid:
            raise RuntimeError("a fault of ours")

    service.before_queueing = fail
    service.watch.look_after_all()
    assert service.lines.read() == [f"{PHONE.serial_number} is asked: age"]
    assert "a fault of ours" in caplog.text


def test_a_record_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Store(tmp_path / "file")) as store:
        service = Service(store)
        service.mdm_is_down = True
        service.enrol(device(service.clock))
        service.enrol(device(service.clock, model=PHONE))
        service.mdm_is_down = False
        with closing(sqlite3.connect(tmp_path / "file")) as database, database:
            database.execute(
                "UPDATE device SET remembered = '' WHERE enrollment_id = ?", [MAC.udid]
            )
        service.watch.look_after_all()
    assert service.lines.read() == [f"{PHONE.serial_number} is asked: never-attested"]
    assert MAC.udid in caplog.text


def test_the_hourly_thread_survives_an_exception(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[float] = []

    def fail() -> list[str]:
        raise sqlite3.OperationalError("database is locked")

    def wait(seconds: float) -> bool:
        rounds.append(seconds)
        return len(rounds) == 3

    monkeypatch.setattr(service.watch.store, "enrollment_ids", fail)
    look_after_all(service.watch, wait)
    assert rounds == [3600, 3600, 3600]
    assert caplog.text.count("database is locked\n") == 3


def test_no_nonce_is_in_what_may_be_logged(service: Service) -> None:
    enrolled(service)
    known = service.watch.store.device(MAC.udid)
    assert known is not None
    (sent,) = known.state.pending
    assert sent.nonce is not None
    secrets = (repr(sent.nonce), base64.b64encode(sent.nonce).decode())
    question = Question(SERIAL, MAC.udid, mdm.AskReason.AGE, "uuid", sent.nonce)
    for shown in (repr(known), repr(question), repr(service.watch)):
        assert not any(secret in shown for secret in secrets)
    assert SERIAL in repr(known)


def test_a_store_that_is_dropped_closes_its_connection(tmp_path: Path) -> None:
    """`ResourceWarning` on Python 3.13, and the file stays open as long as the process."""
    store = Store(tmp_path / "file")
    database = store._database
    del store
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")


def test_what_is_remembered_outlives_the_process(tmp_path: Path) -> None:
    first = Service(Store(tmp_path / "devices.sqlite"))
    mac = enrolled(first)
    first.watch.store.close()
    second = Service(Store(tmp_path / "devices.sqlite"), clock=first.clock)
    assert second.told(mac.answer(first.command())) == BELIEVED
    second.watch.store.close()


def test_a_device_that_has_left_the_inventory_is_left_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    mac = enrolled(service)
    monkeypatch.delitem(INVENTORY, SERIAL)
    command = service.command()
    assert service.told(mac.answer(command)) == []
    monkeypatch.undo()
    assert service.told(mac.answer(command)) == BELIEVED


# --- HTTP ---------------------------------------------------------------------------------------


def test_only_what_nanomdm_has_signed_is_taken_in(service: Service) -> None:
    event = check_in("mdm.Authenticate", MAC.udid, SerialNumber=SERIAL)
    assert service.post(event, key=b"another key") == 403
    assert service.client.post("/webhook", content=event).status_code == 403
    odd = {SIGNATURE.encode(): "\xff".encode("latin-1")}
    assert service.client.post("/webhook", content=event, headers=odd).status_code == 403
    assert service.lines.read() == []
    assert service.post(event) == 200
    assert service.lines.read() == [f"{SERIAL} enrols as {MAC.udid}"]


def test_a_blank_key_is_refused_before_anything_is_served(service: Service) -> None:
    with pytest.raises(ValueError, match="blank"):
        app(service.watch, key=b"")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "malformed-json", id="nothing"),
        pytest.param(b"[]", "malformed-json", id="no event"),
        pytest.param(
            b'{"topic":"mdm.Connect","acknowledge_event":{"raw_payload":"?"}}',
            "malformed-base64",
            id="base64",
        ),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(
    service: Service, body: bytes, reason: str
) -> None:
    assert service.post(body) == 400
    assert service.lines.read() == [f"an event that cannot be read: {reason}"]
    assert service.post(carriers.webhook_event(carriers.response_plist(None))) == 200


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(lambda response: response[:-9], "malformed-plist", id="truncated"),
        pytest.param(lambda response: response + b" " * 65_536, "too-large", id="too large"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_failure(
    service: Service, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    """Or a device could keep a command of ours pending for as long as it likes."""
    mac = enrolled(service)
    response = mac.answer(service.command())
    said = plistlib.loads(response)
    ids = {"status": said["Status"], "command_uuid": said["CommandUUID"]}
    assert service.post(carriers.webhook_event(spoil(response), udid=said["UDID"], **ids)) == 200
    assert service.lines.read()[-1] == f"{SERIAL} answer: - -> refused, {reason}"
    assert service.told(response) == []
    service.clock.advance(DAY)
    assert service.polled() == [f"{SERIAL} is asked: recover"]
    assert f"{SERIAL} answer: refused, {reason} -> genuine, earlier" in service.answered(mac)


def test_a_user_of_a_device_is_not_the_device(service: Service) -> None:
    """NanoMDM names both channels by the same UDID, and tells them apart by its own id."""
    mac = enrolled(service)
    event = json.loads(check_in("mdm.CheckOut", MAC.udid, UserID="A"))
    ids = {"id": f"{MAC.udid}:A", "type": "User", "parent_id": MAC.udid}
    event["checkin_event"]["ids"] = ids
    assert service.post(json.dumps(event).encode()) == 200
    assert service.lines.read() == []
    assert service.answered(mac) == BELIEVED
    event["checkin_event"]["ids"] = {"id": MAC.udid, "type": "Device"}
    assert service.post(json.dumps(event).encode()) == 200
    assert service.lines.read() == [f"{SERIAL} has left"]


@pytest.mark.parametrize("size", [70_000, 1_000_000])
def test_a_large_answer_to_another_command_is_no_error(service: Service, size: int) -> None:
    extra = {"InstalledApplicationList": ["x" * size]}
    body = connect(carriers.response_plist(None, extra=extra))
    assert service.post(body, key=b"another key") == 403
    assert service.post(body) == 200
    assert service.lines.read() == []


@pytest.mark.parametrize("topic", ["mdm.SetBootstrapToken", "mdm.DeclarativeManagement", "mdm.New"])
def test_another_topic_is_no_error(service: Service, topic: str) -> None:
    mac = enrolled(service)
    assert service.post(check_in(topic, MAC.udid)) == 200
    assert service.lines.read() == []
    assert service.answered(mac) == BELIEVED


# --- its files ----------------------------------------------------------------------------------


def test_the_policy_is_of_the_published_schema() -> None:
    document = tomllib.loads((EXAMPLE / "policy.toml").read_text(encoding="utf-8"))
    schema = json.loads(policy.json_schema())
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "maximum_os_version": {}}, schema)


def test_it_says_how_it_is_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.mdm_webhook", "--help"],
        cwd=EXAMPLE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "NANOMDM_WEBHOOK_HMAC_KEY" in done.stdout


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    port = free_port()
    database = tmp_path / "devices.sqlite"
    program = [sys.executable, "-m", "examples.mdm_webhook"]
    environment = {
        "NANOMDM_API": "unused",
        "NANOMDM_WEBHOOK_HMAC_KEY": KEY.decode(),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    event = check_in("mdm.Authenticate", MAC.udid, SerialNumber="EXAMPLE001")
    webhook = f"http://127.0.0.1:{port}/webhook"
    with serving(
        [*program, "--port", str(port), "--database", database],
        port=port,
        folder=tmp_path,
        environment=environment,
    ):
        assert post(webhook, event) == 403
        assert post(webhook, event, {SIGNATURE: signature(event)}) == 200
    with closing(Store(database)) as store:
        enrolled = store.device(MAC.udid)
    assert enrolled is not None
    assert enrolled.serial_number == "EXAMPLE001"
