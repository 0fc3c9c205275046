"""How many rows a second each engine verifies, with one worker and with two.

`python benchmarks/engines.py` prints a table; `--rows 4000` takes fewer, `--json` is for a program.
An engine that is not installed is left out, and says so. Every engine reads the same Parquet file.
"Start" is what passes before the first verdict can be asked for; the rates are without it. A rate
needs an idle machine. The processor time of a row, of all processes of the engine, does not.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
from backlog import backlog, settings
from processor import seconds_of_tree
from pyarrow import parquet

from appleattest.batch import INPUT_COLUMNS, verify_batch, verify_table

Run = Callable[[], object]
"""Verify every row of the file."""

Engine = Callable[[str, int], AbstractContextManager[Run]]
"""Starts with a file and so many workers, and ends them."""

_WORKERS: Final = (1, 2)
_PASSES: Final = 3
_COUNTED: Final = 1000
"""Rows whose octets are counted."""
_PARTS: Final = 16
"""Into which the rows are cut: several for each worker, so that none waits long for another."""


class Row(NamedTuple):
    """One measurement: seconds to start; of the best pass, rows a second and seconds a row.

    The seconds of a row are those of the processor; None where nobody can tell.
    """

    engine: str
    workers: int
    start: float
    rate: float
    cost: float | None


@contextmanager
def _plain(file: str, _workers: int) -> Iterator[Run]:
    rows, chosen = parquet.read_table(file), settings()
    yield lambda: verify_table(rows, chosen)


@contextmanager
def _processes(file: str, workers: int) -> Iterator[Run]:
    batches = parquet.read_table(file).to_batches()
    verify = partial(verify_batch, settings=settings())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(verify, [each.slice(0, 1) for each in batches]))
        yield lambda: pa.Table.from_batches(pool.map(verify, batches))


@contextmanager
def _duckdb(file: str, workers: int) -> Iterator[Run]:
    import duckdb

    from appleattest.batch.duckdb import register

    named = ", ".join(f'"{each.name}" := "{each.name}"' for each in INPUT_COLUMNS[3:])
    call = f"unnest(verify_attestation(id, carrier, attestation, {named}))"
    with duckdb.connect(config={"threads": workers}) as connection:
        register(connection, settings())
        verdicts = connection.read_parquet(file).project(call)
        yield verdicts.to_arrow_table


@contextmanager
def _spark(file: str, workers: int) -> Iterator[Run]:
    from pyspark.sql import SparkSession

    from appleattest.batch.spark import SCHEMA, verifying

    builder = SparkSession.builder.master(f"local[{workers}]").config("spark.ui.enabled", False)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    rows = session.read.parquet(file).repartition(_PARTS).cache()
    rows.count()
    verdicts = rows.mapInArrow(verifying(settings()), SCHEMA)
    verdicts.limit(1).collect()
    yield verdicts.write.format("noop").mode("overwrite").save
    session.stop()


@contextmanager
def _ray(file: str, workers: int) -> Iterator[Run]:
    import ray

    from appleattest.batch.ray import verifying

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.read_parquet(file).repartition(_PARTS).materialize()
    yield rows.map_batches(verifying(settings()), batch_format="pyarrow").materialize
    ray.shutdown()


_ENGINES: Final[dict[str, tuple[str | None, Engine]]] = {
    "plain Python": (None, _plain),
    "processes": (None, _processes),
    "DuckDB": ("duckdb", _duckdb),
    "Spark": ("pyspark", _spark),
    "Ray Data": ("ray", _ray),
}
"""Each with the package that it needs."""


def measured(rows: int, engines: Sequence[str]) -> Iterator[Row]:
    """These engines, where they are installed, with one worker and with two."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "rows.parquet")
        parquet.write_table(backlog(rows), file, row_group_size=max(1, rows // _PARTS))
        for name in engines:
            package, engine = _ENGINES[name]
            if missing := _missing(package):
                print(f"{name}: left out, {missing}", file=sys.stderr)
                continue
            for workers in _WORKERS if engine is not _plain else _WORKERS[:1]:
                yield _measured(name, engine, file, workers, rows)


def _missing(package: str | None) -> str | None:
    if package is not None and importlib.util.find_spec(package) is None:
        return f"{package} is not installed: make bench-engines installs it"
    if package == "pyspark" and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java"
    return None


def _measured(name: str, engine: Engine, file: str, workers: int, rows: int) -> Row:
    began = time.perf_counter()
    with engine(file, workers) as run:
        start = time.perf_counter() - began
        passes = [_timed(run) for _ in range(_PASSES)]
    costs = [used / rows for _, used in passes if used is not None]
    best = min(seconds for seconds, _ in passes)
    return Row(name, workers, start, rows / best, min(costs, default=None))


def _timed(run: Run) -> tuple[float, float | None]:
    """Seconds on the clock, and of the processor."""
    used, began = seconds_of_tree(), time.perf_counter()
    run()
    seconds, then = time.perf_counter() - began, seconds_of_tree()
    return seconds, None if used is None or then is None else then - used


def _print_table(found: Sequence[Row]) -> None:
    single = {each.engine: each.rate for each in found if each.workers == 1}
    rows, chosen = backlog(_COUNTED), settings()
    given, told = (each.nbytes // _COUNTED for each in (rows, verify_table(rows, chosen)))
    print(f"a row has {given:,} octets in Arrow, and its verdict {told:,}")
    print("engine         workers  start, s   rows/s  of ideal  processor, us a row")
    for each in found:
        ideal = single[each.engine] * each.workers
        cost = "unknown" if each.cost is None else f"{each.cost * 1e6:,.0f}"
        print(
            f"{each.engine:<14} {each.workers:>7} {each.start:>9.1f} {each.rate:>8,.0f} "
            f"{each.rate / ideal:>9.2f} {cost:>20}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the engines that verify batches.")
    parser.add_argument("--rows", type=int, default=8000, help="how many rows each pass verifies")
    parser.add_argument("--engine", choices=_ENGINES, help="measure this one alone")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    found = list(measured(options.rows, [options.engine] if options.engine else [*_ENGINES]))
    if options.json:
        print(json.dumps([each._asdict() for each in found], indent=2))
    else:
        _print_table(found)


if __name__ == "__main__":
    main()
