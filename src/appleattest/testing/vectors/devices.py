"""Who may answer, and what is known of a device, as the JSON says it."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

from appleattest.acme import Answering
from appleattest.mdm import KnownDevice

KNOWN_TEXTS: Final = {
    "serialNumber": "serial_number",
    "provisioningUdid": "provisioning_udid",
    "udid": "udid",
}


def answerers_read(answerers: str | list[str]) -> Any:
    """The argument `device` of `validate_challenge` of which this is the JSON."""
    return Answering(answerers) if isinstance(answerers, str) else answerers


def known_read(device: dict[str, str]) -> KnownDevice:
    """The device of which this is the JSON."""
    known: dict[str, Any] = {field: device.get(name) for name, field in KNOWN_TEXTS.items()}
    return KnownDevice(**known, spki=b64decode(device["spki"]) if "spki" in device else None)
