"""A response of MDM: is the attestation in it that of the device whose enrolment sent it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from appleattest import Reason, oids
from appleattest.mdm import KnownDevice
from appleattest.testing import (
    FRESHNESS_CODE,
    ISSUED_AT,
    AttestationAuthority,
    Properties,
    carriers,
    deviations,
)
from appleattest.testing.keys import spki_of
from vectors.case import DeviceInput, acceptable, invalid, valid
from vectors.flags import Flag

FILE: Final = "mdm_device"

SERIAL: Final = "TESTSERIAL03"
UDID: Final = "00000000-0000TESTUDID0003"
DEVICE: Final = Properties.iphone_16()
"""The device that is known."""
OTHER: Final = replace(DEVICE, serial_number="TESTSERIAL04", udid="00000000-0000TESTUDID0004")
"""Another one, enrolled as well."""
BYOD: Final = DEVICE.user_enrolled()

NONCE: Final = FRESHNESS_CODE
EARLIER: Final = b"\x31" * 32
PREVIOUS: Final = {EARLIER: ISSUED_AT - timedelta(days=3)}
_ANOTHER_NONCE: Final = b"\x34" * 32


def answered(
    authority: AttestationAuthority,
    properties: Properties = DEVICE,
    known: KnownDevice | None = None,
    *,
    code: bytes | None = NONCE,
    cached: bool = False,
    **sent: Any,
) -> DeviceInput:
    """A response in binary, and what is known of its device.

    `cached` makes it answer an earlier nonce instead of this command's.
    """
    code = EARLIER if cached else code
    sent = {"binary": True, **sent}
    response = authority.response_plist(properties=properties, freshness_code=code, **sent)
    return DeviceInput(response, previous_nonces=PREVIOUS if cached else {}, known=known)


def enrolled(authority: AttestationAuthority) -> KnownDevice:
    """The device by the key that it attested before."""
    return KnownDevice(spki=spki_of(authority.attested_key.public_key()))


def _another_key(authority: AttestationAuthority) -> Any:
    return authority.keys.ec("another device").public_key()


_FIELDS: Final = {
    "serial-number": KnownDevice(serial_number=SERIAL),
    "provisioning-udid": KnownDevice(provisioning_udid=UDID),
    "udid": KnownDevice(udid=UDID),
    "both-udids": KnownDevice(provisioning_udid=UDID, udid=carriers.DEVICE_UDID),
    "serial-number-and-udid": KnownDevice(serial_number=SERIAL, udid=UDID),
}


@valid(FILE, Flag.GENUINE, Flag.KNOWN_DEVICE, each=_FIELDS)
def known_by(authority: AttestationAuthority, known: KnownDevice) -> DeviceInput:
    """``known: what Apple attests -> {leaf (9.1, 9.2)}``

    Each field that is known is as Apple attests it; of the two UDIDs, one.
    """
    return answered(authority, known=known)


@valid(FILE, Flag.KNOWN_DEVICE)
def known_by_everything(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID and key -> {leaf}``: all of it is as Apple attests it."""
    known = replace(enrolled(authority), serial_number=SERIAL, udid=UDID)
    return answered(authority, known=known)


