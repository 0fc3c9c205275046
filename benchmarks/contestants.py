"""Who is timed by `peer_times.py`, and how: Python is run here, Go in a program of its own.

On one core, what counts is the processor time of one attestation; in Go that includes the garbage
collector's. On all cores it is the time that passes: Go has a goroutine for each core, and Python a
process.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, Self

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from exercise import Exercise, Sample

from appleattest import TrustStore, Verifier, acme
from appleattest.signatures import AWSLC, Engine, Signatures

_LOOP: Final = asyncio.Runner()

Verify = Callable[[Sample], object]
"""One verification, which raises for anything but a genuine attestation."""


class Contestant(Protocol):
    """Somebody who verifies the attestations of the exercise."""

    def one_core(self, operations: int) -> float:
        """Seconds of processor time for each of so many verifications, one after the other."""
        ...

    def all_cores(self, operations: int, cores: int) -> float:
        """Seconds that pass for each of so many, all cores working."""
        ...


# --- Python -------------------------------------------------------------------------------------


def _verify_acme(signatures: Callable[[], Signatures]) -> Callable[[Exercise], Verify]:
    def prepare(exercise: Exercise) -> Verify:
        verifier = _verifier(exercise, signatures())
        return lambda sample: verifier.verify_acme(sample.attestation_object, token=sample.token)

    return prepare


def _validate_challenge(signatures: Callable[[], Signatures]) -> Callable[[Exercise], Verify]:
    def prepare(exercise: Exercise) -> Verify:
        verifier = _verifier(exercise, signatures())
        return lambda sample: acme.validate_challenge(
            sample.response, token=sample.token, identifier=sample.serial, verifier=verifier
        )

    return prepare


def _verifier(exercise: Exercise, signatures: Signatures) -> Verifier:
    root = x509.load_der_x509_certificate(exercise.root)
    return Verifier(trust=TrustStore([root]), signatures=signatures)


def _certvalidator(exercise: Exercise) -> Verify:
    """A path from the leaf to the root, and nothing about Apple."""
    from pyhanko_certvalidator import CertificateValidator, ValidationContext

    root = asn1_x509.Certificate.load(exercise.root)

    def verify(sample: Sample) -> object:
        # It remembers the paths of its context, so each verification has a new one.
        context = ValidationContext(trust_roots=[root], allow_fetching=False)
        leaf, *others = (asn1_x509.Certificate.load(der) for der in sample.chain)
        validator = CertificateValidator(
            leaf, intermediate_certs=others, validation_context=context
        )
        return _LOOP.run(validator.async_validate_path())

    return verify


IN_PYTHON: Final[Mapping[str, Callable[[Exercise], Verify]]] = {
    "appleattest verify_acme": _verify_acme(Engine),
    "appleattest verify_acme, fast": _verify_acme(AWSLC),
    "appleattest validate_challenge": _validate_challenge(Engine),
    "appleattest validate_challenge, fast": _validate_challenge(AWSLC),
    "pyhanko-certvalidator": _certvalidator,
}
"""How each of these is prepared. Raises `ImportError` for what is not installed."""

_prepared: dict[str, tuple[Verify, list[Sample]]] = {}
"""What a process of the pool has prepared."""


def _prepare(exercise: Exercise, names: list[str]) -> None:
    for name in names:
        verify = IN_PYTHON[name](exercise)
        verify(exercise.samples[0])
        _prepared[name] = verify, exercise.samples


def _work(name: str, operations: int) -> None:
    verify, samples = _prepared[name]
    for index in range(operations):
        verify(samples[index % len(samples)])


class InPython(NamedTuple):
    """One that runs here, and on all cores in the processes of a pool."""

    name: str
    pool: Pool

    def one_core(self, operations: int) -> float:
        """As the protocol says."""
        start = time.thread_time_ns()
        _work(self.name, operations)
        return (time.thread_time_ns() - start) / operations / 1e9

    def all_cores(self, operations: int, cores: int) -> float:
        """As the protocol says."""
        share = operations // cores
        start = time.perf_counter_ns()
        self.pool.starmap(_work, [(self.name, share)] * cores, chunksize=1)
        return (time.perf_counter_ns() - start) / (share * cores) / 1e9


@contextmanager
def in_python(exercise: Exercise, cores: int) -> Iterator[tuple[list[InPython], list[str]]]:
    """Those whose code is installed, and a sentence about each that is not."""
    present, skipped = [], []
    for name in IN_PYTHON:
        try:
            _prepare(exercise, [name])
            present.append(name)
        except ImportError as missing:
            skipped.append(f"{name}: {missing}")
    context = multiprocessing.get_context("spawn")
    with context.Pool(cores, _prepare, (exercise, present)) as pool:
        yield [InPython(name, pool) for name in present], skipped
        pool.close()
        pool.join()


# --- Go -----------------------------------------------------------------------------------------

IN_GO: Final = ("step-ca steps", "step-ca Challenge.Validate", "nanoca")
"""The subjects of `vectorpeers measure`: examples/vector_consumers/peers/measure.go."""


class GoProgram:
    """The program that runs the peers' code: it answers each line with a line."""

    def __init__(self, program: Path, exercise: Exercise) -> None:
        self._process = subprocess.Popen(
            [program, "measure"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._send(exercise.for_go())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=60)

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def run(self, subject: str, operations: int, cores: int) -> Mapping[str, int]:
        """The nanoseconds of one round; `RuntimeError` where the program has ended."""
        self._send({"subject": subject, "operations": operations, "cores": cores})
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{self._process.args!r} ended without an answer")
        took: Mapping[str, int] = json.loads(line)
        return took


class InGo(NamedTuple):
    """One whose code is in Go."""

    name: str
    program: GoProgram

    def one_core(self, operations: int) -> float:
        """As the protocol says."""
        return self.program.run(self.name, operations, 1)["processor_ns"] / operations / 1e9

    def all_cores(self, operations: int, cores: int) -> float:
        """As the protocol says."""
        return self.program.run(self.name, operations, cores)["wall_ns"] / operations / 1e9
