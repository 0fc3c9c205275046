"""The challenge: what a client answers, which device it was, and what state that leads to."""

from __future__ import annotations

import copy
import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from acme_tools import (
    AT,
    AUTHORITY,
    IDENTIFIER,
    MAC,
    SERIAL,
    UDID,
    assert_refused,
    challenge_object,
    shown,
)
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, AttestationError, Outcome, Reason, Verifier
from appleattest.acme import (
    VOUCHED_ELSEWHERE,
    Answering,
    Challenge,
    ChallengeStatus,
    HardwareModuleName,
    PermanentIdentifier,
    ProblemContext,
    examine_challenge,
    new_token,
    validate_challenge,
)
from appleattest.report import CHECKS, Check
from appleattest.testing import Properties, carriers, deviations
from appleattest.wire import base64url

TOKEN = "2uO9Yz0bJkqQm1sVtXwA4g"
OBJECT = challenge_object(token=TOKEN)
GOOD = carriers.challenge_response(OBJECT)
ENCODED = base64url.encode(OBJECT)
BYOD = carriers.challenge_response(challenge_object(token=TOKEN, properties=MAC.user_enrolled()))
CHALLENGE = ProblemContext.CHALLENGE
BAD = "badAttestationStatement"
ARGUMENTS: dict[str, Any] = {
    "token": TOKEN,
    "identifier": IDENTIFIER,
    "verifier": AUTHORITY.verifier,
    "at": AT,
}


def validate(response: Any, **changed: Any) -> Any:
    return validate_challenge(response, **{**ARGUMENTS, **changed})


def examine(response: Any, **changed: Any) -> Any:
    return examine_challenge(response, **{**ARGUMENTS, **changed})


def refused(
    response: Any,
    reason: Reason,
    element: str | None = None,
    problem: str = BAD,
    *,
    says: str = "",
    **changed: Any,
) -> AttestationError:
    """Refused by both calls, for one reason, with one report."""
    error = assert_refused(
        lambda: validate(response, **changed),
        reason,
        element,
        context=CHALLENGE,
        problem=problem,
        says=says,
    )
    report = examine(response, **changed)
    assert report.attestation is None
    assert (report.error.reason, report.error.element) == (reason, element)
    assert error.report is not None
    assert error.report.checks == report.checks
    assert [check.name for check in report.checks] == [*CHECKS, "device"]
    (index,) = (i for i, check in enumerate(report.checks) if check.outcome is Outcome.FAILED)
    failed = report.checks[index]
    # Whether it is the device is asked of a stale attestation, too.
    unreached = Outcome.PASSED if failed.name == "freshness" else Outcome.NOT_REACHED
    assert (failed.reason, failed.element, failed.detail) == (reason, element, error.detail)
    for others, outcome in (
        (report.checks[:index], Outcome.PASSED),
        (report.checks[index + 1 :], unreached),
    ):
        assert [check[1:] for check in others] == [(outcome, None, None, "")] * len(others)
    return error


# --- the response -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        GOOD,
        bytearray(GOOD),
        memoryview(GOOD),
        GOOD.decode(),
        json.loads(GOOD),
        {**json.loads(GOOD), "unknown": [1, {}], "error": None},
        carriers.challenge_response(OBJECT, extra={"error": "but it did work", "more": {}}),
        carriers.challenge_response(
            challenge_object(token=TOKEN, extra={"authData": b"", "more": 1})
        ),
    ],
)
def test_a_response_of_any_form_is_read(response: Any) -> None:
    assert validate(response).device.serial_number == SERIAL
    assert validate(response).is_current
    assert examine(response).attestation == validate(response)


def test_the_report_of_what_passed_ends_with_the_device() -> None:
    report = examine(GOOD)

    assert [(check.name, check.outcome) for check in report.checks] == [
        (name, Outcome.PASSED) for name in (*CHECKS, "device")
    ]
    assert report.error is None


def test_the_answers_of_apples_client_when_there_is_no_attestation() -> None:
    failed = carriers.challenge_response(
        carriers.attestation_object([]), extra={"error": "Failed\x1b to attest"}
    )

    silent = carriers.challenge_response(carriers.attestation_object([]))
    error = refused(failed, Reason.NO_ATTESTATION, "x5c")
    nothing_said = refused(silent, Reason.NO_ATTESTATION, "x5c").detail
    assert error.detail == f"{nothing_said}; the client says 'Failed\\x1b to attest'"
    assert "attest'" not in json.dumps(error.problem())
    answers: list[object] = [b"{}", "{}", {}, b'{"more": 1}']
    for nothing in answers:
        assert "says" not in refused(nothing, Reason.NO_ATTESTATION).detail
    nothing_said = refused({}, Reason.NO_ATTESTATION).detail
    assert refused({"error": None}, Reason.NO_ATTESTATION).detail == nothing_said
    told = refused({"error": "no"}, Reason.NO_ATTESTATION).detail
    assert told == f"{nothing_said}; the client says 'no'"


