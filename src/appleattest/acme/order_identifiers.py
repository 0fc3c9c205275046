"""The identifiers of an order: read from a client's newOrder, or given by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from appleattest.acme.identifiers import (
    BY_TYPE,
    HardwareModuleName,
    Identifier,
    PermanentIdentifier,
    malformed,
)
from appleattest.boundary import contained
from appleattest.errors import AttestationError, IdentifierMismatch, MalformedInput, Reason
from appleattest.problems import ProblemContext
from appleattest.text import plain, quoted, type_name

OrderIdentifier: TypeAlias = Identifier | Mapping[str, str] | str

_SUPPORTED: Final = " and ".join(BY_TYPE)
MOST_IDENTIFIERS: Final = 16
"""Identifiers of one order at most. Apple's client orders one."""


def parse_identifier(identifier: Mapping[str, Any], /) -> Identifier:
    """Read one identifier of a newOrder, `{"type", "value"}`; further members are ignored.

    Raises `IdentifierMismatch`: `malformed-identifier` (draft-ietf-acme-device-attest, sections
    3 and 4), whose problem is `malformed`, or `unsupported-identifier` where the type is neither
    of the two, whose problem is `unsupportedIdentifier` (RFC 8555, section 6.7).
    """
    try:
        return _read(identifier)
    except IdentifierMismatch as refusal:
        refusal.context = ProblemContext.NEW_ORDER
        raise


def parse_identifiers(identifiers: Sequence[Mapping[str, Any]], /) -> tuple[Identifier, ...]:
    """Read the `identifiers` of a newOrder: 1 to 16, in the order given.

    Raises `IdentifierMismatch` (`malformed-identifier`, `unsupported-identifier`,
    `identifier-missing`), whose problem has a subproblem for each at fault (RFC 8555, section
    6.7.1), or `MalformedInput` (`malformed-json`, `too-large`).
    """
    try:
        return _read_all(identifiers)
    except AttestationError as refusal:
        refusal.context = ProblemContext.NEW_ORDER
        raise


def identifier_from_dict(stored: Mapping[str, str], /) -> Identifier:
    """The identifier that its `to_dict` gave, from where its owner keeps it.

    It is the server's own and not a client's: anything else is a `TypeError` or `ValueError`.
    """
    if not isinstance(stored, Mapping):
        raise TypeError(f"a stored identifier is a mapping, not {type(stored).__name__}")
    if stored.keys() != {"type", "value"}:
        raise ValueError("a stored identifier has a type and a value, and nothing else")
    return ordered_identifier(stored)


def ordered_identifier(identifier: object) -> Identifier:
    """The order's identifier as the caller gives it: typed, `{"type", "value"}`, or text.

    Text is a `permanent-identifier`. Raises `TypeError` or `ValueError`.
    """
    if isinstance(identifier, PermanentIdentifier | HardwareModuleName):
        return identifier
    if isinstance(identifier, str):
        identifier = {"type": PermanentIdentifier.type, "value": identifier}
    if not isinstance(identifier, Mapping):
        raise TypeError(
            "identifier is a PermanentIdentifier, a HardwareModuleName, "
            f'{{"type", "value"}} or text, not {type(identifier).__name__}'
        )
    try:
        return _read(identifier)
    except IdentifierMismatch as refusal:
        message = f"identifier is not one that an order can hold: {refusal.detail}"
    raise ValueError(message)


def _read_all(identifiers: object) -> tuple[Identifier, ...]:
    found = contained(lambda: _items(identifiers), _no_array)
    if len(found) > MOST_IDENTIFIERS:
        raise MalformedInput(
            Reason.TOO_LARGE, f"more than the {MOST_IDENTIFIERS} identifiers that are read"
        )
    if not found:
        raise IdentifierMismatch(
            Reason.IDENTIFIER_MISSING, "an order without identifiers", element="identifiers"
        )
    read: list[Identifier] = []
    refusals: list[IdentifierMismatch] = []
    for index, identifier in enumerate(found):
        try:
            read.append(_read(identifier))
        except IdentifierMismatch as refusal:
            refusal.context = ProblemContext.NEW_ORDER
            refusal.element = f"identifiers[{index}]"
            refusal.identifier = _as_it_came(identifier)
            refusals.append(refusal)
    if refusals:
        first, *others = refusals
        first.others = tuple(others)
        raise first
    return tuple(read)


def _items(identifiers: object) -> list[object]:
    """The items of an array: as many as are read, and one that tells of more."""
    if not isinstance(identifiers, list | tuple):
        raise _no_array(f"an array was expected, {type_name(identifiers)} came")
    return list(islice(identifiers, MOST_IDENTIFIERS + 1))


def _no_array(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail)


def _read(identifier: object) -> Identifier:
    kind, value = contained(lambda: _members(identifier), malformed)
    if kind not in BY_TYPE:
        raise IdentifierMismatch(
            Reason.UNSUPPORTED_IDENTIFIER,
            f"type {quoted(kind)} is not supported; supported: {_SUPPORTED}",
        )
    return BY_TYPE[kind].parse(value)


def _members(identifier: object) -> tuple[str, str]:
    if not isinstance(identifier, Mapping):
        raise malformed(f'{{"type", "value"}} was expected, {type_name(identifier)} came')
    kind, value = identifier.get("type"), identifier.get("value")
    if not isinstance(kind, str) or not isinstance(value, str):
        raise malformed("type and value are text")
    return plain(kind), plain(value)


def _as_it_came(identifier: object) -> dict[str, str]:
    """What the client sent, where it has the shape of an identifier; else nothing of it."""
    try:
        kind, value = contained(lambda: _members(identifier), malformed)
    except IdentifierMismatch:
        return {}
    return {"type": kind, "value": value}
