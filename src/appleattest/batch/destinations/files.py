"""Files of verdicts: written beside the parts, flushed to the disk, and renamed at the end."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import parquet

from appleattest.batch.errors import RunError
from appleattest.batch.running.parts import flush, flush_folder
from appleattest.batch.schemas import OUTPUT_SCHEMA
from appleattest.batch.verdict import Verdict

_COMPRESSION: Final = "zstd"
_ROWS: Final = 20_000
"""Rows of one row group of Parquet."""


class File(ABC):
    """A file of verdicts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.parts = path.with_name(f"{path.name}.parts")

    def exists(self) -> bool:
        """Whether the file is there, or a link to nothing."""
        return self._path.exists() or self._path.is_symlink()

    def check(self) -> None:
        """Raise `RunError` where its folder is not there, or the file is none."""
        if not self._path.parent.is_dir():
            raise RunError(f"{self._path.parent} is no directory: the destination would go there")
        if self._path.is_dir():
            raise RunError(f"{self._path} is a directory: the destination would go there")

    def write(self, verdicts: Iterable[pa.RecordBatch]) -> None:
        """Write the file, which is there whole or not at all."""
        unfinished = self.parts / f"result.{os.getpid()}.tmp"
        with unfinished.open("wb") as file:
            self._write(verdicts, file)
            flush(file)
        unfinished.replace(self._path)
        flush_folder(self._path.parent)

    @abstractmethod
    def _write(self, verdicts: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
        """Write the verdicts to this file."""


class JSONLinesFile(File):
    """One verdict a line, as `Verdict.to_dict()` has it."""

    def _write(self, verdicts: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
        for batch in verdicts:
            for row in batch.to_pylist():
                told = json.dumps(Verdict(**row).to_dict(), ensure_ascii=True)
                file.write(told.encode() + b"\n")


class ParquetFile(File):
    """A Parquet file of `OUTPUT_SCHEMA`."""

    def _write(self, verdicts: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
        with parquet.ParquetWriter(file, OUTPUT_SCHEMA, compression=_COMPRESSION) as writer:
            for table in _gathered(verdicts):
                writer.write_table(table)


class ArrowFile(File):
    """An Arrow IPC file of `OUTPUT_SCHEMA`."""

    def _write(self, verdicts: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
        with pa.ipc.new_file(file, OUTPUT_SCHEMA) as writer:
            for batch in verdicts:
                writer.write_batch(batch)


class ArrowStream(File):
    """An Arrow IPC stream of `OUTPUT_SCHEMA`."""

    def _write(self, verdicts: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
        with pa.ipc.new_stream(file, OUTPUT_SCHEMA) as writer:
            for batch in verdicts:
                writer.write_batch(batch)


def _gathered(verdicts: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches in tables of some thousand rows."""
    kept: list[pa.RecordBatch] = []
    rows = 0
    for batch in verdicts:
        kept.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS:
            yield pa.Table.from_batches(kept)
            kept, rows = [], 0
    if kept:
        yield pa.Table.from_batches(kept)
