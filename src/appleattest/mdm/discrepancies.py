"""What the device says of itself beside what Apple attests of it: a lying device is found here.

Only what both say is compared. That one of them is silent is no discrepancy: a device answers
what it was asked and may tell, and Apple what it could determine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from appleattest.attestation import Attestation
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.policy.versions import parsed
from appleattest.text import type_name

_MAC_UDID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""The hardware UUID of a Mac, which is its `UDID`: Apple attests the ProvisioningUDID."""


class DiscrepancyKind(StrEnum):
    """Which property the two do not agree about; the value is the name of the query."""

    SERIAL_NUMBER = "SerialNumber"
    PROVISIONING_UDID = "ProvisioningUDID"
    UDID = "UDID"
    OS_VERSION = "OSVersion"
    SOFTWARE_UPDATE_DEVICE_ID = "SoftwareUpdateDeviceID"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """The device says one thing and Apple another."""

    kind: DiscrepancyKind
    said: str
    """By the device, now: its own text, or the name of a type that is not text. An OS version has
    the letter of a rapid response at its end (`SupplementalOSVersionExtra`)."""
    attested: str
    """By Apple, when the attestation was made."""
    explained_by_age: bool = False
    """Whether an honest device would say it too: the attestation answers no request of now, and
    the OS may have been updated since. Ask for a new one."""

    def to_dict(self) -> dict[str, Any]:
        """The discrepancy as JSON types. It names the device."""
        return {
            "kind": self.kind.value,
            "said": self.said,
            "attested": self.attested,
            "explained_by_age": self.explained_by_age,
        }


def find_discrepancies(
    response: DeviceInformationResponse, attestation: Attestation
) -> tuple[Discrepancy, ...]:
    """Compare what stands in both: serial number, UDID, OS version, software update device ID."""
    said, attested = response.query_responses, attestation.device
    found = [
        _differs(DiscrepancyKind.SERIAL_NUMBER, said, attested.serial_number),
        _udid(response, attested.udid),
        _os_version(said, attestation),
        _differs(
            DiscrepancyKind.SOFTWARE_UPDATE_DEVICE_ID, said, attested.software_update_device_id
        ),
    ]
    return tuple(discrepancy for discrepancy in found if discrepancy is not None)


def _differs(
    kind: DiscrepancyKind, said: Mapping[str, Any], attested: str | None
) -> Discrepancy | None:
    value = said.get(kind.value)
    if value is None or attested is None or value == attested:
        return None
    return Discrepancy(kind, _shown(value), attested)


def _udid(response: DeviceInformationResponse, attested: str | None) -> Discrepancy | None:
    """A Mac's `UDID` is never the attested one, so it is compared with nothing."""
    said = response.query_responses
    if DiscrepancyKind.PROVISIONING_UDID.value in said:
        return _differs(DiscrepancyKind.PROVISIONING_UDID, said, attested)
    udid = said.get(DiscrepancyKind.UDID.value, response.udid)
    if isinstance(udid, str) and _MAC_UDID.fullmatch(udid):
        return None
    return _differs(DiscrepancyKind.UDID, {DiscrepancyKind.UDID.value: udid}, attested)


def _os_version(said: Mapping[str, Any], attestation: Attestation) -> Discrepancy | None:
    """Versions are compared as versions, and the letter of a rapid response where both have one."""
    value, attested = said.get(DiscrepancyKind.OS_VERSION.value), attestation.device.os_version
    if value is None or attested is None or value == attested:
        return None
    text = _said_version(value, said.get("SupplementalOSVersionExtra"))
    ours, theirs = parsed(attested), parsed(text)
    if ours is None or theirs is None:
        return Discrepancy(DiscrepancyKind.OS_VERSION, text, attested)
    if not (ours.response and theirs.response):
        ours, theirs = ours.without_response, theirs.without_response
    if ours == theirs:
        return None
    newer = not attestation.is_current and ours < theirs
    return Discrepancy(DiscrepancyKind.OS_VERSION, text, attested, newer)


def _said_version(value: object, extra: object) -> str:
    """The version that the device tells, with the letter of a rapid response if it tells one."""
    whole = f"{value} {extra}"
    return whole if isinstance(value, str) and parsed(whole) else _shown(value)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else type_name(value)
