"""Extensions of RFC 5280 whose encoding is broken, or no DER."""

from __future__ import annotations

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Deviation, apple_shape, der, deviations
from vectors.case import ChainInput, invalid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_extensions_malformed"

_ALT_NAME = "2.5.29.17"
_CRL_POINTS = "2.5.29.31"
_ANY_USAGE = "2.5.29.37.0"
_BITS = b"\x03\x02\x04\xf0"
"""keyUsage as in every leaf of Apple's."""


def _extension(*parts: bytes) -> bytes:
    return der.sequence(der.oid(oids.KEY_USAGE), *parts)


_BROKEN: dict[str, Deviation] = {
    "key-usage-empty": deviations.ExtensionValue(oids.KEY_USAGE, b""),
    "key-usage-integer": deviations.ExtensionValue(oids.KEY_USAGE, der.integer(1)),
    "key-usage-trailing": deviations.ExtensionValue(oids.KEY_USAGE, b"\x03\x02\x04\xf0\x00"),
    "key-usage-of-no-octet": deviations.ExtensionValue(oids.KEY_USAGE, b"\x03\x00"),
    "constructed-value": deviations.RawExtension(
        oids.KEY_USAGE, _extension(der.boolean(True), der.tlv(0x24, der.octet_string(_BITS)))
    ),
    "extended-key-usage-empty": deviations.ExtraExtension(
        apple_shape.EXTENDED_KEY_USAGE, der.sequence()
    ),
    "constraints-empty": deviations.ExtensionValue(oids.BASIC_CONSTRAINTS, b""),
    "constraints-trailing": deviations.ExtensionValue(oids.BASIC_CONSTRAINTS, b"\x30\x00\x00"),
    "constraints-true-as-01": deviations.ExtensionValue(
        oids.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x01"
    ),
    "constraints-false-spelt-out": deviations.ExtensionValue(
        oids.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x00"
    ),
    "constraints-not-critical-spelt-out": deviations.NonCriticalExtension(
        oids.BASIC_CONSTRAINTS, explicit=True
    ),
    "extension-empty": deviations.RawExtension(oids.KEY_USAGE, der.sequence()),
    "extension-without-value": deviations.RawExtension(
        oids.KEY_USAGE, der.sequence(der.oid(oids.KEY_USAGE))
    ),
    "critical-true-as-01": deviations.RawExtension(
        oids.KEY_USAGE,
        _extension(b"\x01\x01\x01", der.octet_string(_BITS)),
    ),
    "constraints-long-length": deviations.ExtensionValue(oids.BASIC_CONSTRAINTS, b"\x30\x81\x00"),
    "extension-with-fourth-element": deviations.RawExtension(
        oids.KEY_USAGE, _extension(der.boolean(True), der.octet_string(_BITS), der.null())
    ),
    "value-in-bit-string": deviations.RawExtension(
        oids.KEY_USAGE, _extension(der.boolean(True), der.bit_string(_BITS))
    ),
    "padded-oid": deviations.RawExtension(
        oids.KEY_USAGE,
        der.sequence(b"\x06\x04\x55\x1d\x80\x0f", der.boolean(True), der.octet_string(_BITS)),
    ),
    "alternative-name": deviations.ExtraExtension(_ALT_NAME, b"\xff"),
    "crl-points": deviations.ExtraExtension(_CRL_POINTS, b""),
    "extended-key-usage-trailing": deviations.ExtraExtension(
        apple_shape.EXTENDED_KEY_USAGE, der.sequence(der.oid(_ANY_USAGE)) + b"\x00"
    ),
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_CERTIFICATE, each=_BROKEN)
def broken_in_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: an extension of RFC 5280 that does not decode as DER.

    Whoever decodes only what it needs does not notice, and guesses later.
    """
    return with_leaf(authority, change)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={
        **_BROKEN,
        "negative-path-length": deviations.PathLength(-1),
        "padded-path-length": deviations.ExtensionValue(
            oids.BASIC_CONSTRAINTS, der.sequence(der.boolean(True), b"\x02\x02\x00\x00")
        ),
        "path-length-as-text": deviations.ExtensionValue(
            oids.BASIC_CONSTRAINTS, der.sequence(der.boolean(True), der.utf8_string("0"))
        ),
        "subject-key-identifier": deviations.ExtensionValue(
            apple_shape.SUBJECT_KEY_IDENTIFIER, b"\x05\x00"
        ),
        "authority-key-identifier": deviations.ExtensionValue(
            apple_shape.AUTHORITY_KEY_IDENTIFIER, der.octet_string(b"\x01")
        ),
    },
)
def broken_in_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: an extension of RFC 5280 that does not decode as DER."""
    return with_intermediate(authority, change)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={"padding-not-trimmed": b"\x03\x02\x00\x80", "padding-not-zero": b"\x03\x02\x07\xff"},
)
def key_usage_not_der(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the bits of keyUsage not as X.690, 11.2, has them."""
    return with_leaf(authority, deviations.ExtensionValue(oids.KEY_USAGE, value))
