"""The properties that are read: blank, absent, and each status with its outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Properties, der, deviations
from vectors.case import MdmInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag

FILE: Final = "mdm_properties"

TEXTS: Final = {
    "serial-number": oids.SERIAL_NUMBER,
    "udid": oids.UDID,
    "software-update-device-id": oids.SOFTWARE_UPDATE_DEVICE_ID,
    "os-version": oids.OS_VERSION,
    "sepos-version": oids.SEPOS_VERSION,
    "llb-version": oids.LLB_VERSION,
    "secure-boot": oids.SECURE_BOOT,
}
INTEGERS: Final = {
    "sip": oids.SYSTEM_INTEGRITY_PROTECTION,
    "third-party-kexts": oids.THIRD_PARTY_KEXTS,
}


FIELDS: Final = {oid: name.replace("-", "_") for name, oid in (TEXTS | INTEGERS).items()}
"""The name of each property in the JSON, by its OID."""
_NOT_GOOD: Final = {
    oids.SYSTEM_INTEGRITY_PROTECTION: {"sip": ["unrecognized", None]},
    oids.THIRD_PARTY_KEXTS: {"third_party_kexts": ["some-allowed", None]},
}
THREE_TEXTS: Final = {name: TEXTS[name] for name in ("serial-number", "os-version", "secure-boot")}
_FEW: Final = Properties(serial_number="TESTSERIAL01", sepos_version="14.2", sip=0)


def raw(authority: AttestationAuthority, oid: str, value: bytes) -> MdmInput:
    """A Mac of which Apple confirms little, in order but for the value of one extension."""
    properties = replace(_FEW, raw={oid: value})
    return MdmInput(authority.response_plist(properties=properties, binary=True))


@valid(FILE, Flag.BLANK_PROPERTY, each=TEXTS | INTEGERS)
def blank(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one property: no octets)``

    Apple: a missing or blank property could not be determined. It is decoded as absent.
    """
    return raw(authority, oid, b"")


@valid(FILE, Flag.BLANK_PROPERTY, each=THREE_TEXTS)
def spaces_only(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: three spaces)``

    Blank as well: a text of spaces says nothing, and must not equal another device's spaces.
    """
    return raw(authority, oid, b"   ")


@acceptable(FILE, Flag.MALFORMED_PROPERTY, each=INTEGERS)
def integer_of_a_space(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (an INTEGER property: one space)``

    Blank for a reader of text, malformed for a reader of DER: Apple does not say. Decoding
    it as anything but absent is wrong in either case.
    """
    return raw(authority, oid, b" ")


_LEFT_OUT: Final[dict[str, dict[str, Any]]] = {
    "sip": {"sip": None},
    "secure-boot": {"secure_boot": None},
    "third-party-kexts": {"third_party_kexts": None},
    "all-of-13": {"sip": None, "secure_boot": None, "third_party_kexts": None},
    "os-version": {"os_version": None},
    "udid": {"udid": None},
    "serial-number": {"serial_number": None},
}


@valid(FILE, Flag.OMITTED_PROPERTY, each=_LEFT_OUT)
def left_out(authority: AttestationAuthority, changes: dict[str, Any]) -> MdmInput:
    """``leaf (without a property that other Macs have)``

    The operating system chooses which properties to ask for, so a compromised one can leave a
    damning one out. The attestation is genuine. The property is absent, which is never good,
    and nothing is inferred from the version.
    """
    properties = replace(Properties.mac(), **changes)
    return MdmInput(authority.response_plist(properties=properties))


@valid(FILE, Flag.OS_GENERATION, each={"enabled": 0, "disabled": 1})
def sip(authority: AttestationAuthority, number: int) -> MdmInput:
    """``leaf (13.1: INTEGER)``: 0 is enabled, 1 is disabled. Both are genuine answers."""
    return raw(authority, oids.SYSTEM_INTEGRITY_PROTECTION, der.integer(number))


