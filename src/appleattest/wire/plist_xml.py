"""XML property lists, read by expat in one pass that counts as it goes.

`plistlib` takes the last of several equal keys, drops whatever is not base64 from `<data>`,
and builds 64 KiB of anything before one could look at it. This reader builds the same values
and stops at the first defect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NoReturn

from appleattest.errors import MalformedInput
from appleattest.limits import Limits
from appleattest.wire import base64

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")
_REAL: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_WHITE_SPACE: Final = " \t\r\n"
_ENCODINGS: Final = frozenset({"utf-8", "utf-16", "us-ascii"})
"""What a declaration may name (XML 1.0, section 4.3.3, whose names ignore case)."""


def read(document: bytes, limits: Limits) -> object:
    """The value of the document, of no more keys and values, and no deeper, than `limits` say.

    The text is in UTF-8, UTF-16 or US-ASCII, and in the one of them that is declared, if any is.

    Raises `ValueError` or `expat.ExpatError`.
    """
    from xml.parsers import expat

    reader = _Reader(limits.plist_elements, limits.plist_depth)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.XmlDeclHandler = _refuse_other_encodings
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.SkippedEntityHandler = _refuse_entity
    parser.Parse(document, True)
    return reader.value()


class _Reader:
    """What is open at the moment: containers, the key before its value, one scalar's text."""

    __slots__ = ("_containers", "_depth", "_elements", "_keys", "_scalar", "_text", "_top")

    def __init__(self, elements: int, depth: int) -> None:
        self._elements = elements
        self._depth = depth
        self._top: list[object] = []
        self._containers: list[list[object] | dict[str, object]] = []
        self._keys: list[str | None] = []
        self._scalar: str | None = None
        self._text: list[str] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "plist" and not self._containers:
            self._open(self._top)
            return
        self._elements -= 1
        if self._elements < 0:
            raise ValueError("more elements than are read")
        self._check_place(name)
        if name == "dict" or name == "array":
            container: list[object] | dict[str, object] = {} if name == "dict" else []
            self._add(container)
            self._open(container)
        elif name == "key" or name in _SCALARS:
            self._scalar = name
        else:
            raise ValueError("an unknown element")

    def characters(self, text: str) -> None:
        if self._scalar is not None:
            self._text.append(text)
        elif text.strip(_WHITE_SPACE):
            raise ValueError("text outside a value")

    def end(self, name: str) -> None:
        if self._scalar is None:
            self._containers.pop()
            if self._keys.pop() is not None:
                raise ValueError("a key without a value")
            return
        text = "".join(self._text)
        self._text.clear()
        self._scalar = None
        if name == "key":
            self._take_key(text)
        else:
            self._add(_SCALARS[name](text))

    def value(self) -> object:
        if len(self._top) != 1:
            raise ValueError("not exactly one value at the top")
        return self._top[0]

    def _open(self, container: list[object] | dict[str, object]) -> None:
        if len(self._containers) > self._depth:
            raise ValueError("nested deeper than is read")
        self._containers.append(container)
        self._keys.append(None)

    def _check_place(self, name: str) -> None:
        if self._scalar is not None or not self._containers:
            raise ValueError("an element where none may be")
        wants_key = isinstance(self._containers[-1], dict) and self._keys[-1] is None
        if wants_key != (name == "key"):
            raise ValueError("keys and values do not alternate")

    def _take_key(self, key: str) -> None:
        if key in self._containers[-1]:
            raise ValueError("a key stands twice in one dictionary")
        self._keys[-1] = key

    def _add(self, value: object) -> None:
        container = self._containers[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            key = self._keys[-1]
            assert key is not None  # noqa: S101 - _check_place saw to it
            container[key] = value
            self._keys[-1] = None


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("not an integer")
    return int(text)


def _real(text: str) -> float:
    if not _REAL.fullmatch(text):
        raise ValueError("not a real number")
    return float(text)


def _data(text: str) -> bytes:
    """The octets of base64 in its one form, but for white space."""
    octets = text.encode("ascii", "replace").translate(None, _WHITE_SPACE.encode("ascii"))
    compact = octets.decode("ascii")
    try:
        return base64.decode(compact, len(compact))
    except MalformedInput as error:
        raise ValueError(error.detail) from None


def _date(text: str) -> datetime:
    if not _DATE.fullmatch(text):
        raise ValueError("not a date in UTC")
    return datetime.fromisoformat(text)


def _nothing(value: bool) -> Callable[[str], bool]:
    def read_empty(text: str) -> bool:
        if text:
            raise ValueError("text in an empty element")
        return value

    return read_empty


_SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "data": _data,
    "integer": _integer,
    "real": _real,
    "date": _date,
    "true": _nothing(True),
    "false": _nothing(False),
}


def _refuse_other_encodings(_version: str, declared: str | None, _standalone: int) -> None:
    """Refuse what other readers could read as other text; expat holds the octets to the rest."""
    if declared is not None and declared.lower() not in _ENCODINGS:
        raise ValueError("an encoding other than UTF-8, UTF-16 and US-ASCII is declared")


def _refuse_declarations(
    _name: str, _system: str | None, _public: str | None, has_declarations: int
) -> None:
    if has_declarations:
        raise ValueError("a document type with declarations of its own")


def _refuse_entity(_name: str, _is_parameter: int) -> NoReturn:
    raise ValueError("an entity that nothing declares")
