from __future__ import annotations

import base64
import json
import plistlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mint_tools import AUTHORITY

from appleattest.testing import Properties, carriers

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


def test_a_webhook_event_holds_the_plist() -> None:
    made = json.loads(carriers.webhook_event(b"plist", extra={"topic": "other"}))

    assert made["topic"] == "other"
    assert base64.b64decode(made["acknowledge_event"]["raw_payload"]) == b"plist"


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
