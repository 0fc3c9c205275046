"""A chain as one string of octets, so that a fuzzer can take it apart and put it together.

Each certificate is preceded by its length in two octets, most significant first. Every string
means some chain: a last piece that is cut short is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST_PIECES: Final = 8
"""More than any verifier reads; what follows them is dropped."""

_LONGEST: Final = 0xFFFF


def pack(ders: Iterable[bytes]) -> bytes:
    """These certificates, each cut after 65535 octets, as one string."""
    pieces = (der[:_LONGEST] for der in ders)
    return b"".join(len(piece).to_bytes(2, "big") + piece for piece in pieces)


def unpack(packed: bytes) -> list[bytes]:
    """The certificates that the string means, at most `MOST_PIECES`."""
    pieces: list[bytes] = []
    offset = 0
    while offset < len(packed) and len(pieces) < MOST_PIECES:
        start = offset + 2
        offset = start + int.from_bytes(packed[offset:start], "big")
        pieces.append(packed[start:offset])
    return pieces
