"""The identifiers of device attestation: their text, their otherName, and when two are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509

from appleattest import Reason
from appleattest.acme import HardwareModuleName, PermanentIdentifier
from appleattest.testing import der
from vectors.case import IdentifierInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag

if TYPE_CHECKING:
    from appleattest.testing import AttestationAuthority

FILE: Final = "identifiers"

_PERMANENT: Final = PermanentIdentifier.type
_MODULE: Final = HardwareModuleName.type


def _text(kind: str, value: str) -> IdentifierInput:
    return IdentifierInput(identifier={"type": kind, "value": value})


# --- text ---------------------------------------------------------------------------------------


@valid(
    FILE,
    Flag.IDENTIFIER_FORM,
    each={
        "serial-number": "TESTSERIAL01",
        "udid": "00000000-0000TESTUDID0001",
        "one-character": "a",
        "spaces-around": " a ",
        "inner-space": "one two",
        "line-feed": "a\n",
        "nul": "a\x00",
        "backslash": "a\\1.2.3",
        "division-slash": "a\u22151.2.3",
        "percent-encoded-slash": "a%2F1.2.3",
        "beyond-ascii": "\u00e9\u4e2d\U0001f511",
        "zero-width-space": "a\u200b",
        "last-before-the-surrogates": "\ud7ff",
        "first-after-the-surrogates": "\ue000",
        "255-characters": "x" * 255,
    },
)
@acceptable(FILE, Flag.TOO_LARGE, each={"1024-octets": "\u00e9" * 512})
def value_alone(_authority: AttestationAuthority, value: str) -> IdentifierInput:
    """``permanent-identifier: value``: at least one character, and no slash.

    The draft bounds nothing. This library reads 1024 octets.
    """
    return _text(_PERMANENT, value)


_OIDS: Final[dict[str, str]] = {
    "two-arcs": "1.2",
    "apple": "1.2.840.113635",
    "zeros": "0.0.0",
    "second-arc-39": "0.39",
    "second-arc-39-of-iso": "1.39.1",
    "second-arc-40-of-joint": "2.40",
    "second-arc-999-of-joint": "2.999.3",
    "arc-of-64-bits": f"1.2.{2**64}",
    "64-octets": "1.2" + ".1" * 63,
    "one-arc-of-64-octets": f"2.{2 ** (64 * 7) - 81}",
}
_LARGE_OIDS: Final = ("arc-of-64-bits", "64-octets", "one-arc-of-64-octets")


@acceptable(FILE, Flag.TOO_LARGE, each=only(_OIDS, *_LARGE_OIDS))
@valid(FILE, Flag.IDENTIFIER_FORM, each=but(_OIDS, *_LARGE_OIDS))
def value_and_assigner(_authority: AttestationAuthority, oid: str) -> IdentifierInput:
    """``permanent-identifier: value/OID``: dotted decimal.

    Arcs below 2 to the 28, and twenty of them, everybody must read (RFC 5280, appendix B). This
    library reads 64 octets of DER.
    """
    return _text(_PERMANENT, f"TESTSERIAL01/{oid}")


@acceptable(FILE, Flag.TOO_LARGE, each=only(_OIDS, *_LARGE_OIDS))
@valid(FILE, Flag.IDENTIFIER_FORM, each=but(_OIDS, *_LARGE_OIDS))
def serial_and_type(_authority: AttestationAuthority, oid: str) -> IdentifierInput:
    """``hardware-module: serial/OID``: the same grammar, and the OID is never left out."""
    return _text(_MODULE, f"TESTSERIAL01/{oid}")


@invalid(FILE, Reason.MALFORMED_IDENTIFIER, Flag.IDENTIFIER_GRAMMAR)
def module_without_type(_authority: AttestationAuthority) -> IdentifierInput:
    """``hardware-module: [serial alone]``: a hardware module has a type."""
    return _text(_MODULE, "TESTSERIAL01")


_BROKEN: Final[dict[str, str]] = {
    "empty": "",
    "slash-alone": "/",
    "no-value": "/1.2.3",
    "no-oid": "a/",
    "one-arc": "a/1",
    "two-slashes": "a/1.2/3.4",
    "slash-at-the-end": "a/1.2/",
    "two-slashes-together": "a//1.2",
    "first-arc-3": "a/3.1",
    "second-arc-40-of-itu": "a/0.40",
    "second-arc-40-of-iso": "a/1.40",
    "leading-zero-in-the-first": "a/01.2",
    "leading-zero-in-the-second": "a/1.039",
    "leading-zero-in-joint": "a/2.01",
    "leading-zero-later": "a/1.2.03",
    "two-zeros": "a/1.2.00",
    "trailing-dot": "a/1.2.",
    "two-dots": "a/1..2",
    "leading-dot": "a/.1.2",
    "letters": "a/iso.member",
    "hexadecimal": "a/1.2.0x10",
    "urn": "a/urn:oid:1.2.3",
    "braces": "a/{1 2 3}",
    "plus": "a/1.+2",
    "minus": "a/1.-2",
    "underscore": "a/1.1_0",
    "exponent": "a/1.2.1e3",
    "trailing-line-feed": "a/1.2\n",
    "trailing-space": "a/1.2 ",
    "leading-space": "a/ 1.2",
    "trailing-nul": "a/1.2\x00",
    "arabic-digits": "a/\u0661.\u0662.\u0663",
    "full-width-digits": "a/\uff11.\uff12.\uff13",
    "superscript-digit": "a/1.2.\u00b3",
    "full-width-dot": "a/1\uff0e2",
    "65-octets": "a/1.2" + ".1" * 64,
    "one-arc-of-65-octets": f"a/2.{2 ** (64 * 7) - 80}",
    "arc-of-300-digits": "a/1.2." + "9" * 300,
    "arc-of-5000-digits": "a/1.2." + "9" * 5000,
    "high-surrogate": "\ud800/1.2",
    "low-surrogate": "a\udfff/1.2",
    "surrogates-in-the-wrong-order": "\udc00\ud800/1.2",
    "value-of-1025-octets": "\u00e9" * 512 + "x/1.2",
}
_TOO_LARGE: Final = (
    *("65-octets", "one-arc-of-65-octets", "arc-of-300-digits", "arc-of-5000-digits"),
    "value-of-1025-octets",
)


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each=only(_BROKEN, *_TOO_LARGE),
)
@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.IDENTIFIER_GRAMMAR,
    each=but(_BROKEN, *_TOO_LARGE),
)
def permanent_identifier(_authority: AttestationAuthority, value: str) -> IdentifierInput:
    """``permanent-identifier: [text]``: not ``value`` or ``value/OID`` by the draft, section 3.

    Servers MUST refuse it with `malformed`. What is only too long, each server bounds for itself.
    """
    return _text(_PERMANENT, value)


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each=only(_BROKEN, *_TOO_LARGE),
)
@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.IDENTIFIER_GRAMMAR,
    each=but(_BROKEN, *_TOO_LARGE),
)
def hardware_module(_authority: AttestationAuthority, value: str) -> IdentifierInput:
    """``hardware-module: [text]``: not ``serial/OID`` by the draft, section 4."""
    return _text(_MODULE, value)


@invalid(
    FILE,
    Reason.UNSUPPORTED_IDENTIFIER,
    Flag.IDENTIFIER_GRAMMAR,
    each={
        "dns": "dns",
        "empty": "",
        "upper-case": "Permanent-Identifier",
        "trailing-space": "permanent-identifier ",
        "underscore": "permanent_identifier",
    },
)
def another_type(_authority: AttestationAuthority, kind: str) -> IdentifierInput:
    """``[type]: a/1.2.3``: neither of the two types, octet for octet."""
    return _text(kind, "a/1.2.3")


@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.IDENTIFIER_GRAMMAR,
    each={"permanent": _PERMANENT, "module": _MODULE},
)
def surrogate_alone(_authority: AttestationAuthority, kind: str) -> IdentifierInput:
    """``[half a pair of UTF-16]/1.2.3``: JSON can spell it, and UTF-8 cannot: no character."""
    return _text(kind, "a\ud83d/1.2.3")


# --- otherNames ---------------------------------------------------------------------------------

_VALUE: Final = der.utf8_string("TESTSERIAL01")
_OID: Final = der.oid("1.2.3")
_SERIAL: Final = der.octet_string(b"TESTSERIAL01")
_OF_64_OCTETS: Final = der.tlv(der.OBJECT_IDENTIFIER, b"\x2a" + b"\x01" * 63)


def _permanent(value: bytes) -> IdentifierInput:
    return IdentifierInput(other_name=x509.OtherName(PermanentIdentifier.oid, value))


def _module(value: bytes) -> IdentifierInput:
    return IdentifierInput(other_name=x509.OtherName(HardwareModuleName.oid, value))


@valid(
    FILE,
    Flag.IDENTIFIER_FORM,
    each={
        "value-alone": der.sequence(_VALUE),
        "value-and-assigner": der.sequence(_VALUE, _OID),
        "assigner-of-joint": der.sequence(_VALUE, der.oid("2.999.3")),
        "beyond-ascii": der.sequence(der.utf8_string("\u00e9\U0001f511")),
        "nul": der.sequence(der.utf8_string("a\x00")),
    },
)
@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each={
        "assigner-of-64-octets": der.sequence(_VALUE, _OF_64_OCTETS),
        "1024-octets": der.sequence(der.utf8_string("x" * 1024), _OF_64_OCTETS),
    },
)
def name_of_permanent_identifier(_authority: AttestationAuthority, value: bytes) -> IdentifierInput:
    """``PermanentIdentifier { UTF8String, OID OPTIONAL }``: RFC 4043, section 2."""
    return _permanent(value)


@valid(
    FILE,
    Flag.IDENTIFIER_FORM,
    each={
        "text": der.sequence(_OID, _SERIAL),
        "beyond-ascii": der.sequence(_OID, der.octet_string("\u00e9".encode())),
    },
)
@acceptable(FILE, Flag.TOO_LARGE, each={"type-of-64-octets": der.sequence(_OF_64_OCTETS, _SERIAL)})
def name_of_hardware_module(_authority: AttestationAuthority, value: bytes) -> IdentifierInput:
    """``HardwareModuleName { OID, OCTET STRING }``: RFC 4108, section 5; the octets are UTF-8."""
    return _module(value)


@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.IDENTIFIER_GRAMMAR,
    each={
        "no-value": der.sequence(),
        "assigner-alone": der.sequence(_OID),
        "empty-value": der.sequence(der.utf8_string("")),
        "empty-value-and-assigner": der.sequence(der.utf8_string(""), _OID),
        "slash": der.sequence(der.utf8_string("/")),
        "slash-and-oid-in-the-value": der.sequence(der.utf8_string("TESTSERIAL01/1.2.3")),
        "slash-in-the-value-and-assigner": der.sequence(der.utf8_string("a/b"), _OID),
        "surrogate": der.sequence(der.tlv(0x0C, b"\xed\xa0\xbd")),
        "pair-of-surrogates": der.sequence(der.tlv(0x0C, b"\xed\xa0\xbd\xed\xb4\x91")),
        "not-utf-8": der.sequence(der.tlv(0x0C, b"\xff")),
        "overlong": der.sequence(der.tlv(0x0C, b"\xc1\x81")),
        "overlong-slash": der.sequence(der.tlv(0x0C, b"a\xc0\xafb")),
        "beyond-unicode": der.sequence(der.tlv(0x0C, b"\xf4\x90\x80\x80")),
        "cut-short": der.sequence(der.tlv(0x0C, b"\xe2\x82")),
    },
)
@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each={"1025-octets": der.sequence(der.utf8_string("x" * 1025))},
)
def value_in_a_name(_authority: AttestationAuthority, value: bytes) -> IdentifierInput:
    """``PermanentIdentifier { [value] }``: one that the text form could not have.

    If the text were rebuilt all the same, that of value ``a/1.2`` would be an assigned ``a``.
    """
    return _permanent(value)


_ODD_OIDS: Final[dict[str, bytes]] = {
    "non-minimal": der.tlv(6, b"\x2a\x80\x03"),
    "non-minimal-first": der.tlv(6, b"\x80\x2a\x03"),
    "truncated": der.tlv(6, b"\x2a\x83"),
    "empty": der.tlv(6, b""),
    "65-octets": der.tlv(6, b"\x2a" + b"\x01" * 64),
    "one-arc-of-64-octets": der.tlv(6, b"\x2a" + b"\xff" * 63 + b"\x7f"),
    "relative": der.tlv(0x0D, b"\x2a\x03"),
    "text": der.utf8_string("1.2.3"),
}
_LONG_OIDS: Final = ("65-octets", "one-arc-of-64-octets")


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each=only(_ODD_OIDS, *_LONG_OIDS),
)
@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.OTHER_NAME_ENCODING,
    each=but(_ODD_OIDS, *_LONG_OIDS),
)
def assigner_in_a_name(_authority: AttestationAuthority, oid: bytes) -> IdentifierInput:
    """``PermanentIdentifier { value, [OID] }``: not the shortest encoding, or too long a one."""
    return _permanent(der.sequence(_VALUE, oid))


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each=only(_ODD_OIDS, *_LONG_OIDS),
)
@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.OTHER_NAME_ENCODING,
    each=but(_ODD_OIDS, *_LONG_OIDS),
)
def type_in_a_name(_authority: AttestationAuthority, oid: bytes) -> IdentifierInput:
    """``HardwareModuleName { [OID], serial }``: not the shortest encoding, or too long a one."""
    return _module(der.sequence(oid, _SERIAL))


@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.OTHER_NAME_ENCODING,
    each={
        "nothing": b"",
        "printable-string": der.sequence(der.printable_string("TESTSERIAL01")),
        "printable-string-and-assigner": der.sequence(der.printable_string("TESTSERIAL01"), _OID),
        "ia5-string": der.sequence(der.tlv(0x16, b"TESTSERIAL01")),
        "bmp-string": der.sequence(der.tlv(0x1E, "TESTSERIAL01".encode("utf-16-be"))),
        "octet-string": der.sequence(_SERIAL),
        "third-field": der.sequence(_VALUE, _OID, der.null()),
        "value-twice": der.sequence(_VALUE, _VALUE),
        "other-order": der.sequence(_OID, _VALUE),
        "trailing-octets": der.sequence(_VALUE) + der.null(),
        "twice": der.sequence(_VALUE) * 2,
        "long-length": b"\x30\x81\x0e" + _VALUE,
        "long-length-inside": der.sequence(b"\x0c\x81\x0c" + b"TESTSERIAL01"),
        "indefinite-length": b"\x30\x80" + _VALUE + b"\x00\x00",
        "string-in-pieces": der.sequence(der.tlv(0x2C, _VALUE)),
        "a-set": der.tlv(0x31, _VALUE),
        "value-without-sequence": _VALUE,
        "hardware-module": der.sequence(_OID, _SERIAL),
        "cut-short": der.sequence(_VALUE)[:-1],
    },
)
@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_IDENTIFIER,
    each={"above-4096-octets": der.sequence(der.utf8_string("x" * 4096))},
)
def permanent_identifier_in_a_name(
    _authority: AttestationAuthority, value: bytes
) -> IdentifierInput:
    """``[PermanentIdentifier]``: not these fields in these types, in their one encoding.

    Lenient decoders read another string type as a value that is absent, and skip what follows.
    """
    return _permanent(value)


@invalid(
    FILE,
    Reason.MALFORMED_IDENTIFIER,
    Flag.OTHER_NAME_ENCODING,
    each={
        "nothing": b"",
        "no-fields": der.sequence(),
        "no-serial": der.sequence(_OID),
        "no-type": der.sequence(_SERIAL),
        "empty-serial": der.sequence(_OID, der.octet_string(b"")),
        "slash": der.sequence(_OID, der.octet_string(b"a/b")),
        "not-utf-8": der.sequence(_OID, der.octet_string(b"\xff")),
        "surrogate": der.sequence(_OID, der.octet_string(b"\xed\xa0\xbd")),
        "utf8-string": der.sequence(_OID, _VALUE),
        "third-field": der.sequence(_OID, _SERIAL, _SERIAL),
        "other-order": der.sequence(_SERIAL, _OID),
        "indefinite-length": b"\x30\x80" + _OID + _SERIAL + b"\x00\x00",
        "serial-in-pieces": der.sequence(_OID, der.tlv(0x24, _SERIAL)),
        "trailing-octets": der.sequence(_OID, _SERIAL) + der.null(),
        "permanent-identifier": der.sequence(_VALUE, _OID),
    },
)
def hardware_module_in_a_name(_authority: AttestationAuthority, value: bytes) -> IdentifierInput:
    """``[HardwareModuleName]``: not these fields in these types, or a serial that is no text."""
    return _module(value)


# --- equality -----------------------------------------------------------------------------------

_PAIRS: Final[dict[str, tuple[str, PermanentIdentifier | HardwareModuleName]]] = {
    "serial-number": (_PERMANENT, PermanentIdentifier("TESTSERIAL01")),
    "assigner": (_PERMANENT, PermanentIdentifier("TESTSERIAL01", "1.2.3")),
    "hardware-module": (_MODULE, HardwareModuleName("TESTSERIAL01", "1.2.3")),
    "beyond-ascii": (_PERMANENT, PermanentIdentifier("\u00e9")),
}


@valid(FILE, Flag.IDENTIFIER_FORM, each=_PAIRS)
def same(
    _authority: AttestationAuthority, pair: tuple[str, PermanentIdentifier | HardwareModuleName]
) -> IdentifierInput:
    """``ordered text, otherName of the same``: the text that is rebuilt is the one ordered."""
    kind, identifier = pair
    return IdentifierInput(
        identifier={"type": kind, "value": str(identifier)}, other_name=identifier.other_name()
    )


_LOOKALIKES: Final[dict[str, tuple[str, str]]] = {
    "lower-case": ("C02", "c02"),
    "trailing-space": ("C02", "C02 "),
    "leading-space": ("C02", " C02"),
    "trailing-line-feed": ("C02", "C02\n"),
    "trailing-nul": ("C02", "C02\x00"),
    "zero-width-space": ("C02", "C02\u200b"),
    "byte-order-mark": ("C02", "\ufeffC02"),
    "full-width": ("C02", "\uff2302"),
    "cyrillic": ("C02", "\u042102"),
    "arabic-digits": ("C02", "C\u0660\u0662"),
    "composed-and-decomposed": ("\u00e9", "e\u0301"),
    "ligature": ("fi", "\ufb01"),
    "sharp-s": ("\u00df", "ss"),
    "dotless-i": ("i", "\u0131"),
    "prefix": ("C02", "C0"),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.LOOKALIKE_IDENTIFIER, each=_LOOKALIKES)
def nearly_the_same(_authority: AttestationAuthority, pair: tuple[str, str]) -> IdentifierInput:
    """``ordered text, [otherName of nearly the same]``: UTF-8 is compared octet for octet."""
    ordered, shown = pair
    return IdentifierInput(
        identifier={"type": _PERMANENT, "value": ordered},
        other_name=PermanentIdentifier(shown).other_name(),
    )


_OTHERS: Final[dict[str, tuple[str, str, PermanentIdentifier | HardwareModuleName]]] = {
    "assigner-shown": (_PERMANENT, "C02", PermanentIdentifier("C02", "1.2.3")),
    "assigner-ordered": (_PERMANENT, "C02/1.2.3", PermanentIdentifier("C02")),
    "another-assigner": (_PERMANENT, "C02/1.2.3", PermanentIdentifier("C02", "1.2.30")),
    "another-module": (_MODULE, "C02/1.2.3", HardwareModuleName("C02", "1.2")),
    "module-for-assigner": (_PERMANENT, "C02/1.2.3", HardwareModuleName("C02", "1.2.3")),
    "assigner-for-module": (_MODULE, "C02/1.2.3", PermanentIdentifier("C02", "1.2.3")),
    "serial-for-module": (_MODULE, "C02/1.2.3", PermanentIdentifier("C02")),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ASSIGNED_IDENTIFIER, each=_OTHERS)
def another(
    _authority: AttestationAuthority,
    pair: tuple[str, str, PermanentIdentifier | HardwareModuleName],
) -> IdentifierInput:
    """``ordered text, [otherName of another]``: type, value and OID are compared, none left out."""
    kind, ordered, shown = pair
    return IdentifierInput(
        identifier={"type": kind, "value": ordered}, other_name=shown.other_name()
    )
