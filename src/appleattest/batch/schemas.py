"""The columns as Arrow schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from appleattest.batch import columns
from appleattest.batch.columns import INPUT_COLUMNS, OUTPUT_COLUMNS, STRUCTS, Column

_PLAIN: Final = {
    columns.TEXT: pa.string(),
    columns.OCTETS: pa.binary(),
    columns.TIME: pa.timestamp("us", tz="UTC"),
    columns.TRUTH: pa.bool_(),
}
_STRUCTS: Final = {
    name: pa.list_(pa.struct([(field, _PLAIN[kind]) for field, kind in fields]))
    for name, fields in STRUCTS.items()
}
_TYPES: Final = {**_PLAIN, **_STRUCTS, columns.TEXTS: pa.list_(pa.string())}


def _schema(described: Iterable[Column]) -> pa.Schema:
    return pa.schema(
        [pa.field(each.name, _TYPES[each.type], nullable=each.nullable) for each in described]
    )


INPUT_SCHEMA: Final = _schema(INPUT_COLUMNS)
"""The columns of the rows that `verify_batch` takes, from `INPUT_COLUMNS`."""

OUTPUT_SCHEMA: Final = _schema(OUTPUT_COLUMNS)
"""The columns of the verdicts that it gives, from `OUTPUT_COLUMNS`."""
