"""The mutants that may survive, each with its reason: what mutation/survivors.toml says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = ROOT / "mutation" / "survivors.toml"

_LITERAL: Final = re.compile(r'b?"[^"]*"')
_COMPUTED: Final = re.compile(r"\{[^}]*\}")


class Change(NamedTuple):
    """A mutant by what it changes: the numbers of mutmut, lines and modules may all move."""

    function: str
    """Qualified by its class, if it is a method; the module is not part of it."""
    before: str
    after: str

    @property
    def only_wording(self) -> bool:
        """Whether nothing differs but the words of a text, which is for an operator."""
        return self.before != self.after and _wordless(self.before) == _wordless(self.after)


class Reason(NamedTuple):
    """Why no test can or need notice some changes."""

    why: str
    survivors: tuple[Change, ...]


def reasons(text: str | None = None) -> list[Reason]:
    """What a text in the form of survivors.toml says, or the file itself.

    Raises `ValueError` for an empty reason, and for a change or a reason that stands there twice.
    """
    tables = tomllib.loads(DATA.read_text("utf-8") if text is None else text)["reason"]
    found = [
        Reason(each["why"], tuple(Change(*row) for row in each["survivors"])) for each in tables
    ]
    if any(not each.why.strip() or not each.survivors for each in found):
        raise ValueError("a reason has no words, or nothing survives for it")
    _each_once("reason", [each.why for each in found])
    _each_once("change", [change for each in found for change in each.survivors])
    return found


def explained() -> dict[Change, str]:
    """The reason of every change that has one."""
    return {change: each.why for each in reasons() for change in each.survivors}


def gone(changes: Iterable[Change], source: Path) -> list[Change]:
    """The changes of code that no file of the source has any more: nothing can survive there."""
    texts = [joined(path.read_text("utf-8")) for path in source.rglob("*.py")]
    return [each for each in changes if not any(each.before in text for text in texts)]


def joined(code: str) -> str:
    """The code in one line."""
    return " ".join(code.split())


def _each_once(what: str, found: Sequence[object]) -> None:
    for each in found:
        if found.count(each) > 1:
            raise ValueError(f"a {what} stands there twice: {each}")


def _wordless(code: str) -> str:
    """The code without the words of its texts, but with what an f-string computes.

    A text has words if there is a space in it, and a letter; no name, key or codec has both.
    """

    def shortened(literal: re.Match[str]) -> str:
        text = literal[0]
        is_wording = text[0] == '"' and " " in text and any(map(str.isalpha, text))
        return "".join(['"', *_COMPUTED.findall(text), '"']) if is_wording else text

    return _LITERAL.sub(shortened, code)
