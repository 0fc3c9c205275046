"""Values of properties that lenient decoders get wrong. What they mean in full, `mdm_*` has."""

from __future__ import annotations

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Deviation, Properties, der, deviations
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_leaf

FILE = "chain_properties"

_INTEGERS = {
    "no-octet": b"\x02\x00",
    "two-zeros": b"\x02\x02\x00\x00",
    "long-length": b"\x02\x81\x01\x00",
    "null": b"\x05\x00",
    "boolean": b"\x01\x01\x00",
    "text": b"0",
    "bare-zero": b"\x00",
    "trailing": b"\x02\x01\x00\x00",
    "padded-one": b"\x02\x02\x00\x01",
    "octet-string": der.octet_string(b"\x02\x01\x00"),
}


@acceptable(FILE, Flag.NON_CANONICAL_INTEGER, each=_INTEGERS)
def integrity_protection(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: 13.1 is no INTEGER in DER, and some read it as 0.

    0 is the good value. What DER would not write is refused, or absent, and never read.
    """
    return with_leaf(authority, deviations.ExtensionValue(oids.SYSTEM_INTEGRITY_PROTECTION, value))


@acceptable(
    FILE,
    Flag.NON_CANONICAL_INTEGER,
    each={key: _INTEGERS[key] for key in ("no-octet", "two-zeros", "long-length", "null")},
)
def kernel_extensions(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: 13.3 is no INTEGER in DER, and some read it as 0."""
    return with_leaf(authority, deviations.ExtensionValue(oids.THIRD_PARTY_KEXTS, value))


_TEXTS = {
    "zero-width-space": "TEST\u200bSERIAL01".encode(),
    "right-to-left-override": "TESTSERIAL\u202e10".encode(),
    "line-separator": "TESTSERIAL01\u2028".encode(),
    "newline": b"TESTSERIAL01\n",
    "nul": b"TESTSERIAL01\x00",
    "delete": b"TESTSERIAL01\x7f",
    "no-break-space": "TEST\u00a0SERIAL01".encode(),
    "latin-1": b"TESTSERIAL\xe9",
    "surrogate": b"TEST\xed\xa0\x80SERIAL",
    "overlong": b"TEST\xc0\xaeSERIAL",
}


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, each=_TEXTS)
def serial_number(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: 9.1 holds what cannot be seen, or no UTF-8.

    It would look like another device's, or be cut short by the next program.
    """
    return with_leaf(authority, deviations.ExtensionValue(oids.SERIAL_NUMBER, value))


@invalid(
    FILE,
    Reason.MALFORMED_PROPERTY,
    Flag.MALFORMED_IDENTITY,
    each={key: _TEXTS[key] for key in ("zero-width-space", "right-to-left-override", "newline")},
)
def udid_and_versions(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: 9.2 and 10.1 hold what cannot be seen."""
    return with_leaf(
        authority,
        deviations.ExtensionValue(oids.UDID, value),
        deviations.ExtensionValue(oids.OS_VERSION, value),
    )


@valid(
    FILE,
    Flag.UNRECOGNIZED_STATUS,
    each={
        "sip-disabled": Properties(sip=1),
        "sip-2": Properties(sip=2),
        "sip-minus-one": Properties(sip=-1),
        "kexts-1": Properties(third_party_kexts=1),
        "kexts-255": Properties(third_party_kexts=255),
        "secure-boot-reduced": Properties(secure_boot="Reduced Security"),
        "secure-boot-of-tomorrow": Properties(secure_boot="Fuller Security"),
        "secure-boot-lower-case": Properties(secure_boot="full security"),
    },
)
def status_that_is_not_good(authority: AttestationAuthority, status: Properties) -> ChainInput:
    """``root -> intermediate -> leaf``: a status that is bad, or that nobody knows.

    Good is what equals the good value, and nothing else; the attestation itself is genuine.
    """
    return ChainInput(authority.attest(properties=status))


@valid(
    FILE,
    Flag.BLANK_PROPERTY,
    each={
        "sip": oids.SYSTEM_INTEGRITY_PROTECTION,
        "secure-boot": oids.SECURE_BOOT,
        "kexts": oids.THIRD_PARTY_KEXTS,
        "serial-number": oids.SERIAL_NUMBER,
        "udid": oids.UDID,
    },
)
def blank(authority: AttestationAuthority, oid: str) -> ChainInput:
    """``root -> intermediate -> leaf``: a blank value is the same as an absent one, never good."""
    return with_leaf(authority, deviations.ExtensionValue(oid, b""))


@acceptable(
    FILE,
    Flag.MALFORMED_PROPERTY,
    each={"secure-boot": deviations.WrappedValue(oids.SECURE_BOOT)},
)
@invalid(
    FILE,
    Reason.MALFORMED_PROPERTY,
    Flag.MALFORMED_IDENTITY,
    each={
        "serial-number": deviations.WrappedValue(oids.SERIAL_NUMBER),
        "all-text": deviations.Utf8StringText(),
    },
)
def wrapped_text(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: text in a UTF8String, as some write in their tests.

    Apple's is bare. The tag and the length would become part of what is compared.
    """
    return with_leaf(authority, change)