class Strange(dict[Any, Any]):
    """A dict that lies about what is in it."""

    def get(self, key: object, default: object = None) -> Any:
        raise ZeroDivisionError


class Explosive:
    def __repr__(self) -> str:
        return "explosive"

    def __hash__(self) -> int:
        return hash("attObj")

    def __eq__(self, other: Any) -> bool:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("response", "element"),
    [
        (None, None),
        (0, None),
        ([], None),
        (b"", None),
        ("", None),
        (b"[]", None),
        (b"null", None),
        (b'"attObj"', None),
        (b"{", None),
        (b"\xff", None),
        (b'{"attObj": "oA", "attObj": "oA"}', None),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", None),
        (b'{"a": ' + b"9" * 5000 + b"}", None),
        (b'{"a": NaN}', None),
        ({Explosive(): ENCODED}, None),
        ({"attObj": None}, "attObj"),
        ({"attObj": OBJECT}, "attObj"),
        ({"attObj": {}}, "attObj"),
        ({"attObj": 1}, "attObj"),
    ],
    ids=shown,
)
def test_what_is_no_response_is_malformed(response: Any, element: str | None) -> None:
    refused(response, Reason.MALFORMED_JSON, element, "malformed")


@pytest.mark.parametrize(
    ("response", "element", "says"),
    [
        (0, None, "'int' came"),
        (b"[]", None, "'list' came"),
        ({"attObj": OBJECT}, "attObj", "'bytes' came"),
        ({Explosive(): ENCODED}, None, "ZeroDivisionError"),
    ],
    ids=shown,
)
def test_the_operator_is_told_what_came(response: Any, element: str | None, says: str) -> None:
    refused(response, Reason.MALFORMED_JSON, element, "malformed", says=says)


def test_a_dict_is_read_without_its_own_methods() -> None:
    assert validate(Strange(attObj=ENCODED)).is_current


def test_sizes_are_bounded_before_anything_is_parsed() -> None:
    limit = AUTHORITY.verifier.limits.json_bytes
    padding = limit - len(GOOD)

    assert validate(GOOD + b" " * padding).is_current
    refused(GOOD + b" " * (padding + 1), Reason.TOO_LARGE)
    refused(GOOD.decode() + " " * (padding + 1), Reason.TOO_LARGE)
    refused({"attObj": "A" * 30_000}, Reason.TOO_LARGE)


@pytest.mark.parametrize(
    ("att_obj", "reason", "element", "problem"),
    [
        (ENCODED + "=", Reason.MALFORMED_BASE64, None, "malformed"),
        (ENCODED[:-1] + " ", Reason.MALFORMED_BASE64, None, "malformed"),
        ("\ud800", Reason.MALFORMED_BASE64, None, "malformed"),
        ("", Reason.MALFORMED_CBOR, None, BAD),
        ("oA", Reason.MALFORMED_ATTESTATION_OBJECT, "fmt", BAD),
        (
            base64url.encode(challenge_object(token=TOKEN, fmt="tpm")),
            Reason.UNSUPPORTED_FORMAT,
            "fmt",
            BAD,
        ),
        (
            base64url.encode(challenge_object(token=TOKEN, deviations=[deviations.LeafIsCA()])),
            Reason.LEAF_PROFILE,
            "x5c[0]",
            BAD,
        ),
        (
            base64url.encode(challenge_object(token="A" + TOKEN[1:])),
            Reason.FRESHNESS_MISMATCH,
            "1.2.840.113635.100.8.11.1",
            BAD,
        ),
    ],
)
def test_what_the_verifier_refuses_is_refused(
    att_obj: str, reason: Reason, element: str | None, problem: str
) -> None:
    error = refused({"attObj": att_obj}, reason, element, problem)
    assert error.report is not None
    assert error.report.checks[-1].outcome is Outcome.NOT_REACHED
    assert validate({"attObj": ENCODED}).is_current


