"""What a server reads back from where it keeps it: its own, and perhaps damaged or another's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from appleattest import UNCHECKED
from appleattest.acme import Challenge, ChallengeStatus, Identifier, identifier_from_dict
from appleattest.mdm import AttestationSchedule, DeviceState, Trust
from fuzz import world
from fuzz.oracle import require, without_warning

_SCHEDULE: Final = AttestationSchedule()


class _Stored(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


_T = TypeVar("_T", bound=_Stored)


def read_state(data: bytes) -> None:
    """A `DeviceState` in JSON: the schedule can go on from whatever was read."""
    state = _kept(data, DeviceState.from_dict)
    if state is None:
        return
    require(all(1 <= len(each.nonce) <= 32 for each in state.nonces), "a nonce nobody sent")
    for request in state.pending:
        expected = state.expected(request.command_uuid)
        require(expected is not None, "pending, and nothing is expected")
    for later in (state, _SCHEDULE.given_up(state, at=world.AT)):
        decision = _SCHEDULE.decide(later, at=world.AT)
        require(not (decision.ask and later.pending), "asked while a command is pending")
        require(_SCHEDULE.trust(later, at=world.AT) in Trust, "no trust at all")
        if decision.ask:
            later.asked(command_uuid="the fuzzer's", nonce=UNCHECKED, at=world.AT)


def read_challenge(data: bytes) -> None:
    """A `Challenge` in JSON: one that is over stays so, and any other can end."""
    challenge = _kept(data, Challenge.from_dict)
    if challenge is None:
        return
    is_valid = challenge.status is ChallengeStatus.VALID
    is_open = challenge.status in (ChallengeStatus.PENDING, ChallengeStatus.PROCESSING)
    require((challenge.validated is not None) == is_valid, "valid without its time")
    require(challenge.error is None or not (is_open or is_valid), "an error, and not invalid")
    try:
        challenge.valid(world.AT)
    except ValueError:
        require(not is_open, "open, and cannot be validated")
    else:
        require(is_open, "over, and validated")


def read_identifier_kept(data: bytes) -> None:
    """An identifier in JSON: exactly what was stored is written again."""
    found: Identifier | None = _kept(data, identifier_from_dict)
    if found is not None:
        require(found.to_dict() == json.loads(data), "another identifier")


def _kept(data: bytes, read: Callable[[Any], _T]) -> _T | None:
    """What was read, which is written and read again as the same; `None` where it was refused."""
    try:
        stored = json.loads(data)
    except (ValueError, RecursionError):
        return None
    try:
        found = without_warning(lambda: read(stored))
    except (TypeError, ValueError):
        return None
    written = json.dumps(found.to_dict())
    again = read(json.loads(written))
    require(json.dumps(again.to_dict()) == written, "written again as another")
    require(repr(again) == repr(found), "read again as another")
    return found