@valid(FILE, Flag.KNOWN_DEVICE)
def mac(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, ProvisioningUDID and UDID -> {UDID, leaf of ten OIDs}``

    The UDID of a Mac stands in its response and is not what Apple attests.
    """
    known = KnownDevice(
        serial_number="TESTSERIAL01",
        provisioning_udid="00000000-0000TESTUDID0001",
        udid=carriers.DEVICE_UDID,
    )
    return answered(authority, Properties.mac(), known)


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.RELAYED_ATTESTATION, element=oids.UDID)
def mac_known_by_its_udid_alone(authority: AttestationAuthority) -> DeviceInput:
    """``known: a Mac's UDID -> {UDID: the same, leaf (9.2: the ProvisioningUDID)}``

    That the response tells the UDID which is known proves nothing: the device wrote it.
    """
    return answered(authority, Properties.mac(), KnownDevice(udid=carriers.DEVICE_UDID))


# --- another device -----------------------------------------------------------------------------

_BY_SERIAL: Final = KnownDevice(serial_number=SERIAL)
_BY_UDID: Final = KnownDevice(udid=UDID)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
    each={"xml": False, "binary": True},
)
def relayed(authority: AttestationAuthority, binary: bool) -> DeviceInput:
    """``known: this device's serial number -> {leaf of another device, for this nonce}``

    An enrolled device passes the nonce on to another one, and returns its genuine attestation.
    Nothing in MDM binds a chain to the enrolment that carries it.
    """
    return answered(authority, OTHER, _BY_SERIAL, binary=binary)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.UDID,
    each={
        "udid": _BY_UDID,
        "both-udids": KnownDevice(provisioning_udid=UDID, udid=carriers.DEVICE_UDID),
    },
)
def relayed_to(authority: AttestationAuthority, known: KnownDevice) -> DeviceInput:
    """``known: this device's UDID -> {leaf of another device}``: neither UDID is attested."""
    return answered(authority, OTHER, known)


@valid(FILE, Flag.VOUCHED_ELSEWHERE)
def another_device_where_nothing_is_known(authority: AttestationAuthority) -> DeviceInput:
    """``known: nothing, and none is asked for -> {leaf of some device}``

    The caller has said that it does not ask which device it is: the first time that it hears of
    one, perhaps.
    """
    return answered(authority, OTHER)


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.RELAYED_ATTESTATION, element=oids.SERIAL_NUMBER)
def relayed_with_honest_words(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID -> {SerialNumber, UDID: as known, leaf of another device}``

    What the device says of itself is no evidence.
    """
    queries = {"SerialNumber": SERIAL, "UDID": UDID}
    known = KnownDevice(serial_number=SERIAL, udid=UDID)
    return answered(authority, OTHER, known, udid=UDID, query_responses=queries)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.UDID,
)
def same_serial_number_and_another_udid(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID -> {leaf (9.1 as known, 9.2 another)}``: each field counts."""
    known = KnownDevice(serial_number=SERIAL, udid=UDID)
    return answered(authority, replace(OTHER, serial_number=SERIAL), known)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
)
def same_udid_and_another_serial_number(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID -> {leaf (9.1 another, 9.2 as known)}``: each field counts."""
    known = KnownDevice(serial_number=SERIAL, udid=UDID)
    return answered(authority, replace(OTHER, udid=UDID), known)


_LOOKALIKES: Final = {
    "lower-case": SERIAL.lower(),
    "trailing-space": SERIAL + " ",
    "prefix": SERIAL[:-1],
    "zero-width-space": SERIAL + "\u200b",
}


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.LOOKALIKE_IDENTIFIER,
    element=oids.SERIAL_NUMBER,
    each=_LOOKALIKES,
)
def known_by_almost(authority: AttestationAuthority, value: str) -> DeviceInput:
    """``known: almost the serial number -> {leaf}``

    Octets are compared: nothing is folded, trimmed or normalised.
    """
    return answered(authority, known=KnownDevice(serial_number=value))


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.LOOKALIKE_IDENTIFIER,
    element=oids.UDID,
)
def known_by_the_udid_in_lower_case(authority: AttestationAuthority) -> DeviceInput:
    """``known: the UDID in another form -> {leaf}``: another UDID."""
    return answered(authority, known=KnownDevice(udid=UDID.lower()))


# --- user enrolment -----------------------------------------------------------------------------


@valid(FILE, Flag.USER_ENROLMENT)
def user_enrolment_by_key(authority: AttestationAuthority) -> DeviceInput:
    """``known: the key of this enrolment -> {EnrollmentID, leaf (no 9.1, no 9.2) of that key}``

    Apple attests no identifier; the key that it attested before is all there is.
    """
    return answered(authority, BYOD, enrolled(authority), enrollment_id="TEST-ENROLLMENT")


@invalid(
    FILE,
    Reason.KEY_MISMATCH,
    Flag.KNOWN_KEY,
    Flag.RELAYED_ATTESTATION,
    element="spki",
)
def user_enrolment_by_another_key(authority: AttestationAuthority) -> DeviceInput:
    """``known: the key of this enrolment -> {leaf (no 9.1, no 9.2) of another key}``

    The attestation of another device, or of this one after it was erased and enrolled anew.
    """
    key = _another_key(authority)
    return answered(authority, BYOD, enrolled(authority), public_key=key)


@valid(FILE, Flag.USER_ENROLMENT)
def user_enrolment_for_the_first_time(authority: AttestationAuthority) -> DeviceInput:
    """``known: nothing, and none is asked for -> {leaf (no 9.1, no 9.2)}``

    The first attestation of an enrolment is believed; its key is what the next ones are held to.
    """
    return answered(authority, BYOD, enrollment_id="TEST-ENROLLMENT")


@invalid(
    FILE,
    Reason.KEY_MISMATCH,
    Flag.KNOWN_KEY,
    element="spki",
    each={"key-alone": None, "and-serial-number": SERIAL},
)
def another_key(authority: AttestationAuthority, serial_number: str | None) -> DeviceInput:
    """``known: a key, with or without a serial number -> {leaf (9.1 as known) of another key}``

    The same device with another key: it has been erased since, or has enrolled anew.
    """
    known = replace(enrolled(authority), serial_number=serial_number)
    return answered(authority, known=known, public_key=_another_key(authority))


_MISSING: Final = {
    "serial-number": (_BY_SERIAL, BYOD),
    "serial-number-beside-a-udid": (_BY_SERIAL, replace(DEVICE, serial_number=None)),
    "serial-number-blank": (_BY_SERIAL, replace(DEVICE, raw={oids.SERIAL_NUMBER: b""})),
}


@invalid(
    FILE,
    Reason.IDENTIFIER_MISSING,
    Flag.ABSENT_IDENTIFIER,
    element=oids.SERIAL_NUMBER,
    each=_MISSING,
)
def missing(authority: AttestationAuthority, given: tuple[KnownDevice, Properties]) -> DeviceInput:
    """``known: a serial number -> {leaf (no 9.1, or a blank one)}``

    Absent is neither equal nor another: the device left it out, or Apple could not determine it.
    """
    known, properties = given
    return answered(authority, properties, known)


_MISSING_UDIDS: Final = {
    "udid": (_BY_UDID, BYOD),
    "udid-beside-a-serial-number": (
        KnownDevice(serial_number=SERIAL, udid=UDID),
        replace(DEVICE, udid=None),
    ),
    "udid-blank": (_BY_UDID, replace(DEVICE, raw={oids.UDID: b""})),
}


@invalid(
    FILE,
    Reason.IDENTIFIER_MISSING,
    Flag.ABSENT_IDENTIFIER,
    element=oids.UDID,
    each=_MISSING_UDIDS,
)
def no_udid(authority: AttestationAuthority, given: tuple[KnownDevice, Properties]) -> DeviceInput:
    """``known: a UDID -> {leaf (no 9.2, or a blank one)}``: the same for a UDID."""
    known, properties = given
    return answered(authority, properties, known)


@valid(FILE, Flag.KNOWN_DEVICE, Flag.BLANK_PROPERTY)
def blank_beside_what_is_known(authority: AttestationAuthority) -> DeviceInput:
    """``known: a UDID -> {leaf (9.1 blank, 9.2 as known)}``: nobody asks for the other."""
    return answered(authority, replace(DEVICE, raw={oids.SERIAL_NUMBER: b""}), _BY_UDID)


# --- freshness ----------------------------------------------------------------------------------


@valid(FILE, Flag.CACHED_ATTESTATION)
def cached(authority: AttestationAuthority) -> DeviceInput:
    """``known: this device; an earlier nonce -> {leaf of it (11.1: the earlier)}``

    A cached attestation of the right device: `earlier`.
    """
    return answered(authority, known=_BY_SERIAL, cached=True)


@valid(FILE, Flag.CACHED_ATTESTATION, Flag.USER_ENROLMENT)
def cached_under_user_enrolment(authority: AttestationAuthority) -> DeviceInput:
    """``known: a key; an earlier nonce -> {leaf of it (11.1: the earlier)}``

    A cached attestation of the right key: `earlier`.
    """
    return answered(authority, BYOD, enrolled(authority), cached=True)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
)
def cached_of_another_device(authority: AttestationAuthority) -> DeviceInput:
    """``known: this device; an earlier nonce -> {leaf of another (11.1: the earlier)}``

    The other one answered an earlier command that was meant for this.
    """
    return answered(authority, OTHER, _BY_SERIAL, cached=True)


@invalid(
    FILE,
    Reason.KEY_MISMATCH,
    Flag.KNOWN_KEY,
    Flag.RELAYED_ATTESTATION,
    element="spki",
)
def cached_of_another_key(authority: AttestationAuthority) -> DeviceInput:
    """``known: a key; an earlier nonce -> {leaf of another key (11.1: the earlier)}``

    The other device answered an earlier command that was meant for this enrolment.
    """
    key = _another_key(authority)
    return answered(authority, BYOD, enrolled(authority), public_key=key, cached=True)


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_MISMATCH, element=oids.FRESHNESS_CODE)
def stale(authority: AttestationAuthority) -> DeviceInput:
    """``known: this device -> {leaf of it (11.1: a nonce that nobody sent)}``

    The right device does not make up for an answer to another request.
    """
    return answered(authority, known=_BY_SERIAL, code=_ANOTHER_NONCE)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT, element=oids.FRESHNESS_CODE)
def without_a_code(authority: AttestationAuthority) -> DeviceInput:
    """``known: this device -> {leaf of it (no 11.1)}``: it answers nothing."""
    return answered(authority, known=_BY_SERIAL, code=None)


@valid(FILE, Flag.FRESHNESS_UNCHECKED)
def no_nonce_sent(authority: AttestationAuthority) -> DeviceInput:
    """``no nonce; known: this device -> {leaf of it (no 11.1)}``: `unchecked`, of this device."""
    return replace(answered(authority, known=_BY_SERIAL, code=None), nonce=None)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
)
def no_nonce_sent_and_another_device(authority: AttestationAuthority) -> DeviceInput:
    """``no nonce; known: this device -> {leaf of another}``

    That freshness is not checked switches nothing else off.
    """
    return replace(answered(authority, OTHER, _BY_SERIAL, code=None), nonce=None)


# --- no attestation -----------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.NOT_ACKNOWLEDGED,
    Flag.NO_ATTESTATION,
    element="Status",
    each={"not-now": "NotNow", "error": "Error"},
)
def status(authority: AttestationAuthority, text: str) -> DeviceInput:
    """``{Status: not Acknowledged, an attestation of the known device}``: it answers nothing."""
    return answered(authority, known=_BY_SERIAL, status=text)


_ERROR: Final = {
    "ErrorChain": [
        {"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "LocalizedDescription": "unknown"}
    ]
}


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION, element="DevicePropertiesAttestation")
def acknowledged_without(_authority: AttestationAuthority) -> DeviceInput:
    """``{Status: Acknowledged, SerialNumber: as known}``

    A device that cannot attest, or failed to, says who it is all the same. Nobody vouches for it.
    """
    sent = carriers.response_plist(None, query_responses={"SerialNumber": SERIAL})
    return DeviceInput(sent, known=_BY_SERIAL)


@invalid(FILE, Reason.NOT_ACKNOWLEDGED, Flag.NO_ATTESTATION, element="Status")
def error_with_its_chain(_authority: AttestationAuthority) -> DeviceInput:
    """``{Status: Error, ErrorChain}``: how a device says that it could not."""
    sent = carriers.response_plist(None, status="Error", extra=_ERROR)
    return DeviceInput(sent, known=_BY_SERIAL)


# --- what stands beside the attestation ---------------------------------------------------------


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    element="UDID",
    each={"integer": 5, "data": UDID.encode()},
)
def udid_is(authority: AttestationAuthority, value: Any) -> DeviceInput:
    """``{UDID: no text, an attestation of the known device}``

    Apple documents text. What a device says of itself proves nothing, whatever its type.
    """
    return answered(authority, known=_BY_SERIAL, extra={"UDID": value})


@valid(FILE, Flag.IGNORED_MEMBER)
def documented_keys(authority: AttestationAuthority) -> DeviceInput:
    """``{UDID, UserID, EnrollmentID, ErrorChain}``: the keys of a response, each of its type."""
    extra = {"UserID": "TEST-USER", "EnrollmentID": "TEST-ENROLLMENT", **_ERROR}
    return answered(authority, known=_BY_SERIAL, udid=UDID, extra=extra)


# --- two defects --------------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
)
def another_serial_number_udid_and_key(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID, key -> {leaf of another}``: the serial number comes first."""
    known = replace(enrolled(authority), serial_number=SERIAL, udid=UDID)
    return answered(authority, OTHER, known, public_key=_another_key(authority))


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element=oids.UDID,
)
def no_serial_number_and_another_udid(authority: AttestationAuthority) -> DeviceInput:
    """``known: serial number, UDID -> {leaf (no 9.1, 9.2 another)}``: another device is graver."""
    known = KnownDevice(serial_number=SERIAL, udid=UDID)
    return answered(authority, replace(OTHER, serial_number=None), known)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element=oids.SERIAL_NUMBER,
    each={"another-nonce": _ANOTHER_NONCE, "absent": None, "blank": b""},
)
def stale_and_of_another_device(authority: AttestationAuthority, code: bytes | None) -> DeviceInput:
    """``{leaf of another (11.1: of no nonce, or none)}``

    A genuine attestation of another device is the graver fact, so it is named: no device that
    answers honestly sends one, while one that is out of date is common.
    """
    return answered(authority, OTHER, _BY_SERIAL, code=code)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element=oids.UDID,
    each={"another-nonce": _ANOTHER_NONCE, "absent": None},
)
def stale_and_of_another_udid(authority: AttestationAuthority, code: bytes | None) -> DeviceInput:
    """``known: a UDID -> {leaf of another (11.1: of no nonce, or none)}``: the same for a UDID."""
    return answered(authority, OTHER, _BY_UDID, code=code)


