"""How many mutants each module has and how many were killed: mutation/counts.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from mutation.reasons import ROOT

COUNTS: Final = ROOT / "mutation" / "counts.json"
SOURCE: Final = ROOT / "src" / "appleattest"


class Count(NamedTuple):
    """The mutants of one module, or of all of them."""

    mutants: int
    survived: int
    wording: int
    """How many of the survivors change nothing but the words of a text for an operator."""

    @property
    def killed(self) -> int:
        """How many mutants some test noticed."""
        return self.mutants - self.survived


def read(path: Path = COUNTS) -> dict[str, Count]:
    """The counts of each module by its file, empty before the first run."""
    if not path.exists():
        return {}
    return {module: Count(**each) for module, each in json.loads(path.read_text("utf-8")).items()}


def write(new: Mapping[str, Count], path: Path = COUNTS) -> None:
    """Put new counts beside those of the modules that were not tried and still exist."""
    every = {**read(path), **new}
    kept = {each: every[each]._asdict() for each in sorted(every) if (SOURCE / each).exists()}
    lines = (f"  {json.dumps(module)}: {json.dumps(count)}" for module, count in kept.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def total(counts: Mapping[str, Count]) -> Count:
    """The sum over the modules."""
    return Count(*map(sum, zip(*counts.values(), strict=True))) if counts else Count(0, 0, 0)
