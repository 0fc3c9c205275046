"""The keys of Apple's schema: their names, their types, and which are required.

Source: Apple's device-management schema: CommonPayloadKeys, TopLevel, com.apple.security.acme,
com.apple.credential.acme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from appleattest.policy.platform import Platform
from appleattest.profile.issues import LintCode, LintIssue
from appleattest.text import type_name

PAYLOAD_TYPE: Final = "com.apple.security.acme"
"""The PayloadType of an ACME payload."""
CONFIGURATION: Final = "Configuration"
"""The PayloadType of a profile."""

Document = Mapping[str, object]
Issues = Iterator[LintIssue]

_T = TypeVar("_T")
_NAMES: Final[Mapping[type, str]] = {
    str: "<string>",
    int: "<integer>",
    bool: "<true/> or <false/>",
    list: "<array>",
    dict: "<dict>",
}


class Key(NamedTuple):
    """One key of a dictionary."""

    name: str
    kind: type
    required: bool = False
    mac_only: bool = False


class Form(NamedTuple):
    """What is allowed in one of the two documents that ask for an ACME identity."""

    keys: tuple[Key, ...]
    curves: tuple[int, ...]
    """The `KeySize` of each curve that is allowed, in bits."""
    introduced: Mapping[Platform, str]
    """The first version of each OS that reads it."""
    is_payload: bool = False


COMMON_KEYS: Final = (
    Key("PayloadType", str, required=True),
    Key("PayloadVersion", int, required=True),
    Key("PayloadIdentifier", str, required=True),
    Key("PayloadUUID", str, required=True),
    Key("PayloadDisplayName", str),
    Key("PayloadDescription", str),
    Key("PayloadOrganization", str),
)
PROFILE_KEYS: Final = (
    *COMMON_KEYS,
    Key("IsEncrypted", bool),
    Key("PayloadContent", list, required=True),
    Key("PayloadRemovalDisallowed", bool),
    Key("PayloadScope", str),
)
_ACME_KEYS: Final = (
    Key("DirectoryURL", str, required=True),
    Key("ClientIdentifier", str, required=True),
    Key("KeyType", str, required=True),
    Key("KeySize", int, required=True),
    Key("HardwareBound", bool, required=True),
    Key("Subject", list, required=True),
    Key("SubjectAltName", dict),
    Key("UsageFlags", int),
    Key("ExtendedKeyUsage", list),
    Key("Attest", bool),
)

PAYLOAD: Final = Form(
    keys=(
        *COMMON_KEYS,
        *_ACME_KEYS,
        Key("KeyIsExtractable", bool, mac_only=True),
        Key("AllowAllAppsAccess", bool, mac_only=True),
    ),
    curves=(192, 256, 384, 521),
    introduced={
        Platform.IOS: "16.0",
        Platform.IPADOS: "16.0",
        Platform.MACOS: "13.1",
        Platform.TVOS: "16.0",
        Platform.VISIONOS: "1.0",
        Platform.WATCHOS: "9.0",
    },
    is_payload=True,
)
CREDENTIAL: Final = Form(
    keys=_ACME_KEYS,
    curves=(256, 384, 521),
    introduced={
        Platform.IOS: "17.0",
        Platform.IPADOS: "17.0",
        Platform.MACOS: "14.0",
        Platform.TVOS: "17.0",
        Platform.VISIONOS: "1.1",
        Platform.WATCHOS: "10.0",
    },
)


def typed(document: Document, key: str, kind: type[_T]) -> _T | None:
    """The value of a key; None where there is none, or one of another type."""
    value = document.get(key)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return None
    return value


def key_issues(document: Document, keys: Sequence[Key]) -> Issues:
    """`missing-key` and `wrong-type`, for each of these keys."""
    for key in keys:
        if key.name not in document:
            if key.required:
                yield LintIssue(LintCode.MISSING_KEY, key.name, "this key is required; add it")
        elif typed(document, key.name, key.kind) is None:
            yield wrong_type(key.name, key.kind, document[key.name])


def wrong_type(place: str, kind: type, value: object) -> LintIssue:
    """`wrong-type`: Apple's schema demands `kind`, and `value` is of another type."""
    explanation = f"this is {_NAMES[kind]}, not a value of type {type_name(value)}"
    return LintIssue(LintCode.WRONG_TYPE, place, explanation)
