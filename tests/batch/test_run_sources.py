"""Every kind of source gives the same rows, and what cannot be read says why."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from batch_rows import EARLIER, EVENT, MDM, NONCE, PEM, PLIST, SERIAL
from pyarrow import parquet
from run_tools import ROWS, SOURCES, as_json, record_batch, write_files, write_parquet, write_sqlite

from appleattest.batch import RunError
from appleattest.batch.destinations import open_destination
from appleattest.batch.sources import (
    MOST_OCTETS,
    MOST_ROWS,
    PROBLEM,
    cells,
    open_source,
    tables,
)
from appleattest.batch.sources.json_lines import JSONLines
from appleattest.batch.sources.source import chunks_of_batches, chunks_of_rows
from appleattest.limits import Limits

LIMITS = Limits()


def rows_of(name: str) -> list[dict[str, Any]]:
    return [row for chunk in open_source(name, LIMITS).chunks() for row in chunk.to_pylist()]


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_gives_the_same_rows(kind: str, tmp_path: Path) -> None:
    name = SOURCES[kind](tmp_path, ROWS)
    found = rows_of(name)
    assert [(row["id"], row["attestation"]) for row in found] == [
        (row.id, row.attestation) for row in ROWS
    ]
    assert [row.get("nonce") for row in found] == [row.nonce for row in ROWS]
    assert all(row.get(PROBLEM) is None for row in found)
    source = open_source(name, LIMITS)
    assert source.count() in (len(ROWS), None)
    assert source.identity() == open_source(name, LIMITS).identity()
    json.dumps(source.identity())


def test_a_query_of_duckdb(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="install appleattest[duckdb]")
    path = write_parquet(tmp_path, ROWS)
    query = f"duckdb:#FROM '{path}' WHERE id IS NOT NULL"
    assert [row["id"] for row in rows_of(query)] == [row.id for row in ROWS if row.id is not None]
    assert open_source(query, LIMITS).count() is None
    database = tmp_path / "rows.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE TABLE rows AS FROM '{path}'")
    assert len(rows_of(f"duckdb:{database}#rows")) == len(ROWS)
    assert open_source(f"duckdb:{database}#rows", LIMITS).identity()["file"] == str(database)
    with pytest.raises(RunError, match="the query cannot be run"):
        rows_of("duckdb:#SELECT nothing")


def test_duckdb_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(RunError, match=r"install appleattest\[duckdb\]"):
        rows_of("duckdb:#SELECT 1")


def test_a_directory(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    (files / "link").symlink_to("a.plist")
    (files / "large").write_bytes(b"x" * 200_000)
    (files / os.fsdecode(b"n\xff")).write_bytes(b"y")
    source = open_source(str(files), LIMITS)
    found = {row["id"]: row for row in rows_of(str(files))}
    assert list(found) == ["a.plist", "below/b.plist", "large", "link", "n\\xff"]
    assert source.count() == len(found)
    assert found["a.plist"]["nonce"] == NONCE
    assert found["a.plist"]["serial_number"] == SERIAL
    assert found["below/b.plist"]["nonce"] is None
    assert found["link"][PROBLEM] == "attestation is no file, but a link or a device"
    assert len(found["large"]["attestation"]) == LIMITS.json_bytes + 1


def test_a_directory_that_changed_is_another_source(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    before = open_source(str(files), LIMITS).identity()
    (files / "below" / "b.plist").write_bytes(b"longer than it was" * 1000)
    assert open_source(str(files), LIMITS).identity() != before


@pytest.mark.parametrize("sidecar", [b"[]", b"x"], ids=["no object", "no JSON"])
def test_a_sidecar_that_cannot_be_read(sidecar: bytes, tmp_path: Path) -> None:
    files = write_files(tmp_path)
    (files / "a.plist.expect.json").write_bytes(sidecar)
    assert "beside the file is no JSON object" in rows_of(str(files))[0][PROBLEM]


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_files(tmp_path)
    right = os.open

    def wrong(path: Any, *arguments: Any) -> Any:
        if str(path).endswith("a.plist"):
            raise PermissionError(13, "Permission denied")
        return right(path, *arguments)

    monkeypatch.setattr(os, "open", wrong)
    assert rows_of(str(files))[0][PROBLEM] == "attestation cannot be read: Permission denied"


def lines(path: Path, *given: bytes) -> list[dict[str, Any]]:
    file = path / "rows.jsonl"
    file.write_bytes(b"\n".join(given))
    assert open_source(str(file), LIMITS).count() == len(given)
    return rows_of(str(file))


def test_lines_that_cannot_be_read(tmp_path: Path) -> None:
    good = json.dumps(as_json(MDM)).encode()
    found = lines(tmp_path, b"x", b"[]", b"", good, b'"' + b"y" * 1_000_000 + b'"', good)
    assert [row[PROBLEM] for row in found] == [
        "line 1 is not JSON",
        "line 2 is no JSON object",
        None,
        "line 5 has more than 327,680 octets",
        None,
    ]
    assert found[2]["attestation"] == found[4]["attestation"] == PLIST


def test_lines_end_with_a_line_feed_or_without(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    for content, count in ((b"", 0), (b"{}", 1), (b"{}\n", 1), (b"{}\n{}", 2)):
        file.write_bytes(content)
        assert open_source(str(file), LIMITS).count() == len(rows_of(str(file))) == count


TIME = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("id", 7, "7"),
        ("id", 1.5, "1.5"),
        ("nonce", "bm5u", b"nnn"),
        ("nonce", "_-8", b"\xff\xef"),
        ("nonce", b"nnn", b"nnn"),
        ("attestation", PEM.decode(), PEM),
        ("attestation", EVENT.decode(), EVENT),
        ("attestation", "<plist/>", b"<plist/>"),
        ("at", "2026-01-31T13:00:00+01:00", TIME),
        ("previous_nonces", ["bm5u"], [{"nonce": b"nnn", "sent_at": None}]),
        (
            "previous_nonces",
            '[{"nonce": "bm5u", "sent_at": "2026-01-31T12:00:00Z"}]',
            [{"nonce": b"nnn", "sent_at": TIME}],
        ),
    ],
    ids=range(11),
)
def test_cells(name: str, cell: object, value: object) -> None:
    assert cells.row_of({name: cell}) == {name: value}


@pytest.mark.parametrize(
    ("name", "cell", "problem"),
    [
        ("id", True, "id is text, not 'bool'"),
        ("token", 7, "token is text, not 'int'"),
        ("token", "\ud800", "token has a lone surrogate, which is no character"),
        ("nonce", "n n", "nonce is not base64"),
        ("nonce", "<n>", "nonce is not base64"),
        ("nonce", [], "nonce is text, not 'list'"),
        ("attestation", "\u00e9", "attestation is not base64"),
        ("at", "yesterday", "at is no time such as 2026-01-31T12:00:00Z"),
        ("at", "2026-01-31T12:00:00", "at is no time such as 2026-01-31T12:00:00Z"),
        ("at", 7, "at is no time such as 2026-01-31T12:00:00Z"),
        ("previous_nonces", "x", "previous_nonces is not a list in JSON"),
        ("previous_nonces", 7, "previous_nonces is a list, not 'int'"),
        ("previous_nonces", [{}], "previous_nonces is text, not 'NoneType'"),
    ],
    ids=range(13),
)
def test_cells_that_cannot_be_read(name: str, cell: object, problem: str) -> None:
    id_ = None if name == "id" else "7"
    assert cells.row_of({"id": id_, name: cell}) == {"id": id_, PROBLEM: problem}


def test_sqlite(tmp_path: Path) -> None:
    name = write_sqlite(tmp_path, ROWS).removesuffix("#rows")
    first = "SELECT * FROM rows LIMIT 1"
    assert [row["id"] for row in rows_of(f"{name}#{first}")] == [ROWS[0].id]
    for asked, problem in (
        ("#nothing", "the database cannot be read: no such table"),
        ("#SELECT id FROM rows", "no columns id and attestation"),
        ("#SELECT attestation FROM rows", "no columns id and attestation"),
        ("#SELECT id, attestation, nonce, nonce FROM rows", "has 2 columns nonce"),
        ("#DROP TABLE rows", "neither the name of a table nor a query"),
        ("", "say which table after #"),
        ("# ", "say which table after #"),
    ):
        with pytest.raises(RunError, match=problem):
            rows_of(name + asked)
    assert len(rows_of(f"{name}#rows")) == len(ROWS)


def test_a_database_is_never_written(tmp_path: Path) -> None:
    name = write_sqlite(tmp_path, ROWS).removesuffix("#rows")
    deleting = "WITH x AS (SELECT 1) DELETE FROM rows"
    with pytest.raises(RunError, match="the database cannot be read"):
        rows_of(f"{name}#{deleting}")
    with closing(sqlite3.connect(tmp_path / "rows.db")) as database:
        assert database.execute("SELECT count(*) FROM rows").fetchone() == (len(ROWS),)


def test_a_database_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write_sqlite(tmp_path, ROWS)

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(RunError, match="the database cannot be read: unable"):
        rows_of(name)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_files_that_are_not_what_their_name_says(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(b"neither of the two, and long enough")
    with pytest.raises(RunError, match="the source is no"):
        rows_of(str(path))


def test_names_that_are_no_source(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_bytes(b"")
    for name, problem in (
        (f"{tmp_path}/rows.txt", "no suffix that is known"),
        (f"{tmp_path}/rows.jsonl", "is not there, or is no file"),
        (f"sqlite:{tmp_path}/rows.db#rows", "is not there, or is no file"),
        ("rows\0.jsonl", "is not there, or is no file"),
    ):
        with pytest.raises(RunError, match=problem):
            open_source(name, LIMITS)


def test_chunks_are_bounded_by_rows() -> None:
    found = list(chunks_of_rows({"id": str(each)} for each in range(2 * MOST_ROWS + 1)))
    assert [each.num_rows for each in found] == [MOST_ROWS, MOST_ROWS, 1]
    batch = pa.RecordBatch.from_arrays([list(range(2 * MOST_ROWS + 1))], names=["id"])
    assert [each.num_rows for each in chunks_of_batches([batch])] == [MOST_ROWS, MOST_ROWS, 1]


def test_chunks_are_bounded_by_octets() -> None:
    large = b"x" * (MOST_OCTETS // 2 + 1)

    def rows() -> Iterator[dict[str, Any]]:
        yield from ({"attestation": large}, {"attestation": large}, {"attestation": large})

    assert [each.num_rows for each in chunks_of_rows(rows())] == [2, 1]
    batch = pa.RecordBatch.from_arrays([[large] * 3 + [large * 2]], names=["attestation"])
    assert [each.num_rows for each in chunks_of_batches([batch])] == [1, 1, 1, 1]


def test_other_columns_are_left_out_and_columns_that_stand_twice_are_not_chosen_from() -> None:
    batch = record_batch(ROWS).append_column("other", pa.nulls(len(ROWS)))
    (found,) = chunks_of_batches([batch])
    assert "other" not in found.schema.names
    (found,) = chunks_of_batches([batch.append_column("id", pa.nulls(len(ROWS)))])
    assert found.schema.names.count("id") == 2


def test_parquet_reads_the_columns_of_a_row_alone(tmp_path: Path) -> None:
    table = pa.Table.from_batches([record_batch([MDM._replace(nonce=EARLIER)])])
    parquet.write_table(table.append_column("other", pa.nulls(1)), tmp_path / "rows.parquet")
    (row,) = rows_of(str(tmp_path / "rows.parquet"))
    assert "other" not in row
    assert row["nonce"] == EARLIER


def test_text_of_sqlite_that_is_no_utf_8_is_its_row_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "rows.db")) as database:
        database.execute("CREATE TABLE rows (id, attestation)")
        database.execute("INSERT INTO rows VALUES (CAST(x'ff41' AS TEXT), x'00'), ('b', x'01')")
        database.commit()
    first, second = rows_of(f"sqlite:{tmp_path}/rows.db#rows")
    assert first[PROBLEM] == "id has a lone surrogate, which is no character"
    assert (second["id"], second[PROBLEM]) == ("b", None)


def test_a_database_that_breaks_while_it_is_read(tmp_path: Path) -> None:
    write_sqlite(tmp_path, ROWS)
    breaking = "SELECT abs(-9223372036854775807 - (id IS NULL)) AS x, id, attestation FROM rows"
    with pytest.raises(RunError, match="the database cannot be read: integer overflow"):
        rows_of(f"sqlite:{tmp_path}/rows.db#{breaking}")
    assert len(rows_of(f"sqlite:{tmp_path}/rows.db#{breaking} WHERE id IS NOT NULL")) == 7


def test_a_query_of_duckdb_is_one_and_writes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="pip install duckdb")
    query, to = f"FROM '{write_parquet(tmp_path, ROWS)}'", tmp_path / "told.csv"
    for more in (f"; COPY (SELECT 1) TO '{to}'", "; SELECT 1"):
        with pytest.raises(RunError, match="one query alone"):
            rows_of(f"duckdb:#{query}{more}")
    with pytest.raises(RunError, match="one query alone"):
        rows_of("duckdb:#WITH x AS (SELECT 1) INSERT INTO t FROM x")
    assert not to.exists()
    assert len(rows_of(f"duckdb:#{query}")) == len(ROWS)


def test_a_table_of_duckdb_reads_no_other_file(tmp_path: Path) -> None:
    """Whoever made the database may have made a view of it."""
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb")
    source, path = write_parquet(tmp_path, ROWS), tmp_path / "rows.duckdb"
    with duckdb.connect(path) as database:
        database.execute(f"CREATE VIEW rows AS FROM '{source}'")
        database.execute(f"CREATE TABLE copied AS FROM '{source}'")
    with pytest.raises(RunError, match="file system operations are disabled"):
        rows_of(f"duckdb:{path}#rows")
    assert len(rows_of(f"duckdb:{path}#copied")) == len(ROWS)
    assert len(rows_of(f"duckdb:{path}#FROM rows")) == len(ROWS)


def test_duckdb_fetches_no_extension(tmp_path: Path) -> None:
    """It would: the file is of SQLite, which needs one."""
    pytest.importorskip("duckdb", reason="pip install duckdb")
    write_sqlite(tmp_path, ROWS)
    with pytest.raises(RunError, match="disabled through configuration"):
        rows_of(f"duckdb:{tmp_path}/rows.db#rows")
    with pytest.raises(RunError, match="the destination is no database") as refused:
        open_destination(f"duckdb:{tmp_path}/rows.db").exists()
    assert "download" not in str(refused.value)


def test_a_long_line_is_a_row_also_where_it_begins_with_spaces(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    most = JSONLines(path, LIMITS)._limits.json_bytes
    path.write_bytes(b" " * (most + 1) + b'{"id": "a"}\n' + b" " * most + b'\n{"id": "b"}\n')
    first, second = rows_of(str(path))
    assert first[PROBLEM] == f"line 1 has more than {most:,} octets"
    assert second["id"] == "b"


@pytest.mark.parametrize("other", ["link", "fifo"])
def test_a_sidecar_is_a_file(other: str, tmp_path: Path) -> None:
    files = write_files(tmp_path)
    sidecar = files / "a.plist.expect.json"
    sidecar.rename(tmp_path / "elsewhere.json")
    if other == "link":
        sidecar.symlink_to(tmp_path / "elsewhere.json")
    else:
        if not hasattr(os, "mkfifo"):
            pytest.skip("Windows has no such file")
        os.mkfifo(sidecar)  # which nobody writes to
    assert "attestation cannot be read" in rows_of(str(files))[0][PROBLEM]
    sidecar.unlink()
    (tmp_path / "elsewhere.json").rename(sidecar)
    assert rows_of(str(files))[0][PROBLEM] is None


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()], ids=str)
def test_a_column_of_arrow_that_lies_about_its_values(kind: pa.DataType, tmp_path: Path) -> None:
    """Its values would be read from somewhere else in this process."""
    path = tmp_path / "rows.arrow"
    for offset in (900_000_000, -5, 4):
        offsets = pa.py_buffer(struct.pack("<iii", 0, offset, 8))
        column = pa.Array.from_buffers(kind, 2, [None, offsets, pa.py_buffer(b"\xff" * 8)])
        ids = pa.array(["a", "b"])
        names = ["id", "carrier", "attestation", "note"]
        rows = pa.RecordBatch.from_arrays([ids, ids, column, ids], names)
        with pa.ipc.new_file(str(path), rows.schema) as file:
            file.write_batch(rows)
        if offset != 4:
            with pytest.raises(RunError, match="Offset invariant failure"):
                rows_of(str(path))
    (chunk,) = open_source(str(path), LIMITS).chunks()  # what is no UTF-8 is for each row to say
    assert chunk.num_rows == 2


def test_parquet_that_is_damaged_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_parquet(tmp_path, ROWS)

    def broken(*_: object, **__: object) -> None:
        raise pa.ArrowInvalid("a page is damaged")

    with monkeypatch.context() as patched:
        patched.setattr(tables, "chunks_of_batches", broken)
        with pytest.raises(RunError, match="the source cannot be read: a page is damaged"):
            rows_of(source)
    assert len(rows_of(source)) == len(ROWS)
