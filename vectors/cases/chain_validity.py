"""Time: every bound of every certificate, to the second, both ends included (RFC 5280, 4.1.2.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from appleattest import Reason
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Issuer,
    authority_name,
    chains,
    der,
    deviations,
)
from vectors.case import ChainInput, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_validity"

_SECOND = timedelta(seconds=1)
_NOT_BEFORE = datetime(2025, 6, 1, 10, 20, 30, tzinfo=UTC)
_NOT_AFTER = datetime(2025, 8, 1, 11, 21, 31, tzinfo=UTC)
_NARROW = deviations.Validity(_NOT_BEFORE, _NOT_AFTER)
_WIDE = deviations.Validity(datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
_PLACES = ("root", "upper", "lower", "leaf")


def _four(authority: AttestationAuthority, narrow: str, at: datetime) -> ChainInput:
    """``root -> upper -> lower -> leaf``, all but the narrow one valid for years."""
    change = {place: [_NARROW if place == narrow else _WIDE] for place in _PLACES}
    root = Issuer.root(authority.keys, deviations=change["root"])
    upper = root.issue_authority(
        authority_name("Test Level 1"), path_length=1, deviations=change["upper"]
    )
    lower = upper.issue_authority(authority_name("Test Level 2"), deviations=change["lower"])
    chain = lower.attest(deviations=change["leaf"])
    return ChainInput(chain, at=at, anchors=(root.der,))


def _at_each(**times: datetime) -> dict[str, tuple[str, datetime]]:
    return {
        f"{place}-{label.replace('_', '-')}": (place, at)
        for place in _PLACES
        for label, at in times.items()
    }


@valid(
    FILE,
    Flag.LIFETIME,
    each=_at_each(between=ISSUED_AT, first_second=_NOT_BEFORE, last_second=_NOT_AFTER),
)
def within(authority: AttestationAuthority, given: tuple[str, datetime]) -> ChainInput:
    """``root -> upper -> lower -> leaf``, one of them valid from June to August 2025.

    Both ends belong to the validity.
    """
    return _four(authority, *given)


@invalid(
    FILE,
    Reason.NOT_YET_VALID,
    Flag.VALIDITY,
    Flag.REMEMBERED_ISSUER,
    each=_at_each(a_second_early=_NOT_BEFORE - _SECOND),
)
def not_yet_valid(authority: AttestationAuthority, given: tuple[str, datetime]) -> ChainInput:
    """``root -> upper -> lower -> leaf``, one of them valid from a second later.

    The same chain was valid in an earlier test, at another time.
    """
    return _four(authority, *given)


@invalid(
    FILE,
    Reason.EXPIRED,
    Flag.VALIDITY,
    Flag.REMEMBERED_ISSUER,
    each=_at_each(a_second_late=_NOT_AFTER + _SECOND),
)
def expired(authority: AttestationAuthority, given: tuple[str, datetime]) -> ChainInput:
    """``root -> upper -> lower -> leaf``, one of them valid until a second before.

    The anchor counts like any other. The same chain was valid in an earlier test.
    """
    return _four(authority, *given)


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@invalid(
    FILE,
    Reason.EXPIRED,
    Flag.VALIDITY,
    each={
        "leaf": [deviations.Expired(timedelta(days=30))],
        "leaf-for-years": [deviations.Expired(timedelta(days=3000))],
    },
)
def long_expired(authority: AttestationAuthority, changes: list[Deviation]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a genuine attestation, long out of date.

    A device that is always sent the same nonce returns its cached attestation even then.
    """
    return with_leaf(authority, *changes)


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY, each={"0": 0, "1": 1, "365": 365})
def intermediate_expired_days_ago(authority: AttestationAuthority, days: int) -> ChainInput:
    """``root -> [intermediate] -> leaf``: expired that many days and a second ago."""
    return with_intermediate(authority, deviations.Expired(timedelta(days=days, seconds=1)))


