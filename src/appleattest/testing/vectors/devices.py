"""Who may answer, and what is known of a device, in the JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from appleattest.acme import Answering
from appleattest.mdm import KnownDevice

Answerers: TypeAlias = Answering | Sequence[str]
"""The ordered device, any at all, or these: each by a serial number or UDID."""

_TEXTS: Final = {
    "serialNumber": "serial_number",
    "provisioningUdid": "provisioning_udid",
    "udid": "udid",
}
_KEY: Final = "spki"


def answerers_written(answerers: Answerers) -> str | list[str]:
    """A word, or the devices one by one."""
    return answerers.value if isinstance(answerers, Answering) else list(answerers)


def answerers_read(answerers: str | list[str]) -> Any:
    """The argument `device` of `validate_challenge` of which this is the JSON."""
    return Answering(answerers) if isinstance(answerers, str) else answerers


def known_written(device: KnownDevice | None) -> dict[str, str] | None:
    """What is known of the device, without what is not; None where that is not asked."""
    if device is None:
        return None
    known = {name: getattr(device, field) for name, field in _TEXTS.items()}
    if device.spki is not None:
        known[_KEY] = b64encode(device.spki).decode("ascii")
    return {name: value for name, value in known.items() if value is not None}


def known_read(device: dict[str, str]) -> KnownDevice:
    """The device of which this is the JSON."""
    known: dict[str, Any] = {field: device.get(name) for name, field in _TEXTS.items()}
    return KnownDevice(**known, spki=b64decode(device[_KEY]) if _KEY in device else None)
