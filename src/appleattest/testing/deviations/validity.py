"""Deviations of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from appleattest.testing import der
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, Moment, deviation

Bound: TypeAlias = Literal["not_before", "not_after"]
"""One end of a validity."""


def _shifted(draft: Draft, bound: Bound, to: datetime, by: timedelta) -> Draft:
    """Move the whole validity so that one bound is ``to``; its length does not change."""
    if by <= timedelta(0):
        raise ValueError("by must be more than zero: a validity includes both its ends")
    not_before, not_after = (_moment(draft, each) for each in ("not_before", "not_after"))
    shift = to - (not_before if bound == "not_before" else not_after)
    return Validity(not_before + shift, not_after + shift).draft(draft)


def _moment(draft: Draft, bound: Bound) -> datetime:
    moment: Moment = getattr(draft.template, bound)
    if isinstance(moment, bytes):
        raise ValueError(f"{bound} is already encoded")
    return der.in_utc(moment)


@deviation
class Validity(Deviation):
    """Valid between other moments. A bound is an aware time, or a DER element verbatim.

    ``None`` keeps a bound. The two need not be in order.
    """

    not_before: Moment | None = None
    not_after: Moment | None = None

    @override
    def draft(self, draft: Draft) -> Draft:
        bounds = {"not_before": self.not_before, "not_after": self.not_after}
        return draft.changed(**{bound: to for bound, to in bounds.items() if to is not None})


@deviation
class Expired(Deviation):
    """Expired ``by`` that much (whole seconds) when the attestation is made."""

    by: timedelta = timedelta(seconds=1)

    @override
    def draft(self, draft: Draft) -> Draft:
        return _shifted(draft, "not_after", draft.at - self.by, self.by)


@deviation
class NotYetValid(Deviation):
    """Valid only from ``by`` that much (whole seconds) after the attestation is made."""

    by: timedelta = timedelta(seconds=1)

    @override
    def draft(self, draft: Draft) -> Draft:
        return _shifted(draft, "not_before", draft.at + self.by, self.by)


class TimeForm(StrEnum):
    """A way to write a moment that RFC 5280, 4.1.2.5, does not allow."""

    GENERALIZED_BEFORE_2050 = "a GeneralizedTime where UTCTime is due"
    UTC_WITHOUT_SECONDS = "a UTCTime without seconds"
    UTC_WITH_OFFSET = "a UTCTime with +0000 instead of Z"
    UTC_WITHOUT_ZONE = "a UTCTime without Z"
    GENERALIZED_WITH_FRACTION = "a GeneralizedTime with tenths of a second"
    GENERALIZED_WITHOUT_ZONE = "a GeneralizedTime without Z"
    IMPOSSIBLE_DATE = "the 30th of February"
    LEAP_SECOND = "second 60"
    EMPTY = "a UTCTime of no octets"
    OTHER_TYPE = "a UTF8String"


# The tag, and the content for strftime.
_FORMS: Final = {
    TimeForm.GENERALIZED_BEFORE_2050: (der.GENERALIZED_TIME, "%Y%m%d%H%M%SZ"),
    TimeForm.UTC_WITHOUT_SECONDS: (der.UTC_TIME, "%y%m%d%H%MZ"),
    TimeForm.UTC_WITH_OFFSET: (der.UTC_TIME, "%y%m%d%H%M%S+0000"),
    TimeForm.UTC_WITHOUT_ZONE: (der.UTC_TIME, "%y%m%d%H%M%S"),
    TimeForm.GENERALIZED_WITH_FRACTION: (der.GENERALIZED_TIME, "%Y%m%d%H%M%S.5Z"),
    TimeForm.GENERALIZED_WITHOUT_ZONE: (der.GENERALIZED_TIME, "%Y%m%d%H%M%S"),
    TimeForm.IMPOSSIBLE_DATE: (der.UTC_TIME, "%y0230%H%M%SZ"),
    TimeForm.LEAP_SECOND: (der.UTC_TIME, "%y%m%d%H%M60Z"),
    TimeForm.EMPTY: (der.UTC_TIME, ""),
    TimeForm.OTHER_TYPE: (der.UTF8_STRING, "%y%m%d%H%M%SZ"),
}


@deviation
class BadTime(Deviation):
    """One bound of the validity, at nearly the right moment but written in a forbidden form."""

    form: TimeForm = TimeForm.GENERALIZED_BEFORE_2050
    bound: Bound = "not_after"

    @override
    def draft(self, draft: Draft) -> Draft:
        tag, content = _FORMS[self.form]
        element = der.tlv(tag, _moment(draft, self.bound).strftime(content).encode())
        return draft.changed(**{self.bound: element})
