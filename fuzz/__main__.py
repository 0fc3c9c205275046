"""`python -m fuzz`: each target for some seconds; `--input FILE` runs one target on one input.

Seeds and what the fuzzer adds to them live in a temporary folder. Exits 1 when a target found
something; then the input is printed and kept. Without atheris it says so and exits 0.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from fuzz.seeds import written_to
from fuzz.targets import TARGETS
from fuzz.tokens import dictionary

ROOT: Final = Path(__file__).resolve().parent.parent
SKIPPED: Final = (
    "skipped: atheris is not available for this Python; install it (`pip install atheris`: Linux, "
    "CPython 3.11 to 3.13) or name another interpreter, as in: make fuzz PYTHON=python3.13"
)
_MEMORY: Final = 512
"""MiB that a process may hold, the instrumented library among them."""
_SLOWEST: Final = 5
"""Seconds that one input may take: a thousand times what the costliest that is known does."""
_GRACE: Final = 120
"""Seconds beyond the chosen time in which a process must have begun and ended."""
_STATISTIC: Final = re.compile(r"stat::(\w+):\s+(\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+)")
_TAIL: Final = 30


class Run(NamedTuple):
    """How the fuzzing of one target ended."""

    target: str
    exit_code: int
    log: str
    inputs: list[Path]
    """What it found: crashes, and inputs that take too long or too much memory."""

    def summary(self) -> str:
        """One line of the table."""
        numbers = dict(_STATISTIC.findall(self.log))
        covered = _COVERAGE.findall(self.log) or ["?"]
        executed = numbers.get("number_of_executed_units", "?")
        each_second = numbers.get("average_exec_per_sec", "?")
        memory = numbers.get("peak_rss_mb", "?")
        verdict = "nothing found" if self.exit_code == 0 else "FOUND SOMETHING"
        return (
            f"{self.target:<20} {executed:>9} runs {each_second:>6} /s "
            f"{covered[-1]:>5} branches {memory:>4} MiB  {verdict}"
        )


def main() -> int:
    """0 when nothing was found, or nothing could be looked for; 1 otherwise."""
    arguments = _arguments()
    if arguments.input is not None:
        for name in arguments.targets:
            TARGETS[name].run(arguments.input.read_bytes())
            print(f"{name}: nothing found")
        return 0
    if find_spec("atheris") is None:
        print(SKIPPED)
        return 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = pool.map(lambda name: _fuzz(name, arguments.seconds), arguments.targets)
        found = [run for run in runs if _reported(run)]
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--input", type=Path, help="run the targets on this file alone")
    arguments = parser.parse_args()
    arguments.targets = arguments.targets or list(TARGETS)
    unknown = sorted(set(arguments.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    return arguments


def _fuzz(name: str, seconds: int) -> Run:
    """Fuzz one target in a process and a folder of its own; the folder stays if it found any."""
    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for part in ("corpus", "found"):
        (folder / part).mkdir()
    written_to(folder / "seeds", target.seeds, target.longest)
    (folder / "dictionary").write_text(dictionary(target.tokens), encoding="ascii")
    command = [
        *(sys.executable, "-m", "fuzz.under_atheris", name),
        *(str(folder / "corpus"), str(folder / "seeds"), f"-dict={folder / 'dictionary'}"),
        *(f"-artifact_prefix={folder / 'found'}/", f"-max_len={target.longest}"),
        *(f"-max_total_time={seconds}", f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MEMORY}"),
        *("-print_final_stats=1", "-verbosity=1"),
    ]
    exit_code, log = _run(command, seconds + _GRACE)
    inputs = sorted((folder / "found").iterdir())
    if exit_code == 0:
        shutil.rmtree(folder)
    return Run(name, exit_code, log, inputs)


def _run(command: list[str], seconds: int) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        return 1, f"{(error.stdout or b'').decode(errors='replace')}\ndid not end in {seconds} s"
    return done.returncode, done.stdout.decode(errors="replace")


def _reported(run: Run) -> bool:
    """Print how it ended, and whether it found anything."""
    print(run.summary(), flush=True)
    if run.exit_code == 0:
        return False
    print("\n".join(run.log.splitlines()[-_TAIL:]))
    for path in run.inputs:
        print(f"\nagain: python -m fuzz {run.target} --input {path}")
        print(f"in base64: {b64encode(path.read_bytes()).decode()}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
