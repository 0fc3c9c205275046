"""Batches under PySpark: a function for `DataFrame.mapInArrow`, and the schema of what it returns.

    from appleattest.batch.spark import SCHEMA, verifying

    verdicts = rows.mapInArrow(verifying(settings), SCHEMA)

Install `appleattest[batch]` beside pyspark, on the driver and wherever executors run. Nothing here
imports pyspark: Spark pickles the function, with the settings in it, for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from appleattest.batch import OUTPUT_COLUMNS, columns, verify_batch
from appleattest.batch.columns import STRUCTS
from appleattest.batch.settings import Settings, checked_settings

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SCHEMA", "verifying"]

_PLAIN: Final = {
    columns.TEXT: "STRING",
    columns.OCTETS: "BINARY",
    columns.TIME: "TIMESTAMP_LTZ",
    columns.TRUTH: "BOOLEAN",
}
_STRUCTS: Final = {
    name: f"ARRAY<STRUCT<{', '.join(f'`{field}`: {_PLAIN[kind]}' for field, kind in fields)}>>"
    for name, fields in STRUCTS.items()
}
_TYPES: Final = {**_PLAIN, **_STRUCTS, columns.TEXTS: "ARRAY<STRING>"}

SCHEMA: Final = ", ".join(f"`{each.name}` {_TYPES[each.type]}" for each in OUTPUT_COLUMNS)
"""The columns of the verdicts, as Spark writes a schema."""


def verifying(
    settings: Settings | None = None,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `mapInArrow`: verdicts for the rows of a partition, in their order.

    The columns are those of `verify_batch`; others are dropped. Without settings, those of
    `Settings()`. A worker that runs several tasks with equal settings keeps one verifier.
    Raises `TypeError` where `settings` is no `Settings`.
    """
    return partial(_verified, settings=checked_settings(settings))


def _verified(batches: Iterator[pa.RecordBatch], *, settings: Settings) -> Iterator[pa.RecordBatch]:
    return (verify_batch(rows, settings) for rows in batches)
