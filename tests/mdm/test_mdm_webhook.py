"""Webhook events of NanoMDM and MicroMDM: every topic, and every defect beside its mended twin."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import plistlib
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason, mdm
from appleattest.mdm import webhook as module
from appleattest.testing.carriers import COMMAND_UUID, DEVICE_UDID, response_plist, webhook_event
from hostile_input import accepted_or_refused, assert_refused

CHAIN = [b"leaf", b"intermediate"]
RESPONSE = response_plist(CHAIN)
parse = mdm.WebhookEvent.parse
CHECK_INS = [
    "mdm.Authenticate",
    "mdm.TokenUpdate",
    "mdm.CheckOut",
    "mdm.UserAuthenticate",
    "mdm.SetBootstrapToken",
    "mdm.GetBootstrapToken",
    "mdm.DeclarativeManagement",
    "mdm.GetToken",
    "mdm.SomethingOfNextYear",
]


def event(**changes: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(webhook_event(RESPONSE))
    return {**loaded, **changes}


def connect(**changes: Any) -> dict[str, Any]:
    inner = {**event()["acknowledge_event"], **changes}
    return event(acknowledge_event={k: v for k, v in inner.items() if v is not ...})


def check_in(topic: str = "mdm.TokenUpdate", **changes: Any) -> dict[str, Any]:
    inner = {"udid": "U", "raw_payload": base64.b64encode(b"<plist/>").decode(), **changes}
    return {"topic": topic, "created_at": "2025-07-01T12:00:00Z", "checkin_event": inner}


def said(message: dict[str, Any] | bytes, topic: str = "mdm.Authenticate", **changes: Any) -> Any:
    """The event about a check-in with this message."""
    payload = message if isinstance(message, bytes) else plistlib.dumps(message)
    return check_in(topic, raw_payload=base64.b64encode(payload).decode(), **changes)


def read(document: Any) -> mdm.WebhookEvent:
    return parse(json.dumps(document))


def refused(
    document: Any, words: str, element: str | None, reason: Reason = Reason.MALFORMED_JSON
) -> None:
    assert_refused(lambda: read(document), reason, words, element=element)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda body: body.decode()])
def test_a_response_of_a_device(kind: Any) -> None:
    parsed = parse(kind(webhook_event(RESPONSE)))

    assert parsed.topic == "mdm.Connect"
    assert parsed.enrollment_id == parsed.udid == DEVICE_UDID
    assert parsed.command_uuid == COMMAND_UUID
    assert parsed.created_at == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert parsed.event_id is not None
    assert parsed.response == mdm.DeviceInformationResponse.parse(RESPONSE)
    assert parsed.payload == RESPONSE
    assert (parsed.check_in, parsed.refusal, parsed.ids) == (None, None, None)
    assert parsed.queue_id == DEVICE_UDID
    assert parsed.token_update_tally is None
    assert parsed.url_params == {}
    assert repr(parsed) == "<WebhookEvent 'mdm.Connect'>"
    with pytest.raises(TypeError):
        mdm.WebhookEvent()  # type: ignore[call-arg]


def test_user_enrolment() -> None:
    payload = base64.b64encode(response_plist(CHAIN, enrollment_id="E")).decode()
    parsed = read(connect(udid=..., enrollment_id="E", raw_payload=payload))
    assert (parsed.enrollment_id, parsed.udid) == ("E", None)


def test_a_poll_without_a_response_to_anything() -> None:
    """NanoMDM sends an event for each poll; MicroMDM writes what is not there as empty or null."""
    poll = base64.b64encode(
        b"<plist><dict><key>Status</key><string>Idle</string></dict></plist>"
    ).decode()
    parsed = read(connect(command_uuid="", status="Idle", raw_payload=poll, url_params=None))
    assert parsed.response is not None
    assert parsed.response.status is mdm.CommandStatus.IDLE
    assert parsed.command_uuid is None


@pytest.mark.parametrize("topic", CHECK_INS)
def test_every_other_topic_is_a_check_in(topic: str) -> None:
    parsed = read(check_in(topic, token_update_tally=1, url_params={"a": "b"}))
    assert (parsed.topic, parsed.enrollment_id, parsed.response) == (topic, "U", None)
    assert parsed.payload == b"<plist/>"
    assert parsed.token_update_tally == 1
    assert parsed.url_params == {"a": "b"}
    bare = read({"topic": topic})
    assert (bare.payload, bare.created_at, bare.enrollment_id) == (None, None, None)


def test_members_that_are_not_known_are_ignored() -> None:
    assert read({**connect(new=[1]), "newer": {"a": None}}).response is not None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2025-07-01T12:00:00.123456789Z", datetime(2025, 7, 1, 12, tzinfo=UTC)),
        ("2025-07-01T14:00:00+02:00", datetime(2025, 7, 1, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_as_go_writes_them(text: str, time: datetime) -> None:
    assert read(event(created_at=text)).created_at == time


@pytest.mark.parametrize(
    "text",
    ["2025-07-01", "2025-07-01T12:00:00", "2025-13-01T12:00:00Z", "0001-01-01T00:00:00+01:00"],
)
def test_times_that_are_none(text: str) -> None:
    refused(event(created_at=text), "a time", "created_at")


@pytest.mark.parametrize(
    ("document", "words", "element"),
    [
        pytest.param([], "an object was expected, 'list' came", None, id="array"),
        pytest.param(event(topic=None), "without a topic", "topic", id="no-topic"),
        pytest.param(event(topic=1), "text was expected, 'int' came", "topic", id="topic-number"),
        pytest.param(event(event_id=1), "text was expected", "event_id", id="id-number"),
        pytest.param(event(created_at=1), "text was expected", "created_at", id="time-number"),
        pytest.param(
            event(checkin_event={}),
            "topic 'mdm.Connect' does not go with",
            "checkin_event",
            id="both-events",
        ),
        pytest.param(
            event(topic="mdm.TokenUpdate"),
            "does not go with",
            "acknowledge_event",
            id="wrong-topic",
        ),
        pytest.param(
            event(acknowledge_event=None),
            "without a response",
            "acknowledge_event.raw_payload",
            id="no-event",
        ),
        pytest.param(
            event(acknowledge_event=[]),
            "an object was expected",
            "acknowledge_event",
            id="event-array",
        ),
        pytest.param(
            connect(raw_payload=...),
            "without a response",
            "acknowledge_event.raw_payload",
            id="no-payload",
        ),
        pytest.param(
            connect(raw_payload=1),
            "text was expected",
            "acknowledge_event.raw_payload",
            id="payload-number",
        ),
        pytest.param(
            connect(udid="other"), "the event says", "acknowledge_event.udid", id="other-udid"
        ),
        pytest.param(
            connect(command_uuid="other"),
            "the event says",
            "acknowledge_event.command_uuid",
            id="other-command",
        ),
        pytest.param(
            connect(
                enrollment_id="other",
                raw_payload=base64.b64encode(response_plist(CHAIN, enrollment_id="E")).decode(),
            ),
            "the event says 'other', what is in it 'E'",
            "acknowledge_event.enrollment_id",
            id="other-enrolment",
        ),
        pytest.param(
            said({"MessageType": "CheckOut"}, "mdm.TokenUpdate"),
            "topic 'mdm.TokenUpdate' does not go with 'CheckOut'",
            "topic",
            id="other-message",
        ),
        pytest.param(
            connect(enrollment_id=1),
            "text was expected",
            "acknowledge_event.enrollment_id",
            id="enrolment-number",
        ),
        pytest.param(check_in(udid=1), "text was expected", "checkin_event.udid", id="udid-number"),
        pytest.param(
            check_in(enrollment_id=1),
            "text was expected",
            "checkin_event.enrollment_id",
            id="check-in-enrolment-number",
        ),
        pytest.param(
            check_in(command_uuid=1),
            "text was expected",
            "checkin_event.command_uuid",
            id="command-number",
        ),
        pytest.param(
            check_in(token_update_tally="1"),
            "an integer was expected, 'str' came",
            "checkin_event.token_update_tally",
            id="tally-text",
        ),
        pytest.param(
            check_in(url_params={"a": 1}),
            "text was expected, 'int' came",
            "checkin_event.url_params",
            id="params-number",
        ),
        pytest.param(
            check_in(url_params=[]),
            "an object was expected",
            "checkin_event.url_params",
            id="params-array",
        ),
    ],
)
def test_a_defect(document: Any, words: str, element: str | None) -> None:
    refused(document, words, element)
    assert read(event()).response is not None
    assert read(check_in()).response is None


@pytest.mark.parametrize("text", ["####", "QQ", "QR==", "QQ==\n", "Q Q==", "QQ==QQ==", "-_-_"])
def test_base64_has_one_form(text: str) -> None:
    refused(
        check_in(raw_payload=text),
        "not canonical base64 with padding",
        "checkin_event.raw_payload",
        Reason.MALFORMED_BASE64,
    )
    assert read(check_in(raw_payload="QQ==")).payload == b"A"


MANY = plistlib.dumps({"Status": "Acknowledged", "List": ["x"] * 1024})
LARGE = plistlib.dumps({"Status": "Acknowledged", "List": "x" * 65_536})


@pytest.mark.parametrize(
    ("payload", "reason", "element"),
    [
        pytest.param(b"A", Reason.MALFORMED_PLIST, None, id="no-list"),
        pytest.param(plistlib.dumps([]), Reason.MALFORMED_PLIST, None, id="array"),
        pytest.param(plistlib.dumps({}), Reason.MALFORMED_PLIST, "Status", id="no-status"),
        pytest.param(MANY, Reason.MALFORMED_PLIST, None, id="many-elements"),
        pytest.param(LARGE, Reason.TOO_LARGE, None, id="too-large"),
    ],
)
def test_a_response_that_cannot_be_read_is_told_with_whose_it_is(
    payload: bytes, reason: Reason, element: str | None
) -> None:
    """Else a device could keep a command pending by answering it with nonsense."""
    parsed = read(connect(raw_payload=base64.b64encode(payload).decode()))
    assert (parsed.response, parsed.check_in, parsed.payload) == (None, None, payload)
    assert (parsed.enrollment_id, parsed.command_uuid) == (DEVICE_UDID, COMMAND_UUID)
    assert parsed.refusal is not None
    assert (parsed.refusal.reason, parsed.refusal.element) == (reason, element)
    assert parsed.refusal.__context__ is None
    assert_refused(partial(mdm.DeviceInformationResponse.parse, payload), reason, element=element)
    mended = read(connect())
    assert (mended.response is None, mended.refusal) == (False, None)


# --- check-ins ----------------------------------------------------------------------------------

AUTHENTICATE = {
    "MessageType": "Authenticate",
    "UDID": "U",
    "SerialNumber": "C02",
    "OSVersion": "15.5",
    "ProductName": "Mac15,12",
}


@pytest.mark.parametrize("fmt", list(plistlib.PlistFormat))
def test_what_a_device_says_when_it_enrols(fmt: plistlib.PlistFormat) -> None:
    others = {"Topic": "T", "Token": b"t", "IsSupervised": True, "Nested": {"A": "B"}, "Number": 7}
    parsed = read(said(plistlib.dumps({**AUTHENTICATE, **others}, fmt=fmt)))
    assert parsed.check_in == {**AUTHENTICATE, "Topic": "T"}
    assert (parsed.response, parsed.refusal) == (None, None)
    with pytest.raises(TypeError):
        parsed.check_in["UDID"] = "V"  # type: ignore[index]


@pytest.mark.parametrize("topic", CHECK_INS)
def test_three_check_ins_are_read(topic: str) -> None:
    """The others hold secrets, or are none that this library knows."""
    message = {"MessageType": topic.removeprefix("mdm."), "UDID": "U"}
    expected = message if topic in CHECK_INS[:3] else None
    assert read(said(message, topic)).check_in == expected
    unreadable = read(said(b"<plist/>", topic))
    assert (unreadable.check_in, unreadable.enrollment_id) == (None, "U")
    assert (unreadable.refusal is not None) is (expected is not None)


def test_a_serial_number_is_text_or_absent() -> None:
    for other in (7, ["C02"], b"C02", True):
        checked_in = read(said({**AUTHENTICATE, "SerialNumber": other})).check_in
        assert checked_in is not None
        assert "SerialNumber" not in checked_in


TWICE = b"<plist><dict><key>A</key><string/><key>A</key><string/></dict></plist>"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"<plist>", Reason.MALFORMED_PLIST),
        (plistlib.dumps(["UDID"]), Reason.MALFORMED_PLIST),
        (TWICE, Reason.MALFORMED_PLIST),
        (plistlib.dumps({"A": "x" * 65_536}), Reason.TOO_LARGE),
    ],
    ids=["truncated", "array", "twice", "too-large"],
)
def test_a_check_in_that_cannot_be_read(payload: bytes, reason: Reason) -> None:
    parsed = read(said(payload))
    assert (parsed.check_in, parsed.enrollment_id, parsed.payload) == (None, "U", payload)
    assert parsed.refusal is not None
    assert parsed.refusal.reason is reason
    assert read(said(AUTHENTICATE)).refusal is None


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"UDID": "V"}, "checkin_event.udid"),
        ({"EnrollmentID": "F"}, "checkin_event.enrollment_id"),
        ({"MessageType": "TokenUpdate"}, "topic"),
    ],
)
def test_an_event_is_about_what_is_in_it(changes: dict[str, str], element: str) -> None:
    (other,) = changes.values()
    refused(said({**AUTHENTICATE, **changes}, enrollment_id="E"), f"{other!r}", element)
    assert read(said(AUTHENTICATE, enrollment_id="E")).check_in == AUTHENTICATE
    silent = {key: AUTHENTICATE[key] for key in AUTHENTICATE if key not in changes}
    assert read(said(silent, enrollment_id="E")).check_in == silent


# --- NanoMDM's own names ------------------------------------------------------------------------

IDS = {"id": "U:A", "type": "User", "parent_id": "U"}


@pytest.mark.parametrize("make", [connect, check_in])
def test_nanomdm_says_what_to_queue_commands_under(make: Any) -> None:
    parsed = read(make(ids=IDS))
    assert parsed.ids == mdm.EnrollmentIDs(id="U:A", type="User", parent_id="U")
    assert parsed.queue_id == "U:A"
    assert parsed.enrollment_id in (DEVICE_UDID, "U")
    device = read(make(ids={"id": "U", "type": "Device", "more": 1}))
    assert device.ids == ("U", "Device", None)
    assert read(make(ids=None)).ids is None
    assert read({"topic": "mdm.CheckOut"}).queue_id is None


@pytest.mark.parametrize(
    ("ids", "element"),
    [
        ([], "checkin_event.ids"),
        ({}, "checkin_event.ids"),
        ({**IDS, "id": ""}, "checkin_event.ids"),
        ({**IDS, "type": None}, "checkin_event.ids"),
        ({**IDS, "id": 7}, "checkin_event.ids.id"),
        ({**IDS, "type": 7}, "checkin_event.ids.type"),
        ({**IDS, "parent_id": 7}, "checkin_event.ids.parent_id"),
    ],
)
def test_ids_are_complete(ids: object, element: str) -> None:
    refused(check_in(ids=ids), "expected", element)
    assert read(check_in(ids=IDS)).ids is not None


LONE = "\ud800"


@pytest.mark.parametrize(
    ("make", "element"),
    [
        (lambda text: {"topic": text}, "topic"),
        (lambda text: event(event_id=text), "event_id"),
        (lambda text: check_in(udid=text), "checkin_event.udid"),
        (lambda text: check_in(enrollment_id=text), "checkin_event.enrollment_id"),
        (lambda text: check_in(command_uuid=text), "checkin_event.command_uuid"),
        (lambda text: check_in(raw_payload=text), "checkin_event.raw_payload"),
        pytest.param(
            lambda text: check_in(url_params={text: "a"}), "checkin_event.url_params", id="name"
        ),
        pytest.param(
            lambda text: check_in(url_params={"a": text}), "checkin_event.url_params", id="value"
        ),
        (lambda text: check_in(ids={**IDS, "id": text}), "checkin_event.ids.id"),
    ],
)
def test_half_a_character_is_none(make: Any, element: str) -> None:
    """No store takes it, and no log."""
    refused(make(LONE), "surrogate", element)
    assert_refused(
        lambda: parse(json.dumps(make(LONE), ensure_ascii=False)),
        Reason.MALFORMED_JSON,
        "surrogate",
        element=element,
    )
    read(make("QUFB"))
    if "raw_payload" not in element:
        read(make("\U0001f600"))


def test_strict_json() -> None:
    good = webhook_event(RESPONSE).decode()
    assert parse(good).response is not None
    assert_refused(
        lambda: parse(good.replace('"topic"', '"topic": "mdm.Connect", "topic"', 1)),
        Reason.MALFORMED_JSON,
        "twice",
    )
    for other in ("", "{", good + "x"):
        assert_refused(partial(parse, other), Reason.MALFORMED_JSON)
    others: list[Any] = [None, 1, json.loads(good), [good]]
    for body in others:
        assert_refused(partial(parse, body), Reason.MALFORMED_JSON, "as bytes or text")


def test_the_limits_are_the_callers() -> None:
    body = webhook_event(RESPONSE)
    assert parse(body, limits=Limits(json_bytes=len(body))).response is not None
    smaller = Limits(json_bytes=len(body) - 1)
    assert_refused(partial(parse, body, limits=smaller), Reason.TOO_LARGE)
    assert_refused(partial(parse, body.decode(), limits=smaller), Reason.TOO_LARGE)
    for text in (body, body.decode()):
        refusal = parse(text, limits=Limits(plist_bytes=len(RESPONSE) - 1)).refusal
        assert refusal is not None
        assert refusal.reason is Reason.TOO_LARGE
    with pytest.raises(TypeError):
        parse(body, limits=1)  # type: ignore[arg-type]


def test_whatever_is_raised_on_the_way_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the serial number is C02")

    monkeypatch.setattr(module, "_json", broken)
    assert_refused(lambda: parse(b"{}"), Reason.MALFORMED_JSON, "RuntimeError")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["mdm.Connect", "QQ==", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["topic", "acknowledge_event", "checkin_event", "raw_payload", "udid"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*AUTHENTICATE, "A"]),
        st.none() | st.integers(0, 9) | st.text("\x20AU15", max_size=5),
        max_size=5,
    ).map(lambda message: {key: value for key, value in message.items() if value is not None}),
    st.sampled_from(CHECK_INS),
)
def test_a_check_in_is_its_texts(message: dict[str, Any], topic: str) -> None:
    parsed: Any = accepted_or_refused(lambda: read(said(message, topic, udid=None)))
    if parsed is None:
        assert f"mdm.{message['MessageType']}" != topic
        return
    texts = {key: value for key, value in message.items() if isinstance(value, str)}
    assert parsed.check_in == (texts if topic in CHECK_INS[:3] else None)


@given(st.binary(max_size=40) | st.text(max_size=40) | VALUES | st.builds(json.dumps, VALUES))
def test_whatever_comes_an_event_or_a_refusal_comes_out(body: Any) -> None:
    parsed = accepted_or_refused(lambda: parse(body))
    assert parsed is None or isinstance(parsed, mdm.WebhookEvent)


def test_an_event_is_json_and_reaches_a_worker_whole() -> None:
    answers = {"OSVersion": "14.2", "When": datetime(2025, 7, 1), "List": [b"x", {"a": 1}]}  # noqa: DTZ001
    for body in (
        webhook_event(response_plist(CHAIN, query_responses=answers)),
        webhook_event(b"<plist>"),
        json.dumps({"topic": "mdm.Other"}).encode(),
    ):
        event = mdm.WebhookEvent.parse(body)
        written = event.to_dict()
        assert json.loads(json.dumps(written)) == written
        assert written["topic"] == event.topic
        again = pickle.loads(pickle.dumps(event))
        assert again.to_dict() == written
        assert copy.deepcopy(event) is event


def test_the_members_of_a_written_event() -> None:
    document = response_plist(CHAIN)
    body = json.loads(webhook_event(document))
    body |= {"event_id": "E", "created_at": "2025-07-01T00:00:00Z"}
    told = body["acknowledge_event"]
    told |= {"enrollment_id": "N", "url_params": {"a": "b"}, "token_update_tally": 2}
    told["ids"] = {"id": "I", "type": "Device", "parent_id": "P"}
    event = mdm.WebhookEvent.parse(json.dumps(body))
    assert event.response is not None
    assert repr(event.url_params) == "{'a': 'b'}"
    assert event.to_dict() == {
        "topic": "mdm.Connect",
        "enrollment_id": "N",
        "udid": DEVICE_UDID,
        "ids": {"id": "I", "type": "Device", "parent_id": "P"},
        "event_id": "E",
        "created_at": "2025-07-01T00:00:00Z",
        "command_uuid": COMMAND_UUID,
        "response": event.response.to_dict(),
        "check_in": None,
        "refusal": None,
        "payload": base64.b64encode(document).decode(),
        "token_update_tally": 2,
        "url_params": {"a": "b"},
    }
    alone = mdm.WebhookEvent.parse('{"topic": "mdm.Other"}').to_dict()
    assert [key for key, value in alone.items() if value] == ["topic"]
    assert alone["payload"] is alone["ids"] is alone["response"] is None
    broken = mdm.WebhookEvent.parse(webhook_event(b"<plist>")).to_dict()
    assert broken["refusal"] == "malformed-plist"
    message = {"MessageType": "Authenticate", "UDID": DEVICE_UDID}
    assert read(said(message, udid=None)).to_dict()["check_in"] == message
