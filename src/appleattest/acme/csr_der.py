"""Rows of DER elements, of which a certificate request is made."""

from __future__ import annotations

from typing import Final

from appleattest.wire import der

SET: Final = 0x31
OID: Final = 0x06


def element(encoded: bytes, offset: int, tag: int) -> tuple[bytes, int]:
    """The content of the element at `offset`, and where the next begins."""
    start, end = der.content(encoded, offset, tag)
    return encoded[start:end], end


def only(encoded: bytes, tag: int) -> bytes:
    """The content of the one element that `encoded` is."""
    content, end = element(encoded, 0, tag)
    if end != len(encoded):
        raise ValueError("octets follow an element that should be the last")
    return content


def elements(encoded: bytes, tag: int) -> list[bytes]:
    """The contents of the elements, all of one type, that `encoded` is a row of."""
    found, offset = [], 0
    while offset < len(encoded):
        content, offset = element(encoded, offset, tag)
        found.append(content)
    return found
