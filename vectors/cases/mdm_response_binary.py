"""Responses in binary: a table of objects that refer to each other, and so can lie."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from appleattest import Reason
from appleattest.testing import AttestationAuthority
from vectors.case import MdmInput, acceptable, but, invalid, only, valid
from vectors.cases.mdm_response import FILE, chain_of
from vectors.flags import Flag
from vectors.handmade import (
    KEY,
    ascii_object,
    binary_plist,
    binary_response,
    data_object,
)

_TRUE: Final = b"\x09"
_SHARED: Final = {"true": (_TRUE,), "array-of-two-equal": (b"\xa2\x0a\x0a", _TRUE)}


@valid(FILE, Flag.CARRIER_FORM, each=_SHARED)
def binary_ignoring(authority: AttestationAuthority, ignored: tuple[bytes, ...]) -> MdmInput:
    """``bplist00`` written by hand, with an ignored key; objects may be referred to twice."""
    return MdmInput(binary_response(chain_of(authority), *ignored))


_ITSELF: Final = {
    "array": (b"\xa1\x09",),
    "array-with-more": (b"\xa2\x0a\x09", _TRUE),
    "dictionary": (b"\xd1\x0a\x09", b"\x51a"),
    "ring": (b"\xa1\x0a", b"\xa1\x0b", b"\xa1\x09"),
    "the-response": (b"\xa1\x00",),
    "a-thousand-times": (b"\xaf\x11\x03\xe8" + b"\x09" * 1000,),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_ITSELF)
def contains_itself(authority: AttestationAuthority, ignored: tuple[bytes, ...]) -> MdmInput:
    """``Ignored: a container that refers to itself``: there is no end to reading it."""
    return MdmInput(binary_response(chain_of(authority), *ignored))


def _doubling(levels: int) -> tuple[bytes, ...]:
    return (*(bytes([0xA2, level + 10, level + 10]) for level in range(levels)), _TRUE)


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.MALFORMED_PLIST,
    each={"12": 12, "15": 15, "40": 40, "200": 200},
)
def doubling_levels(authority: AttestationAuthority, levels: int) -> MdmInput:
    """``Ignored: [a, a], a: [b, b], b: …``: few octets, and 2 to the power of the levels values."""
    return MdmInput(binary_response(chain_of(authority), *_doubling(levels)))


_OBJECTS: Final = {
    "null": b"\x00",
    "fill": b"\x0f",
    "url": b"\x0c\x51a",
    "uuid": b"\x0e" + bytes(16),
    "uid": b"\x80\x01",
    "set": b"\xc1\x01",
    "ordered-set": b"\xb1\x01",
    "reserved": b"\x70",
    "integer-of-32-octets": b"\x15" + bytes(32),
    "real-of-two-octets": b"\x21\x00\x00",
    "date-that-is-no-number": b"\x33" + struct.pack(">d", float("nan")),
    "date-without-end": b"\x33" + struct.pack(">d", float("inf")),
    "date-after-all-years": b"\x33" + struct.pack(">d", 1e300),
    "text-that-is-not-ascii": b"\x51\xff",
    "half-a-surrogate-pair": b"\x61\xd8\x00",
    "data-beyond-the-end": b"\x4f\x12\x7f\xff\xff\xff",
    "array-beyond-the-end": b"\xaf\x12\x00\x10\x00\x00",
    "size-of-16-octets": b"\x4f\x14" + bytes(16),
    "reference-to-nothing": b"\xa1\xff",
}
_OF_OTHER_TYPES: Final = (
    *("null", "url", "uuid", "uid", "set", "ordered-set"),
    *("date-that-is-no-number", "date-without-end", "date-after-all-years"),
    *("text-that-is-not-ascii", "half-a-surrogate-pair"),
)


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_PLIST,
    each=only(_OBJECTS, *_OF_OTHER_TYPES),
)
@invalid(
    FILE,
    Reason.MALFORMED_PLIST,
    Flag.MALFORMED_PLIST,
    each=but(_OBJECTS, *_OF_OTHER_TYPES),
)
def binary_object(authority: AttestationAuthority, encoded: bytes) -> MdmInput:
    """``Ignored: an object that no response has, or that is malformed``

    What is malformed is no property list. A type or a value that a response does not need others
    may step over: it is not used. This library reads it as strictly as what is.
    """
    return MdmInput(binary_response(chain_of(authority), encoded))


class _Keys(NamedTuple):
    """Two objects, the two references to them as keys, and the values of those keys."""

    objects: tuple[bytes, bytes]
    references: tuple[int, int]
    values: tuple[str, str] = ("Acknowledged", "Error")


def _dictionary(authority: AttestationAuthority, keys: _Keys) -> bytes:
    """A response whose outer dictionary has one more key."""
    leaf, intermediate = chain_of(authority)
    objects = [
        bytes([0xD3, 1, *keys.references, 4, 5, 6]),
        ascii_object("QueryResponses"),
        *keys.objects,
        bytes([0xD1, 7, 8]),
        *map(ascii_object, keys.values),
        ascii_object(KEY),
        b"\xa2\x09\x0a",
        data_object(leaf),
        data_object(intermediate),
    ]
    return binary_plist(objects)


_STATUS: Final = ascii_object("Status")
_GOOD_LAST: Final = ("Error", "Acknowledged")
_KEYS: Final = {
    "twice-one-object": _Keys((_STATUS, _TRUE), (2, 2)),
    "twice-two-objects": _Keys((_STATUS, _STATUS), (2, 3)),
    "twice-one-object-good-last": _Keys((_STATUS, _TRUE), (2, 2), _GOOD_LAST),
    "twice-two-objects-good-last": _Keys((_STATUS, _STATUS), (2, 3), _GOOD_LAST),
    "twice-in-utf-16": _Keys((_STATUS, b"\x66" + "Status".encode("utf-16-be")), (2, 3), _GOOD_LAST),
    "integer": _Keys((_STATUS, b"\x10\x01"), (2, 3)),
    "data": _Keys((_STATUS, data_object(b"Status")), (2, 3)),
    "array": _Keys((_STATUS, b"\xa0"), (2, 3)),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_KEYS)
def binary_key(authority: AttestationAuthority, keys: _Keys) -> MdmInput:
    """``{QueryResponses, Status: …, a key that stands twice or is no text: …}``

    One value is Acknowledged, the other Error: one reader takes the first, another the last.
    """
    return MdmInput(_dictionary(authority, keys))


def _trailer(place: int, octets: bytes) -> Callable[[bytes], bytes]:
    """Replace octets of the trailer of 32."""

    def damage(plist: bytes) -> bytes:
        start = len(plist) - 32 + place
        return plist[:start] + octets + plist[start + len(octets) :]

    return damage


_TRAILERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "trailing-octet": lambda plist: plist + b"\0",
    "truncated-by-an-octet": lambda plist: plist[:-1],
    "cut-in-half": lambda plist: plist[: len(plist) // 2],
    "magic-alone": lambda plist: plist[:8],
    "trailer-alone": lambda plist: plist[:8] + plist[-32:],
    "trailer-of-zeros": lambda plist: plist[:-32] + bytes(32),
    "version-15": lambda plist: b"bplist15" + plist[8:],
    "version-01": lambda plist: b"bplist01" + plist[8:],
    "upper-case-magic": lambda plist: b"BPLIST00" + plist[8:],
    "offsets-of-no-octets": _trailer(6, b"\0"),
    "offsets-of-255-octets": _trailer(6, b"\xff"),
    "references-of-no-octets": _trailer(7, b"\0"),
    "references-of-255-octets": _trailer(7, b"\xff"),
    "no-objects": _trailer(8, bytes(8)),
    "2-to-the-63-objects": _trailer(8, b"\x80" + bytes(7)),
    "fewer-objects-than-used": _trailer(8, bytes(7) + b"\x03"),
    "top-that-is-not-there": _trailer(16, bytes(7) + b"\x7f"),
    "top-that-is-text": _trailer(16, bytes(7) + b"\x01"),
    "table-beyond-the-end": _trailer(24, b"\x7f" + bytes(7)),
    "octets-before-the-trailer": lambda plist: plist[:-32] + b"\0" + plist[-32:],
    "trailer-short-of-an-octet": lambda plist: plist[:-32] + plist[-31:],
    "size-that-is-text": lambda plist: plist.replace(b"\x4f\x11", b"\x4f\x51"),
    "size-that-is-a-date": lambda plist: plist.replace(b"\x4f\x11", b"\x4f\x31"),
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_TRAILERS)
def binary_document(authority: AttestationAuthority, damaged: Callable[[bytes], bytes]) -> MdmInput:
    """A genuine response whose magic, trailer or length is wrong

    The trailer says where everything is; one that cannot be true makes all of it doubtful.
    """
    return MdmInput(damaged(binary_response(chain_of(authority), _TRUE)))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_PLIST)
def binary_depth(authority: AttestationAuthority) -> MdmInput:
    """``Ignored: [[[…]]]``, forty deep

    No response is as deep; a reader that recurses runs out of stack at some depth.
    """
    arrays = [bytes([0xA1, 10 + level]) for level in range(40)]
    return MdmInput(binary_response(chain_of(authority), *arrays, _TRUE))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_PLIST)
def binary_values(authority: AttestationAuthority) -> MdmInput:
    """``Ignored: [true, true, …]``, two thousand times one object

    Each reference costs one octet to send, and a value to build.
    """
    array = b"\xaf\x11\x07\xd0" + b"\x0a" * 2000
    return MdmInput(binary_response(chain_of(authority), array, _TRUE))
