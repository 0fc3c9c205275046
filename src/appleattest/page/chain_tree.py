"""The chain as a tree: where each box and each line of its drawing lies.

The drawing is 340 units wide, a phone's width, and is set in a fixed-width font, so a name is cut
into lines by counting its characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from appleattest.summary import CertificateRow

WIDTH: Final = 340
_INDENT: Final = 22
_GAP: Final = 16
_LINE: Final = 15
_LINES: Final = 3
_PADDING: Final = 12
_CHARACTER: Final = 7.3
"""The width of a character of 12 units' type."""
_DEEPEST: Final = 3
"""Boxes further down are not moved to the right any more."""


class Node(NamedTuple):
    """The box of one certificate."""

    x: int
    y: int
    width: int
    height: int
    role: str
    lines: tuple[tuple[int, str], ...]
    """Each line of text below the role, with its baseline."""
    is_apple_root: bool


class Tree(NamedTuple):
    """The drawing: its height, its boxes with the anchor first, and the lines between them."""

    width: int
    height: int
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[str, ...]
    """SVG paths."""


def tree(rows: Sequence[CertificateRow]) -> Tree:
    """The drawing of a chain that is given leaf first."""
    nodes: list[Node] = []
    top = 1
    for depth, row in enumerate(reversed(rows)):
        node = _node(row, min(depth, _DEEPEST) * _INDENT + 1, top)
        nodes.append(node)
        top += node.height + _GAP
    edges = tuple(_edge(upper, lower) for upper, lower in pairwise(nodes))
    names = ", which comes before ".join(f"{row.role} {row.subject}" for row in reversed(rows))
    return Tree(WIDTH, top - _GAP + 1, f"From the top: {names}.", tuple(nodes), edges)


def _node(row: CertificateRow, x: int, y: int) -> Node:
    width = WIDTH - x - 1
    texts = (*_wrapped(_short(row.subject), int((width - 2 * _PADDING) / _CHARACTER)), row.key)
    lines = tuple((y + 38 + index * _LINE, text) for index, text in enumerate(texts))
    height = 38 + len(texts) * _LINE - 4
    return Node(x, y, width, height, row.role, lines, row.is_apple_root)


def _edge(upper: Node, lower: Node) -> str:
    """From the lower edge of a box to the box below it; straight where both begin alike."""
    start = upper.x + 10
    middle = lower.y + 18
    if lower.x == upper.x:
        return f"M{start} {upper.y + upper.height}V{lower.y}"
    return f"M{start} {upper.y + upper.height}V{middle}H{lower.x}"


def _short(name: str) -> str:
    """The common name of a subject, where it has a plain one; else all of it."""
    found = [part[3:] for part in name.split(",") if part.startswith("CN=")]
    return found[0] if len(found) == 1 and "\\" not in name else name


def _wrapped(text: str, most: int) -> list[str]:
    """Lines of at most so many characters: at spaces where possible, and no more than three."""
    lines: list[str] = []
    while text:
        if len(text) <= most:
            lines.append(text)
            break
        space = text.rfind(" ", most // 2, most + 1)
        end = most if space < 0 else space
        lines.append(text[:end])
        text = text[end:].lstrip()
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [lines[_LINES - 1][: most - 3] + "..."]
    return lines
