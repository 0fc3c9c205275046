"""What acme2certifier does not keep: three tables of our own in its SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS device_challenge (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS device_key (order_name TEXT PRIMARY KEY, spki BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS device_certificate (
    spki_sha256 BLOB PRIMARY KEY, order_name TEXT NOT NULL);
"""


class Store:
    """The tables in the database file `path`; each call is one transaction."""

    def __init__(self, path: str) -> None:
        self._path = path

    def begin(self, challenge: str) -> bool:
        """Whether nobody has answered this challenge before: of two at once, one has."""
        return self._execute("INSERT OR IGNORE INTO device_challenge VALUES (?)", challenge)

    def keep_problem(self, challenge: str, problem: str) -> None:
        """Write the problem into the column that acme2certifier reads it from."""
        written = "UPDATE challenge SET validation_error = ? WHERE name = ?"
        self._execute(written, problem, challenge)

    def keep(self, order: str, spki: bytes) -> None:
        """Remember the attested key of an order, which has one challenge and so one key."""
        self._execute("INSERT INTO device_key VALUES (?, ?)", order, spki)

    def attested_key(self, order: str) -> bytes | None:
        """The attested key of an order, or None: then no device has answered."""
        with self._connected() as database:
            found = "SELECT spki FROM device_key WHERE order_name = ?"
            row = database.execute(found, [order]).fetchone()
        return None if row is None else bytes(row[0])

    def use_key(self, order: str, spki_sha256: bytes) -> bool:
        """Whether this is the first order that gets a certificate for the key."""
        used = "INSERT OR IGNORE INTO device_certificate VALUES (?, ?)"
        return self._execute(used, spki_sha256, order)

    def _execute(self, statement: str, *values: str | bytes) -> bool:
        with self._connected() as database:
            return database.execute(statement, values).rowcount == 1

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as database:
            database.executescript(_SCHEMA)
            with database:
                yield database
