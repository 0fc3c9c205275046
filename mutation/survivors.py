"""What a mutant changed, and what docs/mutants.md says of those that survived."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "mutants.md"
HEADER: Final = ("function", "before", "after", "why no test can or need notice")
_RULE: Final = ("---",) * len(HEADER)

_LITERAL: Final = re.compile(r'b?"[^"]*"')
_COMPUTED: Final = re.compile(r"\{[^}]*\}")
_ROOM: Final = re.compile(r"### `([\w/.]+)`")
_CELL: Final = re.compile(r"(?<!\\)\|")


class Change(NamedTuple):
    """A mutant by what it changes, which outlives the numbers that mutmut gives."""

    room: str
    function: str
    before: str
    after: str

    @property
    def only_wording(self) -> bool:
        """Whether nothing differs but the words of a text, which is for an operator."""
        return self.before != self.after and _wordless(self.before) == _wordless(self.after)

    def row(self) -> str:
        """The beginning of the change's row in the page."""
        return "| " + " | ".join(_cell(each) for each in self[1:]) + " | "


def change(name: str) -> Change:
    """What the mutant of this name changes."""
    module = name.rpartition("__mutmut_")[0].rpartition(".x")[0]
    room = Path(*module.split(".")[1:]).with_suffix(".py")
    if not (ROOT / "src" / "appleattest" / room).exists():
        room = room.with_suffix("") / "__init__.py"
    function, owner = orig_function_and_class_names_from_key(name)
    function = function.rpartition(".")[2]
    diff = get_diff_for_mutant(name).splitlines()[2:]
    before, after = (_joined(line[1:] for line in diff if line[0] == sign) for sign in "-+")
    return Change(room.as_posix(), f"{owner}.{function}" if owner else function, before, after)


def explained() -> set[Change]:
    """Every change that the page explains."""
    room, found = "", set[Change]()
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        heading = _ROOM.fullmatch(line)
        if heading:
            room = heading.group(1)
        cells = tuple(each.strip() for each in _CELL.split(line)[1:-1])
        is_row = len(cells) == len(HEADER) and cells not in (HEADER, _RULE)
        if room and is_row and cells[-1]:
            found.add(Change(room, *map(_text, cells[:-1])))
    return found


def _wordless(code: str) -> str:
    """The code without the words of its texts, but with what an f-string computes.

    A text has words if there is a space in it, and a letter; no name, key or codec has both.
    """

    def shortened(literal: re.Match[str]) -> str:
        text = literal[0]
        is_wording = text[0] == '"' and " " in text and any(map(str.isalpha, text))
        return "".join(['"', *_COMPUTED.findall(text), '"']) if is_wording else text

    return _LITERAL.sub(shortened, code)


def _joined(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def _cell(code: str) -> str:
    return f"`{code}`".replace("|", r"\|") if code else "(nothing)"


def _text(cell: str) -> str:
    return "" if cell == "(nothing)" else cell.replace(r"\|", "|").strip("`")
