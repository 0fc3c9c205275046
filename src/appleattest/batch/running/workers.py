"""Who verifies the chunks: threads of this process, or processes of their own.

A process is spawned and not forked, so that no lock of this one is in it. It gets the settings
once, and ends when the process that started it does.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pyarrow as pa

from appleattest.batch.running.chunks import digest_of, verdicts_of
from appleattest.batch.running.parts import write_part
from appleattest.batch.settings import Settings

Kind: TypeAlias = Literal["threads", "processes"]
"""What the workers of a run are."""
KINDS: Final[tuple[Kind, ...]] = ("threads", "processes")
_IN_FLIGHT: Final = 2
"""Chunks that are read ahead for each worker."""

_settings: Settings | None = None
"""Those of this process, where it is a worker."""


def default_workers() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_kind(workers: int) -> Kind:
    """Processes, or this process where there is one worker.

    docs/guide-batch-runs.md has the measurement that says so, for each backend of signatures.
    """
    return "processes" if workers > 1 else "threads"


class Workers:
    """Workers that write parts. Use it in a `with`: leaving it lets begun chunks end."""

    def __init__(self, settings: Settings, workers: int, kind: Kind) -> None:
        self._settings = settings
        self._room = threading.BoundedSemaphore(workers * (1 + _IN_FLIGHT))
        self._pool: Executor
        if kind == "threads":
            self._pool = ThreadPoolExecutor(workers)
        else:
            self._pool = ProcessPoolExecutor(
                workers, get_context("spawn"), initializer=_begin_worker, initargs=(settings,)
            )
        self._is_of_processes = kind == "processes"

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, rows: pa.RecordBatch, path: Path) -> Future[int]:
        """Have the part of these rows written; wait first while too many chunks are under way.

        The future has the number of rows, or what went wrong.
        """
        self._room.acquire()
        try:
            begun = self._submitted(rows, path)
        except BaseException:
            self._room.release()
            raise
        begun.add_done_callback(lambda _: self._room.release())
        return begun

    def _submitted(self, rows: pa.RecordBatch, path: Path) -> Future[int]:
        if self._is_of_processes:
            return self._pool.submit(_write_encoded, _encoded(rows), path)
        return self._pool.submit(_write, rows, path, self._settings)


def _write(rows: pa.RecordBatch, path: Path, settings: Settings) -> int:
    write_part(path, digest_of(rows), verdicts_of(rows, settings))
    return int(rows.num_rows)


def _write_encoded(encoded: bytes, path: Path) -> int:
    assert _settings is not None  # noqa: S101 - the initializer of a worker has set them
    return _write(next(iter(pa.ipc.open_stream(encoded))), path, _settings)


def _encoded(rows: pa.RecordBatch) -> bytes:
    """The rows for another process: these rows alone, also those of a slice."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_batch(rows)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def _begin_worker(settings: Settings) -> None:
    """Keep the settings. An interrupt from the terminal is for the process that started this."""
    global _settings  # noqa: PLW0603 - what each worker has once
    _settings = settings
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(os._exit,), daemon=True).start()


def _end_with_parent(end: Callable[[int], object]) -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = parent_process()
    assert parent is not None  # noqa: S101 - a worker was started by another process
    connection.wait([parent.sentinel])
    end(1)
