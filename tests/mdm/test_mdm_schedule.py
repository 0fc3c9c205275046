"""When a device is asked, and why: each decision, each change of what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from days import (
    BLANK,
    FORGED,
    KNOWN,
    OS,
    SCHEDULE,
    SILENT,
    asked,
    at,
    attested,
    decide,
    failed,
    found,
    replayed,
)
from fleet import DAY, START, WEEK, attestation_like
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, AttestationError, FreshnessMismatch, Reason, mdm
from appleattest.errors import (
    IdentifierMismatch,
    KeyMismatch,
    MalformedInput,
    NoAttestation,
    OutsideValidity,
    PolicyViolation,
)
from appleattest.freshness import Freshness
from appleattest.testing import AttestationAuthority, Properties

AskReason, Trust = mdm.AskReason, mdm.Trust


# --- decisions ----------------------------------------------------------------------------------


def test_a_device_of_which_nothing_is_known_is_asked_with_a_nonce() -> None:
    assert decide(BLANK, 0) == mdm.Decision(True, True, AskReason.NEVER_ATTESTED)
    assert SCHEDULE.trust(BLANK, at=START) is Trust.NONE


def test_one_that_has_been_asked_is_left_alone() -> None:
    decision = decide(asked(), 13, OSVersion="18")
    assert decision.again_at is not None
    assert decision == mdm.Decision(
        False, False, AskReason.PENDING, again_at=at(14) + timedelta(seconds=1)
    )
    assert SCHEDULE.given_up(asked(), at=decision.again_at - timedelta(seconds=1)).pending
    assert not SCHEDULE.given_up(asked(), at=decision.again_at).pending


def test_a_decision_about_several_commands_names_the_oldest() -> None:
    later = asked(day=3)
    for state in (
        asked(asked(day=1), 3, command_uuid="v", nonce=b"b"),
        asked(later, 1, command_uuid="v", nonce=b"b"),
    ):
        assert decide(state, 3).again_at == at(15) + timedelta(seconds=1)


def test_one_of_which_enough_is_known_is_left_alone_until_its_age() -> None:
    decision = decide(KNOWN, 20, **OS)
    assert decision == mdm.Decision(False, False, AskReason.NOTHING_NEW, again_at=at(27))
    assert decide(KNOWN, 26.99).reason is AskReason.NOTHING_NEW
    assert decide(KNOWN, 27) == mdm.Decision(True, True, AskReason.AGE)


@pytest.mark.parametrize(
    ("reported", "why"),
    [
        ({"OSVersion": "17.3"}, AskReason.OS_CHANGED),
        ({"OSVersion": "17.2", "BuildVersion": "21D50"}, AskReason.NOTHING_NEW),
        ({"DeviceName": "another"}, AskReason.NOTHING_NEW),
        ({"OSVersion": ["17.3"]}, AskReason.NOTHING_NEW),
        ({"OSVersion": None}, AskReason.NOTHING_NEW),
        ({}, AskReason.NOTHING_NEW),
    ],
    ids=repr,
)
def test_a_change_of_the_os(reported: dict[str, Any], why: mdm.AskReason) -> None:
    assert decide(KNOWN, 10, **reported).reason is why


def test_a_change_of_posture() -> None:
    sip = "SystemIntegrityProtectionEnabled"
    state = attested(reported={**OS, sip: True, "DeviceName": "mine"})
    assert state.reported == {**OS, sip: "True"}
    assert decide(state, 10, **{sip: True}).reason is AskReason.NOTHING_NEW
    assert decide(state, 10, **{sip: False}).reason is AskReason.POSTURE_CHANGED
    assert decide(state, 10, **{sip: False, "OSVersion": "17.3"}).reason is AskReason.OS_CHANGED
    watching = mdm.AttestationSchedule(watched=("DeviceName",))
    assert watching.decide(state, at=at(10), reported={sip: False}).reason is AskReason.NOTHING_NEW


def test_chance() -> None:
    state = attested(randomness=0.0)
    assert state.random_due == at(7)
    assert decide(state, 7) == mdm.Decision(True, True, AskReason.RANDOM)
    assert decide(state, 6.9).again_at == at(7)
    rare = mdm.AttestationSchedule(random_share=1e-9)
    last = rare.attested(
        asked(),
        attestation_like(found(Freshness.CURRENT), at(-1)),
        command_uuid="u",
        at=at(0),
        randomness=0.999,
    )
    assert last.random_due == at(7 + 36_500)
    never = mdm.AttestationSchedule(random_share=0)
    after_it = never.attested(
        asked(),
        attestation_like(found(Freshness.CURRENT), at(-1)),
        command_uuid="u",
        at=at(0),
        randomness=0.0,
    )
    assert after_it.random_due is None
    assert never.decide(replace(after_it, place=0), at=at(7)).again_at == at(27)


@given(st.floats(0, 1, exclude_max=True), st.floats(0.0001, 0.9))
def test_chance_never_falls_within_the_seven_days(randomness: float, share: float) -> None:
    schedule = mdm.AttestationSchedule(random_share=share)
    state = schedule.attested(
        asked(),
        attestation_like(found(Freshness.CURRENT), at(-1)),
        command_uuid="u",
        at=at(0),
        randomness=randomness,
    )
    assert state.random_due is not None
    assert state.random_due >= at(7)


@pytest.mark.parametrize(("share", "of_the_fleet"), [(0.01, 0.009), (0.2, 0.087)])
def test_the_share_of_the_fleet_is_as_documented(share: float, of_the_fleet: float) -> None:
    """Each is asked again seven days after its answer, and then by a memoryless draw."""
    schedule = mdm.AttestationSchedule(random_share=share)
    genuine, draws = attestation_like(found(Freshness.CURRENT), at(-1)), 1000
    waits = [
        schedule.attested(
            asked(), genuine, command_uuid="u", at=at(0), randomness=(draw + 0.5) / draws
        ).random_due
        for draw in range(draws)
    ]
    days = sum((due - at(0)) / DAY for due in waits if due is not None) / draws
    assert 1 / days == pytest.approx(of_the_fleet, abs=0.0005)


def test_within_seven_days_it_would_return_the_same() -> None:
    """They are counted from the answer: that is when it was made, at the latest."""
    state = SCHEDULE.attested(
        asked(day=0),
        attestation_like(found(Freshness.CURRENT), at(-1), "17.2"),
        command_uuid="u",
        at=at(2),
        randomness=0.5,
    )
    assert (state.as_of, state.made_by) == (at(0), at(2))
    changed = decide(state, 8.9, OSVersion="17.3")
    assert changed == mdm.Decision(False, False, AskReason.SEVEN_DAYS, AskReason.OS_CHANGED, at(9))
    assert decide(state, 9, OSVersion="17.3") == mdm.Decision(True, True, AskReason.OS_CHANGED)


def test_after_a_failure_it_is_asked_again_later_each_time() -> None:
    state, day, waits = BLANK, 0.0, []
    for number in range(6):
        state = asked(state, day, nonce=bytes([number + 1]))
        state = failed(state, day=day)
        decision = decide(state, day)
        assert decision.again_at is not None
        assert decision == mdm.Decision(
            False, False, AskReason.BACKOFF, AskReason.NEVER_ATTESTED, decision.again_at
        )
        waits.append((decision.again_at - at(day)).days)
        day += waits[-1]
        assert decide(state, day) == mdm.Decision(True, True, AskReason.NEVER_ATTESTED)
    assert waits == [1, 2, 4, 7, 7, 7]
    assert attested(asked(state, day), day).failures == 0


def test_the_wait_doubles_twenty_times_at_most() -> None:
    patient = mdm.AttestationSchedule(backoff=timedelta(seconds=1), longest_backoff=400 * DAY)
    for failures, doubled in ((19, 19), (20, 20), (21, 20), (10_000, 20)):
        state = replace(asked(), failures=failures)
        after_it = patient.failed(state, SILENT, command_uuid="u", at=at(0))
        assert after_it.retry_at == START + timedelta(seconds=2**doubled)


def test_what_may_have_been_lost_is_asked_for_without_a_nonce() -> None:
    state = SCHEDULE.answer_lost(asked(), command_uuid="u", at=at(1))
    assert (state.lost, state.made_by, state.pending) == (True, at(1), ())
    assert decide(state, 1) == mdm.Decision(
        True, False, AskReason.RECOVER, AskReason.NEVER_ATTESTED
    )
    assert decide(state, 8) == mdm.Decision(True, True, AskReason.NEVER_ATTESTED)

    again = asked(state, 1, command_uuid="v", nonce=UNCHECKED)
    assert again.expected("v") == ("v", UNCHECKED, {b"a": at(0)})
    recovered = attested(again, 2, found(Freshness.EARLIER, 0), -1, command_uuid="v")
    assert (recovered.as_of, recovered.made_by, recovered.lost) == (at(0), at(1), False)
    assert decide(recovered, 2).reason is AskReason.NOTHING_NEW

    silent = SCHEDULE.failed(again, SILENT, command_uuid="v", at=at(2))
    assert decide(silent, 4).reason is AskReason.SEVEN_DAYS


def test_what_may_have_been_lost_is_asked_for_until_there_is_an_answer() -> None:
    lost = replace(BLANK, lost=True, made_by=at(0))
    for state in (asked(lost), asked(lost, nonce=UNCHECKED)):
        assert state.lost
        assert not failed(state).lost
        assert not attested(state, 1, found(Freshness.EARLIER, 0)).lost
        assert failed(state, FORGED).lost
        assert SCHEDULE.answer_lost(state, command_uuid="u", at=at(1)).lost
    assert not asked().lost


def test_a_command_without_a_nonce_that_is_lost_changes_nothing() -> None:
    state = asked(nonce=UNCHECKED)
    assert SCHEDULE.answer_lost(state, command_uuid="u", at=at(1)) == BLANK


def test_what_has_been_pending_for_too_long_is_given_up_at_once() -> None:
    state = asked(
        asked(asked(), 1, command_uuid="v", nonce=UNCHECKED), 15, command_uuid="w", nonce=b"w"
    )
    second = timedelta(seconds=1)
    assert SCHEDULE.given_up(state, at=at(14)) is state
    first = SCHEDULE.given_up(state, at=at(14) + second)
    assert first == SCHEDULE.answer_lost(state, command_uuid="u", at=at(14) + second)
    assert [each.command_uuid for each in first.pending] == ["v", "w"]
    both = SCHEDULE.given_up(state, at=at(15) + second)
    assert [each.command_uuid for each in both.pending] == ["w"]
    assert (both.lost, both.made_by, both.nonces) == (
        True,
        at(15) + second,
        (mdm.SentNonce(b"a", at(0)),),
    )
    impatient = mdm.AttestationSchedule(patience=3 * DAY)
    assert impatient.given_up(asked(), at=at(3)).pending
    assert impatient.given_up(asked(), at=at(3) + second).pending == ()
    assert SCHEDULE.given_up(KNOWN, at=at(400)) is KNOWN


def test_a_command_sent_by_a_clock_in_the_future_is_given_up_too() -> None:
    state = asked(day=3650)
    assert SCHEDULE.given_up(state, at=at(3636)) is state
    assert SCHEDULE.given_up(state, at=at(0)).pending == ()


def test_giving_up_is_for_states_and_times() -> None:
    nothing: Any = {}
    with pytest.raises(TypeError, match="DeviceState"):
        SCHEDULE.given_up(nothing, at=at(0))
    with pytest.raises(ValueError, match="offset"):
        SCHEDULE.given_up(BLANK, at=datetime(2025, 1, 1))  # noqa: DTZ001 - that is the mistake
    assert SCHEDULE.given_up(BLANK, at=at(0)) is BLANK


# --- what an attestation changes ----------------------------------------------------------------


def test_a_current_attestation() -> None:
    assert replace(KNOWN, random_due=None) == mdm.DeviceState(
        as_of=at(0),
        freshness=Freshness.CURRENT,
        made_by=at(0),
        reported=OS,
        nonces=(mdm.SentNonce(b"a", at(0)),),
    )


def test_the_seven_days_begin_again_with_each_that_is_made() -> None:
    again = attested(asked(KNOWN, 10, nonce=b"b"), 10)
    assert (again.as_of, again.made_by) == (at(10), at(10))


def test_a_current_one_that_says_nothing_newer_lowers_no_bound() -> None:
    newer = replace(asked(day=0), as_of=at(5), freshness=Freshness.EARLIER, failures=3)
    after_it = attested(newer, 6, not_before=-1)
    assert (after_it.as_of, after_it.failures) == (at(5), 0)
    assert after_it.freshness is Freshness.EARLIER
    at_once = attested(newer, 5, not_before=-1)
    assert (at_once.as_of, at_once.failures) == (at(5), 0)
    as_old = attested(replace(newer, as_of=at(0)), 5, not_before=-1)
    assert (as_old.as_of, as_old.freshness) == (at(0), Freshness.CURRENT)


@pytest.mark.parametrize(
    ("finding", "not_before", "as_of"),
    [
        (found(Freshness.CURRENT), -1, 0),
        (found(Freshness.CURRENT), 4, 4),
        (found(Freshness.EARLIER, -5), -6, -5),
        (found(Freshness.EARLIER, -5), -4, -4),
        (found(Freshness.EARLIER), -6, -6),
        (found(Freshness.UNMATCHED), -6, -6),
        (found(Freshness.UNCHECKED), -6, -6),
    ],
)
def test_how_old_it_may_be(finding: Any, not_before: float, as_of: float) -> None:
    state = attested(asked(day=0), 5, finding, not_before)
    assert state.as_of == at(as_of)


def test_what_the_device_says_now_is_not_what_it_was_when_an_older_one_was_made() -> None:
    """Or an update since would never lead to a new one."""
    state = attested(asked(), 0, found(Freshness.EARLIER, -5), reported={"OSVersion": "17.3"})
    assert state.reported == {"OSVersion": "17.2"}
    assert decide(state, 8, OSVersion="17.3").reason is AskReason.OS_CHANGED
    rapid = attested(os_version="17.2 (a)", reported={})
    assert decide(rapid, 8, **OS).reason is AskReason.NOTHING_NEW
    bare = attested(asked(), 0, found(Freshness.EARLIER, -5), os_version=None)
    assert bare.reported == {}


def test_a_cached_one_that_was_known_is_no_news() -> None:
    state = asked(KNOWN, 5, nonce=b"b")
    after_it = attested(state, 5, found(Freshness.EARLIER, 0), -1, randomness=0.1)
    assert after_it == replace(
        KNOWN,
        retry_at=at(6),
        nonces=(mdm.SentNonce(b"a", at(0)), mdm.SentNonce(b"b", at(5))),
    )
    assert decide(after_it, 5, OSVersion="17.3").reason is AskReason.BACKOFF


@pytest.mark.parametrize(
    ("sent", "arguments", "failures"),
    [
        (6.9, {}, 0),
        (7, {}, 1),
        (7, {"finding": found(Freshness.CURRENT, code=b"b")}, 0),
        (7, {"finding": found(Freshness.EARLIER, 3)}, 0),
    ],
    ids=["within-seven-days", "replayed", "current", "newer"],
)
def test_an_old_one_where_a_new_one_was_due_is_a_failure(
    sent: float, arguments: dict[str, Any], failures: int
) -> None:
    """Or a device that has changed would hide it by what it attested before."""
    arguments = {"finding": found(Freshness.EARLIER, 0), "not_before": -1, **arguments}
    state = attested(asked(KNOWN, sent, nonce=b"b"), 9, **arguments)
    assert state.failures == failures


def test_no_failure_where_no_new_one_was_asked_for() -> None:
    state = asked(KNOWN, 9, nonce=UNCHECKED)
    assert attested(state, 9, found(Freshness.EARLIER, 0), -1).failures == 0


def test_a_device_that_only_replays_is_trusted_no_longer_than_one_that_is_silent() -> None:
    error = replayed()
    silent = replaying = KNOWN
    for number, day in enumerate((8, 9, 11, 15)):
        silent = failed(asked(silent, day, nonce=bytes([number])), SILENT, day)
        replaying = failed(asked(replaying, day, nonce=bytes([number])), error, day)
        assert replaying == silent
    assert SCHEDULE.trust(replaying, at=at(15)) is Trust.LOW


def test_a_nonce_sent_by_a_clock_in_the_future_does_not_keep_knowledge_young() -> None:
    state = attested(asked(day=3650), 0)
    assert state.as_of == at(0)
    assert decide(state, 27).reason is AskReason.AGE
    assert SCHEDULE.trust(state, at=at(31)) is Trust.REDUCED


def test_a_clock_that_was_ahead_for_a_day_does_not_keep_knowledge_young() -> None:
    """The nonce was sent by it and the answer came by it, so all that is known lies ahead."""
    ahead = attested(asked(day=80), 80, not_before=-1)
    assert ahead.as_of == ahead.made_by == at(80)
    assert SCHEDULE.trust(ahead, at=at(80)) is Trust.FULL
    assert SCHEDULE.trust(ahead, at=at(0)) is Trust.LOW
    assert decide(ahead, 0) == mdm.Decision(True, True, AskReason.AGE)
    mended = attested(asked(ahead, 0, nonce=b"b"), 0)
    assert mended.as_of == at(0)
    assert SCHEDULE.trust(mended, at=at(0)) is Trust.FULL


def test_a_clock_that_is_behind_by_a_minute_asks_for_nothing_and_trusts_as_before() -> None:
    behind = -1 / 1440
    assert decide(KNOWN, behind) == mdm.Decision(
        False, False, AskReason.SEVEN_DAYS, AskReason.AGE, at(7)
    )
    assert decide(KNOWN, 0).reason is AskReason.NOTHING_NEW
    assert SCHEDULE.trust(KNOWN, at=at(behind)) is Trust.FULL


def test_what_is_remembered_of_a_device_is_printable_text() -> None:
    """A binary property list can hold U+0000, which not every database takes."""
    state = attested(reported={"OSVersion": "17.2\0", "BuildVersion": "21C52"})
    assert state.reported == {"OSVersion": r"'17.2\x00'", "BuildVersion": "21C52"}
    # Newer than the tables of some interpreters: printable there, and not here.
    assert SCHEDULE.watch({"OSVersion": "17\u2028\u1c89"}) == {"OSVersion": r"'17\u2028\u1c89'"}
    assert SCHEDULE.watch({"OSVersion": "17\u00e9"}) == {"OSVersion": r"'17\xe9'"}
    assert decide(state, 8, OSVersion="17.2\0").reason is AskReason.NOTHING_NEW
    assert decide(state, 8, OSVersion="17.2").reason is AskReason.OS_CHANGED


def test_what_a_device_reports_is_a_mapping() -> None:
    reported: Any = [("OSVersion", "17.3")]
    with pytest.raises(TypeError, match="mapping"):
        SCHEDULE.decide(KNOWN, at=at(8), reported=reported)
    assert SCHEDULE.decide(KNOWN, at=at(8), reported=dict(reported)).wanted is None


def test_a_genuine_one_for_no_known_request_is_no_failure() -> None:
    error = replayed()
    state = failed(error=error)
    assert (state.as_of, state.made_by, state.failures) == (at(-2), at(0), 0)
    assert state.reported == {"OSVersion": "17.1"}
    assert not state.distrusted
    assert state.retry_at is None
    assert failed(replace(asked(), random_due=at(9)), error).random_due == at(9)

    known = failed(asked(KNOWN, 5, nonce=b"b"), error, 5)
    assert (known.as_of, known.failures, known.retry_at) == (at(0), 0, at(6))


def test_one_of_another_device_is_what_no_honest_device_sends() -> None:
    error = FreshnessMismatch(Reason.FRESHNESS_MISMATCH)
    assert failed(error=error).distrusted
    another = IdentifierMismatch(Reason.IDENTIFIER_MISMATCH)
    assert failed(error=another).distrusted


def test_one_that_names_no_device_is_a_failure_that_can_happen() -> None:
    """Apple leaves out what its server could not determine."""
    state = failed(error=IdentifierMismatch(Reason.IDENTIFIER_MISSING))
    assert (state.failures, state.distrusted, state.lost) == (1, False, False)
    assert state.pending == ()


# --- trust --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "trust"),
    [(0, Trust.FULL), (1, Trust.FULL), (2, Trust.REDUCED), (4, Trust.LOW), (40, Trust.LOW)],
)
def test_failures_lower_trust_step_by_step(failures: int, trust: mdm.Trust) -> None:
    assert SCHEDULE.trust(replace(KNOWN, failures=failures), at=at(1)) is trust


@pytest.mark.parametrize(
    ("days", "trust"),
    [
        (-1, Trust.FULL),
        (0, Trust.FULL),
        (30, Trust.FULL),
        (30.1, Trust.REDUCED),
        (60.1, Trust.LOW),
        (90.1, Trust.NONE),
        (1000, Trust.NONE),
    ],
)
def test_age_lowers_trust_step_by_step(days: float, trust: mdm.Trust) -> None:
    assert SCHEDULE.trust(KNOWN, at=at(days)) is trust
    assert SCHEDULE.trust(replace(KNOWN, failures=2), at=at(days)) is min(trust, Trust.REDUCED)


def test_what_is_a_second_older_than_its_age_is_doubted() -> None:
    second = timedelta(seconds=1)
    assert SCHEDULE.trust(KNOWN, at=at(30)) is Trust.FULL
    assert SCHEDULE.trust(KNOWN, at=at(30) + second) is Trust.REDUCED


@pytest.mark.parametrize(
    "error",
    [
        FORGED,
        MalformedInput(Reason.MALFORMED_PLIST),
        IdentifierMismatch(Reason.IDENTIFIER_MISMATCH),
        KeyMismatch(Reason.KEY_MISMATCH),
    ],
    ids=lambda error: error.reason,
)
def test_what_no_normal_operation_causes_ends_trust_until_the_next_good_one(
    error: AttestationError,
) -> None:
    state = failed(asked(KNOWN, 8, nonce=b"b"), error, 8)
    assert state.distrusted
    assert SCHEDULE.trust(state, at=at(8)) is Trust.NONE
    assert (state.lost, state.made_by, state.failures) == (True, at(8), 1)
    again = attested(asked(state, 16, nonce=b"c"), 16)
    assert SCHEDULE.trust(again, at=at(16)) is Trust.FULL


@pytest.mark.parametrize(
    "error",
    [SILENT, NoAttestation(Reason.NOT_ACKNOWLEDGED), OutsideValidity(Reason.EXPIRED)],
    ids=lambda error: error.reason,
)
def test_a_failure_that_happens_is_not_acted_on_at_once(error: AttestationError) -> None:
    state = failed(asked(KNOWN, 8, nonce=b"b"), error, 8)
    assert SCHEDULE.trust(state, at=at(8)) is Trust.FULL
    assert (state.lost, state.made_by, state.failures) == (False, at(0), 1)


# --- commands and nonces ------------------------------------------------------------------------


def test_the_answer_is_found_by_its_command_whatever_the_order() -> None:
    state = asked(asked(KNOWN, 8, nonce=b"b"), 9, command_uuid="v", nonce=b"c")
    assert state.expected("u") == ("u", b"b", {b"a": at(0), b"c": at(9)})
    assert state.expected("v") == mdm.ExpectedAnswer(
        command_uuid="v", nonce=b"c", previous_nonces={b"a": at(0), b"b": at(8)}
    )
    assert state.expected("w") is None
    assert state.expected(None) is None


def test_each_command_is_answered_once() -> None:
    """security.md 19: the replay of an answer finds no nonce that it could be current for."""
    assert KNOWN.expected("u") is None
    calls: list[Callable[[], object]] = [
        lambda: attested(KNOWN),
        lambda: failed(KNOWN),
        lambda: SCHEDULE.answer_lost(KNOWN, command_uuid="u", at=at(1)),
    ]
    for again in calls:
        with pytest.raises(ValueError, match="no such command"):
            again()


@pytest.mark.parametrize("state", [asked(), KNOWN, asked(KNOWN, 8, nonce=b"b")])
def test_each_nonce_is_sent_once(state: mdm.DeviceState) -> None:
    with pytest.raises(ValueError, match="sent before"):
        asked(state, 9, command_uuid="v", nonce=b"a")
    assert asked(state, 9, command_uuid="v", nonce=b"fresh").expected("v") is not None


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("command_uuid", None, TypeError),
        ("command_uuid", "", ValueError),
        ("command_uuid", "u", ValueError),
        ("nonce", None, TypeError),
        ("nonce", b"", ValueError),
        ("nonce", bytes(33), ValueError),
        ("at", datetime(2025, 1, 1), ValueError),  # noqa: DTZ001 - that is the mistake
        ("at", 0, TypeError),
    ],
)
def test_misuse_of_asking(argument: str, value: object, error: type[Exception]) -> None:
    arguments: dict[str, Any] = {"command_uuid": "v", "nonce": b"b", "at": at(1)}
    with pytest.raises(error):
        asked().asked(**{**arguments, argument: value})
    assert len(asked().asked(**arguments).pending) == 2


def test_old_nonces_are_forgotten_in_the_end() -> None:
    state = BLANK
    for number in range(70):
        state = failed(asked(state, number, nonce=bytes([number + 1])), day=number)
    assert len(state.nonces) == 64
    assert state.nonces[-1] == mdm.SentNonce(bytes([70]), at(69))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"maximum_age": 30}, TypeError),
        ({"backoff": timedelta(0)}, ValueError),
        ({"lead": timedelta(days=-1)}, ValueError),
        ({"maximum_age": WEEK + 6 * DAY - timedelta(seconds=1)}, ValueError),
        ({"longest_backoff": timedelta(hours=1)}, ValueError),
        ({"patience": 14}, TypeError),
        ({"patience": timedelta(0)}, ValueError),
        ({"patience": 3 * DAY - timedelta(seconds=1)}, ValueError),
        ({"random_share": 1}, ValueError),
        ({"random_share": -0.1}, ValueError),
        ({"random_share": "1"}, ValueError),
        ({"random_share": True}, ValueError),
        ({"failures_per_step": 0}, ValueError),
        ({"failures_per_step": 1.5}, TypeError),
        ({"watched": "OSVersion"}, TypeError),
    ],
    ids=repr,
)
def test_a_schedule_that_cannot_be_kept(fields: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        mdm.AttestationSchedule(**fields)
    watched: Any = ["OSVersion"]
    possible = mdm.AttestationSchedule(
        maximum_age=WEEK + 6 * DAY,
        longest_backoff=DAY,
        failures_per_step=1,
        patience=3 * DAY,
        watched=watched,
    )
    assert possible.watched == ("OSVersion",)


def test_misuse_of_the_schedule() -> None:
    arguments: dict[str, Any] = {"command_uuid": "u", "at": at(0)}
    genuine = attestation_like(found(Freshness.CURRENT), at(-1))
    for call in (
        lambda: SCHEDULE.decide({}, at=at(0)),  # type: ignore[arg-type]
        lambda: SCHEDULE.decide(BLANK, at=0),  # type: ignore[arg-type]
        lambda: SCHEDULE.attested(asked(), SILENT, randomness=0, **arguments),  # type: ignore[arg-type]
        lambda: SCHEDULE.failed(asked(), genuine, **arguments),  # type: ignore[arg-type]
        lambda: SCHEDULE.failed(asked(), PolicyViolation(Reason.POLICY), **arguments),
    ):
        with pytest.raises(TypeError):
            call()
    assert SCHEDULE.failed(asked(), SILENT, **arguments).failures == 1
    for randomness in (1, -0.1, True, "0", None):
        with pytest.raises(ValueError, match="randomness"):
            SCHEDULE.attested(asked(), genuine, randomness=randomness, **arguments)  # type: ignore[arg-type]


def test_the_end_of_time() -> None:
    last = datetime.max.replace(tzinfo=UTC, microsecond=0)
    state = failed(asked(), day=0)
    late = SCHEDULE.failed(
        BLANK.asked(command_uuid="u", nonce=b"a", at=last), SILENT, command_uuid="u", at=last
    )
    assert late.retry_at == last
    assert state.retry_at == at(1)


def test_with_a_real_verifier(authority: AttestationAuthority) -> None:
    """The whole way: ask, answer, validate, remember; and the cached one the week after."""
    schedule, state, day = SCHEDULE, BLANK, authority.issued_at
    nonce = mdm.new_nonce()
    state = state.asked(command_uuid="u", nonce=nonce, at=day)
    document = authority.response_plist(
        properties=Properties.mac(), freshness_code=nonce, command_uuid="u", at=day
    )
    for uuid, freshness in (("u", Freshness.CURRENT), ("v", Freshness.EARLIER)):
        expected = state.expected(uuid)
        assert expected is not None
        seen = mdm.validate_response(
            document,
            nonce=expected.nonce,
            previous_nonces=expected.previous_nonces,
            verifier=authority.verifier,
            device=mdm.KnownDevice(serial_number="TESTSERIAL01"),
            at=day,
        )
        assert seen.attestation.freshness is freshness
        state = schedule.attested(
            state,
            seen.attestation,
            command_uuid=uuid,
            at=day,
            reported=seen.response.query_responses,
            randomness=0.5,
        )
        state = state.asked(command_uuid="v", nonce=mdm.new_nonce(), at=day + WEEK)
    assert state.as_of == authority.issued_at


def test_durations_that_no_sum_can_hold() -> None:
    with pytest.raises(ValueError, match="twice the lead"):
        mdm.AttestationSchedule(lead=timedelta.max)
    patient = mdm.AttestationSchedule(
        maximum_age=timedelta.max,
        lead=timedelta.max / 3,
        backoff=timedelta(days=1000),
        longest_backoff=timedelta.max,
        patience=timedelta.max,
    )
    state = replace(asked(), failures=20)
    state = patient.failed(state, SILENT, command_uuid="u", at=at(0))
    assert state.retry_at == datetime.max.replace(tzinfo=UTC, microsecond=0)
    assert not patient.decide(state, at=at(10_000)).ask


@pytest.mark.parametrize(
    "state",
    [
        KNOWN,
        failed(asked(KNOWN, 8, nonce=b"b"), day=9),
        SCHEDULE.answer_lost(asked(KNOWN, 8, nonce=b"b"), command_uuid="u", at=at(9)),
    ],
    ids=["attested", "failed", "withdrawn"],
)
def test_a_clock_that_was_ahead_for_a_moment_does_not_stop_the_questions(
    state: mdm.DeviceState,
) -> None:
    """Ten years ahead, say; one that is behind by minutes waits as it should."""
    decision = decide(state, 5, OSVersion="17.3")
    assert decision.reason in (AskReason.SEVEN_DAYS, AskReason.BACKOFF, AskReason.RECOVER)
    assert decide(state, -3650, OSVersion="17.3") == mdm.Decision(True, True, AskReason.OS_CHANGED)


def test_a_wait_is_believed_up_to_twice_the_longest() -> None:
    state = replace(KNOWN, retry_at=at(30) + 2 * SCHEDULE.longest_backoff)
    assert decide(state, 30).reason is AskReason.BACKOFF
    ahead = replace(state, retry_at=at(30) + 2 * SCHEDULE.longest_backoff + timedelta(seconds=1))
    assert decide(ahead, 30).ask


def test_what_was_made_in_the_future_was_made_now() -> None:
    state = replace(KNOWN, as_of=at(-20), made_by=at(3650))
    after_it = attested(asked(state, 0, nonce=b"b"), 0, found(Freshness.EARLIER, -6))
    assert (after_it.as_of, after_it.made_by) == (at(-1), at(0))
    past = attested(
        asked(replace(state, made_by=at(-6)), 0, nonce=b"b"), 0, found(Freshness.EARLIER, -6)
    )
    assert past.made_by == at(-6)