def test_a_leaf_without_a_freshness_code_is_refused() -> None:
    stale = AUTHORITY.attestation_object(properties=MAC, freshness_code=None)
    refused(
        {"attObj": base64url.encode(stale)},
        Reason.FRESHNESS_MISSING,
        "1.2.840.113635.100.8.11.1",
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=8) | st.binary(max_size=8) | st.floats(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["attObj", "error"]), inner)
        ),
        max_leaves=6,
    )
)
def test_whatever_is_answered_is_refused_with_its_report(response: Any) -> None:
    report = examine(response)

    assert report.error.context is CHALLENGE
    assert report.error.report is report
    assert len(report.checks) == 7


# --- the device ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "device"),
    [
        (SERIAL, None),
        (UDID, None),
        ({"type": "permanent-identifier", "value": SERIAL}, None),
        ("one-time-code", SERIAL),
        ("one-time-code", [UDID]),
        ("one-time-code", {"OTHER", UDID}),
        (PermanentIdentifier(SERIAL, "1.2.3"), SERIAL),
        (HardwareModuleName(SERIAL, "1.2.3"), SERIAL),
        ("one-time-code", VOUCHED_ELSEWHERE),
    ],
)
def test_the_devices_that_may_answer(identifier: Any, device: Any) -> None:
    changed = {"device": device} if device is not None else {}
    attestation = validate(GOOD, identifier=identifier, **changed)
    assert attestation.device.serial_number == SERIAL


def test_the_devices_that_may_answer_come_from_anything_that_gives_them() -> None:
    attestation = validate(GOOD, identifier="one-time-code", device=iter(["OTHER", SERIAL]))
    assert attestation.device.serial_number == SERIAL


@pytest.mark.parametrize(
    ("identifier", "device"),
    [
        ("OTHER", None),
        (SERIAL.lower(), None),
        (SERIAL + " ", None),
        (SERIAL[:-1], None),
        (PermanentIdentifier(SERIAL, "1.2.3"), None),
        (HardwareModuleName(SERIAL, "1.2.3"), None),
        ("one-time-code", None),
        ("one-time-code", "OTHER"),
        (SERIAL, ["OTHER"]),
        (SERIAL, [f"{SERIAL}/1.2.3"]),
    ],
)
def test_another_device_is_refused(identifier: Any, device: Any) -> None:
    changed = {"device": device} if device is not None else {}
    error = refused(GOOD, Reason.IDENTIFIER_MISMATCH, identifier=identifier, **changed)

    assert f"ordered for '{identifier}'" in error.detail
    assert f"attested: '{SERIAL}', '{UDID}'" in error.detail
    told = error.problem()
    assert not re.search(f"{SERIAL}|OTHER|{UDID}|code", json.dumps(told))
    assert told["subproblems"] == [{"type": told["type"], "detail": told["detail"]}]
    (subproblem,) = error.problem(disclose=True)["subproblems"]
    text = identifier if isinstance(identifier, str) else str(identifier)
    assert subproblem["identifier"]["value"] == text
    assert validate(GOOD).is_current


def test_the_operator_is_told_who_might_have_answered() -> None:
    several = refused(GOOD, Reason.IDENTIFIER_MISMATCH, device=["OTHER", "ANOTHER"])
    assert "allowed to answer: 'ANOTHER', 'OTHER';" in several.detail
    nobody = refused(GOOD, Reason.IDENTIFIER_MISMATCH, identifier=HardwareModuleName("A", "1.2"))
    assert "allowed to answer: none" in nobody.detail


def test_a_relayed_attestation_of_another_device_is_refused() -> None:
    """Freshness binds no account: the device that was ordered for is what does (item 19)."""
    relayed = carriers.challenge_response(
        challenge_object(token=TOKEN, properties=Properties(serial_number="RELAYED"))
    )
    refused(relayed, Reason.IDENTIFIER_MISMATCH)
    assert validate(relayed, identifier="RELAYED").is_current


def test_user_enrolment_needs_somebody_who_vouches() -> None:
    assert "user enrolment" in refused(BYOD, Reason.IDENTIFIER_MISSING).detail
    refused(BYOD, Reason.IDENTIFIER_MISSING, device=[SERIAL])

    report = examine(BYOD, device=VOUCHED_ELSEWHERE)
    assert report.attestation is not None
    assert not report.attestation.device.identifies_device
    assert report.checks[-1] == Check("device", Outcome.NOT_REQUESTED)


def test_who_may_answer_is_no_boolean() -> None:
    for who in Answering:
        with pytest.raises(TypeError):
            bool(who)
    assert repr(VOUCHED_ELSEWHERE) == "VOUCHED_ELSEWHERE"


