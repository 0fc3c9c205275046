r"""The usual shape of a certificate as one compiled match of its octets.

The match takes the values out: where each begins and ends is only guessed by it. So the length
octets before every element are compared with what was matched. Where all of them agree, the octets
are the one DER encoding of these values.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final, NamedTuple

from appleattest.wire import der

_CONTENT: Final = "_content"
_TEXT: Final = "_text"


def element(name: str, tag: bytes, content: bytes) -> bytes:
    """The pattern of an element; `name` is what it is called, `content` a pattern."""
    group = name.encode()
    length = rb"(?:\x81.|\x82..|.)"
    return rb"(?P<%b>%b%b(?P<%b_content>%b))" % (group, tag, length, group, content)


def attribute(name: str, last: bytes) -> bytes:
    """The pattern of a set of one attribute 2.5.4.`last`: printable ASCII in a UTF8String."""
    return rb"\x31.\x30.\x06\x03\x55\x04%b\x0c.(?P<%b_text>[ -~]{1,64}?)" % (last, name.encode())


class _Compiled(NamedTuple):
    pattern: re.Pattern[bytes]
    elements: list[tuple[int, int]]
    """The groups of each element: all of it, and its content."""
    attributes: list[int]
    """The groups of the texts of attributes."""


class Shape:
    """A pattern made of `element` and `attribute`, and of what has its length in it.

    It is compiled when it is first used: that takes as long as importing a dozen modules.
    """

    def __init__(self, pattern: bytes) -> None:
        self._source: Final = pattern

    @cached_property
    def _compiled(self) -> _Compiled:
        pattern = re.compile(self._source, re.DOTALL)
        groups = pattern.groupindex
        contents = [name for name in groups if name.endswith(_CONTENT)]
        return _Compiled(
            pattern,
            [(groups[name.removesuffix(_CONTENT)], groups[name]) for name in contents],
            [groups[name] for name in groups if name.endswith(_TEXT)],
        )

    def match(self, encoded: bytes) -> re.Match[bytes] | None:
        """The match of all of it, if every length in it is right; else None."""
        pattern, elements, attributes = self._compiled
        found = pattern.fullmatch(encoded)
        if found is None:
            return None
        spans = found.regs
        for whole, content in elements:
            at, (start, end) = spans[whole][0], spans[content]
            if not der.has_length(encoded, at, start, end):
                return None
        for text in attributes:
            start, end = spans[text]
            length = end - start
            if (
                encoded[start - 1] != length
                or encoded[start - 8] != length + 7
                or encoded[start - 10] != length + 9
            ):
                return None
        return found
