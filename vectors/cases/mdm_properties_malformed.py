"""The properties that are in no documented encoding: refused or absent, and never guessed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Properties, der, deviations
from vectors.case import AlsoRead, MdmInput, acceptable, but, invalid, only
from vectors.cases.mdm_properties import (
    FIELDS,
    FILE,
    INTEGERS,
    TEXTS,
    THREE_TEXTS,
    raw,
)
from vectors.flags import Flag

IDENTIFIERS: Final = ("serial-number", "udid")
"""The two properties of which a malformed value refuses the attestation."""


@acceptable(FILE, Flag.MALFORMED_PROPERTY, each=but(TEXTS, *IDENTIFIERS))
@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each=only(TEXTS, *IDENTIFIERS))
def wrapped_in_utf8string(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: DER UTF8String)``

    Other authorities wrap text; Apple sends it bare. The tag and length are control characters.
    """
    return MdmInput(authority.response_plist(deviations=[deviations.WrappedValue(oid)]))


_TAGS: Final = {"printablestring": der.PRINTABLE_STRING, "octet-string": der.OCTET_STRING}


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each=_TAGS)
def serial_number_wrapped_in(authority: AttestationAuthority, tag: int) -> MdmInput:
    """``leaf (9.1: the text in a DER element)``: to unwrap it is to guess."""
    deviation = deviations.WrappedValue(oids.SERIAL_NUMBER, tag)
    return MdmInput(authority.response_plist(deviations=[deviation]))


_HIDDEN: Final = {
    "nul": "TEST\0",
    "nul-inside": "TEST\0SERIAL",
    "line-feed": "TEST\n",
    "carriage-return": "TEST\r\n",
    "tab-inside": "TE\tST",
    "escape": "TE\x1b[2JST",
    "delete": "TEST\x7f",
    "c1-control": "TEST\x85",
    "no-break-space": "TE\u00a0ST",
    "soft-hyphen": "TE\u00adST",
    "zero-width-space": "TEST\u200b",
    "zero-width-joiner": "TE\u200dST",
    "right-to-left-override": "TE\u202eST",
    "left-to-right-isolate": "TE\u2066ST",
    "line-separator": "TEST\u2028",
    "paragraph-separator": "TEST\u2029",
    "en-space": "TE\u2002ST",
    "ideographic-space": "TE\u3000ST",
    "byte-order-mark": "\ufeffTEST",
    "tag-character": "TEST\U000e0041",
}


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each=_HIDDEN)
def serial_number_with(authority: AttestationAuthority, text: str) -> MdmInput:
    """``leaf (9.1: text with a control, format or separator character)``

    Two serial numbers that look alike, or one that ends early for some readers.
    """
    return raw(authority, oids.SERIAL_NUMBER, text.encode())


_HIDDEN_ELSEWHERE: Final = {
    "udid-nul": (oids.UDID, "1\0002"),
    "udid-zero-width-space": (oids.UDID, "1\u200b2"),
    "software-update-device-id-line-feed": (oids.SOFTWARE_UPDATE_DEVICE_ID, "1\n2"),
    "os-version-line-separator": (oids.OS_VERSION, "1\u20282"),
    "os-version-no-break-space": (oids.OS_VERSION, "1\u00a02"),
    "sepos-version-tab": (oids.SEPOS_VERSION, "1\t2"),
    "llb-version-right-to-left-override": (oids.LLB_VERSION, "1\u202e2"),
    "secure-boot-zero-width-space": (oids.SECURE_BOOT, "Full\u200b Security"),
    "secure-boot-nul": (oids.SECURE_BOOT, "Full Security\0"),
    "secure-boot-line-feed": (oids.SECURE_BOOT, "Full Security\n"),
}
_OF_THE_UDID: Final = ("udid-nul", "udid-zero-width-space")


@acceptable(FILE, Flag.MALFORMED_PROPERTY, each=but(_HIDDEN_ELSEWHERE, *_OF_THE_UDID))
@invalid(
    FILE,
    Reason.MALFORMED_PROPERTY,
    Flag.MALFORMED_IDENTITY,
    each=only(_HIDDEN_ELSEWHERE, *_OF_THE_UDID),
)
def hidden_character(authority: AttestationAuthority, given: tuple[str, str]) -> MdmInput:
    """``leaf (one text property: with a control, format or separator character)``

    No such character is part of an identifier or a version, where only U+0020 separates.
    """
    oid, text = given
    return raw(authority, oid, text.encode())


