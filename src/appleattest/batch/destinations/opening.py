"""From the name of a destination to the destination."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appleattest.batch.destinations.databases import DuckDBTable, SQLiteTable
from appleattest.batch.destinations.destination import Destination
from appleattest.batch.destinations.files import (
    ArrowFile,
    ArrowStream,
    File,
    JSONLinesFile,
    ParquetFile,
)
from appleattest.batch.errors import RunError
from appleattest.batch.names import name_of
from appleattest.text import quoted

_FILES: Final[dict[str, type[File]]] = {
    ".jsonl": JSONLinesFile,
    ".ndjson": JSONLinesFile,
    ".parquet": ParquetFile,
    ".arrow": ArrowFile,
    ".feather": ArrowFile,
    ".ipc": ArrowFile,
    ".arrows": ArrowStream,
}
_TABLES: Final[dict[str, type[SQLiteTable | DuckDBTable]]] = {
    "sqlite": SQLiteTable,
    "duckdb": DuckDBTable,
}
TABLE: Final = "verdicts"
"""The table where none is named."""


def open_destination(name: str) -> Destination:
    """The destination of this name.

    A file by its suffix (`.jsonl`, `.ndjson`, `.parquet`, `.arrow`, `.feather`, `.ipc`, `.arrows`);
    `sqlite:FILE` or `duckdb:FILE`, with `#TABLE` after it or the table `verdicts`. Raises
    `RunError` for any other name.
    """
    scheme, file, table = name_of(name)
    if scheme:
        return _TABLES[scheme](_path(file, name), table or TABLE)
    path = _path(name, name)
    if path.suffix.lower() not in _FILES:
        known = ", ".join(_FILES)
        raise RunError(f"{quoted(name)} is no destination: its suffix is none of {known}")
    return _FILES[path.suffix.lower()](path)


def _path(file: str, name: str) -> Path:
    if not file or "\0" in file:
        raise RunError(f"{quoted(name)} names no file")
    return Path(file)
