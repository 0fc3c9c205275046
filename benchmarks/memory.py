"""The most memory that one verification, or one refusal, takes above what was there before.

Run as a program it is the other half of `resident_growth`: a fresh process, so that its high
water mark is the library's and not the mint's.
"""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from hostile import Hostile

from appleattest import UNCHECKED, TrustStore, Verifier

MEBIBYTE = 1 << 20
_STATUS = Path("/proc/self/status")


def python_peak(call: Callable[[], object]) -> float:
    """MiB that Python's own allocator held at most during the call, above the start."""
    call()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (peak - before) / MEBIBYTE


def resident_growth(
    trust: TrustStore, genuine: Sequence[bytes], inputs: Sequence[Hostile], at: datetime
) -> float | None:
    """MiB by which the resident set of a fresh process grew at most while it refused them all.

    None on a system without `/proc/self/status`. The resource module cannot take its place: its
    high water mark is the parent's too, of which every process begins as a copy.

    The baseline is the process after one acceptance: what the allocators of Python, Rust and
    OpenSSL took beyond it, and expat's and the CBOR decoder's too.
    """
    if not _STATUS.exists():
        return None
    anchors = [anchor.public_bytes(Encoding.DER) for anchor in trust.anchors]
    sent = [(anchors, list(genuine), at), *(tuple(each) for each in inputs)]
    answer = subprocess.run(
        [sys.executable, str(Path(__file__))],
        input=b"".join(map(pickle.dumps, sent)),
        capture_output=True,
        check=True,
    )
    return float(answer.stdout)


def _child() -> None:
    anchors, genuine, at = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    verifier = Verifier(trust=TrustStore(anchors))
    verifier.verify_mdm(genuine, nonce=UNCHECKED, at=at)
    before = _high_water()
    for hostile in _received():
        for _ in range(3):
            hostile.refuse(verifier, at)
    print(_high_water() - before)


def _received() -> Iterator[Hostile]:
    """One after the other, for all of them together are larger than what they cost."""
    with suppress(EOFError):
        while True:
            yield Hostile(*pickle.load(sys.stdin.buffer))  # noqa: S301 - from our parent


def _high_water() -> float:
    """The most that was ever resident, in MiB."""
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    _child()
