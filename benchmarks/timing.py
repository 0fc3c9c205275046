"""Time several functions side by side, so that a ratio of two of them means something.

A shared machine gives its time to others, and its clock wanders by a tenth within seconds. So
what is counted is the processor time of this thread, and every round calls every function, in an
order that changes: what disturbs the machine disturbs them all.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping, Sequence

Prepared = Callable[[], object]
"""One call, ready to be timed."""

Prepare = Callable[[], Prepared]
"""What is done before each call, outside the timing."""


def always(call: Prepared) -> Prepare:
    """A case that needs no preparation."""
    return lambda: call


def side_by_side(cases: Mapping[str, Prepare], rounds: int, *, batch: int = 1) -> dict[str, float]:
    """Seconds that one call of each case takes: the tenth percentile of `rounds` samples.

    A sample is the mean of `batch` calls in a row, so that each finds in the processor's caches
    what the one before left there, and not the other cases. What is slower than the tenth
    percentile was disturbed; what is faster was lucky.
    """
    order = list(cases)
    samples: dict[str, list[float]] = {name: [] for name in order}
    shuffler = random.Random(0)
    gc.collect()
    for _ in range(rounds):
        shuffler.shuffle(order)
        for name in order:
            prepare = cases[name]
            samples[name].append(_seconds([prepare() for _ in range(batch)]))
    return {name: _tenth_percentile(found) for name, found in samples.items()}


def _seconds(calls: Sequence[Prepared]) -> float:
    start = time.thread_time_ns()
    for call in calls:
        call()
    return (time.thread_time_ns() - start) / len(calls) / 1e9


def _tenth_percentile(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) // 10]