# --- the caller (items 18 and 20) ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"token": None}, TypeError),
        ({"token": ""}, ValueError),
        ({"token": b""}, ValueError),
        ({"token": f"{TOKEN}.thumbprint"}, ValueError),
        ({"token": TOKEN + "\n"}, ValueError),
        ({"token": UNCHECKED}, TypeError),
        ({"identifier": None}, TypeError),
        ({"identifier": ""}, ValueError),
        ({"identifier": {}}, ValueError),
        ({"identifier": "a/b"}, ValueError),
        ({"device": None}, TypeError),
        ({"device": ""}, ValueError),
        ({"device": []}, ValueError),
        ({"device": [""]}, ValueError),
        ({"device": [None]}, TypeError),
        ({"device": [SERIAL, None]}, TypeError),
        ({"device": SERIAL.encode()}, TypeError),
        ({"device": {SERIAL: True}}, TypeError),
        ({"device": True}, TypeError),
        ({"device": UNCHECKED}, TypeError),
        ({"verifier": None}, TypeError),
        ({"verifier": Verifier}, TypeError),
        ({"at": "now"}, TypeError),
        ({"at": AT.replace(tzinfo=None)}, ValueError),
    ],
)
@pytest.mark.parametrize("response", [GOOD, b"", None])
def test_the_callers_misuse_is_told_whatever_the_client_sent(
    changed: dict[str, Any], error: type[Exception], response: Any
) -> None:
    for call in (validate, examine):
        with pytest.raises(error):
            call(response, **changed)


@pytest.mark.parametrize("name", ["token", "identifier", "verifier"])
def test_nothing_that_is_checked_has_a_default(name: str) -> None:
    arguments = {key: value for key, value in ARGUMENTS.items() if key != name}
    with pytest.raises(TypeError):
        validate_challenge(GOOD, **arguments)


def test_a_token_may_be_bytes_and_the_time_is_the_present_by_default() -> None:
    assert validate(GOOD, token=TOKEN.encode()).is_current
    token, now = new_token(), datetime.now(UTC)
    recent = carriers.challenge_response(challenge_object(token=token, at=now))
    assert validate(recent, token=token, at=None).is_current


# --- tokens and challenge objects ---------------------------------------------------------------


def test_a_token_is_long_and_new() -> None:
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


URL = "https://acme.example/challenge/1"
ABSENT = object()


def test_the_life_of_a_challenge() -> None:
    pending = Challenge.new(URL)
    processing = pending.processing()
    at = AT + timedelta(microseconds=5)

    assert pending.to_dict() == {
        "type": "device-attest-01",
        "url": URL,
        "token": pending.token,
        "status": "pending",
    }
    assert processing.to_dict() == {**pending.to_dict(), "status": "processing"}
    for opened in (pending, processing):
        assert opened.valid(at).to_dict() == {
            **pending.to_dict(),
            "status": "valid",
            "validated": AT.isoformat().replace("+00:00", "Z"),
        }


def test_a_refused_challenge_says_why() -> None:
    pending = Challenge(url=URL, token=TOKEN)
    error = refused(GOOD, Reason.IDENTIFIER_MISMATCH, identifier="OTHER")

    assert pending.invalid(error).to_dict()["error"] == error.problem()
    assert pending.invalid(error, disclose=True).error == error.problem(disclose=True)
    document = {"type": "urn:ietf:params:acme:error:unauthorized", "status": 403}
    told = pending.invalid(document)
    document["status"] = 200
    assert told.error == {"type": "urn:ietf:params:acme:error:unauthorized", "status": 403}
    assert told.status is ChallengeStatus.INVALID


