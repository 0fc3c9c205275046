"""What holds for every row of a batch: whom to believe, what may be left unchecked, the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from appleattest.arguments import checked_limits
from appleattest.limits import Limits
from appleattest.policy import Policy
from appleattest.sealed import Immutable, OwnCopy
from appleattest.signatures import Engine, Signatures
from appleattest.text import type_name
from appleattest.times import utc_seconds
from appleattest.trust import TrustStore
from appleattest.verifier import Verifier

_MOST_VERIFIERS: Final = 8
"""Verifiers that a process keeps: one for each trust store, limits and signatures."""


class _Parts(NamedTuple):
    """What a verifier is made of."""

    trust: TrustStore
    limits: Limits
    signatures: Signatures


class Settings(OwnCopy, Immutable):
    """What every row of a batch is judged by. Immutable, hashable, and made to be pickled.

    `trust` (by default Apple's root alone), `limits` and `signatures` are those of `Verifier`.
    `policy` is applied to every verified row and changes no verdict. `at` is as of when rows are
    judged that do not say it; None is the present.

    A row that names no freshness is invalid, and so is a row of `mdm` or `acme` that names no
    device. `unchecked` lets a row without nonce, token or freshness pass unchecked, and
    `any_device` a row that names no device. What a row does name is always checked; only
    `previous_nonces` without a nonce refuse nothing, and tell a cached attestation.

    Two are equal by value, and each process makes one verifier for all that are. Raises `TypeError`
    or `ValueError` for an argument that is not as described.
    """

    __slots__ = (
        "any_device",
        "at",
        "limits",
        "policy",
        "signatures",
        "trust",
        "unchecked",
        "verifier",
    )
    trust: TrustStore
    limits: Limits
    policy: Policy | None
    signatures: Signatures
    at: datetime | None
    unchecked: bool
    any_device: bool
    verifier: Verifier

    def __init__(
        self,
        *,
        trust: TrustStore | None = None,
        limits: Limits | None = None,
        policy: Policy | None = None,
        signatures: Signatures | None = None,
        at: datetime | None = None,
        unchecked: bool = False,
        any_device: bool = False,
    ) -> None:
        trust = TrustStore.apple() if trust is None else trust
        if not isinstance(trust, TrustStore):
            raise TypeError(f"trust is a TrustStore, not {type(trust).__name__}")
        if not (policy is None or isinstance(policy, Policy)):
            raise TypeError(f"policy is a Policy or None, not {type(policy).__name__}")
        for name, value in (("unchecked", unchecked), ("any_device", any_device)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} is True or False, not {type(value).__name__}")
        limits = checked_limits(limits)
        signatures = Engine() if signatures is None else _hashable(signatures)
        self._fill(
            trust=trust,
            limits=limits,
            policy=policy,
            signatures=signatures,
            at=None if at is None else utc_seconds(at),
            unchecked=unchecked,
            any_device=any_device,
            verifier=_verifier(_Parts(trust, limits, signatures)),
        )

    def _values(self) -> dict[str, Any]:
        """What the constructor takes; all but the verifier, which each process makes."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "verifier"}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Settings):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(tuple(self._values().values()))

    def __reduce__(self) -> tuple[Callable[[], Settings], tuple[()]]:
        return partial(Settings, **self._values()), ()

    def __repr__(self) -> str:
        return (
            f"<Settings {self.trust!r}, policy={self.policy!r}, at={self.at}, "
            f"unchecked={self.unchecked}, any_device={self.any_device}>"
        )


def _hashable(signatures: Signatures) -> Signatures:
    try:
        hash(signatures)
    except TypeError:
        raise TypeError(
            f"signatures is an object with a hash, which {type_name(signatures)} has not"
        ) from None
    return signatures


def verifier_for(settings: Settings) -> Verifier:
    """The verifier of this process for these settings; the same one for equal settings."""
    return settings.verifier


@lru_cache(maxsize=_MOST_VERIFIERS)
def _verifier(parts: _Parts) -> Verifier:
    return Verifier(trust=parts.trust, limits=parts.limits, signatures=parts.signatures)


def checked_settings(settings: Settings | None) -> Settings:
    """The settings that were given, or `Settings()` for None. Raises `TypeError` for others."""
    if not (settings is None or isinstance(settings, Settings)):
        raise TypeError(f"settings is a Settings, not {type(settings).__name__}")
    return Settings() if settings is None else settings
