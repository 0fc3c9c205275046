"""From a response to an attestation that is known to be this device's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, FreshnessMismatch
from appleattest.freshness import UNCHECKED
from appleattest.mdm.discrepancies import Discrepancy, find_discrepancies
from appleattest.mdm.known_device import ExpectedDevice, mismatch, require_expected_device
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.report import Check, Outcome, Report, passed_until, refused
from appleattest.sealed import Sealed, seal
from appleattest.verifier import BytesLike, NoCheck, PreviousNonces, Verifier

_NOT_REACHED: Final = Check("device", Outcome.NOT_REACHED)


class ValidatedResponse(Sealed):
    """A response whose attestation is genuine and, unless unchecked, that of the known device."""

    __slots__ = ("attestation", "discrepancies", "response")

    response: DeviceInformationResponse
    attestation: Attestation
    discrepancies: tuple[Discrepancy, ...]
    """Where the device says other things of itself than Apple attests."""

    def __repr__(self) -> str:
        found = len(self.discrepancies)
        return f"<ValidatedResponse {self.attestation.freshness.value}, {found} discrepancies>"


def validate_response(
    response: object,
    /,
    *,
    nonce: BytesLike | NoCheck,
    previous_nonces: PreviousNonces = (),
    verifier: Verifier,
    device: ExpectedDevice,
    at: datetime | None = None,
) -> ValidatedResponse:
    """Verify the attestation in a response, and that it is this device's.

    `response` is a `DeviceInformationResponse` or the property list as bytes. `nonce` is the one
    sent in the command that `response.command_uuid` names, `previous_nonces` those of earlier
    commands to this device, as for `Verifier.verify_mdm`. `device` is what is known of the device
    whose enrolment sent the response; `UNCHECKED` accepts a genuine attestation of any device.

    Raises what `verify_mdm` raises (docs/reasons.md), then `IdentifierMismatch`
    (`identifier-missing`, `identifier-mismatch`) or `KeyMismatch` (`key-mismatch`), each with the
    report of `examine_response`. The `attestation` of a `FreshnessMismatch` is None if it is
    another device's. The caller's misuse is `TypeError` or `ValueError`.
    Source: Apple, "Validating a Managed Device Attestation".
    """
    report, parsed = _judge(response, verifier, device, nonce, previous_nonces, at)
    if report.error is not None:
        raise report.error
    assert report.attestation is not None  # noqa: S101 - there is an error or there are both
    assert parsed is not None  # noqa: S101
    return seal(
        ValidatedResponse,
        response=parsed,
        attestation=report.attestation,
        discrepancies=find_discrepancies(parsed, report.attestation),
    )


def examine_response(
    response: object,
    /,
    *,
    nonce: BytesLike | NoCheck,
    previous_nonces: PreviousNonces = (),
    verifier: Verifier,
    device: ExpectedDevice,
    at: datetime | None = None,
) -> Report:
    """`validate_response`, answered by a report on every check; never raises for bad input.

    The checks are those of every verification, and `device` after them. Discrepancies fail none:
    `validate_response` has them, and `find_discrepancies`.
    """
    return _judge(response, verifier, device, nonce, previous_nonces, at).report


class _Judged(NamedTuple):
    report: Report
    response: DeviceInformationResponse | None
    """None where the report is of a refusal."""


def _judge(
    response: object,
    verifier: Verifier,
    device: ExpectedDevice,
    nonce: BytesLike | NoCheck,
    previous_nonces: PreviousNonces,
    at: datetime | None,
) -> _Judged:
    require_expected_device(device)
    if not isinstance(verifier, Verifier):
        raise TypeError(f"verifier is a Verifier, not {type(verifier).__name__}")
    # Not `isinstance`, which asks an object what it would like to be.
    parsed = response if type(response) is DeviceInformationResponse else None
    document = _fixed(response) if parsed is None else parsed.document
    report = verifier.examine_mdm(document, nonce=nonce, previous_nonces=previous_nonces, at=at)
    if report.error is not None:
        _withhold(report.error, device)
        return _refused((*report.checks, _NOT_REACHED), report.error)
    if parsed is None:
        # It holds an attestation; other parts of it may be malformed.
        try:
            parsed = DeviceInformationResponse.parse(document, limits=verifier.limits)
        except AttestationError as refusal:
            refusal.__context__ = None  # what a parser raised may quote the device's own octets
            return _refused((*passed_until("decode"), _NOT_REACHED), refusal)
    assert report.attestation is not None  # noqa: S101 - there is an error or there is this
    return _of_device(report.checks, report.attestation, parsed, device)


def _of_device(
    checks: tuple[Check, ...],
    attestation: Attestation,
    response: DeviceInformationResponse,
    device: ExpectedDevice,
) -> _Judged:
    refusal = mismatch(attestation, device)
    if refusal is not None:
        return _refused((*checks, Check("device", Outcome.FAILED)), refusal)
    outcome = Outcome.NOT_REQUESTED if device is UNCHECKED else Outcome.PASSED
    checks = (*checks, Check("device", outcome))
    return _Judged(seal(Report, checks=checks, attestation=attestation, error=None), response)


def _refused(checks: tuple[Check, ...], refusal: AttestationError) -> _Judged:
    return _Judged(refused(checks, refusal), None)


def _withhold(refusal: AttestationError, device: ExpectedDevice) -> None:
    """Hand on no stale attestation of another device."""
    if not isinstance(refusal, FreshnessMismatch) or refusal.attestation is None:
        return
    if mismatch(refusal.attestation, device) is not None:
        refusal.attestation = None
        refusal.detail = f"{refusal.detail}; and it is another device's attestation"


def _fixed(response: object) -> object:
    """A copy of what could change between two looks at it; anything else as it is."""
    with suppress(Exception):  # a view that was released, say: the verifier refuses it
        if isinstance(response, bytearray | memoryview):
            return memoryview(response).tobytes()
    return response
