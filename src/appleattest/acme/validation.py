"""The response to a `device-attest-01` challenge, from JSON to a verified device.

Who was ordered for and who may answer are two questions. By default the answer to the second is
the value of the identifier; where that is a one-time code, or enrolment is by the user, the
caller names the devices, or says that somebody else has vouched for the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

from appleattest.acme.identifiers import Identifier, PermanentIdentifier
from appleattest.acme.order_identifiers import OrderIdentifier, ordered_identifier
from appleattest.acme.responses import read_response
from appleattest.acme.tokens import checked_token
from appleattest.attestation import Attestation, DeviceProperties
from appleattest.errors import (
    AttestationError,
    IdentifierMismatch,
    NoAttestation,
    ProblemContext,
    Reason,
)
from appleattest.moment import utc_seconds
from appleattest.report import Check, Outcome, Report, passed_until, refused
from appleattest.sealed import seal
from appleattest.text import quoted
from appleattest.verifier import Verifier


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
_NOT_REACHED: Final = Check("device", Outcome.NOT_REACHED)

Devices: TypeAlias = str | Iterable[str] | Literal[Answering.ORDERED, Answering.VOUCHED_ELSEWHERE]


class _Asked(NamedTuple):
    """The caller's arguments, judged."""

    token: str
    identifier: Identifier
    devices: frozenset[str] | None
    """The serial numbers and UDIDs that may answer; None where that is vouched for elsewhere."""
    at: datetime | None


def validate_challenge(
    response: object,
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
    `identifier-mismatch`). Their problem is `badAttestationStatement`, or `malformed` for JSON and
    base64url. Source: draft-ietf-acme-device-attest, section 5. Misuse of the keyword arguments is
    a `TypeError` or `ValueError`.
    """
    report = examine_challenge(
        response, token=token, identifier=identifier, verifier=verifier, device=device, at=at
    )
    if report.error is not None:
        raise report.error
    assert report.attestation is not None  # noqa: S101 - there is an error or there is this
    return report.attestation


def examine_challenge(
    response: object,
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
    if not isinstance(verifier, Verifier):
        raise TypeError(f"verifier is a Verifier, not {type(verifier).__name__}")
    ordered = ordered_identifier(identifier)
    asked = _Asked(
        token=checked_token(token),
        identifier=ordered,
        devices=_devices(device, ordered),
        at=None if at is None else utc_seconds(at),
    )
    try:
        att_obj, explained = read_response(response, verifier.limits)
    except AttestationError as refusal:
        refusal.__context__ = None
        return _refused((*passed_until("decode"), _NOT_REACHED), refusal)
    report = verifier.examine_acme(att_obj, token=asked.token, at=asked.at)
    if report.error is not None:
        if isinstance(report.error, NoAttestation):
            report.error.detail += explained
        return _refused((*report.checks, _NOT_REACHED), report.error)
    assert report.attestation is not None  # noqa: S101 - there is an error or there is this
    return _judged(report.checks, report.attestation, asked)


def _judged(checks: tuple[Check, ...], attestation: Attestation, asked: _Asked) -> Report:
    if asked.devices is None:
        checks = (*checks, Check("device", Outcome.NOT_REQUESTED))
    else:
        refusal = _mismatch(attestation.device, asked.devices, asked.identifier)
        if refusal is not None:
            return _refused((*checks, Check("device", Outcome.FAILED)), refusal)
        checks = (*checks, Check("device", Outcome.PASSED))
    return seal(Report, checks=checks, attestation=attestation, error=None)


def _mismatch(
    device: DeviceProperties, devices: frozenset[str], identifier: Identifier
) -> IdentifierMismatch | None:
    attested = [shown for shown in (device.serial_number, device.udid) if shown is not None]
    if not devices.isdisjoint(attested):
        return None
    if attested:
        refusal = IdentifierMismatch(
            Reason.IDENTIFIER_MISMATCH,
            f"ordered for {quoted(str(identifier))}; allowed to answer: {_listed(devices)}; "
            f"attested: {', '.join(map(quoted, attested))}",
        )
    else:
        refusal = IdentifierMismatch(
            Reason.IDENTIFIER_MISSING,
            "the attestation names neither a serial number nor a UDID, as under user enrolment",
        )
    refusal.identifier = identifier.to_dict()
    return refusal


def _listed(devices: frozenset[str]) -> str:
    """The devices, or how many: an inventory is no part of what to tell about one of it."""
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


def _refused(checks: tuple[Check, ...], refusal: AttestationError) -> Report:
    refusal.context = ProblemContext.CHALLENGE
    return refused(checks, refusal)
