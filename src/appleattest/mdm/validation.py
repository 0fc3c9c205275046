"""From a response to an attestation that is known to be this device's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, FreshnessMismatch
from appleattest.limits import Limits
from appleattest.mdm.discrepancies import Discrepancy, find_discrepancies
from appleattest.mdm.known_device import ExpectedDevice, mismatch, require_expected_device
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.report import Check, Outcome, Report, passed_until
from appleattest.sealed import Sealed, seal
from appleattest.verifier import NoCheck, Octets, PreviousNonces, Verifier


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
    nonce: Octets | NoCheck,
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
    (`identifier-missing`, `identifier-mismatch`) or `KeyMismatch` (`key-mismatch`), whose report
    has one more check, `device`. The `attestation` of a `FreshnessMismatch` is None if it is
    another device's. The caller's misuse is `TypeError` or `ValueError`.
    Source: Apple, "Validating a Managed Device Attestation".
    """
    require_expected_device(device)
    if not isinstance(verifier, Verifier):
        raise TypeError(f"verifier is a Verifier, not {type(verifier).__name__}")
    parsed = response if isinstance(response, DeviceInformationResponse) else None
    document = _fixed(response) if parsed is None else parsed.document
    try:
        attestation = verifier.verify_mdm(
            document,
            nonce=nonce,
            previous_nonces=previous_nonces,
            at=at,
        )
    except FreshnessMismatch as error:
        stale = error.attestation
        if stale is not None and mismatch(stale, device) is not None:
            error.attestation = None
            error.detail = f"{error.detail}; and it is another device's attestation"
        raise
    if parsed is None:
        parsed = _parsed(document, verifier.limits)
    refusal = mismatch(attestation, device)
    if refusal is not None:
        refusal.report = _report(*passed_until(None), _failed("device", refusal), error=refusal)
        raise refusal
    return seal(
        ValidatedResponse,
        response=parsed,
        attestation=attestation,
        discrepancies=find_discrepancies(parsed, attestation),
    )


def _fixed(response: object) -> object:
    """A copy of what could change between two looks at it; anything else as it is."""
    if isinstance(response, bytearray | memoryview):
        with suppress(ValueError):  # a view that was released: the verifier refuses it
            return memoryview(response).tobytes()
    return response


def _parsed(document: object, limits: Limits) -> DeviceInformationResponse:
    """The response, which holds an attestation; other parts of it may be malformed."""
    try:
        return DeviceInformationResponse.parse(document, limits=limits)
    except AttestationError as error:
        _, *others = passed_until("decode")
        error.report = _report(_failed("decode", error), *others, error=error)
        raise


def _failed(name: str, error: AttestationError) -> Check:
    return Check(name, Outcome.FAILED, error.reason, error.element, error.detail)


def _report(*checks: Check, error: AttestationError) -> Report:
    return seal(Report, checks=checks, attestation=None, error=error)
