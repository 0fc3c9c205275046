"""The properties of a leaf as rows: what each is called, its value, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple

from appleattest.explain import of_oid
from appleattest.oids import FRESHNESS_CODE
from appleattest.properties import PROPERTIES, LeafProperties, Property
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts
from appleattest.summary.printable import printable


class State(StrEnum):
    """What is known of a property, and whether that is good."""

    PRESENT = "present"
    """A value that is neither good nor bad by itself."""
    GOOD = "good"
    BAD = "bad"
    UNRECOGNIZED = "unrecognized"
    ABSENT = "absent"
    BLANK = "blank"
    MALFORMED = "malformed"


class PropertyRow(NamedTuple):
    """One documented property of a leaf."""

    oid: str
    name: str
    """The field of `DeviceProperties`."""
    label: str
    value: str | None
    """What it says; None where it is absent, blank or malformed."""
    state: State
    meaning: str
    """One sentence."""


_STATUSES: Final[Mapping[Enum, tuple[State, str]]] = {
    SystemIntegrityProtection.ENABLED: (State.GOOD, "System Integrity Protection is on."),
    SystemIntegrityProtection.DISABLED: (
        State.BAD,
        "System Integrity Protection is off: software may change the system.",
    ),
    SecureBoot.FULL: (State.GOOD, "The Mac starts only the newest software that Apple signed."),
    SecureBoot.REDUCED: (State.BAD, "The Mac also starts older software that Apple signed."),
    SecureBoot.PERMISSIVE: (State.BAD, "The Mac also starts software that Apple did not sign."),
    ThirdPartyKexts.NONE_ALLOWED: (State.GOOD, "No kernel extensions of others are allowed."),
    ThirdPartyKexts.SOME_ALLOWED: (State.BAD, "Kernel extensions of others are allowed."),
}

_WITHOUT_VALUE: Final[Mapping[State, str]] = {
    State.ABSENT: "Apple did not say. That is never good.",
    State.BLANK: "Apple could not determine it. That is never good.",
    State.MALFORMED: "The value is not in its documented encoding. That is never good.",
}

_NOT_EXPLAINED: Final = "A property that Apple attests."
_UNRECOGNIZED: Final = "The value is not a documented one. That is never good."


def property_rows(properties: LeafProperties) -> tuple[PropertyRow, ...]:
    """A row for each documented property, in the order of the table; absent ones too."""
    return tuple(_row(each, properties) for each in PROPERTIES)


def unknown_oids(properties: LeafProperties) -> tuple[tuple[str, bytes], ...]:
    """The extensions under Apple's arc that have no documented meaning, with their octets."""
    known = {each.oid for each in PROPERTIES} | {FRESHNESS_CODE}
    return tuple((oid, value) for oid, value in properties.raw.items() if oid not in known)


def _row(row: Property[Any], properties: LeafProperties) -> PropertyRow:
    value = properties.values[row.name]
    text = of_oid(row.oid)
    state, meaning = _judged(row, value, properties, text.says if text else _NOT_EXPLAINED)
    shown = value.value if isinstance(value, Enum) else value
    return PropertyRow(
        row.oid,
        row.name,
        text.label if text else row.name.replace("_", " "),
        None if shown is None else printable(shown),
        state,
        meaning,
    )


def _judged(
    row: Property[Any], value: Any, properties: LeafProperties, says: str
) -> tuple[State, str]:
    if value is None:
        state = _without_value(row.oid, properties)
        return state, _WITHOUT_VALUE[state]
    if isinstance(value, Enum):
        return _STATUSES.get(value, (State.UNRECOGNIZED, _UNRECOGNIZED))
    return State.PRESENT, says


def _without_value(oid: str, properties: LeafProperties) -> State:
    if oid in properties.malformed:
        return State.MALFORMED
    return State.BLANK if oid in properties.raw else State.ABSENT
