"""Write what was measured into the pages, and its picture: the end of `make bench-peers`.

Each page has a place for it between two markers. What is there is made of docs/pictures/peers.json
and docs/pictures/costs.json alone, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bars import peers as peers_picture
from results import (
    CERTVALIDATOR,
    FAST,
    FOLDER,
    GROUPS,
    OURS,
    STEPS,
    Contestant,
    Peers,
    costs,
    machine,
)

ROOT: Final = FOLDER.parent.parent
BEGIN: Final = "<!-- measured by make {} -->\n"
END: Final = "<!-- end of what is measured -->\n"


def entrance() -> str:
    """What the README says."""
    found = Peers.read()
    ours, fast = _a_second(found, OURS), _a_second(found, FAST)
    steps, path = (found.times(OURS, each) for each in (STEPS, CERTVALIDATOR))
    fast_steps = found.times(FAST, STEPS)
    return f"""\
One core verifies about {ours} attestations a second, and about {fast} if you choose
[AWS-LC](docs/guide-fast.md). That is {steps} and {fast_steps} times as fast as the steps that
step-ca takes, in Go. The default is {path} times as fast as pyhanko-certvalidator, which checks
the path alone. All were given the same objects in one run, `make bench-peers`:
[how, and all numbers](docs/peers.md#how-fast-they-are). More is under
[performance](docs/performance.md), and [what a verification costs](docs/costs.md).

![What one attestation takes, by verifier](docs/pictures/peers.svg)
"""


def _a_second(found: Peers, each: Contestant) -> str:
    """On one core, to the hundred."""
    return f"{round(1e6 / found.microseconds(each), -2):,.0f}"


def peers() -> str:
    """The tables of docs/peers.md."""
    found = Peers.read()
    rounds = found.document["rounds"]
    parts = [f"{found.machine}; {found.document['date']}; {rounds} rounds.\n"]
    for title, group in GROUPS.items():
        parts += [f"{title}:\n", _table(_PEERS, [_peer(found, each) for each in group])]
    versions = [[name, f"`{number}`"] for name, number in found.document["versions"].items()]
    goals = [_goal(goal) for goal in found.document["goals"]]
    parts += ["How many times as fast, on one core:\n", _table(_GOALS, goals)]
    return "\n".join([*parts, _table(["what", "version"], versions)])


_PEERS: Final = ("verifier", "what runs", "µs on one core", "a second on all cores")
_GOALS: Final = ("ours", "compared with", "goal", "measured", "so it is")


def _peer(found: Peers, each: Contestant) -> list[str]:
    numbers = f"{found.microseconds(each):,.0f}", f"{found.a_second(each):,}"
    return [each.label, each.what, *numbers]


def _goal(goal: Mapping[str, Any]) -> list[str]:
    return [
        goal["ours"],
        goal["theirs"],
        f"{goal['times']:g}",
        f"{goal['reached']:.2f}",
        _met(goal),
    ]


def _met(goal: Mapping[str, Any]) -> str:
    return "reached" if goal["reached"] >= goal["times"] else "missed"


def cost_tables() -> str:
    """The tables of docs/costs.md."""
    document = costs()
    python, library = document["versions"]["python"], document["versions"]["cryptography"]
    parts = [
        f"{machine(document)}; Python {python}, `cryptography` {library}; {document['date']}.\n"
    ]
    for table in document["tables"]:
        parts += [f"### {table['title']}\n", _cost_table(table)]
    return "\n".join(parts)


def _cost_table(table: Mapping[str, Any]) -> str:
    rows, first = table["rows"], table["rows"][0]
    if "share" in first:
        header = ["who verifies", "rows a second", "share of the ideal"]
        return _table(
            header,
            [[each["name"], f"{each['rows_a_second']:,}", f"{each['share']:.2f}"] for each in rows],
        )
    bare = table["bare"]
    header = ["what", "µs", "bare checks"]
    if "first_sight" not in first:
        return _table(header, [[each["name"], *_cost(each["remembered"], bare)] for each in rows])
    return _table(
        [*header, "µs at first sight", "bare checks"],
        [
            [each["name"], *_cost(each["remembered"], bare), *_cost(each["first_sight"], bare)]
            for each in rows
        ],
    )


def _cost(microseconds: float, bare: float) -> list[str]:
    return [f"{microseconds:,.0f}", f"{microseconds / bare:.2f}"]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


PLACES: Final[Mapping[str, tuple[str, Callable[[], str]]]] = {
    "README.md": ("bench-peers", entrance),
    "docs/peers.md": ("bench-peers", peers),
    "docs/costs.md": ("bench-costs", cost_tables),
}
"""The pages, the command that measures for each, and what stands on it."""


def written(name: str) -> str:
    """The page with what was measured; `ValueError` for one without the two markers."""
    command, content = PLACES[name]
    page = (ROOT / name).read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN.format(command))
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{name} has no place for what is measured")
    return f"{before}{begin}\n{content()}\n{end}{after}"


if __name__ == "__main__":
    for each in PLACES:
        (ROOT / each).write_text(written(each), encoding="utf-8", newline="\n")
    (FOLDER / "peers.svg").write_text(peers_picture(), encoding="utf-8", newline="\n")
