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
from concurrent.futures import ThreadPoolExecutor

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


def on_two_threads(call: Prepared, rounds: int, *, batch: int = 40) -> tuple[float, float]:
    """Seconds on the wall for each call: on one thread alone, and on two at once.

    The least of `rounds` of each, which take turns. The calls of a round are as many either way.
    """
    alone, both = [], []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            alone.append(_on_the_wall(pool, call, [2 * batch]) / (2 * batch))
            both.append(_on_the_wall(pool, call, [batch, batch]) / (2 * batch))
    return min(alone), min(both)


def _on_the_wall(pool: ThreadPoolExecutor, call: Prepared, shares: Sequence[int]) -> float:
    def repeat(times: int) -> None:
        for _ in range(times):
            call()

    start = time.perf_counter()
    for done in [pool.submit(repeat, times) for times in shares]:
        done.result()
    return time.perf_counter() - start


def _seconds(calls: Sequence[Prepared]) -> float:
    start = time.thread_time_ns()
    for call in calls:
        call()
    return (time.thread_time_ns() - start) / len(calls) / 1e9


def _tenth_percentile(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) // 10]
