"""What `import appleattest` costs beside the imports that it cannot do without."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import appleattest

NEEDED = "import cryptography.x509, cbor2, asn1crypto.core"
OURS = "import appleattest"
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def import_seconds(rounds: int) -> dict[str, float]:
    """Seconds that each import takes in a fresh interpreter: the median of `rounds`.

    The interpreter's own start is not counted. Bytecode is cached, as in any installation,
    in a folder of its own; the first round of all only fills it.
    """
    found: dict[str, list[float]] = {NEEDED: [], OURS: []}
    with tempfile.TemporaryDirectory() as cache:
        environment = _environment(cache)
        for statement in found:
            _once(statement, environment)
        for _ in range(rounds):
            for statement, samples in found.items():
                samples.append(_once(statement, environment))
    return {statement: median(samples) for statement, samples in found.items()}


def _environment(cache: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    source = str(Path(appleattest.__file__).parents[1])
    return {**inherited, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": source}


def _once(statement: str, environment: dict[str, str]) -> float:
    answer = subprocess.run(
        [sys.executable, "-c", _TIMED.format(statement)],
        env=environment,
        capture_output=True,
        check=True,
    )
    return float(answer.stdout)
