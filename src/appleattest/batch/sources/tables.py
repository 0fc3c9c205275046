"""Parquet and Arrow: files of columns, which are read a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from appleattest.batch.errors import RunError
from appleattest.batch.sources.files import file_identity
from appleattest.batch.sources.source import COLUMNS, MOST_ROWS, chunks_of_batches

_BLOCK: Final = 1024 * 1024
_FILE_MAGIC: Final = b"ARROW1"


class Parquet:
    """A Parquet file; only the columns of the input are read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def identity(self) -> Mapping[str, Any]:
        """Its name, size and time."""
        return file_identity(self._path)

    def count(self) -> int:
        """How many rows it says it has."""
        with self._open() as file:
            rows: int = file.metadata.num_rows
        return rows

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Its rows; each column is read in blocks, so a large row group is no burden."""
        with self._open() as file:
            known = [name for name in file.schema_arrow.names if name in COLUMNS]
            try:
                yield from chunks_of_batches(file.iter_batches(MOST_ROWS, columns=known))
            except pa.ArrowException as error:
                raise RunError(f"the source cannot be read: {error}") from None

    def _open(self) -> parquet.ParquetFile:
        try:
            return parquet.ParquetFile(self._path, buffer_size=_BLOCK, pre_buffer=False)
        except pa.ArrowException as error:
            raise RunError(f"the source is no Parquet file: {error}") from None


class Arrow:
    """An Arrow IPC file or stream. Each of its record batches is read as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def identity(self) -> Mapping[str, Any]:
        """Its name, size and time."""
        return file_identity(self._path)

    def count(self) -> None:
        """Not known before all of it is read."""
        return

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Its rows, mapped into memory and not copied."""
        try:
            with pa.memory_map(str(self._path)) as file:
                yield from chunks_of_batches(_batches(file))
        except pa.ArrowException as error:
            raise RunError(f"the source is no Arrow file or stream: {error}") from None


def _batches(file: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    """Each record batch, whose columns of the input do not lie about where their values are."""
    for batch in _read(file):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if name in COLUMNS:
                _as_octets(column).validate(full=True)
        yield batch


def _as_octets(column: pa.Array) -> pa.Array:
    """A column of text as octets: text that is no UTF-8 is the mistake of its row alone."""
    octets = next((kind for is_text, kind in _OCTETS_OF if is_text(column.type)), None)
    return column if octets is None else column.view(octets)


_OCTETS_OF: Final = (
    (pa.types.is_string, pa.binary()),
    (pa.types.is_large_string, pa.large_binary()),
    (pa.types.is_string_view, pa.binary_view()),
)


def _read(file: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    magic = file.read(len(_FILE_MAGIC))
    file.seek(0)
    if magic != _FILE_MAGIC:
        yield from pa.ipc.open_stream(file)
        return
    reader = pa.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)