def test_a_challenge_ends_once() -> None:
    pending = Challenge.new(URL)
    for ended in (pending.valid(AT), pending.invalid({})):
        for step in (ended.processing, lambda e=ended: e.valid(AT), lambda e=ended: e.invalid({})):
            with pytest.raises(ValueError, match=r"stays so|does not begin"):
                step()
    with pytest.raises(ValueError, match="does not begin"):
        pending.processing().processing()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"url": None}, TypeError),
        ({"url": ""}, ValueError),
        ({"token": None}, TypeError),
        ({"token": ""}, ValueError),
        ({"token": TOKEN[:-1]}, ValueError),
        ({"status": "done"}, ValueError),
        ({"status": "valid"}, ValueError),
        ({"validated": AT}, ValueError),
        ({"status": "valid", "validated": AT.replace(tzinfo=None)}, ValueError),
        ({"error": {}}, ValueError),
    ],
)
def test_a_challenge_is_consistent(changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Challenge(**{"url": URL, "token": TOKEN, **changed})


def test_a_stored_challenge_is_made_again() -> None:
    stored: Any = {"url": URL, "token": TOKEN, "status": "valid", "validated": AT}
    assert Challenge(**stored) == Challenge(url=URL, token=TOKEN).valid(AT)
    refusal: Any = {"url": URL, "token": TOKEN, "status": "invalid", "error": {"status": 400}}
    assert Challenge(**refusal) == Challenge(url=URL, token=TOKEN).invalid({"status": 400})
    with pytest.raises(AttributeError):
        Challenge(**stored).token = "A" * 22  # type: ignore[misc]


@pytest.mark.parametrize(
    "challenge",
    [
        Challenge(url=URL, token=TOKEN),
        Challenge(url=URL, token=TOKEN).processing(),
        Challenge(url=URL, token=TOKEN).valid(AT),
        Challenge(url=URL, token=TOKEN).invalid({"status": 400, "subproblems": [{}]}),
    ],
    ids=lambda challenge: challenge.status.value,
)
def test_a_challenge_is_kept_as_json(challenge: Challenge) -> None:
    assert Challenge.from_dict(json.loads(json.dumps(challenge.to_dict()))) == challenge
    for again in (copy.copy(challenge), copy.deepcopy(challenge)):
        assert (again, again.to_dict()) == (challenge, challenge.to_dict())
    again = pickle.loads(pickle.dumps(challenge))
    assert (again, hash(again)) == (challenge, hash(challenge))


def test_a_challenge_shares_no_list_with_anybody() -> None:
    problem: dict[str, Any] = {"status": 400, "subproblems": [{"status": 400}]}
    told = Challenge(url=URL, token=TOKEN).invalid(problem)
    problem["subproblems"].clear()
    shown = told.to_dict()
    assert shown["error"] == {"status": 400, "subproblems": [{"status": 400}]}
    shown["error"]["subproblems"].clear()
    copy.deepcopy(told).to_dict()["error"]["subproblems"].clear()
    assert told.to_dict()["error"] == {"status": 400, "subproblems": [{"status": 400}]}


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(depth):
        document = {"subproblems": document}
    return document


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"type": "dns-01"}, ValueError),
        ({"url": ABSENT}, TypeError),
        ({"type": ABSENT}, ValueError),
        ({"status": ABSENT}, ValueError),
        ({"status": ABSENT, "validated": ABSENT}, ValueError),
        ({"more": 1}, TypeError),
        ({"status": "pending"}, ValueError),
        ({"validated": ABSENT}, ValueError),
        ({"validated": "yesterday"}, ValueError),
        ({"validated": "2025-07-01T12:00:00"}, ValueError),
        ({"validated": 1751371200}, TypeError),
        ({"validated": ABSENT, "status": "invalid", "error": []}, TypeError),
        ({"validated": ABSENT, "status": "invalid", "error": nested(900)}, ValueError),
    ],
)
def test_only_what_to_dict_gave_is_read_back(
    changed: dict[str, Any], error: type[Exception]
) -> None:
    stored = Challenge(url=URL, token=TOKEN).valid(AT).to_dict()
    Challenge.from_dict(stored)
    broken = {k: value for k, value in {**stored, **changed}.items() if value is not ABSENT}
    with pytest.raises(error):
        Challenge.from_dict(broken)
    as_text: Any = json.dumps(stored)
    with pytest.raises(TypeError):
        Challenge.from_dict(as_text)


def test_an_error_may_be_nested() -> None:
    stored = Challenge(url=URL, token=TOKEN).invalid(nested(100)).to_dict()
    assert Challenge.from_dict(stored).error == nested(100)


def test_cbor_of_another_kind_is_no_attestation_object() -> None:
    refused({"attObj": base64url.encode(cbor2.dumps([]))}, Reason.MALFORMED_ATTESTATION_OBJECT)


def test_a_detail_lists_a_few_devices_and_no_inventory() -> None:
    """It is part of the problem document where that is disclosed."""
    few = [f"DEVICE{number}" for number in range(4)]
    error = refused(GOOD, Reason.IDENTIFIER_MISMATCH, device=few)
    assert all(device in error.detail for device in few)
    error = refused(GOOD, Reason.IDENTIFIER_MISMATCH, device=[*few, "DEVICE4"])
    assert "allowed to answer: 5 devices" in error.detail
    assert "DEVICE" not in error.detail
    assert validate(GOOD, device=[*few, SERIAL]).device.serial_number == SERIAL
