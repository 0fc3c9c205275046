"""Certificates in what devices, clients and servers send: CBOR, JSON and property lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from appleattest.attestation import RECORD_SCHEMA
from appleattest.carriers.attestation_object import (
    decode_attestation_object,
    require_apple_format,
    statement_items,
)
from appleattest.carriers.device_information import attested_items, require_acknowledged
from appleattest.errors import AttestationError, MalformedInput, NoAttestation, Reason
from appleattest.forms import BYTE_ORDER_MARK, Form, advice, of_members
from appleattest.text import type_name
from appleattest.unverified.found import LIMITS, Found, collected, from_base64
from appleattest.wire import base64, base64url, plist, strict_json

_RAW_PAYLOAD: Final = "acknowledge_event.raw_payload"
_NO_FORM: Final = (
    "no challenge response, JWS, webhook event with a response, x5c or record: none of their "
    "members is there"
)


def in_attestation_object(encoded: bytes, problems: tuple[AttestationError, ...] = ()) -> Found:
    """The certificates of an attestation object of any format."""
    attestation_object = decode_attestation_object(encoded, LIMITS)
    problems = (*problems, *_problems(lambda: require_apple_format(attestation_object)))
    return collected(Form.ATTESTATION_OBJECT, statement_items(attestation_object), problems)


def in_plist(document: bytes, problems: tuple[AttestationError, ...] = ()) -> Found:
    """The certificates of a response, or of an array, as a property list."""
    value = plist.decode(document, LIMITS)
    if isinstance(value, list):
        return collected(Form.PLIST_ARRAY, value, problems)
    if not isinstance(value, dict):
        raise MalformedInput(
            Reason.MALFORMED_PLIST,
            f"a dictionary or an array was expected, {type_name(value)} came",
        )
    return _in_response(value, problems)


def in_json_array(document: bytes) -> Found:
    """The certificates of `x5c` alone."""
    return collected(Form.X5C, _json(document))


def in_json_object(document: bytes) -> Found:
    """The certificates of a JSON object."""
    return in_object(_json(document))


def in_compact_jws(text: bytes) -> Found:
    """The certificates of the challenge response that a compact JWS holds (RFC 7515, 7.1)."""
    _, payload, _ = text.decode("utf-8-sig").strip().split(".")
    return _in_payload(payload)


def in_object(message: Mapping[str, Any]) -> Found:
    """The certificates of what a JSON object, or a property list, has been decoded to."""
    form = of_members(message.__contains__)
    reader = _READERS.get(form) if form else None
    if reader is not None:
        return reader(message)
    raise _malformed(advice(form) if form else _NO_FORM)


def _in_response(response: Mapping[str, Any], problems: tuple[AttestationError, ...] = ()) -> Found:
    fields = dict(response)
    if of_members(fields.__contains__) is Form.COMMAND:
        raise NoAttestation(Reason.NO_ATTESTATION, advice(Form.COMMAND))
    problems = (*problems, *_problems(lambda: require_acknowledged(fields.get("Status"))))
    return collected(Form.RESPONSE_PLIST, attested_items(fields), problems)


def _in_challenge_response(message: Mapping[str, Any]) -> Found:
    octets, problems = _leniently(message["attObj"], base64url.decode, "attObj")
    return in_attestation_object(octets, problems)._replace(form=Form.CHALLENGE_RESPONSE)


def _in_payload(payload: object) -> Found:
    octets, problems = _leniently(payload, base64url.decode, "payload")
    message = _json(octets)
    form = of_members(message.__contains__) if isinstance(message, dict) else None
    if form is not Form.CHALLENGE_RESPONSE:
        detail = advice(form) if form else "a JWS whose payload is no challenge response"
        raise _malformed(detail, "payload")
    found = _in_challenge_response(message)
    return found._replace(form=Form.JWS, problems=(*problems, *found.problems))


def _in_event(message: Mapping[str, Any]) -> Found:
    event = message.get("acknowledge_event")
    if not isinstance(event, Mapping) or "raw_payload" not in event:
        raise _malformed("a webhook event without a response")
    octets, problems = _leniently(event["raw_payload"], base64.decode, _RAW_PAYLOAD)
    return in_plist(octets, problems)._replace(form=Form.WEBHOOK_EVENT)


def _in_record(record: Mapping[str, Any]) -> Found:
    problems = _problems(lambda: _require_schema(record))
    return collected(Form.RECORD, _array(record, "chain"), problems)


_READERS: Final[Mapping[Form, Callable[[Mapping[str, Any]], Found]]] = {
    Form.CHALLENGE_RESPONSE: _in_challenge_response,
    Form.JWS: lambda message: _in_payload(message["payload"]),
    Form.WEBHOOK_EVENT: _in_event,
    Form.X5C: lambda message: collected(Form.X5C, _array(message, "x5c")),
    Form.RECORD: _in_record,
    Form.RESPONSE_PLIST: _in_response,
    Form.COMMAND: _in_response,
}


def _require_schema(record: Mapping[str, Any]) -> None:
    if record.get("schema") != RECORD_SCHEMA:
        raise _malformed(f"schema {RECORD_SCHEMA} was expected", "schema")


def _json(document: bytes) -> Any:
    return strict_json.decode(document.removeprefix(BYTE_ORDER_MARK), LIMITS)


def _array(message: Mapping[str, Any], member: str) -> Iterator[object]:
    value = message[member]
    if not isinstance(value, list | tuple):
        raise _malformed(f"an array was expected, {type_name(value)} came", member)
    return iter(value)


def _leniently(
    text: object, decode: Callable[[str, int], bytes], member: str
) -> tuple[bytes, tuple[AttestationError, ...]]:
    """What base64 of any kind encodes, and as a problem that it is not of the expected kind."""
    if not isinstance(text, str):
        raise _malformed(f"text was expected, {type_name(text)} came", member)
    try:
        return decode(text, LIMITS.json_bytes), ()
    except MalformedInput as problem:
        problem.element = member
        is_large = problem.reason is Reason.TOO_LARGE
        octets = None if is_large else from_base64(text.encode("utf-8", "replace"))
        if not octets:
            raise
        return octets, (problem,)


def _problems(check: Callable[[], None]) -> tuple[AttestationError, ...]:
    try:
        check()
    except AttestationError as problem:
        return (problem,)
    return ()


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail, element=element)
