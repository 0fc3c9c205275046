"""The response to a `device-attest-01` challenge, from JSON to a verified device.

Who was ordered for and who may answer are two questions. By default the answer to the second is
the value of the identifier; where that is a one-time code, or enrolment is by the user, the
caller names the devices, or says that somebody else has vouched for the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from appleattest.acme.identifiers import Identifier, PermanentIdentifier
from appleattest.acme.order_identifiers import OrderIdentifier, ordered_identifier
from appleattest.acme.responses import read_response
from appleattest.arguments import BytesLike, checked_token
from appleattest.attestation import Attestation
from appleattest.carriers.attestation_object import read_attestation_object
from appleattest.errors import AttestationError, IdentifierMismatch, NoAttestation, Reason
from appleattest.limits import Limits
from appleattest.problems import ProblemContext
from appleattest.properties import DeviceProperties
from appleattest.report import Report, examined
from appleattest.text import quoted
from appleattest.verifier import Verifier, acme_request, answered_by, require_verifier, run_checks


class Answering(Enum):
    """Who may answer a challenge, where the caller does not name the devices."""

    ORDERED = "ordered"
    """The device whose serial number or UDID is the identifier's value: the default."""
    VOUCHED_ELSEWHERE = "vouched-elsewhere"
    """Any genuine device: the client has proved elsewhere that the identifier is its own."""

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        raise TypeError(f"{self.name} is neither true nor false: compare it with 'is'")


VOUCHED_ELSEWHERE: Final = Answering.VOUCHED_ELSEWHERE
_ORDERED: Final = Answering.ORDERED
_MOST_LISTED: Final = 4

ChallengeResponse: TypeAlias = BytesLike | str | Mapping[str, Any]
Devices: TypeAlias = str | Iterable[str] | Literal[Answering.ORDERED, Answering.VOUCHED_ELSEWHERE]


def validate_challenge(
    response: ChallengeResponse,
    /,
    *,
    token: str,
    identifier: OrderIdentifier,
    verifier: Verifier,
    device: Devices = _ORDERED,
    at: datetime | None = None,
) -> Attestation:
    """Verify a challenge response, and that a device which may answer has made it.

    `response` is the payload of the client's request: JSON as bytes or text, or the dict that it
    decodes to. `token` is the challenge's, `identifier` the order's: typed, `{"type", "value"}`,
    or the text of a `permanent-identifier`.

    `device` is a serial number or UDID, or several, that may answer. By default it is the value of
    the identifier, which must then be a `permanent-identifier` without an assigner: Apple attests
    none, and no hardware module. Pass `VOUCHED_ELSEWHERE` where the identifier is a one-time code
    that the client has redeemed, or where enrolment is by the user and no device is attested.
    Comparison is octet for octet.

    Raises what `Verifier.verify_acme` raises, beside `MalformedInput` (`malformed-json`),
    `NoAttestation` (`no-attestation`: Apple's client answers `{}`, or an `error` with an empty
    `x5c`) and `IdentifierMismatch` (`identifier-missing`: the attestation names no device;
    `identifier-mismatch`: of another device, whatever its freshness). Their problem is
    `badAttestationStatement`, or `malformed` for JSON and base64url. Misuse of the keyword
    arguments is a `TypeError` or `ValueError`.
    Source: draft-ietf-acme-device-attest, section 5.
    """
    report = _run(response, token, identifier, verifier, device, at)
    assert report.attestation is not None  # noqa: S101 - the report of a success has one
    return report.attestation


def examine_challenge(
    response: ChallengeResponse,
    /,
    *,
    token: str,
    identifier: OrderIdentifier,
    verifier: Verifier,
    device: Devices = _ORDERED,
    at: datetime | None = None,
) -> Report:
    """`validate_challenge`, answered by a report on every check; never raises for bad input.

    The checks are those of every verification, and `device` after them.
    """
    return examined(lambda: _run(response, token, identifier, verifier, device, at))


def _run(
    response: object,
    token: str,
    identifier: OrderIdentifier,
    verifier: Verifier,
    device: Devices,
    at: datetime | None,
) -> Report:
    limits = require_verifier(verifier).limits
    ordered = ordered_identifier(identifier)
    devices = _devices(device, ordered)
    request = acme_request(lambda: _read(response, limits), checked_token(token), at)
    judge = None if devices is None else partial(_mismatch, devices, ordered)
    try:
        return run_checks(verifier, answered_by(request, judge))
    except AttestationError as refusal:
        refusal.context = ProblemContext.CHALLENGE
        raise


def _read(response: object, limits: Limits) -> list[bytes]:
    att_obj, explained = read_response(response, limits)
    try:
        return read_attestation_object(att_obj, limits)
    except NoAttestation as refusal:
        refusal.detail += explained
        raise


def _mismatch(
    devices: frozenset[str], identifier: Identifier, device: DeviceProperties, _spki: bytes
) -> IdentifierMismatch | None:
    attested = [shown for shown in (device.serial_number, device.udid) if shown is not None]
    if not devices.isdisjoint(attested):
        return None
    reason = Reason.IDENTIFIER_MISMATCH
    detail = (
        f"ordered for {quoted(str(identifier))}; allowed to answer: {_listed(devices)}; "
        f"attested: {', '.join(map(quoted, attested))}"
    )
    if not attested:
        reason = Reason.IDENTIFIER_MISSING
        detail = "the attestation names neither a serial number nor a UDID, as under user enrolment"
    refusal = IdentifierMismatch(reason, detail)
    refusal.identifier = identifier.to_dict()
    return refusal


def _listed(devices: frozenset[str]) -> str:
    """The devices, or how many: a whole inventory is not shown."""
    if len(devices) > _MOST_LISTED:
        return f"{len(devices)} devices"
    return ", ".join(map(quoted, sorted(devices))) or "none that Apple attests"


def _devices(device: object, identifier: Identifier) -> frozenset[str] | None:
    if isinstance(device, Answering):
        if device is VOUCHED_ELSEWHERE:
            return None
        attestable = isinstance(identifier, PermanentIdentifier) and identifier.assigner is None
        return frozenset({identifier.value} if attestable else ())
    if isinstance(device, str):
        device = (device,)
    if isinstance(device, bytes | bytearray | memoryview | Mapping) or not isinstance(
        device, Iterable
    ):
        raise TypeError(
            "device is one or several serial numbers or UDIDs as text, or VOUCHED_ELSEWHERE, "
            f"not {type(device).__name__}"
        )
    devices = tuple(device)
    if not devices:
        raise ValueError("device names no device; VOUCHED_ELSEWHERE alone lets any answer")
    for each in devices:
        if not isinstance(each, str):
            raise TypeError(f"a serial number or UDID is text, not {type(each).__name__}")
        if not each:
            raise ValueError("a serial number or UDID has at least one character")
    return frozenset(devices)
