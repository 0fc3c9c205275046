"""What the tests of the simulated device share: a server in miniature."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from typing import Any

from appleattest import Attestation, Verifier
from appleattest.testing import AttestationAuthority, SimulatedDevice

AUTHORITY = AttestationAuthority("tests of the simulated device")
ATTESTATION = "DevicePropertiesAttestation"
ABOUT_ITSELF = ("SerialNumber", "UDID", "ProvisioningUDID", "OSVersion", "SoftwareUpdateDeviceID")
EVERYTHING = (*ABOUT_ITSELF, ATTESTATION)


def command(nonce: object = None, queries: object = EVERYTHING, uuid: str = "uuid") -> bytes:
    """Return a DeviceInformation command; what is ``None`` is left out."""
    body: dict[str, Any] = {"RequestType": "DeviceInformation"}
    if queries is not None:
        body["Queries"] = list(queries) if isinstance(queries, tuple) else queries
    if nonce is not None:
        body["DeviceAttestationNonce"] = nonce
    return plistlib.dumps({"Command": body, "CommandUUID": uuid})


def ask(
    device: SimulatedDevice, nonce: object = None, queries: object = EVERYTHING
) -> dict[str, Any]:
    """Return the response to a command, decoded."""
    response: dict[str, Any] = plistlib.loads(device.answer(command(nonce, queries)))
    return response


def answers(
    device: SimulatedDevice, nonce: object = None, queries: object = EVERYTHING
) -> dict[str, Any]:
    """Return the ``QueryResponses`` of an acknowledged response."""
    response = ask(device, nonce, queries)
    assert response["Status"] == "Acknowledged"
    found: dict[str, Any] = response["QueryResponses"]
    return found


def verified(
    device: SimulatedDevice,
    nonce: bytes,
    previous_nonces: Sequence[bytes] = (),
    verifier: Verifier = AUTHORITY.verifier,
) -> Attestation:
    """Ask with a nonce and verify the answer at the device's own time."""
    return verifier.verify_mdm(
        device.answer(command(nonce)),
        nonce=nonce,
        previous_nonces=previous_nonces,
        at=device.clock(),
    )
