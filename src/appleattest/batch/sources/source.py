"""What a source is, and how its rows become chunks of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import pyarrow as pa

from appleattest.batch.columns import INPUT_COLUMNS
from appleattest.batch.schemas import INPUT_SCHEMA

MOST_ROWS: Final = 1000
"""Rows of one chunk."""
MOST_OCTETS: Final = 8 * 1024 * 1024
"""Octets of one chunk; a chunk has one row at least."""
PROBLEM: Final = "appleattest:problem"
"""The column that says why a row could not be read; such a row is `invalid`, with this message."""
ROWS: Final = pa.schema(
    [*(pa.field(each.name, each.type) for each in INPUT_SCHEMA), pa.field(PROBLEM, pa.string())]
)
"""The columns of a chunk that is made of single rows."""
COLUMNS: Final = tuple(each.name for each in INPUT_COLUMNS)
_MARGIN: Final = 256
"""Octets that a row takes beside its attestation, about."""


class Source(Protocol):
    """Rows in an order that is the same each time they are read."""

    def identity(self) -> Mapping[str, Any]:
        """What changes when the source does, as JSON types: its name, its size, its time."""
        ...

    def count(self) -> int | None:
        """How many rows there are, where that is cheap to know."""
        ...

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """The rows, in chunks of a bounded size that are cut alike each time.

        Raises `RunError` for what cannot be read as a whole, and `OSError`.
        """
        ...


def chunks_of_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Chunks of single rows, each with some columns of `ROWS`."""
    kept: list[Mapping[str, Any]] = []
    octets = 0
    for row in rows:
        kept.append(row)
        octets += len(row.get("attestation") or b"") + _MARGIN
        if len(kept) == MOST_ROWS or octets >= MOST_OCTETS:
            yield _batch(kept)
            kept, octets = [], 0
    if kept:
        yield _batch(kept)


def chunks_of_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The columns of the input in these batches, cut into chunks."""
    for batch in batches:
        rows = batch.select([n for n, name in enumerate(batch.schema.names) if name in COLUMNS])
        for start in range(0, rows.num_rows, MOST_ROWS):
            yield from _halved(rows.slice(start, MOST_ROWS))


def _halved(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows in halves, until each is small enough or a single row."""
    if rows.num_rows <= 1 or rows.nbytes <= MOST_OCTETS:
        yield rows
        return
    middle = rows.num_rows // 2
    yield from _halved(rows.slice(0, middle))
    yield from _halved(rows.slice(middle))


def _batch(rows: list[Mapping[str, Any]]) -> pa.RecordBatch:
    columns = [pa.array([row.get(each.name) for row in rows], each.type) for each in ROWS]
    return pa.RecordBatch.from_arrays(columns, schema=ROWS)
