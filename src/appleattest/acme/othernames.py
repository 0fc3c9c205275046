"""The two otherNames that hold an identifier, in their one encoding (RFC 4043, RFC 4108).

asn1crypto is lenient inside an otherName, even when told to be strict: it takes non-minimal and
truncated OIDs, indefinite lengths and further fields, and reads another string type as an absent
value. So what was read is encoded again and must give the same octets.
"""

from __future__ import annotations

from typing import Any, Final

from asn1crypto import core

PERMANENT_IDENTIFIER: Final = "1.3.6.1.5.5.7.8.3"
HARDWARE_MODULE_NAME: Final = "1.3.6.1.5.5.7.8.4"

LONGEST_OID: Final = 64
"""Octets of an OID's content at most; asn1crypto's time grows with their square."""
LONGEST_VALUE: Final = 1024
"""Octets of an identifier's value at most, as UTF-8. A UDID has 25, a signed code some hundreds."""
LONGEST_NAME: Final = 4 + 4 + LONGEST_VALUE + 2 + LONGEST_OID
"""Octets of an otherName's value at most: the longest value and OID, and the headers in DER of
these and of the sequence. So every identifier that can be written can be read back."""


class _PermanentIdentifier(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - asn1crypto's own way to declare a type
        ("identifier_value", core.UTF8String, {"optional": True}),
        ("assigner", core.ObjectIdentifier, {"optional": True}),
    ]


class _HardwareModuleName(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - as above
        ("hw_type", core.ObjectIdentifier),
        ("hw_serial_num", core.OctetString),
    ]


def encode_permanent_identifier(value: str, assigner: str | None) -> bytes:
    """A PermanentIdentifier in DER (RFC 4043, section 2)."""
    fields = {"identifier_value": value, "assigner": assigner}
    given = {name: field for name, field in fields.items() if field is not None}
    der: bytes = _PermanentIdentifier(given).dump()
    return der


def decode_permanent_identifier(der: bytes) -> tuple[str, str | None]:
    """The value and the assigner of a PermanentIdentifier in DER.

    RFC 4043 lets both be absent; an ACME identifier needs a value. Raises `ValueError`, or what
    asn1crypto raises.
    """
    read = _loaded(_PermanentIdentifier, der)
    value, oid = read["identifier_value"].native, read["assigner"]
    assigner = _dotted(oid) if isinstance(oid, core.ObjectIdentifier) else None
    if value is None:
        raise ValueError("a PermanentIdentifier without identifierValue")
    _require_exact(encode_permanent_identifier(value, assigner), der)
    return value, assigner


def encode_hardware_module_name(serial: str, hw_type: str) -> bytes:
    """A HardwareModuleName in DER (RFC 4108, section 5)."""
    fields = {"hw_type": hw_type, "hw_serial_num": serial.encode()}
    der: bytes = _HardwareModuleName(fields).dump()
    return der


def decode_hardware_module_name(der: bytes) -> tuple[str, str]:
    """The serial number, which must be UTF-8, and the type of a HardwareModuleName in DER.

    Raises `ValueError`, or what asn1crypto raises.
    """
    read = _loaded(_HardwareModuleName, der)
    serial, hw_type = read["hw_serial_num"].native.decode(), _dotted(read["hw_type"])
    _require_exact(encode_hardware_module_name(serial, hw_type), der)
    return serial, hw_type


def _loaded(kind: type[Any], der: bytes) -> Any:
    if len(der) > LONGEST_NAME:
        raise ValueError(f"an otherName of {len(der)} octets; at most {LONGEST_NAME} are read")
    return kind.load(der, strict=True)


def _dotted(oid: Any) -> str:
    if len(oid.contents) > LONGEST_OID:
        raise ValueError(f"an OID of {len(oid.contents)} octets; at most {LONGEST_OID} are read")
    dotted: str = oid.dotted
    return dotted


def _require_exact(encoded: bytes, der: bytes) -> None:
    if encoded != der:
        raise ValueError("an otherName that is not in its one encoding, or has further fields")
