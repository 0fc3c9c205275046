"""Rules about one property, or about the attestation as a whole.

Only the good value satisfies a rule. A property that is absent never does: a compromised operating
system may leave out the property that would show it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import ClassVar, Final, Literal, TypeAlias

from appleattest import oids
from appleattest.freshness import Freshness
from appleattest.policy.findings import Facts, Finding, judged
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts
from appleattest.text import quoted

CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
"""The name here of each curve that Apple attests, by its name in `cryptography`."""

_FRESHNESSES: Final = ", ".join(each.value for each in Freshness)

KeyCurve: TypeAlias = Literal["P-256", "P-384"]


@dataclass(frozen=True, slots=True)
class _Status:
    """What the three rules below have in common; each is about another property."""

    name: ClassVar[str]
    field: ClassVar[str]
    oid: ClassVar[str]
    good: ClassVar[Enum]

    def check(self, facts: Facts) -> Finding:
        """Only the good value satisfies."""
        status: Enum | None = getattr(facts.attestation.device, self.field)
        expected = str(self.good.value)
        if status is None:
            return judged(self.name, None, expected, None, self.oid)
        return judged(self.name, status is self.good, expected, str(status.value), self.oid)


@dataclass(frozen=True, slots=True)
class SIPEnabled(_Status):
    """System Integrity Protection is `ENABLED` (13.1). Attested of Macs alone."""

    name = "sip-enabled"
    field = "sip"
    oid = oids.SYSTEM_INTEGRITY_PROTECTION
    good: ClassVar[Enum] = SystemIntegrityProtection.ENABLED


@dataclass(frozen=True, slots=True)
class FullSecurity(_Status):
    """Secure boot is at `FULL` security (13.2). Attested of Macs alone."""

    name = "full-security"
    field = "secure_boot"
    oid = oids.SECURE_BOOT
    good: ClassVar[Enum] = SecureBoot.FULL


@dataclass(frozen=True, slots=True)
class NoThirdPartyKexts(_Status):
    """Third-party kernel extensions: `NONE_ALLOWED` (13.3). Attested of Macs alone."""

    name = "no-third-party-kexts"
    field = "third_party_kexts"
    oid = oids.THIRD_PARTY_KEXTS
    good: ClassVar[Enum] = ThirdPartyKexts.NONE_ALLOWED


@dataclass(frozen=True, slots=True)
class DeviceIdentified:
    """A serial number or a UDID is attested. Under user enrolment neither is."""

    name: ClassVar[str] = "device-identified"

    def check(self, facts: Facts) -> Finding:
        """`ABSENT` where neither is attested."""
        device = facts.attestation.device
        found = device.serial_number or device.udid
        expected = "a serial number or a UDID"
        if found is None:
            return judged(self.name, None, expected, None, oids.SERIAL_NUMBER)
        return judged(self.name, True, expected, quoted(found), oids.SERIAL_NUMBER)


@dataclass(frozen=True, slots=True)
class SerialNumberInInventory:
    """The attested serial number is in the caller's inventory, octet for octet.

    `inventory` is asked with `in`. Raises `TypeError` for what has no `in`, and for text, in which
    `in` would also find a part of a serial number.
    """

    inventory: Container[str] = field(repr=False)
    name: ClassVar[str] = "serial-number-in-inventory"

    def __post_init__(self) -> None:
        if isinstance(self.inventory, str | bytes) or not isinstance(self.inventory, Container):
            raise TypeError("inventory is a collection of serial numbers, such as a set")

    def check(self, facts: Facts) -> Finding:
        """`ABSENT` under user enrolment."""
        found = facts.attestation.device.serial_number
        expected = "a serial number of the inventory"
        if found is None:
            return judged(self.name, None, expected, None, oids.SERIAL_NUMBER)
        known = found in self.inventory
        return judged(self.name, known, expected, quoted(found), oids.SERIAL_NUMBER)


@dataclass(frozen=True, slots=True, init=False)
class KeyType:
    """The attested key is on one of these curves: `"P-256"`, `"P-384"`.

    Raises `ValueError` for any other curve, and for none.
    """

    curves: tuple[KeyCurve, ...]
    name: ClassVar[str] = "key-type"

    def __init__(self, *curves: KeyCurve) -> None:
        if not curves or not set(curves) <= {*CURVES.values()}:
            raise ValueError("a key type is 'P-256' or 'P-384', given one by one")
        object.__setattr__(self, "curves", curves)

    def check(self, facts: Facts) -> Finding:
        """Compare the curve of the attested key."""
        curve = CURVES.get(facts.attestation.public_key.curve.name, "another curve")
        return judged(self.name, curve in self.curves, " or ".join(self.curves), curve)


@dataclass(frozen=True, slots=True)
class MaximumAge:
    """The attestation is at most this old, as far as is known.

    The age counts from `not_before`, or from `requested_at` where it answers an earlier nonce and
    that is later. Apple's leaves are valid from 24 hours before they were made, so a new one counts
    as a day old: allow more than a day.

    Raises `TypeError` for what is no `timedelta`, and `ValueError` for one that is not positive.
    """

    age: timedelta
    name: ClassVar[str] = "maximum-age"

    def __post_init__(self) -> None:
        if not isinstance(self.age, timedelta):
            raise TypeError(f"age is a timedelta, not {type(self.age).__name__}")
        if self.age <= timedelta(0):
            raise ValueError("age is longer than zero")

    def check(self, facts: Facts) -> Finding:
        """Compare the greatest possible age. A time before the attestation violates the rule."""
        attestation = facts.attestation
        since = max(attestation.not_before, attestation.requested_at or attestation.not_before)
        age = facts.at - since
        passed = timedelta(0) <= age <= self.age
        return judged(self.name, passed, f"at most {self.age}", f"up to {age}")


@dataclass(frozen=True, slots=True, init=False)
class FreshnessIs:
    """The attestation has one of these `Freshness` values, given as such or as text.

    Raises `ValueError` for any other value, and for none.
    """

    freshness: tuple[Freshness, ...]
    name: ClassVar[str] = "freshness"

    def __init__(self, *freshness: Freshness) -> None:
        if not freshness:
            raise ValueError(f"a freshness is one of {_FRESHNESSES}, given one by one")
        object.__setattr__(self, "freshness", tuple(map(_checked_freshness, freshness)))

    def check(self, facts: Facts) -> Finding:
        """Compare the freshness that the verifier found."""
        found = facts.attestation.freshness
        return judged(self.name, found in self.freshness, " or ".join(self.freshness), found)


@dataclass(frozen=True, slots=True)
class AnchoredAtApple:
    """The chain ends at Apple's own root, not at another trust anchor such as a lab's."""

    name: ClassVar[str] = "anchored-at-apple"

    def check(self, facts: Facts) -> Finding:
        """Compare the trust anchor with Apple's pinned root."""
        passed = facts.attestation.anchored_at_apple
        return judged(self.name, passed, "Apple's root", "Apple's" if passed else "another")


