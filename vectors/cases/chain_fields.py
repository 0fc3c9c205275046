"""Fields in forbidden forms: times, serial numbers, versions, doubled extensions, names."""

from __future__ import annotations

from appleattest import Reason, oids
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    apple_shape,
    der,
    deviations,
)
from appleattest.testing.deviations import TimeForm
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_fields"


def _label(form: TimeForm) -> str:
    return form.name.lower().replace("_", "-")


# Times (RFC 5280, 4.1.2.5)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={_label(form): deviations.BadTime(form, "not_after") for form in TimeForm},
)
def not_after_of_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a time in a form that RFC 5280, 4.1.2.5, forbids.

    Read leniently the leaf is valid; parsers differ about what it says.
    """
    return with_leaf(authority, change)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={_label(form): deviations.BadTime(form, "not_before") for form in TimeForm},
)
def not_before_of_the_intermediate(
    authority: AttestationAuthority, change: Deviation
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: a time in a form that RFC 5280, 4.1.2.5, forbids."""
    return with_intermediate(authority, change)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={
        "month-13": der.tlv(der.UTC_TIME, b"261301000000Z"),
        "hour-24": der.tlv(der.UTC_TIME, b"260101240000Z"),
        "29-february-of-2027": der.tlv(der.UTC_TIME, b"270229000000Z"),
        "30-february-of-2055": der.tlv(der.GENERALIZED_TIME, b"20550230000000Z"),
        "last-second-of-2049": der.tlv(der.GENERALIZED_TIME, b"20491231235959Z"),
        "lower-case-z": der.tlv(der.UTC_TIME, b"260101000000z"),
        "space-for-zero": der.tlv(der.UTC_TIME, b"26 101000000Z"),
        "sign": der.tlv(der.UTC_TIME, b"26+101000000Z"),
        "null": der.null(),
    },
)
def impossible_time(authority: AttestationAuthority, not_after: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: notAfter is no time of RFC 5280, 4.1.2.5."""
    return with_leaf(authority, deviations.Validity(not_after=not_after))


# Serial numbers (RFC 5280, 4.1.2.2)


_SERIALS: dict[str, Deviation] = {
    "zero": deviations.ZeroSerial(),
    "minus-one": deviations.NegativeSerial(),
    "twenty-octets-negative": deviations.Serial(b"\x80" + bytes(19)),
    "empty": deviations.Serial(b""),
    "zero-before": deviations.Serial(b"\x00\x05"),
    "two-zeros": deviations.Serial(b"\x00\x00"),
    "twenty-one-octets": deviations.Serial(2**159),
    "long": deviations.Serial(2**2000),
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_CERTIFICATE, each=_SERIALS)
def serial_of_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the serial number is not 1 to 20 positive octets."""
    return with_leaf(authority, change)


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_CERTIFICATE, each=_SERIALS)
def serial_of_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the serial number is not 1 to 20 positive octets."""
    return with_intermediate(authority, change)


@valid(
    FILE,
    Flag.GENUINE,
    each={
        "one": deviations.Serial(1),
        "one-octet-and-a-zero": deviations.Serial(0x80),
        "twenty-octets": deviations.Serial(2**159 - 1),
    },
)
def serial_at_the_edge(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf``: the smallest and the largest serial number."""
    return with_leaf(authority, change)


# Versions


