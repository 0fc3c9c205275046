"""A record batch of verdicts for a record batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from appleattest.batch.arrow_values import as_python, is_readable
from appleattest.batch.row import Row
from appleattest.batch.schemas import INPUT_SCHEMA, OUTPUT_SCHEMA
from appleattest.batch.settings import Settings
from appleattest.batch.verification import verify_many

_REQUIRED: Final = frozenset({"id", "carrier", "attestation"})


def verify_batch(rows: pa.RecordBatch, settings: Settings | None = None) -> pa.RecordBatch:
    """One verdict for each row, in their order: a batch of `OUTPUT_SCHEMA`.

    `rows` has the columns of `INPUT_SCHEMA`, of which all but `id`, `carrier` and `attestation`
    may be missing and read as null. Other columns are ignored. Texts and octets may be large, views
    or dictionaries, times of any unit and zone, and `attestation` may be text. Without settings,
    those of `Settings()`.

    Raises `TypeError` for what is no record batch, and `ValueError`, with the name of the column,
    for a required column that is missing, one that is there twice, or one of another type.
    """
    if not isinstance(rows, pa.RecordBatch):
        raise TypeError(f"rows is a pyarrow.RecordBatch, not {type(rows).__name__}")
    fields = [_values(rows, field) for field in INPUT_SCHEMA]
    verdicts = list(verify_many(map(Row._make, zip(*fields, strict=True)), settings))
    values = list(zip(*verdicts, strict=True)) or [()] * len(OUTPUT_SCHEMA)
    made = zip(values, OUTPUT_SCHEMA.types, strict=True)
    return pa.RecordBatch.from_arrays(
        [_column(each, kind) for each, kind in made], schema=OUTPUT_SCHEMA
    )


def _values(rows: pa.RecordBatch, field: pa.Field) -> Sequence[Any]:
    """The values of one column of the input, for the field of `Row`."""
    places = rows.schema.get_all_field_indices(field.name)
    if not places and field.name not in _REQUIRED:
        return [None] * rows.num_rows
    if len(places) != 1:
        raise ValueError(f"{field.name}: one column of this name was expected, not {len(places)}")
    column = rows.column(places[0])
    if not is_readable(column.type, field):
        raise ValueError(f"{field.name}: a column of {field.type} was expected, not {column.type}")
    return as_python(column)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if values.count(None) == len(values):
        return pa.nulls(len(values), kind)
    return pa.array(values, kind)
