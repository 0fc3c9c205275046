"""Which device a profile is for, and whether such a device can attest.

Sources: Apple's device-management schema, com.apple.security.acme, "ACME attestation hardware
support"; Platform Security, "Managed Device Attestation for Apple devices".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appleattest.policy.platform import Platform, checked_platform
from appleattest.policy.versions import AppleVersion

_INTEL: Final = "Intel"
_CHIP: Final = re.compile(r"([AMST])([1-9][0-9]?)[A-Z]?(?: [A-Za-z]{1,16})?|Intel")
_FAMILIES: Final[Mapping[Platform, frozenset[str]]] = {
    Platform.IOS: frozenset("A"),
    Platform.IPADOS: frozenset("AM"),
    Platform.MACOS: frozenset(("A", "M", "T", _INTEL)),
    Platform.TVOS: frozenset("A"),
    Platform.VISIONOS: frozenset("M"),
    Platform.WATCHOS: frozenset("S"),
}
_FIRST_TO_ATTEST: Final[Mapping[tuple[Platform, str], int]] = {
    (Platform.IOS, "A"): 11,
    (Platform.IPADOS, "A"): 11,
    (Platform.TVOS, "A"): 12,
    (Platform.WATCHOS, "S"): 4,
}
"""The first chip of a family that attests. Of a family that is not listed, every chip does."""
_T2: Final = 2


class AttestSupport(StrEnum):
    """What the key `Attest` does on a chip (Apple: "ACME attestation hardware support")."""

    SUPPORTED = "supported"
    IGNORED = "ignored"
    """The server gets no attestation."""
    MUST_BE_FALSE = "must-be-false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The device that a profile is for, as far as that is known.

    `platform` is a `policy.Platform` or its name, such as `"macos"`. `os_version` is a version as
    text: `"17.4"`. `chip` is Apple's name of the system on chip: `"A11"`, `"A10X Fusion"`,
    `"M2 Pro"`, `"S4"`. For an Intel Mac it is the security chip, `"T1"` or `"T2"`, or `"Intel"`
    where there is none. A rule about what is None is not applied.

    Raises `TypeError` for an argument of another type. Raises `ValueError` for a platform, version
    or chip that does not exist, and for a chip that no device of the platform has.
    """

    platform: Platform
    os_version: str | None = None
    chip: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "platform", checked_platform(self.platform))
        if self.os_version is not None:
            AppleVersion.parse(self.os_version)
        if self.chip is not None and _family(self.chip)[0] not in _FAMILIES[self.platform]:
            raise ValueError(f"chip: no device with {self.platform.value} has {self.chip}")

    @property
    def version(self) -> AppleVersion | None:
        """The version of the OS as an `AppleVersion`; None where it is not known."""
        return None if self.os_version is None else AppleVersion.parse(self.os_version)

    @property
    def attest_support(self) -> AttestSupport | None:
        """What the key `Attest` does on the chip; None where the chip is not known."""
        if self.chip is None:
            return None
        family, number = _family(self.chip)
        if family == _INTEL or (family == "T" and number < _T2):
            return AttestSupport.MUST_BE_FALSE
        if family == "T" or number < _FIRST_TO_ATTEST.get((self.platform, family), 0):
            return AttestSupport.IGNORED
        return AttestSupport.SUPPORTED


def _family(chip: object) -> tuple[str, int]:
    """The letter and number of a chip: `("A", 11)`. `("Intel", 0)` for no security chip."""
    if not isinstance(chip, str):
        raise TypeError(f"chip is text, not {type(chip).__name__}")
    match = _CHIP.fullmatch(chip)
    if match is None:
        raise ValueError("chip is Apple's name of it: 'A11', 'A10X', 'M1', 'S4', 'T2' or 'Intel'")
    return (match.group(1), int(match.group(2))) if match.group(1) else (_INTEL, 0)
