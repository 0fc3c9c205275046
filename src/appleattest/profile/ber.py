"""BER measured before it is parsed: how deep it is nested, and into how many elements divided.

Signed profiles are made with indefinite lengths and content in pieces, which DER forbids and
`asn1crypto` reads by recursion, a copy at each level. An OID takes it the square of its length.
"""

from __future__ import annotations

from typing import Final

_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_OID: Final = 0x06
_INDEFINITE: Final = 0x80
_END_OF_CONTENTS: Final = b"\x00\x00"
_UNIVERSAL: Final = range(0x40)
_COLLECTIONS: Final = (0x30, 0x31)
_LONGEST_LENGTH: Final = 4
_LONGEST_OID: Final = 64
DEEPEST: Final = 24
MOST_ELEMENTS: Final = 16 * 1024


def measure(encoded: bytes) -> None:
    """Walk every element; `ValueError` or `IndexError` for what is too deep, divided or damaged."""
    elements, position = 0, 0
    # Where each open element ends, or None, and where the innermost of a definite length does.
    opened: list[tuple[int | None, int]] = [(len(encoded), len(encoded))]
    while opened:
        end, bound = opened[-1]
        if position == end:
            opened.pop()
        elif end is None and encoded[position : position + 2] == _END_OF_CONTENTS:
            opened.pop()
            position += 2
        else:
            start = position
            constructed, length, position = _header(encoded, start)
            elements += 1
            stop = None if length is None else position + length
            if elements > MOST_ELEMENTS or len(opened) > DEEPEST:
                raise ValueError("more elements than are read, or nested deeper")
            if (position if stop is None else stop) > bound:
                raise ValueError("an element that ends after what it is in")
            if constructed:
                opened.append((stop, bound if stop is None else stop))
            elif stop is None:
                raise ValueError("a primitive of indefinite length")
            elif encoded[start] == _OID and stop - position > _LONGEST_OID:
                raise ValueError("an OID of more octets than are read")
            else:
                position = stop


def is_der(encoded: bytes) -> bool:
    """Whether what was measured has the lengths and the forms of DER (X.690, 10.1 and 10.2)."""
    position = 0
    while position < len(encoded):
        tag = encoded[position]
        constructed, length, start = _header(encoded, position)
        if length is None or encoded[position + 1 : start] != _shortest(length):
            return False
        if constructed and tag in _UNIVERSAL and tag not in _COLLECTIONS:
            return False
        position = start if constructed else start + length
    return True


def _shortest(length: int) -> bytes:
    if length < _INDEFINITE:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_INDEFINITE | len(octets)]) + octets


def _header(encoded: bytes, position: int) -> tuple[bool, int | None, int]:
    """Whether the element is constructed, its length (None: indefinite), where it starts."""
    tag, length = encoded[position], encoded[position + 1]
    if tag & _LONG_TAG == _LONG_TAG:
        raise ValueError("a tag of several octets, which CMS has none of")
    constructed, start = bool(tag & _CONSTRUCTED), position + 2
    if length < _INDEFINITE:
        return constructed, length, start
    if length == _INDEFINITE:
        return constructed, None, start
    count = length & ~_INDEFINITE
    if count > _LONGEST_LENGTH:
        raise ValueError("a length of more octets than are read")
    octets = encoded[start : start + count]
    return constructed, int.from_bytes(octets, "big"), start + count
