"""Copies of the values of a property list: frozen while an object holds them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from appleattest.sealed import FrozenMapping
from appleattest.times import utc_seconds

_DEEPEST: Final = 32
_INTEGERS: Final = range(-(1 << 63), 1 << 64)


def frozen_copy(value: object, place: str, depth: int = _DEEPEST) -> object:
    """A copy that nobody can change: mappings read-only, sequences as tuples, times in UTC.

    `place` names the value in errors. Raises `TypeError` for what a property list cannot hold, and
    `ValueError` for an integer that needs more than 64 bits, a time without its offset from UTC, or
    more than `depth` levels of nesting.
    """
    if depth < 0:
        raise ValueError(f"{place}: nested too deeply")
    if isinstance(value, Mapping):
        copied = {}
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{place}: a key is text, not {type(key).__name__}")
            copied[key] = frozen_copy(value[key], f"{place}.{key}", depth - 1)
        return FrozenMapping(copied)
    if isinstance(value, list | tuple):
        return tuple(
            frozen_copy(item, f"{place}[{index}]", depth - 1) for index, item in enumerate(value)
        )
    if isinstance(value, datetime):
        return utc_seconds(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int) and value not in _INTEGERS:
        raise ValueError(f"{place}: an integer that needs more than 64 bits")
    if not isinstance(value, str | int | float):
        raise TypeError(f"{place}: a property list cannot hold a {type(value).__name__}")
    return value


def unfrozen_copy(value: object) -> object:
    """The frozen value as `dict`s and `list`s, which `plistlib` writes."""
    if isinstance(value, Mapping):
        return {key: unfrozen_copy(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [unfrozen_copy(item) for item in value]
    return value
