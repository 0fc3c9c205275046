"""How an answer changes what is remembered of a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, NoAttestation, OutsideValidity
from appleattest.freshness import Freshness
from appleattest.mdm.device_state import DeviceState, SentNonce, SentRequest, after

ATTESTATION_INTERVAL: Final = timedelta(days=7)
"""For so long after it made an attestation, a device returns that one."""

_REMEMBERED_NONCES: Final = 64


class Learned(NamedTuple):
    """What one attestation adds to what is known."""

    request: SentRequest
    as_of: datetime
    """It was made no earlier."""
    newer: bool
    """Whether it says more than what was known before."""
    freshness: Freshness
    os_version: str | None
    was_free: bool
    """Whether, as far as is known, the device could have made one for this command."""

    @property
    def current(self) -> bool:
        """Whether it was made in answer to this command."""
        return self.freshness is Freshness.CURRENT

    @property
    def perhaps_just_made(self) -> bool:
        """Whether the seven days may have begun again."""
        return self.current or (self.newer and self.freshness is not Freshness.EARLIER)

    @property
    def useful(self) -> bool:
        """Whether the command was worth sending."""
        return self.newer or self.current


def learned_from(
    attestation: Attestation, state: DeviceState, command_uuid: str, now: datetime
) -> Learned:
    """What the attestation says that answered this command.

    The bounds of its age are the time when its nonce was sent and `not_before`, whichever is
    later; without a nonce that is known, `not_before` alone. None of them is after `now`: a clock
    that was wrong when the nonce was sent does not make knowledge that never ages.
    """
    request = _pending(state, command_uuid)
    sent_at = {
        Freshness.CURRENT: request.sent_at,
        Freshness.EARLIER: attestation.requested_at,
    }.get(attestation.freshness)
    as_of = min(now, max(attestation.not_before, sent_at or attestation.not_before))
    newer = state.as_of is None or as_of > state.as_of
    # The letter of a rapid response, "16.4.1 (a)", is no part of what `OSVersion` answers.
    version = attestation.device.os_version
    base = None if version is None else version.partition(" (")[0]
    return Learned(request, as_of, newer, attestation.freshness, base, _was_free(state, request))


def _was_free(state: DeviceState, request: SentRequest) -> bool:
    if request.nonce is None or state.made_by is None:
        return False
    return request.sent_at >= after(state.made_by, ATTESTATION_INTERVAL)


def learn(
    state: DeviceState,
    learned: Learned,
    now: datetime,
    said: Mapping[str, str],
    random_due: datetime | None,
) -> DeviceState:
    """The state that knows this; where nothing is new, only the request is over."""
    changes: dict[str, Any] = {**_over(state, learned.request), "lost": False, "retry_at": None}
    if learned.perhaps_just_made or state.made_by is None or state.made_by > now:
        changes["made_by"] = now
    if learned.useful:
        attested = {} if learned.os_version is None else {"OSVersion": learned.os_version}
        changes |= {
            "as_of": _believed(state, learned, now),
            "reported": {**attested, **said} if learned.current else attested,
            "failures": 0,
            "distrusted": False,
            "random_due": random_due,
        }
    return replace(state, **changes)


def _believed(state: DeviceState, learned: Learned, now: datetime) -> datetime:
    """The newer of the two times, but none that a clock which was wrong put after `now`."""
    if state.as_of is None or state.as_of > now:
        return learned.as_of
    return max(state.as_of, learned.as_of)


def refuse(
    state: DeviceState, error: AttestationError, command_uuid: str, now: datetime
) -> DeviceState:
    """The state after an answer without an attestation of use, but for the backing off.

    None at all, or an expired one, is a failure that happens. No normal operation causes any
    other refusal; behind it the device may have made an attestation.
    """
    request = _pending(state, command_uuid)
    if isinstance(error, NoAttestation | OutsideValidity):
        return replace(state, **_over(state, request), lost=False)
    return replace(lose(state, command_uuid, now), distrusted=True)


def lose(state: DeviceState, command_uuid: str, now: datetime) -> DeviceState:
    """The state after a command of which it is not known whether the device carried it out."""
    request = _pending(state, command_uuid)
    changes = _over(state, request)
    if request.nonce is not None:
        changes |= {"lost": True, "made_by": now}
    return replace(state, **changes)


def _pending(state: DeviceState, command_uuid: str) -> SentRequest:
    request = state.request(command_uuid)
    if request is None:
        raise ValueError("no such command is pending: it is not ours, or has been answered")
    return request


def _over(state: DeviceState, request: SentRequest) -> dict[str, Any]:
    """What changes because this request is no longer pending."""
    changes: dict[str, Any] = {
        "pending": tuple(each for each in state.pending if each is not request)
    }
    if request.nonce is not None:
        nonces = (*state.nonces, SentNonce(request.nonce, request.sent_at))
        changes["nonces"] = nonces[-_REMEMBERED_NONCES:]
    return changes
