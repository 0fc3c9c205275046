"""The names of a certificate request: the order's identifier, those allowed, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from cryptography import x509
from cryptography.x509.oid import NameOID

from appleattest.acme.csr.subject import IA5_STRING, PRINTABLE_STRING, UTF8_STRING, SubjectAttribute
from appleattest.acme.identifiers import (
    HardwareModuleName,
    Identifier,
    PermanentIdentifier,
    identifier_of,
)
from appleattest.errors import IdentifierMismatch, InvalidCSR, Reason
from appleattest.text import quoted

AllowedName: TypeAlias = (
    "x509.GeneralName | x509.NameAttribute[Any] | PermanentIdentifier | HardwareModuleName"
)

_COMMON_NAME: Final = NameOID.COMMON_NAME
_IDENTIFYING: Final = frozenset({_COMMON_NAME, NameOID.SERIAL_NUMBER, NameOID.USER_ID})
"""Attributes of a subject that say which device it is."""
_COMMON_NAME_TYPES: Final = frozenset({UTF8_STRING, PRINTABLE_STRING})
_STRING_TYPES: Final = _COMMON_NAME_TYPES | {IA5_STRING}


class CSRBinding(StrEnum):
    """Where a request must show the order's identifier.

    Whatever the mode, an identifier that is shown must be the order's, in every place.
    """

    SAN_REQUIRED = "san-required"
    """In the subjectAltName, as the draft has it. Apple's client cannot do this."""
    CN_OR_SAN = "cn-or-san"
    """There, or as the one common name of the subject, which is what Apple's client can do."""
    OPTIONAL = "optional"
    """In either, or nowhere: the draft lets a client leave it out."""
    FORBIDDEN = "forbidden"
    """Nowhere, for privacy."""


class FoundIn(StrEnum):
    """Where a request does show the order's identifier."""

    SAN = "san"
    CN = "cn"


class Names(NamedTuple):
    """What the names must be."""

    identifier: Identifier
    binding: CSRBinding
    allowed: frozenset[object]


def comparable_names(names: object) -> frozenset[object]:
    """The caller's allowed names; `TypeError` for what is no name."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"allowed_names is several names, not {type(names).__name__}")
    return frozenset(_comparable(name) for name in names)


def _comparable(name: object) -> object:
    if isinstance(name, PermanentIdentifier | HardwareModuleName):
        return name.other_name()
    if not isinstance(name, x509.GeneralName | x509.NameAttribute):
        raise TypeError(
            "an allowed name is an x509.GeneralName, an x509.NameAttribute (of the subject), a "
            f"PermanentIdentifier or a HardwareModuleName, not {type(name).__name__}"
        )
    return name


def judge_names(
    subject: Sequence[SubjectAttribute], alternatives: Sequence[x509.GeneralName], names: Names
) -> FoundIn | None:
    """Where the order's identifier is found, if every name is that or allowed.

    Raises `InvalidCSR` (`unexpected-name`) or `IdentifierMismatch` (`malformed-identifier`,
    `identifier-missing`, `identifier-mismatch`); the element is `subjectAltName[i]` or the OID of
    an attribute of the subject.
    """
    in_alternatives = [_judge_alternative(*each, names) for each in enumerate(alternatives)]
    in_subject = [_judge_attribute(attribute, names) for attribute in subject]
    if any(in_alternatives):
        return FoundIn.SAN
    if names.binding is CSRBinding.SAN_REQUIRED:
        raise _missing("subjectAltName")
    if any(in_subject):
        _require_one_common_name(subject)
        return FoundIn.CN
    if names.binding is CSRBinding.CN_OR_SAN:
        raise _missing(_COMMON_NAME.dotted_string)
    return None


def _judge_alternative(index: int, name: x509.GeneralName, names: Names) -> bool:
    """Whether the name is the order's identifier."""
    element = f"subjectAltName[{index}]"
    try:
        shown = identifier_of(name)
    except IdentifierMismatch as refusal:
        refusal.element = element
        raise
    if shown is not None:
        return _judge_shown(shown == names.identifier, name, quoted(str(shown)), element, names)
    if name not in names.allowed:
        raise _unexpected(quoted(name), element)
    return False


def _judge_attribute(found: SubjectAttribute, names: Names) -> bool:
    """Whether the attribute is the common name that is the order's identifier."""
    attribute, element = found.attribute, found.attribute.oid.dotted_string
    if found.tag not in _STRING_TYPES:
        raise _unexpected(f"a value of string type {found.tag:#04x}", element)
    if attribute.oid not in _IDENTIFYING:
        if attribute not in names.allowed:
            raise _unexpected(quoted(attribute.value), element)
        return False
    matches = attribute.value == str(names.identifier)
    matches = _judge_shown(matches, attribute, quoted(attribute.value), element, names)
    return matches and attribute.oid == _COMMON_NAME


def _judge_shown(matches: bool, name: object, shown: str, element: str, names: Names) -> bool:
    """Whether what identifies a device is the order's identifier; it may be an allowed name."""
    forbidden = names.binding is CSRBinding.FORBIDDEN
    if matches and not forbidden:
        return True
    if not matches and name in names.allowed:
        return False
    if forbidden:
        raise _unexpected(f"the identifier {shown}, which no request may show", element)
    raise IdentifierMismatch(
        Reason.IDENTIFIER_MISMATCH,
        f"ordered {quoted(str(names.identifier))}; the request shows {shown}",
        element=element,
    )


def _require_one_common_name(subject: Sequence[SubjectAttribute]) -> None:
    found = [each for each in subject if each.attribute.oid == _COMMON_NAME]
    if len(found) != 1 or found[0].in_rdn != 1 or found[0].tag not in _COMMON_NAME_TYPES:
        raise _unexpected(
            "the identifier as a common name that is not the only one, not alone in its RDN, or "
            "neither UTF8String nor PrintableString",
            _COMMON_NAME.dotted_string,
        )


def _missing(element: str) -> IdentifierMismatch:
    return IdentifierMismatch(
        Reason.IDENTIFIER_MISSING,
        "the request does not show the order's identifier",
        element=element,
    )


def _unexpected(detail: str, element: str) -> InvalidCSR:
    return InvalidCSR(Reason.UNEXPECTED_NAME, f"asks for {detail}", element=element)
