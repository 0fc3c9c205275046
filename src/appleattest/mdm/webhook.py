"""Webhook events of NanoMDM and MicroMDM: JSON around what a device sent to the MDM server.

`{topic, created_at, event_id?, acknowledge_event | checkin_event}`, each of which holds
`raw_payload`, the property list in base64, and `udid` or `enrollment_id`; from NanoMDM also `ids`.
The server makes the event, and the device the property list in it. Sources: NanoMDM,
`service/webhook/event.json`; MicroMDM, "API and webhooks".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from appleattest.arguments import BytesLike, checked_limits
from appleattest.carriers.certificate_sequence import octets
from appleattest.errors import AttestationError, MalformedInput, Reason
from appleattest.forms import Form, read_as
from appleattest.limits import Limits
from appleattest.mdm.check_in import READ_TOPICS, read_check_in
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.sealed import FrozenMapping, Sealed, seal
from appleattest.text import quoted, type_name
from appleattest.times import rfc3339, utc_seconds
from appleattest.wire import base64, strict_json

CONNECT: Final = "mdm.Connect"
"""The topic of a response to a command, or of a device that asks for one."""

_ACKNOWLEDGE: Final = "acknowledge_event"
_CHECK_IN: Final = "checkin_event"
_ABOUT: Final = ("udid", "enrollment_id", "command_uuid")
"""What an event says of itself that may also stand in the property list in it."""
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class EnrollmentIDs(NamedTuple):
    """How NanoMDM itself names an enrolment and its channel."""

    id: str
    """What it queues commands under: of a user channel, both the device and the user."""
    type: str
    """`"Device"`, `"User"`, `"User Enrollment (Device)"`, `"User Enrollment"`, `"Shared iPad"`."""
    parent_id: str | None
    """Of a user channel, the `id` of its device's channel; else None."""


