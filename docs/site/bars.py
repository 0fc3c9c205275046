"""The picture of what others' verifiers and ours take: a bar for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from drawing import box, picture, text
from results import CHALLENGE, GROUPS, OBJECT, Contestant, Peers

WIDTH: Final = 680
_STEP: Final = 32
_START, _LONGEST = 220, 250
"""Where the bars begin, and how long the slowest is."""


def peers() -> str:
    """Microseconds of one attestation on one core, and how many a second all cores do."""
    found = Peers.read()
    slowest = max(found.microseconds(each) for each in OBJECT + CHALLENGE)
    body = [
        text(_START, 34, "\N{MICRO SIGN}s on one core: shorter is faster", "note"),
        text(WIDTH - 24, 34, f"a second, {_cores(found)}", "note end"),
    ]
    y = 48
    for title, group in GROUPS.items():
        body += [text(24, y + 20, title, "bold"), *_rows(found, group, y + 32, slowest)]
        y += 44 + _STEP * len(group)
    body += [text(24, y + 16 + 20 * i, line, "note") for i, line in enumerate(_notes(found))]
    return picture(
        "What one attestation takes, beside other verifiers",
        "; ".join(_sentence(found, each) for each in OBJECT) + ".",
        WIDTH,
        y + 76,
        body,
    )


def _rows(found: Peers, group: Sequence[Contestant], top: float, slowest: float) -> Iterator[str]:
    ordered = sorted(group, key=found.microseconds)
    for index, each in enumerate(ordered):
        y, taken = top + _STEP * index, found.microseconds(each)
        length = round(_LONGEST * taken / slowest)
        yield text(_START - 12, y + 17, each.label, "end")
        yield box(_START, y, length, 24, "ours" if each.ours else "box")
        yield text(_START + length + 8, y + 17, f"{taken:,.0f}")
        yield text(WIDTH - 24, y + 17, f"{found.a_second(each):,}", "end")


def _notes(found: Peers) -> tuple[str, ...]:
    named = ("python", "cryptography", "awscrt", "pyhanko-certvalidator")
    versions = ", ".join(f"{name} {found.version(name)}" for name in named)
    commit = found.version("nanoca").rpartition("-")[2]
    return (
        f"{found.machine}; {found.document['date']}",
        versions,
        f"{found.version('go')}, step-ca {found.version('step-ca')}, nanoca {commit}",
    )


def _cores(found: Peers) -> str:
    cores = found.document["machine"]["cores"]
    return "1 core" if cores == 1 else f"{cores} cores"


def _sentence(found: Peers, each: Contestant) -> str:
    return f"{each.label}: {found.microseconds(each):,.0f} microseconds"
