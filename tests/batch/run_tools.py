"""Sources and destinations of every kind, and what stands in them, for the tests of runs."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from batch_rows import ACME, GOOD, MDM, NONCE, OF_CHAIN, SERIAL
from pyarrow import parquet

from appleattest.batch import INPUT_SCHEMA, Row

ROWS: Final = (
    *GOOD,
    MDM._replace(id="another nonce", nonce=b"another"),
    MDM._replace(id="no nonce", nonce=None),
    ACME._replace(id="an earlier token", token="3uO9Yz0bJkqQm1sVtXwA4g"),
    OF_CHAIN._replace(id="no chain", attestation=b"x"),
    MDM._replace(id=None),
)
VERDICTS: Final = (
    ("of mdm", "verified"),
    ("of acme", "verified"),
    ("of a chain", "verified"),
    ("another nonce", "refused"),
    ("no nonce", "invalid"),
    ("an earlier token", "refused"),
    ("no chain", "refused"),
    (None, "verified"),
)


def record_batch(rows: Sequence[Row]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    made = [pa.array(each, field.type) for each, field in zip(columns, INPUT_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(made, names=INPUT_SCHEMA.names)


def as_json(row: Row) -> dict[str, Any]:
    """The row as a line of JSON Lines has it."""
    return {
        name: b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in row._asdict().items()
        if value is not None
    }


def write_json_lines(folder: Path, rows: Sequence[Row]) -> str:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(as_json(row)) + "\n" for row in rows))
    return str(path)


def write_parquet(folder: Path, rows: Sequence[Row]) -> str:
    path = folder / "rows.parquet"
    parquet.write_table(pa.Table.from_batches([record_batch(rows)]), path)
    return str(path)


def write_arrow(folder: Path, rows: Sequence[Row]) -> str:
    path = folder / "rows.arrow"
    batch = record_batch(rows)
    with pa.ipc.new_file(path, batch.schema) as writer:
        writer.write_batch(batch)
    return str(path)


def write_arrow_stream(folder: Path, rows: Sequence[Row]) -> str:
    path = folder / "rows.arrows"
    batch = record_batch(rows)
    with pa.ipc.new_stream(path, batch.schema) as writer:
        writer.write_batch(batch)
    return str(path)


def write_sqlite(folder: Path, rows: Sequence[Row]) -> str:
    path = folder / "rows.db"
    names = ["id", "carrier", "attestation", "nonce", "token", "freshness", "identifier"]
    names.append("serial_number")
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE rows ({', '.join(names)})")
        cells = ", ".join("?" * len(names))
        database.executemany(
            f"INSERT INTO rows VALUES ({cells})",  # noqa: S608 - our own names
            [[getattr(row, name) for name in names] for row in rows],
        )
        database.commit()
    return f"sqlite:{path}#rows"


SOURCES: Final[Mapping[str, Callable[[Path, Sequence[Row]], str]]] = {
    "json": write_json_lines,
    "parquet": write_parquet,
    "arrow": write_arrow,
    "stream": write_arrow_stream,
    "sqlite": write_sqlite,
}


def read_table(path: Path) -> list[dict[str, Any]]:
    """The verdicts in a file of Parquet, Arrow or JSON Lines."""
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    elif path.suffix == ".arrow":
        rows = pa.ipc.open_file(path).read_all().to_pylist()
    elif path.suffix == ".arrows":
        rows = pa.ipc.open_stream(path).read_all().to_pylist()
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    return rows


def told(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str | None, str], ...]:
    """The id and the verdict of each."""
    return tuple((row["id"], row["verdict"]) for row in rows)


def write_files(folder: Path) -> Path:
    """A directory of two responses, the first with a sidecar."""
    files = folder / "files"
    (files / "below").mkdir(parents=True)
    (files / "a.plist").write_bytes(MDM.attestation)
    expected = {"nonce": b64encode(NONCE).decode(), "serial_number": SERIAL}
    (files / "a.plist.expect.json").write_text(json.dumps(expected))
    (files / "below" / "b.plist").write_bytes(MDM.attestation)
    (files / ".hidden").write_bytes(b"x")
    return files
