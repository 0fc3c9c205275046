"""What a real terminal shows: two widths, with and without colour, for each demo input."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cli_tools import INDEX, compare, demo_arguments, in_terminal

_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_CODES = {"current": 0, "earlier": 0}


def lines_of(text: str) -> str:
    """Without the spaces at the ends of lines, which nobody sees."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("example", INDEX["examples"], ids=lambda each: each["file"])
def test_verify_in_a_terminal(example: dict[str, Any], width: int) -> None:
    arguments = demo_arguments(example)
    plain, code = in_terminal(arguments, width=width, environment={"NO_COLOR": "1"})
    assert code == _CODES.get(example["expected"], 1)
    assert "\x1b[3" not in plain, "NO_COLOR leaves no colour"
    assert max(len(_STYLES.sub("", line)) for line in plain.splitlines()) <= width
    compare(f"verify-{example['file']}-{width}.txt", lines_of(_STYLES.sub("", plain)))
    coloured, code = in_terminal(arguments, width=width, environment={})
    assert code == _CODES.get(example["expected"], 1)
    assert "\x1b[3" in coloured or "\x1b[1;3" in coloured
    assert _STYLES.sub("", coloured) == _STYLES.sub("", plain), "the words need no colour"


@pytest.mark.parametrize("width", [80, 200])
def test_inspect_in_a_terminal(width: int) -> None:
    arguments = ["inspect", "mac.plist", "--at", INDEX["at"]]
    shown, code = in_terminal(arguments, width=width, environment={"NO_COLOR": "1"})
    assert code == 0
    assert max(len(_STYLES.sub("", line)) for line in shown.splitlines()) <= width
    compare(f"inspect-mac.plist-{width}.txt", lines_of(_STYLES.sub("", shown)))
