"""Mutate src/appleattest, run the tests on every mutant, and count who was killed.

pyproject.toml configures mutmut; docs/mutants.md explains whoever may survive. Arguments are
names of mutants, with wildcards, as in `appleattest.freshness.*`; none means all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from survivors import change, explained

ROOT: Final = Path(__file__).resolve().parent.parent
MUTANTS: Final = ROOT / "mutants" / "src" / "appleattest"
LEAST_KILLED: Final = 92
"""Per cent of the mutants."""

# pytest's exit codes, and mutmut's own for a mutant that no test calls. A failure, an error of
# the session and a timeout are a kill each.
SURVIVED: Final = (0, 5, 33)

Outcomes = dict[str, int | None]
"""By the name of the mutant, how its tests ended; None for one that has not been tried."""


def mutate(names: list[str]) -> None:
    """Run mutmut, whose answer is in `mutants/`; what it tried before it does not try again."""
    processes = str(min(os.cpu_count() or 1, 4))
    path = os.pathsep.join(filter(None, [str(ROOT / "mutation"), os.environ.get("PYTHONPATH")]))
    subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", processes, *names],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )


def outcomes() -> dict[str, Outcomes]:
    """What became of the mutants of each module that has any."""
    found: dict[str, Outcomes] = {}
    for file in sorted(MUTANTS.rglob("*.meta")):
        tried: Outcomes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
        done: Outcomes = {name: code for name, code in tried.items() if code is not None}
        if done:
            found[file.relative_to(MUTANTS).as_posix().removesuffix(".meta")] = done
    return found


def row(module: str, total: int, survived: int) -> str:
    killed = total - survived
    return f"| {module:<34} | {total:>5} | {killed:>5} | {survived:>5} | {killed / total:>6.1%} |"


def main(names: list[str]) -> int:
    mutate(names)
    found = outcomes()
    survivors = {
        module: [name for name, code in tried.items() if code in SURVIVED]
        for module, tried in found.items()
    }
    known = explained()
    changes = sorted({change(name) for each in survivors.values() for name in each})
    unexplained = [each for each in changes if not (each.only_wording or each in known)]
    for each in unexplained:
        print(f"not explained: {each.room} {each.row()}")
    counted = Counter({module: len(tried) for module, tried in found.items()})
    for module, total in counted.items():
        print(row(module, total, len(survivors[module])))
    total, survived = counted.total(), sum(map(len, survivors.values()))
    print(row("all", total, survived))
    return int((total - survived) * 100 < LEAST_KILLED * total or bool(unexplained))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
