"""What of a run is done: a folder with a manifest, and a part for each chunk that has its verdicts.

A part is written under another name, flushed to the disk and renamed. So a part that is there is
whole. It holds the digest of its rows. The manifest says which source, which settings and which
columns the parts belong to; a run with others refuses to go on.
"""

from __future__ import annotations

import json
import os
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
    """The folder of one run. Another run of the same source and settings goes on with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the parts are."""
        return self._folder

    def begin(self, bound: Mapping[str, Any], at: str) -> str:
        """Bind the folder to what the parts belong to, or find it bound to that already.

        Returns as of when the rows are judged: `at`, or when the run was first started. Raises
        `RunError` where the folder belongs to another source or other settings.
        """
        found = self._manifest()
        if found is None:
            self._make_folder()
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

    def digest(self, number: int) -> str | None:
        """The digest of the rows of this part; None where it is not there."""
        with suppress(FileNotFoundError), pa.OSFile(str(self.path(number))) as file:
            metadata = pa.ipc.open_stream(file).schema.metadata
            return bytes(metadata[_DIGEST]).decode()
        return None

    def batches(self, count: int) -> Iterator[pa.RecordBatch]:
        """The verdicts of so many parts, in their order."""
        for number in range(count):
            with pa.OSFile(str(self.path(number))) as file:
                for batch in pa.ipc.open_stream(file):
                    yield batch.cast(OUTPUT_SCHEMA)

    def _make_folder(self) -> None:
        """Make the folder; one without a manifest is ours only where nothing of note is in it."""
        try:
            self._folder.mkdir(exist_ok=True)
        except FileExistsError:
            raise self._in_the_way() from None
        if any(each.name != _UNFINISHED for each in self._folder.iterdir()):
            raise self._in_the_way()

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
