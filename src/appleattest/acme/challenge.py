"""The challenge as an object of the server's: a value, which its owner stores and replaces."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from appleattest.acme.tokens import new_token
from appleattest.arguments import checked_token
from appleattest.errors import AttestationError
from appleattest.sealed import FrozenMapping
from appleattest.times import rfc3339, utc_seconds

CHALLENGE_TYPE: Final = "device-attest-01"


class ChallengeStatus(StrEnum):
    """The states of a challenge (RFC 8555, section 7.1.6)."""

    PENDING = "pending"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"


_OPEN: Final = (ChallengeStatus.PENDING, ChallengeStatus.PROCESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One `device-attest-01` challenge (RFC 8555, section 8; draft, section 5).

    Immutable: each step of its life gives another one, and a step that RFC 8555, section 7.1.6,
    does not know is a `ValueError`. `token` holds at least 128 bits; `validated` is there if and
    only if the status is `valid`, `error` (a problem document) only if it is `invalid`.
    """

    url: str
    token: str = field(repr=False)
    status: ChallengeStatus = ChallengeStatus.PENDING
    validated: datetime | None = None
    error: Mapping[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.url, str):
            raise TypeError(f"a challenge's url is text, not {type(self.url).__name__}")
        if not self.url:
            raise ValueError("a challenge has a url")
        object.__setattr__(self, "token", checked_token(self.token))
        object.__setattr__(self, "status", ChallengeStatus(self.status))
        if (self.validated is not None) != (self.status is ChallengeStatus.VALID):
            raise ValueError("a challenge has the time of its validation when it is valid")
        if self.validated is not None:
            object.__setattr__(self, "validated", utc_seconds(self.validated))
        if self.error is not None:
            if self.status is not ChallengeStatus.INVALID:
                raise ValueError("a challenge has an error only when it is invalid")
            object.__setattr__(self, "error", _problem(self.error))

    @classmethod
    def new(cls, url: str) -> Challenge:
        """A pending challenge at `url`, with a token of its own."""
        return cls(url=url, token=new_token())

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Challenge:
        """The challenge that `to_dict` gave, from where its owner keeps it.

        It is the server's own and not a client's: anything else is a `TypeError` or `ValueError`.
        """
        if not isinstance(stored, Mapping):
            raise TypeError(f"a stored challenge is a mapping, not {type(stored).__name__}")
        members = dict(stored)
        if members.pop("type", None) != CHALLENGE_TYPE:
            raise ValueError(f"not a {CHALLENGE_TYPE} challenge")
        if "status" not in members:
            raise ValueError("a stored challenge has a status: without one, it would begin again")
        if members.get("validated") is not None:
            members["validated"] = datetime.fromisoformat(members["validated"])
        return cls(**members)

    def processing(self) -> Challenge:
        """The challenge when a response has come and has not been judged yet."""
        if self.status is not ChallengeStatus.PENDING:
            raise ValueError(f"a {self.status} challenge does not begin to be processed")
        return replace(self, status=ChallengeStatus.PROCESSING)

    def valid(self, at: datetime) -> Challenge:
        """The challenge when its response has been validated, `at` that time (aware)."""
        self._require_open()
        return replace(self, status=ChallengeStatus.VALID, validated=at)

    def invalid(
        self, error: AttestationError | Mapping[str, Any], *, disclose: bool = False
    ) -> Challenge:
        """The challenge when its response has been refused, for ever.

        `error` is what `validate_challenge` raised, or a problem document; `disclose` is that of
        `AttestationError.problem`.
        """
        self._require_open()
        problem = error.problem(disclose=disclose) if isinstance(error, AttestationError) else error
        return replace(self, status=ChallengeStatus.INVALID, error=problem)

    def to_dict(self) -> dict[str, Any]:
        """The challenge object of RFC 8555, section 8, as JSON types."""
        challenge: dict[str, Any] = {
            "type": CHALLENGE_TYPE,
            "url": self.url,
            "token": self.token,
            "status": self.status.value,
        }
        if self.validated is not None:
            challenge["validated"] = rfc3339(self.validated)
        if self.error is not None:
            challenge["error"] = deepcopy(dict(self.error))
        return challenge

    def _require_open(self) -> None:
        if self.status not in _OPEN:
            raise ValueError(f"a challenge that is {self.status} stays so")


def _problem(error: object) -> Mapping[str, Any]:
    """A copy of a problem document that nobody changes."""
    if not isinstance(error, Mapping):
        raise TypeError(f"a problem document is a mapping, not {type(error).__name__}")
    try:
        return FrozenMapping(deepcopy(dict(error)))
    except RecursionError:
        raise ValueError("a problem document that is nested too deeply to be copied") from None