class WebhookEvent(Sealed):
    """One event. Made by `parse`. That it came from your MDM server is for you to know."""

    __slots__ = (
        "check_in",
        "command_uuid",
        "created_at",
        "enrollment_id",
        "event_id",
        "ids",
        "payload",
        "refusal",
        "response",
        "token_update_tally",
        "topic",
        "udid",
        "url_params",
    )

    topic: str
    """`"mdm.Connect"`, or a check-in: `"mdm.Authenticate"`, `"mdm.TokenUpdate"`, …"""
    enrollment_id: str | None
    """The enrolment: its `EnrollmentID` under user enrolment, else its `UDID`."""
    udid: str | None
    ids: EnrollmentIDs | None
    """NanoMDM's own names of the enrolment, as its release 0.9.0 gives them; else None."""
    event_id: str | None
    created_at: datetime | None
    """UTC, whole seconds."""
    command_uuid: str | None
    response: DeviceInformationResponse | None
    """The response of an `mdm.Connect` event, whichever command it answers; else None."""
    check_in: Mapping[str, str] | None
    """The texts of an `Authenticate`, `TokenUpdate` or `CheckOut` message by their keys
    (`SerialNumber`, `OSVersion`, `ProductName`, `UDID`, `EnrollmentID`, …), read-only; else None.
    The device chose them, and nothing in them is verified."""
    refusal: AttestationError | None
    """Why there is neither, where the property list cannot be read: `malformed-plist`, or
    `too-large`. It is what `DeviceInformationResponse.parse` raises."""
    payload: bytes | None
    """What the device sent, a property list, as it came."""
    token_update_tally: int | None
    """NanoMDM: how many `TokenUpdate` messages since enrolment; the first is the enrolment."""
    url_params: Mapping[str, str]

    @classmethod
    def parse(cls, body: BytesLike | str, /, *, limits: Limits | None = None) -> WebhookEvent:
        """Read the body of a webhook request, JSON as bytes or text.

        Topics and members that are not known are no error, and neither is a property list that
        cannot be read: an answer to a command of another kind may be large, and one to yours is a
        failure of the device, which `refusal` tells. Raises `MalformedInput` for what no
        server sends: `malformed-json` and `malformed-base64` with the member as element, and
        `too-large` for the event as a whole.
        """
        bounds = checked_limits(limits)
        return read_as(Form.WEBHOOK_EVENT, body, lambda: _parse(body, bounds), _malformed)

    @property
    def queue_id(self) -> str | None:
        """What to queue commands for this channel under: NanoMDM's `ids.id`, else `enrollment_id`.

        The device had a hand in it: look at it before it becomes a part of a URL.
        """
        return self.enrollment_id if self.ids is None else self.ids.id

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON types: the payload in base64, the time in RFC 3339."""
        return {
            "topic": self.topic,
            "enrollment_id": self.enrollment_id,
            "udid": self.udid,
            "ids": None if self.ids is None else self.ids._asdict(),
            "event_id": self.event_id,
            "created_at": rfc3339(self.created_at),
            "command_uuid": self.command_uuid,
            "response": None if self.response is None else self.response.to_dict(),
            "check_in": None if self.check_in is None else dict(self.check_in),
            "refusal": None if self.refusal is None else self.refusal.reason.value,
            "payload": None if self.payload is None else base64.encode(self.payload),
            "token_update_tally": self.token_update_tally,
            "url_params": dict(self.url_params),
        }

    def __repr__(self) -> str:
        return f"<WebhookEvent {quoted(self.topic)}>"


def _parse(body: object, limits: Limits) -> WebhookEvent:
    event = _object(_json(body, limits), None)
    topic = _text(event, "topic")
    if not topic:
        raise _malformed("an event without a topic", "topic")
    name = _ACKNOWLEDGE if topic == CONNECT else _CHECK_IN
    other = _CHECK_IN if topic == CONNECT else _ACKNOWLEDGE
    if event.get(other) is not None:
        raise _malformed(f"topic {quoted(topic)} does not go with this member", other)
    inner = _object(_or_empty(event.get(name)), name)
    payload = _payload(inner, name)
    if topic == CONNECT and payload is None:
        raise _malformed("an event without a response", f"{name}.raw_payload")
    message = _read(topic, payload, limits)
    about = {member: _text(inner, member, name) for member in _ABOUT}
    _require_agreement(topic, about, name, message)
    return seal(
        WebhookEvent,
        topic=topic,
        enrollment_id=about["enrollment_id"] or about["udid"],
        udid=about["udid"],
        ids=_ids(inner, name),
        event_id=_text(event, "event_id"),
        created_at=_time(event),
        command_uuid=about["command_uuid"],
        response=message.response,
        check_in=message.check_in,
        refusal=message.refusal,
        payload=payload,
        token_update_tally=_number(inner, "token_update_tally", name),
        url_params=_url_params(inner, name),
    )


class _Message(NamedTuple):
    """What the property list of an event is; at most one of them is there."""

    response: DeviceInformationResponse | None = None
    check_in: Mapping[str, str] | None = None
    refusal: AttestationError | None = None


def _read(topic: str, payload: bytes | None, limits: Limits) -> _Message:
    if payload is None:
        return _Message()
    try:
        if topic == CONNECT:
            return _Message(response=DeviceInformationResponse.parse(payload, limits=limits))
        if topic in READ_TOPICS:
            return _Message(check_in=read_check_in(payload, limits))
    except AttestationError as error:
        error.__context__ = None  # what a parser raised may quote the device's own octets
        return _Message(refusal=error)
    return _Message()


def _json(body: object, limits: Limits) -> object:
    if isinstance(body, str):
        document: bytes | str | None = body
    else:
        document = octets(body, limits.json_bytes)
    if document is None:
        raise _malformed(f"JSON as bytes or text was expected, {type_name(body)} came")
    return strict_json.decode(document, limits)


def _require_agreement(
    topic: str, about: Mapping[str, str | None], name: str, message: _Message
) -> None:
    """Refuse an event that names another enrolment, command or message than what is in it."""
    response, check_in = message.response, message.check_in or {}
    inside = {
        "udid": response.udid if response else check_in.get("UDID"),
        "enrollment_id": response.enrollment_id if response else check_in.get("EnrollmentID"),
        "command_uuid": response.command_uuid if response else None,
    }
    for member, said_inside in inside.items():
        said_outside = about[member]
        if said_outside and said_inside and said_outside != said_inside:
            raise _malformed(
                f"the event says {quoted(said_outside)}, what is in it {quoted(said_inside)}",
                f"{name}.{member}",
            )
    kind = check_in.get("MessageType")
    if kind and topic != f"mdm.{kind}":
        raise _malformed(f"topic {quoted(topic)} does not go with {quoted(kind)}", "topic")


def _payload(event: Mapping[str, Any], name: str) -> bytes | None:
    text = _text(event, "raw_payload", name)
    if text is None:
        return None
    try:
        return base64.decode(text, len(text))
    except MalformedInput as refusal:
        refusal.element = f"{name}.raw_payload"
        raise


def _time(event: Mapping[str, Any]) -> datetime | None:
    text = _text(event, "created_at")
    if text is None:
        return None
    if not _TIME.fullmatch(text):
        raise _malformed("a time in RFC 3339 was expected", "created_at")
    try:
        return utc_seconds(datetime.fromisoformat(text))
    except ValueError:
        raise _malformed("a time that does not exist", "created_at") from None


def _url_params(event: Mapping[str, Any], name: str) -> Mapping[str, str]:
    params = _object(_or_empty(event.get("url_params")), f"{name}.url_params")
    for each in (*params, *params.values()):
        _require_text(each, f"{name}.url_params")
    return FrozenMapping(params)


def _ids(event: Mapping[str, Any], name: str) -> EnrollmentIDs | None:
    if event.get("ids") is None:
        return None
    place = f"{name}.ids"
    ids = _object(event["ids"], place)
    id_, kind = _text(ids, "id", place), _text(ids, "type", place)
    if id_ is None or kind is None:
        raise _malformed("the enrolment's id and its type were expected", place)
    return EnrollmentIDs(id_, kind, _text(ids, "parent_id", place))


def _number(event: Mapping[str, Any], member: str, name: str) -> int | None:
    value = event.get(member)
    if not (value is None or type(value) is int):
        raise _malformed(f"an integer was expected, {type_name(value)} came", f"{name}.{member}")
    return value


def _text(holder: Mapping[str, Any], member: str, name: str | None = None) -> str | None:
    value = holder.get(member)
    if value is None:
        return None
    _require_text(value, f"{name}.{member}" if name else member)
    return value or None


def _require_text(value: object, element: str) -> None:
    if not isinstance(value, str):
        raise _malformed(f"text was expected, {type_name(value)} came", element)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _malformed("a lone surrogate, which is no character", element) from None


def _or_empty(value: object) -> object:
    """Go writes null for a map that is not there."""
    return {} if value is None else value


def _object(value: object, element: str | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(f"an object was expected, {type_name(value)} came", element)
    return value


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail, element=element)
