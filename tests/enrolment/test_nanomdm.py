"""The simulated device, a real NanoMDM, and the example's webhook: from enrolment to verdict.

Nobody here tells the service anything but NanoMDM, and nobody the device: what the one asks and the
other answers passes through a server that others wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from mdm_client import MDMClient
from nanomdm_server import API_KEY, Running, running
from peers import free_port
from watched import AUTHORITY, MAC, PHONE, device

from appleattest import mdm
from appleattest.testing import DeviceModel, ManualClock, SimulatedDevice, deviations
from appleattest.testing.device import Lies, Relays, Replays
from examples.mdm_webhook.nanomdm import NanoMDM
from examples.mdm_webhook.watch import NotQueued

SERIAL: Final = MAC.serial_number
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def nanomdm(tmp_path: Path, clock: ManualClock) -> Iterator[Running]:
    with running(tmp_path, clock) as both:
        yield both


def enrolled(nanomdm: Running, device: SimulatedDevice) -> MDMClient:
    """The device as a client that has enrolled and has been asked."""
    serial = device.model.serial_number
    client = nanomdm.client(device)
    client.authenticate()
    nanomdm.printed.until(f"{serial} enrols as {device.model.udid}")
    client.token_update()
    asked = nanomdm.printed.until(f"{serial} is asked: never-attested")
    assert asked[0] == f"{serial} trust: - -> none"
    return client


@pytest.mark.parametrize("model", [MAC, PHONE], ids=lambda model: model.platform)
def test_a_device_enrols_is_asked_and_is_believed(
    nanomdm: Running, clock: ManualClock, model: DeviceModel
) -> None:
    serial = model.serial_number
    client = enrolled(nanomdm, device(clock, model=model))
    assert client.poll() == 1
    lines = nanomdm.printed.until(f"{serial} trust: none -> full")
    assert lines[0] == f"{serial} answer: - -> genuine, current"
    assert f"{serial} OS version: - -> {model.os_version}" in lines
    assert f"{serial} policy: - -> satisfied" in lines
    assert client.poll() == 0


def test_a_device_is_asked_again_when_that_is_due(nanomdm: Running, clock: ManualClock) -> None:
    mac = device(clock)
    client = enrolled(nanomdm, mac)
    client.poll()
    nanomdm.printed.until(f"{SERIAL} trust: none -> full")
    mac.update_os("15.6")
    clock.advance(MONTH)
    nanomdm.service.look_after_all()
    assert nanomdm.printed.until(f"{SERIAL} is asked: age") == [f"{SERIAL} is asked: age"]
    assert client.poll() == 1
    line = f"{SERIAL} OS version: 15.5 -> 15.6"
    assert nanomdm.printed.until(line) == [line]


def test_a_device_that_relays_another_is_refused(nanomdm: Running, clock: ManualClock) -> None:
    other = device(clock, model=DeviceModel.mac(2))
    assert enrolled(nanomdm, device(clock, Relays(other))).poll() == 1
    refused = f"{SERIAL} answer: - -> refused, identifier-mismatch"
    assert nanomdm.printed.until(refused)[0].startswith(f"{SERIAL} is not believed: ")

    clock.advance(WEEK)
    serial = other.model.serial_number
    assert enrolled(nanomdm, other).poll() == 1
    nanomdm.printed.until(f"{serial} answer: - -> genuine, current")


def test_a_device_that_sends_a_forged_chain_is_refused(
    nanomdm: Running, clock: ManualClock
) -> None:
    mac = device(clock, Replays(forged(clock)))
    client = enrolled(nanomdm, mac)
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} answer: - -> refused, bad-signature")

    mac.compromises = ()
    clock.advance(WEEK)
    nanomdm.service.look_after_all()
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} answer: refused, bad-signature -> genuine, current")


def forged(clock: ManualClock) -> list[bytes]:
    """A chain of this Mac that the intermediate has not signed."""
    departures = [deviations.WrongSigner()]
    return AUTHORITY.attest(properties=MAC.properties(), at=clock(), deviations=departures)


def test_a_device_that_lies_is_found_out(nanomdm: Running, clock: ManualClock) -> None:
    assert enrolled(nanomdm, device(clock, Lies({"OSVersion": "26.1"}))).poll() == 1
    lines = nanomdm.printed.until(f"{SERIAL} trust: none -> full")
    assert f"{SERIAL} OS version: - -> 15.5" in lines
    assert f"{SERIAL} discrepancies: - -> OSVersion is 15.5, not '26.1'" in lines


def test_a_busy_device_is_asked_by_nanomdm_again(nanomdm: Running, clock: ManualClock) -> None:
    mac = device(clock)
    client = enrolled(nanomdm, mac)
    mac.busy = True
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} is busy, and answers later")
    mac.busy = False
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} answer: - -> genuine, current")


def test_a_device_that_has_left_is_forgotten(nanomdm: Running, clock: ManualClock) -> None:
    client = enrolled(nanomdm, device(clock))
    client.check_out()
    nanomdm.printed.until(f"{SERIAL} has left")
    assert nanomdm.service.store.enrollment_ids() == []
    client.authenticate()
    nanomdm.printed.until(f"{SERIAL} enrols as {MAC.udid}")


def test_a_new_enrolment_is_asked_anew_and_its_queue_is_empty(
    nanomdm: Running, clock: ManualClock
) -> None:
    client = enrolled(nanomdm, device(clock))
    client.authenticate()
    nanomdm.printed.until(f"{SERIAL} enrols as {MAC.udid}")
    client.token_update()
    nanomdm.printed.until(f"{SERIAL} is asked: never-attested")
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} answer: - -> genuine, current")


def test_a_user_that_leaves_does_not_take_the_device_along(
    nanomdm: Running, clock: ManualClock
) -> None:
    """Both channels have the UDID of the device; NanoMDM's `ids` tell them apart."""
    client = enrolled(nanomdm, device(clock))
    client.check_out(UserID="00000000-0000-4000-8000-00000000000A")
    assert client.poll() == 1
    nanomdm.printed.until(f"{SERIAL} answer: - -> genuine, current")
    client.check_out()
    nanomdm.printed.until(f"{SERIAL} has left")


