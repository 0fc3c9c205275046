"""The `DeviceInformation` command that asks for an attestation."""

from __future__ import annotations

import plistlib
from collections.abc import Iterable
from typing import Any, Final

from appleattest.arguments import BytesLike
from appleattest.carriers.device_information import ATTESTATION_KEY
from appleattest.freshness import NoCheck
from appleattest.mdm.nonces import nonce_to_send

COMPARED_QUERIES: Final = (
    "SerialNumber",
    "UDID",
    "ProvisioningUDID",
    "OSVersion",
    "SupplementalOSVersionExtra",
    "SoftwareUpdateDeviceID",
)
"""What a device says of itself that Apple attests as well: ask for it to compare the two.

`ProvisioningUDID` is a Mac's. `SoftwareUpdateDeviceID` is deprecated as a query in OS 26.
"""

_LONGEST_TEXT: Final = 255


def device_information_command(
    *,
    command_uuid: str,
    nonce: BytesLike | NoCheck,
    queries: Iterable[str] = COMPARED_QUERIES,
) -> bytes:
    """The command as an XML property list, ready to be queued.

    `nonce` is 1 to 32 bytes (`new_nonce()`), and asks for a new attestation; `UNCHECKED` leaves it
    out, and asks for the one that the device has cached. `queries` are asked beside
    `DevicePropertiesAttestation`, which is always there. Keep the nonce under the device and
    `command_uuid`, with the time.

    Raises `TypeError` or `ValueError` for what no command may hold, such as a nonce of no bytes
    or a query that stands twice.
    Source: Apple, "Device Information Command".
    """
    sent = nonce_to_send(nonce)
    command: dict[str, Any] = {"RequestType": "DeviceInformation", "Queries": _asked(queries)}
    if sent is not None:
        command["DeviceAttestationNonce"] = sent
    uuid = _text(command_uuid, "command_uuid")
    return plistlib.dumps({"Command": command, "CommandUUID": uuid})


def _asked(queries: Iterable[str]) -> list[str]:
    if isinstance(queries, str | bytes | bytearray | memoryview):
        raise TypeError("queries is several names, not one")
    asked = [_text(query, "a query") for query in queries]
    if len(set(asked)) != len(asked):
        raise ValueError("a query stands twice")
    return asked if ATTESTATION_KEY in asked else [ATTESTATION_KEY, *asked]


def _text(text: object, what: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{what} is text, not {type(text).__name__}")
    if not (text.isascii() and text.isprintable() and text.strip()):
        raise ValueError(f"{what} is printable ASCII of at least one character")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"{what} is at most {_LONGEST_TEXT} characters")
    return text
