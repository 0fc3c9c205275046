"""What a device says of itself beside what Apple attests of it: a device that lies is found here.

Only what both say is compared. It is no discrepancy that one of them says nothing: a device answers
what it was asked and may tell, and Apple attests what it could determine. So the result also says
what was compared: a device that says nothing has agreed to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, NoReturn, Self

from appleattest.attestation import Attestation
from appleattest.mdm.response import DeviceInformationResponse
from appleattest.policy.versions import parsed
from appleattest.sealed import OwnCopy
from appleattest.text import type_name

_MAC_UDID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""The hardware UUID of a Mac, which is its `UDID`: Apple attests the ProvisioningUDID."""


class DiscrepancyKind(StrEnum):
    """Which property was compared; the value is the name of the query."""

    SERIAL_NUMBER = "SerialNumber"
    PROVISIONING_UDID = "ProvisioningUDID"
    UDID = "UDID"
    OS_VERSION = "OSVersion"
    SOFTWARE_UPDATE_DEVICE_ID = "SoftwareUpdateDeviceID"


@dataclass(frozen=True, slots=True)
class Discrepancy(OwnCopy):
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


class Discrepancies(OwnCopy, tuple[Discrepancy, ...]):
    """The discrepancies that were found, and what was compared. Immutable.

    It is a tuple: empty, and false, where nothing was found. Equality and hash are those of the
    tuple. Give it to `Policy.evaluate` as it is.
    """

    compared: frozenset[DiscrepancyKind]
    """The properties that both the device and Apple tell. Empty where the device says nothing of
    itself, which is no agreement."""

    def __new__(
        cls, found: Iterable[Discrepancy] = (), compared: Iterable[DiscrepancyKind] = ()
    ) -> Self:
        """`found`, and the properties that were `compared`.

        Raises `ValueError` for text in `compared` that is no `DiscrepancyKind`.
        """
        made = super().__new__(cls, found)
        vars(made)["compared"] = frozenset(map(DiscrepancyKind, compared))
        return made

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("Discrepancies does not change: make another")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("Discrepancies does not change: make another")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (tuple(self), self.compared)

    def to_dict(self) -> dict[str, Any]:
        """What was found and what was compared, as JSON types. It names the device."""
        return {
            "found": [each.to_dict() for each in self],
            "compared": sorted(each.value for each in self.compared),
        }


class _Comparison(NamedTuple):
    kind: DiscrepancyKind
    found: Discrepancy | None
    """None where both tell the same."""


def find_discrepancies(
    response: DeviceInformationResponse, attestation: Attestation
) -> Discrepancies:
    """What differs of the serial number, UDID, OS version and software update device ID.

    Only what both tell is compared, in this order; `Discrepancies.compared` says what was.
    """
    said, attested, kind = response.query_responses, attestation.device, DiscrepancyKind
    comparisons = [
        _compared(kind.SERIAL_NUMBER, said, attested.serial_number),
        _udid(response, attested.udid),
        _os_version(said, attestation),
        _compared(kind.SOFTWARE_UPDATE_DEVICE_ID, said, attested.software_update_device_id),
    ]
    made = [each for each in comparisons if each is not None]
    found = [each.found for each in made if each.found is not None]
    return Discrepancies(found, [each.kind for each in made])


def _compared(
    kind: DiscrepancyKind, said: Mapping[str, Any], attested: str | None
) -> _Comparison | None:
    """None where one of them says nothing."""
    value = said.get(kind.value)
    if value is None or attested is None:
        return None
    differs = None if value == attested else Discrepancy(kind, _shown(value), attested)
    return _Comparison(kind, differs)


def _udid(response: DeviceInformationResponse, attested: str | None) -> _Comparison | None:
    """A Mac's `UDID` is never the attested one, so it is compared with nothing."""
    said, kind = response.query_responses, DiscrepancyKind
    if kind.PROVISIONING_UDID.value in said:
        return _compared(kind.PROVISIONING_UDID, said, attested)
    udid = said.get(kind.UDID.value, response.udid)
    if isinstance(udid, str) and _MAC_UDID.fullmatch(udid):
        return None
    return _compared(kind.UDID, {kind.UDID.value: udid}, attested)


def _os_version(said: Mapping[str, Any], attestation: Attestation) -> _Comparison | None:
    """Versions are compared as versions, and the letter of a rapid response where both have one."""
    comparison = _compared(DiscrepancyKind.OS_VERSION, said, attestation.device.os_version)
    if comparison is None or comparison.found is None:
        return comparison
    attested = comparison.found.attested
    text = _said_version(said[DiscrepancyKind.OS_VERSION], said.get("SupplementalOSVersionExtra"))
    ours, theirs = parsed(attested), parsed(text)
    updated = False
    if ours is not None and theirs is not None:
        if not (ours.response and theirs.response):
            ours, theirs = ours.without_response, theirs.without_response
        if ours == theirs:
            return comparison._replace(found=None)
        updated = not attestation.is_current and ours < theirs
    found = Discrepancy(comparison.kind, text, attested, explained_by_age=updated)
    return comparison._replace(found=found)


def _said_version(value: object, extra: object) -> str:
    """The version that the device tells, with the letter of a rapid response if it tells one."""
    whole = f"{value} {extra}"
    return whole if isinstance(value, str) and parsed(whole) else _shown(value)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else type_name(value)
