"""What each generation of the operating systems attests, as a response of MDM."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appleattest.testing import AttestationAuthority, Properties
from vectors.case import MdmInput, valid
from vectors.flags import Flag

FILE: Final = "mdm_generations"

_WATCH_10: Final = replace(Properties.iphone(), os_version="10.2", llb_version="10.2")
MOBILE: Final = {
    "ios-16": Properties.iphone_16(),
    "tvos-16": replace(Properties.iphone_16(), serial_number="TESTSERIAL04"),
    "watchos-9": replace(Properties.iphone_16(), serial_number="TESTSERIAL05"),
    "ios-17.2": Properties.iphone(),
    "watchos-10.2": replace(_WATCH_10, serial_number="TESTSERIAL06", sepos_version="10.2"),
}
"""Systems that ask for a freshness code only when the server sent a nonce."""
MACS: Final = {
    "macos-14.0": Properties(
        serial_number="TESTSERIAL07", udid="00000000-0000TESTUDID0007", sepos_version="14.0"
    ),
    "macos-14.2": Properties.mac(),
}
GENERATIONS: Final = MOBILE | MACS


@valid(FILE, Flag.OS_GENERATION, each=GENERATIONS)
def current(authority: AttestationAuthority, properties: Properties) -> MdmInput:
    """``nonce sent -> response {leaf (properties, 11.1), intermediate}``

    Four OIDs since iOS 16 (9.1, 9.2, 10.2, 11.1), seven since iOS 17.2 (and 9.4, 10.1, 10.3), ten
    on a Mac since macOS 14.2 (and 13.1, 13.2, 13.3). What a system does not ask for is absent.
    """
    return MdmInput(authority.response_plist(properties=properties))


@valid(FILE, Flag.OS_GENERATION, each=MOBILE)
def no_nonce_no_code(authority: AttestationAuthority, properties: Properties) -> MdmInput:
    """``no nonce sent -> response {leaf (no 11.1), intermediate}``

    The server sent no nonce, so these systems ask for no freshness code. The caller has said
    that it checks none.
    """
    response = authority.response_plist(properties=properties, freshness_code=None)
    return MdmInput(response, nonce=None)


@valid(FILE, Flag.OS_GENERATION, Flag.CACHED_ATTESTATION, each=GENERATIONS)
def no_nonce_cached_code(authority: AttestationAuthority, properties: Properties) -> MdmInput:
    """``no nonce sent -> response {cached leaf (11.1 of some earlier nonce), intermediate}``

    Without a nonce a device answers with its cached attestation, whose code answers some
    earlier command. The caller has said that it checks none.
    """
    return MdmInput(authority.response_plist(properties=properties), nonce=None)


@valid(FILE, Flag.OS_GENERATION, Flag.USER_ENROLMENT, each=GENERATIONS)
def user_enrolled(authority: AttestationAuthority, properties: Properties) -> MdmInput:
    """``nonce sent -> response {EnrollmentID, leaf (no 9.1, no 9.2), intermediate}``

    Under user enrolment serial number and UDID are left out, and EnrollmentID takes the place
    of UDID in the response. Genuine, and it identifies no device.
    """
    response = authority.response_plist(
        properties=properties.user_enrolled(), enrollment_id="TEST-ENROLLMENT-ID"
    )
    return MdmInput(response)


@valid(FILE, Flag.OS_GENERATION, Flag.USER_ENROLMENT, each=MOBILE)
def user_enrolled_no_nonce(authority: AttestationAuthority, properties: Properties) -> MdmInput:
    """``no nonce sent -> response {EnrollmentID, leaf (no 9.1, 9.2, 11.1), intermediate}``

    The least that a genuine leaf of these systems says.
    """
    response = authority.response_plist(
        properties=properties.user_enrolled(),
        enrollment_id="TEST-ENROLLMENT-ID",
        freshness_code=None,
    )
    return MdmInput(response, nonce=None)


@valid(FILE, Flag.OS_GENERATION)
def no_property_at_all(authority: AttestationAuthority) -> MdmInput:
    """``nonce sent -> response {leaf (11.1 alone), intermediate}``

    Apple could confirm nothing, or the system asked for nothing. The leaf is genuine, and every
    property is absent: none of them is good.
    """
    return MdmInput(authority.response_plist(properties=Properties()))
