"""The response taken apart: every status, and every defect beside the same input mended."""

from __future__ import annotations

import copy
import pickle
import plistlib
from base64 import b64encode
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason, mdm
from appleattest.mdm import response as module
from appleattest.testing import AttestationAuthority
from appleattest.testing.carriers import COMMAND_UUID, DEVICE_UDID, response_plist
from hostile_input import accepted_or_refused, assert_refused

KEY = "DevicePropertiesAttestation"
CHAIN = [b"leaf", b"intermediate"]
FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["xml", "binary"])
parse = mdm.DeviceInformationResponse.parse


def dumped(value: Any, binary: bool = False) -> bytes:
    form = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    return plistlib.dumps(value, fmt=form)


def refused(value: Any, words: str, element: str | None, binary: bool = False) -> None:
    assert_refused(
        lambda: parse(dumped(value, binary)), Reason.MALFORMED_PLIST, words, element=element
    )


@FORMATS
def test_an_acknowledged_response(binary: bool) -> None:
    answers = {"SerialNumber": "S", "Nested": {"array": [1, {"a": b"b"}]}}
    document = response_plist(CHAIN, query_responses=answers, binary=binary)
    response = parse(document)

    assert response.status == "Acknowledged"
    assert response.status is mdm.CommandStatus.ACKNOWLEDGED
    assert response.acknowledged
    assert (response.command_uuid, response.udid) == (COMMAND_UUID, DEVICE_UDID)
    assert response.enrollment_id is response.user_id is None
    assert response.attestation == tuple(CHAIN)
    assert response.error_chain == ()
    assert response.document == document
    assert KEY not in response.query_responses
    assert response.query_responses["Nested"]["array"] == (1, {"a": b"b"})
    assert "Acknowledged" in repr(response)
    assert "an attestation" in repr(response)


def test_the_members_of_a_written_response() -> None:
    answers = {"When": datetime(2025, 7, 1), "List": [b"x", {"a": 1}]}  # noqa: DTZ001
    errors = [{"ErrorCode": 1, "ErrorDomain": "D", "USEnglishDescription": "why"}]
    document = plistlib.loads(response_plist(CHAIN, query_responses=answers))
    document |= {"EnrollmentID": "N", "UserID": "W", "ErrorChain": errors}
    response = parse(plistlib.dumps(document))
    assert response.to_dict() == {
        "status": "Acknowledged",
        "command_uuid": COMMAND_UUID,
        "udid": DEVICE_UDID,
        "enrollment_id": "N",
        "user_id": "W",
        "query_responses": {"When": "2025-07-01T00:00:00Z", "List": ["eA==", {"a": 1}]},
        "error_chain": [response.error_chain[0]._asdict()],
        "attestation": [b64encode(der).decode() for der in CHAIN],
    }


def test_it_does_not_change_and_equals_what_came_alike() -> None:
    response = parse(response_plist(CHAIN, query_responses={"Nested": {"a": []}}))
    with pytest.raises(TypeError):
        response.query_responses["Nested"]["a"] = 1
    with pytest.raises(AttributeError):
        response.status = "Error"  # type: ignore[misc]
    with pytest.raises(TypeError):
        mdm.DeviceInformationResponse()  # type: ignore[call-arg]
    assert copy.copy(response) is response
    assert copy.deepcopy(response) is response
    sent = pickle.loads(pickle.dumps(response))
    assert sent == response
    assert sent.to_dict() == response.to_dict()
    assert repr(parse(response_plist(None))).endswith(", no attestation>")
    again = parse(bytearray(response.document))
    assert again == response
    assert hash(again) == hash(response)
    assert response != parse(response_plist(None))
    assert hash(response) != hash(parse(response_plist(None)))
    assert response != response.document


def test_user_enrolment_tells_no_udid() -> None:
    response = parse(response_plist(CHAIN, enrollment_id="E", extra={"UserID": "U"}))
    assert (response.enrollment_id, response.udid, response.user_id) == ("E", None, "U")


@FORMATS
@pytest.mark.parametrize("chain", [None, []], ids=["absent", "empty"])
def test_an_attestation_that_failed_is_silent(chain: list[bytes] | None, binary: bool) -> None:
    response = parse(response_plist(chain, binary=binary))
    assert response.acknowledged
    assert response.attestation is None
    assert "no attestation" in repr(response)


@pytest.mark.parametrize("status", ["Error", "CommandFormatError"])
def test_an_error_and_its_chain(status: str) -> None:
    chain = [
        {
            "ErrorCode": 12021,
            "ErrorDomain": "MCMDMErrorDomain",
            "USEnglishDescription": "not valid",
            "LocalizedDescription": "ungültig",
        },
        {"ErrorCode": -1},
    ]
    response = parse(response_plist(None, status=status, extra={"ErrorChain": chain}))

    assert response.status == status
    assert not response.acknowledged
    assert response.error_chain == (
        mdm.ErrorChainItem(12021, "MCMDMErrorDomain", "not valid", "ungültig"),
        mdm.ErrorChainItem(-1, None, None, None),
    )