def _as_it_stands(text: str) -> Callable[[str], AlsoRead]:
    """The property read with its spaces: of secure boot, a level that is not documented."""

    def also_read(oid: str) -> AlsoRead:
        return {FIELDS[oid]: ["unrecognized" if oid == oids.SECURE_BOOT else text]}

    return also_read


@acceptable(
    FILE,
    Flag.SPACES,
    each=but(TEXTS, *IDENTIFIERS),
    also_read=_as_it_stands("TEST "),
)
@acceptable(FILE, Flag.SPACES, reason=Reason.MALFORMED_PROPERTY, each=only(TEXTS, *IDENTIFIERS))
def trailing_space(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: text and a space)``

    Nothing is trimmed: two octet strings would become one identifier, or another level the good
    one. No document says that a text has no such space.
    """
    return raw(authority, oid, b"Full Security " if oid == oids.SECURE_BOOT else b"TEST ")


@acceptable(
    FILE,
    Flag.SPACES,
    each=but(THREE_TEXTS, "serial-number"),
    also_read=_as_it_stands(" TEST"),
)
@acceptable(
    FILE,
    Flag.SPACES,
    reason=Reason.MALFORMED_PROPERTY,
    each=only(THREE_TEXTS, "serial-number"),
)
def leading_space(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: a space and text)``: nothing is trimmed."""
    return raw(authority, oid, b" Full Security" if oid == oids.SECURE_BOOT else b" TEST")


@acceptable(
    FILE,
    Flag.SPACES,
    reason=Reason.MALFORMED_PROPERTY,
    each={"serial-number": oids.SERIAL_NUMBER, "udid": oids.UDID},
)
def inner_space(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (an identifier with a space inside)``

    Only a version may hold a space. In a log or a subject it would end the identifier.
    """
    return raw(authority, oid, b"TEST SERIAL")


_NOT_UTF8: Final = {
    "lone-octet": b"TEST\xff",
    "latin-1": "T\u00c9ST".encode("latin-1"),
    "truncated": b"TEST\xc3",
    "overlong": b"TES\xc1\x94",
    "overlong-nul": b"TEST\xc0\x80",
    "surrogate": b"TEST\xed\xa0\x80",
    "above-unicode": b"TEST\xf4\x90\x80\x80",
    "utf-16": "TEST".encode("utf-16-be"),
}


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each=_NOT_UTF8)
def serial_number_not_utf8(authority: AttestationAuthority, value: bytes) -> MdmInput:
    """``leaf (9.1: octets that are not UTF-8)``: to replace one would make two devices one."""
    return raw(authority, oids.SERIAL_NUMBER, value)


@acceptable(
    FILE,
    Flag.MALFORMED_PROPERTY,
    each={
        "sepos-version": oids.SEPOS_VERSION,
        "software-update-device-id": oids.SOFTWARE_UPDATE_DEVICE_ID,
        "os-version": oids.OS_VERSION,
        "llb-version": oids.LLB_VERSION,
        "secure-boot": oids.SECURE_BOOT,
    },
)
@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each={"udid": oids.UDID})
def not_utf8(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: FE FF)``: octets that occur nowhere in UTF-8."""
    return raw(authority, oid, b"\xfe\xff")


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each={"os-version": oids.OS_VERSION},
    also_read=lambda _: {"os_version": ["T" * 1000, None]},
)
def text_of_a_thousand_octets(authority: AttestationAuthority, oid: str) -> MdmInput:
    """``leaf (one text property: 1,000 letters)``: a verifier may bound what it reads."""
    return raw(authority, oid, b"T" * 1000)


