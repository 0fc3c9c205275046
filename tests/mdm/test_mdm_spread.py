"""Devices that were attested at one time come due at different times, each at its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import pytest
from days import KNOWN, OS, SCHEDULE, asked, at, attested, decide, failed, found
from fleet import DAY, WEEK, attestation_like
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, mdm
from appleattest.freshness import Freshness

AskReason = mdm.AskReason
LAST: Final = 2**32 - 1
PLACES: Final = st.integers(0, LAST)
SECOND: Final = timedelta(seconds=1)


def due(place: int, schedule: mdm.AttestationSchedule = SCHEDULE) -> timedelta:
    """How long after its attestation a device at this place is asked, by its age alone."""
    state = replace(KNOWN, place=place, random_due=None)
    decision = schedule.decide(state, at=at(0))
    assert decision.again_at is not None
    before = schedule.decide(state, at=decision.again_at - SECOND)
    assert before.reason in (AskReason.NOTHING_NEW, AskReason.SEVEN_DAYS)
    assert schedule.decide(state, at=decision.again_at) == mdm.Decision(True, True, AskReason.AGE)
    return decision.again_at - at(0)


def test_the_window_is_a_share_of_the_maximum_age_before_the_lead() -> None:
    assert due(0) == 27 * DAY
    assert due(2**31) == 24 * DAY
    assert due(LAST) == 21 * DAY
    assert due(2**31, mdm.AttestationSchedule(spread=0.4)) == 21 * DAY
    assert due(2**31, mdm.AttestationSchedule(maximum_age=60 * DAY)) == 51 * DAY


@given(PLACES)
def test_without_a_spread_all_come_due_at_the_last_moment(place: int) -> None:
    assert due(place, mdm.AttestationSchedule(spread=0)) == 27 * DAY


@given(PLACES, PLACES)
def test_a_higher_place_is_never_due_later(one: int, another: int) -> None:
    assert due(max(one, another)) <= due(min(one, another))


@given(PLACES, st.floats(0, 1, exclude_max=True), st.integers(13, 400), st.floats(0.01, 3))
def test_never_within_seven_days_and_never_after_the_lead(
    place: int, spread: float, days: int, lead: float
) -> None:
    schedule = mdm.AttestationSchedule(
        maximum_age=days * DAY, lead=timedelta(days=lead), spread=spread
    )
    assert WEEK <= due(place, schedule) <= schedule.maximum_age - schedule.lead


def test_a_window_wider_than_there_is_time_ends_at_the_seven_days() -> None:
    narrow = mdm.AttestationSchedule(maximum_age=13 * DAY, spread=0.9)
    assert (due(LAST, narrow), due(2**31, narrow)) == (WEEK, WEEK + 1.5 * DAY)
    none = mdm.AttestationSchedule(maximum_age=WEEK + 2 * SECOND, lead=SECOND)
    assert (due(0, none), due(LAST, none)) == (WEEK + SECOND, WEEK)


def test_the_seven_days_are_counted_from_the_answer_all_the_same() -> None:
    state = replace(KNOWN, made_by=at(16), place=LAST)
    assert decide(state, 22.9) == mdm.Decision(
        False, False, AskReason.SEVEN_DAYS, AskReason.AGE, at(23)
    )
    assert decide(state, 23) == mdm.Decision(True, True, AskReason.AGE)


def placed(key: bytes, nonce: Any = b"a", freshness: Freshness = Freshness.CURRENT) -> int:
    state = asked(nonce=nonce)
    genuine = attestation_like(found(freshness, 0), at(-1), "17.2", key)
    state = SCHEDULE.attested(state, genuine, command_uuid="u", at=at(0), randomness=0.5)
    return state.place


def test_a_place_is_made_of_the_key_and_the_nonce() -> None:
    """No caller can give all devices one place: not by one nonce for all, nor by none."""
    digest = sha256(sha256(b"key").digest() + b"a").hexdigest()
    assert placed(b"key") == placed(b"key") == int(digest[:8], 16)
    assert placed(b"key") != placed(b"another key")
    assert placed(b"key") != placed(b"key", b"b")
    digest = sha256(sha256(b"key").digest()).hexdigest()
    assert placed(b"key", UNCHECKED, Freshness.EARLIER) == int(digest[:8], 16)


def test_a_place_is_kept_until_something_new_is_known() -> None:
    state = replace(KNOWN, place=5)
    known_already = attested(asked(state, 8, nonce=b"b"), 8, found(Freshness.EARLIER, 0), -1)
    assert known_already.place == 5
    assert failed(asked(state, 8, nonce=b"b"), day=8).place == 5
    assert SCHEDULE.answer_lost(asked(state, 8, nonce=b"b"), command_uuid="u", at=at(8)).place == 5
    assert attested(asked(state, 8, nonce=b"b"), 8).place != 5


def test_a_change_is_asked_for_at_once_whatever_the_place() -> None:
    for place in (0, LAST):
        state = replace(KNOWN, place=place)
        assert decide(state, 8, **OS).reason is AskReason.NOTHING_NEW
        assert decide(state, 8, OSVersion="17.3") == mdm.Decision(True, True, AskReason.OS_CHANGED)


@pytest.mark.parametrize("spread", [1, -0.1, True, "0.2", None, float("nan")])
def test_a_spread_is_a_share(spread: Any) -> None:
    with pytest.raises(ValueError, match="spread"):
        mdm.AttestationSchedule(spread=spread)
    assert mdm.AttestationSchedule(spread=0.5).spread == 0.5
