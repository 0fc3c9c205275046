"""BER measured before it is parsed: how deep it is nested, and how many elements it has.

Signed profiles come with indefinite lengths and with content in pieces. DER forbids both, and
`asn1crypto` reads them by recursion, with a copy at each level. The time it takes for an OID grows
with the square of its length.
"""

from __future__ import annotations

from typing import Final

_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_OID: Final = 0x06
_INDEFINITE: Final = 0x80
_END_OF_CONTENTS: Final = b"\x00\x00"
_MOST_LENGTH_OCTETS: Final = 4
_LONGEST_OID: Final = 64
"""Octets of an OID's value at most."""
DEEPEST: Final = 24
"""Levels of nesting at most."""
MOST_ELEMENTS: Final = 16 * 1024


def measure(encoded: bytes) -> None:
    """Walk every element.

    Raises `ValueError` or `IndexError` for what is nested too deeply, has too many elements, or is
    damaged.
    """
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
                raise ValueError("too many elements, or nested too deeply")
            if (position if stop is None else stop) > bound:
                raise ValueError("an element that ends after the one it is in")
            if constructed:
                opened.append((stop, bound if stop is None else stop))
            elif stop is None:
                raise ValueError("a primitive of indefinite length")
            elif encoded[start] == _OID and stop - position > _LONGEST_OID:
                raise ValueError(f"an OID of more than {_LONGEST_OID} octets")
            else:
                position = stop


def _header(encoded: bytes, position: int) -> tuple[bool, int | None, int]:
    """Whether the element is constructed, its length (None: indefinite), where its value starts."""
    tag, length = encoded[position], encoded[position + 1]
    if tag & _LONG_TAG == _LONG_TAG:
        raise ValueError("a tag of several octets, which CMS does not use")
    constructed, start = bool(tag & _CONSTRUCTED), position + 2
    if length <= _INDEFINITE:
        return constructed, None if length == _INDEFINITE else length, start
    count = length & ~_INDEFINITE
    if count > _MOST_LENGTH_OCTETS:
        raise ValueError(f"a length of more than {_MOST_LENGTH_OCTETS} octets")
    octets = encoded[start : start + count]
    return constructed, int.from_bytes(octets, "big"), start + count
