"""Which operating system a device runs. Apple attests it of no device, so the caller says it."""

from __future__ import annotations

from enum import StrEnum

from appleattest.properties import DeviceProperties


class Platform(StrEnum):
    """An operating system, by the name that policy files use."""

    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    TVOS = "tvos"
    VISIONOS = "visionos"
    WATCHOS = "watchos"


def attests_as_mac(device: DeviceProperties) -> bool:
    """Whether a property is attested that is attested of no other platform (13.1 to 13.3)."""
    found: tuple[object, ...] = (device.sip, device.secure_boot, device.third_party_kexts)
    return any(status is not None for status in found)


def actual_platform(device: DeviceProperties, said: Platform | None) -> Platform | None:
    """What the caller says, unless it is attested that the device is a Mac."""
    return Platform.MACOS if attests_as_mac(device) else said
