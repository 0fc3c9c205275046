"""Tables of a database: SQLite through the standard library, DuckDB for any query it understands.

What is read is the name of a table, or a query that begins with SELECT, WITH or FROM. A query says
its order, or its rows may come in another order when the run goes on, which the run then refuses.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from appleattest.batch.errors import RunError
from appleattest.batch.sources.cells import row_of
from appleattest.batch.sources.source import COLUMNS, MOST_ROWS, chunks_of_batches, chunks_of_rows
from appleattest.text import quoted

TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUERY: Final = re.compile(r"\s*(?:SELECT|WITH|FROM)\s", re.IGNORECASE)
DUCKDB: Final = {
    "memory_limit": "128MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "lock_configuration": True,
}
"""What DuckDB may hold; a larger sort goes to its temporary directory. It fetches no extension."""


def query_of(asked: str, *, by: str = "") -> str:
    """The query for a table or a query. Raises `RunError` for what is neither."""
    if TABLE.fullmatch(asked):
        return f'SELECT * FROM "{asked}"{by}'  # noqa: S608 - the name was checked
    if _QUERY.match(asked):
        return asked
    raise RunError(f"{quoted(asked)} is neither the name of a table nor a query")


class SQLite:
    """A table or a query of a SQLite database, which is opened for reading alone.

    Text that is no UTF-8 gets surrogates, so that its row alone cannot be read.
    """

    def __init__(self, path: Path, asked: str) -> None:
        self._path = path
        self._query = query_of(asked, by=" ORDER BY rowid")

    def identity(self) -> Mapping[str, Any]:
        """The name of the database, and the query. Its time says nothing of one table."""
        return {"file": str(self._path.absolute()), "query": self._query}

    def count(self) -> int:
        """How many rows the query gives."""
        with closing(self._open()) as database:
            count = f"SELECT count(*) FROM ({self._query})"  # noqa: S608 - the caller's own
            ((rows,),) = _executed(database, count)
        return int(rows)

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """The rows, a cell of text as `cells` reads it."""
        with closing(self._open()) as database:
            found = _executed(database, self._query)
            names = [each[0] for each in found.description]
            if "attestation" not in names or "id" not in names:
                raise RunError("the source has no columns id and attestation")
            for name in COLUMNS:
                if names.count(name) > 1:
                    raise RunError(f"the source has {names.count(name)} columns {name}")
            known = [(place, name) for place, name in enumerate(names) if name in COLUMNS]
            yield from chunks_of_rows(
                row_of({name: cells[place] for place, name in known}) for cells in _each(found)
            )

    def _open(self) -> sqlite3.Connection:
        try:
            database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise RunError(f"the database cannot be read: {error}") from None
        database.text_factory = _text
        return database


def _executed(database: sqlite3.Connection, query: str) -> sqlite3.Cursor:
    try:
        return database.execute(query)
    except sqlite3.Error as error:
        raise RunError(f"the database cannot be read: {error}") from None


def _each(found: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    """The rows, as far as the database can be read."""
    try:
        yield from found
    except sqlite3.Error as error:
        raise RunError(f"the database cannot be read: {error}") from None


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


class DuckDB:
    """A table or a query of a DuckDB database; without a file, a query of what DuckDB can read."""

    def __init__(self, path: Path | None, asked: str) -> None:
        self._path = path
        self._query = query_of(asked)
        # A table of a database may be a view, which then reads no file and no address of its own.
        self._config = {**DUCKDB, "enable_external_access": self._query == asked}

    def identity(self) -> Mapping[str, Any]:
        """The database's file, where there is one, and the query."""
        file = None if self._path is None else str(self._path.absolute())
        return {"file": file, "query": self._query}

    def count(self) -> None:
        """Not known before all of it is read."""
        return

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """The rows, as DuckDB streams them."""
        duckdb = duckdb_module()
        try:
            with duckdb.connect(
                ":memory:" if self._path is None else str(self._path),
                read_only=self._path is not None,
                config=self._config,
            ) as database:
                _require_one_query(database, self._query)
                found = database.sql(self._query)
                # The older name goes with DuckDB 1, the newer one came after 1.4.
                reader = getattr(found, "to_arrow_reader", None) or found.fetch_arrow_reader
                yield from chunks_of_batches(reader(MOST_ROWS))
        except duckdb.Error as error:
            raise RunError(f"the query cannot be run: {error}") from None


def _require_one_query(database: Any, query: str) -> None:
    """Refuse what writes, and a second statement after the query."""
    kinds = [each.type.name for each in database.extract_statements(query)]
    if kinds != ["SELECT"]:
        raise RunError("what is read is one query alone, and nothing that writes")


def duckdb_module() -> Any:
    """DuckDB. Raises `RunError`, saying what to install, where it is missing."""
    try:
        import duckdb
    except ModuleNotFoundError:
        raise RunError("duckdb: needs DuckDB: install appleattest[duckdb]") from None
    return duckdb
