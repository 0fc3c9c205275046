"""The response to a `DeviceInformation` command, taken apart. Nothing in it is verified.

Source: Apple, "Device Information Command" and "Handling command responses". A device whose
attestation failed, that cannot make one, or that may not be queried, acknowledges without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from appleattest.arguments import BytesLike, checked_limits
from appleattest.carriers.certificate_sequence import octets
from appleattest.carriers.device_information import (
    ATTESTATION_KEY,
    attested_chain,
    decode_response,
    no_attestation,
    require_acknowledged,
)
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.forms import Form, read_as
from appleattest.limits import Limits
from appleattest.sealed import FrozenMapping, Sealed, seal
from appleattest.text import quoted, type_name
from appleattest.times import rfc3339
from appleattest.wire import base64


class CommandStatus(StrEnum):
    """The statuses that Apple documents."""

    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    COMMAND_FORMAT_ERROR = "CommandFormatError"
    """The command was malformed: on iOS, a nonce that is not 1 to 32 bytes."""
    NOT_NOW = "NotNow"
    """The device is busy and will ask for the command again."""
    IDLE = "Idle"
    """The device asks for a command and answers none."""


class ErrorChainItem(NamedTuple):
    """One link of `ErrorChain`: what went wrong, from the outermost error to its cause."""

    code: int | None
    domain: str | None
    us_english_description: str | None
    localized_description: str | None


class DeviceInformationResponse(Sealed):
    """What a device answered. Made by `parse`; `validate_response` says whether to believe it."""

    __slots__ = (
        "attestation",
        "command_uuid",
        "document",
        "enrollment_id",
        "error_chain",
        "query_responses",
        "status",
        "udid",
        "user_id",
    )

    status: CommandStatus | str
    """A `CommandStatus`, which equals its text; any other text as it came."""
    command_uuid: str | None
    """Which command it answers; None when `Idle`."""
    udid: str | None
    """The enrolment's device; None under user enrolment. On a Mac not the attested UDID."""
    enrollment_id: str | None
    """The enrolment under user enrolment, which tells no UDID."""
    user_id: str | None
    """The user, where the response came over the user channel."""
    query_responses: Mapping[str, Any]
    """What the device says of itself, without the attestation; nested values do not change."""
    error_chain: tuple[ErrorChainItem, ...]
    attestation: tuple[bytes, ...] | None
    """The DER certificates, leaf first, *unverified*; None if there is no attestation."""
    document: bytes
    """The property list as it came."""

    @classmethod
    def parse(
        cls, plist: BytesLike, /, *, limits: Limits | None = None
    ) -> DeviceInformationResponse:
        """Take the response property list apart, XML or binary, as bytes.

        A response of any status is parsed, and an `Idle` poll. Raises `MalformedInput`
        (`malformed-plist` with the key as its element; `too-large`) for anything else.
        """
        bounds = checked_limits(limits)
        return read_as(Form.RESPONSE_PLIST, plist, lambda: _parse(plist, bounds), _malformed)

    @property
    def acknowledged(self) -> bool:
        """Whether the device carried the command out, with or without an attestation."""
        return self.status == CommandStatus.ACKNOWLEDGED

    def require_attestation(self) -> tuple[bytes, ...]:
        """The DER certificates, unverified.

        Raises `NoAttestation` (`not-acknowledged`, `no-attestation`) where there are none.
        """
        require_acknowledged(self.status)
        if self.attestation is None:
            raise no_attestation()
        return self.attestation

    def to_dict(self) -> dict[str, Any]:
        """What the device answered as JSON types: octets in base64, times in RFC 3339."""
        return {
            "status": str(self.status),
            "command_uuid": self.command_uuid,
            "udid": self.udid,
            "enrollment_id": self.enrollment_id,
            "user_id": self.user_id,
            "query_responses": _json(self.query_responses),
            "error_chain": [each._asdict() for each in self.error_chain],
            "attestation": _json(self.attestation),
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DeviceInformationResponse):
            return NotImplemented
        return self.document == other.document

    def __hash__(self) -> int:
        return hash(self.document)

    def __repr__(self) -> str:
        has = "no attestation" if self.attestation is None else "an attestation"
        return f"<DeviceInformationResponse {quoted(self.status)}, {has}>"


def _parse(plist: object, limits: Limits) -> DeviceInformationResponse:
    document = octets(plist, limits.plist_bytes)
    if document is None:
        raise _malformed(f"a property list as bytes was expected, {type_name(plist)} came")
    response = decode_response(document, limits)
    attestation = _attestation(response, limits)
    answers = dict(_mapping(response.get("QueryResponses", {}), "QueryResponses"))
    answers.pop(ATTESTATION_KEY, None)
    return seal(
        DeviceInformationResponse,
        status=_status(response),
        command_uuid=_text(response, "CommandUUID"),
        udid=_text(response, "UDID"),
        enrollment_id=_text(response, "EnrollmentID"),
        user_id=_text(response, "UserID"),
        query_responses=_frozen(answers),
        error_chain=_error_chain(response.get("ErrorChain", [])),
        attestation=attestation,
        document=document,
    )


def _attestation(response: dict[str, object], limits: Limits) -> tuple[bytes, ...] | None:
    try:
        return tuple(attested_chain(response, limits))
    except NoAttestation:
        return None


def _status(response: dict[str, object]) -> CommandStatus | str:
    status = _text(response, "Status")
    if status is None:
        raise _malformed("a response without a status", "Status")
    try:
        return CommandStatus(status)
    except ValueError:
        return status


def _error_chain(chain: object) -> tuple[ErrorChainItem, ...]:
    if not isinstance(chain, list):
        raise _malformed(f"an array was expected, {type_name(chain)} came", "ErrorChain")
    return tuple(_error_chain_item(_mapping(item, "ErrorChain")) for item in chain)


def _error_chain_item(item: Mapping[str, object]) -> ErrorChainItem:
    code = item.get("ErrorCode")
    if not (code is None or type(code) is int):
        raise _malformed(f"an integer was expected, {type_name(code)} came", "ErrorCode")
    return ErrorChainItem(
        code,
        _text(item, "ErrorDomain"),
        _text(item, "USEnglishDescription"),
        _text(item, "LocalizedDescription"),
    )


def _mapping(value: object, element: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _malformed(f"a dictionary was expected, {type_name(value)} came", element)
    return value


def _text(holder: Mapping[str, object], key: str) -> str | None:
    value = holder.get(key)
    if not (value is None or isinstance(value, str)):
        raise _malformed(f"text was expected, {type_name(value)} came", key)
    return value or None


def _frozen(value: object) -> Any:
    """The value with its dictionaries read-only and its arrays as tuples."""
    if isinstance(value, dict):
        return FrozenMapping({key: _frozen(each) for key, each in value.items()})
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return value


def _json(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _json(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return list(map(_json, value))
    if isinstance(value, bytes):
        return base64.encode(value)
    return rfc3339(value) if isinstance(value, datetime) else value


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_PLIST, detail, element=element)
