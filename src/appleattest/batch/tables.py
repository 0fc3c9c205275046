"""A table of verdicts for a table of rows, as engines hand tables on."""

from __future__ import annotations

import pyarrow as pa

from appleattest.batch.arrow import verify_batch
from appleattest.batch.schemas import OUTPUT_SCHEMA
from appleattest.batch.settings import Settings, checked_settings


def verify_table(rows: pa.Table, settings: Settings | None = None) -> pa.Table:
    """One verdict for each row, in their order: a table of `OUTPUT_SCHEMA`.

    A table without rows gives one without rows, whatever its columns. The rest is as in
    `verify_batch`.
    """
    if not isinstance(rows, pa.Table):
        raise TypeError(f"rows is a pyarrow.Table, not {type(rows).__name__}")
    chosen = checked_settings(settings)
    verdicts = [verify_batch(each, chosen) for each in rows.to_batches()]
    return pa.Table.from_batches(verdicts, OUTPUT_SCHEMA)
