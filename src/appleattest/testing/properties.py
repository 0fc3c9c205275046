"""What a minted leaf says of the device, in Apple's encodings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from appleattest import oids
from appleattest.testing import der

AttestedField: TypeAlias = Literal[
    "serial_number",
    "udid",
    "software_update_device_id",
    "os_version",
    "sepos_version",
    "llb_version",
    "sip",
    "secure_boot",
    "third_party_kexts",
]
"""The name of an attested property, as `appleattest.DeviceProperties` has it."""

# In the order of Apple's leaves; the freshness code, which is no property, comes last.
_OIDS: Final[Mapping[AttestedField, str]] = {
    "sepos_version": oids.SEPOS_VERSION,
    "llb_version": oids.LLB_VERSION,
    "os_version": oids.OS_VERSION,
    "software_update_device_id": oids.SOFTWARE_UPDATE_DEVICE_ID,
    "secure_boot": oids.SECURE_BOOT,
    "sip": oids.SYSTEM_INTEGRITY_PROTECTION,
    "third_party_kexts": oids.THIRD_PARTY_KEXTS,
    "serial_number": oids.SERIAL_NUMBER,
    "udid": oids.UDID,
}
_NUMBERS: Final = ("sip", "third_party_kexts")
TEXT_PROPERTIES: Final = {name: oid for name, oid in _OIDS.items() if name not in _NUMBERS}
"""Bare UTF-8, by the name of the field."""
NUMBER_PROPERTIES: Final = {name: oid for name, oid in _OIDS.items() if name in _NUMBERS}
"""A DER INTEGER, by the name of the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The properties of one device; ``None`` leaves the extension out.

    Text is bare UTF-8, ``sip`` and ``third_party_kexts`` are DER INTEGER. ``raw`` maps a dotted
    OID to its extension value, unchanged: it overrides that OID's field, and adds what has no
    field (after the UDID). So blank and malformed values can be minted.
    """

    serial_number: str | None = None
    udid: str | None = None
    software_update_device_id: str | None = None
    os_version: str | None = None
    sepos_version: str | None = None
    llb_version: str | None = None
    sip: int | None = None
    secure_boot: str | None = None
    third_party_kexts: int | None = None
    raw: Mapping[str, bytes] = field(default_factory=dict, hash=False)

    @classmethod
    def mac(cls) -> Properties:
        """A Mac with macOS 14.2 in good order: nine properties.

        System Integrity Protection is on (0), secure boot is ``Full Security``, and no
        third-party kernel extension is allowed (0). With the freshness code, ten OIDs.
        """
        properties = cls._numbered(1, "14.2")
        return replace(properties, sip=0, secure_boot="Full Security", third_party_kexts=0)

    @classmethod
    def iphone(cls) -> Properties:
        """An iPhone with iOS 17.2: six properties. Only a Mac has 13.1 to 13.3."""
        return cls._numbered(2, "17.2")

    @classmethod
    def iphone_16(cls) -> Properties:
        """An iPhone with iOS 16: serial number, UDID and sepOS version alone."""
        return cls(
            serial_number="TESTSERIAL03",
            udid="00000000-0000TESTUDID0003",
            sepos_version="16.0",
        )

    @classmethod
    def _numbered(cls, number: int, version: str) -> Properties:
        return cls(
            serial_number=f"TESTSERIAL0{number}",
            udid=f"00000000-0000TESTUDID000{number}",
            software_update_device_id=f"X00{number}tAP",
            os_version=version,
            sepos_version=version,
            llb_version=version,
        )

    def user_enrolled(self) -> Properties:
        """The same device under user enrolment: no serial number, no UDID."""
        identifiers = {oids.SERIAL_NUMBER, oids.UDID}
        raw = {oid: value for oid, value in self.raw.items() if oid not in identifiers}
        return replace(self, serial_number=None, udid=None, raw=raw)

    def extension_values(self) -> dict[str, bytes]:
        """The extension values by dotted OID, in the order of Apple's leaves."""
        values = self._encoded() | dict(self.raw)
        known = {oid: values.pop(oid) for oid in _OIDS.values() if oid in values}
        return known | values

    def _encoded(self) -> dict[str, bytes]:
        values = {oid: getattr(self, name) for name, oid in _OIDS.items()}
        return {
            oid: value.encode() if isinstance(value, str) else der.integer(value)
            for oid, value in values.items()
            if value is not None
        }
