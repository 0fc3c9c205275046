"""What the leaf says of the device, each property decoded by its documented type.

The value of a property's extension is *not* DER unless the table says so: Apple puts the
bare octets of the text into the X.509 OCTET STRING. Sources: Apple, "Validating a Managed
Device Attestation", and what real leaves hold. Three kinds of value are told apart, and
docs/properties.md gives the reason for each decision:

- *blank* (no octets, or a text of nothing but spaces): Apple could not determine the
  property. The same as absent, and never the same as good.
- *well formed*: decoded. A status outside its documented values is `UNRECOGNIZED`.
- anything else is *malformed*, and the attestation is refused: never guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, NoReturn

from asn1crypto.core import Integer

from appleattest import oids
from appleattest.errors import MalformedInput, Reason
from appleattest.text import quoted

_LONGEST_TEXT: Final = 256
_LONGEST_INTEGER: Final = 16
_BLANK: Final = b" "


class _Status(Enum):
    """A status is compared by identity with its good member; it has no truth value."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} is neither true nor false: compare it with a member"
        )


class SystemIntegrityProtection(_Status):
    """System Integrity Protection (13.1): DER INTEGER, 0 enabled, 1 disabled."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    UNRECOGNIZED = "unrecognized"


class SecureBoot(_Status):
    """The secure boot level of a Mac (13.2): one of three documented texts."""

    FULL = "full"
    REDUCED = "reduced"
    PERMISSIVE = "permissive"
    UNRECOGNIZED = "unrecognized"


class ThirdPartyKexts(_Status):
    """Third-party kernel extensions (13.3): DER INTEGER, 0 none allowed, any other value some."""

    NONE_ALLOWED = "none-allowed"
    SOME_ALLOWED = "some-allowed"


_USUAL_INTEGERS: Final[Mapping[bytes, int | None]] = {
    b"": None,
    b"\x02\x01\x00": 0,
    b"\x02\x01\x01": 1,
}
"""Blank, and the two values that are documented: no decoder need be asked about them."""
_SIP: Final = {0: SystemIntegrityProtection.ENABLED, 1: SystemIntegrityProtection.DISABLED}
_SECURE_BOOT: Final = {
    "Full Security": SecureBoot.FULL,
    "Reduced Security": SecureBoot.REDUCED,
    "Permissive Security": SecureBoot.PERMISSIVE,
}


def _malformed(oid: str, expected: str, value: bytes) -> MalformedInput:
    came = quoted(value[:_LONGEST_TEXT].hex())
    return MalformedInput(
        Reason.MALFORMED_PROPERTY,
        f"{expected} was expected; {len(value)} bytes came: {came}",
        element=oid,
    )


def _text(oid: str, value: bytes) -> str | None:
    """Bare UTF-8 text; None when blank.

    `str.isprintable` refuses exactly what must not pass for part of an identifier: control
    and format characters, surrogates, unassigned code points, and every separator but U+0020.
    Nothing is ever trimmed, so a space at either end is a defect.
    """
    if not value.strip(_BLANK):
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed(oid, "UTF-8 text", value) from None
    if len(value) > _LONGEST_TEXT or not text.isprintable() or text != text.strip(" "):
        raise _malformed(oid, f"printable text of at most {_LONGEST_TEXT} bytes", value)
    return text


def _word(oid: str, value: bytes) -> str | None:
    """Bare text without any space: a serial number, a UDID, a model."""
    text = _text(oid, value)
    if text is not None and " " in text:
        raise _malformed(oid, "text without spaces", value)
    return text


def _integer(oid: str, value: bytes) -> int | None:
    """A DER INTEGER; None when blank.

    Decoders read `02 00`, `02 02 00 00` and `02 81 01 00` as 0, which is the good value of
    two properties. So the value must be what DER would write for what was read.
    """
    if value in _USUAL_INTEGERS:
        return _USUAL_INTEGERS[value]
    if len(value) > _LONGEST_INTEGER:
        raise _malformed(oid, f"a DER INTEGER of at most {_LONGEST_INTEGER} bytes", value)
    try:
        decoded = Integer.load(value, strict=True)
        number: int = decoded.native
        canonical = Integer(number).dump() == value
    except (ValueError, TypeError):
        raise _malformed(oid, "a DER INTEGER", value) from None
    if not canonical:
        raise _malformed(oid, "a DER INTEGER in its one encoding", value)
    return number


def _sip(oid: str, value: bytes) -> SystemIntegrityProtection | None:
    number = _integer(oid, value)
    if number is None:
        return None
    return _SIP.get(number, SystemIntegrityProtection.UNRECOGNIZED)


def _kexts(oid: str, value: bytes) -> ThirdPartyKexts | None:
    number = _integer(oid, value)
    if number is None:
        return None
    return ThirdPartyKexts.SOME_ALLOWED if number else ThirdPartyKexts.NONE_ALLOWED


def _secure_boot(oid: str, value: bytes) -> SecureBoot | None:
    text = _text(oid, value)
    if text is None:
        return None
    return _SECURE_BOOT.get(text, SecureBoot.UNRECOGNIZED)


PROPERTIES: Final[Mapping[str, tuple[str, Callable[[str, bytes], object]]]] = {
    "serial_number": (oids.SERIAL_NUMBER, _word),
    "udid": (oids.UDID, _word),
    "software_update_device_id": (oids.SOFTWARE_UPDATE_DEVICE_ID, _word),
    "os_version": (oids.OS_VERSION, _text),
    "sepos_version": (oids.SEPOS_VERSION, _text),
    "llb_version": (oids.LLB_VERSION, _text),
    "sip": (oids.SYSTEM_INTEGRITY_PROTECTION, _sip),
    "secure_boot": (oids.SECURE_BOOT, _secure_boot),
    "third_party_kexts": (oids.THIRD_PARTY_KEXTS, _kexts),
}
"""Field name: the property's OID and its decoder. The order is the order of judgement."""


def decode_properties(raw: Mapping[str, bytes]) -> dict[str, Any]:
    """Decode the extensions under Apple's arc, given by dotted OID, to values by field name.

    An absent or blank property is None. OIDs without a documented meaning are left alone.

    Raises `MalformedInput` with `malformed-property`.
    """
    return {name: _decode(oid, decoder, raw) for name, (oid, decoder) in PROPERTIES.items()}


def decode_claims(raw: Mapping[str, bytes]) -> tuple[dict[str, Any], list[MalformedInput]]:
    """Decode what can be decoded: a malformed property is None, and its error is listed."""
    values: dict[str, Any] = {}
    problems: list[MalformedInput] = []
    for name, (oid, decoder) in PROPERTIES.items():
        try:
            values[name] = _decode(oid, decoder, raw)
        except MalformedInput as problem:
            values[name] = None
            problems.append(problem)
    return values, problems


def _decode(oid: str, decoder: Callable[[str, bytes], object], raw: Mapping[str, bytes]) -> object:
    value = raw.get(oid)
    return None if value is None else decoder(oid, value)
