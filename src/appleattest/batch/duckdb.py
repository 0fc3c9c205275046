"""Batches in SQL: a function for the queries of a DuckDB connection.

    from appleattest.batch.duckdb import register

    register(connection, settings)
    connection.sql("SELECT unnest(verify_attestation(id, 'acme', response, token := token)) FROM t")

Install `appleattest[duckdb]`. Nothing here imports the package duckdb: the connection has it all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Final

from appleattest.batch import INPUT_COLUMNS, OUTPUT_COLUMNS, columns, verify_table
from appleattest.batch.columns import STRUCTS
from appleattest.batch.settings import Settings, checked_settings

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

__all__ = ["register"]

_PLAIN: Final = {
    columns.TEXT: "VARCHAR",
    columns.OCTETS: "BLOB",
    columns.TIME: "TIMESTAMPTZ",
    columns.TRUTH: "BOOLEAN",
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REQUIRED: Final = 3
"""Columns that a call names first and without saying so; the others are null where unnamed."""

_numbers: Final = count(1)
"""DuckDB replaces no Python function, so that each registration makes one of its own."""


def register(
    connection: DuckDBPyConnection,
    settings: Settings | None = None,
    *,
    name: str = "verify_attestation",
) -> None:
    """Give the connection a function that returns the verdict about a row, as a STRUCT.

    In SQL it takes `id`, `carrier` and `attestation`, in this order, and the other columns of the
    input by name (`nonce := nonce`), where they are not null. The fields of the STRUCT are the
    columns of the verdicts. A query fails where a column is of a type that no row can have.

    Only this connection has the function, and no database keeps it. A second call with the same
    `name` replaces it. Without settings, those of `Settings()`. Raises `TypeError` where `settings`
    is no `Settings`, and `ValueError` where `name` is no plain name of SQL.
    """
    if not isinstance(name, str):
        raise TypeError(f"name is text, not {type(name).__name__}")
    if not _NAME.fullmatch(name):
        raise ValueError("name is letters of ASCII, digits and underscores, no digit first")
    function = f"{name}_{next(_numbers)}"
    # The texts stand for members of enumerations, whose module is not the same in every release.
    create_function: Callable[..., object] = connection.create_function
    create_function(
        function,
        _taking_columns(checked_settings(settings)),
        return_type=_struct(connection, [(each.name, each.type) for each in OUTPUT_COLUMNS]),
        type="arrow",
        null_handling="special",
    )
    connection.execute(_macro(name, function))


def _macro(name: str, function: str) -> str:
    """What lets a query name the columns that it has: a function of Python takes all of them."""
    quoted = [f'"{each.name}"' for each in INPUT_COLUMNS]
    optional = [f"{each} := NULL" for each in quoted[_REQUIRED:]]
    return (
        f"CREATE OR REPLACE TEMP MACRO {name}({', '.join(quoted[:_REQUIRED] + optional)}) AS "
        f"{function}({', '.join(quoted)})"
    )


def _taking_columns(settings: Settings) -> Callable[..., pa.ChunkedArray]:
    """The function as DuckDB calls it: with an array for each column, in the order of the input."""
    import pyarrow as pa

    names = [each.name for each in INPUT_COLUMNS]
    # DuckDB evaluates annotations, and these need pyarrow: a lambda has none.
    return lambda *given: verify_table(pa.table(given, names), settings).to_struct_array()


def _type(connection: DuckDBPyConnection, kind: str) -> DuckDBPyType:
    """The type of DuckDB for one of `columns`."""
    if kind in STRUCTS:
        return connection.list_type(_struct(connection, STRUCTS[kind]))
    if kind == columns.TEXTS:
        return connection.list_type(_type(connection, columns.TEXT))
    return connection.sqltype(_PLAIN[kind])


def _struct(connection: DuckDBPyConnection, fields: Iterable[tuple[str, str]]) -> DuckDBPyType:
    return connection.struct_type({name: _type(connection, kind) for name, kind in fields})
