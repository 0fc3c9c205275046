"""A directory: every file in it and below it is a row, and its path from there is the id.

Beside a file may stand a sidecar, the same name with `.expect.json` after it: a JSON object with
the other columns of the row, such as `nonce`. Names that begin with a dot are left out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from appleattest.batch.sources.cells import problem_row, row_of
from appleattest.batch.sources.source import chunks_of_rows
from appleattest.errors import AttestationError
from appleattest.limits import Limits
from appleattest.wire import strict_json

SIDECAR: Final = ".expect.json"
_NO_LINK_AND_NO_WAIT: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Directory:
    """The files of a directory, in the order of their names."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._most = max(limits.plist_bytes, limits.json_bytes, 2 * limits.attestation_object_bytes)

    def identity(self) -> Mapping[str, Any]:
        """Its name, and a digest of every file's name, size and time."""
        digest = sha256()
        for name, found in self._files():
            digest.update(f"{name!r} {found.st_size} {found.st_mtime_ns}\n".encode())
        return {"directory": str(self._path.absolute()), "files": digest.hexdigest()}

    def count(self) -> int:
        """How many files there are, sidecars not counted."""
        return sum(1 for _ in self._rows())

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """The content of each file, as a row."""
        return chunks_of_rows(self._row(name, found) for name, found in self._rows())

    def _rows(self) -> Iterator[tuple[str, os.stat_result]]:
        return (each for each in self._files() if not each[0].endswith(SIDECAR))

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Each file below, by its path from here; a symbolic link is never followed."""
        waiting = [("", iter(_names(self._path)))]
        while waiting:
            folder, names = waiting[-1]
            name = next(names, None)
            if name is None:
                waiting.pop()
                continue
            path = self._path / folder / name
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                waiting.append((f"{folder}{name}/", iter(_names(path))))
            else:
                yield f"{folder}{name}", found

    def _row(self, name: str, found: os.stat_result) -> dict[str, Any]:
        id_ = _writable(name)
        if not stat.S_ISREG(found.st_mode):
            return problem_row(id_, "attestation is no file, but a link or a device")
        try:
            cells = self._expected(name)
            content = _read(self._path / name, self._most)
        except OSError as error:
            return problem_row(id_, f"attestation cannot be read: {error.strerror}")
        except (ValueError, AttestationError):
            return problem_row(id_, f"{SIDECAR} beside the file is no JSON object")
        return row_of({**cells, "id": id_, "attestation": content})

    def _expected(self, name: str) -> Mapping[str, object]:
        try:
            content = _read(self._path / f"{name}{SIDECAR}", self._limits.json_bytes)
        except FileNotFoundError:
            return {}
        cells = strict_json.decode(content, self._limits)
        if not isinstance(cells, dict):
            raise ValueError("not an object")
        return cells


def _names(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208


def _read(path: Path, most: int) -> bytes:
    """The octets, one more than `most` at the most: the verifier then refuses them as too large."""
    with open(path, "rb", opener=_opened) as file:
        return file.read(most + 1)


def _opened(path: str, flags: int) -> int:
    """Open a file and no link, and never wait: what may have come in its place is no file."""
    descriptor = os.open(path, flags | _NO_LINK_AND_NO_WAIT)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file, but a link or a device")
    return descriptor


def _writable(name: str) -> str:
    """The name as text that can be written; octets that are no UTF-8 become escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
