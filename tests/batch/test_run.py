"""A run from every source to every destination: one verdict a row, in order, all or nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from batch_rows import AT, AUTHORITY, GOOD, MDM, SETTINGS
from pyarrow import parquet
from run_tools import (
    ROWS,
    SOURCES,
    VERDICTS,
    read_table,
    record_batch,
    told,
    write_files,
    write_json_lines,
    write_parquet,
    write_sqlite,
)

from appleattest import Limits, batch
from appleattest.batch import OUTPUT_SCHEMA, RunError, Settings, Summary, run, runner, sources
from appleattest.batch.destinations import files
from appleattest.batch.sources import source as source_module
from appleattest.policy import Policy, SIPEnabled
from appleattest.times import rfc3339

FILES = ("out.jsonl", "out.ndjson", "out.parquet", "out.arrow", "out.arrows")


def run_here(
    source: str, destination: object, settings: Settings = SETTINGS, **how: Any
) -> Summary:
    return run(source, str(destination), settings, **{"workers": 1, **how})


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows, so that few rows are several chunks."""
    monkeypatch.setattr(source_module, "MOST_ROWS", 3)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source(kind: str, tmp_path: Path, small_chunks: None) -> None:
    found = run_here(SOURCES[kind](tmp_path, ROWS), tmp_path / "out.parquet")
    assert told(read_table(tmp_path / "out.parquet")) == VERDICTS
    assert (found.rows, found.verified, found.refused, found.invalid) == (8, 4, 3, 1)
    assert not list(tmp_path.glob("*.parts"))


@pytest.mark.parametrize("name", FILES)
def test_every_file(name: str, tmp_path: Path, small_chunks: None) -> None:
    run_here(write_parquet(tmp_path, ROWS), tmp_path / name)
    assert told(read_table(tmp_path / name)) == VERDICTS


def test_a_file_holds_what_verify_batch_gives(tmp_path: Path) -> None:
    expected = batch.verify_batch(record_batch(ROWS), SETTINGS)
    source = write_parquet(tmp_path, ROWS)
    run_here(source, tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.schema.equals(OUTPUT_SCHEMA)
    assert table.to_pylist() == expected.to_pylist()
    run_here(source, tmp_path / "out.jsonl")
    verdicts = [each.to_dict() for each in batch.verify_many(ROWS, SETTINGS)]
    assert read_table(tmp_path / "out.jsonl") == verdicts


def test_parquet_has_row_groups_of_many_chunks(
    tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    for most, groups in ((20_000, 1), (6, 2), (3, 3)):
        monkeypatch.setattr(files, "_ROWS", most)
        run_here(source, out, overwrite=True)
        assert parquet.ParquetFile(out).metadata.num_row_groups == groups


def test_no_rows(tmp_path: Path) -> None:
    for name in FILES:
        assert run_here(write_json_lines(tmp_path, ()), tmp_path / name).rows == 0
        assert read_table(tmp_path / name) == []


def test_sqlite(tmp_path: Path, small_chunks: None) -> None:
    database = tmp_path / "rows.db"
    run_here(write_sqlite(tmp_path, ROWS), f"sqlite:{database}")
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM verdicts ORDER BY rowid")]
    assert told(rows) == VERDICTS
    assert list(rows[0]) == list(OUTPUT_SCHEMA.names)
    assert rows[0]["malformed"] == "[]"
    assert rows[0]["anchored_at_apple"] == 0
    assert rows[0]["verified_at"] == rfc3339(AT)
    assert isinstance(rows[0]["spki_sha256"], bytes)
    assert json.loads(rows[0]["discrepancies"]) == []
    with pytest.raises(RunError, match="is there already"):
        run_here(f"sqlite:{database}#rows", f"sqlite:{database}#VERDICTS")
    run_here(f"sqlite:{database}#rows", f"sqlite:{database}#VERDICTS", overwrite=True)
    run_here(f"sqlite:{database}#rows", f"sqlite:{database}#others")
    assert run_here(f"sqlite:{database}#rows", f"sqlite:{tmp_path}/new.db").rows == 8


def test_duckdb(tmp_path: Path, small_chunks: None) -> None:
    duckdb = pytest.importorskip("duckdb", reason="install appleattest[duckdb]")
    database = tmp_path / "out.duckdb"
    source = write_parquet(tmp_path, ROWS)
    run_here(source, f"duckdb:{database}#told")
    with pytest.raises(RunError, match="is there already"):
        run_here(source, f"duckdb:{database}#told")
    run_here(source, f"duckdb:{database}#told", overwrite=True)
    run_here(source, f"duckdb:{database}")
    with duckdb.connect(str(database)) as connection:
        for name in ("told", "verdicts"):
            assert tuple(connection.table(name).project("id, verdict").fetchall()) == VERDICTS


def test_a_directory(tmp_path: Path) -> None:
    source = str(write_files(tmp_path))
    run_here(source, tmp_path / "out.jsonl", carrier="mdm")
    assert told(read_table(tmp_path / "out.jsonl")) == (
        ("a.plist", "verified"),
        ("below/b.plist", "invalid"),
    )
    free = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True, any_device=True)
    assert run_here(source, tmp_path / "free.jsonl", free, carrier="mdm").verified == 2
    assert run_here(source, tmp_path / "none.jsonl").invalid == 2


def test_a_row_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    source = Path(write_json_lines(tmp_path, GOOD))
    source.write_bytes(source.read_bytes().replace(b"\n", b"\nx\n", 1))
    found = run_here(str(source), tmp_path / "out.jsonl")
    rows = read_table(tmp_path / "out.jsonl")
    assert [row["verdict"] for row in rows] == ["verified", "invalid", "verified", "verified"]
    assert rows[1] == {
        **dict.fromkeys(OUTPUT_SCHEMA.names),
        "verdict": "invalid",
        "message": "line 2 is not JSON",
    }
    assert found.counts("message") == {"line 2 is not JSON": 1}


def test_a_file_that_is_too_large_is_a_row_that_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "large").write_bytes(b"x" * 10_000_000)
    free = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True, any_device=True)
    found = run_here(str(folder), tmp_path / "out.jsonl", free, carrier="mdm")
    assert found.counts("reason") == {"too-large": 1}


