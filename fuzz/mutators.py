"""Changes that leave the lengths around them right, which libFuzzer's own rarely do.

Nearly every octet of a certificate lies inside several lengths, so a change of size anywhere is
refused by the first reader. Here one element is taken out, changed by the fuzzer, put back, and
the lengths above it are written anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from appleattest.testing import der
from fuzz.packing import MOST_PIECES, pack, unpack

Change = Callable[[bytes, int], bytes]
"""The fuzzer's own mutation of some octets, and how many it may return at most."""
Mutate = Callable[[bytes, int, random.Random, Change], bytes]
"""A mutation of an input, and how many octets it may return at most."""

_CONSTRUCTED: Final = 0x20
_OCTET_STRING: Final = 0x04
_GROWTH: Final = 64
_DEEPEST: Final = 12


class Element(NamedTuple):
    """One element of a DER document: where it stands, and the headers of those around it."""

    start: int
    content: int
    end: int
    around: tuple[Element, ...]


def elements(document: bytes) -> list[Element]:
    """Every element that can be found from the outside inwards, OCTET STRINGs looked into."""
    return list(_elements(document, 0, len(document), ()))


def _elements(
    document: bytes, start: int, end: int, around: tuple[Element, ...]
) -> Iterator[Element]:
    while start < end:
        found = _element_at(document, start, end, around)
        if found is None:
            return
        yield found
        tag = document[start]
        if (tag & _CONSTRUCTED or tag == _OCTET_STRING) and len(around) < _DEEPEST:
            yield from _elements(document, found.content, found.end, (*around, found))
        start = found.end


def _element_at(
    document: bytes, start: int, end: int, around: tuple[Element, ...]
) -> Element | None:
    if end - start < 2:
        return None
    first = document[start + 1]
    octets = first & 0x7F if first & 0x80 else 0
    content = start + 2 + octets
    size = int.from_bytes(document[start + 2 : content], "big") if octets else first
    if content + size > end:
        return None
    return Element(start, content, content + size, around)


def replaced(document: bytes, element: Element, new: bytes) -> bytes:
    """The document with the element, header included, replaced and every length around it right."""
    start, end = element.start, element.end
    for outer in reversed(element.around):
        inside = document[outer.content : start] + new + document[end : outer.end]
        new = document[outer.start : outer.start + 1] + der.length(len(inside)) + inside
        start, end = outer.start, outer.end
    return document[:start] + new + document[end:]


def mutate_der(document: bytes, longest: int, chance: random.Random, change: Change) -> bytes:
    """Change one element: its content, its header as well, its place, or its number."""
    found = elements(document)
    if not found or chance.random() < 0.1:
        return change(document, longest)
    element = chance.choice(found)
    whole = document[element.start : element.end]
    content = document[element.content : element.end]
    way = chance.random()
    if way < 0.6:
        content = change(content, len(content) + _GROWTH)
        new = whole[:1] + der.length(len(content)) + content
    elif way < 0.75:
        new = change(whole, len(whole) + _GROWTH)
    elif way < 0.85:
        other = chance.choice(found)
        new = document[other.start : other.end]
    elif way < 0.95:
        new = whole + whole
    else:
        new = b""
    return replaced(document, element, new)[:longest]


def chain_mutator(known: Sequence[bytes]) -> Mutate:
    """Change a packed chain: one certificate, or which certificates there are.

    `known` are the certificates that can be put in whole.
    """

    def mutate(packed: bytes, longest: int, chance: random.Random, change: Change) -> bytes:
        pieces = unpack(packed) or [chance.choice(known)]
        place = chance.randrange(len(pieces))
        way = chance.random()
        if way < 0.6:
            pieces[place] = mutate_der(pieces[place], longest, chance, change)
        elif way < 0.7:
            pieces[place] = chance.choice(known)
        elif way < 0.8 and len(pieces) < MOST_PIECES:
            pieces.insert(place, chance.choice([*pieces, chance.choice(known)]))
        elif way < 0.85 and len(pieces) > 1:
            del pieces[place]
        elif way < 0.95:
            chance.shuffle(pieces)
        else:
            return change(packed, longest)
        return pack(pieces)[:longest]

    return mutate
