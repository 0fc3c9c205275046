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

from appleattest.policy.platform import Platform
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
"""The first chip of a family that attests; of a family that is not here, all do."""
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

    `os_version` is a version text (`"17.4"`). `chip` is Apple's name of the system on chip:
    `"A11"`, `"A10X Fusion"`, `"M2 Pro"`, `"S4"`; of an Intel Mac its security chip, `"T1"` or
    `"T2"`, or `"Intel"` where it has none. What is None is not judged.

    Raises `TypeError`, or `ValueError` for a version or chip that is none, or a chip that no
    device of the platform has.
    """

    platform: Platform
    os_version: str | None = None
    chip: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.platform, Platform):
            raise TypeError(f"platform is a policy.Platform, not {type(self.platform).__name__}")
        if self.os_version is not None:
            AppleVersion.parse(self.os_version)
        if self.chip is not None and _family(self.chip)[0] not in _FAMILIES[self.platform]:
            raise ValueError(f"no device with {self.platform.value} has such a chip")

    @property
    def version(self) -> AppleVersion | None:
        """The version of the OS, as one that can be compared."""
        return None if self.os_version is None else AppleVersion.parse(self.os_version)

    @property
    def attest_support(self) -> AttestSupport | None:
        """What the chip makes of `Attest`; None where the chip is not known."""
        if self.chip is None:
            return None
        family, number = _family(self.chip)
        if family == _INTEL or (family == "T" and number < _T2):
            return AttestSupport.MUST_BE_FALSE
        if family == "T" or number < _FIRST_TO_ATTEST.get((self.platform, family), 0):
            return AttestSupport.IGNORED
        return AttestSupport.SUPPORTED


def _family(chip: object) -> tuple[str, int]:
    """The letter and number of a chip; `("Intel", 0)`."""
    if not isinstance(chip, str):
        raise TypeError(f"a chip is named in text, not {type(chip).__name__}")
    match = _CHIP.fullmatch(chip)
    if match is None:
        raise ValueError("a chip is named as Apple does: 'A11', 'A10X', 'M1', 'S4', 'T2', 'Intel'")
    return (match.group(1), int(match.group(2))) if match.group(1) else (_INTEL, 0)
