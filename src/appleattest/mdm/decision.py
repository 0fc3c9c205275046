"""What a schedule decides, and how far it trusts a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Why(StrEnum):
    """Why a device is asked, or is not."""

    NEVER_ATTESTED = "never-attested"
    OS_CHANGED = "os-changed"
    POSTURE_CHANGED = "posture-changed"
    AGE = "age"
    """What is known would else grow older than the schedule allows."""
    RANDOM = "random"
    RECOVER = "recover"
    """It may have cached an attestation that never arrived: ask for that, without a nonce."""
    NOTHING_NEW = "nothing-new"
    PENDING = "pending"
    """It has been asked and has not answered; another command would bring the same attestation."""
    SEVEN_DAYS = "seven-days"
    """It would return the attestation that it has."""
    BACKOFF = "backoff"
    """It failed not long ago."""


class Trust(IntEnum):
    """How far what is known of a device may be relied on; more is more."""

    NONE = 0
    LOW = 1
    REDUCED = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to ask now. True where it is."""

    ask: bool
    with_nonce: bool
    """Whether with a new nonce (`new_nonce()`); else with `UNCHECKED`."""
    why: Why
    wish: Why | None = None
    """What it would be asked for, where something stands against it."""
    again_at: datetime | None = None
    """When to decide again, unless the device reports a change before; None: when it answers."""

    def __bool__(self) -> bool:
        return self.ask