_VERSIONS: dict[str, list[Deviation]] = {
    "1": [deviations.Version(1)],
    "1-spelt-out": [deviations.Version(1, explicit=True)],
    "1-without-extensions": [deviations.Version(1), deviations.NoExtensions()],
    "2": [deviations.Version(2)],
    "4": [deviations.Version(4)],
    "0": [deviations.Version(0)],
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_CERTIFICATE, each=_VERSIONS)
def version_of_the_leaf(authority: AttestationAuthority, changes: list[Deviation]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: not version 3, which alone has extensions."""
    return with_leaf(authority, *changes)


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_CERTIFICATE, each=_VERSIONS)
def version_of_the_intermediate(
    authority: AttestationAuthority, changes: list[Deviation]
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: not version 3; older ones cannot say that they issue."""
    return with_intermediate(authority, *changes)


# Doubled extensions (RFC 5280, 4.2)


@invalid(
    FILE,
    Reason.DUPLICATE_EXTENSION,
    Flag.DUPLICATE_EXTENSION,
    each={
        "basic-constraints": [deviations.DoubledExtension(oids.BASIC_CONSTRAINTS)],
        "key-usage": [deviations.DoubledExtension(oids.KEY_USAGE)],
        "serial-number": [deviations.DoubledExtension(oids.SERIAL_NUMBER)],
        "other-serial-number": [deviations.DoubledExtension(oids.SERIAL_NUMBER, b"TESTSERIAL99")],
        "blank-serial-number": [deviations.DoubledExtension(oids.SERIAL_NUMBER, b"")],
        "other-udid": [deviations.DoubledExtension(oids.UDID, b"00000000-0000TESTUDID0009")],
        "freshness-code": [deviations.DoubledExtension(oids.FRESHNESS_CODE)],
        "other-freshness-code": [deviations.DoubledExtension(oids.FRESHNESS_CODE, bytes(32))],
        "other-secure-boot": [
            deviations.DoubledExtension(oids.SECURE_BOOT, b"Permissive Security")
        ],
        "other-sip": [
            deviations.DoubledExtension(oids.SYSTEM_INTEGRITY_PROTECTION, b"\x02\x01\x01")
        ],
        "unknown": [
            deviations.ExtraExtension(),
            deviations.DoubledExtension(deviations.UNKNOWN_EXTENSION),
        ],
    },
)
def doubled_in_the_leaf(authority: AttestationAuthority, changes: list[Deviation]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: one extension twice, with one value or with two.

    One reader takes the first, another the last, and both have Apple's signature on it.
    """
    return with_leaf(authority, *changes)


@invalid(
    FILE,
    Reason.DUPLICATE_EXTENSION,
    Flag.DUPLICATE_EXTENSION,
    each={
        "basic-constraints": deviations.DoubledExtension(oids.BASIC_CONSTRAINTS),
        "basic-constraints-of-a-leaf": deviations.DoubledExtension(
            oids.BASIC_CONSTRAINTS, b"\x30\x00"
        ),
        "key-usage": deviations.DoubledExtension(oids.KEY_USAGE),
        "subject-key-identifier": deviations.DoubledExtension(apple_shape.SUBJECT_KEY_IDENTIFIER),
    },
)
def doubled_in_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: one extension twice."""
    return with_intermediate(authority, change)


# Names


def _name(*attributes: bytes) -> bytes:
    return der.sequence(*(der.set_of(each) for each in attributes))


def _organization(value: bytes, tag: int = der.UTF8_STRING) -> bytes:
    return der.sequence(der.oid("2.5.4.10"), der.tlv(tag, value))


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={
        "utf8-octet-ff": _name(_organization(b"\xff")),
        "utf8-surrogate": _name(_organization(b"\xed\xa0\x80")),
        "utf8-overlong": _name(_organization(b"\xc0\xae")),
        "empty-set": der.sequence(der.tlv(der.SET, b"")),
        "empty-attribute": _name(der.sequence()),
        "integer-for-text": _name(_organization(b"\x01", der.INTEGER)),
        "not-a-sequence": der.tlv(der.SET, b""),
    },
)
def subject(authority: AttestationAuthority, name: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a name that does not decode, which many never read."""
    return with_leaf(authority, deviations.SubjectName(name))


@acceptable(
    FILE,
    Flag.MALFORMED_CERTIFICATE,
    each={
        "country-of-three-letters": apple_shape.distinguished_name(C="USA"),
        "empty-common-name": apple_shape.distinguished_name(CN=""),
        "long-common-name": apple_shape.distinguished_name(CN="x" * 65),
        "printable-string-with-star": _name(_organization(b"a*b", der.PRINTABLE_STRING)),
    },
)
def odd_subject(authority: AttestationAuthority, name: bytes) -> ChainInput:
    """``root -> intermediate -> leaf``: a name beyond its bounds in RFC 5280, appendix A.

    Deployed parsers differ about these, and nothing depends on them.
    """
    return with_leaf(authority, deviations.SubjectName(name))