@dataclass(frozen=True, slots=True)
class NoDiscrepancies:
    """The device says of itself what Apple attests of it, in at least one property.

    The caller gives what `mdm.validate_response` or `mdm.find_discrepancies` found, as it is: it
    says which properties were compared. The finding is `ABSENT` where none was: nobody compared,
    or the device answered none of the queries. An empty tuple or list does not say that any was.
    `but_for_age` forgives a difference that an update since the attestation explains.
    """

    but_for_age: bool = False
    name: ClassVar[str] = "no-discrepancies"
    _expected: ClassVar[str] = "no discrepancy"

    def check(self, facts: Facts) -> Finding:
        """Name the properties that differ, or those that were compared."""
        if facts.discrepancies is None:
            return judged(self.name, None, self._expected, None)
        compared = facts.compared | {str(each.kind) for each in facts.discrepancies}
        if not compared:
            return judged(self.name, None, self._expected, "no property that was compared")
        differing = [
            str(each.kind)
            for each in facts.discrepancies
            if not (self.but_for_age and each.explained_by_age)
        ]
        shown = ", ".join(map(quoted, differing)) or f"none in {', '.join(sorted(compared))}"
        return judged(self.name, not differing, self._expected, shown)


def _checked_freshness(value: str) -> Freshness:
    try:
        return Freshness(value)
    except ValueError:
        raise ValueError(f"a freshness is one of {_FRESHNESSES}, not {value!r}") from None
