"""What is remembered of a device: stored, copied, printed without its nonces."""

from __future__ import annotations

import copy
import json
import pickle
from base64 import b64encode
from dataclasses import FrozenInstanceError, asdict, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest
from days import (
    BLANK,
    FORGED,
    KNOWN,
    SCHEDULE,
    asked,
    at,
    failed,
    replayed,
)
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, mdm
from appleattest.freshness import Freshness


def test_a_state_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        KNOWN.failures = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        KNOWN.reported["OSVersion"] = "1"  # type: ignore[index]


STATES = st.sampled_from(
    [
        BLANK,
        KNOWN,
        asked(),
        asked(nonce=UNCHECKED),
        failed(),
        failed(error=FORGED),
        asked(KNOWN, 8, nonce=bytes(32)),
        SCHEDULE.answer_lost(asked(), command_uuid="u", at=at(1)),
        failed(error=replayed()),
        replace(KNOWN, place=2**32 - 1, distrusted=True),
    ]
)


@given(STATES)
def test_a_state_survives_its_storage(state: mdm.DeviceState) -> None:
    stored = json.loads(json.dumps(state.to_dict()))
    assert stored["schema"] == 1
    assert stored["as_of"] is None or stored["as_of"].endswith("Z")
    again = mdm.DeviceState.from_dict(stored)
    assert again == state
    assert hash(again) == hash(state)
    assert again.to_dict() == state.to_dict()


@given(STATES)
def test_a_state_is_copied_and_pickled(state: mdm.DeviceState) -> None:
    copies: list[Any] = [copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))]
    for again in copies:
        assert again == state
        assert again.to_dict() == state.to_dict()
        with pytest.raises(TypeError):
            again.reported["OSVersion"] = "1"


def test_a_state_as_a_dictionary_of_its_fields() -> None:
    assert mdm.DeviceState(**asdict(KNOWN)).reported == KNOWN.reported
    assert asdict(HOLDS)["pending"] == HOLDS.pending


def test_what_is_no_stored_state_is_copied_as_it_is() -> None:
    odd = replace(KNOWN, as_of=at(0) + timedelta(microseconds=1))
    assert copy.deepcopy(odd) == odd


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": True},
        {"as_of": 1},
        {"as_of": "2025-01-01"},
        {"as_of": "yesterday"},
        {"reported": {"OSVersion": 1}},
        {"reported": []},
        {"pending": [{}]},
        {"pending": [{"command_uuid": 1, "nonce": None, "sent_at": "2025-01-01T00:00:00Z"}]},
        {"nonces": [{"nonce": None, "sent_at": "2025-01-01T00:00:00Z"}]},
        {"nonces": [{"nonce": "", "sent_at": "2025-01-01T00:00:00Z"}]},
        {"nonces": [{"nonce": "YQ==\n", "sent_at": "2025-01-01T00:00:00Z"}]},
        {"nonces": [{"nonce": "????", "sent_at": "2025-01-01T00:00:00Z"}]},
        {"freshness": None},
        {"freshness": "stale"},
        {"freshness": 1},
        {"as_of": None},
        {"place": -1},
        {"place": 2**32},
        {"place": True},
        {"place": 0.0},
        {"place": None},
        {"failures": -1},
        {"failures": "0"},
        {"lost": 0},
        {"distrusted": None},
        {"pending": {}},
        {"nonces": {}},
        {"nonces": [{"nonce": "YQ==", "sent_at": "2025-01-01T00:00:00Z", "more": 1}]},
        {"as_of": "2025-01-01T01:00:00+01:00"},
    ],
    ids=repr,
)
def test_what_is_no_stored_state(changes: dict[str, Any]) -> None:
    good = KNOWN.to_dict()
    assert mdm.DeviceState.from_dict(good) == KNOWN
    with pytest.raises(ValueError, match="not what"):
        mdm.DeviceState.from_dict({**good, **changes})
    for key in changes:
        with pytest.raises(ValueError, match="not what"):
            mdm.DeviceState.from_dict({k: v for k, v in good.items() if k != key})


