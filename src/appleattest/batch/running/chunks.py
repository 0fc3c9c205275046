"""One chunk of rows: its verdicts, and the digest that says which rows it was."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pyarrow as pa

from appleattest.batch.arrow import verify_batch
from appleattest.batch.arrow_values import Unreadable, as_python
from appleattest.batch.outcomes import invalid
from appleattest.batch.schemas import OUTPUT_SCHEMA
from appleattest.batch.settings import Settings
from appleattest.batch.sources import PROBLEM


def verdicts_of(rows: pa.RecordBatch, settings: Settings) -> pa.RecordBatch:
    """One verdict for each row; a row that could not be read is `invalid`, and says why.

    Raises `ValueError`, with the name of the column, where a column is missing or of another type.
    """
    verdicts = verify_batch(rows, settings)
    if PROBLEM not in rows.schema.names:
        return verdicts
    problems = rows.column(PROBLEM).to_pylist()
    unread = {place: problem for place, problem in enumerate(problems) if problem is not None}
    if not unread:
        return verdicts
    ids = rows.column("id")
    told = [invalid(ids[place].as_py(), None, problem) for place, problem in unread.items()]
    told_batch = pa.RecordBatch.from_pylist([each._asdict() for each in told], OUTPUT_SCHEMA)
    places = list(range(rows.num_rows))
    for index, place in enumerate(unread):
        places[place] = rows.num_rows + index
    both = pa.Table.from_batches([verdicts, told_batch]).take(places)
    return both.combine_chunks().to_batches()[0]


def digest_of(rows: pa.RecordBatch) -> str:
    """SHA-256 over every value of the rows, in hexadecimal; the type of a column does not count."""
    digest = sha256(b"%d rows" % rows.num_rows)
    for name in sorted(rows.schema.names):
        column = rows.column(name)
        digest.update(f"|{name}:".encode())
        if column.null_count != rows.num_rows:
            for value in as_python(column):
                digest.update(_told(value))
    return digest.hexdigest()


def _told(value: Any) -> bytes:
    if isinstance(value, Unreadable):
        return b"unreadable,"
    if isinstance(value, bytes):
        return b"%d:%b," % (len(value), value)
    return f"{value!r},".encode("utf-8", "backslashreplace")
