"""From the name of a source to the source."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appleattest.batch.errors import RunError
from appleattest.batch.names import Name, name_of
from appleattest.batch.sources.databases import DuckDB, SQLite
from appleattest.batch.sources.directory import Directory
from appleattest.batch.sources.json_lines import JSONLines
from appleattest.batch.sources.source import Source
from appleattest.batch.sources.tables import Arrow, Parquet
from appleattest.limits import Limits
from appleattest.text import quoted

_JSON_LINES: Final = (".jsonl", ".ndjson")
_PARQUET: Final = (".parquet",)
_ARROW: Final = (".arrow", ".arrows", ".feather", ".ipc")


def open_source(name: str, limits: Limits) -> Source:
    """The source of this name.

    A directory; a file by its suffix (`.jsonl`, `.ndjson`, `.parquet`, `.arrow`, `.arrows`,
    `.feather`, `.ipc`); `sqlite:FILE#TABLE`, `duckdb:FILE#TABLE` or `duckdb:#QUERY`, where a query
    may stand for the table. Raises `RunError` for any other name, and for what is not there.
    """
    parts = name_of(name)
    if parts.scheme:
        return _database(parts)
    path = Path(name)
    suffix = path.suffix.lower()
    if path.is_dir():
        return Directory(path, limits)
    _require(path)
    if suffix in _JSON_LINES:
        return JSONLines(path, limits)
    if suffix in _PARQUET:
        return Parquet(path)
    if suffix in _ARROW:
        return Arrow(path)
    raise RunError(f"{quoted(name)} is no source: no directory, and no suffix that is known")


def _database(name: Name) -> Source:
    scheme, file, asked = name
    if not asked.strip():
        raise RunError(f"say which table after #, as in {scheme}:fleet.db#responses")
    if scheme == "duckdb" and not file:
        return DuckDB(None, asked)
    path = Path(file)
    _require(path)
    return SQLite(path, asked) if scheme == "sqlite" else DuckDB(path, asked)


def _require(path: Path) -> None:
    if not path.is_file():
        raise RunError(f"{quoted(str(path))} is not there, or is no file")
