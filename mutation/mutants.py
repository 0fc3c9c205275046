"""What mutmut did: which mutants were tried, how their tests ended, what each of them changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Final

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from mutation.counts import SOURCE
from mutation.reasons import ROOT, Change, joined
from mutation.result import Outcomes

MUTANTS: Final = ROOT / "mutants" / "src" / "appleattest"


def chosen(module: str) -> list[str]:
    """The names, with wildcards, of the mutants of a module or a package: `mdm`, `wire/der.py`.

    Raises `ValueError` when there is no such module.
    """
    path = SOURCE / module.removesuffix(".py")
    if not (path.is_dir() or path.with_suffix(".py").is_file()):
        raise ValueError(f"there is no module {module!r} in src/appleattest")
    return [f"{'.'.join(['appleattest', *path.relative_to(SOURCE).parts])}.*"]


def run(names: list[str], jobs: int) -> None:
    """Run mutmut, whose answer is in `mutants/`; what it tried before it does not try again.

    Ends the program where mutmut fails: it does so when a test fails without any mutant.
    """
    paths = [str(ROOT / "mutation"), os.environ.get("PYTHONPATH")]
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *names],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        check=False,
    )
    if done.returncode:
        raise SystemExit("mutmut failed; the tests must pass before any mutant is tried")


def outcomes(modules: Iterable[str]) -> dict[str, Outcomes]:
    """How the tests of each mutant ended, by file; of the chosen modules alone, if any is."""
    places = [SOURCE / module.removesuffix(".py") for module in modules] or [SOURCE]
    found: dict[str, Outcomes] = {}
    for file in sorted(MUTANTS.rglob("*.meta")):
        module = file.relative_to(MUTANTS).as_posix().removesuffix(".meta")
        source = SOURCE / module
        if not any(place in (source.with_suffix(""), *source.parents) for place in places):
            continue
        tried = json.loads(file.read_text("utf-8"))["exit_code_by_key"]
        done = {name: code for name, code in tried.items() if code is not None}
        if done and source.exists():
            found[module] = done
    return found


def function(name: str) -> str:
    """The function that the mutant of this name is of, qualified by its class."""
    found, owner = orig_function_and_class_names_from_key(name)
    plain = found.rpartition(".")[2]
    return f"{owner}.{plain}" if owner else plain


def change(name: str) -> Change:
    """What the mutant of this name changes."""
    diff = get_diff_for_mutant(name).splitlines()[2:]
    before, after = (
        joined(" ".join(line[1:] for line in diff if line[0] == sign)) for sign in "-+"
    )
    return Change(function(name), before, after)
