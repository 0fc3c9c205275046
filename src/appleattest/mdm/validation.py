"""From a response to an attestation that is known to be this device's."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from appleattest.arguments import BytesLike
from appleattest.attestation import Attestation
from appleattest.carriers.certificate_sequence import read_chain
from appleattest.freshness import UNCHECKED, NoCheck
from appleattest.limits import Limits
from appleattest.mdm.discrepancies import Discrepancies, find_discrepancies
from appleattest.mdm.known_device import ExpectedDevice, mismatch, require_expected_device
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.report import Report, examined
from appleattest.sealed import Sealed, seal
from appleattest.verifier import (
    PreviousNonces,
    Verifier,
    answered_by,
    mdm_request,
    require_verifier,
    run_checks,
)

DeviceResponse: TypeAlias = DeviceInformationResponse | BytesLike


class ValidatedResponse(Sealed):
    """A response whose attestation is genuine and, unless unchecked, that of the known device."""

    __slots__ = ("attestation", "discrepancies", "response")

    response: DeviceInformationResponse
    attestation: Attestation
    discrepancies: Discrepancies
    """Where the device says other things of itself than Apple attests, and what was compared."""

    def to_dict(self) -> dict[str, Any]:
        """The response, the attestation's record and the discrepancies as JSON types."""
        return {
            "response": self.response.to_dict(),
            "attestation": self.attestation.to_dict(),
            "discrepancies": self.discrepancies.to_dict(),
        }

    def __repr__(self) -> str:
        found = len(self.discrepancies)
        return f"<ValidatedResponse {self.attestation.freshness.value}, {found} discrepancies>"


def validate_response(
    response: DeviceResponse,
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

    Raises what `verify_mdm` raises (docs/reasons.md), `IdentifierMismatch`
    (`identifier-missing`, `identifier-mismatch`) or `KeyMismatch` (`key-mismatch`), each with the
    report of `examine_response`. That it is another device's (`identifier-mismatch`,
    `key-mismatch`) wins over its freshness. The `attestation` of a `FreshnessMismatch` is None
    unless it is this device's. The caller's misuse is `TypeError` or `ValueError`.
    Source: Apple, "Validating a Managed Device Attestation".
    """
    source = _Source(response, require_verifier(verifier).limits)
    report = _run(source, nonce, previous_nonces, verifier, device, at)
    assert report.attestation is not None  # noqa: S101 - the report of a success has one
    return seal(
        ValidatedResponse,
        response=source.parsed,
        attestation=report.attestation,
        discrepancies=find_discrepancies(source.parsed, report.attestation),
    )


def examine_response(
    response: DeviceResponse,
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
    source = _Source(response, require_verifier(verifier).limits)
    return examined(lambda: _run(source, nonce, previous_nonces, verifier, device, at))


def _run(
    source: _Source,
    nonce: object,
    previous_nonces: PreviousNonces,
    verifier: Verifier,
    device: ExpectedDevice,
    at: datetime | None,
) -> Report:
    require_expected_device(device)
    request = mdm_request(source.read, nonce, previous_nonces, at)
    judge = None if device is UNCHECKED else partial(mismatch, device=device)
    return run_checks(verifier, answered_by(request, judge))


class _Source:
    """The response as it was given, and parsed once when it is read."""

    __slots__ = ("_given", "_limits", "parsed")

    parsed: DeviceInformationResponse

    def __init__(self, response: object, limits: Limits) -> None:
        self._given = response
        self._limits = limits

    def read(self) -> list[bytes]:
        # Not `isinstance`, which asks an object what it would like to be.
        if type(self._given) is DeviceInformationResponse:
            self.parsed = self._given
        else:
            self.parsed = DeviceInformationResponse.parse(
                self._given,  # type: ignore[arg-type]
                limits=self._limits,
            )
        # Once more: it may have been parsed with other limits than the verifier's.
        return read_chain(self.parsed.require_attestation(), self._limits)
