"""The encodings of property values: bare text, and INTEGERs in DER.

The value of a property's extension is *not* DER unless its table row says so: Apple puts the bare
octets of the text into the X.509 OCTET STRING. Sources: Apple, "Validating a Managed Device
Attestation", and what real leaves hold. docs/properties.md gives the reason for each decision.

Every reader takes the octets of the extension's value, and returns None for a blank one: no
octets, or a text of nothing but spaces. It raises `MalformedValue` for anything else that is not
in its encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, NoReturn

from asn1crypto.core import Integer

from appleattest.text import quoted

_LONGEST_TEXT: Final = 256
_LONGEST_INTEGER: Final = 16
_BLANK: Final = b" "
# Printable means ASCII: what `str.isprintable` accepts depends on the interpreter's Unicode.
_TEXT: Final = re.compile(rb"[!-~](?:[ -~]{0,254}[!-~])?")
_WORD: Final = re.compile(rb"[!-~]{1,256}")


class MalformedValue(ValueError):
    """A value that is neither blank nor in its documented encoding."""


class Status(Enum):
    """Base of the statuses: compared by identity with the good member, and without truth value."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} is neither true nor false: compare it with a member"
        )


class SystemIntegrityProtection(Status):
    """System Integrity Protection (13.1): DER INTEGER, 0 enabled, 1 disabled."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    UNRECOGNIZED = "unrecognized"


class SecureBoot(Status):
    """The secure boot level of a Mac (13.2): one of three documented texts."""

    FULL = "full"
    REDUCED = "reduced"
    PERMISSIVE = "permissive"
    UNRECOGNIZED = "unrecognized"


class ThirdPartyKexts(Status):
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


def read_text(value: bytes) -> str | None:
    """Bare printable ASCII of at most 256 octets, without a space at either end.

    Nothing is trimmed.
    """
    if _TEXT.fullmatch(value):
        return value.decode("ascii")
    if value.strip(_BLANK):
        raise _malformed(f"printable ASCII of at most {_LONGEST_TEXT} bytes", value)
    return None


def read_word(value: bytes) -> str | None:
    """`read_text` without any space: a serial number, a UDID, a model."""
    if _WORD.fullmatch(value):
        return value.decode("ascii")
    if value.strip(_BLANK):
        raise _malformed(f"printable ASCII of at most {_LONGEST_TEXT} bytes, no spaces", value)
    return None


def read_sip(value: bytes) -> SystemIntegrityProtection | None:
    """The status that the INTEGER stands for."""
    number = _integer(value)
    return None if number is None else _SIP.get(number, SystemIntegrityProtection.UNRECOGNIZED)


def read_kexts(value: bytes) -> ThirdPartyKexts | None:
    """The status that the INTEGER stands for."""
    number = _integer(value)
    if number is None:
        return None
    return ThirdPartyKexts.SOME_ALLOWED if number else ThirdPartyKexts.NONE_ALLOWED


def read_secure_boot(value: bytes) -> SecureBoot | None:
    """The status that the text stands for."""
    text = read_text(value)
    return None if text is None else _SECURE_BOOT.get(text, SecureBoot.UNRECOGNIZED)


def _integer(value: bytes) -> int | None:
    """A DER INTEGER.

    Decoders read `02 00`, `02 02 00 00` and `02 81 01 00` as 0, which is the good value of
    two properties. So the value must be what DER would write for what was read.
    """
    if value in _USUAL_INTEGERS:
        return _USUAL_INTEGERS[value]
    if len(value) > _LONGEST_INTEGER:
        raise _malformed(f"a DER INTEGER of at most {_LONGEST_INTEGER} bytes", value)
    try:
        number: int = Integer.load(value, strict=True).native
        canonical = Integer(number).dump() == value
    except (ValueError, TypeError):
        raise _malformed("a DER INTEGER", value) from None
    if not canonical:
        raise _malformed("a DER INTEGER in its one encoding", value)
    return number


def _malformed(expected: str, value: bytes) -> MalformedValue:
    came = quoted(value[:_LONGEST_TEXT].hex())
    return MalformedValue(f"{expected} was expected; {len(value)} bytes came: {came}")
