"""What a schedule remembers of one device: an immutable value, which the caller stores as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from appleattest.arguments import BytesLike
from appleattest.freshness import UNCHECKED, Freshness, NoCheck
from appleattest.mdm.nonces import NONCE_BYTES, nonce_to_send
from appleattest.sealed import FrozenMapping
from appleattest.times import rfc3339, utc_seconds
from appleattest.wire import base64

STATE_SCHEMA: Final = 1
"""The version of what `DeviceState.to_dict` writes."""

PLACES: Final = 2**32
"""How many different values `DeviceState.place` has."""

_TIMES: Final = ("as_of", "made_by", "retry_at", "random_due")


class SentRequest(NamedTuple):
    """A command that asked for an attestation; `nonce` is None where none was sent.

    Its `repr` does not show the nonce.
    """

    command_uuid: str
    nonce: bytes | None
    sent_at: datetime

    def __repr__(self) -> str:
        return (
            f"SentRequest(command_uuid={self.command_uuid!r}, nonce={_hidden(self.nonce)}, "
            f"sent_at={self.sent_at!r})"
        )


class ExpectedAnswer(NamedTuple):
    """What the answer to one command may carry: `nonce` and `previous_nonces` of a validation.

    Its `repr`, and that of `previous_nonces`, shows no nonce.
    """

    command_uuid: str
    nonce: bytes | NoCheck
    previous_nonces: Mapping[bytes, datetime]

    def __repr__(self) -> str:
        return (
            f"ExpectedAnswer(command_uuid={self.command_uuid!r}, nonce={_hidden(self.nonce)}, "
            f"previous_nonces={self.previous_nonces!r})"
        )


class SentNonce(NamedTuple):
    """A nonce of a command that is no longer pending. A cached attestation may still answer it.

    Its `repr` does not show the nonce.
    """

    nonce: bytes
    sent_at: datetime

    def __repr__(self) -> str:
        return f"SentNonce(nonce={_hidden(self.nonce)}, sent_at={self.sent_at!r})"


class _NonceTimes(FrozenMapping[bytes, datetime]):
    """When each nonce was sent. The `repr` of a dictionary would show the nonces in a log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} nonces>"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """What is remembered of one device. `DeviceState()` is a device of which nothing is known.

    Its own methods and those of `AttestationSchedule` make the next state from this one. It holds
    nonces that are still to be answered: store it as you store other secrets of a device. `repr`
    shows none of them. Raises `ValueError` where only one of `as_of` and `freshness` is set, and
    for a `place` outside its range.
    """

    as_of: datetime | None = None
    """The earliest time at which the attestation that is known can have been made. Its age is
    counted from here."""
    freshness: Freshness | None = None
    """How that attestation answered. Only `CURRENT` and `EARLIER` earn trust."""
    made_by: datetime | None = None
    """The latest time at which the device can have made its last attestation: the seven days are
    counted from here."""
    reported: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the device said of itself when it was last attested."""
    pending: tuple[SentRequest, ...] = ()
    """Commands that have not been answered, oldest first."""
    nonces: tuple[SentNonce, ...] = ()
    """Nonces of earlier commands, oldest first."""
    failures: int = 0
    """Requests that failed since the last answer to a nonce that told something new."""
    retry_at: datetime | None = None
    """After a failure: not to be asked before this time."""
    lost: bool = False
    """Whether the device may have cached an attestation that never arrived."""
    distrusted: bool = False
    """Whether it sent what no honest device sends, since its last answer to a nonce."""
    random_due: datetime | None = None
    """When chance will have it asked, if nothing else does before."""
    place: int = 0
    """Where the device stands among the due dates of a fleet, from 0 (the latest) to 2**32 - 1.

    A hash of its attested key and of the nonce that was sent.
    """

    def __post_init__(self) -> None:
        if (self.as_of is None) is not (self.freshness is None):
            raise ValueError("as_of and freshness describe one attestation: set both or neither")
        if type(self.place) is not int or not 0 <= self.place < PLACES:
            raise ValueError("place is an int from 0 to 2**32 - 1")
        object.__setattr__(self, "reported", FrozenMapping(self.reported))

    @property
    def answered(self) -> bool:
        """Whether the attestation that is known answers a nonce that was sent to the device."""
        return answers_nonce(self.freshness)

    def request(self, command_uuid: str | None) -> SentRequest | None:
        """The pending request with this `CommandUUID`; None if there is none."""
        return next((each for each in self.pending if each.command_uuid == command_uuid), None)

    def expected(self, command_uuid: str | None) -> ExpectedAnswer | None:
        """What to validate the response with this `CommandUUID` against.

        None if no such command is pending: it is not ours, or it has been answered.
        """
        request = self.request(command_uuid)
        if request is None:
            return None
        others = without(self.pending, request)
        sent = (*self.nonces, *((each.nonce, each.sent_at) for each in others))
        previous = {nonce: sent_at for nonce, sent_at in sent if nonce is not None}
        nonce = UNCHECKED if request.nonce is None else request.nonce
        return ExpectedAnswer(request.command_uuid, nonce, _NonceTimes(previous))

    def asked(self, *, command_uuid: str, nonce: BytesLike | NoCheck, at: datetime) -> DeviceState:
        """The state in which this command is pending, with this nonce or `UNCHECKED`.

        Store it before you send the command. Otherwise an answer that comes in between, or a crash,
        makes an honest device one whose nonce nobody knows.

        Raises `ValueError` for a `command_uuid` that is pending already, and for a nonce that was
        sent before: with an old one the device returns the old attestation.
        """
        sent = nonce_to_send(nonce)
        now = utc_seconds(at)
        if not isinstance(command_uuid, str):
            raise TypeError(f"command_uuid is text, not {type(command_uuid).__name__}")
        if not command_uuid or self.request(command_uuid) is not None:
            raise ValueError("command_uuid is blank, or names a command that is pending")
        used = {each.nonce for each in self.nonces} | {each.nonce for each in self.pending}
        if sent is not None and sent in used:
            raise ValueError("this nonce has been sent before")
        return replace(self, pending=(*self.pending, SentRequest(command_uuid, sent, now)))

    def withdrawn(self, *, command_uuid: str) -> DeviceState:
        """The state as if the command had never been asked: for one that certainly was not queued.

        The nonce is forgotten. So where the command may have been queued (a timeout, a connection
        that broke, any answer but a clear refusal) leave it pending:
        `AttestationSchedule.given_up` ends it. Raises `ValueError` for a command that is not
        pending.
        """
        request = pending_request(self, command_uuid)
        return replace(self, pending=without(self.pending, request))

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON types: `"schema": 1`, nonces in base64, times in RFC 3339."""
        return {
            "schema": STATE_SCHEMA,
            **{name: rfc3339(getattr(self, name)) for name in _TIMES},
            "freshness": None if self.freshness is None else self.freshness.value,
            "reported": dict(self.reported),
            "pending": [
                {
                    "command_uuid": each.command_uuid,
                    "nonce": None if each.nonce is None else base64.encode(each.nonce),
                    "sent_at": rfc3339(each.sent_at),
                }
                for each in self.pending
            ],
            "nonces": [
                {"nonce": base64.encode(each.nonce), "sent_at": rfc3339(each.sent_at)}
                for each in self.nonces
            ],
            "failures": self.failures,
            "lost": self.lost,
            "distrusted": self.distrusted,
            "place": self.place,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], /) -> DeviceState:
        """The state that `to_dict` wrote. `ValueError` for anything else, of any schema but 1."""
        try:
            state = _read(stored)
            if state.to_dict() != stored:
                raise ValueError("what was read is written in another way")
            return state
        except Exception:  # noqa: BLE001 - whatever is wrong, it is no record of ours
            raise ValueError("not what DeviceState.to_dict() wrote") from None


def _read(stored: Mapping[str, Any]) -> DeviceState:
    if type(stored["schema"]) is not int or stored["schema"] != STATE_SCHEMA:
        raise ValueError("another schema")
    failures, freshness = stored["failures"], stored["freshness"]
    if type(failures) is not int or failures < 0:
        raise ValueError("failures is a count")
    return DeviceState(
        **{name: None if stored[name] is None else _time(stored[name]) for name in _TIMES},
        freshness=None if freshness is None else Freshness(freshness),
        reported={_text(key): _text(value) for key, value in stored["reported"].items()},
        pending=tuple(
            SentRequest(
                _text(each["command_uuid"]),
                None if each["nonce"] is None else _nonce(each["nonce"]),
                _time(each["sent_at"]),
            )
            for each in stored["pending"]
        ),
        nonces=tuple(
            SentNonce(_nonce(each["nonce"]), _time(each["sent_at"])) for each in stored["nonces"]
        ),
        failures=failures,
        lost=_flag(stored["lost"]),
        distrusted=_flag(stored["distrusted"]),
        place=stored["place"],
    )


def _hidden(nonce: bytes | NoCheck | None) -> str:
    """What a `repr` shows of a nonce: how long it is, or that there is none."""
    return repr(nonce) if nonce is None or nonce is UNCHECKED else f"<{len(nonce)} bytes>"


def _time(text: object) -> datetime:
    return utc_seconds(datetime.fromisoformat(_text(text)))


def _nonce(text: object) -> bytes:
    nonce = nonce_to_send(base64.decode(_text(text), NONCE_BYTES))
    assert nonce is not None  # noqa: S101 - only UNCHECKED is no nonce
    return nonce


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")
    return value


def answers_nonce(freshness: Freshness | None) -> bool:
    """Whether an attestation of this freshness answers a nonce that was sent to the device."""
    return freshness is Freshness.CURRENT or freshness is Freshness.EARLIER


def pending_request(state: DeviceState, command_uuid: str) -> SentRequest:
    """The pending request with this `CommandUUID`; `ValueError` if there is none."""
    request = state.request(command_uuid)
    if request is None:
        raise ValueError("no such command is pending: it is not ours, or has been answered")
    return request


def without(pending: tuple[SentRequest, ...], request: SentRequest) -> tuple[SentRequest, ...]:
    """The pending requests but this one."""
    return tuple(each for each in pending if each is not request)


def checked_time(state: object, at: datetime) -> datetime:
    """`at` in UTC and whole seconds. `TypeError` unless `state` is a `DeviceState`."""
    if not isinstance(state, DeviceState):
        raise TypeError(f"a state is a DeviceState, not {type(state).__name__}")
    return utc_seconds(at)


def later(time: datetime, delay: timedelta) -> datetime:
    """The time after the delay, or the last that a `datetime` can hold."""
    try:
        return time + delay
    except OverflowError:
        return datetime.max.replace(tzinfo=time.tzinfo, microsecond=0)
