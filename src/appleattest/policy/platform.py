"""Which operating system a device runs. Apple attests it of no device, so the caller says it."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from appleattest import oids
from appleattest.properties import DeviceProperties

_OF_MACS_ALONE: Final = frozenset(
    {oids.SYSTEM_INTEGRITY_PROTECTION, oids.SECURE_BOOT, oids.THIRD_PARTY_KEXTS}
)


class Platform(StrEnum):
    """An operating system, by the name that policy files use."""

    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    TVOS = "tvos"
    VISIONOS = "visionos"
    WATCHOS = "watchos"


def checked_platform(value: object, name: str = "platform") -> Platform:
    """The platform that the caller's argument `name` is: a `Platform` or the text of one.

    Raises `TypeError` for anything but text, and `ValueError`, with the names that are allowed,
    for any other text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} is a Platform or its name, not {type(value).__name__}")
    known = [platform.value for platform in Platform]
    if value in known:
        return Platform(value)
    close = get_close_matches(value.casefold(), known, n=1, cutoff=0.7)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{name} is one of {', '.join(known)}, not {value!r}{hint}")


def attests_as_mac(device: DeviceProperties) -> bool:
    """Whether a property is attested that is attested of Macs alone (13.1 to 13.3).

    A malformed value counts: nobody knows what it says, but no other device has one.
    """
    found: tuple[object, ...] = (device.sip, device.secure_boot, device.third_party_kexts)
    return any(status is not None for status in found) or not _OF_MACS_ALONE.isdisjoint(
        device.malformed
    )


def actual_platform(device: DeviceProperties, said: Platform | None) -> Platform | None:
    """What the caller says, unless it is attested that the device is a Mac; None where unknown."""
    return Platform.MACOS if attests_as_mac(device) else said
