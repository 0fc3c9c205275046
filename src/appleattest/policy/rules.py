"""Rules about one property, or about the attestation as a whole.

Only the good value satisfies a rule. A property that is absent is a finding of its own, and never
good: a compromised operating system may leave out what would give it away.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import ClassVar, Final, Literal, TypeAlias

from appleattest import oids
from appleattest.freshness import Freshness
from appleattest.policy.findings import Facts, Finding, Verdict
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts
from appleattest.text import quoted

CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
"""The curves of attested keys, by the names that `cryptography` gives them."""

KeyCurve: TypeAlias = Literal["P-256", "P-384"]


@dataclass(frozen=True, slots=True)
class SIPEnabled:
    """System Integrity Protection is enabled (13.1). Attested of Macs alone."""

    name: ClassVar[str] = "sip-enabled"

    def check(self, facts: Facts) -> Finding:
        """Only `ENABLED` satisfies."""
        status = facts.attestation.device.sip
        good = SystemIntegrityProtection.ENABLED
        return _status(self.name, oids.SYSTEM_INTEGRITY_PROTECTION, good, status)


@dataclass(frozen=True, slots=True)
class FullSecurity:
    """Secure boot is at full security (13.2). Attested of Macs alone."""

    name: ClassVar[str] = "full-security"

    def check(self, facts: Facts) -> Finding:
        """Only `FULL` satisfies."""
        status = facts.attestation.device.secure_boot
        return _status(self.name, oids.SECURE_BOOT, SecureBoot.FULL, status)


@dataclass(frozen=True, slots=True)
class NoThirdPartyKexts:
    """No third-party kernel extension is allowed (13.3). Attested of Macs alone."""

    name: ClassVar[str] = "no-third-party-kexts"

    def check(self, facts: Facts) -> Finding:
        """Only `NONE_ALLOWED` satisfies."""
        status = facts.attestation.device.third_party_kexts
        return _status(self.name, oids.THIRD_PARTY_KEXTS, ThirdPartyKexts.NONE_ALLOWED, status)


@dataclass(frozen=True, slots=True)
class DeviceIdentified:
    """A serial number or a UDID is attested: under user enrolment, neither is."""

    name: ClassVar[str] = "device-identified"

    def check(self, facts: Facts) -> Finding:
        """Absent where neither is there."""
        device = facts.attestation.device
        found = device.serial_number or device.udid
        return Finding(
            rule=self.name,
            verdict=Verdict.ABSENT if found is None else Verdict.SATISFIED,
            expected="a serial number or a UDID",
            found=None if found is None else quoted(found),
            element=oids.SERIAL_NUMBER,
        )


@dataclass(frozen=True, slots=True)
class SerialNumberInInventory:
    """The attested serial number is in the caller's inventory, octet for octet.

    `inventory` is asked with `in`. A text is a `TypeError`: parts of it would be in it.
    """

    inventory: Container[str] = field(repr=False)
    name: ClassVar[str] = "serial-number-in-inventory"

    def __post_init__(self) -> None:
        if isinstance(self.inventory, str | bytes) or not isinstance(self.inventory, Container):
            raise TypeError("an inventory is a collection of serial numbers")

    def check(self, facts: Facts) -> Finding:
        """Absent under user enrolment."""
        serial_number = facts.attestation.device.serial_number
        if serial_number is None:
            verdict = Verdict.ABSENT
        else:
            known = serial_number in self.inventory
            verdict = Verdict.SATISFIED if known else Verdict.VIOLATED
        return Finding(
            rule=self.name,
            verdict=verdict,
            expected="a serial number of the inventory",
            found=None if serial_number is None else quoted(serial_number),
            element=oids.SERIAL_NUMBER,
        )


@dataclass(frozen=True, slots=True, init=False)
class KeyType:
    """The attested key is on one of these curves: `"P-256"`, `"P-384"`."""

    curves: tuple[KeyCurve, ...]
    name: ClassVar[str] = "key-type"

    def __init__(self, *curves: KeyCurve) -> None:
        if not curves or not set(curves) <= {*CURVES.values()}:
            raise ValueError("a key type is P-256 or P-384; no other is ever attested")
        object.__setattr__(self, "curves", curves)

    def check(self, facts: Facts) -> Finding:
        """Compare the curve of the attested key."""
        curve = CURVES.get(facts.attestation.public_key.curve.name, "another curve")
        return _compared(self.name, curve in self.curves, " or ".join(self.curves), curve)


@dataclass(frozen=True, slots=True)
class MaximumAge:
    """The attestation was made no longer ago than this, as far as is known.

    What is known is that it was made after `not_before`, and after `requested_at` where it
    answers an earlier nonce. Real leaves begin 24 hours before they were made, so the age of a
    new one is up to a day too high: allow more than that.
    """

    age: timedelta
    name: ClassVar[str] = "maximum-age"

    def __post_init__(self) -> None:
        if not isinstance(self.age, timedelta):
            raise TypeError("an age is a timedelta")
        if self.age <= timedelta(0):
            raise ValueError("an age is longer than no time")

    def check(self, facts: Facts) -> Finding:
        """Compare the upper bound of the age; a time before the attestation violates."""
        attestation = facts.attestation
        since = max(attestation.not_before, attestation.requested_at or attestation.not_before)
        age = facts.at - since
        passed = timedelta(0) <= age <= self.age
        return _compared(self.name, passed, f"at most {self.age}", f"up to {age}")


@dataclass(frozen=True, slots=True, init=False)
class FreshnessIs:
    """The attestation relates to the caller's requests in one of these ways."""

    freshness: tuple[Freshness, ...]
    name: ClassVar[str] = "freshness"

    def __init__(self, *freshness: Freshness) -> None:
        if not freshness:
            raise ValueError("at least one freshness is allowed")
        object.__setattr__(self, "freshness", tuple(map(Freshness, freshness)))

    def check(self, facts: Facts) -> Finding:
        """Compare the freshness that the verifier found."""
        found = facts.attestation.freshness
        return _compared(self.name, found in self.freshness, " or ".join(self.freshness), found)


