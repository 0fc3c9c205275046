"""Does the response answer this command? The code is the nonce's octets, as they were sent."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from appleattest import Reason, oids
from appleattest.testing import (
    FRESHNESS_CODE,
    AttestationAuthority,
    Properties,
    der,
    deviations,
)
from vectors.case import MdmInput, acceptable, invalid, valid
from vectors.flags import Flag

FILE: Final = "mdm_freshness"

NONCE: Final = FRESHNESS_CODE


def answered(
    authority: AttestationAuthority,
    code: bytes | None,
    nonce: bytes | None = NONCE,
    previous_nonces: Mapping[bytes, datetime] | None = None,
) -> MdmInput:
    """A response whose leaf carries `code`, to a command that carried `nonce`."""
    response = authority.response_plist(
        properties=Properties.iphone_16(), freshness_code=code, binary=True
    )
    return MdmInput(response, nonce, previous_nonces or {})


@valid(FILE, Flag.NONCE_LENGTH, each={str(length): length for length in range(1, 33)})
def nonce_of_octets(authority: AttestationAuthority, length: int) -> MdmInput:
    """``nonce -> leaf (11.1: nonce)``

    A nonce is 1 to 32 octets (Apple, "Device Information Command"), and the code has as many.
    """
    nonce = NONCE[:length]
    return answered(authority, nonce, nonce)


_ODD_NONCES: Final = {
    "one-nul": b"\0",
    "nuls": bytes(32),
    "one-space": b" ",
    "spaces": b" " * 8,
    "text": b"nonce-0001",
    "not-text": b"\xff\xfe\0\n",
    "der-octet-string": b"\x04\x02\xab\xcd",
    "trailing-nul": b"nonce\0",
    "trailing-line-feed": b"nonce\n",
}


@valid(FILE, Flag.NONCE_LENGTH, each=_ODD_NONCES)
def nonce(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce -> leaf (11.1: nonce)``

    A nonce is octets, not text and not DER: nothing is trimmed, unwrapped or taken for blank.
    """
    return answered(authority, octets, octets)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT, each={"absent": None, "blank": b""})
def code_missing(authority: AttestationAuthority, code: bytes | None) -> MdmInput:
    """``nonce -> leaf (no 11.1, or one of no octets)``

    A nonce was sent and the leaf answers none. Blank is absent *before* any comparison.
    """
    return answered(authority, code)


