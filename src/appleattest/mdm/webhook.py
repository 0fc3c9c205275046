"""Webhook events of NanoMDM and MicroMDM: JSON around what a device sent to the MDM server.

`{topic, created_at, event_id?, acknowledge_event | checkin_event}`, each of which holds
`raw_payload`, the property list in base64, and `udid` or `enrollment_id`. Sources: NanoMDM,
`service/webhook/event.json`; MicroMDM, "API and webhooks".
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from appleattest.carriers.chain import octets
from appleattest.errors import AttestationError, MalformedAttestation, Reason
from appleattest.limits import Limits
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.moment import utc_seconds
from appleattest.sealed import Sealed, seal
from appleattest.text import kind_of, quoted, said
from appleattest.wire import strict_json

CONNECT: Final = "mdm.Connect"
"""The topic of a response to a command, or of a device that asks for one."""

_LIMITS: Final = Limits()
_ACKNOWLEDGE: Final = "acknowledge_event"
_CHECK_IN: Final = "checkin_event"
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class WebhookEvent(Sealed):
    """One event. Made by `parse`. That it came from your MDM server is for you to know."""

    __slots__ = (
        "command_uuid",
        "created_at",
        "enrollment_id",
        "event_id",
        "payload",
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
    event_id: str | None
    created_at: datetime | None
    """UTC, whole seconds."""
    command_uuid: str | None
    response: DeviceInformationResponse | None
    """The response of an `mdm.Connect` event, whichever command it answers; else None."""
    payload: bytes | None
    """What the device sent, a property list; of a check-in it has not been looked at."""
    token_update_tally: int | None
    """NanoMDM: how many `TokenUpdate` messages since enrolment; the first is the enrolment."""
    url_params: Mapping[str, str]

    @classmethod
    def parse(cls, body: object, /, *, limits: Limits | None = None) -> WebhookEvent:
        """Read the body of a webhook request, JSON as bytes or text.

        Topics and members that are not known are no error. Raises `MalformedAttestation`:
        `malformed-json` and `malformed-base64` with the member as element, `malformed-plist` for
        the response in it, and `too-large`, also for a large response to a command of another kind.
        """
        bounds = _LIMITS if limits is None else limits
        if not isinstance(bounds, Limits):
            raise TypeError(f"limits is a Limits, not {type(limits).__name__}")
        try:
            return _parse(body, bounds)
        except AttestationError:
            raise
        except Exception as error:  # noqa: BLE001 - the one boundary
            raise _malformed(said(error)) from None

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
    response = None
    if topic == CONNECT:
        if payload is None:
            raise _malformed("an event without a response", f"{name}.raw_payload")
        response = DeviceInformationResponse.parse(payload, limits=limits)
        _require_agreement(inner, response)
    udid = _text(inner, "udid", name)
    return seal(
        WebhookEvent,
        topic=topic,
        enrollment_id=_text(inner, "enrollment_id", name) or udid,
        udid=udid,
        event_id=_text(event, "event_id"),
        created_at=_time(event),
        command_uuid=_text(inner, "command_uuid", name),
        response=response,
        payload=payload,
        token_update_tally=_number(inner, "token_update_tally", name),
        url_params=_url_params(inner, name),
    )


def _json(body: object, limits: Limits) -> object:
    if isinstance(body, str):
        document: bytes | str | None = body
    else:
        document = octets(body, limits.json_bytes)
    if document is None:
        raise _malformed(f"JSON as bytes or text was expected, {kind_of(body)} came")
    return strict_json.decode(document, limits)


def _require_agreement(event: Mapping[str, Any], response: DeviceInformationResponse) -> None:
    """Refuse an event that names another enrolment or command than the response in it."""
    for member in ("udid", "enrollment_id", "command_uuid"):
        outside, inside = _text(event, member, _ACKNOWLEDGE), getattr(response, member)
        if outside and inside and outside != inside:
            raise _malformed(
                f"the event says {quoted(outside)}, the response in it {quoted(inside)}",
                f"{_ACKNOWLEDGE}.{member}",
            )


def _payload(event: Mapping[str, Any], name: str) -> bytes | None:
    text = _text(event, "raw_payload", name)
    if text is None:
        return None
    try:
        payload = b64decode(text, validate=True)
    except ValueError:
        payload = None
    if payload is None or b64encode(payload).decode("ascii") != text:
        raise MalformedAttestation(
            Reason.MALFORMED_BASE64,
            "base64 in its one form was expected (RFC 4648, section 4)",
            element=f"{name}.raw_payload",
        )
    return payload


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
    for value in params.values():
        if not isinstance(value, str):
            raise _malformed(f"text was expected, {kind_of(value)} came", f"{name}.url_params")
    return MappingProxyType(params)


def _number(event: Mapping[str, Any], member: str, name: str) -> int | None:
    value = event.get(member)
    if not (value is None or type(value) is int):
        raise _malformed(f"an integer was expected, {kind_of(value)} came", f"{name}.{member}")
    return value


def _text(holder: Mapping[str, Any], member: str, name: str | None = None) -> str | None:
    value = holder.get(member)
    if not (value is None or isinstance(value, str)):
        element = f"{name}.{member}" if name else member
        raise _malformed(f"text was expected, {kind_of(value)} came", element)
    return value or None


def _or_empty(value: object) -> object:
    """Go writes null for a map that is not there."""
    return {} if value is None else value


def _object(value: object, element: str | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(f"an object was expected, {kind_of(value)} came", element)
    return value


def _malformed(detail: str, element: str | None = None) -> MalformedAttestation:
    return MalformedAttestation(Reason.MALFORMED_JSON, detail, element=element)