@dataclass(frozen=True, slots=True)
class AnchoredAtApple:
    """The chain leads to Apple's own root, and not to one of a lab that is trusted as well."""

    name: ClassVar[str] = "anchored-at-apple"

    def check(self, facts: Facts) -> Finding:
        """Compare the anchor with the pinned root."""
        passed = facts.attestation.anchored_at_apple
        return _compared(self.name, passed, "Apple's root", "Apple's" if passed else "another")


@dataclass(frozen=True, slots=True)
class NoDiscrepancies:
    """The device says of itself what Apple attests of it, where both say something.

    The caller gives the discrepancies (`mdm.validate_response` finds them); where none are given,
    nobody compared, and the finding is `ABSENT`. `but_for_age` forgives what an update since the
    attestation explains.
    """

    but_for_age: bool = False
    name: ClassVar[str] = "no-discrepancies"
    _expected: ClassVar[str] = "no discrepancy"

    def check(self, facts: Facts) -> Finding:
        """Name the properties that differ."""
        if facts.discrepancies is None:
            return Finding(rule=self.name, verdict=Verdict.ABSENT, expected=self._expected)
        found = [
            str(each.kind)
            for each in facts.discrepancies
            if not (self.but_for_age and each.explained_by_age)
        ]
        shown = ", ".join(map(quoted, found)) or "none"
        return _compared(self.name, not found, self._expected, shown)


def _status(name: str, oid: str, good: Enum, found: Enum | None) -> Finding:
    if found is None:
        verdict = Verdict.ABSENT
    else:
        verdict = Verdict.SATISFIED if found is good else Verdict.VIOLATED
    return Finding(
        rule=name,
        verdict=verdict,
        expected=str(good.value),
        found=None if found is None else str(found.value),
        element=oid,
    )


def _compared(name: str, passed: bool, expected: str, found: str) -> Finding:
    verdict = Verdict.SATISFIED if passed else Verdict.VIOLATED
    return Finding(rule=name, verdict=verdict, expected=expected, found=found)