@invalid(FILE, Reason.NOT_YET_VALID, Flag.VALIDITY, each={"leaf": 0, "intermediate": 1})
def valid_from_tomorrow(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> intermediate -> leaf``, one of the two valid from a day later."""
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.NotYetValid(timedelta(days=1)))


@invalid(
    FILE,
    Reason.EXPIRED,
    Flag.VALIDITY,
    each={
        "between-the-bounds": ISSUED_AT,
        "at-not-before": ISSUED_AT + timedelta(days=1),
    },
)
def bounds_in_reverse(authority: AttestationAuthority, at: datetime) -> ChainInput:
    """``root -> intermediate -> [leaf]``: notAfter lies before notBefore, so it is never valid."""
    one_day = timedelta(days=1)
    change = deviations.Validity(ISSUED_AT + one_day, ISSUED_AT - one_day)
    return ChainInput(authority.attest(deviations=[change]), at=at)


@invalid(FILE, Reason.NOT_YET_VALID, Flag.VALIDITY)
def bounds_in_reverse_at_not_after(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``: notAfter lies before notBefore, and is now."""
    change = deviations.Validity(ISSUED_AT + timedelta(days=1), ISSUED_AT)
    return ChainInput(authority.attest(deviations=[change]))


@valid(FILE, Flag.LIFETIME)
def one_second_long(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: notBefore and notAfter are one second, and it is now."""
    return with_leaf(authority, deviations.Validity(ISSUED_AT, ISSUED_AT))


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def one_second_long_a_second_later(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``: notBefore and notAfter are one second, the last one."""
    chain = authority.attest(deviations=[deviations.Validity(ISSUED_AT, ISSUED_AT)])
    return ChainInput(chain, at=ISSUED_AT + _SECOND)


@valid(
    FILE,
    Flag.LIFETIME,
    each={
        "last-utc-time": deviations.Validity(not_after=_utc(2049, 12, 31, 23, 59, 59)),
        "first-generalized-time": deviations.Validity(not_after=_utc(2050, 1, 1)),
        "no-end": deviations.Validity(not_after=_utc(9999, 12, 31, 23, 59, 59)),
        "leap-day": deviations.Validity(not_after=_utc(2028, 2, 29)),
        "from-1999": deviations.Validity(not_before=_utc(1999, 12, 31, 23, 59, 59)),
        "from-1950": deviations.Validity(not_before=_utc(1950, 1, 1)),
    },
)
def far_bounds(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf`` with a bound at the edge of its type (RFC 5280, 4.1.2.5.1).

    UTCTime ends in 2049 and begins in 1950; 99991231235959Z stands for no end at all.
    """
    return with_leaf(authority, change)


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def utc_time_of_1950(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``, notAfter the UTCTime 500101000000Z.

    The two digits 50 stand for 1950, not for 2050.
    """
    not_after = der.tlv(der.UTC_TIME, b"500101000000Z")
    return with_leaf(
        authority, deviations.Validity(not_before=_utc(1950, 1, 1), not_after=not_after)
    )


@valid(FILE, Flag.LIFETIME)
def leaf_older_than_its_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate' -> leaf``: the intermediate was re-issued after the leaf.

    Each certificate is valid now; that one validity lies within another is asked by nobody.
    """
    again = chains.reissued(authority, not_before=ISSUED_AT - timedelta(hours=1))
    return ChainInput(again.attest())


@valid(FILE, Flag.LIFETIME)
def leaf_outlives_its_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: the leaf is valid for longer than its issuer."""
    issuer = chains.reissued(authority, not_after=ISSUED_AT + timedelta(days=10))
    return ChainInput(issuer.attest(), at=ISSUED_AT + timedelta(days=10))


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def leaf_has_outlived_its_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the leaf is still valid, its issuer a second too old."""
    issuer = chains.reissued(authority, not_after=ISSUED_AT + timedelta(days=10))
    return ChainInput(issuer.attest(), at=ISSUED_AT + timedelta(days=10, seconds=1))


@invalid(
    FILE, Reason.BAD_SIGNATURE, Flag.VALIDITY, Flag.FORGED_SIGNATURE, each={"leaf": 0, "both": 1}
)
def expired_and_forged(authority: AttestationAuthority, intermediate: int) -> ChainInput:
    """``root -> intermediate -> [leaf]``, expired and not signed: worse than old.

    'expired' says that it is genuine and was valid once, so a forgery is never called that.
    """
    changes = [deviations.Expired(), deviations.WrongSigner()]
    expired_too = [deviations.Expired()] if intermediate else []
    return ChainInput(authority.attest(deviations=changes, intermediate_deviations=expired_too))


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.VALIDITY, Flag.KEY_USAGE)
def expired_and_not_a_ca(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate] -> leaf``, expired and without cA: it never could issue."""
    return with_intermediate(authority, deviations.Expired(), deviations.NotACA())


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.VALIDITY, Flag.UNTRUSTED_ISSUER)
def expired_and_without_its_issuer(authority: AttestationAuthority) -> ChainInput:
    """``[leaf]``, expired, its issuer not presented: nobody can say that it is genuine."""
    return ChainInput(authority.attest(deviations=[deviations.Expired()])[:1])


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY)
def a_century_later(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` of 2025, verified in 2125: nothing is valid for ever."""
    return ChainInput(authority.attest(), at=_utc(2125, 1, 1))


@invalid(FILE, Reason.NOT_YET_VALID, Flag.VALIDITY)
def at_the_epoch(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` of 2025, verified by a clock that was never set."""
    return ChainInput(authority.attest(), at=_utc(1970, 1, 1))
