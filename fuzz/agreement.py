"""`python -m fuzz.agreement --chains 1000000`: do the engine and AWS-LC give the same verdicts?

Two verifiers that remember intermediates judge every chain, one with each. Of every twentieth, a
verifier that remembers nothing is asked too. Compared are the attestation or the refusal, with
reason, element and detail, and the report. Prints counts, and exits 1 where two verdicts differ.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from platform import python_version
from typing import Final, NamedTuple

from appleattest import UNCHECKED, Verifier
from appleattest.signatures import AWSLC, IssuerKey
from fuzz import world
from fuzz.generated_chains import Generated, Source, bases

_BATCH: Final = 1000
"""Chains of one seed."""
_FRESH: Final = 20
"""Of so many chains, one is judged by a verifier that remembers nothing as well."""
_SHOWN: Final = 10
"""Differences that are printed."""

Verdict = tuple[object, ...]
"""Everything that a verifier says of a chain, in a form that can be compared."""


class Counting:
    """AWS-LC, and how often it was asked and said yes."""

    def __init__(self) -> None:
        self.said: Final[Counter[bool]] = Counter()
        self._signatures: Final = AWSLC()

    def issuer_key(self, spki: bytes) -> IssuerKey | None:
        """AWS-LC's key, counted."""
        key = self._signatures.issuer_key(spki)
        return None if key is None else _CountingKey(key, self.said)


class _CountingKey:
    def __init__(self, key: IssuerKey, said: Counter[bool]) -> None:
        self._key, self._said = key, said

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        """What AWS-LC says."""
        found = self._key.verifies(signature, content, digest)
        self._said[found] += 1
        return found


class Judges(NamedTuple):
    """The two verifiers of a process."""

    engine: Verifier
    aws_lc: Verifier
    counting: Counting


class Tally(NamedTuple):
    """What became of some chains."""

    accepted: Counter[str]
    refused: Counter[str]
    """By how they were made."""
    reasons: Counter[str]
    said: Counter[bool]
    """What AWS-LC said of the signatures that it was asked about."""
    differing: list[str]


@cache
def judges() -> Judges:
    """The two verifiers of this process. They remember the intermediates of the bases."""
    counting = Counting()
    found = Judges(
        world.fresh(), Verifier(trust=world.AUTHORITY.trust, signatures=counting), counting
    )
    for base in bases():
        for verifier in (found.engine, found.aws_lc):
            verifier.verify_chain(base.chain, freshness=UNCHECKED, at=world.AT)
    return found


def verdict(verifier: Verifier, chain: list[bytes], at: datetime) -> Verdict:
    """The attestation or the refusal, and the checks of the report."""
    report = verifier.examine_chain(chain, freshness=UNCHECKED, at=at)
    error, attestation = report.error, report.attestation
    if error is None:
        assert attestation is not None
        return attestation.chain, attestation.device, report.checks
    return type(error), error.reason, error.element, error.detail, report.checks


def compare(judged: Judges, generated: Iterable[Generated]) -> Tally:
    """Judge every chain by both, and by one that remembers nothing where its turn comes."""
    tally = Tally(Counter(), Counter(), Counter(), Counter(), [])
    before = Counter(judged.counting.said)
    for number, (kind, chain, at) in enumerate(generated):
        expected = verdict(judged.engine, chain, at)
        found = [verdict(judged.aws_lc, chain, at)]
        if number % _FRESH == 0:
            found.append(verdict(world.fresh(), chain, at))
        if any(each != expected for each in found):
            tally.differing.append(_shown(kind, chain, at, expected, found))
        if isinstance(expected[0], type):
            tally.refused[kind] += 1
            tally.reasons[str(expected[1])] += 1
        else:
            tally.accepted[kind] += 1
    tally.said.update(judged.counting.said - before)
    return tally


def _shown(
    kind: str, chain: list[bytes], at: datetime, expected: Verdict, found: list[Verdict]
) -> str:
    ders = [b64encode(each).decode("ascii") for each in chain]
    return f"{kind}, at {at}: {json.dumps(ders)}\n  engine: {expected}\n  others: {found}"


def _batch(seed: int, number: int) -> Tally:
    return compare(judges(), Source(f"{seed}/{number}").chains(_BATCH))


def batches(chains: int, seed: int, processes: int) -> Iterator[Tally]:
    """The tally of each batch, in as many processes."""
    numbers = range(-(-chains // _BATCH))
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(partial(_batch, seed), numbers)


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    whole = Tally(Counter(), Counter(), Counter(), Counter(), [])
    for each in tallies:
        whole.accepted.update(each.accepted)
        whole.refused.update(each.refused)
        whole.reasons.update(each.reasons)
        whole.said.update(each.said)
        whole.differing.extend(each.differing)
    return whole


def printed(tally: Tally) -> str:
    """The counts as a table."""
    whole = tally.accepted.total(), tally.refused.total()
    reasons = (f"{reason} {count:,}" for reason, count in tally.reasons.most_common())
    lines = [
        f"{'chains':<40}{'accepted':>10}{'refused':>10}",
        *(
            f"{kind:<40}{tally.accepted[kind]:>10,}{tally.refused[kind]:>10,}"
            for kind in sorted(tally.accepted | tally.refused)
        ),
        f"{'all':<40}{whole[0]:>10,}{whole[1]:>10,}",
        f"refused for: {', '.join(reasons)}",
        f"AWS-LC was asked about {tally.said.total():,} signatures; valid: {tally.said[True]:,}",
        f"verdicts that differ: {len(tally.differing):,}",
    ]
    return "\n".join(lines)


def main() -> int:
    """0 where all verdicts agree."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.agreement", description=__doc__)
    parser.add_argument("--chains", type=int, default=10_000, help="rounded up to thousands")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other chains")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    try:
        AWSLC()
    except ImportError as missing:
        print(f"skipped: {missing}")
        return 0
    began = time.monotonic()
    tally = total(batches(options.chains, options.seed, options.processes))
    print(printed(tally))
    versions = ", ".join(f"{name} {version(name)}" for name in ("cryptography", "awscrt"))
    print(
        f"{time.monotonic() - began:,.0f} s in {options.processes} processes; seed {options.seed}; "
        f"Python {python_version()}, {versions}"
    )
    for each in tally.differing[:_SHOWN]:
        print(each, file=sys.stderr)
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