_SECURE_BOOT: Final = ("Full Security", "Reduced Security", "Permissive Security")


@valid(FILE, Flag.OS_GENERATION, each={text.split()[0].lower(): text for text in _SECURE_BOOT})
def secure_boot(authority: AttestationAuthority, text: str) -> MdmInput:
    """``leaf (13.2: bare text)``: the three documented levels. All are genuine answers."""
    return raw(authority, oids.SECURE_BOOT, text.encode())


_NUMBERS: Final = {
    "minus-one": -1,
    "128": 128,
    "256": 256,
    "2-to-the-32": 2**32,
    "2-to-the-64": 2**64,
    "2-to-the-100": 2**100,
}
"""None is 0 or 1; cut to 8, 32 or 64 bits, several are 0."""
_WIDE: Final = ("2-to-the-64", "2-to-the-100")


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each=only(_NUMBERS, *_WIDE),
    also_read=lambda _: {"sip": [None]},
)
@valid(FILE, Flag.UNRECOGNIZED_STATUS, each={"2": 2} | but(_NUMBERS, *_WIDE))
def sip_unrecognized(authority: AttestationAuthority, number: int) -> MdmInput:
    """``leaf (13.1: an INTEGER that is neither 0 nor 1)``

    In its encoding, and without a documented meaning: unrecognised, which is not good. One that
    has no place in 64 bits may be refused, or read as absent.
    """
    return raw(authority, oids.SYSTEM_INTEGRITY_PROTECTION, der.integer(number))


_OTHER_LEVELS: Final = {
    "lower-case": "full security",
    "upper-case": "FULL SECURITY",
    "first-word": "Full",
    "prefix": "Full Securit",
    "extended": "Full Security Plus",
    "two-spaces": "Full  Security",
    "new-level": "Medium Security",
    "no-security": "No Security",
    "digit": "0",
}


@valid(FILE, Flag.UNRECOGNIZED_STATUS, each=_OTHER_LEVELS)
def secure_boot_unrecognized(authority: AttestationAuthority, text: str) -> MdmInput:
    """``leaf (13.2: a text that is none of the three)``

    Nothing is folded or trimmed, and only equality counts: unrecognised, which is not good.
    """
    return raw(authority, oids.SECURE_BOOT, text.encode())


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each=only(_NUMBERS, *_WIDE),
    also_read=lambda _: {"third_party_kexts": [None]},
)
@valid(
    FILE,
    Flag.OS_GENERATION,
    each={"none-allowed": 0, "some-allowed": 1, "two": 2} | but(_NUMBERS, *_WIDE),
)
def kexts(authority: AttestationAuthority, number: int) -> MdmInput:
    """``leaf (13.3: INTEGER)``: 0 allows none; in Apple's words any other value allows some."""
    return raw(authority, oids.THIRD_PARTY_KEXTS, der.integer(number))


