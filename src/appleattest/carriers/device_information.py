"""MDM: the response to a `DeviceInformation` command that queried `DevicePropertiesAttestation`.

Property list `{Status, CommandUUID, UDID or EnrollmentID, QueryResponses:
{DevicePropertiesAttestation: [DER, …]}}`, leaf first (Apple, "Device Information Command").
A device that cannot attest, or whose attestation failed, acknowledges and leaves the key out.
"""

from __future__ import annotations

from typing import Final

from appleattest.carriers.certificate_sequence import octets, read_chain
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.limits import Limits
from appleattest.text import quoted, type_name
from appleattest.wire import plist

ACKNOWLEDGED: Final = "Acknowledged"
ATTESTATION_KEY: Final = "DevicePropertiesAttestation"


def read_device_information(device: object, limits: Limits) -> list[bytes]:
    """The DER certificates of a response property list, or of a sequence as it is.

    Raises `MalformedInput` (`too-large`, `malformed-plist`; `malformed-certificate` for
    a sequence of anything but bytes) or `NoAttestation` (`not-acknowledged`, `no-attestation`).
    """
    document = octets(device, limits.plist_bytes)
    if document is None:
        return read_chain(device, limits)
    response = decode_response(document, limits)
    require_acknowledged(response.get("Status"))
    return attested_chain(response, limits)


def decode_response(document: bytes, limits: Limits) -> dict[str, object]:
    """The dictionary that a response property list holds."""
    response = plist.decode(document, limits)
    if not isinstance(response, dict):
        raise _malformed(f"a dictionary was expected, {type_name(response)} came")
    return response


def require_acknowledged(status: object) -> None:
    """Raise `NoAttestation` (`not-acknowledged`) for any status but `Acknowledged`."""
    if not (isinstance(status, str) and status == ACKNOWLEDGED):
        # Only text is shown: in a binary list one item of 60 KiB can stand a thousand times.
        came = quoted(status) if isinstance(status, str) else type_name(status)
        raise NoAttestation(
            Reason.NOT_ACKNOWLEDGED,
            f"status {ACKNOWLEDGED} was expected, {came} came",
            element="Status",
        )


def attested_chain(response: dict[str, object], limits: Limits) -> list[bytes]:
    """The DER certificates in the dictionary of a response, whatever its status."""
    answers = response.get("QueryResponses", {})
    if not isinstance(answers, dict):
        raise _malformed(f"a dictionary was expected, {type_name(answers)} came", "QueryResponses")
    chain = answers.get(ATTESTATION_KEY)
    if chain is None or chain == []:
        raise no_attestation()
    if not isinstance(chain, list):
        raise _malformed(f"an array was expected, {type_name(chain)} came", ATTESTATION_KEY)
    return read_chain(chain, limits, Reason.MALFORMED_PLIST)


def no_attestation() -> NoAttestation:
    """The error for a response that was acknowledged and has no attestation."""
    return NoAttestation(
        Reason.NO_ATTESTATION,
        "acknowledged without an attestation: the device cannot attest, failed to, or may not "
        "be queried",
        element=ATTESTATION_KEY,
    )


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_PLIST, detail, element=element)
