"""XML property lists as `plistlib` and Apple's devices write them, read without a parser of XML.

Dictionaries, arrays, text of plain ASCII, and data: of such a document every octet belongs to one
of a dozen kinds of token. For any other the answer is None, which is no value, and `plist_xml`
decides. What is
read here is read there, with the same value (`tests/wire/test_plist_usual.py`).
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from appleattest.limits import Limits

_BEGINNING: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
    b'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">'
)
_END: Final = b"</plist>\n"
_TEXT: Final = rb"([ -%'-;=?-~]*)"  # no markup
_WHITE_SPACE: Final = b" \t\n"
_GROUPS: Final = 4

_Container = list[object] | dict[str, object]
_CLOSED: Final[dict[bytes, type[_Container]]] = {b"/dict": dict, b"/array": list}


@cache
def _tokens() -> re.Pattern[bytes]:
    """A key, a text, data in base64, or a tag. Compiled when it is first used."""
    return re.compile(
        rb"<(?:key>" + _TEXT + rb"</key|string>" + _TEXT + rb"</string"
        rb"|data>([A-Za-z0-9+/= \t\n]*)</data|(/?(?:dict|array)))>"
    )


def read(document: bytes, limits: Limits) -> object | None:
    """The value of the document; None also where it is malformed or beyond the limits."""
    if not (document.startswith(_BEGINNING) and document.endswith(_END)):
        return None
    most = min(limits.plist_elements, len(document))
    parts = _tokens().split(document[len(_BEGINNING) : -len(_END)], most)
    if b"".join(parts[:: _GROUPS + 1]).strip(_WHITE_SPACE):
        return None
    columns = [parts[place :: _GROUPS + 1] for place in range(1, _GROUPS + 1)]
    try:
        return _value(zip(*columns, strict=True), limits.plist_depth)
    except ValueError:
        return None


def _value(tokens: Iterable[tuple[Any, ...]], depth: int) -> object:
    """The one value that the tokens are; `ValueError` for anything else."""
    top: list[object] = []
    holder: _Container = top
    outer: list[_Container] = []
    key: str | None = None
    for name, text, data, tag in tokens:
        if name is not None:
            key = _key(name, holder, key)
            continue
        if tag is not None and tag.startswith(b"/"):
            if key is not None or not outer or _CLOSED[tag] is not type(holder):
                raise ValueError("a container is not closed as it was opened")
            holder = outer.pop()
            continue
        value: Any = _CLOSED[b"/" + tag]() if tag else _scalar(text, data)
        if isinstance(holder, list):
            holder.append(value)
        elif key is None:
            raise ValueError("a value without a key")
        else:
            holder[key], key = value, None
        if tag is not None:
            outer.append(holder)
            holder = value
            if len(outer) > depth:
                raise ValueError("nested deeper than is read")
    if outer or len(top) != 1:
        raise ValueError("not one value")
    return top[0]


def _key(name: bytes, holder: _Container, before: str | None) -> str:
    key = name.decode("ascii")
    if before is not None or isinstance(holder, list) or key in holder:
        raise ValueError("a key where none may be")
    return key


def _scalar(text: bytes | None, data: bytes | None) -> str | bytes:
    if text is not None:
        return text.decode("ascii")
    assert data is not None  # noqa: S101 - one of the four is there
    compact = data.translate(None, _WHITE_SPACE)
    octets = a2b_base64(compact)
    if b2a_base64(octets, newline=False) != compact:
        raise ValueError("not base64 in its one form")
    return octets
