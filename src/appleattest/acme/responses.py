"""What a client posts to a `device-attest-01` challenge."""

from __future__ import annotations

from typing import Final

from appleattest.carriers.certificate_sequence import octets
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.forms import Form, read_as
from appleattest.limits import Limits
from appleattest.text import quoted, type_name
from appleattest.wire import strict_json

_MEMBER: Final = "attObj"
_ABSENT: Final = object()


def read_response(response: object, limits: Limits) -> tuple[str, str]:
    """The `attObj` of a response, JSON or the dict that it decodes to, and what `error` says.

    Members of other names are ignored (draft-ietf-acme-device-attest, section 5). What Apple's
    client says in `error` beside an `attObj` without certificates is for the operator; it is an
    empty text where nothing is said.

    Raises `MalformedInput` (`malformed-json`, `too-large`) or `NoAttestation`
    (`no-attestation`: `{}`, or any response without an `attObj`).
    """
    return read_as(Form.CHALLENGE_RESPONSE, response, lambda: _read(response, limits), _malformed)


def _read(response: object, limits: Limits) -> tuple[str, str]:
    message = _message(response, limits)
    failure = dict.get(message, "error")
    explained = f"; the client says {quoted(failure)}" if isinstance(failure, str) else ""
    encoded = dict.get(message, _MEMBER, _ABSENT)
    if encoded is _ABSENT:
        raise NoAttestation(Reason.NO_ATTESTATION, f"there is no {_MEMBER}{explained}")
    if not isinstance(encoded, str):
        raise _malformed(f"base64url text was expected, {type_name(encoded)} came", _MEMBER)
    return encoded, explained


def _message(response: object, limits: Limits) -> dict[object, object]:
    if not isinstance(response, dict):
        document = response if isinstance(response, str) else octets(response, limits.json_bytes)
        if document is None:
            raise _malformed(f"JSON or a dict was expected, {type_name(response)} came")
        response = strict_json.decode(document, limits)
    if not isinstance(response, dict):
        raise _malformed(f"an object was expected, {type_name(response)} came")
    return response


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail, element=element)
