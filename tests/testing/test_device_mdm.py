"""A simulated device answers a DeviceInformation command as Apple documents."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Unpack

import pytest
from device_tools import (
    ABOUT_ITSELF,
    ATTESTATION,
    AUTHORITY,
    EVERYTHING,
    answers,
    ask,
    command,
    verified,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    Freshness,
    FreshnessMismatch,
    OutsideValidity,
    Reason,
    SecureBoot,
    oids,
    testing,
)
from appleattest.mdm import ATTESTATION_INTERVAL
from appleattest.policy import Platform
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    DeviceModel,
    ManualClock,
    SimulatedDevice,
)
from appleattest.testing.device import DeviceArguments

MAC, IPHONE = DeviceModel.mac(), DeviceModel.iphone()
NONCE = b"n" * 32
SECOND = timedelta(seconds=1)

MODELS = [
    MAC,
    IPHONE,
    DeviceModel.ipad(),
    DeviceModel.apple_tv(),
    DeviceModel.apple_watch(),
    DeviceModel.vision_pro(),
]


def device(model: DeviceModel = MAC, **arguments: Unpack[DeviceArguments]) -> SimulatedDevice:
    return SimulatedDevice(AUTHORITY, model, **arguments)


# --- the answers --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    model=st.sampled_from(MODELS),
    queries=st.lists(st.sampled_from([*EVERYTHING, "Unknown", "IMEI"]), min_size=1),
)
def test_what_was_queried_is_answered_and_nothing_else(
    model: DeviceModel, queries: list[str]
) -> None:
    known = set(answers(device(model), NONCE))
    assert set(answers(device(model), NONCE, queries)) == known & set(queries)


@pytest.mark.parametrize(
    ("model", "unanswered"),
    [
        pytest.param(MAC, set(), id="mac"),
        pytest.param(DeviceModel.mac(os_version="26.5"), set(), id="mac-26"),
        pytest.param(DeviceModel.mac(os_version="27.0"), {"SoftwareUpdateDeviceID"}, id="mac-27"),
        pytest.param(
            DeviceModel.mac(os_version="11.3"),
            {"SoftwareUpdateDeviceID", ATTESTATION},
            id="mac-11.3",
        ),
        pytest.param(
            DeviceModel.mac(os_version="11.2"),
            {"SoftwareUpdateDeviceID", "ProvisioningUDID", ATTESTATION},
            id="mac-11.2",
        ),
        pytest.param(IPHONE, {"ProvisioningUDID"}, id="iphone"),
        pytest.param(
            DeviceModel.iphone(os_version="27"),
            {"ProvisioningUDID", "SoftwareUpdateDeviceID"},
            id="iphone-27",
        ),
        pytest.param(
            DeviceModel.iphone(os_version="14.8"),
            {"ProvisioningUDID", "SoftwareUpdateDeviceID", ATTESTATION},
            id="iphone-14",
        ),
        pytest.param(
            DeviceModel.apple_tv(), {"ProvisioningUDID", "SoftwareUpdateDeviceID"}, id="apple-tv"
        ),
        pytest.param(
            DeviceModel.apple_watch(),
            {"ProvisioningUDID", "SoftwareUpdateDeviceID"},
            id="apple-watch",
        ),
        pytest.param(
            DeviceModel.vision_pro(),
            {"ProvisioningUDID", "SoftwareUpdateDeviceID"},
            id="vision-pro",
        ),
        pytest.param(
            DeviceModel.vision_pro(os_version="1.0"),
            {"ProvisioningUDID", "SoftwareUpdateDeviceID", ATTESTATION},
            id="vision-pro-1.0",
        ),
    ],
)
def test_a_platform_answers_what_it_knows(model: DeviceModel, unanswered: set[str]) -> None:
    assert set(answers(device(model), NONCE)) == set(EVERYTHING) - unanswered


def test_there_is_a_model_of_every_platform() -> None:
    assert {model.platform for model in MODELS} == set(Platform)
    assert testing.Platform is Platform


def test_a_platform_is_no_text() -> None:
    with pytest.raises(TypeError, match=r"appleattest\.policy\.Platform: 'macOS'"):
        replace(MAC, platform="macOS")  # type: ignore[arg-type]


def test_a_device_says_what_it_is() -> None:
    assert answers(device(), NONCE, ABOUT_ITSELF) == {
        "SerialNumber": MAC.serial_number,
        "UDID": MAC.udid,
        "ProvisioningUDID": MAC.provisioning_udid,
        "OSVersion": MAC.os_version,
        "SoftwareUpdateDeviceID": MAC.software_update_device_id,
    }


def test_a_response_names_its_command_and_its_device() -> None:
    response = plistlib.loads(device().answer(command(uuid="another")))
    assert (response["CommandUUID"], response["UDID"]) == ("another", MAC.udid)
    assert "EnrollmentID" not in response


def test_further_answers_are_given_when_queried() -> None:
    named = device(answers={"DeviceName": "Test"})
    assert answers(named, queries=["DeviceName"]) == {"DeviceName": "Test"}
    assert answers(named, queries=["UDID"]) == {"UDID": MAC.udid}
    assert answers(device(), queries=["DeviceName"]) == {}


@pytest.mark.parametrize("model", [MAC, IPHONE], ids=["mac", "iphone"])
def test_user_enrolment_names_no_device(model: DeviceModel) -> None:
    byod = device(model, user_enrolled=True)
    response = ask(byod, NONCE)
    assert response["EnrollmentID"] == byod.enrollment_id
    assert "UDID" not in response
    assert set(response["QueryResponses"]) == {"OSVersion", ATTESTATION}
    attestation = verified(byod, NONCE)
    assert not attestation.device.identifies_device
    assert attestation.device.os_version == model.os_version
    assert verified(device(model), NONCE).device.identifies_device


def test_without_the_right_to_query_only_the_udid_comes_back() -> None:
    assert answers(device(may_query=False), NONCE) == {"UDID": MAC.udid}
    assert answers(device(may_query=False), NONCE, ["OSVersion"]) == {}


def test_a_busy_device_answers_not_now() -> None:
    busy = device()
    busy.busy = True
    assert ask(busy, NONCE) == {"CommandUUID": "uuid", "Status": "NotNow", "UDID": MAC.udid}
    busy.busy = False
    assert ask(busy, NONCE)["Status"] == "Acknowledged"


@pytest.mark.parametrize(
    "queries", [None, [], ["UDID", 1], "UDID", {"UDID": True}], ids=lambda queries: repr(queries)
)
@pytest.mark.parametrize("model", [MAC, IPHONE], ids=["mac", "iphone"])
def test_malformed_queries_are_a_format_error(model: DeviceModel, queries: object) -> None:
    assert ask(device(model), NONCE, queries) == {
        "CommandUUID": "uuid",
        "Status": "CommandFormatError",
        "UDID": model.udid,
    }


BAD_NONCES = [b"", b"n" * 33, "text"]


@pytest.mark.parametrize("nonce", BAD_NONCES, ids=["empty", "33-bytes", "text"])
@pytest.mark.parametrize("queries", [EVERYTHING, ("UDID",)], ids=["attestation", "without"])
def test_a_bad_nonce_is_a_format_error_but_on_a_mac(
    nonce: object, queries: tuple[str, ...]
) -> None:
    for model in MODELS:
        response = ask(device(model), nonce, queries)
        expected = "Acknowledged" if model.platform is Platform.MACOS else "CommandFormatError"
        assert response["Status"] == expected
        assert ("QueryResponses" in response) is (expected == "Acknowledged")


@pytest.mark.parametrize("nonce", BAD_NONCES, ids=["empty", "33-bytes", "text"])
def test_a_mac_answers_a_bad_nonce_without_an_attestation(nonce: object) -> None:
    mac = device()
    assert set(answers(mac, nonce)) == set(ABOUT_ITSELF)
    verified(mac, NONCE)
    assert set(answers(mac, nonce)) == set(ABOUT_ITSELF)


@settings(deadline=None, max_examples=32)
@given(nonce=st.binary(min_size=1, max_size=32))
def test_every_nonce_of_1_to_32_bytes_is_answered(nonce: bytes) -> None:
    for model in (MAC, IPHONE):
        assert verified(device(model), nonce).matched_freshness == nonce


# --- what can attest ----------------------------------------------------------------------------

SUPPORTED = [
    DeviceModel.mac(os_version="14"),
    DeviceModel.iphone(os_version="16.0"),
    DeviceModel.ipad(os_version="16"),
    DeviceModel.apple_tv(os_version="16.0"),
    DeviceModel.apple_watch(os_version="10.0"),
]
UNSUPPORTED = [
    DeviceModel.mac(os_version="13.7"),
    DeviceModel.iphone(os_version="15.8.2"),
    DeviceModel.ipad(os_version="15.8"),
    DeviceModel.apple_tv(os_version="15.6"),
    DeviceModel.apple_watch(os_version="9.6"),
]


@pytest.mark.parametrize("model", SUPPORTED, ids=lambda model: model.serial_number)
def test_the_first_os_that_attests(model: DeviceModel) -> None:
    attestation = verified(device(model), NONCE)
    assert attestation.is_current
    assert attestation.device.serial_number == model.serial_number


@pytest.mark.parametrize("model", UNSUPPORTED, ids=lambda model: model.serial_number)
@pytest.mark.parametrize("nonce", [NONCE, None, b""], ids=["nonce", "none", "bad-nonce"])
def test_an_older_os_ignores_both_keys(model: DeviceModel, nonce: object) -> None:
    found = answers(device(model), nonce)
    assert ATTESTATION not in found
    assert found["OSVersion"] == model.os_version


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.serial_number)
def test_hardware_without_attestation_ignores_both_keys(model: DeviceModel) -> None:
    assert ATTESTATION not in answers(device(replace(model, attestable=False)), b"")
    assert ATTESTATION in answers(device(model), NONCE)


def test_a_failed_attestation_is_silent() -> None:
    offline = device()
    offline.attestation_fails = True
    assert set(answers(offline, NONCE)) == set(ABOUT_ITSELF)
    offline.attestation_fails = False
    assert verified(offline, NONCE).is_current


def test_the_cached_attestation_outlives_a_failure() -> None:
    clock = ManualClock()
    offline = device(clock=clock)
    verified(offline, b"first")
    offline.attestation_fails = True
    assert verified(offline, b"second", [b"first"]).freshness is Freshness.EARLIER
    clock.advance(ATTESTATION_INTERVAL)
    assert ATTESTATION not in answers(offline, b"second")
    assert verified(offline, b"first").is_current


OLDEST = {oids.SERIAL_NUMBER, oids.UDID, oids.SEPOS_VERSION, oids.FRESHNESS_CODE}
SEVEN = OLDEST | {oids.SOFTWARE_UPDATE_DEVICE_ID, oids.OS_VERSION, oids.LLB_VERSION}
TEN = SEVEN | {oids.SYSTEM_INTEGRITY_PROTECTION, oids.SECURE_BOOT, oids.THIRD_PARTY_KEXTS}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param(DeviceModel.iphone(os_version="16.0"), OLDEST, id="ios-16"),
        pytest.param(DeviceModel.iphone(os_version="17.1.9"), OLDEST, id="ios-17.1"),
        pytest.param(DeviceModel.iphone(os_version="17.2"), SEVEN, id="ios-17.2"),
        pytest.param(DeviceModel.ipad(os_version="26.1"), SEVEN, id="ipados-26"),
        pytest.param(DeviceModel.mac(os_version="14.1"), OLDEST, id="macos-14.1"),
        pytest.param(DeviceModel.mac(os_version="14.2"), TEN, id="macos-14.2"),
        pytest.param(DeviceModel.mac(os_version="26.0"), TEN, id="macos-26"),
        pytest.param(DeviceModel.apple_tv(), OLDEST, id="tvos"),
        pytest.param(DeviceModel.apple_watch(os_version="10.1"), OLDEST, id="watchos-10.1"),
        pytest.param(DeviceModel.apple_watch(os_version="10.2"), SEVEN, id="watchos-10.2"),
    ],
)
def test_each_os_asks_for_what_it_knows(model: DeviceModel, expected: set[str]) -> None:
    assert set(verified(device(model), NONCE).device.raw) == expected


@pytest.mark.parametrize("model", [MAC, IPHONE], ids=["mac", "iphone"])
def test_without_a_nonce_there_is_no_freshness_code(model: DeviceModel) -> None:
    asked = device(model)
    attestation = AUTHORITY.verifier.verify_mdm(
        asked.answer(command()), nonce=UNCHECKED, at=asked.clock()
    )
    assert attestation.freshness_code is None
    assert oids.FRESHNESS_CODE not in attestation.device.raw


def test_a_mac_is_attested_by_its_provisioning_udid() -> None:
    assert verified(device(), NONCE).device.udid == MAC.provisioning_udid
    assert verified(device(IPHONE), NONCE).device.udid == IPHONE.udid


def test_what_a_device_says_is_what_is_attested() -> None:
    for model in MODELS:
        attested, said = verified(device(model), NONCE).device, answers(device(model), NONCE)
        assert attested.serial_number == said["SerialNumber"]
        assert attested.udid == said.get("ProvisioningUDID", said["UDID"])
        assert attested.os_version in (None, said["OSVersion"])


def test_the_security_of_a_mac_is_attested_as_it_is() -> None:
    loose = replace(MAC, sip=1, secure_boot="Reduced Security", third_party_kexts=1)
    attested = verified(device(loose), NONCE).device
    assert attested.secure_boot is SecureBoot.REDUCED
    assert (attested.raw[oids.SYSTEM_INTEGRITY_PROTECTION]) == b"\x02\x01\x01"
    assert verified(device(), NONCE).device.secure_boot is SecureBoot.FULL


# --- over time ----------------------------------------------------------------------------------


def test_within_seven_days_the_cached_attestation_comes_back() -> None:
    clock = ManualClock()
    mac = device(clock=clock)
    first = answers(mac, b"first")[ATTESTATION]
    clock.advance(ATTESTATION_INTERVAL - SECOND)
    assert answers(mac, b"second")[ATTESTATION] == first
    with pytest.raises(FreshnessMismatch):
        verified(mac, b"second")
    assert verified(mac, b"second", [b"first"]).freshness is Freshness.EARLIER
    clock.advance(SECOND)
    assert verified(mac, b"second", [b"first"]).is_current


@pytest.mark.parametrize("nonce", [b"first", None], ids=["same", "none"])
def test_the_same_nonce_or_none_gives_a_genuine_chain_that_expires(nonce: bytes | None) -> None:
    clock = ManualClock()
    mac = device(clock=clock)
    attestation = verified(mac, b"first")
    clock.set(attestation.not_after)
    for by in (timedelta(0), SECOND):
        clock.advance(by)
        report = AUTHORITY.verifier.examine_mdm(
            mac.answer(command(nonce)), nonce=b"first", at=clock()
        )
        if by:
            assert isinstance(report.error, OutsideValidity)
            assert report.error.reason is Reason.EXPIRED
        else:
            assert report.error is None
    assert verified(mac, b"second").is_current


def test_an_update_shows_at_once_and_is_attested_later() -> None:
    clock = ManualClock()
    mac = device(clock=clock)
    verified(mac, b"first")
    mac.update_os("26.0")
    assert answers(mac, b"second")["OSVersion"] == "26.0"
    assert verified(mac, b"second", [b"first"]).device.os_version == "15.5"
    clock.advance(ATTESTATION_INTERVAL)
    attested = verified(mac, b"second").device
    assert {attested.os_version, attested.sepos_version, attested.llb_version} == {"26.0"}


def test_an_update_may_bring_attestation() -> None:
    mac = device(DeviceModel.mac(os_version="13.7"))
    assert ATTESTATION not in answers(mac, NONCE)
    mac.update_os("14.2")
    assert verified(mac, NONCE).device.os_version == "14.2"


def test_a_change_of_the_model_is_attested_later() -> None:
    clock = ManualClock()
    mac = device(clock=clock)
    verified(mac, b"first")
    mac.model = replace(mac.model, secure_boot="Permissive Security")
    assert verified(mac, b"second", [b"first"]).device.secure_boot is SecureBoot.FULL
    clock.advance(ATTESTATION_INTERVAL)
    assert verified(mac, b"second").device.secure_boot is SecureBoot.PERMISSIVE


def test_every_attestation_of_an_enrolment_is_of_one_key() -> None:
    clock = ManualClock()
    mac = device(clock=clock)
    first = verified(mac, b"first")
    clock.advance(ATTESTATION_INTERVAL)
    second = verified(mac, b"second")
    assert first.leaf != second.leaf
    assert first.spki == second.spki
    assert first.public_key == mac.enrolment_key


def test_erasing_loses_the_key_and_the_cached_attestation() -> None:
    byod = device(IPHONE, user_enrolled=True)
    enrollment_id, first = byod.enrollment_id, verified(byod, b"first")
    byod.erase()
    second = verified(byod, b"second")
    assert second.is_current
    assert second.spki != first.spki
    assert byod.enrollment_id != enrollment_id


def test_no_two_devices_share_a_key_or_a_name() -> None:
    made = [device(model) for model in (*MODELS, DeviceModel.mac(2), DeviceModel.iphone(2))]
    assert len({verified(each, NONCE).spki for each in made}) == len(made)
    for field in ("serial_number", "udid"):
        assert len({getattr(each.model, field) for each in made}) == len(made)
    assert len({each.enrollment_id for each in made}) == len(made)


def life(authority: AttestationAuthority) -> list[bytes]:
    clock = ManualClock()
    mac = SimulatedDevice(authority, clock=clock)
    sent = [mac.answer(command(b"first")), mac.answer_challenge("token").response]
    clock.advance(ATTESTATION_INTERVAL)
    mac.update_os("26.0")
    sent += [mac.answer(command(b"second")), mac.answer_challenge("token").response]
    mac.erase()
    answer = mac.answer_challenge("token")
    return [*sent, answer.response, answer.certificate_request("name")]


def test_a_life_is_a_function_of_the_seed() -> None:
    assert life(AttestationAuthority(1)) == life(AttestationAuthority(1))
    assert life(AttestationAuthority(1)) != life(AttestationAuthority(2))
    assert len(set(life(AUTHORITY))) == 6


# --- what it is given ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_command",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="json"),
        pytest.param(plistlib.dumps([]), id="array"),
        pytest.param(plistlib.dumps({"Command": {"RequestType": "DeviceInformation"}}), id="uuid"),
        pytest.param(
            plistlib.dumps({"CommandUUID": "1", "Command": {"RequestType": "SecurityInfo"}}),
            id="another-command",
        ),
        pytest.param(plistlib.dumps({"CommandUUID": "1"}), id="no-command"),
    ],
)
def test_what_is_no_such_command_is_a_mistake_of_the_server(given_command: bytes) -> None:
    with pytest.raises(ValueError, match="command"):
        device().answer(given_command)


def test_a_binary_command_will_do() -> None:
    binary = plistlib.dumps(plistlib.loads(command(NONCE)), fmt=plistlib.FMT_BINARY)
    assert device().answer(binary) == device().answer(command(NONCE))


@pytest.mark.parametrize("version", ["", "15.", "fifteen", "15.5 ", "\u0661\u0665", "15-5"])
def test_a_version_is_dotted_decimal(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        device().update_os(version)


def test_only_a_mac_has_a_provisioning_udid() -> None:
    with pytest.raises(ValueError, match="provisioning_udid"):
        replace(MAC, provisioning_udid=None)
    with pytest.raises(ValueError, match="provisioning_udid"):
        replace(IPHONE, provisioning_udid="00006030-0000000000000001")


def test_the_clock_is_the_callers() -> None:
    at = datetime(2027, 3, 1, 12, tzinfo=UTC)
    attestation = verified(device(clock=lambda: at), NONCE)
    assert attestation.not_before == at - timedelta(hours=24)


def test_a_clock_without_a_zone_is_refused() -> None:
    naive = datetime(2027, 3, 1)  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="zone"):
        ManualClock(naive)
    with pytest.raises(ValueError, match="zone"):
        ManualClock().set(naive)
    with pytest.raises(ValueError, match="zone"):
        device(clock=lambda: naive).answer(command(NONCE))


def test_a_manual_clock_moves_when_it_is_told_to() -> None:
    clock = ManualClock()
    assert clock() == device().clock() == ISSUED_AT
    clock.advance(timedelta(days=1))
    assert clock() == ISSUED_AT + timedelta(days=1)
    clock.advance(timedelta(days=-2))
    assert clock() == ISSUED_AT - timedelta(days=1)
    clock.set(ISSUED_AT)
    assert repr(clock) == "<ManualClock at 2025-07-01T12:00:00+00:00>"


def test_a_device_is_shown_by_what_it_is() -> None:
    assert repr(SimulatedDevice(AUTHORITY)) == "<SimulatedDevice TESTMAC00001, macos 15.5>"
