"""A small DER encoder that checks nothing, to write malformed certificates on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31


def length(count: int) -> bytes:
    """The shortest length octets for ``count`` content octets, as DER demands."""
    if count < 0x80:
        return bytes([count])
    return long_length(count, (count.bit_length() + 7) // 8)


def long_length(count: int, octets: int) -> bytes:
    """``count`` in the long form with exactly ``octets`` octets: BER when too many."""
    return bytes([0x80 | octets]) + count.to_bytes(octets, "big")


def tlv(tag: int, content: bytes) -> bytes:
    """One element: tag octet, shortest length, content."""
    return bytes([tag]) + length(len(content)) + content


def read(element: bytes) -> tuple[int, bytes, bytes]:
    """Split a DER element into tag, content, and what follows. Trusts its input."""
    first = element[1]
    octets = first & 0x7F if first & 0x80 else 0
    start = 2 + octets
    count = int.from_bytes(element[2:start], "big") if octets else first
    return element[0], element[start : start + count], element[start + count :]


def sequence(*elements: bytes) -> bytes:
    """A SEQUENCE of already encoded elements."""
    return tlv(SEQUENCE, b"".join(elements))


def set_of(element: bytes) -> bytes:
    """A SET OF one already encoded element."""
    return tlv(SET, element)


def explicit(number: int, element: bytes) -> bytes:
    """``element`` under an explicit context tag, ``[number]``."""
    return tlv(0xA0 | number, element)


def implicit(number: int, content: bytes) -> bytes:
    """Primitive ``content`` under an implicit context tag, ``[number]``."""
    return tlv(0x80 | number, content)


def boolean(value: bool) -> bytes:
    """A BOOLEAN, TRUE as FF."""
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def integer(value: int) -> bytes:
    """An INTEGER with the fewest content octets."""
    magnitude = value if value >= 0 else ~value
    return tlv(INTEGER, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def octet_string(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTET_STRING, content)


def bit_string(content: bytes, unused: int = 0) -> bytes:
    """A BIT STRING of which ``unused`` bits do not count."""
    return tlv(BIT_STRING, bytes([unused]) + content)


def named_bits(bits: int) -> bytes:
    """A BIT STRING with named bit *i* set where bit *i* of ``bits`` is.

    Named bit 0 is the first octet's highest; trailing zero bits are left out (X.690, 11.2.2).
    """
    count = bits.bit_length()
    octets = (count + 7) // 8
    value = sum(1 << (octets * 8 - 1 - i) for i in range(count) if bits >> i & 1)
    return bit_string(value.to_bytes(octets, "big"), octets * 8 - count)


def null() -> bytes:
    """NULL."""
    return tlv(NULL, b"")


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from dotted decimal."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(OBJECT_IDENTIFIER, b"".join(_arc(arc) for arc in (first * 40 + second, *rest)))


def _arc(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(value & 0x7F | 0x80)
    return bytes(reversed(octets))


def utf8_string(text: str) -> bytes:
    """A UTF8String."""
    return tlv(UTF8_STRING, text.encode())


def printable_string(text: str) -> bytes:
    """A PrintableString. The alphabet is not checked."""
    return tlv(PRINTABLE_STRING, text.encode())


def in_utc(moment: datetime) -> datetime:
    """``moment`` in UTC; one without a zone is a ``ValueError``."""
    if moment.utcoffset() is None:
        raise ValueError(f"a time needs a time zone: {moment}")
    return moment.astimezone(UTC)


def time(moment: datetime) -> bytes:
    """A ``Time`` of RFC 5280, 4.1.2.5: UTCTime to 2049, GeneralizedTime after.

    A fraction of a second is dropped; a ``moment`` without a zone is a ``ValueError``.
    """
    moment = in_utc(moment)
    if 1950 <= moment.year < 2050:
        return tlv(UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())
    return generalized_time(moment)


def generalized_time(moment: datetime) -> bytes:
    """A GeneralizedTime in whole seconds; ``moment`` is in UTC."""
    # strftime's %Y is not padded to four digits on every platform.
    return tlv(GENERALIZED_TIME, f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode())
