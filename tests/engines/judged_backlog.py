"""One backlog for all engines, and the verdicts that plain Python gives about it.

`make engines` says how many rows it has. In other runs it is short, so that it costs little.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
from backlog import backlog, settings
from pyarrow import parquet

from appleattest.batch import OUTPUT_SCHEMA, Settings, verify_many

if TYPE_CHECKING:
    from pathlib import Path

ROWS: Final = int(os.environ.get("APPLEATTEST_BACKLOG", "1000"))


class Backlog(NamedTuple):
    """The rows, by what to judge them, and what every engine must say of them."""

    rows: pa.Table
    settings: Settings
    verdicts: pa.Table

    def written_to(self, folder: Path) -> str:
        """The path of a Parquet file with the rows, in eight parts."""
        path = folder / "rows.parquet"
        parquet.write_table(self.rows, path, row_group_size=ROWS // 8)
        return str(path)


@cache
def judged() -> Backlog:
    """The verdicts are those of `verify_many`, from mappings of plain Python."""
    rows, chosen = backlog(ROWS), settings()
    verdicts = [each._asdict() for each in verify_many(rows.to_pylist(), chosen)]
    return Backlog(rows, chosen, pa.Table.from_pylist(verdicts, OUTPUT_SCHEMA))


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    """Both have the same rows in the same order, in every column."""
    assert found.column_names == OUTPUT_SCHEMA.names
    rows = found.cast(OUTPUT_SCHEMA).to_pylist()
    for one, other in zip(rows, expected.to_pylist(), strict=True):
        assert one == other
