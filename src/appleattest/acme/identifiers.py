"""The two identifier types of device attestation (draft-ietf-acme-device-attest, sections 3, 4).

Each has a text form, in newOrder, and an otherName, in a CSR and a certificate; the grammar is
the same in both. Two identifiers are equal when they are of one type and their text is the same
octet for octet: nothing is trimmed, folded or normalised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from cryptography import x509

from appleattest.acme import othernames
from appleattest.boundary import contained
from appleattest.errors import IdentifierMismatch, Reason
from appleattest.text import plain, type_name

_ARC: Final = r"(?:0|[1-9][0-9]*)"
_OID: Final = re.compile(rf"(?:[01]\.[1-3]?[0-9]|2\.{_ARC})(?:\.{_ARC})*")
_LONGEST_DOTTED: Final = 256
"""Characters that an OID of 64 octets can have."""
_BITS: Final = 7
"""Bits of an arc that one octet of an OID holds."""


@dataclass(frozen=True, slots=True)
class PermanentIdentifier:
    """`permanent-identifier`: a value, and the OID of who assigned it where that is said.

    `value` is at least one character, at most 1024 octets of UTF-8, and has no `/`; `assigner` is
    a dotted OID of at most 64 octets. The constructor is the caller's: anything else is a
    `ValueError` or `TypeError`. `parse` and `from_other_name` read what came from outside.
    """

    type: ClassVar[str] = "permanent-identifier"
    oid: ClassVar[x509.ObjectIdentifier] = x509.ObjectIdentifier(othernames.PERMANENT_IDENTIFIER)

    value: str
    assigner: str | None = None

    def __post_init__(self) -> None:
        _require_value(self.value)
        if self.assigner is not None:
            require_oid(self.assigner, "an assigner")

    @classmethod
    def parse(cls, text: str, /) -> PermanentIdentifier:
        """Read the text form, `value` or `value/assigner`.

        Raises `IdentifierMismatch` with `malformed-identifier` for anything else.
        """
        value, slash, assigner = _text(text).partition("/")
        try:
            return cls(value, assigner if slash else None)
        except ValueError as error:
            raise malformed(str(error)) from None

    @classmethod
    def from_other_name(cls, name: x509.OtherName, /) -> PermanentIdentifier:
        """Read an RFC 4043 otherName, DER exactly.

        Raises `IdentifierMismatch` with `malformed-identifier`, also where the name lacks a value
        or holds one that the text form could not.
        """
        der = _value_of(name, cls.oid)
        return contained(lambda: cls(*othernames.decode_permanent_identifier(der)), malformed)

    def other_name(self) -> x509.OtherName:
        """The RFC 4043 otherName, for a `SubjectAlternativeName` of `cryptography`."""
        der = othernames.encode_permanent_identifier(self.value, self.assigner)
        return x509.OtherName(self.oid, der)

    def to_dict(self) -> dict[str, str]:
        """`{"type", "value"}`, as in an order (RFC 8555, section 7.1.3)."""
        return {"type": self.type, "value": str(self)}

    def __str__(self) -> str:
        return self.value if self.assigner is None else f"{self.value}/{self.assigner}"


@dataclass(frozen=True, slots=True)
class HardwareModuleName:
    """`hardware-module`: a serial number, and the OID of the type of hardware.

    `value` is the serial number as text, whose UTF-8 are the octets of hwSerialNum; `hw_type` is
    a dotted OID. The rules are those of `PermanentIdentifier`.
    """

    type: ClassVar[str] = "hardware-module"
    oid: ClassVar[x509.ObjectIdentifier] = x509.ObjectIdentifier(othernames.HARDWARE_MODULE_NAME)

    value: str
    hw_type: str

    def __post_init__(self) -> None:
        _require_value(self.value)
        require_oid(self.hw_type, "a hardware type")

    @classmethod
    def parse(cls, text: str, /) -> HardwareModuleName:
        """Read the text form, `serial/type`.

        Raises `IdentifierMismatch` with `malformed-identifier` for anything else.
        """
        value, _, hw_type = _text(text).partition("/")
        try:
            return cls(value, hw_type)
        except ValueError as error:
            raise malformed(str(error)) from None

    @classmethod
    def from_other_name(cls, name: x509.OtherName, /) -> HardwareModuleName:
        """Read an RFC 4108 otherName, DER exactly; its serial number must be UTF-8.

        Raises `IdentifierMismatch` with `malformed-identifier`.
        """
        der = _value_of(name, cls.oid)
        return contained(lambda: cls(*othernames.decode_hardware_module_name(der)), malformed)

    def other_name(self) -> x509.OtherName:
        """The RFC 4108 otherName, for a `SubjectAlternativeName` of `cryptography`."""
        der = othernames.encode_hardware_module_name(self.value, self.hw_type)
        return x509.OtherName(self.oid, der)

    def to_dict(self) -> dict[str, str]:
        """`{"type", "value"}`, as in an order (RFC 8555, section 7.1.3)."""
        return {"type": self.type, "value": str(self)}

    def __str__(self) -> str:
        return f"{self.value}/{self.hw_type}"


Identifier: TypeAlias = PermanentIdentifier | HardwareModuleName

_KINDS: Final[tuple[type[Identifier], ...]] = (PermanentIdentifier, HardwareModuleName)
BY_TYPE: Final = {kind.type: kind for kind in _KINDS}
_BY_OID: Final = {kind.oid: kind for kind in _KINDS}


def identifier_of(name: x509.GeneralName) -> Identifier | None:
    """The identifier that a name holds; None for a name that is no identifier.

    Raises `IdentifierMismatch` with `malformed-identifier`.
    """
    if not isinstance(name, x509.OtherName) or name.type_id not in _BY_OID:
        return None
    return _BY_OID[name.type_id].from_other_name(name)


def malformed(detail: str) -> IdentifierMismatch:
    """The refusal of an identifier that breaks its grammar."""
    return IdentifierMismatch(Reason.MALFORMED_IDENTIFIER, detail)


def require_oid(oid: object, what: str) -> None:
    """`TypeError` or `ValueError` for what is no dotted OID of at most 64 octets."""
    if not isinstance(oid, str):
        raise TypeError(f"{what} is a dotted OID as text, not {type(oid).__name__}")
    if len(oid) > _LONGEST_DOTTED or not _OID.fullmatch(oid):
        raise ValueError(f"{what} is a dotted OID: ASCII digits, no leading zeros, arcs in range")
    if _octets_of(oid) > othernames.LONGEST_OID:
        raise ValueError(f"{what} is an OID of at most {othernames.LONGEST_OID} octets")


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise malformed(f"text was expected, {type_name(text)} came")
    return plain(text)


def _value_of(name: object, oid: x509.ObjectIdentifier) -> bytes:
    # Of a subclass, `type_id` and `value` could be anything, at any time.
    if type(name) is not x509.OtherName or name.type_id != oid:
        raise malformed(f"an otherName {oid.dotted_string} was expected, {type_name(name)} came")
    return name.value


def _require_value(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"an identifier's value is text, not {type(value).__name__}")
    if not value or "/" in value:
        raise ValueError("an identifier's value has at least one character, and none is '/'")
    try:
        octets = value.encode()
    except UnicodeEncodeError:
        raise ValueError("an identifier's value holds half a surrogate pair") from None
    if len(octets) > othernames.LONGEST_VALUE:
        raise ValueError(f"an identifier's value has at most {othernames.LONGEST_VALUE} octets")


def _octets_of(dotted: str) -> int:
    first, second, *others = map(int, dotted.split("."))
    return sum(max(1, -(-arc.bit_length() // _BITS)) for arc in (first * 40 + second, *others))
