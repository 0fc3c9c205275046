"""Threads and processes give the same verdicts, and whatever happens to them is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Future
from datetime import UTC, datetime
from multiprocessing import connection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from batch_rows import MDM, SETTINGS
from run_tools import ROWS, VERDICTS, read_table, record_batch, told, write_parquet

from appleattest import batch
from appleattest.batch import RunError, run, runner
from appleattest.batch.running import workers
from appleattest.batch.running.chunks import digest_of, verdicts_of
from appleattest.batch.running.workers import Kind, Workers
from appleattest.batch.sources import PROBLEM
from appleattest.batch.sources import ROWS as SCHEMA
from appleattest.batch.sources import source as source_module


@pytest.mark.parametrize("kind", workers.KINDS)
def test_each_kind_gives_the_same(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MOST_ROWS", 1)
    out = tmp_path / "out.parquet"
    run(write_parquet(tmp_path, ROWS), str(out), SETTINGS, workers=2, kind=kind)
    assert told(read_table(out)) == VERDICTS
    assert read_table(out) == batch.verify_batch(record_batch(ROWS), SETTINGS).to_pylist()


def test_what_is_chosen_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert workers.default_kind(1) == "threads"
    assert workers.default_kind(2) == "processes"
    assert workers.default_workers() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert workers.default_workers() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert workers.default_workers() == 1


def test_a_worker_has_the_settings_and_leaves_interrupts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs in a process of its own, run in this one."""
    ignored: list[Any] = []
    started: list[Any] = []
    monkeypatch.setattr(signal, "signal", lambda *given: ignored.append(given))
    monkeypatch.setattr(threading.Thread, "start", lambda thread: started.append(thread))
    monkeypatch.setattr(workers, "_settings", None)
    workers._begin_worker(SETTINGS)
    assert ignored == [(signal.SIGINT, signal.SIG_IGN)]
    assert [each.daemon for each in started] == [True]
    rows = record_batch(ROWS).slice(1, 2)
    path = tmp_path / "1.part"
    assert workers._write_encoded(workers._encoded(rows), path) == 2
    assert pa.ipc.open_stream(path).read_all().column("id").to_pylist() == ["of acme", "of a chain"]


def test_a_worker_ends_with_the_process_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        sentinel = 7

    waited: list[Any] = []
    ended: list[int] = []
    monkeypatch.setattr(workers, "parent_process", Parent)
    monkeypatch.setattr(connection, "wait", waited.append)
    workers._end_with_parent(ended.append)
    assert (waited, ended) == ([[7]], [1])


def test_a_slice_is_sent_without_the_rest() -> None:
    rows = record_batch([MDM] * 100)
    assert len(workers._encoded(rows.slice(7, 1))) < len(workers._encoded(rows)) / 20


def test_few_chunks_are_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is read no faster than it is verified."""
    begun, allowed = threading.Semaphore(0), threading.Semaphore(0)

    def write(rows: Any, path: Path, settings: Any) -> int:
        begun.release()
        assert allowed.acquire(timeout=60)
        return 1

    monkeypatch.setattr(workers, "_write", write)
    submitted: list[Future[int]] = []
    rows = record_batch([MDM])
    with Workers(SETTINGS, 1, "threads") as pool:

        def submit() -> None:
            submitted.extend(pool.submit(rows, tmp_path) for _ in range(9))

        thread = threading.Thread(target=submit)
        thread.start()
        assert begun.acquire(timeout=60)
        thread.join(0.3)
        assert len(submitted) == 3
        for _ in range(9):
            allowed.release()
        thread.join(60)
        assert [each.result(60) for each in submitted] == [1] * 9


def test_what_cannot_be_submitted_takes_no_room(tmp_path: Path) -> None:
    pool = Workers(SETTINGS, 1, "threads")
    with pool:
        pass
    for _ in range(9):  # more than there is room for
        with pytest.raises(RuntimeError, match="after shutdown"):
            pool.submit(record_batch([MDM]), tmp_path)


def test_a_worker_that_ends_by_itself() -> None:
    broken: Future[int] = Future()
    broken.set_exception(BrokenExecutor())
    with pytest.raises(RunError, match="a worker ended by itself"):
        runner._result(broken)


def test_a_worker_that_ends_while_more_is_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise BrokenExecutor

    source, out = write_parquet(tmp_path, [MDM]), str(tmp_path / "out.parquet")
    with monkeypatch.context() as patched:
        patched.setattr(Workers, "submit", broken)
        with pytest.raises(RunError, match="a worker ended by itself"):
            runner.run(source, out, SETTINGS, workers=1)
    assert runner.run(source, out, SETTINGS, workers=1).rows == 1


PROGRAM = """
import os, signal, sys, threading
from appleattest.batch import Settings, run
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    def interrupt(done, total):
        os.kill(os.getpid(), signal.SIGINT)
    run(sys.argv[1], sys.argv[2], Settings(), workers=2, progress=interrupt)
"""


def test_an_interrupt_leaves_what_goes_on(tmp_path: Path) -> None:
    program, out = tmp_path / "program.py", tmp_path / "out.parquet"
    program.write_text(PROGRAM)
    source = write_parquet(tmp_path, [MDM._replace(nonce=None)] * 5000)
    words = [sys.executable, str(program), source, str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    assert list((tmp_path / "out.parquet.parts").glob("*.part"))
    assert not out.exists()


def test_digests() -> None:
    digest = digest_of(record_batch(ROWS))
    assert digest == digest_of(record_batch(ROWS))
    large = record_batch(ROWS)
    place = large.schema.get_field_index("attestation")
    large = large.set_column(place, "attestation", large.column(place).cast(pa.large_binary()))
    assert digest == digest_of(large)
    others = [
        ROWS[1:],
        (*ROWS[1:], ROWS[0]),
        (ROWS[0]._replace(id="another"), *ROWS[1:]),
        (ROWS[0]._replace(attestation=b"x"), *ROWS[1:]),
        (ROWS[0]._replace(at=datetime(2026, 1, 1, tzinfo=UTC)), *ROWS[1:]),
    ]
    assert len({digest, *(digest_of(record_batch(each)) for each in others)}) == len(others) + 1
    beyond = pa.RecordBatch.from_arrays([pa.array([2**62], pa.timestamp("us", "UTC"))], ["at"])
    assert digest_of(beyond) == digest_of(beyond)


def test_rows_that_could_not_be_read() -> None:
    columns = [pa.array([None] * 3, field.type) for field in SCHEMA]
    rows = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    place = SCHEMA.get_field_index(PROBLEM)
    rows = rows.set_column(place, PROBLEM, pa.array([None, "a problem", None]))
    rows = rows.set_column(SCHEMA.get_field_index("id"), "id", pa.array(["1", "2", "3"]))
    found = verdicts_of(rows, SETTINGS)
    assert found.schema == batch.OUTPUT_SCHEMA
    assert found.column("id").to_pylist() == ["1", "2", "3"]
    carrier = 'carrier is "mdm", "acme" or "chain"'
    assert found.column("message").to_pylist() == [carrier, "a problem", carrier]
