"""How an answer, or a lost one, changes what is remembered of a device.

An attestation can be genuine and still prove nothing about the device that sent it: a replay, or
one that was made for another server. What tells them apart is whether it answers a nonce that was
sent to this device. So only such an answer ends distrust and failures, and no other attestation
ever replaces what such an answer has told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, NoAttestation, OutsideValidity, Reason
from appleattest.freshness import Freshness
from appleattest.mdm.device_state import (
    DeviceState,
    SentNonce,
    SentRequest,
    answers_nonce,
    later,
    pending_request,
    without,
)

ATTESTATION_INTERVAL: Final = timedelta(days=7)
"""For so long after it made an attestation, a device returns that one."""

_REMEMBERED_NONCES: Final = 64


class ReceivedAttestation(NamedTuple):
    """What one attestation tells, compared with what was known before it came."""

    request: SentRequest
    """The command that it came in answer to."""
    as_of: datetime
    """The earliest time at which it can have been made."""
    freshness: Freshness
    os_version: str | None
    place: int
    """What `DeviceState.place` becomes, if this is what is known."""
    is_newer: bool
    """Whether it is to replace what is known."""
    may_be_just_made: bool
    """Whether the seven days may have begun again."""
    new_one_was_due: bool
    """Whether, as far as is known, the device could have made a new one for this command."""

    @property
    def is_current(self) -> bool:
        """Whether it was made in answer to this command."""
        return self.freshness is Freshness.CURRENT

    @property
    def answers(self) -> bool:
        """Whether it answers a nonce that was sent to the device, with this command or before."""
        return answers_nonce(self.freshness)

    @property
    def tells_more(self) -> bool:
        """Whether what is known changes."""
        return self.is_current or self.is_newer

    @property
    def earns_trust(self) -> bool:
        """Whether distrust and failures end with it."""
        return self.answers and self.tells_more


def received_attestation(
    attestation: Attestation, state: DeviceState, command_uuid: str, now: datetime
) -> ReceivedAttestation:
    """What the attestation tells that came in answer to this command.

    Its `as_of` is the time when its nonce was sent, or `not_before` where that is later or where it
    answers no nonce. It is never after `now`: otherwise clock skew at the time of sending would
    make knowledge that never ages. Raises `ValueError` for a command that is not pending.
    """
    request = pending_request(state, command_uuid)
    freshness, not_before = attestation.freshness, attestation.not_before
    sent_at = request.sent_at if attestation.is_current else attestation.requested_at
    as_of = min(now, max(not_before, sent_at or not_before))
    # A rapid response, "16.4.1 (a)", is no part of what the query `OSVersion` answers.
    version = attestation.device.os_version
    return ReceivedAttestation(
        request=request,
        as_of=as_of,
        freshness=freshness,
        os_version=None if version is None else version.partition(" (")[0],
        place=_place(attestation, request),
        is_newer=_is_newer(state, freshness, as_of),
        may_be_just_made=_may_be_just_made(state, freshness, not_before),
        new_one_was_due=_new_one_was_due(state, request),
    )


def _is_newer(state: DeviceState, freshness: Freshness, as_of: datetime) -> bool:
    """An answer to a nonce outranks what is none, whatever their ages."""
    answers = answers_nonce(freshness)
    if state.as_of is None or answers is not state.answered:
        return state.as_of is None or answers
    return as_of > state.as_of


def _may_be_just_made(state: DeviceState, freshness: Freshness, not_before: datetime) -> bool:
    """Whether the seven days may have begun again with it.

    A device makes none within seven days of `made_by`. So one that is valid from before `made_by`
    is an old one, however often it is sent.
    """
    if answers_nonce(freshness):
        return freshness is Freshness.CURRENT
    return state.made_by is None or not_before > state.made_by


def _new_one_was_due(state: DeviceState, request: SentRequest) -> bool:
    if request.nonce is None or state.made_by is None:
        return False
    return request.sent_at >= later(state.made_by, ATTESTATION_INTERVAL)


def _place(attestation: Attestation, request: SentRequest) -> int:
    """Keys differ between devices and nonces between commands: no caller can make places equal."""
    digest = sha256(attestation.spki_sha256 + (request.nonce or b"")).digest()
    return int.from_bytes(digest[:4])


def after_attestation(
    state: DeviceState,
    received: ReceivedAttestation,
    now: datetime,
    said: Mapping[str, str] | None = None,
    random_due: datetime | None = None,
) -> DeviceState:
    """The state after this attestation, without any waiting that follows from it.

    `said` is what the device says of itself now, `random_due` when chance is to have it asked.
    Both count for an attestation that earns trust. Where it tells nothing new, only the command is
    no longer pending.
    """
    changes = {**_request_over(state, received.request), "lost": False, "retry_at": None}
    if received.may_be_just_made or state.made_by is None or state.made_by > now:
        changes["made_by"] = now
    if received.tells_more:
        attested = {} if received.os_version is None else {"OSVersion": received.os_version}
        changes |= {
            **_newer_bound(state, received, now),
            "reported": {**attested, **(said or {})} if received.is_current else attested,
            "place": received.place,
        }
    if received.earns_trust:
        changes |= {"failures": 0, "distrusted": False, "random_due": random_due}
    return replace(state, **changes)


def _newer_bound(
    state: DeviceState, received: ReceivedAttestation, now: datetime
) -> dict[str, Any]:
    """`as_of` and `freshness`, unless what is known is the newer answer, and not after `now`."""
    if state.answered and state.as_of is not None and received.as_of < state.as_of <= now:
        return {}
    return {"as_of": received.as_of, "freshness": received.freshness}


def after_refusal(
    state: DeviceState, error: AttestationError, command_uuid: str, now: datetime
) -> DeviceState:
    """The state after an answer that brought no attestation of use, without the waiting.

    No attestation, an expired one, or one that names no device is a failure that can happen. No
    normal operation causes any other refusal, so that one ends trust. The device may have made an
    attestation for it all the same.
    """
    names_none = error.reason is Reason.IDENTIFIER_MISSING
    if names_none or isinstance(error, NoAttestation | OutsideValidity):
        over = _request_over(state, pending_request(state, command_uuid))
        return replace(state, **{**over, "lost": False})
    return replace(after_lost_answer(state, command_uuid, now), distrusted=True)


def after_lost_answer(state: DeviceState, command_uuid: str, now: datetime) -> DeviceState:
    """The state after a command of which nobody knows whether the device carried it out.

    One without a nonce makes the device cache nothing, so nothing more can be lost with it.
    """
    request = pending_request(state, command_uuid)
    changes = _request_over(state, request)
    if request.nonce is not None:
        changes |= {"lost": True, "made_by": now}
    return replace(state, **changes)


def _request_over(state: DeviceState, request: SentRequest) -> dict[str, Any]:
    """What changes because this request is no longer pending: its nonce is remembered."""
    changes: dict[str, Any] = {"pending": without(state.pending, request)}
    if request.nonce is not None:
        nonces = (*state.nonces, SentNonce(request.nonce, request.sent_at))
        changes["nonces"] = nonces[-_REMEMBERED_NONCES:]
    return changes
