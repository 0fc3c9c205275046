"""Show that a run of a batch keeps its memory, however many rows there are.

    python benchmarks/batch_memory.py --rows 1000000

It mints a few responses, repeats them in a Parquet file of so many rows, and runs that file to
Parquet with worker processes. What counts is the memory of all these processes together: each
page once, by `Pss` of /proc/PID/smaps_rollup, so it needs Linux.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from appleattest import batch
from appleattest.testing import AttestationAuthority, Properties

SEED: Final = "batch memory"
BOUND_MIB: Final = 300
_MINTED: Final = 20
_AT_ONCE: Final = 1000
_SECONDS: Final = 0.2
_PROGRAM: Final = """
import sys
from appleattest import batch
from appleattest.testing import AttestationAuthority
if __name__ == "__main__":
    authority = AttestationAuthority(sys.argv[3])
    settings = batch.Settings(trust=authority.trust, at=authority.verified().verified_at)
    print(batch.run(sys.argv[1], sys.argv[2], settings, workers=int(sys.argv[4])))
"""


def write_source(path: Path, rows: int) -> None:
    """A Parquet file of so many rows, a twentieth of them with another nonce."""
    authority, device = AttestationAuthority(SEED), Properties.mac()
    nonces = [bytes([number]) * 32 for number in range(1, _MINTED + 1)]
    responses = [
        authority.response_plist(properties=device, freshness_code=each) for each in nonces
    ]
    nonces[0] = b"another"
    names = ("id", "carrier", "attestation", "nonce", "serial_number")
    schema = pa.schema([batch.INPUT_SCHEMA.field(name) for name in names])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, rows, _AT_ONCE):
            numbers = range(start, min(rows, start + _AT_ONCE))
            columns = [
                [str(each) for each in numbers],
                ["mdm"] * len(numbers),
                [responses[each % _MINTED] for each in numbers],
                [nonces[each % _MINTED] for each in numbers],
                [device.serial_number] * len(numbers),
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def tree(process: int) -> Iterator[int]:
    """This process and all below it."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


def memory(process: int) -> float:
    """MiB that the process and all below it hold together."""
    kilobytes = 0
    for each in list(tree(process)):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:  # it ended meanwhile
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def highest(process: subprocess.Popen[bytes]) -> float:
    """MiB that the process and all below it held at most, until it ended."""
    most = 0.0
    while process.poll() is None:
        try:
            most = max(most, memory(process.pid))
        except OSError:
            continue
        time.sleep(_SECONDS)
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        source, program = Path(folder) / "source.parquet", Path(folder) / "program.py"
        write_source(source, given.rows)
        program.write_text(_PROGRAM)
        destination = Path(folder) / "verdicts.parquet"
        words = [sys.executable, str(program), str(source), str(destination)]
        words += [SEED, str(given.workers)]
        start = time.monotonic()
        with subprocess.Popen(words) as process:
            most = highest(process)
        seconds = time.monotonic() - start
        written = parquet.ParquetFile(destination).metadata.num_rows
    print(f"{written:,} verdicts of {given.rows:,} rows in {seconds:.0f} s")
    print(f"at most {most:.0f} MiB in all processes; the bound is {BOUND_MIB}")
    return 0 if process.returncode == 0 and written == given.rows and most <= BOUND_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
