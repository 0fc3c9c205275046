"""Time our verifier and others' on the same attestations, in one run: `make bench-peers`.

Every round asks every contestant, in an order that changes, so that a disturbance of the machine
falls on all. What counts is the tenth percentile of the rounds. `--write` puts the numbers into
docs/pictures/peers.json, from which docs/site/measured.py writes the pages and the picture.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import machine
from contestants import IN_GO, Contestant, GoProgram, InGo, in_python
from exercise import Exercise

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAM: Final = ROOT / ".peers" / "vectorpeers"
RESULTS: Final = ROOT / "docs" / "pictures" / "peers.json"
_OPERATIONS = 64


class Goal(NamedTuple):
    """How many times faster than another we have set ourselves to be, on one core."""

    ours: str
    theirs: str
    times: float


GOALS: Final = (
    Goal("appleattest verify_acme", "step-ca steps", 2.1),
    Goal("appleattest verify_acme, fast", "step-ca steps", 4.4),
    Goal("appleattest verify_acme", "pyhanko-certvalidator", 6.5),
)

Times = Mapping[str, float]
"""Seconds for one attestation, by contestant."""


@contextmanager
def contestants(
    exercise: Exercise, cores: int, program: Path
) -> Iterator[tuple[dict[str, Contestant], list[str]]]:
    """Whoever can be timed here, by name, and a sentence about each who cannot."""
    with ExitStack() as stack:
        ours, skipped = stack.enter_context(in_python(exercise, cores))
        found: dict[str, Contestant] = {each.name: each for each in ours}
        if program.exists():
            go = stack.enter_context(GoProgram(program, exercise))
            found |= {name: InGo(name, go) for name in IN_GO}
        else:
            skipped += [f"{name}: run 'make peers', which needs Go" for name in IN_GO]
        yield found, skipped


def measured(found: Mapping[str, Contestant], rounds: int, cores: int) -> tuple[Times, Times]:
    """Processor time on one core, then time that passes on all."""
    one = _alternating({name: each.one_core for name, each in found.items()}, rounds, _OPERATIONS)
    whole = {name: _on(each, cores) for name, each in found.items()}
    return one, _alternating(whole, rounds, _OPERATIONS * cores)


def _on(contestant: Contestant, cores: int) -> Callable[[int], float]:
    return lambda operations: contestant.all_cores(operations, cores)


def _alternating(
    cases: Mapping[str, Callable[[int], float]], rounds: int, operations: int
) -> Times:
    order, shuffler = list(cases), random.Random(0)
    samples: dict[str, list[float]] = {name: [] for name in order}
    for name in order:
        cases[name](operations)
    for _ in range(rounds):
        shuffler.shuffle(order)
        for name in order:
            samples[name].append(cases[name](operations))
    return {name: sorted(each)[len(each) // 10] for name, each in samples.items()}


def goals(one_core: Times) -> Iterator[dict[str, Any]]:
    """Each goal whose two sides were measured, and what was reached."""
    for goal in GOALS:
        if goal.ours in one_core and goal.theirs in one_core:
            reached = one_core[goal.theirs] / one_core[goal.ours]
            yield {**goal._asdict(), "reached": round(reached, 2)}


def document(
    rounds: int, one_core: Times, all_cores: Times, versions: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that was found, for JSON."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": rounds,
        "machine": machine.described(),
        "versions": dict(sorted(versions.items())),
        "contestants": {
            name: {
                "microseconds_one_core": round(seconds * 1e6, 1),
                "a_second_all_cores": round(1 / all_cores[name]),
            }
            for name, seconds in sorted(one_core.items(), key=lambda item: item[1])
        },
        "goals": list(goals(one_core)),
    }


def _print(found: Mapping[str, Any]) -> None:
    cores = found["machine"]["cores"]
    print(f"{'':<40} {'us, one core':>12} {f'a second, {cores} cores':>20}")
    for name, row in found["contestants"].items():
        one, whole = row["microseconds_one_core"], row["a_second_all_cores"]
        print(f"{name:<40} {one:>12,.0f} {whole:>20,}")
    for goal in found["goals"]:
        missed = "" if goal["reached"] >= goal["times"] else ", missed"
        sides = f"{goal['ours']} / {goal['theirs']}"
        print(f"{sides:<60} {goal['reached']:.2f} x  goal {goal['times']:g}{missed}")
    for sentence in found["skipped"]:
        print(f"skipped: {sentence}")


def _versions(program: Path) -> dict[str, str]:
    if not program.exists():
        return machine.versions()
    said = subprocess.run([program, "versions"], check=True, capture_output=True, text=True)
    of_go: dict[str, str] = json.loads(said.stdout)
    return machine.versions() | of_go


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write. Nothing is written where somebody is missing."""
    parser = argparse.ArgumentParser(description="Time our verifier and others'.")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="from make peers")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    cores, exercise = machine.cores(), Exercise.mint()
    with contestants(exercise, cores, options.program) as (found, skipped):
        one_core, all_cores = measured(found, options.rounds, cores)
    results = document(options.rounds, one_core, all_cores, _versions(options.program))
    results["skipped"] = skipped
    text = json.dumps(results, indent=2) + "\n"
    if options.json:
        print(text, end="")
    else:
        _print(results)
    if options.write and skipped:
        print(f"{RESULTS.name} is left as it is: not everybody was measured", file=sys.stderr)
    elif options.write:
        RESULTS.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
