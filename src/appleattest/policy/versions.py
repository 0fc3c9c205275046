"""Apple's version texts, compared number by number.

`15.5`, `26.2.1`, and `16.4.1 (a)` for a rapid security response or background security
improvement to 16.4.1, which is newer than 16.4.1 and older than 16.4.2. As numbers, 15.10 is
newer than 15.9; as texts, or as a floating-point number, it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"
_VERSION: Final = re.compile(rf"({_NUMBER}(?:\.{_NUMBER}){{0,7}})(?: \(([a-z]{{1,2}})\))?")
VERSION_PATTERN: Final = r"^(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,7}( \([a-z]{1,2}\))?$"
"""The same as a regular expression of JSON Schema."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class AppleVersion:
    """A version: its numbers, without zeros at the end, and the letter of a rapid response.

    Ordered and hashed by value: `15` equals `15.0`. A version without a letter is older than the
    same version with a letter.
    """

    numbers: tuple[int, ...]
    response: str = ""
    """`"a"` in `16.4.1 (a)`; empty where there is none."""

    def __post_init__(self) -> None:
        numbers = list(self.numbers)
        while len(numbers) > 1 and not numbers[-1]:
            numbers.pop()
        object.__setattr__(self, "numbers", tuple(numbers))

    @classmethod
    def parse(cls, text: str, /) -> AppleVersion:
        """Read a version text.

        Raises `TypeError` for anything but text, because the number 15.10 is 15.1. Raises
        `ValueError` for text of another form: only ASCII digits, no number with a zero before it
        (Apple writes 15.5 and never 15.05), no white space at the ends.
        """
        if not isinstance(text, str):
            raise TypeError(f"a version is text, not {type(text).__name__}: 15.10 would be 15.1")
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(
                "a version is dotted decimal without leading zeros, with or without a letter: "
                "'16.4.1 (a)'"
            )
        return cls(tuple(map(int, match.group(1).split("."))), match.group(2) or "")

    @property
    def without_response(self) -> AppleVersion:
        """The version without its letter: the one that the rapid response was made for."""
        return AppleVersion(self.numbers)

    def _order(self) -> tuple[tuple[int, ...], int, str]:
        return self.numbers, len(self.response), self.response

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AppleVersion):
            return NotImplemented
        return self._order() == other._order()

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, AppleVersion):
            return NotImplemented
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self._order())

    def __str__(self) -> str:
        numbers = ".".join(map(str, self.numbers))
        return f"{numbers} ({self.response})" if self.response else numbers


def parsed(text: str) -> AppleVersion | None:
    """The version; None for text that `AppleVersion.parse` does not read."""
    try:
        return AppleVersion.parse(text)
    except ValueError:
        return None
