from __future__ import annotations

import base64
import json
import plistlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mint_tools import AUTHORITY

from appleattest import mdm
from appleattest.testing import Properties, SimulatedDevice, carriers

CHAIN = AUTHORITY.attest()


def test_an_attestation_object_is_what_apple_sends() -> None:
    assert cbor2.loads(AUTHORITY.attestation_object()) == {
        "fmt": "apple",
        "attStmt": {"x5c": CHAIN},
    }


def test_an_attestation_object_takes_other_keys() -> None:
    made = AUTHORITY.attestation_object(
        fmt="packed",
        extra={"authData": b""},
        statement_extra={"alg": -7},
        freshness_code=b"code",
    )

    assert cbor2.loads(made) == {
        "fmt": "packed",
        "attStmt": {"x5c": AUTHORITY.attest(freshness_code=b"code"), "alg": -7},
        "authData": b"",
    }


def test_a_challenge_response_holds_base64url_without_padding() -> None:
    for size in range(4):
        response = json.loads(carriers.challenge_response(bytes(size), extra={"error": "x"}))
        assert set(response) == {"attObj", "error"}
        encoded = response["attObj"]
        assert "=" not in encoded
        assert base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)) == bytes(size)


@pytest.mark.parametrize("binary", [False, True])
def test_a_response_plist_is_what_a_device_sends(binary: bool) -> None:
    made = AUTHORITY.response_plist(binary=binary)

    assert made.startswith(b"bplist00" if binary else b"<?xml")
    assert plistlib.loads(made) == {
        "CommandUUID": carriers.COMMAND_UUID,
        "Status": "Acknowledged",
        "UDID": carriers.DEVICE_UDID,
        "QueryResponses": {"DevicePropertiesAttestation": CHAIN},
    }


def test_a_response_plist_takes_what_a_device_may_add() -> None:
    made = AUTHORITY.response_plist(
        command_uuid="c",
        status="Error",
        enrollment_id="e",
        query_responses={"SerialNumber": "TESTSERIAL01"},
        extra={"ErrorChain": []},
        properties=Properties.mac().user_enrolled(),
    )

    assert plistlib.loads(made) == {
        "CommandUUID": "c",
        "Status": "Error",
        "EnrollmentID": "e",
        "ErrorChain": [],
        "QueryResponses": {
            "DevicePropertiesAttestation": AUTHORITY.attest(
                properties=Properties.mac().user_enrolled()
            ),
            "SerialNumber": "TESTSERIAL01",
        },
    }


def test_a_response_plist_without_an_attestation() -> None:
    made = plistlib.loads(carriers.response_plist(None, udid="u", enrollment_id="e"))

    assert made["QueryResponses"] == {}
    assert (made["UDID"], made["EnrollmentID"]) == ("u", "e")


def test_a_finalize_payload_holds_base64url_without_padding() -> None:
    for size in range(4):
        payload = json.loads(carriers.finalize_payload(bytes(size), extra={"other": 1}))
        assert payload["other"] == 1
        encoded = payload["csr"]
        assert "=" not in encoded
        assert base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)) == bytes(size)


def acknowledged(event: bytes) -> dict[str, str]:
    """Return the ``acknowledge_event`` without the response in it."""
    found: dict[str, str] = json.loads(event)["acknowledge_event"]
    del found["raw_payload"]
    return found


def test_a_webhook_event_holds_the_response() -> None:
    response = AUTHORITY.response_plist()
    made = json.loads(carriers.webhook_event(response, extra={"topic": "other"}))

    assert made["topic"] == "other"
    assert base64.b64decode(made["acknowledge_event"]["raw_payload"]) == response


@pytest.mark.parametrize("binary", [False, True])
def test_a_webhook_event_takes_its_identifiers_from_the_response(binary: bool) -> None:
    response = carriers.response_plist(
        None, udid="u", enrollment_id="e", status="NotNow", command_uuid="c", binary=binary
    )

    assert acknowledged(carriers.webhook_event(response)) == {
        "udid": "u",
        "enrollment_id": "e",
        "status": "NotNow",
        "command_uuid": "c",
    }


def test_a_webhook_event_has_no_identifier_that_the_response_lacks() -> None:
    idle = plistlib.dumps({"Status": "Idle", "EnrollmentID": "e", "CommandUUID": 1})

    assert acknowledged(carriers.webhook_event(idle)) == {"status": "Idle", "enrollment_id": "e"}
    assert acknowledged(carriers.webhook_event(plistlib.dumps([]))) == {}


def test_the_caller_overrides_the_identifiers_of_a_webhook_event() -> None:
    response = carriers.response_plist(None)
    kept = acknowledged(carriers.webhook_event(response))
    event = carriers.webhook_event

    assert acknowledged(event(response, udid="")) == {**kept, "udid": ""}
    assert acknowledged(event(response, enrollment_id="e")) == {**kept, "enrollment_id": "e"}
    assert acknowledged(event(response, status="Error")) == {**kept, "status": "Error"}
    assert acknowledged(event(response, command_uuid="c")) == {**kept, "command_uuid": "c"}


@pytest.mark.parametrize("response", [b"", b"plist", b"<plist>", b"bplist00"])
def test_a_webhook_event_about_no_property_list_names_the_usual_device(response: bytes) -> None:
    assert acknowledged(carriers.webhook_event(response)) == {
        "udid": carriers.DEVICE_UDID,
        "status": "Acknowledged",
        "command_uuid": carriers.COMMAND_UUID,
    }


@pytest.mark.parametrize("user_enrolled", [False, True])
def test_a_webhook_event_of_a_device_is_one_that_the_library_reads(user_enrolled: bool) -> None:
    device = SimulatedDevice(AUTHORITY, user_enrolled=user_enrolled)
    command = mdm.device_information_command(command_uuid="c", nonce=b"n" * 32)
    event = mdm.WebhookEvent.parse(carriers.webhook_event(device.answer(command)))

    assert event.response is not None
    assert event.command_uuid == "c"
    enrolled = device.enrollment_id if user_enrolled else device.model.udid
    assert event.enrollment_id == enrolled


@given(st.integers(0, (1 << 64) - 1))
def test_a_head_is_the_shortest(number: int) -> None:
    assert carriers.cbor_head(0, number) == cbor2.dumps(number)


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_head_can_be_too_long(width: int) -> None:
    head = carriers.cbor_head(0, 5, width=width)

    assert len(head) == 1 + width
    assert cbor2.loads(head) == 5


def test_a_map_is_in_the_order_given_with_its_duplicates() -> None:
    one, two = (cbor2.dumps(word) for word in ("one", "two"))

    assert carriers.cbor_map((two, one), (one, two)) == cbor2.dumps({"two": "one", "one": "two"})
    assert carriers.cbor_map((one, two), (one, one)) == b"\xa2" + one + two + one + one
    assert carriers.cbor_map((one, two), indefinite=True) == b"\xbf" + one + two + b"\xff"
