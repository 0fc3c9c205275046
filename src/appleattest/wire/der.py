"""Just enough DER to walk the fields of a certificate or of a certificate request.

Used where the exact octets matter and a decoder has already hidden them. DER (X.690,
section 10.1) has one length encoding; any other is an error here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SEQUENCE: Final = 0x30
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OID: Final = 0x06
SET: Final = 0x31
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18


def content(der: bytes, offset: int, tag: int | None = None) -> tuple[int, int]:
    """Where the content of the element at `offset` starts and ends.

    The length is definite, minimal and below 65536; `tag`, where given, must be the element's.
    Raises `ValueError` (`IndexError` is never let out) for anything else.
    """
    header = der[offset : offset + 4]
    if len(header) < 2 or (tag is not None and header[0] != tag):
        raise ValueError(f"no element of the expected type at octet {offset}")
    start, length = offset + 2, header[1]
    if length == 0x81:
        length = header[2] if len(header) > 2 else 0
        start, minimal = offset + 3, length >= 0x80
    elif length == 0x82:
        length = int.from_bytes(header[2:4], "big")
        start, minimal = offset + 4, length >= 0x100
    else:
        minimal = length < 0x80
    if not minimal:
        raise ValueError(f"length at octet {offset} is not DER")
    end = start + length
    if end > len(der):
        raise ValueError(f"element at octet {offset} is truncated")
    return start, end


def element(encoded: bytes, offset: int, tag: int) -> tuple[bytes, int]:
    """The content of the element at `offset`, and where the next begins."""
    start, end = content(encoded, offset, tag)
    return encoded[start:end], end


def only(encoded: bytes, tag: int) -> bytes:
    """The content of the one element that `encoded` is."""
    found, end = element(encoded, 0, tag)
    if end != len(encoded):
        raise ValueError("octets follow an element that should be the last")
    return found


def elements(encoded: bytes, tag: int) -> list[bytes]:
    """The contents of the elements, all of one type, that `encoded` is a row of."""
    found, offset = [], 0
    while offset < len(encoded):
        each, offset = element(encoded, offset, tag)
        found.append(each)
    return found


def row(encoded: bytes) -> Iterator[bytes]:
    """Each SEQUENCE of a row of them, whole, and whatever follows the last as one more."""
    offset = 0
    while offset < len(encoded):
        try:
            _, end = content(encoded, offset, SEQUENCE)
        except ValueError:
            end = len(encoded)
        yield encoded[offset:end]
        offset = end


def has_length(encoded: bytes, offset: int, start: int, end: int) -> bool:
    """Whether the length that stands after the tag at `offset` is that of `encoded[start:end]`.

    `start` is where the length ends. Of 65536 octets or more the answer is no, as in `content`.
    """
    length = end - start
    if length < 0x80:
        return start - offset == 2 and encoded[offset + 1] == length
    if length < 0x100:
        return encoded[offset + 1 : start] == b"\x81%c" % length
    if length < 0x10000:
        return encoded[offset + 1 : start] == b"\x82" + length.to_bytes(2, "big")
    return False
