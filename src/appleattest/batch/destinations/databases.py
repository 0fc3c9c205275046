"""Tables of verdicts: made and filled in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from appleattest.batch.columns import OCTETS, OUTPUT_COLUMNS, TRUTH
from appleattest.batch.errors import RunError
from appleattest.batch.schemas import OUTPUT_SCHEMA
from appleattest.batch.sources.databases import DUCKDB, TABLE, duckdb_module
from appleattest.batch.verdict import Verdict
from appleattest.text import quoted

_TYPES: Final = {OCTETS: "BLOB", TRUTH: "INTEGER"}


class _Table:
    """A table of a database."""

    def __init__(self, path: Path, table: str) -> None:
        if not TABLE.fullmatch(table):
            raise RunError(f"{quoted(table)} is no name of a table: letters, digits and _")
        self._path = path
        self._table = table
        self.parts = path.with_name(f"{path.name}.{table}.parts")

    def check(self) -> None:
        """Raise `RunError` where the folder of the database is not there."""
        if not self._path.parent.is_dir():
            raise RunError(f"{self._path.parent} is no directory: the destination would go there")


class SQLiteTable(_Table):
    """A table of SQLite: lists as JSON, times as RFC 3339, truth as 0 or 1."""

    def exists(self) -> bool:
        """Whether the database has a table of this name."""
        if not self._path.exists():
            return False
        try:
            with closing(self._open()) as database:
                asked = "SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?)"
                return database.execute(asked, (self._table,)).fetchone() is not None
        except sqlite3.Error as error:
            raise RunError(f"the destination is no database: {error}") from None

    def write(self, verdicts: Iterable[pa.RecordBatch]) -> None:
        """Make the table anew and fill it, in one transaction."""
        columns = ", ".join(
            f'"{each.name}" {_TYPES.get(each.type, "TEXT")}' for each in OUTPUT_COLUMNS
        )
        places = ", ".join("?" * len(OUTPUT_COLUMNS))
        try:
            with closing(self._open()) as database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(f'DROP TABLE IF EXISTS "{self._table}"')
                database.execute(f'CREATE TABLE "{self._table}" ({columns})')
                into = f'INSERT INTO "{self._table}" VALUES ({places})'  # noqa: S608 - checked
                for batch in verdicts:
                    database.executemany(into, map(_cells, batch.to_pylist()))
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unwritten(error) from None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None)


class DuckDBTable(_Table):
    """A table of DuckDB, with the types of `OUTPUT_SCHEMA`."""

    def exists(self) -> bool:
        """Whether the database has a table of this name."""
        if not self._path.exists():
            return False
        duckdb = duckdb_module()
        try:
            with self._open() as database:
                asked = "SELECT 1 FROM information_schema.tables WHERE lower(table_name) = lower(?)"
                return database.execute(asked, [self._table]).fetchone() is not None
        except duckdb.Error as error:
            raise RunError(f"the destination is no database: {error}") from None

    def check(self) -> None:
        """Raise `RunError` where DuckDB is missing, or the folder of the database."""
        duckdb_module()
        super().check()

    def write(self, verdicts: Iterable[pa.RecordBatch]) -> None:
        """Make the table anew and fill it, in one transaction."""
        try:
            with self._open() as database:
                database.register(
                    "verdicts_of_this_run",
                    pa.RecordBatchReader.from_batches(OUTPUT_SCHEMA, verdicts),
                )
                table = f'CREATE OR REPLACE TABLE "{self._table}"'
                database.execute(f"{table} AS SELECT * FROM verdicts_of_this_run")  # noqa: S608
        except duckdb_module().Error as error:
            raise _unwritten(error) from None

    def _open(self) -> Any:
        return duckdb_module().connect(str(self._path), config=DUCKDB)


def _unwritten(error: Exception) -> RunError:
    return RunError(f"the destination cannot be written, so the run did not end: {error}")


def _cells(row: dict[str, Any]) -> list[Any]:
    """A verdict for SQLite: octets as they are, everything else as JSON would have it."""
    told = Verdict(**row).to_dict()
    return [
        row[name] if isinstance(row[name], bytes) else _cell(value) for name, value in told.items()
    ]


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value
