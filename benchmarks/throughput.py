"""Rows a second of a batch, by workers and by who checks the signatures.

What counts is the time that passes, since several workers share the machine: run this on one that
does nothing else. The ideal is that two workers do twice the rows of one.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final, NamedTuple

from cryptography import x509
from exercise import Exercise

from appleattest import TrustStore
from appleattest.batch import Row, Settings, verify_many
from appleattest.signatures import AWSLC, Engine, Signatures

_ROWS: Final = 128
"""That each worker verifies in one round."""


class Rate(NamedTuple):
    """What so many workers of one kind do."""

    signatures: str
    workers: int
    kind: str
    rows_a_second: float
    share: float
    """Of the ideal: as many times the rate of one worker of the kind as there are workers."""

    @property
    def name(self) -> str:
        """As it is printed, and as `bounds.py` knows it."""
        kind = self.kind if self.workers > 1 else _ONE[self.kind]
        return f"verify_many, {self.signatures}, {self.workers} {kind}"


_ONE: Final = {"threads": "thread", "processes": "process"}


class _Batch(NamedTuple):
    """What a worker verifies; it can be sent to a process."""

    rows: list[Row]
    settings: Settings

    def verify(self) -> None:
        for verdict in verify_many(self.rows, self.settings):
            assert verdict.verdict == "verified", verdict.detail


_held: dict[str, _Batch] = {}
"""The batches of a process, so that none is sent while the clock runs."""


def _hold(batches: dict[str, _Batch]) -> None:
    _held.update(batches)
    for each in batches.values():
        each.verify()


def _verify_held(name: str) -> None:
    _held[name].verify()


class _Case(NamedTuple):
    signatures: str
    workers: int
    kind: str
    executor: Executor

    def seconds(self) -> float:
        """That pass while every worker verifies its rows."""
        start = time.perf_counter_ns()
        list(self.executor.map(_verify_held, [self.signatures] * self.workers))
        return (time.perf_counter_ns() - start) / 1e9


def available() -> tuple[dict[str, Signatures], list[str]]:
    """Who can check signatures here, and a sentence about who cannot."""
    found: dict[str, Signatures] = {"engine": Engine()}
    try:
        return found | {"AWS-LC": AWSLC()}, []
    except ImportError as missing:
        return found, [str(missing)]


def rates(rounds: int, workers: Sequence[int] = (1, 2)) -> Iterator[Rate]:
    """The rate of each backend, kind and number of workers; the number 1 has to be among them."""
    exercise = Exercise.mint()
    backends, _ = available()
    rows = [
        Row(str(n), "acme", each.attestation_object, token=each.token, identifier=each.serial)
        for n, each in enumerate(exercise.samples)
    ]
    rows *= _ROWS // len(rows)
    trust = TrustStore([x509.load_der_x509_certificate(exercise.root)])
    batches = {
        name: _Batch(rows, Settings(trust=trust, signatures=each))
        for name, each in backends.items()
    }
    _hold(batches)
    with ExitStack() as stack:
        cases = [
            _Case(name, number, kind, stack.enter_context(executor(number)))
            for kind, executor in _executors(batches).items()
            for number in workers
            for name in batches
        ]
        yield from _rates(cases, _fastest(cases, rounds))


def _executors(batches: dict[str, _Batch]) -> dict[str, Callable[[int], Executor]]:
    spawn = multiprocessing.get_context("spawn")
    return {
        "threads": ThreadPoolExecutor,
        "processes": lambda n: ProcessPoolExecutor(n, spawn, _hold, (batches,)),
    }


def _fastest(cases: Sequence[_Case], rounds: int) -> dict[_Case, float]:
    """The tenth percentile of each case's seconds, of rounds in which all take turns."""
    samples: dict[_Case, list[float]] = {case: [] for case in cases}
    order, shuffler = list(cases), random.Random(0)
    for case in cases:
        case.seconds()
    for _ in range(rounds):
        shuffler.shuffle(order)
        for case in order:
            samples[case].append(case.seconds())
    return {case: sorted(found)[len(found) // 10] for case, found in samples.items()}


def _rates(cases: Sequence[_Case], seconds: dict[_Case, float]) -> Iterator[Rate]:
    alone = {(each.kind, each.signatures): seconds[each] for each in cases if each.workers == 1}
    for case in sorted(cases, key=lambda each: each[:3]):
        rate = _ROWS * case.workers / seconds[case]
        share = alone[case.kind, case.signatures] / seconds[case]
        yield Rate(*case[:3], rate, share)
