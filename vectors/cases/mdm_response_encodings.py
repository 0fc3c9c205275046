"""Responses in XML whose declaration names an encoding: one that is read, or that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority
from vectors.case import MdmInput, acceptable, invalid, valid
from vectors.cases.mdm_response import FILE, chain_of
from vectors.flags import Flag
from vectors.handmade import answer, response, xml

_BEYOND: Final = "<key>X</key><string>\u00e9</string>"


def _document(authority: AttestationAuthority, declared: str, more: str = "") -> str:
    return xml(response(answer(chain_of(authority)), more=more), declared=declared)


@valid(
    FILE,
    Flag.CARRIER_FORM,
    each={"upper-case": "UTF-8", "lower-case": "utf-8", "mixed-case": "Utf-8"},
)
def declared_utf_8(authority: AttestationAuthority, declared: str) -> MdmInput:
    """``<?xml encoding="UTF-8"?>``, a character beyond ASCII in UTF-8: XML, 4.3.3, ignores case."""
    return MdmInput(_document(authority, declared, _BEYOND).encode())


@acceptable(FILE, Flag.LEFT_OPEN, each={"upper-case": "US-ASCII", "lower-case": "us-ascii"})
def declared_us_ascii(authority: AttestationAuthority, declared: str) -> MdmInput:
    """``<?xml encoding="US-ASCII"?>``, and octets of ASCII alone.

    Readers of XML need know UTF-8 and UTF-16 alone (XML, 2.2).
    """
    return MdmInput(_document(authority, declared).encode("ascii"))


_OTHERS: Final = {
    "iso-8859-1": "ISO-8859-1",
    "windows-1252": "windows-1252",
    "utf-7": "UTF-7",
    "utf-32": "UTF-32",
    "ebcdic": "IBM037",
    "shift-jis": "Shift_JIS",
    "rot13": "rot13",
    "unknown": "x-none",
    "utf8-without-hyphen": "utf8",
    "unicode-1-1-utf-8": "unicode-1-1-utf-8",
}


@acceptable(FILE, Flag.LEFT_OPEN, reason=Reason.MALFORMED_PLIST, each=_OTHERS)
def declared_in(authority: AttestationAuthority, declared: str) -> MdmInput:
    """``<?xml encoding="another"?>``, and octets of ASCII alone.

    Readers that know the encoding, and those that ignore the declaration, may see another text
    than this one. A reader that knows none but UTF-8 and UTF-16 must refuse (XML, 4.3.3).
    """
    return MdmInput(_document(authority, declared).encode("ascii"))


@acceptable(FILE, Flag.LEFT_OPEN, reason=Reason.MALFORMED_PLIST)
def latin_1_as_declared(authority: AttestationAuthority) -> MdmInput:
    """``<?xml encoding="ISO-8859-1"?>``, the octet E9: well-formed, and rare."""
    return MdmInput(_document(authority, "ISO-8859-1", _BEYOND).encode("latin-1"))


_UTF_16: Final = "utf-16-le"
_WRONG: Final[dict[str, Callable[[AttestationAuthority], bytes]]] = {
    "latin-1-as-utf-8": lambda a: _document(a, "UTF-8", _BEYOND).encode("latin-1"),
    "utf-8-as-us-ascii": lambda a: _document(a, "US-ASCII", _BEYOND).encode(),
    "latin-1-as-us-ascii": lambda a: _document(a, "US-ASCII", _BEYOND).encode("latin-1"),
    "utf-8-as-utf-16": lambda a: _document(a, "UTF-16", _BEYOND).encode(),
    "utf-8-with-a-mark-as-utf-16": lambda a: b"\xef\xbb\xbf" + _document(a, "UTF-16").encode(),
    "utf-16-as-utf-8": lambda a: b"\xff\xfe" + _document(a, "UTF-8", _BEYOND).encode(_UTF_16),
    "utf-16-as-us-ascii": lambda a: b"\xff\xfe" + _document(a, "US-ASCII").encode(_UTF_16),
    "utf-16-as-iso-8859-1": lambda a: b"\xff\xfe" + _document(a, "ISO-8859-1").encode(_UTF_16),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.ENCODING_DECLARATION, each=_WRONG)
def declared_wrongly(
    authority: AttestationAuthority, written: Callable[[AttestationAuthority], bytes]
) -> MdmInput:
    """``<?xml encoding="one"?>``, and octets in another: a fatal error (XML, 4.3.3)."""
    return MdmInput(written(authority))
