"""Managed Device Attestation over MDM: from the command to a validated response.

    from appleattest import mdm

    command = mdm.device_information_command(command_uuid=uuid, nonce=mdm.new_nonce())
    response = mdm.DeviceInformationResponse.parse(plist)
    seen = mdm.validate_response(
        response,
        nonce=nonce,
        verifier=verifier,
        device=mdm.KnownDevice(serial_number=serial, provisioning_udid=udid),
    )

Nothing here sends, stores, or reads a clock: state, time and I/O stay the caller's. What draws
random numbers is `new_nonce` alone.
"""

from appleattest.mdm.command import COMPARED_QUERIES, device_information_command
from appleattest.mdm.decision import Decision, Trust, Why
from appleattest.mdm.device_state import DeviceState, ExpectedAnswer, SentNonce, SentRequest
from appleattest.mdm.discrepancies import Discrepancy, DiscrepancyKind, find_discrepancies
from appleattest.mdm.known_device import ExpectedDevice, KnownDevice
from appleattest.mdm.nonces import new_nonce
from appleattest.mdm.response import CommandStatus, DeviceInformationResponse, ErrorChainItem
from appleattest.mdm.schedule import AttestationSchedule
from appleattest.mdm.transitions import ATTESTATION_INTERVAL
from appleattest.mdm.validation import (
    DeviceResponse,
    ValidatedResponse,
    examine_response,
    validate_response,
)
from appleattest.mdm.webhook import EnrollmentIDs, WebhookEvent

__all__ = [
    "ATTESTATION_INTERVAL",
    "COMPARED_QUERIES",
    "AttestationSchedule",
    "CommandStatus",
    "Decision",
    "DeviceInformationResponse",
    "DeviceResponse",
    "DeviceState",
    "Discrepancy",
    "DiscrepancyKind",
    "EnrollmentIDs",
    "ErrorChainItem",
    "ExpectedAnswer",
    "ExpectedDevice",
    "KnownDevice",
    "SentNonce",
    "SentRequest",
    "Trust",
    "ValidatedResponse",
    "WebhookEvent",
    "Why",
    "device_information_command",
    "examine_response",
    "find_discrepancies",
    "new_nonce",
    "validate_response",
]
