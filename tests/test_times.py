"""Every check judges by the same instant: UTC, in whole seconds, rounded down."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Verifier
from appleattest.errors import NoAttestation
from appleattest.freshness import UNCHECKED
from appleattest.testing import AttestationAuthority
from appleattest.times import utc_seconds

OFFSETS = st.integers(-86399, 86399).map(lambda seconds: timezone(timedelta(seconds=seconds)))


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS))  # noqa: DTZ001
def test_a_time_keeps_its_instant_and_loses_its_fraction(time: datetime) -> None:
    judged = utc_seconds(time)

    assert judged.tzinfo is UTC
    assert judged.microsecond == 0
    assert timedelta(0) <= time - judged < timedelta(seconds=1)
    assert utc_seconds(judged) == judged


def test_the_fraction_is_dropped_and_not_rounded() -> None:
    last = datetime(2025, 7, 1, 12, 0, 0, 999_999, tzinfo=UTC)

    assert utc_seconds(last) == datetime(2025, 7, 1, 12, tzinfo=UTC)


def test_before_the_epoch_a_fraction_is_dropped_towards_the_past() -> None:
    time = datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)

    assert utc_seconds(time) == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_the_second_of_two_equal_clock_times_is_not_marked_as_such() -> None:
    assert utc_seconds(datetime(2025, 10, 26, 1, tzinfo=UTC, fold=1)).fold == 0


class Nowhere(tzinfo):
    """A zone that does not say how far from UTC it is: aware in form only."""

    def utcoffset(self, dt: datetime | None, /) -> None:
        return None

    def dst(self, dt: datetime | None, /) -> None:
        return None

    def tzname(self, dt: datetime | None, /) -> None:
        return None


NAIVE = datetime(2025, 7, 1, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    "time", [NAIVE, NAIVE.replace(tzinfo=Nowhere())], ids=["naive", "no offset"]
)
def test_a_time_without_an_offset_is_a_value_error(time: datetime) -> None:
    with pytest.raises(
        ValueError, match=r"^at is a datetime with an offset from UTC: use datetime.now\(UTC\)$"
    ):
        utc_seconds(time)

    assert utc_seconds(time.replace(tzinfo=UTC)) == datetime(2025, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "hours"),
    [
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(1, 1, 1, tzinfo=UTC), 1),
    ],
    ids=["after", "before"],
)
def test_a_time_that_utc_has_not_is_a_value_error(time: datetime, hours: int) -> None:
    with pytest.raises(ValueError, match=r"^at is a time that has no equivalent in UTC$") as caught:
        utc_seconds(time.replace(tzinfo=timezone(timedelta(hours=hours))))

    assert caught.value.__suppress_context__
    assert utc_seconds(time.replace(tzinfo=UTC)) == time.replace(tzinfo=UTC, microsecond=0)


@pytest.mark.parametrize("time", [None, 0, "2025-07-01T00:00:00Z", date(2025, 7, 1)], ids=repr)
def test_anything_but_a_datetime_is_a_type_error(time: object) -> None:
    with pytest.raises(TypeError, match=f"^at is a datetime, not {type(time).__name__}$"):
        utc_seconds(time)  # type: ignore[arg-type]


def test_a_verifier_judges_by_the_same_whole_second_at_both_ends(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    chain = authority.attest()
    last = verifier.verify_chain(chain, freshness=UNCHECKED, at=authority.issued_at).not_after

    late = last.replace(microsecond=999_999).astimezone(timezone(timedelta(hours=-7)))

    assert verifier.verify_chain(chain, freshness=UNCHECKED, at=late).verified_at == last


def test_misuse_of_the_time_is_found_before_the_device_is_heard(verifier: Verifier) -> None:
    with pytest.raises(ValueError, match="offset"):
        verifier.verify_chain([], freshness=UNCHECKED, at=NAIVE)
    with pytest.raises(NoAttestation):
        verifier.verify_chain([], freshness=UNCHECKED, at=datetime(2025, 7, 1, tzinfo=UTC))
