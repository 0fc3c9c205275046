"""Messages of ACME and MDM as they are sent, around a chain or a certificate request.

`cbor_head` and `cbor_map` write what an encoder does not: duplicate keys, indefinite and overlong
lengths, tags.
"""

from __future__ import annotations

import base64
import json
import plistlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import cbor2

COMMAND_UUID: Final = "00000000-0000-4000-8000-000000000001"
"""The default ``CommandUUID`` of a response."""

DEVICE_UDID: Final = "00000000-0000-4000-8000-0000000000D1"
"""The default ``UDID`` of a response: as on a Mac, not the ProvisioningUDID that a leaf attests."""


def attestation_object(
    chain: Sequence[bytes],
    *,
    fmt: str = "apple",
    extra: Mapping[Any, Any] | None = None,
    statement_extra: Mapping[Any, Any] | None = None,
) -> bytes:
    """``{"fmt": fmt, "attStmt": {"x5c": chain}}`` in CBOR, ``chain`` in DER, leaf first.

    ``extra`` adds to the outer map and overrides it, ``statement_extra`` to ``attStmt``. Apple's
    client sends an empty chain when the attestation failed.
    """
    statement = {"x5c": list(chain), **(statement_extra or {})}
    return cbor2.dumps({"fmt": fmt, "attStmt": statement, **(extra or {})})


def cbor_head(major: int, argument: int | None, *, width: int | None = None) -> bytes:
    """The head of a CBOR item (RFC 8949, 3): major type 0 to 7 and its argument.

    ``None`` is the indefinite length. ``width`` (1, 2, 4 or 8 octets) forces a longer form
    than the argument needs.
    """
    if argument is None:
        return bytes([major << 5 | 31])
    if width is None and argument < 24:
        return bytes([major << 5 | argument])
    octets = width or next(w for w in (1, 2, 4, 8) if argument < 1 << 8 * w)
    return bytes([major << 5 | 24 + (1, 2, 4, 8).index(octets)]) + argument.to_bytes(octets, "big")


def cbor_map(*entries: tuple[bytes, bytes], indefinite: bool = False) -> bytes:
    """A CBOR map of encoded keys and values in the order given, also duplicates."""
    content = b"".join(key + value for key, value in entries)
    if indefinite:
        return cbor_head(5, None) + content + b"\xff"
    return cbor_head(5, len(entries)) + content


def challenge_response(attestation: bytes, *, extra: Mapping[str, Any] | None = None) -> bytes:
    """The ACME challenge response ``{"attObj": base64url(attestation)}`` in JSON.

    ``extra`` adds members and overrides, such as the ``error`` of Apple's client.
    """
    return json.dumps({"attObj": _base64url(attestation), **(extra or {})}).encode()


def finalize_payload(csr: bytes, *, extra: Mapping[str, Any] | None = None) -> bytes:
    """The payload of ACME's finalize request, ``{"csr": base64url(csr)}`` in JSON.

    ``csr`` is DER (RFC 8555, 7.4). ``extra`` adds members and overrides.
    """
    return json.dumps({"csr": _base64url(csr), **(extra or {})}).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def response_plist(
    chain: Sequence[bytes] | None,
    *,
    command_uuid: str = COMMAND_UUID,
    status: str = "Acknowledged",
    udid: str | None = None,
    enrollment_id: str | None = None,
    query_responses: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    binary: bool = False,
) -> bytes:
    """A ``DeviceInformation`` response as a property list, XML or ``binary``.

    ``chain`` in DER, leaf first, is ``QueryResponses.DevicePropertiesAttestation``; ``None``
    leaves that key out, as when the attestation failed. ``query_responses`` adds to it, ``extra``
    to the top level. Without ``udid`` and ``enrollment_id`` (which replaces it under user
    enrolment), the ``UDID`` is `DEVICE_UDID`.
    """
    answers = {} if chain is None else {"DevicePropertiesAttestation": list(chain)}
    response: dict[str, Any] = {
        "CommandUUID": command_uuid,
        "Status": status,
        "QueryResponses": {**answers, **(query_responses or {})},
    }
    if enrollment_id is not None:
        response["EnrollmentID"] = enrollment_id
    if udid is not None or enrollment_id is None:
        response["UDID"] = udid or DEVICE_UDID
    form = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    return plistlib.dumps({**response, **(extra or {})}, fmt=form)


def webhook_event(
    response: bytes,
    *,
    topic: str = "mdm.Connect",
    udid: str | None = None,
    enrollment_id: str | None = None,
    command_uuid: str | None = None,
    status: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """The JSON in which NanoMDM and MicroMDM hand a response plist on.

    ``response`` goes into ``acknowledge_event.raw_payload`` in base64. The four identifiers
    beside it are those in ``response``, unless given here; what it lacks is left out. If it is
    no property list, they are `DEVICE_UDID`, `COMMAND_UUID` and ``Acknowledged``. ``extra`` adds
    to the top level.
    """
    given = zip(_MEMBERS, (udid, enrollment_id, status, command_uuid), strict=True)
    acknowledge = {
        **_identifiers(response),
        **{member: text for member, text in given if text is not None},
        "raw_payload": base64.b64encode(response).decode(),
    }
    event = {
        "topic": topic,
        "event_id": "00000000-0000-4000-8000-000000000002",
        "created_at": "2025-07-01T12:00:00Z",
        "acknowledge_event": acknowledge,
    }
    return json.dumps({**event, **(extra or {})}).encode()


_MEMBERS: Final = {
    "udid": "UDID",
    "enrollment_id": "EnrollmentID",
    "status": "Status",
    "command_uuid": "CommandUUID",
}


def _identifiers(response: bytes) -> dict[str, str]:
    """What a response says of itself, by the event's member."""
    try:
        said = plistlib.loads(response)
    except Exception:  # noqa: BLE001 - plistlib does not catch what its parsers raise
        said = {"UDID": DEVICE_UDID, "Status": "Acknowledged", "CommandUUID": COMMAND_UUID}
    if not isinstance(said, dict):
        return {}
    found = {member: said.get(key) for member, key in _MEMBERS.items()}
    return {member: text for member, text in found.items() if isinstance(text, str)}
