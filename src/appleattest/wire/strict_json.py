"""JSON (RFC 8259) without the liberties of the standard decoder."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final, NoReturn

from appleattest.errors import MalformedInput, Reason
from appleattest.limits import Limits
from appleattest.text import plain, quoted

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, or what would be one if it ended: else every quote would be a place to begin again."""
_BRACKET: Final = re.compile(r"[\[\]{}]")
_LONGEST_NUMBER: Final = 32


def decode(document: bytes | str, limits: Limits) -> Any:
    """The value of one JSON document.

    Refused are duplicate members, `NaN` and infinities, numbers of over 32 characters, and,
    before anything is parsed, more elements or deeper nesting than `limits` allow.

    Raises `MalformedInput` with `too-large` or `malformed-json`.
    """
    import json

    if isinstance(document, str):
        document = plain(document)
    if len(document) > limits.json_bytes:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"{len(document)} bytes of JSON; at most {limits.json_bytes} are read",
        )
    try:
        text = document if isinstance(document, str) else document.decode("utf-8")
        _bound_strings(text, limits)
        _measure(_STRING.sub("", text), limits)
        return json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedInput(Reason.MALFORMED_JSON, quoted(str(error))) from None


def _bound_strings(text: str, limits: Limits) -> None:
    """Refuse more strings than the elements can have, by the quotes that no backslash precedes.

    An element has at most two, a name and a value, and a document without elements has one. To
    take a string out of the text costs more than anything else here.
    """
    quotes = text.count('"') - text.count('\\"')
    if quotes > 4 * limits.json_elements + 2:
        raise ValueError(f"more than {limits.json_elements} elements")


def _measure(structure: str, limits: Limits) -> None:
    if sum(map(structure.count, "[{,")) > limits.json_elements:
        raise ValueError(f"more than {limits.json_elements} elements")
    if sum(map(structure.count, "]}")) > sum(map(structure.count, "[{")):
        raise ValueError("more brackets close than open")
    depth = 0
    for bracket in _BRACKET.findall(structure):
        depth += 1 if bracket in "[{" else -1
        if depth > limits.json_depth:
            raise ValueError(f"containers are nested deeper than {limits.json_depth}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)


def _real(text: str) -> float:
    number = float(text)
    if len(text) > _LONGEST_NUMBER or not isfinite(number):
        raise ValueError("a number of over 32 characters, or beyond all bounds")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
