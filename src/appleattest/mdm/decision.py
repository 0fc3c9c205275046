"""What a schedule decides, and how far it trusts a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NoReturn

from appleattest.freshness import UNCHECKED, NoCheck
from appleattest.mdm.nonces import new_nonce
from appleattest.times import rfc3339


class AskReason(StrEnum):
    """Why a device is asked, or is not."""

    NEVER_ATTESTED = "never-attested"
    DISTRUSTED = "distrusted"
    """It sent what no honest device sends. Only the answer to a nonce ends that."""
    UNMATCHED = "unmatched"
    """It is known only by an attestation that answers no nonce of ours: perhaps a replay."""
    OS_CHANGED = "os-changed"
    POSTURE_CHANGED = "posture-changed"
    AGE = "age"
    """What is known would otherwise grow older than the schedule allows."""
    RANDOM = "random"
    RECOVER = "recover"
    """It may have cached an attestation that never arrived: ask for that, without a nonce."""
    NOTHING_NEW = "nothing-new"
    PENDING = "pending"
    """It was asked and has not answered. A second command would bring the same attestation."""
    SEVEN_DAYS = "seven-days"
    """It would return the attestation that it has."""
    BACKOFF = "backoff"
    """It failed, or told nothing new, not long ago."""


class Trust(IntEnum):
    """How far what is known of a device may be relied on; a higher level is more.

    Compare levels: `trust >= Trust.REDUCED`. `bool(trust)` is a `TypeError`: it would call `LOW`
    good.
    """

    NONE = 0
    LOW = 1
    REDUCED = 2
    FULL = 3

    def __bool__(self) -> NoReturn:
        raise TypeError("a Trust is neither true nor false: compare it with another, by >=")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to ask the device now, and why. Look at `ask`: `bool(decision)` is a `TypeError`."""

    ask: bool
    with_nonce: bool
    """Whether to send a new nonce; if not, the command goes out with `UNCHECKED`."""
    reason: AskReason
    wanted: AskReason | None = None
    """Why it would be asked, where `reason` says why not, or why without a nonce."""
    again_at: datetime | None = None
    """When to decide again, unless the device answers or reports a change before. None where it
    is asked now."""

    def __bool__(self) -> NoReturn:
        raise TypeError("a Decision is neither true nor false: look at its 'ask'")

    def nonce(self) -> bytes | NoCheck:
        """What to send: 32 random bytes, or `UNCHECKED` where it is asked without a nonce.

        Call it once for a command. Give the result to `DeviceState.asked` and to
        `device_information_command`; the next call draws other bytes. Raises `ValueError` where
        the device is not to be asked.
        """
        if not self.ask:
            raise ValueError("nothing is to be sent: this decision is not to ask")
        return new_nonce() if self.with_nonce else UNCHECKED

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON types, for a log; the time in RFC 3339. It holds no nonce."""
        return {
            "ask": self.ask,
            "with_nonce": self.with_nonce,
            "reason": self.reason.value,
            "wanted": None if self.wanted is None else self.wanted.value,
            "again_at": rfc3339(self.again_at),
        }