@acceptable(FILE, Flag.TOO_LARGE, each=INTEGERS, also_read=lambda oid: _NOT_GOOD[oid])
def integer_of_forty_octets(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (an INTEGER property: 2^312)``

    Well formed, and larger than any status: a verifier may bound what it reads. Decoded, it is
    not good.
    """
    return raw(authority, oid, der.integer(2**312))


@valid(FILE, Flag.OS_GENERATION, each={"rapid-response": "16.4.1 (a)", "beta": "15.0 beta 2"})
def version_with_a_space(authority: AttestationAuthority, text: str) -> MdmInput:
    """``leaf (10.1: text with U+0020 inside)``: a version is text, and may hold a space."""
    return raw(authority, oids.OS_VERSION, text.encode())


@valid(FILE, Flag.OS_GENERATION, each={"trailing-zero": "15.10", "one-number": "26"})
@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each={"long": "9" * 60},
    also_read=lambda _: {"os_version": [None]},
)
def version_is_text(authority: AttestationAuthority, text: str) -> MdmInput:
    """``leaf (10.1: text)``: a version is never turned into a number: 15.10 is not 15.1."""
    return raw(authority, oids.OS_VERSION, text.encode())


@acceptable(
    FILE,
    Flag.LEFT_OPEN,
    reason=Reason.MALFORMED_PROPERTY,
    each={"serial-number": oids.SERIAL_NUMBER},
)
def letters_beyond_ascii(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (9.1: printable UTF-8 beyond ASCII)``: nothing forbids it, and no device has it.

    Which characters are printable differs from one edition of Unicode to the next.
    """
    return raw(authority, oid, "T\u00c9ST".encode())


_UNKNOWN: Final = {
    "9.3": "1.2.840.113635.100.8.9.3",
    "13.4": "1.2.840.113635.100.8.13.4",
    "9.1.1": "1.2.840.113635.100.8.9.1.1",
    "9.128": "1.2.840.113635.100.8.9.128",
    "12.1": "1.2.840.113635.100.8.12.1",
    "14.1": "1.2.840.113635.100.8.14.1",
    "another-arc": "1.2.840.113635.100.6.1",
    "not-apples": deviations.UNKNOWN_EXTENSION,
}


@valid(FILE, Flag.UNKNOWN_PROPERTY, each=_UNKNOWN)
def unknown_oid(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (…, an extension that is not critical, without a documented meaning)``

    9.3 and 13.4 are in the client's list of what can be asked for, and undocumented. Nothing
    is interpreted, and nothing is refused.
    """
    return raw(authority, oid, b"\x02\x01\x01")


@valid(FILE, Flag.UNKNOWN_PROPERTY, each={"blank": b"", "noise": b"\xff\x00\x80\n", "text": b" x "})
def unknown_value(authority: AttestationAuthority, value: bytes) -> MdmInput:
    """``leaf (9.3: any octets)``: the value of an undocumented property is not judged."""
    return raw(authority, "1.2.840.113635.100.8.9.3", value)


_TWICE: Final = {
    "serial-number-same": (oids.SERIAL_NUMBER, None),
    "serial-number-other": (oids.SERIAL_NUMBER, b"TESTSERIAL99"),
    "serial-number-blank": (oids.SERIAL_NUMBER, b""),
    "sip-good": (oids.SYSTEM_INTEGRITY_PROTECTION, b"\x02\x01\x00"),
    "sip-bad": (oids.SYSTEM_INTEGRITY_PROTECTION, b"\x02\x01\x01"),
    "udid-other": (oids.UDID, b"00000000-0000TESTUDID0099"),
}


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION, each=_TWICE)
def property_twice(authority: AttestationAuthority, twice: tuple[str, bytes | None]) -> MdmInput:
    """``leaf (one property twice)``

    RFC 5280, 4.2: an extension stands at most once. Of two serial numbers neither is the one.
    """
    return MdmInput(authority.response_plist(deviations=[deviations.DoubledExtension(*twice)]))


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION)
def unknown_property_twice(authority: AttestationAuthority) -> MdmInput:
    """``leaf (9.3 twice)``: RFC 5280 excepts no extension, known or not."""
    oid = "1.2.840.113635.100.8.9.3"
    properties = replace(Properties.mac(), raw={oid: b"x"})
    response = authority.response_plist(
        properties=properties, deviations=[deviations.DoubledExtension(oid)]
    )
    return MdmInput(response)


@acceptable(
    FILE,
    Flag.PROCESSED_EXTENSION,
    reason=Reason.CRITICAL_EXTENSION,
    each={"serial-number": oids.SERIAL_NUMBER, "sip": oids.SYSTEM_INTEGRITY_PROTECTION},
)
def critical_property(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one property critical)``

    Apple marks none as critical. Who reads it has processed it (RFC 5280, 4.2).
    """
    return MdmInput(authority.response_plist(deviations=[deviations.CriticalExtension(oid)]))