_READ_AS_ZERO: Final = {
    "no-content": b"\x02\x00",
    "padded": b"\x02\x02\x00\x00",
    "padded-twice": b"\x02\x03\x00\x00\x00",
    "long-length": b"\x02\x81\x01\x00",
    "longer-length": b"\x02\x82\x00\x01\x00",
    "trailing-octet": b"\x02\x01\x00\x00",
    "trailing-integer": b"\x02\x01\x00\x02\x01\x01",
    "boolean-false": b"\x01\x01\x00",
    "enumerated": b"\x0a\x01\x00",
    "context-tag": b"\x80\x01\x00",
    "private-class": b"\xc2\x01\x00",
    "constructed": b"\x22\x03\x02\x01\x00",
    "in-octet-string": b"\x04\x03\x02\x01\x00",
    "in-sequence": b"\x30\x03\x02\x01\x00",
    "null": b"\x05\x00",
    "truncated": b"\x02\x01",
    "tag-alone": b"\x02",
    "octet-0": b"\x00",
    "text-0": b"0",
    "nul-and-integer": b"\x00\x02\x01\x00",
}
_OFTEN_READ: Final = ("no-content", "padded", "long-length", "trailing-octet", "boolean-false")
_EACH_INTEGER: Final = {
    f"{name}-{kind}": (oid, value)
    for name, oid in INTEGERS.items()
    for kind, value in _READ_AS_ZERO.items()
    if name == "sip" or kind in _OFTEN_READ
}


@acceptable(FILE, Flag.NON_CANONICAL_INTEGER, Flag.MALFORMED_PROPERTY, each=_EACH_INTEGER)
def reads_as_zero(authority: AttestationAuthority, given: tuple[str, bytes]) -> MdmInput:
    """``leaf (13.1 or 13.3: octets that some decoder reads as 0)``

    0 is the good value of both, and DER writes it as 02 01 00 alone (X.690, 8.3 and 10.1).
    """
    oid, value = given
    return raw(authority, oid, value)


_NOT_ZERO: Final = {
    "padded-1": b"\x02\x02\x00\x01",
    "padded-127": b"\x02\x02\x00\x7f",
    "padded-minus-1": b"\x02\x02\xff\xff",
    "long-length-1": b"\x02\x81\x01\x01",
    "boolean-true": b"\x01\x01\xff",
    "boolean-1": b"\x01\x01\x01",
    "octet-1": b"\x01",
    "text-1": b"1",
    "text-true": b"true",
    "indefinite-length": b"\x02\x80\x01\x00\x00",
    "length-too-large": b"\x02\x84\xff\xff\xff\xff\x01",
}


@acceptable(FILE, Flag.NON_CANONICAL_INTEGER, Flag.MALFORMED_PROPERTY, each=_NOT_ZERO)
def sip_not_der(authority: AttestationAuthority, value: bytes) -> MdmInput:
    """``leaf (13.1: octets that are no DER INTEGER)``: refused or absent, whatever they mean."""
    return raw(authority, oids.SYSTEM_INTEGRITY_PROTECTION, value)


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY)
def every_text_wrapped(authority: AttestationAuthority) -> MdmInput:
    """``leaf (every text property: DER UTF8String)``: the test chains of other verifiers."""
    return MdmInput(authority.response_plist(deviations=[deviations.Utf8StringText()]))


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY)
def malformed_without_a_nonce(authority: AttestationAuthority) -> MdmInput:
    """``no nonce sent -> leaf (9.1: TEST NUL)``

    That no freshness is checked changes nothing about the properties.
    """
    return MdmInput(raw(authority, oids.SERIAL_NUMBER, b"TEST\0").response, nonce=None)


_SEVERAL: Final = {
    oids.OS_VERSION: b"15.0\0",
    oids.SEPOS_VERSION: b"\xff",
    oids.SYSTEM_INTEGRITY_PROTECTION: b"\x02\x02\x00\x00",
    oids.SECURE_BOOT: b"\x0c\x0dFull Security",
    oids.THIRD_PARTY_KEXTS: b"\x01\x01\x00",
}


@acceptable(FILE, Flag.MALFORMED_PROPERTY)
def all_but_the_identifiers(authority: AttestationAuthority) -> MdmInput:
    """``leaf (10.1, 10.2, 13.1, 13.2 and 13.3 malformed)``

    Each of them is absent for who accepts it, and the device is still told by its serial number.
    """
    properties = Properties(serial_number="TESTSERIAL01", raw=_SEVERAL)
    return MdmInput(authority.response_plist(properties=properties, binary=True))
