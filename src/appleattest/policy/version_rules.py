"""Rules about attested versions: at least this one, for all platforms or for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appleattest.oids import LLB_VERSION, OS_VERSION, SEPOS_VERSION
from appleattest.policy.findings import Facts, Finding, judged
from appleattest.policy.platform import Platform, actual_platform, checked_platform
from appleattest.policy.versions import AppleVersion, parsed
from appleattest.text import quoted


@dataclass(frozen=True, slots=True, init=False)
class _MinimumVersion:
    """What the three rules below have in common; each is about another property."""

    name: ClassVar[str]
    field: ClassVar[str]
    oid: ClassVar[str]

    minimum: AppleVersion | None
    minima: tuple[tuple[Platform, AppleVersion], ...]

    def __init__(self, minimum: str | None = None, /, **minima: str) -> None:
        if (minimum is None) == (not minima):
            raise ValueError("give one minimum for all platforms, or one for each of several")
        read = None if minimum is None else AppleVersion.parse(minimum)
        each = tuple(
            (checked_platform(key, "a platform"), AppleVersion.parse(text))
            for key, text in minima.items()
        )
        object.__setattr__(self, "minimum", read)
        object.__setattr__(self, "minima", each)

    def check(self, facts: Facts) -> Finding:
        """Compare the attested version with the minimum of the device's platform."""
        attested: str | None = getattr(facts.attestation.device, self.field)
        minimum = self.minimum
        if minimum is None:
            platform = actual_platform(facts.attestation.device, facts.platform)
            minimum = next((version for each, version in self.minima if each is platform), None)
            if minimum is None:
                allowed = f"one of {', '.join(each for each, _ in self.minima)}"
                if platform is None:
                    return judged(self.name, None, allowed, "an unknown platform", self.oid)
                return judged(self.name, False, allowed, str(platform), self.oid)
        expected = f"at least {minimum}"
        if attested is None:
            return judged(self.name, None, expected, None, self.oid)
        version = parsed(attested)
        enough = version is not None and version >= minimum
        return judged(self.name, enough, expected, quoted(attested), self.oid)


class MinimumOSVersion(_MinimumVersion):
    """The attested OS version (10.1) is at least `("15.5")`, or `(macos="15.5", ios="18.5")`.

    In the second form a device of another platform violates the rule, and the finding is `ABSENT`
    where the platform is unknown. An attested version that `AppleVersion.parse` does not read
    violates the rule.

    Raises `TypeError` or `ValueError` for a version that `AppleVersion.parse` does not read, for a
    name that is no platform, for no version at all, and for both forms at once.
    """

    __slots__ = ()
    name = "minimum-os-version"
    field = "os_version"
    oid = OS_VERSION


class MinimumSepOSVersion(_MinimumVersion):
    """The attested sepOS version (10.2), as `MinimumOSVersion`."""

    __slots__ = ()
    name = "minimum-sepos-version"
    field = "sepos_version"
    oid = SEPOS_VERSION


class MinimumLLBVersion(_MinimumVersion):
    """The attested version of the low-level bootloader (10.3), as `MinimumOSVersion`."""

    __slots__ = ()
    name = "minimum-llb-version"
    field = "llb_version"
    oid = LLB_VERSION