def test_the_answers_are_a_dictionary_whatever_the_status() -> None:
    refused({"Status": "Error", "QueryResponses": []}, "a dictionary", "QueryResponses")
    assert parse(dumped({"Status": "Error", "QueryResponses": {}})).query_responses == {}


def test_not_now_idle_and_what_apple_may_add() -> None:
    assert parse(response_plist(None, status="NotNow")).status is mdm.CommandStatus.NOT_NOW
    idle = parse(dumped({"Status": "Idle", "UDID": "U"}))
    assert (idle.status, idle.command_uuid) == (mdm.CommandStatus.IDLE, None)
    later = parse(response_plist(None, status="Later"))
    assert (later.status, type(later.status)) == ("Later", str)


@FORMATS
@pytest.mark.parametrize(
    ("key", "value", "words", "element"),
    [
        ("Status", 1, "text was expected, 'int' came", "Status"),
        ("Status", "", "without a status", "Status"),
        ("CommandUUID", 1, "text was expected", "CommandUUID"),
        ("UDID", b"u", "text was expected", "UDID"),
        ("EnrollmentID", [], "text was expected", "EnrollmentID"),
        ("UserID", True, "text was expected", "UserID"),
        ("QueryResponses", [], "a dictionary was expected", "QueryResponses"),
        ("QueryResponses", {KEY: {}}, "an array was expected", KEY),
        ("QueryResponses", {KEY: [b"l", "i"]}, "DER bytes were expected", "x5c[1]"),
        ("ErrorChain", {}, "an array was expected, 'dict' came", "ErrorChain"),
        ("ErrorChain", [1], "a dictionary was expected, 'int' came", "ErrorChain"),
        ("ErrorChain", [{"ErrorCode": "1"}], "an integer was expected, 'str' came", "ErrorCode"),
        ("ErrorChain", [{"ErrorCode": True}], "an integer was expected", "ErrorCode"),
        ("ErrorChain", [{"ErrorDomain": 1}], "text was expected", "ErrorDomain"),
    ],
)
def test_a_defect_and_the_same_mended(
    key: str, value: Any, words: str, element: str, binary: bool
) -> None:
    good = plistlib.loads(response_plist(CHAIN))
    assert parse(dumped(good, binary)).acknowledged
    refused({**good, key: value}, words, element, binary)


def test_no_status_no_dictionary_no_property_list() -> None:
    refused({"UDID": "u"}, "without a status", "Status")
    refused(["Status"], "a dictionary was expected", None)
    for other in (b"", b"<plist>", b"{}"):
        assert_refused(partial(parse, other), Reason.MALFORMED_PLIST)


@pytest.mark.parametrize("other", [None, 1, "<plist/>", {"Status": "Idle"}, [b"x"], object()])
def test_other_types_are_refused(other: Any) -> None:
    assert_refused(lambda: parse(other), Reason.MALFORMED_PLIST, "as bytes was expected")


def test_the_limits_are_the_callers() -> None:
    document = response_plist(CHAIN)
    assert parse(document, limits=Limits(plist_bytes=len(document))).acknowledged
    assert_refused(
        lambda: parse(document, limits=Limits(plist_bytes=len(document) - 1)), Reason.TOO_LARGE
    )
    assert_refused(
        lambda: parse(document, limits=Limits(certificates=1)),
        Reason.TOO_LARGE,
    )
    with pytest.raises(TypeError):
        parse(document, limits=1)  # type: ignore[arg-type]


def test_whatever_is_raised_on_the_way_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the serial number is C02")

    document = response_plist(CHAIN)
    monkeypatch.setattr(module, "decode_response", broken)
    assert_refused(lambda: parse(document), Reason.MALFORMED_PLIST, "RuntimeError")


def test_a_minted_response(authority: AttestationAuthority) -> None:
    response = parse(authority.response_plist())
    assert response.attestation == tuple(authority.attest())


PARTS = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.binary(max_size=4) | st.sampled_from(["Error", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Status", "UDID", "CommandUUID", "QueryResponses", "ErrorChain", "ErrorCode", KEY]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    st.binary(max_size=40)
    | PARTS
    | st.builds(dumped, PARTS, st.booleans())
    | st.builds(lambda part: dumped({"Status": "Acknowledged", "X": part}), PARTS)
    | st.builds(lambda part: dumped({"Status": "Error", "ErrorChain": part}), PARTS)
)
def test_whatever_comes_a_response_or_a_refusal_comes_out(device: Any) -> None:
    response = accepted_or_refused(lambda: parse(device))
    assert response is None or isinstance(response, mdm.DeviceInformationResponse)


def test_a_date_is_kept_as_it_is() -> None:
    time = datetime(2025, 7, 1, 12, tzinfo=UTC)
    answers: dict[str, Any] = {"LastCloudBackupDate": time.replace(tzinfo=None)}
    response = parse(response_plist(None, query_responses=answers))
    assert response.query_responses["LastCloudBackupDate"] == time
