"""Genuine attestations that answer none of our nonces earn nothing; a lost answer costs nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from days import (
    BLANK,
    FORGED,
    KNOWN,
    OS,
    SCHEDULE,
    asked,
    at,
    attested,
    decide,
    failed,
    found,
    replayed,
)
from fleet import WEEK

from appleattest import UNCHECKED, AttestationError, mdm
from appleattest.freshness import Freshness
from appleattest.testing import AttestationAuthority, Properties

AskReason, Trust = mdm.AskReason, mdm.Trust
CURRENT, EARLIER = found(Freshness.CURRENT), found(Freshness.EARLIER, 0)
NO_ANSWER = (Freshness.UNMATCHED, Freshness.UNCHECKED)
DAYS = (0, 5, 20, 29, 31, 61, 400)

# --- the first attack: a device that was never attested, and replays ----------------------------


def test_a_replay_by_a_device_never_attested_earns_nothing() -> None:
    state = failed(error=replayed())
    assert state.freshness is Freshness.UNMATCHED
    assert all(SCHEDULE.trust(state, at=at(day)) is Trust.NONE for day in DAYS)
    for day in (0, 1, 6.99):
        assert decide(state, day) == mdm.Decision(
            False, False, AskReason.SEVEN_DAYS, AskReason.UNMATCHED, at(7)
        )
    assert decide(state, 7) == mdm.Decision(True, True, AskReason.UNMATCHED)

    again = failed(asked(state, 7, nonce=b"b"), replayed(), 7)
    assert again.failures == 1
    assert SCHEDULE.trust(again, at=at(7)) is Trust.NONE
    assert decide(again, 7).reason is AskReason.BACKOFF
    assert decide(again, 8) == mdm.Decision(True, True, AskReason.UNMATCHED)


def test_the_answer_to_a_nonce_earns_it_all() -> None:
    """The same device and days; the only difference is that it answers."""
    first = attested()
    assert SCHEDULE.trust(first, at=at(0)) is Trust.FULL
    assert decide(first, 7).reason is AskReason.NOTHING_NEW
    later = attested(asked(failed(error=replayed()), 7, nonce=b"b"), 7)
    assert SCHEDULE.trust(later, at=at(7)) is Trust.FULL
    assert decide(later, 14).reason is AskReason.NOTHING_NEW


@pytest.mark.parametrize("freshness", NO_ANSWER)
def test_a_replay_in_answer_to_a_request_without_a_nonce_earns_nothing(
    freshness: Freshness,
) -> None:
    """Keeping silent first, so that the schedule asks for what is cached, gains nothing."""
    lost = SCHEDULE.given_up(asked(), at=at(15))
    assert decide(lost, 15).reason is AskReason.RECOVER
    state = attested(asked(lost, 15, nonce=UNCHECKED), 15, found(freshness), 10)
    assert (state.as_of, state.freshness, state.lost) == (at(10), freshness, False)
    assert all(SCHEDULE.trust(state, at=at(15 + day)) is Trust.NONE for day in DAYS)
    assert decide(state, 15) == mdm.Decision(
        False, False, AskReason.SEVEN_DAYS, AskReason.UNMATCHED, at(22)
    )
    assert decide(state, 22) == mdm.Decision(True, True, AskReason.UNMATCHED)


def test_newer_replays_earn_no_more_than_old_ones() -> None:
    """A device may hold many, made for another server; each that can be new costs seven days."""
    state, day = failed(error=replayed()), 7
    for number in range(1, 5):
        state = failed(asked(state, day, nonce=bytes([number])), replayed(day - 1), day)
        assert (state.failures, state.as_of, state.made_by) == (number, at(day - 1), at(day))
        assert SCHEDULE.trust(state, at=at(day)) is Trust.NONE
        assert decide(state, day + 6.99).ask is False
        day += 7
        assert decide(state, day + 1) == mdm.Decision(True, True, AskReason.UNMATCHED)


# --- the second attack: a forgery, then a replay ------------------------------------------------


@pytest.mark.parametrize("freshness", NO_ANSWER)
def test_a_replay_after_a_forgery_earns_nothing(freshness: Freshness) -> None:
    forged = failed(asked(KNOWN, 8, nonce=b"b"), FORGED, 8)
    assert decide(forged, 9) == mdm.Decision(True, False, AskReason.RECOVER, AskReason.DISTRUSTED)
    state = attested(asked(forged, 9, nonce=UNCHECKED), 9, found(freshness), 7)
    assert (state.distrusted, state.failures) == (True, 1)
    assert all(SCHEDULE.trust(state, at=at(9 + day)) is Trust.NONE for day in DAYS)
    assert decide(state, 10) == mdm.Decision(
        False, False, AskReason.SEVEN_DAYS, AskReason.DISTRUSTED, at(15)
    )
    assert decide(state, 15) == mdm.Decision(True, True, AskReason.DISTRUSTED)

    again = failed(asked(state, 15, nonce=b"c"), replayed(), 15)
    assert (again.distrusted, again.failures) == (True, 2)
    assert SCHEDULE.trust(again, at=at(15)) is Trust.NONE


def test_an_attestation_known_before_a_forgery_earns_nothing() -> None:
    forged = failed(asked(KNOWN, 8, nonce=b"b"), FORGED, 8)
    state = attested(asked(forged, 9, nonce=UNCHECKED), 9, EARLIER, -1)
    assert (state.distrusted, state.failures) == (True, 1)
    assert SCHEDULE.trust(state, at=at(9)) is Trust.NONE


@pytest.mark.parametrize(
    ("nonce", "finding"),
    [(UNCHECKED, found(Freshness.EARLIER, 8)), (b"c", CURRENT)],
    ids=["earlier", "current"],
)
def test_an_answer_to_a_nonce_after_a_forgery_ends_distrust(nonce: Any, finding: Any) -> None:
    forged = failed(asked(KNOWN, 8, nonce=b"b"), FORGED, 8)
    state = attested(asked(forged, 15, nonce=nonce), 15, finding, 7)
    assert (state.distrusted, state.failures) == (False, 0)
    assert SCHEDULE.trust(state, at=at(15)) is Trust.FULL


def test_a_device_first_seen_by_a_forgery_is_asked_until_it_answers() -> None:
    state = failed(error=FORGED)
    assert decide(state, 1).wanted is AskReason.NEVER_ATTESTED
    state = attested(asked(state, 1, nonce=UNCHECKED), 1, found(Freshness.UNCHECKED), -2)
    assert (state.distrusted, state.failures) == (True, 1)
    assert decide(state, 7) == mdm.Decision(True, True, AskReason.DISTRUSTED)


# --- what an answer has told is replaced by nothing less ----------------------------------------


@pytest.mark.parametrize("freshness", NO_ANSWER)
def test_a_replay_replaces_nothing_that_an_answer_told(freshness: Freshness) -> None:
    known = replace(KNOWN, failures=1)
    state = attested(asked(known, 8, nonce=b"b"), 8, found(freshness), 7, "99")
    nonces = (mdm.SentNonce(b"a", at(0)), mdm.SentNonce(b"b", at(8)))
    assert state == replace(known, nonces=nonces, failures=2, made_by=at(8), retry_at=at(10))


@pytest.mark.parametrize(("not_before", "made_by"), [(-1, 0), (0, 0), (0.01, 8)])
def test_the_seven_days_begin_again_only_if_it_may_be_new(
    not_before: float, made_by: float
) -> None:
    state = failed(asked(KNOWN, 8, nonce=b"b"), replayed(not_before), 8)
    assert state.made_by == at(made_by)
    assert (state.as_of, state.failures) == (at(0), 1)


def test_an_answer_replaces_a_newer_one_that_is_none() -> None:
    state = failed(asked(day=3), replayed(2, "99"), 3)
    assert (state.as_of, state.freshness) == (at(2), Freshness.UNMATCHED)
    state = attested(asked(state, 10, nonce=UNCHECKED), 10, EARLIER, -1)
    assert (state.as_of, state.freshness, state.reported) == (at(0), Freshness.EARLIER, OS)
    assert SCHEDULE.trust(state, at=at(10)) is Trust.FULL


def test_of_two_that_answer_nothing_the_newer_one_is_kept() -> None:
    state = failed(error=replayed(-2))
    older = failed(asked(state, 1, nonce=b"b"), replayed(-3, "16"), 1)
    assert (older.as_of, older.reported) == (at(-2), {"OSVersion": "17.1"})
    newer = failed(asked(state, 1, nonce=b"b"), replayed(-1, "17.2"), 1)
    assert (newer.as_of, newer.reported, newer.failures) == (at(-1), OS, 0)
    assert newer.random_due is None


def test_chance_is_drawn_for_answers_only() -> None:
    state = attested(asked(KNOWN, 8, nonce=b"b"), 8, found(Freshness.UNCHECKED), 7, randomness=0.0)
    assert state.random_due == KNOWN.random_due
    assert attested(asked(KNOWN, 8, nonce=b"b"), 8, randomness=0.0).random_due == at(15)


# --- an honest device ---------------------------------------------------------------------------


def test_a_lost_answer_costs_an_honest_device_nothing() -> None:
    """Its nonce was stored before it was sent, so the cached attestation is known again."""
    lost = SCHEDULE.given_up(asked(), at=at(15))
    decision = decide(lost, 15)
    assert (decision.reason, decision.nonce()) == (AskReason.RECOVER, UNCHECKED)
    waiting = lost.asked(command_uuid="v", nonce=decision.nonce(), at=at(15))
    expected = waiting.expected("v")
    assert expected is not None
    assert expected.previous_nonces == {b"a": at(0)}
    state = attested(waiting, 15, EARLIER, -1, command_uuid="v")
    assert (state.failures, state.distrusted, state.lost) == (0, False, False)
    for day in DAYS[2:]:
        assert SCHEDULE.trust(state, at=at(day)) is SCHEDULE.trust(attested(), at=at(day))


def test_what_was_sent_before_it_was_stored_makes_an_honest_device_a_stranger() -> None:
    """The same answer, where the server crashed between sending and storing."""
    state = attested(asked(BLANK, 15, nonce=UNCHECKED), 15, found(Freshness.UNCHECKED), -1)
    assert SCHEDULE.trust(state, at=at(15)) is Trust.NONE


@pytest.mark.parametrize("nonce", [b"b", UNCHECKED], ids=repr)
@pytest.mark.parametrize(
    "before",
    [BLANK, KNOWN, asked(), replace(KNOWN, lost=True)],
    ids=["blank", "known", "pending", "lost"],
)
def test_a_command_that_was_not_queued_leaves_no_trace(before: mdm.DeviceState, nonce: Any) -> None:
    state = before.asked(command_uuid="v", nonce=nonce, at=at(8))
    assert state.withdrawn(command_uuid="v") == before
    assert state.withdrawn(command_uuid="v").asked(command_uuid="v", nonce=nonce, at=at(8)) == state


def test_only_a_pending_command_is_withdrawn() -> None:
    state = asked(asked(), 1, command_uuid="v", nonce=b"b")
    assert [each.command_uuid for each in state.withdrawn(command_uuid="u").pending] == ["v"]
    for known in (state, KNOWN):
        with pytest.raises(ValueError, match="no such command is pending"):
            known.withdrawn(command_uuid="w")


# --- with real certificates ---------------------------------------------------------------------


def answer(
    authority: AttestationAuthority, state: mdm.DeviceState, document: bytes, at: Any
) -> mdm.DeviceState:
    """The state after this response to the command "u", as a server makes it."""
    expected = state.expected("u")
    assert expected is not None
    try:
        seen = mdm.validate_response(
            document,
            nonce=expected.nonce,
            previous_nonces=expected.previous_nonces,
            verifier=authority.verifier,
            device=mdm.KnownDevice(serial_number="TESTSERIAL01"),
            at=at,
        )
    except AttestationError as error:
        return SCHEDULE.failed(state, error, command_uuid="u", at=at)
    return SCHEDULE.attested(
        state,
        seen.attestation,
        command_uuid="u",
        at=at,
        reported=seen.response.query_responses,
        randomness=0.5,
    )


def test_the_attacks_and_their_mending_with_real_certificates(
    authority: AttestationAuthority,
) -> None:
    """One document of another server's nonce, before and after a forgery, and then an answer."""

    def response(nonce: bytes, maker: AttestationAuthority = authority) -> bytes:
        return maker.response_plist(
            properties=Properties.mac(), freshness_code=nonce, command_uuid="u", at=day
        )

    day = authority.issued_at
    replay, sent = response(b"another server's nonce"), [mdm.new_nonce() for _ in range(4)]
    state = answer(authority, BLANK.asked(command_uuid="u", nonce=sent[0], at=day), replay, day)
    assert (state.freshness, state.distrusted) == (Freshness.UNMATCHED, False)
    assert SCHEDULE.trust(state, at=day) is Trust.NONE

    day += WEEK
    assert SCHEDULE.decide(state, at=day).reason is AskReason.UNMATCHED
    state = state.asked(command_uuid="u", nonce=sent[1], at=day)
    state = answer(authority, state, response(sent[1], AttestationAuthority()), day)
    assert (state.distrusted, state.failures) == (True, 1)
    for nonce in (UNCHECKED, sent[2]):
        day += WEEK
        state = state.asked(command_uuid="u", nonce=nonce, at=day)
        state = answer(authority, state, replay, day)
        assert state.distrusted
        assert SCHEDULE.trust(state, at=day) is Trust.NONE
    assert state.failures == 2

    day += WEEK
    state = state.asked(command_uuid="u", nonce=sent[3], at=day)
    state = answer(authority, state, response(sent[3]), day)
    assert (state.distrusted, state.failures, state.freshness) == (False, 0, Freshness.CURRENT)
    assert SCHEDULE.trust(state, at=day) is Trust.FULL
