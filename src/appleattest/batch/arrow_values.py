"""The values of a column of Arrow, for the fields of a row.

A column of a type that no row can have is a mistake about the whole batch. A value that Python
cannot hold is one about its row alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from pyarrow import types

_TEXT: Final = (types.is_string, types.is_large_string, types.is_string_view)
_OCTETS: Final = (
    types.is_binary,
    types.is_large_binary,
    types.is_binary_view,
    types.is_fixed_size_binary,
)
_TIME: Final = (types.is_timestamp,)
_LIST: Final = (types.is_list, types.is_large_list)
_STRUCT: Final = (types.is_struct,)
_ALIKE: Final = (_TEXT, _OCTETS, _TIME, _LIST, _STRUCT)
"""Types that hold the same values, each in a group."""


class Unreadable:
    """Stands in a row for what Arrow holds and Python cannot: a time after the year 9999, say."""


def is_readable(given: pa.DataType, field: pa.Field) -> bool:
    """Whether a column of this type can be read as this field of the input."""
    is_text = field.name == "attestation" and _fits(given, pa.string())
    return is_text or _fits(given, field.type)


def as_python(column: pa.Array) -> list[Any]:
    """The values of a column; an `Unreadable` in the place of each that Python cannot hold."""
    coarser = _coarser(column.type)
    if coarser != column.type:
        column = column.cast(coarser, safe=False)
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = list(map(_one_as_python, column))
    return values


def _fits(given: pa.DataType, expected: pa.DataType) -> bool:
    """Whether the one holds the values of the other; null alone fits everything."""
    if types.is_null(given):
        return True
    if types.is_dictionary(given):
        return _fits(given.value_type, expected)
    alike = next(group for group in _ALIKE if _is(expected, group))
    if not _is(given, alike):
        return False
    if alike is _LIST:
        return _fits(given.value_type, expected.value_type)
    return alike is not _STRUCT or _fits_struct(given, expected)


def _fits_struct(given: pa.DataType, expected: pa.DataType) -> bool:
    """Whether every field that is expected fits, where it is given once, and the first is."""
    first = expected.field(0)
    kinds = {field.name: field.type for field in given}
    fits = all(_fits(kinds.get(field.name, pa.null()), field.type) for field in expected)
    return fits and first.name in kinds and len(kinds) == given.num_fields


def _is(given: pa.DataType, group: tuple[Callable[[pa.DataType], bool], ...]) -> bool:
    return any(is_of_kind(given) for is_of_kind in group)


def _one_as_python(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return Unreadable()


def _coarser(given: pa.DataType) -> pa.DataType:
    """The type with UTC for any zone, and microseconds for nanoseconds: what a `datetime` has."""
    if types.is_timestamp(given):
        unit = "us" if given.unit == "ns" else given.unit
        return pa.timestamp(unit, tz=None if given.tz is None else "UTC")
    if _is(given, _LIST) and types.is_struct(given.value_type):
        fields = [pa.field(each.name, _coarser(each.type)) for each in given.value_type]
        return pa.list_(pa.struct(fields))
    return given