@invalid(
    FILE,
    Reason.KEY_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.KNOWN_KEY,
    element="spki",
    each={"another-nonce": _ANOTHER_NONCE, "absent": None, "blank": b""},
)
def stale_and_of_another_key(authority: AttestationAuthority, code: bytes | None) -> DeviceInput:
    """``known: a key -> {leaf of another key (11.1: of no nonce, or none)}``

    Under user enrolment the key is what tells the device, and this is another's.
    """
    key = _another_key(authority)
    return answered(authority, BYOD, enrolled(authority), public_key=key, code=code)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.ABSENT_IDENTIFIER,
    element=oids.FRESHNESS_CODE,
)
def stale_and_of_no_device(authority: AttestationAuthority) -> DeviceInput:
    """``known: a serial number -> {leaf (no 9.1, 11.1: of no nonce)}``

    That no device is attested is no other device: freshness comes first.
    """
    return answered(authority, BYOD, _BY_SERIAL, code=_ANOTHER_NONCE)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.FRESHNESS_MISMATCH,
    element=oids.FRESHNESS_CODE,
)
def stale_where_nothing_is_known(authority: AttestationAuthority) -> DeviceInput:
    """``known: nothing -> {leaf of some device (11.1: of no nonce)}``: nobody asked which it is."""
    return answered(authority, OTHER, code=_ANOTHER_NONCE)


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.TWO_DEFECTS,
    Flag.FORGED_SIGNATURE,
    element="x5c[0]",
)
def forged_and_of_another_device(authority: AttestationAuthority) -> DeviceInput:
    """``{[leaf of another device, forged]}``: nothing in a forged leaf is read."""
    return answered(authority, OTHER, _BY_SERIAL, deviations=[deviations.WrongSigner()])


@invalid(
    FILE,
    Reason.EXPIRED,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element="x5c[0]",
)
def expired_and_of_another_device(authority: AttestationAuthority) -> DeviceInput:
    """``{[leaf of another, expired]}``: the path is judged before what the leaf says."""
    return answered(authority, OTHER, _BY_SERIAL, deviations=[deviations.Expired()])


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.TWO_DEFECTS, Flag.RELAYED_ATTESTATION, element="UDID")
def malformed_udid_and_another_device(authority: AttestationAuthority) -> DeviceInput:
    """``{UDID: an integer, leaf of another}``: the message is judged before the device."""
    return answered(authority, OTHER, _BY_SERIAL, extra={"UDID": 5})
