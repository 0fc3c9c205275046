"""JSON Lines: every line is an object with the columns of a row, or a row that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from appleattest.batch.sources.cells import problem_row, row_of
from appleattest.batch.sources.files import file_identity
from appleattest.batch.sources.source import chunks_of_rows
from appleattest.errors import AttestationError
from appleattest.limits import Limits
from appleattest.wire import strict_json

_FOR_COLUMNS: Final = 64 * 1024
"""Octets of a line beside its attestation."""
_BLOCK: Final = 1024 * 1024


class JSONLines:
    """A file of JSON Lines. Empty lines are left out."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        most = 2 * max(limits.json_bytes, limits.plist_bytes) + _FOR_COLUMNS
        self._limits = Limits(json_bytes=most)

    def identity(self) -> Mapping[str, Any]:
        """Its name, size and time."""
        return file_identity(self._path)

    def count(self) -> int:
        """How many lines there are, the empty ones too."""
        lines, last = 0, b"\n"
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                lines += block.count(b"\n")
                last = block[-1:]
        return lines + (last != b"\n")

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """The lines, as rows."""
        return chunks_of_rows(self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for number, line in enumerate(self._lines(file), start=1):
                if line.strip() or self._is_too_long(line):
                    yield self._row(number, line)

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        """Each line, or one octet more than is read of a line, without what follows in it."""
        most = self._limits.json_bytes
        while line := file.readline(most + 1):
            rest = line
            while len(rest) == most + 1 and not rest.endswith(b"\n"):
                rest = file.readline(most + 1)
            yield line

    def _is_too_long(self, line: bytes) -> bool:
        return len(line.rstrip(b"\r\n")) > self._limits.json_bytes

    def _row(self, number: int, line: bytes) -> dict[str, Any]:
        if self._is_too_long(line):
            most = self._limits.json_bytes
            return problem_row(None, f"line {number} has more than {most:,} octets")
        try:
            cells = strict_json.decode(line, self._limits)
        except AttestationError:
            return problem_row(None, f"line {number} is not JSON")
        if not isinstance(cells, dict):
            return problem_row(None, f"line {number} is no JSON object")
        return row_of(cells)
