"""What a schedule decides: a value that says what to send, and is never true or false."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any, Final

import pytest
from days import BLANK, KNOWN, SCHEDULE, asked, at, decide
from fleet import DAY

from appleattest import UNCHECKED, mdm

AskReason, Trust = mdm.AskReason, mdm.Trust
ASKS: Final = mdm.Decision(True, True, AskReason.AGE)
RECOVERS: Final = mdm.Decision(True, False, AskReason.RECOVER, AskReason.NEVER_ATTESTED)
WAITS: Final = mdm.Decision(False, False, AskReason.SEVEN_DAYS, AskReason.OS_CHANGED, at(7))
DECISIONS: Final = (ASKS, RECOVERS, WAITS, decide(KNOWN, 1), decide(asked(), 1))


def test_a_decision_says_what_to_send() -> None:
    first, second = ASKS.nonce(), ASKS.nonce()
    assert isinstance(first, bytes)
    assert len(first) == 32
    assert first != second
    assert RECOVERS.nonce() is UNCHECKED
    with pytest.raises(ValueError, match="not to ask"):
        WAITS.nonce()


def test_what_it_says_is_what_the_command_and_the_state_take() -> None:
    decision = decide(BLANK, 0)
    nonce = decision.nonce()
    state = BLANK.asked(command_uuid="u", nonce=nonce, at=at(0))
    expected = state.expected("u")
    assert expected is not None
    assert expected.nonce == nonce
    assert mdm.device_information_command(command_uuid="u", nonce=nonce).startswith(b"<?xml")


@pytest.mark.parametrize("value", [*DECISIONS, *Trust], ids=repr)
def test_no_decision_and_no_trust_is_true_or_false(value: Any) -> None:
    tests: list[Callable[[], object]] = [lambda: bool(value), lambda: not value, lambda: value or 1]
    for test in tests:
        with pytest.raises(TypeError, match="neither true nor false"):
            test()


def test_trust_is_compared() -> None:
    assert Trust.NONE < Trust.LOW < Trust.REDUCED < Trust.FULL
    assert SCHEDULE.trust(KNOWN, at=at(1)) >= Trust.REDUCED
    assert json.dumps({"trust": Trust.LOW}) == '{"trust": 1}'


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda each: each.reason)
def test_a_decision_is_copied_and_pickled(decision: mdm.Decision) -> None:
    for again in (
        copy.copy(decision),
        copy.deepcopy(decision),
        pickle.loads(pickle.dumps(decision)),
    ):
        assert again == decision
        assert hash(again) == hash(decision)
    with pytest.raises(FrozenInstanceError):
        decision.ask = True  # type: ignore[misc]


@pytest.mark.parametrize(
    "value", [SCHEDULE, *Trust, *AskReason, mdm.AttestationSchedule(spread=0)], ids=repr
)
def test_whatever_else_a_schedule_takes_or_gives_is_pickled(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value


def test_a_decision_as_json() -> None:
    assert WAITS.to_dict() == {
        "ask": False,
        "with_nonce": False,
        "reason": "seven-days",
        "wanted": "os-changed",
        "again_at": "2025-01-08T00:00:00Z",
    }
    assert ASKS.to_dict() == {
        "ask": True,
        "with_nonce": True,
        "reason": "age",
        "wanted": None,
        "again_at": None,
    }
    for decision in DECISIONS:
        written = decision.to_dict()
        assert json.loads(json.dumps(written)) == written
        assert type(written["reason"]) is str


def test_the_time_named_is_in_whole_seconds() -> None:
    for place in (0, 1, 12_345_678, 2**32 - 1):
        decision = SCHEDULE.decide(_at_place(place), at=at(0) + DAY)
        assert decision.again_at is not None
        assert decision.again_at.microsecond == 0


def _at_place(place: int) -> mdm.DeviceState:
    return mdm.DeviceState.from_dict({**KNOWN.to_dict(), "place": place, "random_due": None})