def test_a_state_with_more_in_it_is_of_another_version() -> None:
    with pytest.raises(ValueError, match="not what"):
        mdm.DeviceState.from_dict({**KNOWN.to_dict(), "more": None})
    assert mdm.DeviceState.from_dict(MappingProxyType(KNOWN.to_dict())) == KNOWN


@given(st.none() | st.text(max_size=5) | st.dictionaries(st.text(max_size=5), st.integers()))
def test_whatever_is_loaded_a_state_or_a_value_error(stored: Any) -> None:
    with pytest.raises(ValueError, match="not what"):
        mdm.DeviceState.from_dict(stored)


@pytest.mark.parametrize(
    "fields",
    [
        {"as_of": at(0)},
        {"freshness": Freshness.CURRENT},
        {"place": -1},
        {"place": 2**32},
        {"place": True},
        {"place": 0.5},
    ],
    ids=repr,
)
def test_a_state_that_contradicts_itself(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"as_of and freshness|place"):
        mdm.DeviceState(**fields)
    good: dict[str, Any] = {"as_of": at(0), "freshness": Freshness.CURRENT, "place": 2**32 - 1}
    assert mdm.DeviceState(**good).answered


@pytest.mark.parametrize(
    ("freshness", "answered"),
    [
        (Freshness.CURRENT, True),
        (Freshness.EARLIER, True),
        (Freshness.UNMATCHED, False),
        (Freshness.UNCHECKED, False),
    ],
)
def test_what_is_known_answers_a_nonce_or_does_not(freshness: Freshness, answered: bool) -> None:
    state = replace(KNOWN, freshness=freshness)
    assert state.answered is answered
    assert mdm.DeviceState.from_dict(state.to_dict()).freshness is freshness
    assert not BLANK.answered


# --- secrets ------------------------------------------------------------------------------------

PENDING: Final = b"a nonce that is pending"
SENT: Final = b"a nonce sent before it"
HOLDS: Final = asked(failed(asked(nonce=SENT)), 1, nonce=PENDING)
REQUEST, EXPECTED = HOLDS.pending[0], HOLDS.expected("u")
assert EXPECTED is not None


@pytest.mark.parametrize(
    "value",
    [HOLDS, REQUEST, HOLDS.nonces[0], EXPECTED, EXPECTED.previous_nonces],
    ids=lambda value: type(value).__name__,
)
def test_nothing_that_is_printed_shows_a_nonce(value: object) -> None:
    for printed in (
        repr(value),
        str(value),
        f"{value}",
        f"{value!r}",
        repr([value]),
        repr({"u": (value,)}),
        repr(copy.deepcopy(value)),
        repr(pickle.loads(pickle.dumps(value))),
    ):
        for nonce in (PENDING, SENT):
            for shown in (nonce.decode(), nonce.hex(), b64encode(nonce).decode()):
                assert shown not in printed


def test_what_is_printed_of_a_nonce() -> None:
    moment = repr(at(1))
    assert repr(REQUEST) == (f"SentRequest(command_uuid='u', nonce=<23 bytes>, sent_at={moment})")
    assert repr(HOLDS.nonces[0]) == f"SentNonce(nonce=<22 bytes>, sent_at={at(0)!r})"
    assert repr(EXPECTED) == (
        "ExpectedAnswer(command_uuid='u', nonce=<23 bytes>, previous_nonces=<1 nonces>)"
    )
    bare = asked(nonce=UNCHECKED)
    assert repr(bare.pending[0]) == (
        f"SentRequest(command_uuid='u', nonce=None, sent_at={at(0)!r})"
    )
    assert repr(bare.expected("u")) == (
        "ExpectedAnswer(command_uuid='u', nonce=UNCHECKED, previous_nonces=<0 nonces>)"
    )


def test_what_is_expected_is_copied_and_pickled() -> None:
    for value in (REQUEST, EXPECTED, HOLDS.nonces[0]):
        assert (
            copy.deepcopy(value) == copy.copy(value) == pickle.loads(pickle.dumps(value)) == value
        )
