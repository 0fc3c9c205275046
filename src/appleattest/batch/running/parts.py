"""What of a run is done: a folder with a manifest, and a part for each chunk that has its verdicts.

A part is written under another name, flushed to the disk and renamed. So a part that is there is
whole. It holds the digest of its rows. The manifest says which source, which settings and which
columns the parts belong to; a run with others refuses to go on. Parts are believed: so the folder
is for its owner alone, and one run holds it at a time.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from appleattest.batch.errors import RunError
from appleattest.batch.schemas import OUTPUT_SCHEMA

_MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = "manifest.json.tmp"
_DIGEST: Final = b"rows"
_COMPRESSION: Final = "zstd"
_OWNER_ALONE: Final = 0o700
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def write_part(path: Path, digest: str, verdicts: pa.RecordBatch) -> None:
    """Write one part, which is there whole or not at all."""
    options = pa.ipc.IpcWriteOptions(compression=_COMPRESSION)
    schema = OUTPUT_SCHEMA.with_metadata({_DIGEST: digest.encode()})
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    with unfinished.open("wb") as file:
        with pa.ipc.new_stream(file, schema, options=options) as stream:
            stream.write_batch(verdicts.cast(schema))
        flush(file)
    unfinished.replace(path)


def flush(file: BinaryIO) -> None:
    """Have all that was written to this file on the disk before going on."""
    file.flush()
    os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Have what was renamed in this folder on the disk before going on."""
    with suppress(OSError):  # Windows opens no folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Parts:
    """The folder of one run. Another run of the same source and settings goes on with it.

    Use it in a `with`: leaving it lets another run have the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @property
    def folder(self) -> Path:
        """Where the parts are."""
        return self._folder

    def begin(self, bound: Mapping[str, Any], at: str) -> str:
        """Bind the folder to what the parts belong to, or find it bound to that already.

        Returns as of when the rows are judged: `at`, or when the run was first started. Raises
        `RunError` where the folder belongs to another source or other settings, where another run
        holds it, and where somebody else may have written to it.
        """
        self._make_folder()
        self._hold()
        found = self._manifest()
        if found is None:
            self._require_empty()
            self._write_manifest({**bound, "at": at})
            return at
        changed = [name for name, value in bound.items() if found.get(name) != value]
        if changed:
            raise RunError(
                f"the run cannot go on: its {' and '.join(changed)} changed since it was started. "
                f"To start over, remove {self._folder}"
            )
        return str(found["at"])

    def is_begun(self) -> bool:
        """Whether a run was begun here, and did not end."""
        return self._manifest() is not None

    def finished(self) -> dict[str, Any] | None:
        """The summary of a run whose result is in place, where only the parts were not removed."""
        found = self._manifest()
        summary: dict[str, Any] | None = None if found is None else found.get("summary")
        return summary

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Say that the result is in place, and remove the parts. The manifest goes last."""
        self._write_manifest({**(self._manifest() or {}), "summary": summary})
        self.remove()

    def remove(self) -> None:
        """Remove the folder, the manifest last."""
        for each in self._folder.iterdir():
            if each.name != _MANIFEST:
                each.unlink()
        (self._folder / _MANIFEST).unlink()
        self._folder.rmdir()

    def path(self, number: int) -> Path:
        """The file of this part."""
        return self._folder / f"{number:08}.part"

    def digest(self, number: int, rows: int) -> str | None:
        """The digest of the rows of this part; None where it is not there, or not whole."""
        with (
            suppress(OSError, pa.ArrowException, KeyError, ValueError),
            pa.OSFile(str(self.path(number))) as file,
        ):
            verdicts = pa.ipc.open_stream(file).read_all()
            if verdicts.num_rows == rows:
                return bytes((verdicts.schema.metadata or {})[_DIGEST]).decode()
        return None

    def batches(self, count: int) -> Iterator[pa.RecordBatch]:
        """The verdicts of so many parts, in their order."""
        for number in range(count):
            with pa.OSFile(str(self.path(number))) as file:
                for batch in pa.ipc.open_stream(file):
                    yield batch.cast(OUTPUT_SCHEMA)

    def _make_folder(self) -> None:
        """Make the folder, or find one that is there and that its owner alone can write."""
        try:
            self._folder.mkdir(_OWNER_ALONE)
        except FileExistsError:
            found = self._folder.lstat()
            if not stat.S_ISDIR(found.st_mode):
                raise self._in_the_way() from None
            if _may_be_of_others(found):
                raise RunError(
                    f"others can write to {self._folder}, so its parts are not believed. "
                    "To start over, remove it"
                ) from None

    def _require_empty(self) -> None:
        """A folder without a manifest is ours only where nothing of note is in it."""
        if any(each.name != _UNFINISHED for each in self._folder.iterdir()):
            raise self._in_the_way()

    def _hold(self) -> None:
        """Keep other runs out until this one ends, however it ends."""
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows locks no folder
            return
        self._held = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another run is at work in {self._folder}: let it end") from None
        except OSError:  # a file system without locks
            return

    def _in_the_way(self) -> RunError:
        return RunError(f"{self._folder} is in the way: the parts of the run go there")

    def _manifest(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self._folder / _MANIFEST).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:
            raise self._in_the_way() from None
        if not isinstance(found, dict) or "at" not in found:
            raise self._in_the_way()
        return found

    def _write_manifest(self, content: Mapping[str, Any]) -> None:
        unfinished = self._folder / _UNFINISHED
        with unfinished.open("wb") as file:
            file.write(json.dumps(content, indent=1).encode())
            flush(file)
        unfinished.replace(self._folder / _MANIFEST)
        flush_folder(self._folder)


def _may_be_of_others(found: os.stat_result) -> bool:
    """Whether a folder is another user's, or others can write to it; Windows does not say."""
    if not hasattr(os, "geteuid"):
        return False
    return found.st_uid != os.geteuid() or bool(found.st_mode & _WRITABLE_BY_OTHERS)
