"""`python -m mutation [MODULE ...]`: a module is `mdm`, `freshness` or `wire/der`; none means all.

Exits with 1 over a survivor without a reason, over a reason without a survivor, and when a run
over all modules killed too few.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Final

from mutation import counts, mutants, page
from mutation.counts import Count
from mutation.reasons import Change, explained, gone
from mutation.result import result

LEAST_KILLED: Final = 97.5
"""Per cent of all mutants."""


def _row(module: str, count: Count) -> str:
    share = count.killed / max(count.mutants, 1)
    return f"{module:<34} {count.mutants:>5} mutants {count.killed:>5} killed {share:>7.1%}"


def _print(title: str, changes: Iterable[Change]) -> None:
    """Print the changes in the form of survivors.toml."""
    for each in sorted(changes):
        print(f"{title}:\n    {json.dumps(each)},")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--jobs", type=int, default=2, help="processes that run tests at a time")
    options = parser.parse_args(arguments)
    known = explained()
    stale = gone(known, counts.SOURCE)
    if stale:
        _print("A reason for code that is gone", stale)
        return 1
    names = [name for module in options.modules for name in mutants.chosen(module)]
    mutants.run(names, options.jobs)
    tried = mutants.outcomes(options.modules)
    found = result(tried, known, mutants.change, mutants.function, is_full=not names)
    for module, count in found.counted.items():
        print(_row(module, count))
    total = counts.total(found.counted)
    print(_row("together", total))
    _print("A survivor without a reason", found.unexplained)
    _print("A reason without a survivor", found.needless)
    counts.write(found.counted)
    page.write()
    too_few = not names and total.killed * 100 < LEAST_KILLED * total.mutants
    if too_few:
        print(f"At least {LEAST_KILLED} per cent must be killed")
    return int(bool(found.unexplained or found.needless or too_few))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
