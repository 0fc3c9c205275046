"""When to ask a device for an attestation, and whether for a new one.

A device makes at most one attestation in seven days and returns that one in between, whatever the
nonce. So Apple's advice (WWDC22, "Discover Managed Device Attestation") is to watch other
properties for change and only then to ask for a new one, to add a random request now and then, and
to let failures lower the trust in a device instead of acting on them at once.

Everything here is a function of its arguments: what is remembered is a `DeviceState`, the time is
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
from appleattest.mdm.decision import Decision, Trust, Why
from appleattest.mdm.device_state import DeviceState, after, checked
from appleattest.mdm.transitions import (
    ATTESTATION_INTERVAL,
    Learned,
    learn,
    learned_from,
    lose,
    refuse,
)

OS_QUERIES: Final = (
    "OSVersion",
    "BuildVersion",
    "SupplementalOSVersionExtra",
    "SupplementalBuildVersion",
)
"""What changes with the operating system."""
POSTURE_QUERIES: Final = ("SystemIntegrityProtectionEnabled",)
"""What else of the ordinary answers to `DeviceInformation` is worth a new attestation."""

_LONGEST_VALUE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationSchedule:
    """How old knowledge may grow, and how often a device is asked beside that.

    `maximum_age`: what is known of a device that answers is never older. `lead`: how long before
    that it is asked, which is the longest that a device may take to answer and to be asked again.
    `random_share`: the share of the devices that chance picks each day, of those that made their
    attestation seven days ago or more. So of the whole fleet it is less: a share s asks one device
    in 7 - 1 / ln(1 - s) each day, which is 0.9% for 0.01 and 8.7% for 0.2. After a failure a device
    is asked again in `backoff`, then in twice that, and so on up to `longest_backoff`, and each
    `failures_per_step` failures lower trust by one step. `patience`: how long an answer is waited
    for before `given_up` gives it up. `watched` are the queries whose answers are compared.

    Raises `ValueError` where the seven days make that impossible: `maximum_age` is at least seven
    days and twice the `lead`; and for a `patience` of less than the `lead`, in which a device may
    still answer.
    """

    maximum_age: timedelta = timedelta(days=30)
    lead: timedelta = timedelta(days=3)
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
                raise ValueError(f"{name} is longer than no time")
        if (self.maximum_age - ATTESTATION_INTERVAL) / 2 < self.lead:
            raise ValueError("maximum_age is at least seven days and twice the lead")
        if self.longest_backoff < self.backoff:
            raise ValueError("longest_backoff is at least backoff")
        if self.patience < self.lead:
            raise ValueError("patience is at least the lead, in which a device may answer")
        if not _is_share(self.random_share):
            raise ValueError("random_share is a number from 0 to below 1, of the fleet each day")
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
        """Whether to ask the device now.

        `reported` is what it has said of itself since (the `query_responses` of an ordinary
        `DeviceInformation` response, say); what it leaves out has not changed.
        """
        now = checked(state, at)
        if state.pending:
            return Decision(False, False, Why.PENDING)
        wish = self._wish(state, now, self.watch(reported or {}))
        if wish is None:
            return Decision(False, False, Why.NOTHING_NEW, again_at=self._due(state))
        if state.retry_at is not None and _waits(now, state.retry_at, self.longest_backoff):
            return Decision(False, False, Why.BACKOFF, wish, state.retry_at)
        allowed_at = state.made_by and after(state.made_by, ATTESTATION_INTERVAL)
        if allowed_at is None or not _waits(now, allowed_at, ATTESTATION_INTERVAL):
            return Decision(True, True, wish)
        if state.lost:
            return Decision(True, False, Why.RECOVER, wish)
        return Decision(False, False, Why.SEVEN_DAYS, wish, allowed_at)

    def trust(self, state: DeviceState, *, at: datetime) -> Trust:
        """How far what is known of the device may be relied on at that time.

        `NONE` for a device that was never attested, or that sent a forgery, another device's
        chain or another key, until it is attested again. Else failures lower it step by step to
        `LOW`, and so does age: one step for every `maximum_age` gone by, down to `NONE`.
        """
        now = checked(state, at)
        if state.as_of is None or state.distrusted:
            return Trust.NONE
        by_failures = Trust.FULL - state.failures // self.failures_per_step
        # A clock that was wrong may have put it into the future: the farther, the more doubtful.
        age = abs(now - state.as_of)
        # Its own age is no reason yet to doubt knowledge: what is a second older is.
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
        came. `randomness` is a number from 0 to below 1 that the caller draws (`random.random()`),
        and says when chance will have the device asked again. Raises `ValueError` for a command
        that is not pending: each is answered once.
        """
        now = checked(state, at)
        if not isinstance(attestation, Attestation):
            raise TypeError(f"an attestation was expected, not {type(attestation).__name__}")
        if not _is_share(randomness):
            raise ValueError("randomness is a number from 0 to below 1")
        learned = learned_from(attestation, state, command_uuid, now)
        random_due = self._random_due(now, randomness)
        said = self.watch(reported or {})
        return self._known(learn(state, learned, now, said, random_due), learned, now)

    def failed(
        self, state: DeviceState, error: AttestationError, *, command_uuid: str, at: datetime
    ) -> DeviceState:
        """The state after the device answered a command with no attestation of use.

        `error` is what `validate_response` raised. A `FreshnessMismatch` with an attestation that
        says something new is no failure: it is genuine and made for no request that is known. A
        device that is busy (`NotNow`) has not answered yet: record nothing. A `PolicyViolation` is
        a `TypeError`: behind it is an attestation, which belongs to `attested`.
        """
        now = checked(state, at)
        if not isinstance(error, AttestationError):
            raise TypeError(f"an AttestationError was expected, not {type(error).__name__}")
        if isinstance(error, PolicyViolation):
            raise TypeError("a policy is about an attestation that has been verified")
        stale = error.attestation if isinstance(error, FreshnessMismatch) else None
        if stale is not None:
            learned = learned_from(stale, state, command_uuid, now)
            return self._known(learn(state, learned, now, {}, state.random_due), learned, now)
        return self._backed_off(refuse(state, error, command_uuid, now), now)

    def withdrawn(self, state: DeviceState, *, command_uuid: str, at: datetime) -> DeviceState:
        """The state after the command was taken back, or its answer was lost.

        The device may have answered it all the same, so for seven days it is asked for what it
        has cached before it is asked for anything new.
        """
        return lose(state, command_uuid, checked(state, at))

    def given_up(self, state: DeviceState, *, at: datetime) -> DeviceState:
        """The state without the commands that have been pending for longer than `patience`.

        Each is `withdrawn`, also one that a clock that was wrong sent as far in the future. The
        same state if there is none.
        """
        now = checked(state, at)
        for request in state.pending:
            if abs(now - request.sent_at) > self.patience:
                state = lose(state, request.command_uuid, now)
        return state

    def watch(self, reported: Mapping[str, Any]) -> dict[str, str]:
        """What of this a change is looked for in, as printable text; nested values are left out."""
        if not isinstance(reported, Mapping):
            raise TypeError(f"what a device reports is a mapping, not {type(reported).__name__}")
        return {
            key: _printable(str(value)[:_LONGEST_VALUE])
            for key, value in reported.items()
            if key in self.watched and isinstance(value, str | int)
        }

    def _known(self, state: DeviceState, learned: Learned, now: datetime) -> DeviceState:
        """An old attestation where a new one was due is a failure: else replaying it would pay."""
        if learned.useful:
            return state
        return self._backed_off(state, now) if learned.was_free else self._postponed(state, now)

    def _backed_off(self, state: DeviceState, now: datetime) -> DeviceState:
        """One failure more, and a longer wait."""
        failures = state.failures + 1
        times = 2 ** min(failures - 1, 20)
        longest = times >= self.longest_backoff / self.backoff
        delay = self.longest_backoff if longest else self.backoff * times
        return replace(state, failures=failures, retry_at=after(now, delay))

    def _postponed(self, state: DeviceState, now: datetime) -> DeviceState:
        """No failure, but nothing learned: not again at once."""
        return replace(state, retry_at=after(now, self.backoff))

    def _random_due(self, now: datetime, randomness: float) -> datetime | None:
        """When a memoryless draw of `random_share` a day falls due, once seven days are over."""
        if not self.random_share:
            return None
        days = math.log1p(-randomness) / math.log1p(-self.random_share)
        return after(now, ATTESTATION_INTERVAL + timedelta(seconds=int(min(days, 36_500) * 86_400)))

    def _wish(self, state: DeviceState, now: datetime, reported: dict[str, str]) -> Why | None:
        if state.as_of is None:
            return Why.NEVER_ATTESTED
        changed = {
            key for key, value in reported.items() if state.reported.get(key, value) != value
        }
        if changed & {*OS_QUERIES}:
            return Why.OS_CHANGED
        if changed:
            return Why.POSTURE_CHANGED
        # What a clock that was wrong put into the future is of no age that is known.
        if now >= self._age_due(state.as_of) or now < state.as_of:
            return Why.AGE
        if state.random_due is not None and now >= state.random_due:
            return Why.RANDOM
        return None

    def _age_due(self, as_of: datetime) -> datetime:
        return after(as_of, self.maximum_age - self.lead)

    def _due(self, state: DeviceState) -> datetime:
        """When a device that has been attested is asked next, if nothing changes before."""
        by_age = state.as_of and self._age_due(state.as_of)
        return min(due for due in (by_age, state.random_due) if due is not None)


def _waits(now: datetime, until: datetime, longest: timedelta) -> bool:
    """Whether it is still before `until`.

    A wait of more than twice the longest was begun by a clock that was wrong, and is over.
    """
    return timedelta(0) < until - now and (until - now) / 2 <= longest


def _printable(text: str) -> str:
    """The text, escaped where it is not printable: not every store takes U+0000."""
    return text if text.isprintable() else ascii(text)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
