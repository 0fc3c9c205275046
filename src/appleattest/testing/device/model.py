"""What a simulated device is: its platform, identifiers, versions and security."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias

from appleattest.policy import Platform
from appleattest.testing.properties import Properties

Version: TypeAlias = tuple[int, ...]

_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+){0,3}")


class _Support(NamedTuple):
    """The first version of an OS that has each feature; ``None`` if none has.

    ``attestation``: ACME, and the four oldest OIDs. ``mdm``: the query
    ``DevicePropertiesAttestation``. ``versions``: 9.4, 10.1 and 10.3. ``security``: 13.x.
    ``software_update``: the query ``SoftwareUpdateDeviceID``.
    """

    attestation: Version
    mdm: Version
    versions: Version | None = None
    security: Version | None = None
    software_update: Version | None = None


# Apple, "Validating a Managed Device Attestation"; mdm/commands/information.device.yaml of
# Apple's device-management schema.
_IOS: Final = _Support((16,), (16,), versions=(17, 2), software_update=(15,))
_SUPPORT: Final = {
    Platform.IOS: _IOS,
    Platform.IPADOS: _IOS,
    Platform.MACOS: _Support(
        (14,), (14,), versions=(14, 2), security=(14, 2), software_update=(12,)
    ),
    Platform.TVOS: _Support((16,), (16,)),
    Platform.VISIONOS: _Support((1, 1), (1, 1)),
    Platform.WATCHOS: _Support((9,), (10,), versions=(10, 2)),
}
_PROVISIONING_UDID_FROM: Final = (11, 3)
# Apple deprecated the query in OS 26; the status item softwareupdate.device-id replaces it.
_SOFTWARE_UPDATE_BEFORE: Final = (27,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceModel:
    """One device: what it truthfully says of itself, and what Apple attests of it.

    ``provisioning_udid`` is a Mac's: attested in place of ``udid``. sepOS and the bootloader have
    ``os_version``. ``sip`` (0 enabled), ``secure_boot`` and ``third_party_kexts`` (0 none allowed)
    are attested of a Mac alone. ``attestable`` false is hardware without attestation: a Mac with
    T2 or older, a chip before A11 or S4. Raises ``ValueError`` for a version that is not dotted
    decimal and a Mac without a ``provisioning_udid``, ``TypeError`` for a ``platform`` of text.
    """

    platform: Platform
    serial_number: str
    udid: str
    os_version: str
    software_update_device_id: str
    provisioning_udid: str | None = None
    sip: int = 0
    secure_boot: str = "Full Security"
    third_party_kexts: int = 0
    attestable: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.platform, Platform):
            raise TypeError(f"platform must be an appleattest.policy.Platform: {self.platform!r}")
        if not _VERSION.fullmatch(self.os_version):
            raise ValueError(f"not a version in dotted decimal: {self.os_version!r}")
        if (self.platform is Platform.MACOS) != (self.provisioning_udid is not None):
            raise ValueError("a Mac has a provisioning_udid, and no other device has")

    @classmethod
    def mac(cls, number: int = 1, *, os_version: str = "15.5") -> DeviceModel:
        """A Mac with Apple silicon in good order; ``number`` tells one from another."""
        return cls(
            platform=Platform.MACOS,
            serial_number=f"TESTMAC{number:05}",
            udid=f"00000000-0000-4000-8001-{number:012X}",
            provisioning_udid=f"00006030-{number:016X}",
            software_update_device_id="X001tAP",
            os_version=os_version,
        )

    @classmethod
    def iphone(cls, number: int = 1, *, os_version: str = "18.5") -> DeviceModel:
        """An iPhone; ``number`` as for `mac`."""
        return cls._mobile(Platform.IOS, "PHONE", "00008140", "X002tAP", number, os_version)

    @classmethod
    def ipad(cls, number: int = 1, *, os_version: str = "18.5") -> DeviceModel:
        """An iPad; ``number`` as for `mac`."""
        return cls._mobile(Platform.IPADOS, "PAD", "00008132", "X003tAP", number, os_version)

    @classmethod
    def apple_tv(cls, number: int = 1, *, os_version: str = "18.5") -> DeviceModel:
        """An Apple TV; ``number`` as for `mac`."""
        return cls._mobile(Platform.TVOS, "TV", "00008110", "X004tAP", number, os_version)

    @classmethod
    def apple_watch(cls, number: int = 1, *, os_version: str = "11.5") -> DeviceModel:
        """An Apple Watch; ``number`` as for `mac`."""
        return cls._mobile(Platform.WATCHOS, "WATCH", "00008310", "X005tAP", number, os_version)

    @classmethod
    def vision_pro(cls, number: int = 1, *, os_version: str = "2.5") -> DeviceModel:
        """An Apple Vision Pro; ``number`` as for `mac`."""
        return cls._mobile(Platform.VISIONOS, "VISION", "00008112", "X006tAP", number, os_version)

    @classmethod
    def _mobile(
        cls, platform: Platform, kind: str, chip: str, model_id: str, number: int, os_version: str
    ) -> DeviceModel:
        return cls(
            platform=platform,
            serial_number=f"TEST{kind}{number:05}",
            udid=f"{chip}-{number:016X}",
            software_update_device_id=model_id,
            os_version=os_version,
        )

    def updated(self, os_version: str) -> DeviceModel:
        """The same device with another OS version."""
        return replace(self, os_version=os_version)

    @property
    def attests(self) -> bool:
        """Whether it can attest at all, which is what ACME needs."""
        return self.attestable and self._has(_SUPPORT[self.platform].attestation)

    @property
    def attests_in_mdm(self) -> bool:
        """Whether it knows the query ``DevicePropertiesAttestation``, and can answer it."""
        return self.attests and self._has(_SUPPORT[self.platform].mdm)

    def properties(self) -> Properties:
        """What Apple attests of it when the OS asks for all that it knows.

        Later versions ask for more. Only a Mac has 13.1 to 13.3.
        """
        support, version = _SUPPORT[self.platform], self.os_version
        fields: dict[str, Any] = {
            "serial_number": self.serial_number,
            "udid": self.provisioning_udid or self.udid,
            "sepos_version": version,
        }
        names: list[str] = []
        if self._has(support.versions):
            fields |= {"os_version": version, "llb_version": version}
            names += ["software_update_device_id"]
        if self._has(support.security):
            names += ["sip", "secure_boot", "third_party_kexts"]
        return Properties(**fields, **{name: getattr(self, name) for name in names})

    def answers(self, *, user_enrolled: bool) -> dict[str, Any]:
        """What it can say of itself by query; if ``user_enrolled``, no identifier."""
        answers: dict[str, Any] = {"OSVersion": self.os_version}
        if user_enrolled:
            return answers
        answers |= {"SerialNumber": self.serial_number, "UDID": self.udid}
        if self.provisioning_udid is not None and self._has(_PROVISIONING_UDID_FROM):
            answers["ProvisioningUDID"] = self.provisioning_udid
        support = _SUPPORT[self.platform]
        if self._has(support.software_update) and not self._has(_SOFTWARE_UPDATE_BEFORE):
            answers["SoftwareUpdateDeviceID"] = self.software_update_device_id
        return answers

    def _has(self, introduced: Version | None) -> bool:
        version = tuple(int(part) for part in self.os_version.split("."))
        return introduced is not None and version >= introduced
