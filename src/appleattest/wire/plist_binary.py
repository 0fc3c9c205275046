"""Binary property lists: measured here, read by `plistlib`.

The format is a table of objects that refer to each other by number, so 64 KiB can describe
a list that contains itself, or one that doubles at each of a thousand levels. The references
are walked first, with a budget, and `plistlib` reads only what came out small. Objects may
overlap, too: a thousand strings of 60 KiB fit into 62 KiB, so octets are counted as well.

Layout (CFBinaryPList.c): `bplist00`, objects, offset table, trailer of 32 octets.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from appleattest.limits import Limits

_TRAILER: Final = 32
_ARRAY: Final = 0xA0
_DICT: Final = 0xD0
_INTEGER: Final = 0x10
_CONTAINERS: Final = (_ARRAY, _DICT)
_WIDTHS: Final = {0x40: 1, 0x50: 1, 0x60: 2}
"""Octets of data, of ASCII text and of UTF-16 text for each that their size counts."""
_OTHERS: Final = frozenset(
    # false and true; integers of 1, 2, 4, 8 and 16 octets; reals of 4 and 8; a date
    (0x08, 0x09, 0x10, 0x11, 0x12, 0x13, 0x14, 0x22, 0x23, 0x33)
)


def read(document: bytes, limits: Limits) -> object:
    """The value of the document, of no more keys and values, and no deeper, than `limits` say.

    Raises `ValueError` or what `plistlib` raises.
    """
    import plistlib

    _Table(document, limits).measure()
    try:
        value = plistlib.loads(document, fmt=plistlib.FMT_BINARY, dict_type=_UniqueKeys)
    except plistlib.InvalidFileException as error:
        # It says "Invalid file" of everything; what it caught says why.
        raise error.__context__ or error from None
    return _in_utc(value)


class _UniqueKeys(dict[str, Any]):
    """A dictionary that takes each key once; `plistlib` would keep the last."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self or not isinstance(key, str):
            raise ValueError("a key stands twice in one dictionary, or is not text")
        super().__setitem__(key, value)


def _in_utc(value: object) -> object:
    """A copy whose dates are aware, as the other reader's are; `plistlib` leaves them naive."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, dict):
        return {key: _in_utc(item) for key, item in value.items()}
    return value


class _Table:
    """The objects of a document as a graph of containers, nothing more."""

    def __init__(self, document: bytes, limits: Limits) -> None:
        trailer = document[-_TRAILER:]
        self._document = document
        self._left = limits.plist_elements
        self._octets_left = limits.plist_bytes
        self._depth = limits.plist_depth
        self._offset_size = trailer[6]
        self._reference_size = trailer[7]
        self._count = int.from_bytes(trailer[8:16], "big")
        self._top = int.from_bytes(trailer[16:24], "big")
        self._offsets = int.from_bytes(trailer[24:32], "big")
        if not 1 <= self._offset_size <= 8 or not 1 <= self._reference_size <= 8:
            raise ValueError("a trailer with impossible sizes")
        if not 0 < self._count <= limits.plist_elements:
            raise ValueError("more objects than are read, or none")
        if self._offsets + self._count * self._offset_size != len(document) - _TRAILER:
            raise ValueError("an offset table that does not end where the trailer begins")

    def measure(self) -> None:
        """Visit every value as often as it is referred to; `ValueError` beyond the limits."""
        waiting = [(self._top, 0)]
        while waiting:
            reference, level = waiting.pop()
            self._left -= 1
            if self._left < 0:
                raise ValueError("more elements than are read, or one that contains itself")
            offset = self._offset(reference)
            marker = self._document[offset]
            kind = marker & 0xF0
            if kind not in _CONTAINERS:
                self._measure_scalar(marker, offset)
                continue
            if level >= self._depth:
                raise ValueError("nested deeper than is read")
            inner = self._references(offset, 2 if kind == _DICT else 1)
            waiting.extend((each, level + 1) for each in inner)

    def _measure_scalar(self, marker: int, offset: int) -> None:
        width = _WIDTHS.get(marker & 0xF0)
        if width is not None:
            count, _ = self._size(offset)
            self._octets_left -= count * width
            if self._octets_left < 0:
                raise ValueError("more octets of text and data than are read")
        elif marker not in _OTHERS:
            raise ValueError("an object of a kind that no response has")

    def _references(self, offset: int, per_entry: int) -> list[int]:
        count, start = self._size(offset)
        count *= per_entry
        if count > self._left:
            raise ValueError("more elements than are read")
        size = self._reference_size
        return [self._number(start + size * index, size) for index in range(count)]

    def _offset(self, reference: int) -> int:
        if reference >= self._count:
            raise ValueError("a reference to an object that is not there")
        return self._number(self._offsets + reference * self._offset_size, self._offset_size)

    def _size(self, offset: int) -> tuple[int, int]:
        """The number of an object's entries, characters or octets, and where they start."""
        count = self._document[offset] & 0x0F
        if count < 0x0F:
            return count, offset + 1
        marker = self._document[offset + 1]
        size = 1 << (marker & 0x0F)
        if marker & 0xF0 != _INTEGER or size > 8:
            raise ValueError("a size that is no integer of at most eight octets")
        return self._number(offset + 2, size), offset + 2 + size

    def _number(self, offset: int, size: int) -> int:
        octets = self._document[offset : offset + size]
        if len(octets) != size:
            raise ValueError("truncated")
        return int.from_bytes(octets, "big")
