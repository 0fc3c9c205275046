"""Measure speed and memory, as ratios that hold on any machine: `python benchmarks/run.py`.

Every ratio compares two things measured in this one run, side by side. `--quick` takes fewer
samples; `--json` prints the numbers for a program; `--check` exits with 1 when a number is
above the one recorded in `bounds.py`; `--all` lists every hostile input, not the worst ten.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import bounds
import cryptography
import throughput
from cases import Inputs
from hostile import Hostile, hostile_inputs
from imports import NEEDED, import_seconds
from memory import python_peak, resident_growth
from timing import Prepare, on_two_threads, side_by_side

from appleattest import AttestationError, Verifier
from appleattest.signatures import AWSLC

_WORST = 10
_BATCH = 10


class Row(NamedTuple):
    """One measurement: a ratio (`x`) or a size (`MiB`), with the time or the rate behind it."""

    name: str
    value: float
    unit: str = "x"
    seconds: float | None = None
    rows_a_second: float | None = None

    @property
    def target(self) -> float | None:
        """What the project asks for: at most that, or at least that of the `AT_LEAST`."""
        return bounds.TARGETS.get(self.name, bounds.AT_LEAST.get(self.name))

    @property
    def missed(self) -> bool:
        """Whether it is on the wrong side of its target."""
        if self.target is None:
            return False
        return (self.value < self.target) == (self.name in bounds.AT_LEAST)

    @property
    def regressed(self) -> bool:
        """Whether it is worse than what was recorded, beyond the tolerance."""
        recorded = bounds.RECORDED.get(self.name)
        return recorded is not None and self.value > recorded * (1 + bounds.TOLERANCE)


class Section(NamedTuple):
    """Rows that are compared with one and the same thing."""

    title: str
    rows: list[Row]


class Rounds(NamedTuple):
    """How often each thing is measured."""

    warm: int
    cold: int
    decode: int
    hostile: int
    imports: int
    batches: int


FULL = Rounds(warm=60, cold=30, decode=200, hostile=20, imports=40, batches=20)
QUICK = Rounds(warm=15, cold=10, decode=40, hostile=3, imports=10, batches=5)


def sections(rounds: Rounds, *, worst: int) -> Iterator[Section]:
    """Everything that is measured, in the order in which it is printed."""
    inputs = Inputs.mint()
    yield _beside_bare(inputs, rounds)
    yield _beside_aws_lc(inputs, rounds)
    yield _first_sight(inputs, rounds)
    yield _on_two_threads(inputs, rounds)
    yield _decoding(inputs, rounds)
    hostile = list(hostile_inputs(inputs.authority))
    yield _refusing(inputs, hostile, rounds, worst)
    yield _memory(inputs, hostile)
    yield _importing(rounds)
    yield _batches(rounds)


def _beside_bare(inputs: Inputs, rounds: Rounds) -> Section:
    cases = {
        "bare": inputs.bare(),
        bounds.ENGINE: inputs.engine(fresh=False),
        **inputs.verifications(fresh=False),
    }
    found = side_by_side(cases, rounds.warm, batch=_BATCH)
    rows = _ratios(found, "bare")
    beside = [
        Row(bounds.BESIDE + row.name, row.value - found[bounds.ENGINE] / found["bare"])
        for row in rows
        if row.name != bounds.ENGINE
    ]
    return Section("remembered intermediate / one bare P-384 verify", [*rows, *beside])


def _beside_aws_lc(inputs: Inputs, rounds: Rounds) -> Section:
    title = "remembered intermediate, AWS-LC / one P-384 check by AWS-LC with its hash"
    try:
        signatures = AWSLC()
    except ImportError as missing:
        return Section(f"{title}: skipped: {missing}", [])
    fast = inputs.verifications(fresh=False, signatures=signatures)
    cases = {
        "bare": inputs.bare_aws_lc(),
        bounds.FAST + "one bare P-384 check by OpenSSL": inputs.bare(),
        **{bounds.FAST + name: case for name, case in fast.items()},
    }
    return Section(title, _ratios(side_by_side(cases, rounds.warm, batch=_BATCH), "bare"))


def _first_sight(inputs: Inputs, rounds: Rounds) -> Section:
    cases = {
        "bare": inputs.bare(),
        bounds.COLD + "two bare verifies": inputs.bare_path(),
        bounds.COLD + bounds.ENGINE: inputs.engine(fresh=True),
        **{bounds.COLD + k: v for k, v in inputs.verifications(fresh=True).items()},
    }
    found = side_by_side(cases, rounds.cold, batch=_BATCH)
    return Section("first sight of an intermediate / one bare P-384 verify", _ratios(found, "bare"))


def _on_two_threads(inputs: Inputs, rounds: Rounds) -> Section:
    """Here the clock on the wall counts, so other programs on the machine disturb it."""
    cases = {
        "the bare signature check": inputs.bare(),
        bounds.ENGINE: inputs.engine(fresh=False),
        bounds.WARM_CHAIN: inputs.verifications(fresh=False)[bounds.WARM_CHAIN],
    }
    found = {name: on_two_threads(prepare(), rounds.warm) for name, prepare in cases.items()}
    rows = [
        Row(bounds.THREADS + name, both / alone, seconds=both)
        for name, (alone, both) in found.items()
    ]
    return Section("time for one call on two threads / on one thread, at best 0.5", rows)


def _decoding(inputs: Inputs, rounds: Rounds) -> Section:
    cases = {"leaf": inputs.leaf_alone(), **inputs.readings(), **inputs.decodings()}
    found = side_by_side(cases, rounds.decode, batch=20)
    return Section("decoding / load the leaf and read its extensions", _ratios(found, "leaf"))


def _refusing(inputs: Inputs, hostile: Sequence[Hostile], rounds: Rounds, worst: int) -> Section:
    accepted = bounds.WARM_CHAIN
    cases: dict[str, Prepare] = {accepted: inputs.verifications(fresh=True)[accepted]}
    for each in hostile:
        cases[each.name] = partial(_refusal, inputs, each, remembered=False)
        cases[each.name + _REMEMBERED] = partial(_refusal, inputs, each, remembered=True)
    found = side_by_side(cases, rounds.hostile)
    worse = {each.name: max(found[each.name], found[each.name + _REMEMBERED]) for each in hostile}
    rows = _ratios({accepted: found[accepted], **worse}, accepted)
    rows.sort(key=lambda row: row.value, reverse=True)
    return Section(
        "refusing / one cold acceptance", [rows[0]._replace(name=bounds.HOSTILE), *rows[:worst]]
    )


_REMEMBERED = ", with the intermediate remembered"


def _refusal(inputs: Inputs, hostile: Hostile, *, remembered: bool) -> partial[AttestationError]:
    verifier = Verifier(trust=inputs.authority.trust)
    if remembered:
        inputs.accept(verifier)
    return partial(hostile.refuse, verifier, inputs.authority.issued_at)


def _memory(inputs: Inputs, hostile: Sequence[Hostile]) -> Section:
    verifier = Verifier(trust=inputs.authority.trust)
    at = inputs.authority.issued_at
    peaks = [python_peak(partial(each.refuse, verifier, at)) for each in hostile]
    rows = [Row(bounds.PYTHON_PEAK, max(peaks), "MiB")]
    growth = resident_growth(inputs.authority.trust, inputs.chain, hostile, at)
    if growth is not None:
        rows.append(Row(bounds.RESIDENT, growth, "MiB"))
    return Section("memory above the baseline while refusing, MiB", rows)


def _importing(rounds: Rounds) -> Section:
    found = import_seconds(rounds.imports)
    return Section(f"import / {NEEDED}", _ratios(found, NEEDED))


def _batches(rounds: Rounds) -> Section:
    rows = [
        Row(each.name, each.share, rows_a_second=each.rows_a_second)
        for each in throughput.rates(rounds.batches)
    ]
    _, skipped = throughput.available()
    title = "rows of a batch / the ideal, which is one worker's rate times the workers"
    return Section("".join([title, *(f"; skipped: {each}" for each in skipped)]), rows)


def _ratios(found: Mapping[str, float], base: str) -> list[Row]:
    return [
        Row(name, seconds / found[base], seconds=seconds)
        for name, seconds in found.items()
        if name != base
    ]


def _print_table(section: Section) -> None:
    print(f"\n{section.title}")
    for row in section.rows:
        target = "" if row.target is None else f"target {row.target:g}"
        if row.missed:
            target += ", missed"
        time = "" if row.seconds is None else f"{row.seconds * 1e6:,.0f} us"
        if row.rows_a_second is not None:
            time = f"{row.rows_a_second:,.0f} /s"
        print(f"  {row.name:<64} {row.value:6.2f} {row.unit:<3} {time:>10}  {target}")


def _as_json(found: Sequence[Section]) -> str:
    return json.dumps(
        {
            "python": platform.python_version(),
            "cryptography": cryptography.__version__,
            "machine": platform.machine(),
            "sections": [
                {
                    "title": section.title,
                    "rows": [{**row._asdict(), "target": row.target} for row in section.rows],
                }
                for section in found
            ],
        },
        indent=2,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description="Measure the speed and memory of appleattest.")
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--all", action="store_true", help="list every hostile input")
    parser.add_argument("--check", action="store_true", help="fail on what got slower")
    options = parser.parse_args(arguments)
    rounds = QUICK if options.quick else FULL
    found = []
    for section in sections(rounds, worst=sys.maxsize if options.all else _WORST):
        found.append(section)
        if not options.json:
            _print_table(section)
    if options.json:
        print(_as_json(found))
    regressed = [row for section in found for row in section.rows if row.regressed]
    if options.check:
        for row in regressed:
            print(f"regressed: {row.name}: {row.value:.2f}", file=sys.stderr)
    return 1 if options.check and regressed else 0


if __name__ == "__main__":
    sys.exit(main())