# --- the API ------------------------------------------------------------------------------------

COMMAND: Final = mdm.device_information_command(command_uuid="one", nonce=b"nonce")


@pytest.fixture
def enrolment(nanomdm: Running, clock: ManualClock) -> str:
    """The id of an enrolment whose queue is empty."""
    enrolled(nanomdm, device(clock)).poll()
    nanomdm.printed.until(f"{SERIAL} trust: none -> full")
    return MAC.udid


def test_a_command_is_queued_though_nobody_could_be_woken(
    nanomdm: Running, enrolment: str, tmp_path: Path
) -> None:
    """There is no certificate for APNs here, so each attempt fails and is in NanoMDM's log."""
    log = tmp_path / "log.txt"
    attempts = log.read_text().count("msg=push")
    with connected(nanomdm.url) as api:
        api.send(enrolment, COMMAND)
        assert log.read_text().count("msg=push") == attempts + 1
        with pytest.raises(NotQueued, match="exists"):
            api.send(enrolment, COMMAND)


def test_a_command_is_queued_without_waking_anybody(
    nanomdm: Running, enrolment: str, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    attempts = log.read_text().count("msg=push")
    with connected(nanomdm.url, push=False) as api:
        api.send(enrolment, COMMAND)
        assert log.read_text().count("msg=push") == attempts
        with pytest.raises(NotQueued, match="exists"):
            api.send(enrolment, COMMAND)


def test_an_id_with_a_comma_is_two(nanomdm: Running, clock: ManualClock) -> None:
    """So the service enrols none: see `test_an_enrolment_that_is_none_of_ours_is_never_asked`."""
    mac, other = (device(clock, model=DeviceModel.mac(number)) for number in (1, 2))
    clients = [enrolled(nanomdm, mac), enrolled(nanomdm, other)]
    assert [client.poll() for client in clients] == [1, 1]
    with connected(nanomdm.url) as api:
        api.send(f"{mac.model.udid},{other.model.udid}", COMMAND)
    assert [client.poll() for client in clients] == [1, 1]


def test_a_command_that_is_none_is_not_queued(nanomdm: Running, enrolment: str) -> None:
    with connected(nanomdm.url) as api, pytest.raises(NotQueued):
        api.send(enrolment, b"<plist>")


def test_another_key_queues_nothing(nanomdm: Running, enrolment: str) -> None:
    with connected(nanomdm.url, api_key="another") as api, pytest.raises(NotQueued, match="401"):
        api.send(enrolment, COMMAND)
    with connected(nanomdm.url) as api:
        api.send(enrolment, COMMAND)


def test_an_mdm_server_that_is_down_queues_nothing() -> None:
    with connected(f"http://127.0.0.1:{free_port()}") as api, pytest.raises(NotQueued):
        api.send(MAC.udid, COMMAND)


@contextmanager
def connected(url: str, *, api_key: str = API_KEY, push: bool = True) -> Iterator[NanoMDM]:
    api = NanoMDM(url, api_key=api_key, push=push)
    yield api
    api.close()