@pytest.mark.parametrize("column", [None, "null", "dictionary"])
def test_the_carrier_of_rows_that_name_none(column: str | None, tmp_path: Path) -> None:
    table = pa.Table.from_batches([record_batch([MDM, MDM])])
    place = table.schema.get_field_index("carrier")
    table = table.remove_column(place)
    if column is not None:
        values = pa.array([None, "mdm"])
        values = values.dictionary_encode() if column == "dictionary" else values
        table = table.add_column(place, "carrier", values)
    source = tmp_path / "rows.parquet"
    parquet.write_table(table, source)
    assert run_here(str(source), tmp_path / "out.jsonl", carrier="mdm").verified == 2
    for wrong in ("", "MDM", 7):
        with pytest.raises(ValueError, match='carrier is "mdm", "acme" or "chain"'):
            run_here(str(source), tmp_path / "out.jsonl", carrier=wrong)


def test_rows_are_judged_as_of_one_time(tmp_path: Path) -> None:
    source = write_parquet(tmp_path, [MDM, MDM])
    later = Settings(trust=AUTHORITY.trust, at=AT + timedelta(hours=1))
    run_here(source, tmp_path / "out.parquet", later)
    rows = read_table(tmp_path / "out.parquet")
    assert {row["verified_at"] for row in rows} == {AT + timedelta(hours=1)}


def test_a_policy_has_its_own_count(tmp_path: Path) -> None:
    judged = Settings(trust=AUTHORITY.trust, at=AT, policy=Policy(SIPEnabled()))
    found = run_here(write_parquet(tmp_path, GOOD), tmp_path / "out.parquet", judged)
    assert (found.counts("policy"), found.violated, found.is_clean) == ({"passed": 3}, 0, True)


def test_progress(tmp_path: Path, small_chunks: None) -> None:
    told_: list[tuple[int, int | None]] = []
    run_here(
        write_parquet(tmp_path, ROWS),
        tmp_path / "out.parquet",
        progress=lambda done, total: told_.append((done, total)),
    )
    assert told_ == [(3, 8), (6, 8), (8, 8)]