def _flipped(octets: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[place] ^= 1 << bit
    return bytes(changed)


_OTHER_CODES: Final = {
    "first-octet-alone": NONCE[:1],
    "16-of-32": NONCE[:16],
    "without-the-last": NONCE[:-1],
    "without-the-first": NONCE[1:],
    "nul-appended": NONCE + b"\0",
    "nul-prepended": b"\0" + NONCE,
    "octet-appended": NONCE + b"\x01",
    "space-appended": NONCE + b" ",
    "line-feed-appended": NONCE + b"\n",
    "twice": NONCE + NONCE,
    "reversed": NONCE[::-1],
    "first-bit-flipped": _flipped(NONCE, 0, 7),
    "bit-in-the-middle-flipped": _flipped(NONCE, 16, 3),
    "last-bit-flipped": _flipped(NONCE, 31, 0),
    "first-octet-flipped": _flipped(NONCE, 0, 0),
    "base64": b64encode(NONCE),
    "base64-unpadded": b64encode(NONCE).rstrip(b"="),
    "base64url": urlsafe_b64encode(NONCE).rstrip(b"="),
    "hex": NONCE.hex().encode(),
    "hex-upper-case": NONCE.hex().upper().encode(),
    "nested-utf8string": der.tlv(der.UTF8_STRING, NONCE),
    "doubly-nested": der.octet_string(der.octet_string(NONCE)),
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING, each=_OTHER_CODES)
def code(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce -> leaf (11.1: something made of the nonce)``

    The code is the nonce's octets, all of them and no others, in no encoding.
    """
    return answered(authority, octets)


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING)
def nested_octet_string(authority: AttestationAuthority) -> MdmInput:
    """``nonce -> leaf (11.1: 04 20 nonce)``

    A second OCTET STRING within the extension value, as the test chains of other verifiers
    have it. It is 34 octets and equals no 32.
    """
    deviation = deviations.NestedFreshnessCode()
    return MdmInput(authority.response_plist(deviations=[deviation]))


_PADDED: Final = {
    "padded-with-nuls": (b"short nonce", b"short nonce".ljust(32, b"\0")),
    "cut-at-a-nul": (b"short\0nonce", b"short"),
    "text-in-another-case": (b"Nonce", b"nonce"),
    "nul-for-a-space": (b" ", b"\0"),
    "content-of-a-nested-nonce": (b"\x04\x02\xab\xcd", b"\xab\xcd"),
    "hex-for-octets": (b"ab", b"\xab"),
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING, each=_PADDED)
def short_nonce(authority: AttestationAuthority, given: tuple[bytes, bytes]) -> MdmInput:
    """``nonce of a few octets -> leaf (11.1: what some readers would make of it)``

    Neither side is padded, cut, folded, unwrapped or decoded before octets are compared.
    """
    sent, octets = given
    return answered(authority, octets, sent)


_DIGESTS: Final = {
    "digest": sha256(NONCE).digest(),
    "digest-in-hex": sha256(NONCE).hexdigest().encode(),
    "digest-of-base64": sha256(b64encode(NONCE)).digest(),
    "digest-of-hex": sha256(NONCE.hex().encode()).digest(),
    "digest-of-nothing": sha256(b"").digest(),
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_RULE, each=_DIGESTS)
def sha256_for_the_nonce(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce -> leaf (11.1: SHA-256 of the nonce)``

    The rule of ACME and of Platform SSO. MDM's code is the nonce itself: an attestation made
    for the one must not be taken for the other.
    """
    return answered(authority, octets)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_MISMATCH,
    each={"other": b"\x34" * 32, "nuls": bytes(32), "one-nul": b"\0", "long": b"\x34" * 64},
)
def another_nonce(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce -> leaf (11.1: another nonce)``

    Genuine, and made for some other command: the device returned a cached attestation, or
    somebody replays one.
    """
    return answered(authority, octets)


_TWICE: Final = {
    "same": None,
    "right-and-wrong": b"\x34" * 32,
    "right-and-blank": b"",
}


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION, each=_TWICE)
def code_twice(authority: AttestationAuthority, second: bytes | None) -> MdmInput:
    """``nonce -> leaf (11.1: nonce; 11.1 again)``

    RFC 5280, 4.2: an extension stands at most once. One reader takes the first, another the last.
    """
    deviation = deviations.DoubledExtension(oids.FRESHNESS_CODE, second)
    return MdmInput(authority.response_plist(deviations=[deviation]))


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION)
def wrong_code_and_right_code(authority: AttestationAuthority) -> MdmInput:
    """``nonce -> leaf (11.1: another nonce; 11.1: nonce)``: the second would pass, alone."""
    deviation = deviations.DoubledExtension(oids.FRESHNESS_CODE, NONCE)
    response = authority.response_plist(freshness_code=b"\x34" * 32, deviations=[deviation])
    return MdmInput(response)


@acceptable(FILE, Flag.PROCESSED_EXTENSION, reason=Reason.CRITICAL_EXTENSION)
def critical_code(authority: AttestationAuthority) -> MdmInput:
    """``nonce -> leaf (11.1 critical)``: Apple marks no property as critical.

    Who reads it has processed it (RFC 5280, 4.2).
    """
    deviation = deviations.CriticalExtension(oids.FRESHNESS_CODE)
    return MdmInput(authority.response_plist(deviations=[deviation]))
