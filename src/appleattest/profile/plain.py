"""The values of a property list, frozen while an object holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from appleattest.times import utc_seconds

_DEEPEST: Final = 32
_INTEGERS: Final = range(-(1 << 63), 1 << 64)
Buffer = bytes | bytearray | memoryview


def frozen_copy(value: object, place: str, depth: int = _DEEPEST) -> object:
    """A copy that nobody can change: mappings read-only, sequences as tuples, times in UTC.

    Raises `TypeError` for what a property list cannot hold, and `ValueError` for a number that is
    too large, a time without its offset from UTC, or more nesting than is read.
    """
    if depth < 0:
        raise ValueError(f"{place}: nested deeper than is read")
    if isinstance(value, Mapping):
        return MappingProxyType(
            {_key(key, place): _inner(value, key, place, depth) for key in value}
        )
    if isinstance(value, list | tuple):
        return tuple(
            frozen_copy(item, f"{place}[{index}]", depth - 1) for index, item in enumerate(value)
        )
    if isinstance(value, datetime):
        return utc_seconds(value)
    if isinstance(value, Buffer):
        return bytes(value)
    if isinstance(value, int) and value not in _INTEGERS:
        raise ValueError(f"{place}: an integer that takes more than 64 bits")
    if not isinstance(value, str | int | float):
        raise TypeError(f"{place}: a property list holds no {type(value).__name__}")
    return value


def plain_values(value: object) -> object:
    """The frozen value in the types that `plistlib` writes and our own reader reads."""
    if isinstance(value, Mapping):
        return {key: plain_values(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain_values(item) for item in value]
    return value


def _inner(value: Mapping[object, object], key: object, place: str, depth: int) -> object:
    return frozen_copy(value[key], f"{place}.{key}", depth - 1)


def _key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{place}: a key is text, not {type(key).__name__}")
    return key
