"""`run`: every row of a source, verified by workers, to a destination; it can go on when killed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
from pyarrow import compute as pc

from appleattest.batch.arrow_values import is_readable
from appleattest.batch.counts import Summary
from appleattest.batch.destinations import TABLE, Destination, open_destination
from appleattest.batch.errors import RunError
from appleattest.batch.expectations import COLUMNS_OF
from appleattest.batch.names import Name, name_of
from appleattest.batch.running.chunks import digest_of
from appleattest.batch.running.identity import settings_digest
from appleattest.batch.running.parts import Parts
from appleattest.batch.running.workers import (
    KINDS,
    Kind,
    Workers,
    default_kind,
    default_workers,
)
from appleattest.batch.schemas import INPUT_SCHEMA, OUTPUT_SCHEMA
from appleattest.batch.settings import Settings, checked_settings
from appleattest.batch.sources import Source, open_source
from appleattest.times import rfc3339, utc_seconds

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called with the rows that are done, and with all of them where that is known."""

_MOST_WORKERS: Final = 256
_WORKER_ENDED: Final = (
    "a worker ended by itself: the memory may not suffice. Run this again to go on"
)


def run(
    source: str,
    destination: str,
    settings: Settings | None = None,
    *,
    carrier: str | None = None,
    workers: int | None = None,
    kind: Kind | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Verify every row of the source, write all verdicts to the destination, and count them.

    docs/guide-batch-runs.md says which sources and destinations there are. `carrier` is that of
    the rows which do not name theirs. `workers` is by default the number of processors. `kind` is
    `"processes"` by default, or `"threads"` where there is one worker. A script that uses processes
    calls this under `if __name__ == "__main__":`.

    What is done is kept beside the destination. A run that was interrupted, in whatever way, goes
    on when the same call is made again. All rows are judged as of one time: `settings.at`, or when
    the run was first started.

    Raises `RunError` where the run cannot begin, go on or end, `OSError` for a disk, and
    `TypeError` or `ValueError` for an argument that is not as described. A destination that is
    there already is a `RunError` without `overwrite`.
    """
    settings = checked_settings(settings)
    count, chosen = _checked_workers(workers, kind)
    if carrier is not None and carrier not in COLUMNS_OF:
        raise ValueError('carrier is "mdm", "acme" or "chain"')
    given, to = open_source(source, settings.limits), open_destination(destination)
    to.check()
    _require_apart(source, destination)
    with Parts(to.parts) as parts:
        if not parts.is_begun() and to.exists() and not overwrite:
            raise RunError(f"{destination} is there already: it is replaced only when overwriting")
        identity = given.identity()
        at = parts.begin(_bound(identity, settings, carrier), _now(settings))
        if (ended := parts.finished()) is not None:
            return _ended(ended, parts, to)
        tell = _Telling(progress, given)
        with Workers(_as_of(settings, at), count, chosen) as pool:
            made = _verify(_with_carrier(given.chunks(), carrier), parts, pool, tell)
        if given.identity() != identity:
            raise RunError(
                f"the source changed during the run. To start over, remove {parts.folder}"
            )
        return _end(parts, made, tell.done, to)


def _ended(counts: dict[str, Any], parts: Parts, to: Destination) -> Summary:
    """The summary of a run that was stopped while it removed its parts."""
    if not to.exists():
        raise RunError(
            f"the run ended, and its result is gone. To start over, remove {parts.folder}"
        )
    parts.remove()
    return Summary(counts)


def _require_apart(source: str, destination: str) -> None:
    """Refuse a destination that would replace the source, or become a part of it."""
    given, to = name_of(source), name_of(destination)
    if (given.path, _table(given)) == (to.path, _table(to)):
        raise RunError("the destination is the source, which it would replace")
    if not given.scheme and given.path.is_dir() and to.path.is_relative_to(given.path):
        raise RunError("the destination lies in the source, and would become a part of it")


def _table(name: Name) -> str:
    """The table or the query of a database, as databases compare names."""
    return name.scheme and (name.asked.lower() or TABLE)


class _Telling:
    """Tells how many rows are done."""

    def __init__(self, progress: Progress | None, source: Source) -> None:
        self.done = 0
        self._progress = progress
        self._all = None if progress is None else source.count()

    def __call__(self, rows: int) -> None:
        """So many rows more are done."""
        self.done += rows
        if self._progress is not None:
            self._progress(self.done, self._all)


def _verify(chunks: Iterator[pa.RecordBatch], parts: Parts, pool: Workers, tell: _Telling) -> int:
    """Have every part there. Returns how many there are."""
    number = 0
    under_way: deque[Future[int]] = deque()
    for rows in chunks:
        if (known := parts.digest(number, rows.num_rows)) is None:
            under_way.append(_submitted(pool, rows, parts.path(number)))
        elif known == digest_of(rows):
            tell(rows.num_rows)
        else:
            raise RunError(
                "the run cannot go on: the source has other rows, or its rows come in another "
                f"order. To start over, remove {parts.folder}"
            )
        while under_way and under_way[0].done():
            tell(_result(under_way.popleft()))
        number += 1
    for each in under_way:
        tell(_result(each))
    return number


def _submitted(pool: Workers, rows: pa.RecordBatch, path: Path) -> Future[int]:
    try:
        return pool.submit(rows, path)
    except BrokenExecutor:
        raise RunError(_WORKER_ENDED) from None


def _result(done: Future[int]) -> int:
    try:
        return done.result()
    except BrokenExecutor:
        raise RunError(_WORKER_ENDED) from None
    except ValueError as error:
        raise RunError(f"the source cannot be read as rows: {error}") from None


def _end(parts: Parts, made: int, rows: int, to: Destination) -> Summary:
    """Put all parts to the destination, and remove them."""
    summary = Summary()

    def counted() -> Iterator[pa.RecordBatch]:
        for batch in parts.batches(made):
            summary.add(batch)
            yield batch
        if summary.rows != rows:
            raise RunError(
                f"there are {rows} rows and {summary.rows} verdicts: somebody else wrote to "
                f"{parts.folder}. To start over, remove it"
            )

    to.write(counted())
    parts.finish(summary.to_counts())
    return summary


def _with_carrier(
    chunks: Iterator[pa.RecordBatch], carrier: str | None
) -> Iterator[pa.RecordBatch]:
    """The chunks, in which rows without a carrier have this one."""
    if carrier is None:
        yield from chunks
        return
    for rows in chunks:
        place = rows.schema.get_field_index("carrier")
        if place < 0:
            yield rows.append_column("carrier", pa.array([carrier] * rows.num_rows))
        else:
            yield rows.set_column(place, "carrier", _filled(rows.column(place), carrier))


def _filled(carriers: pa.Array, carrier: str) -> pa.Array:
    """These carriers, this one for null; a column of another type is for the worker to refuse."""
    if not is_readable(carriers.type, INPUT_SCHEMA.field("carrier")):
        return carriers
    return pc.fill_null(carriers.cast(pa.string()), carrier)


def _bound(identity: Any, settings: Settings, carrier: str | None) -> dict[str, Any]:
    """What the parts of a run belong to, as JSON types."""
    return {
        "source": dict(identity),
        "settings": settings_digest(settings),
        "carrier": carrier,
        "columns": sha256(str(OUTPUT_SCHEMA).encode()).hexdigest(),
        "version": version("appleattest"),
    }


def _now(settings: Settings) -> str:
    return rfc3339(settings.at or utc_seconds(datetime.now(UTC)))


def _as_of(settings: Settings, at: str) -> Settings:
    return Settings(
        trust=settings.trust,
        limits=settings.limits,
        policy=settings.policy,
        signatures=settings.signatures,
        at=datetime.fromisoformat(at),
        unchecked=settings.unchecked,
        any_device=settings.any_device,
    )


def _checked_workers(workers: int | None, kind: Kind | None) -> tuple[int, Kind]:
    count = default_workers() if workers is None else workers
    if type(count) is not int or not 1 <= count <= _MOST_WORKERS:
        raise ValueError(f"workers is a number from 1 to {_MOST_WORKERS}")
    if not (kind is None or kind in KINDS):
        raise ValueError('kind is "threads" or "processes"')
    return count, kind or default_kind(count)
