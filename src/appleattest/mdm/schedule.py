"""When to ask a device for an attestation, and whether for a new one.

A device makes at most one attestation in seven days. In between it returns that one, whatever the
nonce. Apple's advice (WWDC22, "Discover Managed Device Attestation"): watch other properties for
change, and ask for a new attestation only then; ask at random now and then; let failures lower
the trust in a device, and do not act on them at once.

Everything here is a function of its arguments. What is remembered is a `DeviceState`, the time is
`at`, and chance is a number that the caller draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, FreshnessMismatch, PolicyViolation
from appleattest.mdm.decision import AskReason, Decision, Trust
from appleattest.mdm.device_state import PLACES, DeviceState, checked_time, later
from appleattest.mdm.transitions import (
    ATTESTATION_INTERVAL,
    ReceivedAttestation,
    after_attestation,
    after_lost_answer,
    after_refusal,
    received_attestation,
)

OS_QUERIES: Final = (
    "OSVersion",
    "BuildVersion",
    "SupplementalOSVersionExtra",
    "SupplementalBuildVersion",
)
"""Queries whose answers change with the operating system."""
POSTURE_QUERIES: Final = ("SystemIntegrityProtectionEnabled",)
"""Other queries of `DeviceInformation` where a change is worth a new attestation."""

_LONGEST_VALUE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationSchedule:
    """How old what is known of a device may grow, and how often the device is asked beside that.

    - `maximum_age`: what is known of a device that answers is never older.
    - `lead`: how long before that age it is asked at the latest. So it is the longest time that a
      device may take to answer.
    - `spread`: the share of `maximum_age` over which the due dates of a fleet are spread. Devices
      that were attested on one day are asked evenly from `maximum_age - lead` back to this much
      earlier, and never within seven days of their attestation. Each has a place of its own there
      (`DeviceState.place`). 0 asks them all at the last moment.
    - `random_share`: the share of the devices that chance picks each day, of those that made their
      attestation seven days ago or more. A share s asks one device in 7 - 1 / ln(1 - s) of the
      whole fleet each day, which is 0.9% for 0.01 and 8.7% for 0.2.
    - `backoff`, `longest_backoff`: after a failure a device is asked again after `backoff`, then
      after twice that, and so on up to `longest_backoff`.
    - `failures_per_step`: so many failures lower trust by one step.
    - `patience`: how long a command waits for its answer before `given_up` gives it up.
    - `watched`: the queries whose answers are compared.

    Raises `ValueError` for a `maximum_age` of less than seven days and twice the `lead`, which the
    seven days make impossible, and for a `patience` of less than the `lead`, within which a device
    may still answer.
    """

    maximum_age: timedelta = timedelta(days=30)
    lead: timedelta = timedelta(days=3)
    spread: float = 0.2
    random_share: float = 0.01
    backoff: timedelta = timedelta(days=1)
    longest_backoff: timedelta = timedelta(days=7)
    failures_per_step: int = 2
    patience: timedelta = timedelta(days=14)
    watched: tuple[str, ...] = (*OS_QUERIES, *POSTURE_QUERIES)

    def __post_init__(self) -> None:
        for name in ("maximum_age", "lead", "backoff", "longest_backoff", "patience"):
            duration = getattr(self, name)
            if not isinstance(duration, timedelta):
                raise TypeError(f"{name} is a timedelta")
            if duration <= timedelta(0):
                raise ValueError(f"{name} is more than zero")
        if (self.maximum_age - ATTESTATION_INTERVAL) / 2 < self.lead:
            raise ValueError("maximum_age is at least seven days and twice the lead")
        if self.longest_backoff < self.backoff:
            raise ValueError("longest_backoff is at least backoff")
        if self.patience < self.lead:
            raise ValueError("patience is at least the lead, in which a device may answer")
        if not _is_share(self.random_share):
            raise ValueError("random_share is a number from 0 to below 1, of the fleet each day")
        if not _is_share(self.spread):
            raise ValueError("spread is a number from 0 to below 1, a share of maximum_age")
        if type(self.failures_per_step) is not int:
            raise TypeError("failures_per_step is an int")
        if self.failures_per_step < 1:
            raise ValueError("failures_per_step is at least 1")
        if isinstance(self.watched, str | bytes):
            raise TypeError("watched is several names, not one")
        object.__setattr__(self, "watched", tuple(self.watched))

    def decide(
        self,
        state: DeviceState,
        *,
        at: datetime,
        reported: Mapping[str, Any] | None = None,
    ) -> Decision:
        """Whether to ask the device now, and what to send (`Decision.nonce`).

        Call `given_up` before, or a device whose answer was lost stays `PENDING`.

        `reported` is what the device has said of itself since it was attested: the
        `query_responses` of an ordinary `DeviceInformation` response, say. What it leaves out has
        not changed.
        """
        now = checked_time(state, at)
        if state.pending:
            return Decision(False, False, AskReason.PENDING, again_at=self._patient_until(state))
        wanted = self._reason_to_ask(state, now, self.watch(reported or {}))
        if wanted is None:
            return Decision(False, False, AskReason.NOTHING_NEW, again_at=self._due(state))
        if state.retry_at is not None and _waits(now, state.retry_at, self.longest_backoff):
            return Decision(False, False, AskReason.BACKOFF, wanted, state.retry_at)
        allowed_at = state.made_by and later(state.made_by, ATTESTATION_INTERVAL)
        if allowed_at is None or not _waits(now, allowed_at, ATTESTATION_INTERVAL):
            return Decision(True, True, wanted)
        if state.lost:
            return Decision(True, False, AskReason.RECOVER, wanted)
        return Decision(False, False, AskReason.SEVEN_DAYS, wanted, allowed_at)

    def trust(self, state: DeviceState, *, at: datetime) -> Trust:
        """How far what is known of the device may be relied on at that time.

        `NONE` until the device has answered a nonce that was sent to it (`CURRENT`, `EARLIER`): an
        attestation that is `UNMATCHED` or `UNCHECKED` may be a replay, and earns nothing. `NONE`
        also after a forgery, another device's chain or another key, until the next answer to a
        nonce. Otherwise failures lower trust step by step to `LOW`, and age lowers it by one step
        for every `maximum_age` gone by, down to `NONE`.
        """
        now = checked_time(state, at)
        if state.as_of is None or state.distrusted or not state.answered:
            return Trust.NONE
        by_failures = Trust.FULL - state.failures // self.failures_per_step
        # `as_of` in the future means clock skew: the farther ahead, the less is known of the age.
        age = abs(now - state.as_of)
        # Exactly `maximum_age` is not too old; a second more is.
        by_age = Trust.FULL - (age - timedelta(seconds=1)) // self.maximum_age
        return Trust(max(Trust.NONE, min(by_age, max(Trust.LOW, by_failures))))

    def attested(
        self,
        state: DeviceState,
        attestation: Attestation,
        *,
        command_uuid: str,
        at: datetime,
        reported: Mapping[str, Any] | None = None,
        randomness: float,
    ) -> DeviceState:
        """The state after the device answered a command with this attestation.

        `command_uuid` is the response's, `reported` its `query_responses`, `at` the time when it
        came. `randomness`, from 0 to below 1, is drawn by the caller (`random.random()`). It
        decides when chance will have the device asked again. Raises `ValueError` for a command that
        is not pending: each is answered once.
        """
        now = checked_time(state, at)
        if not isinstance(attestation, Attestation):
            raise TypeError(f"an attestation was expected, not {type(attestation).__name__}")
        if not _is_share(randomness):
            raise ValueError("randomness is a number from 0 to below 1")
        received = received_attestation(attestation, state, command_uuid, now)
        random_due = self._random_due(now, randomness)
        said = self.watch(reported or {})
        after = after_attestation(state, received, now, said, random_due)
        return self._counted(after, received, now)

    def failed(
        self, state: DeviceState, error: AttestationError, *, command_uuid: str, at: datetime
    ) -> DeviceState:
        """The state after the device answered a command with no attestation of use.

        `error` is what `validate_response` raised. A `FreshnessMismatch` with a genuine
        attestation ends neither distrust nor failures. It is one more failure where a new
        attestation was due. A device that is busy (`NotNow`) has not answered yet: record nothing.
        A `PolicyViolation` is a `TypeError`: it is about an attestation, which belongs to
        `attested`.
        """
        now = checked_time(state, at)
        if not isinstance(error, AttestationError):
            raise TypeError(f"an AttestationError was expected, not {type(error).__name__}")
        if isinstance(error, PolicyViolation):
            raise TypeError("a policy is about an attestation that has been verified")
        unmatched = error.attestation if isinstance(error, FreshnessMismatch) else None
        if unmatched is not None:
            received = received_attestation(unmatched, state, command_uuid, now)
            return self._counted(after_attestation(state, received, now), received, now)
        return self._backed_off(after_refusal(state, error, command_uuid, now), now)

    def answer_lost(self, state: DeviceState, *, command_uuid: str, at: datetime) -> DeviceState:
        """The state after a command of which nobody knows whether the device carried it out.

        Its answer was lost, or it was taken back when the device may have had it already. For seven
        days the device is asked for what it has cached before it is asked for anything new. The
        nonce is remembered, so the cached attestation earns full trust. For a command that
        certainly was not queued, there is `DeviceState.withdrawn`.
        """
        return after_lost_answer(state, command_uuid, checked_time(state, at))

    def given_up(self, state: DeviceState, *, at: datetime) -> DeviceState:
        """The state without the commands that have been pending for longer than `patience`.

        The answer to each is taken for lost (`answer_lost`). So is one that clock skew put more
        than `patience` into the future. The same state if there is none.
        """
        now = checked_time(state, at)
        for request in state.pending:
            if abs(now - request.sent_at) > self.patience:
                state = after_lost_answer(state, request.command_uuid, now)
        return state

    def watch(self, reported: Mapping[str, Any]) -> dict[str, str]:
        """The answers to the `watched` queries, as printable text; nested values are left out."""
        if not isinstance(reported, Mapping):
            raise TypeError(f"what a device reports is a mapping, not {type(reported).__name__}")
        return {
            key: _printable(str(value)[:_LONGEST_VALUE])
            for key, value in reported.items()
            if key in self.watched and isinstance(value, str | int)
        }

    def _counted(
        self, state: DeviceState, received: ReceivedAttestation, now: datetime
    ) -> DeviceState:
        """The state with the failure and the waiting that follow from what was received.

        It is a failure where a new attestation was due, or replaying old ones would pay.
        """
        if received.earns_trust:
            return state
        if received.new_one_was_due:
            return self._backed_off(state, now)
        if received.tells_more:  # the first that is known: the seven days are the wait
            return state
        return replace(state, retry_at=later(now, self.backoff))

    def _backed_off(self, state: DeviceState, now: datetime) -> DeviceState:
        """One failure more, and a longer wait."""
        failures = state.failures + 1
        times = 2 ** min(failures - 1, 20)
        longest = times >= self.longest_backoff / self.backoff
        delay = self.longest_backoff if longest else self.backoff * times
        return replace(state, failures=failures, retry_at=later(now, delay))

    def _random_due(self, now: datetime, randomness: float) -> datetime | None:
        """When chance has the device asked: each day with `random_share`, after the seven days."""
        if not self.random_share:
            return None
        days = math.log1p(-randomness) / math.log1p(-self.random_share)
        return later(now, ATTESTATION_INTERVAL + timedelta(seconds=int(min(days, 36_500) * 86_400)))

    def _reason_to_ask(
        self, state: DeviceState, now: datetime, reported: dict[str, str]
    ) -> AskReason | None:
        if state.as_of is None:
            return AskReason.NEVER_ATTESTED
        if state.distrusted:
            return AskReason.DISTRUSTED
        if not state.answered:
            return AskReason.UNMATCHED
        changed = {
            key for key, value in reported.items() if state.reported.get(key, value) != value
        }
        if changed & {*OS_QUERIES}:
            return AskReason.OS_CHANGED
        if changed:
            return AskReason.POSTURE_CHANGED
        # `as_of` in the future means clock skew: the age is unknown, so ask.
        if now >= self._age_due(state.as_of, state.place) or now < state.as_of:
            return AskReason.AGE
        if state.random_due is not None and now >= state.random_due:
            return AskReason.RANDOM
        return None

    def _age_due(self, as_of: datetime, place: int) -> datetime:
        """When a device at this place is asked because of its age: never within the seven days."""
        latest = self.maximum_age - self.lead
        window = min(self.maximum_age * self.spread, latest - ATTESTATION_INTERVAL)
        # Whole seconds, as `at` has: at the time that a decision names, the next one asks.
        seconds = (latest - window * (place / PLACES)) // timedelta(seconds=1)
        return later(as_of, timedelta(seconds=seconds))

    def _patient_until(self, state: DeviceState) -> datetime:
        """The first second at which `given_up` ends the oldest pending command."""
        oldest = min(request.sent_at for request in state.pending)
        return later(later(oldest, self.patience), timedelta(seconds=1))

    def _due(self, state: DeviceState) -> datetime:
        """When a device that has been attested is asked next, if nothing changes before."""
        by_age = state.as_of and self._age_due(state.as_of, state.place)
        return min(due for due in (by_age, state.random_due) if due is not None)


def _waits(now: datetime, until: datetime, longest: timedelta) -> bool:
    """Whether it is still before `until`.

    A wait of more than twice the longest comes from clock skew, and is over.
    """
    return timedelta(0) < until - now and (until - now) / 2 <= longest


def _printable(text: str) -> str:
    """The text, escaped where it is not printable ASCII: not every store takes U+0000.

    Beyond ASCII, `isprintable` differs between interpreters, and would tell a change where there
    is none.
    """
    return text if text.isascii() and text.isprintable() else ascii(text)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