def test_a_source_that_is_no_table_of_rows(tmp_path: Path) -> None:
    source = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"id": ["1"], "carrier": ["mdm"]}), source)
    with pytest.raises(RunError, match="cannot be read as rows: attestation"):
        run_here(str(source), tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_a_destination_that_is_there(tmp_path: Path) -> None:
    source = write_parquet(tmp_path, ROWS)
    out = tmp_path / "out.parquet"
    out.write_bytes(b"mine")
    with pytest.raises(RunError, match="is there already"):
        run_here(source, out)
    assert out.read_bytes() == b"mine"
    assert not list(tmp_path.glob("*.parts"))
    assert run_here(source, out, overwrite=True).rows == 8
    assert told(read_table(out)) == VERDICTS


def test_destinations_that_cannot_be(tmp_path: Path) -> None:
    source = write_parquet(tmp_path, ROWS)
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "text.db").write_bytes(b"no database, and long enough to be taken for one" * 99)
    for destination, problem in (
        (f"{tmp_path}/out.csv", "is no destination"),
        (f"{tmp_path}/none/out.jsonl", "is no directory"),
        (f"{tmp_path}/folder.jsonl", "is a directory"),
        ("", "names no file"),
        ("a\0.jsonl", "names no file"),
        ("sqlite:#verdicts", "names no file"),
        (f"sqlite:{tmp_path}/out.db#a b", "is no name of a table"),
        (f"sqlite:{tmp_path}/none/out.db", "is no directory"),
        (f"sqlite:{tmp_path}/text.db", "the destination is no database"),
        (f"duckdb:{tmp_path}/none/out.db", "is no directory"),
        (f"duckdb:{tmp_path}/text.db", "the destination is no database"),
    ):
        with pytest.raises(RunError, match=problem):
            run_here(source, destination)


def test_a_destination_that_is_the_source(tmp_path: Path) -> None:
    table, database = write_parquet(tmp_path, ROWS), write_sqlite(tmp_path, ROWS)
    before = Path(table).read_bytes()
    (tmp_path / "link.parquet").symlink_to("rows.parquet")
    for source, destination in (
        (table, table),
        (f"{tmp_path}/link.parquet", table),
        (database, database.replace("#rows", "#ROWS")),
    ):
        with pytest.raises(RunError, match="the destination is the source"):
            run_here(source, destination, overwrite=True)
    assert Path(table).read_bytes() == before
    assert run_here(database, f"{database}2").rows == 8


def test_a_destination_in_the_source(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    with pytest.raises(RunError, match="the destination lies in the source"):
        run_here(str(files), files / "below" / "out.jsonl", carrier="mdm")
    assert run_here(str(files), tmp_path / "out.jsonl", carrier="mdm").rows == 2


def test_arguments_that_are_wrong(tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), str(tmp_path / "out.parquet")
    with pytest.raises(TypeError, match="settings is a Settings"):
        run(source, out, {})  # type: ignore[arg-type]
    for workers in (0, True, 257, "2"):
        with pytest.raises(ValueError, match="workers is a number from 1 to 256"):
            run_here(source, out, workers=workers)
    with pytest.raises(ValueError, match='kind is "threads" or "processes"'):
        run_here(source, out, kind="fibres")
    assert run(source, out).rows == 8  # of Apple's root, and all refused


def test_what_needs_a_run_is_public() -> None:
    assert batch.run is runner.run
    assert issubclass(RunError, ValueError)
    assert sources.open_source("duckdb:#SELECT 1", Limits()).count() is None


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_view_in_the_place_of_the_table(scheme: str, tmp_path: Path) -> None:
    module = sqlite3 if scheme == "sqlite" else pytest.importorskip("duckdb", reason="install it")
    source, path = write_parquet(tmp_path, ROWS), str(tmp_path / "told.db")
    with closing(module.connect(path)) as database:
        database.execute("CREATE VIEW verdicts AS SELECT 1 AS id")
        database.commit()
    with pytest.raises(RunError, match="the destination cannot be written"):
        run_here(source, f"{scheme}:{path}", overwrite=True)
    with closing(module.connect(path)) as database:
        assert database.execute("SELECT id FROM verdicts").fetchall() == [(1,)]
        database.execute("DROP VIEW verdicts")
        database.commit()
    assert run_here(source, f"{scheme}:{path}").rows == 8


def test_a_destination_that_is_a_link_to_nothing(tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.jsonl"
    out.symlink_to(tmp_path / "nothing")
    with pytest.raises(RunError, match="is there already"):
        run_here(source, out)
    out.unlink()
    assert run_here(source, out).rows == 8


def test_a_column_of_carriers_that_are_octets(tmp_path: Path) -> None:
    for carrier in (b"\xff", "mdm"):
        rows = pa.table({"id": ["a"], "carrier": [carrier], "attestation": [b"x"]})
        parquet.write_table(rows, tmp_path / "rows.parquet")
        if isinstance(carrier, bytes):
            with pytest.raises(RunError, match="carrier: a column of string was expected"):
                run_here(str(tmp_path / "rows.parquet"), tmp_path / "out.jsonl", carrier="mdm")
            shutil.rmtree(tmp_path / "out.jsonl.parts")
    assert run_here(str(tmp_path / "rows.parquet"), tmp_path / "out.jsonl", carrier="mdm").rows == 1
