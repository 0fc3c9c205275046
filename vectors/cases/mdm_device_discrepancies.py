"""What a device says of itself, beside what Apple attests of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from appleattest import oids
from appleattest.mdm import KnownDevice
from appleattest.testing import AttestationAuthority, Properties, carriers
from vectors.case import DeviceInput, acceptable, valid
from vectors.cases.mdm_device import FILE, answered
from vectors.flags import Flag

_PHONE: Final = Properties.iphone()
_MAC: Final = Properties.mac()
_HONEST: Final = {
    "SerialNumber": "TESTSERIAL02",
    "UDID": "00000000-0000TESTUDID0002",
    "OSVersion": "17.2",
    "SoftwareUpdateDeviceID": "X002tAP",
}


def _says(
    authority: AttestationAuthority,
    queries: dict[str, Any],
    attested: Properties = _PHONE,
    **sent: Any,
) -> DeviceInput:
    """A response that says this beside the attestation of a device that is known."""
    known = KnownDevice(serial_number=attested.serial_number)
    return answered(authority, attested, known, query_responses=queries, **sent)


@valid(FILE, Flag.HONEST_DIFFERENCE, Flag.CARRIER_FORM, each={"xml": False, "binary": True})
def honest(authority: AttestationAuthority, binary: bool) -> DeviceInput:
    """``{SerialNumber, UDID, OSVersion, SoftwareUpdateDeviceID: as attested}``: no discrepancy."""
    return _says(authority, _HONEST, binary=binary)


_LIES: Final[dict[str, dict[str, Any]]] = {
    "serial-number": {"SerialNumber": "TESTSERIAL09"},
    "udid": {"UDID": "00000000-0000TESTUDID0009"},
    "provisioning-udid": {"ProvisioningUDID": "00000000-0000TESTUDID0009"},
    "software-update-device-id": {"SoftwareUpdateDeviceID": "X009tAP"},
    "newer-version": {"OSVersion": "17.3"},
    "version-that-is-none": {"OSVersion": "seventeen"},
    "empty-serial-number": {"SerialNumber": ""},
    "serial-number-that-is-no-text": {"SerialNumber": 2},
}


@acceptable(FILE, Flag.LYING_DEVICE, each=_LIES)
def lie(authority: AttestationAuthority, said: dict[str, Any]) -> DeviceInput:
    """``{one answer is not as Apple attests it, leaf of the known device}``

    The attestation is genuine, current and this device's. That the device says something else is
    found; whether that is a reason to refuse is a question of policy.
    """
    return _says(authority, {**_HONEST, **said})


@acceptable(FILE, Flag.LYING_DEVICE)
def lies_about_everything(authority: AttestationAuthority) -> DeviceInput:
    """``{every answer is not as Apple attests it}``: each is found."""
    return _says(
        authority,
        {
            "SerialNumber": "TESTSERIAL09",
            "UDID": "00000000-0000TESTUDID0009",
            "OSVersion": "99.9",
            "SoftwareUpdateDeviceID": "X009tAP",
        },
    )


@acceptable(FILE, Flag.LYING_DEVICE)
def udid_of_the_response(authority: AttestationAuthority) -> DeviceInput:
    """``{UDID beside QueryResponses: another, leaf}``

    A response tells its UDID though nobody asked, and that is compared as well.
    """
    return _says(authority, {}, udid="00000000-0000TESTUDID0009")


# --- what honest devices say --------------------------------------------------------------------

_SILENT: Final = {
    "device": ({}, _PHONE),
    "apple": (_HONEST, replace(Properties.iphone_16(), serial_number="TESTSERIAL02", udid=None)),
}


@valid(FILE, Flag.HONEST_DIFFERENCE, each=_SILENT)
def silent(
    authority: AttestationAuthority, given: tuple[dict[str, Any], Properties]
) -> DeviceInput:
    """``{no answers, or a leaf of few properties}``

    Only what both say is compared: silence is no discrepancy.
    """
    queries, attested = given
    return _says(authority, queries, attested, udid=_PHONE.udid)


_OF_A_MAC: Final[dict[str, dict[str, Any]]] = {
    "udid": {"UDID": carriers.DEVICE_UDID},
    "provisioning-udid": {"UDID": carriers.DEVICE_UDID, "ProvisioningUDID": str(_MAC.udid)},
}


@valid(FILE, Flag.HONEST_DIFFERENCE, each=_OF_A_MAC)
def of_a_mac(authority: AttestationAuthority, queries: dict[str, Any]) -> DeviceInput:
    """``{UDID: the Mac's own, leaf (9.2: its ProvisioningUDID)}``

    The UDID of a Mac is a UUID and never the attested one: no discrepancy.
    """
    return _says(authority, queries, _MAC)


@acceptable(FILE, Flag.LYING_DEVICE)
def provisioning_udid_of_a_mac(authority: AttestationAuthority) -> DeviceInput:
    """``{UDID: the Mac's own, ProvisioningUDID: another than attested}``: that one is compared."""
    queries = {"UDID": carriers.DEVICE_UDID, "ProvisioningUDID": "00000000-0000TESTUDID0009"}
    return _says(authority, queries, _MAC)


class _Versions(NamedTuple):
    attested: str
    said: str
    extra: Any = None

    def response(self, authority: AttestationAuthority, **sent: Any) -> DeviceInput:
        queries: dict[str, Any] = {"OSVersion": self.said}
        if self.extra is not None:
            queries["SupplementalOSVersionExtra"] = self.extra
        return _says(authority, queries, replace(_PHONE, os_version=self.attested), **sent)


_SAME: Final = {
    "zeros-at-the-end": _Versions("17.0", "17"),
    "letter-said": _Versions("16.4.1", "16.4.1", "(a)"),
    "letter-attested": _Versions("16.4.1 (a)", "16.4.1"),
    "same-letter": _Versions("16.4.1 (a)", "16.4.1", "(a)"),
    "letter-without-brackets": _Versions("16.4.1 (a)", "16.4.1", "a"),
}


@valid(FILE, Flag.HONEST_DIFFERENCE, each=_SAME)
def same_version(authority: AttestationAuthority, versions: _Versions) -> DeviceInput:
    """``{OSVersion, SupplementalOSVersionExtra: the attested version in other words}``

    Versions are compared as versions, and the letter of a rapid security response where both
    have one: a device tells it beside the version.
    """
    return versions.response(authority)


_DIFFERENT: Final = {
    "number-that-is-no-fraction": _Versions("17.10", "17.1"),
    "another-letter": _Versions("16.4.1 (a)", "16.4.1", "(b)"),
    "attested-is-no-version": _Versions("seventeen", "17.1"),
    "other-digits": _Versions("17.2", "17.\u0662"),
}


@acceptable(FILE, Flag.LYING_DEVICE, each=_DIFFERENT)
def other_version(authority: AttestationAuthority, versions: _Versions) -> DeviceInput:
    """``{OSVersion, SupplementalOSVersionExtra: another version than attested}``: found.

    The attestation is current, so no update since explains it.
    """
    return versions.response(authority)


_SINCE: Final = {
    "newer": _Versions("17.2", "17.3"),
    "newer-by-a-letter": _Versions("16.4.1 (a)", "16.4.1", "(b)"),
}


@valid(FILE, Flag.HONEST_DIFFERENCE, Flag.CACHED_ATTESTATION, each=_SINCE)
def updated_since(authority: AttestationAuthority, versions: _Versions) -> DeviceInput:
    """``an earlier nonce -> {OSVersion: newer than attested, leaf (11.1: the earlier)}``

    The attestation is older than the answer, and the device may have been updated since: a
    difference that its age explains.
    """
    return versions.response(authority, cached=True)


@valid(FILE, Flag.HONEST_DIFFERENCE, Flag.FRESHNESS_UNCHECKED)
def updated_since_some_time(authority: AttestationAuthority) -> DeviceInput:
    """``no nonce -> {OSVersion: newer than attested}``: of unknown age, which explains it too."""
    return replace(_SINCE["newer"].response(authority), nonce=None)


_MALFORMED: Final = {
    "os-version": (oids.OS_VERSION, b"17.2\0"),
    "software-update-device-id": (oids.SOFTWARE_UPDATE_DEVICE_ID, b"X002tAP\0"),
}


@acceptable(FILE, Flag.MALFORMED_PROPERTY, each=_MALFORMED)
def attested_is_malformed(authority: AttestationAuthority, given: tuple[str, bytes]) -> DeviceInput:
    """``{answers of an honest device, leaf (10.1 or 9.4 malformed)}``

    Who accepts it reads that property as absent. Absent is no other answer: no discrepancy.
    """
    oid, value = given
    return _says(authority, _HONEST, replace(_PHONE, raw={oid: value}))


@acceptable(FILE, Flag.LYING_DEVICE)
def older_since(authority: AttestationAuthority) -> DeviceInput:
    """``an earlier nonce -> {OSVersion: older than attested, leaf (11.1: the earlier)}``

    No device goes back, so the age explains nothing.
    """
    return _Versions("17.2", "17.1").response(authority, cached=True)


@acceptable(FILE, Flag.LYING_DEVICE)
def another_serial_number_since(authority: AttestationAuthority) -> DeviceInput:
    """``an earlier nonce -> {SerialNumber: another}``: no serial number changes with time."""
    return _says(authority, {"SerialNumber": "TESTSERIAL09"}, cached=True)
