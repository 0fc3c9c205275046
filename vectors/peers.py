"""Put the vectors to verifiers that others wrote, and count: `python -m vectors.peers --help`.

`make peers` builds the program that brings a test to their code:
examples/vector_consumers/peers. The counts stand in docs/peers.md, between two markers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from appleattest.testing.vectors import runner

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAM: Final = ROOT / ".peers" / "vectorpeers"
PAGE: Final = ROOT / "docs" / "peers.md"
PEERS: Final = ("step-ca", "nanoca")
BEGIN: Final = "<!-- counted by make peers-vectors -->\n"
END: Final = "<!-- end of what is counted -->\n"

HEADER: Final = (
    *("peer", "version", "asked", "as it must"),
    *("accepts what is invalid", "refuses what is valid", "may do either"),
)
"""Of the first table: of what is asked, the other three and "as it must" are the sum."""

NOT_ASKED: Final = "not asked"
"""The result of an answer which says that the test cannot be put to the peer."""


class Attack(NamedTuple):
    """Tests that are invalid because accepting them lets somebody in: by reason, or by flag."""

    text: str
    reasons: tuple[str, ...] = ()
    flag: str | None = None

    def has(self, test: Mapping[str, Any]) -> bool:
        """Whether it is a test of this attack."""
        return test["result"] == "invalid" and (
            test.get("reason") in self.reasons or self.flag in test["flags"]
        )


FORGED: Final = Attack(
    "a chain that is forged, or of an authority that is not trusted",
    ("bad-signature", "unknown-issuer"),
)
LEAF_AS_ISSUER: Final = Attack("a leaf that a leaf has signed", flag="LeafAsIssuer")
OUT_OF_DATE: Final = Attack(
    "a certificate that has expired, or is not yet valid", ("expired", "not-yet-valid")
)
REPLAYED: Final = Attack("an answer to another challenge", ("freshness-mismatch",))
RELAYED: Final = Attack("an attestation of another device", ("identifier-mismatch",))
UNDATED: Final = Attack("a leaf without a freshness code", ("freshness-missing",))
ATTACKS: Final = (FORGED, LEAF_AS_ISSUER, OUT_OF_DATE, REPLAYED, RELAYED, UNDATED)


class Count(NamedTuple):
    """What one peer said to the vectors."""

    asked: tuple[runner.Verdict, ...]
    not_asked: Counter[str]
    """Why a test was not asked, and how many were not."""

    def right(self) -> int:
        """How many it accepts or refuses as it must."""
        return len(self.asked) - self.either() - len(self.wrong)

    def either(self) -> int:
        """How many it may accept or refuse."""
        return sum(each.test["result"] == "acceptable" for each in self.asked)

    def answered(self, expected: str, given: str) -> list[runner.Verdict]:
        """Those of one result that it answers with another."""
        return [
            each
            for each in self.asked
            if (each.test["result"], each.answer["result"]) == (expected, given)
        ]

    @property
    def wrong(self) -> list[runner.Verdict]:
        """What it accepts though invalid, then what it refuses though valid."""
        return self.answered("invalid", "valid") + self.answered("valid", "invalid")

    def wrong_with(self, flag: str) -> str:
        """As in "3 of 20": tests with this flag, those of either result left out."""
        wrong = sum(flag in each.test["flags"] for each in self.wrong)
        asked = sum(
            flag in each.test["flags"] for each in self.asked if each.test["result"] != "acceptable"
        )
        return f"{wrong} of {asked}"

    def accepts(self, attack: Attack) -> tuple[int, int]:
        """How many tests of an attack it accepts, and how many it was asked."""
        asked = [each for each in self.asked if attack.has(each.test)]
        return sum(each.answer["result"] == "valid" for each in asked), len(asked)


def count(verdicts: Iterable[runner.Verdict]) -> Count:
    """Tell what was asked from what could not be.

    Raises `RuntimeError` for an answer that is none of the three.
    """
    asked: list[runner.Verdict] = []
    not_asked: Counter[str] = Counter()
    for each in verdicts:
        given = each.answer.get("result")
        if given == NOT_ASKED:
            not_asked[each.answer["reason"]] += 1
        elif given in ("valid", "invalid"):
            asked.append(each)
        else:
            raise RuntimeError(f"{each.file}, {each.test['name']}: {each.failure}")
    return Count(tuple(asked), not_asked)


def ask(program: Path, directory: Path) -> dict[str, Count]:
    """Put every vector to every peer."""
    paths = runner.vector_files(directory)
    return {peer: count(runner.run([str(program), peer], paths)) for peer in PEERS}


def versions(program: Path) -> dict[str, str]:
    """The version of each peer in the program, and of `go`, which compiled it."""
    said = subprocess.run([program, "versions"], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(said.stdout)
    return found


def section(counts: Mapping[str, Count], built: Mapping[str, str]) -> str:
    """What stands between the markers of docs/peers.md."""
    heads = [f"{peer} accepts" for peer in counts]
    tables = [
        f"Compiled with `{built['go']}`.\n",
        _table(
            HEADER,
            [_numbers(peer, built[peer], each) for peer, each in counts.items()],
        ),
        "Attacks among what is invalid:\n",
        _table(["attack", *heads], [_attack(attack, counts.values()) for attack in ATTACKS]),
        "What is refused though valid:\n",
        _table(["test", "peer", "it says"], _refused(counts)),
        "By flag, how many each gets wrong; a flag that is not listed, neither does:\n",
        _table(["flag", *counts], _flags(list(counts.values()))),
        "Not asked:\n",
        _table(["why", *counts], _unasked(list(counts.values()))),
    ]
    return "\n".join(tables)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _numbers(peer: str, version: str, counted: Count) -> list[str]:
    numbers = (
        len(counted.asked),
        counted.right(),
        len(counted.answered("invalid", "valid")),
        len(counted.answered("valid", "invalid")),
        counted.either(),
    )
    return [peer, f"`{version}`", *map(str, numbers)]


def _attack(attack: Attack, counts: Iterable[Count]) -> list[str]:
    return [attack.text, *("{} of {}".format(*each.accepts(attack)) for each in counts)]


def _refused(counts: Mapping[str, Count]) -> list[list[str]]:
    return sorted(
        [f"`{each.file}` `{each.test['name']}`", peer, str(each.answer["reason"])]
        for peer, counted in counts.items()
        for each in counted.answered("valid", "invalid")
    )


def _flags(counts: Sequence[Count]) -> list[list[str]]:
    flags = {flag for each in counts for wrong in each.wrong for flag in wrong.test["flags"]}
    return [[f"`{flag}`", *(each.wrong_with(flag) for each in counts)] for flag in sorted(flags)]


def _unasked(counts: Sequence[Count]) -> list[list[str]]:
    reasons = sorted({why for each in counts for why in each.not_asked})
    return [[why, *(str(each.not_asked[why]) for each in counts)] for why in reasons]


def written(page: str, counted: str) -> str:
    """The page with this between its markers; `ValueError` for a page without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no place for what is counted")
    return f"{before}{begin}\n{counted}\n{end}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Count, and print it or write it; 1 where the program is not built."""
    parser = argparse.ArgumentParser(prog="python -m vectors.peers")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--directory", type=Path, default=ROOT / "vectors")
    parser.add_argument("--write", action="store_true", help="write docs/peers.md")
    options = parser.parse_args(arguments)
    if not options.program.exists():
        print(f"{options.program.name} is not built: run 'make peers', which needs Go")
        return 1
    counted = section(ask(options.program, options.directory), versions(options.program))
    if options.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), counted), "utf-8", newline="\n")
    else:
        print(counted, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
