"""Cached attestations: does the response answer an earlier command, or none that was sent?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from appleattest import Reason
from appleattest.testing import ISSUED_AT, AttestationAuthority
from vectors.case import MdmInput, invalid, valid
from vectors.cases.mdm_freshness import FILE, NONCE, answered
from vectors.flags import Flag

_PREVIOUS: Final = {
    bytes([octet]) * 32: ISSUED_AT - timedelta(days=days)
    for octet, days in ((0x31, 2), (0x32, 4), (0x33, 6))
}


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT)
def blank_with_previous_nonces(authority: AttestationAuthority) -> MdmInput:
    """``nonce, three earlier ones -> leaf (11.1: no octets)``: a blank code answers no nonce."""
    return answered(authority, b"", previous_nonces=_PREVIOUS)


_EARLIER: Final = {f"{number}-of-3": octets for number, octets in enumerate(_PREVIOUS, start=1)}


@valid(FILE, Flag.CACHED_ATTESTATION, each=_EARLIER)
def earlier_nonce(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce, three earlier ones with their times -> leaf (11.1: one of the earlier)``

    Within seven days the device returns the cached attestation. It is genuine and `earlier`, not
    current, and the time at which that nonce was sent bounds its age.
    """
    return answered(authority, octets, previous_nonces=_PREVIOUS)


@valid(FILE, Flag.CACHED_ATTESTATION)
def the_only_earlier_nonce(authority: AttestationAuthority) -> MdmInput:
    """``nonce, one earlier one -> leaf (11.1: the earlier)``

    One earlier nonce is enough to recognise a cached attestation: `earlier`.
    """
    sent = {b"\x31": ISSUED_AT - timedelta(days=1)}
    return answered(authority, b"\x31", previous_nonces=sent)


@valid(FILE, Flag.CACHED_ATTESTATION)
def current_beside_earlier_nonces(authority: AttestationAuthority) -> MdmInput:
    """``nonce, three earlier ones -> leaf (11.1: nonce)``

    It answers this command, whatever was sent before: `current`.
    """
    return answered(authority, NONCE, previous_nonces=_PREVIOUS)


@valid(FILE, Flag.CACHED_ATTESTATION)
def current_and_earlier_nonce(authority: AttestationAuthority) -> MdmInput:
    """``nonce, the same nonce earlier -> leaf (11.1: nonce)``

    The server sent one nonce twice. The attestation answers this command: `current`.
    """
    sent = {NONCE: ISSUED_AT - timedelta(days=3)}
    return answered(authority, NONCE, previous_nonces=sent)


_NOT_EARLIER: Final = {
    "prefix": b"\x31" * 31,
    "extension": b"\x31" * 33,
    "digest": sha256(b"\x31" * 32).digest(),
    "two-joined": b"\x31" * 16 + b"\x32" * 16,
    "hex": b"31" * 32,
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING, each=_NOT_EARLIER)
def not_quite_an_earlier_nonce(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``nonce, three earlier ones -> leaf (11.1: something made of an earlier one)``

    Earlier nonces are compared as strictly as the current one.
    """
    return answered(authority, octets, previous_nonces=_PREVIOUS)


class _NotSent(NamedTuple):
    code: bytes | None
    previous_nonces: Mapping[bytes, datetime]


_UNCHECKED: Final = {
    "absent": _NotSent(None, {}),
    "blank": _NotSent(b"", {}),
    "any-code": _NotSent(b"\x34" * 32, {}),
    "absent-with-previous": _NotSent(None, _PREVIOUS),
    "blank-with-previous": _NotSent(b"", _PREVIOUS),
    "unknown-with-previous": _NotSent(b"\x34" * 32, _PREVIOUS),
}


@valid(FILE, Flag.FRESHNESS_UNCHECKED, each=_UNCHECKED)
def no_nonce_sent(authority: AttestationAuthority, given: _NotSent) -> MdmInput:
    """``no nonce -> leaf (11.1 or none)``

    The caller has said that no freshness is checked: `unchecked`, whatever the code is.
    """
    return answered(authority, given.code, None, given.previous_nonces)


@valid(FILE, Flag.CACHED_ATTESTATION, each=_EARLIER)
def no_nonce_sent_earlier(authority: AttestationAuthority, octets: bytes) -> MdmInput:
    """``no nonce, three earlier ones -> leaf (11.1: one of the earlier)``

    Without a nonce the server asks for the cached attestation, and knows which of its commands
    that one answers: `earlier`.
    """
    return answered(authority, octets, None, _PREVIOUS)


@valid(FILE, Flag.CACHED_ATTESTATION, Flag.LIFETIME)
def same_nonce_for_ninety_days(authority: AttestationAuthority) -> MdmInput:
    """``nonce, at notAfter -> leaf (11.1: nonce)``

    A device that is always sent the same nonce returns its cached attestation, which is valid
    to the last second.
    """
    return MdmInput(authority.response_plist(), at=ISSUED_AT + timedelta(days=90))


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def same_nonce_a_second_longer(authority: AttestationAuthority) -> MdmInput:
    """``nonce, at notAfter + 1 s -> leaf (11.1: nonce)``

    The right code does not revive a leaf that has expired.
    """
    return MdmInput(authority.response_plist(), at=ISSUED_AT + timedelta(days=90, seconds=1))


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def expired_and_unmatched(authority: AttestationAuthority) -> MdmInput:
    """``nonce, at notAfter + 1 s -> leaf (11.1: another nonce)``

    The path is judged before the freshness.
    """
    response = authority.response_plist(freshness_code=b"\x34" * 32)
    return MdmInput(response, at=ISSUED_AT + timedelta(days=90, seconds=1))
