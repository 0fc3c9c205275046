"""Rows a second of `batch.run`, by backend of signatures, kind of workers and their number.

    python benchmarks/batch_rate.py --rows 8000 --rounds 3

Every round runs every case on the same rows; the best rate of each counts, since what disturbs
the machine only slows. A rate counts after each worker's first chunk, so it has no start in it, and
chunks are small, so it has no end in it where a worker has nothing to do. The share is that of so
many single worker processes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from batch_memory import SEED, write_source

from appleattest import batch
from appleattest.batch.running.workers import KINDS, Kind
from appleattest.batch.sources import source as source_module
from appleattest.signatures import AWSLC, Engine, Signatures
from appleattest.testing import AttestationAuthority

_CHUNK = 200
"""Rows of a chunk."""


def backends() -> dict[str, Signatures]:
    """Those that are installed, by their names."""
    found: dict[str, Signatures] = {"engine": Engine()}
    try:
        found["awslc"] = AWSLC()
    except ImportError as missing:
        print(f"awslc is left out: {missing}")
    return found


def rate(source: Path, signatures: Signatures, kind: Kind, workers: int) -> float:
    """Rows a second after each worker has done its first chunk."""
    authority = AttestationAuthority(SEED)
    at = authority.verified().verified_at
    settings = batch.Settings(trust=authority.trust, at=at, signatures=signatures)
    done: list[tuple[float, int]] = []
    batch.run(
        str(source),
        str(source.with_name("verdicts.parquet")),
        settings,
        workers=workers,
        kind=kind,
        overwrite=True,
        progress=lambda rows, _: done.append((time.monotonic(), rows)),
    )
    (start, before), (end, after) = done[workers - 1], done[-1]
    return (after - before) / (end - start)


def main() -> None:
    vars(source_module)["MOST_ROWS"] = _CHUNK
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    cases = [(kind, count) for kind in KINDS for count in (1, given.workers)]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source.parquet"
        write_source(source, given.rows)
        for name, signatures in backends().items():
            best = dict.fromkeys(cases, 0.0)
            for _ in range(given.rounds):
                for case in cases:
                    best[case] = max(best[case], rate(source, signatures, *case))
            for (kind, count), found in best.items():
                share = found / (count * best["processes", 1])
                print(f"{name}  {count} {kind:9}  {found:6.0f} rows a second  share {share:.2f}")


if __name__ == "__main__":
    main()
