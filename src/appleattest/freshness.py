"""Is this attestation an answer to the request that the caller has in mind?

The leaf's freshness code (1.2.840.113635.100.8.11.1) holds raw octets. What they should be
depends on who asked, so the caller says it: the bytes themselves (MDM: the nonce as it was
sent), or their SHA-256 (ACME: the challenge token's ASCII; Platform SSO: its nonce). Source:
Apple, "Validating a Managed Device Attestation". A code that is there but empty counts as
missing *before* anything is compared, because an empty code equals an empty expectation.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, Literal, NamedTuple, NoReturn, TypeAlias

from appleattest.arguments import BytesLike, checked_octets
from appleattest.errors import FreshnessMismatch, Reason
from appleattest.oids import FRESHNESS_CODE
from appleattest.sealed import Sealed, seal


class Freshness(StrEnum):
    """How an attestation relates to the requests that the caller knows of."""

    CURRENT = "current"
    """It answers this request."""
    EARLIER = "earlier"
    """It answers one of the previous nonces: a cached attestation of that age."""
    UNMATCHED = "unmatched"
    """It is genuine and was made for no request that the caller knows."""
    UNCHECKED = "unchecked"
    """The caller asked for no check."""

    def __bool__(self) -> NoReturn:
        raise TypeError("Freshness is neither true nor false: compare it with a member")


class Unchecked(Enum):
    """The type of `UNCHECKED`, the one value that switches a check off."""

    UNCHECKED = "unchecked"

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        raise TypeError("UNCHECKED is neither true nor false: compare it with 'is'")


UNCHECKED: Final = Unchecked.UNCHECKED
NoCheck: TypeAlias = Literal[Unchecked.UNCHECKED]


class ExpectedFreshness(Sealed):
    """The code that the leaf must carry. Made by `exactly` and `sha256_of` only."""

    __slots__ = ("code",)

    code: bytes
    """The expected octets of the freshness code, at least one."""

    def __repr__(self) -> str:
        return f"<ExpectedFreshness of {len(self.code)} bytes>"


class EarlierNonce(NamedTuple):
    """A nonce sent before this request, and when, where the caller remembers it."""

    nonce: bytes
    sent_at: datetime | None


class FreshnessResult(NamedTuple):
    """What was found: the code in the leaf, and which expectation it met."""

    freshness: Freshness
    code: bytes | None
    matched: bytes | None = None
    requested_at: datetime | None = None


def exactly(code: BytesLike) -> ExpectedFreshness:
    """Expect the freshness code to be these octets.

    Raises `TypeError` for anything but bytes and `ValueError` for none at all: a column that
    was never filled must not pass for an expectation.
    """
    return expecting(checked_octets(code, "code"))


def expecting(code: bytes) -> ExpectedFreshness:
    """Expect these octets, which have been checked."""
    return seal(ExpectedFreshness, code=code)


def sha256_of(data: BytesLike) -> ExpectedFreshness:
    """Expect the freshness code to be the SHA-256 digest of `data`.

    Raises `TypeError` for anything but bytes and `ValueError` for none at all.
    """
    digest = hashlib.sha256(checked_octets(data, "data")).digest()
    return seal(ExpectedFreshness, code=digest)


def judge_freshness(
    code: bytes | None,
    expected: ExpectedFreshness | NoCheck,
    earlier: Sequence[EarlierNonce] = (),
) -> FreshnessResult:
    """Compare the leaf's `code` with what was expected now, then with earlier nonces.

    Every comparison takes the same time whatever the octets are. Without an expectation an
    earlier nonce is still recognised: a server that sent none asks for the cached attestation
    and may know which of its requests that one answers.

    Raises `FreshnessMismatch` with `freshness-missing` or `freshness-mismatch`.
    """
    code = code or None
    if code is not None:
        if expected is not UNCHECKED and hmac.compare_digest(code, expected.code):
            return FreshnessResult(Freshness.CURRENT, code, expected.code)
        for nonce, sent_at in earlier:
            if hmac.compare_digest(code, nonce):
                return FreshnessResult(Freshness.EARLIER, code, nonce, sent_at)
    if expected is UNCHECKED:
        return FreshnessResult(Freshness.UNCHECKED, code)
    if code is None:
        reason = Reason.FRESHNESS_MISSING
        detail = f"a freshness code of {len(expected.code)} bytes was expected; the leaf has none"
    else:
        reason = Reason.FRESHNESS_MISMATCH
        detail = (
            f"freshness code {expected.code.hex()} was expected; the leaf has {code[:64].hex()}"
        )
    raise FreshnessMismatch(reason, detail, element=FRESHNESS_CODE)


def judge_recorded(code: bytes | None, recorded: FreshnessResult) -> FreshnessResult:
    """What was found when the attestation was first verified, if it is about this leaf.

    Raises `FreshnessMismatch` (`freshness-mismatch`) where the record's code is not the leaf's,
    or is said to answer a request whose code was another.
    """
    about_this_leaf = recorded.code == (code or None)
    answers = recorded.freshness in (Freshness.CURRENT, Freshness.EARLIER)
    matches = recorded.matched == (recorded.code if answers else None)
    dated = recorded.requested_at is not None and recorded.freshness is not Freshness.EARLIER
    if not (about_this_leaf and matches) or dated or (answers and recorded.matched is None):
        raise FreshnessMismatch(
            Reason.FRESHNESS_MISMATCH,
            "the record's freshness is not that of the leaf in its chain",
            element=FRESHNESS_CODE,
        )
    return recorded
