"""What a run of mutants means beside the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from mutation.counts import Count
from mutation.reasons import Change

# pytest's exit codes, and mutmut's own for a mutant that no test calls. A failure, an error of
# the session and a timeout are a kill each.
SURVIVED: Final = (0, 5, 33)

Outcomes = Mapping[str, int]
"""By the name of the mutant, how its tests ended."""


class Result(NamedTuple):
    """What a run found."""

    counted: dict[str, Count]
    unexplained: set[Change]
    """Survived, and no reason says why."""
    needless: set[Change]
    """Has a reason, and did not survive."""


def result(
    found: Mapping[str, Outcomes],
    known: Iterable[Change],
    change: Callable[[str], Change],
    function: Callable[[str], str],
    *,
    is_full: bool,
) -> Result:
    """Compare the outcomes, by file, with the changes that have a reason.

    In a run of some modules a reason is needless if its mutant was tried and killed; in a full
    one also if no mutant is what it describes. `change` costs time, so of the mutants that were
    killed it is asked only about those of a `function` that has a reason.
    """
    reasons = set(known)
    functions = {each.function for each in reasons}
    counted: dict[str, Count] = {}
    survivors, killed = set[Change](), set[Change]()
    for module, tried in found.items():
        survived = {name for name, code in tried.items() if code in SURVIVED}
        changes = [change(name) for name in survived]
        wording = sum(each.only_wording for each in changes)
        counted[module] = Count(len(tried), len(survived), wording)
        survivors |= {each for each in changes if not each.only_wording}
        killed |= {change(name) for name in tried.keys() - survived if function(name) in functions}
    needless = reasons - survivors
    return Result(counted, survivors - reasons, needless if is_full else needless & killed)
