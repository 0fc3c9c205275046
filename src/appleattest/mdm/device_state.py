"""What a schedule remembers of one device: a value, to be stored by the caller as JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from appleattest.arguments import BytesLike
from appleattest.freshness import UNCHECKED, NoCheck
from appleattest.mdm.nonces import nonce_to_send
from appleattest.times import utc_seconds

STATE_SCHEMA: Final = 1
"""The version of what `DeviceState.to_dict` writes."""

_TIMES: Final = ("as_of", "made_by", "retry_at", "random_due")


class SentRequest(NamedTuple):
    """A command that asked for an attestation; `nonce` is None where none was sent."""

    command_uuid: str
    nonce: bytes | None
    sent_at: datetime


class ExpectedAnswer(NamedTuple):
    """What the answer to one command may carry: `nonce` and `previous_nonces` of a validation."""

    command_uuid: str
    nonce: bytes | NoCheck
    previous_nonces: Mapping[bytes, datetime]


class SentNonce(NamedTuple):
    """A nonce of a request that is over. A cached attestation may still answer it."""

    nonce: bytes
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """What is remembered of one device. `DeviceState()` is one of which nothing is known.

    An `AttestationSchedule` makes the next state from this one; nothing else need. It holds
    nonces that are still to be answered: store it as you store other secrets of a device.
    """

    as_of: datetime | None = None
    """The newest attestation was made no earlier: from here the age of knowledge is counted."""
    made_by: datetime | None = None
    """The device's last attestation was made no later: from here the seven days are counted."""
    reported: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the device said of itself when it was last attested."""
    pending: tuple[SentRequest, ...] = ()
    """Commands that have not been answered, oldest first."""
    nonces: tuple[SentNonce, ...] = ()
    """Nonces of earlier commands, oldest first."""
    failures: int = 0
    """Requests without an attestation since the last one that brought one."""
    retry_at: datetime | None = None
    lost: bool = False
    """Whether the device may have cached an attestation that never arrived."""
    distrusted: bool = False
    """Whether it sent what no honest device sends, since the last genuine attestation."""
    random_due: datetime | None = None
    """When chance will have it asked, if nothing else does before."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reported", MappingProxyType(dict(self.reported)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made of the fields: a read-only view can be neither."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _made_of, ({**values, "reported": dict(self.reported)},)

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
        others = (each for each in self.pending if each is not request)
        previous = {
            nonce: sent_at
            for nonce, sent_at in (*self.nonces, *((each.nonce, each.sent_at) for each in others))
            if nonce is not None
        }
        nonce = UNCHECKED if request.nonce is None else request.nonce
        return ExpectedAnswer(request.command_uuid, nonce, previous)

    def asked(self, *, command_uuid: str, nonce: BytesLike | NoCheck, at: datetime) -> DeviceState:
        """The state after this command was queued, with this nonce or `UNCHECKED`.

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
        request = SentRequest(command_uuid, sent, now)
        lost = self.lost and sent is not None
        return replace(self, pending=(*self.pending, request), lost=lost)

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON types: `"schema": 1`, nonces in base64, times in RFC 3339."""
        return {
            "schema": STATE_SCHEMA,
            **{name: _written(getattr(self, name)) for name in _TIMES},
            "reported": dict(self.reported),
            "pending": [
                {
                    "command_uuid": each.command_uuid,
                    "nonce": None if each.nonce is None else b64encode(each.nonce).decode("ascii"),
                    "sent_at": _written(each.sent_at),
                }
                for each in self.pending
            ],
            "nonces": [
                {
                    "nonce": b64encode(each.nonce).decode("ascii"),
                    "sent_at": _written(each.sent_at),
                }
                for each in self.nonces
            ],
            "failures": self.failures,
            "lost": self.lost,
            "distrusted": self.distrusted,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], /) -> DeviceState:
        """The state that `to_dict` wrote. `ValueError` for anything else, of any schema but 1."""
        try:
            state = _read(stored)
            if state.to_dict() != stored:
                raise ValueError("read as something else than was written")
            return state
        except Exception:  # noqa: BLE001 - whatever is wrong, it is no record of ours
            raise ValueError("not what DeviceState.to_dict() wrote") from None


def _made_of(values: Mapping[str, Any]) -> DeviceState:
    return DeviceState(**values)


def _read(stored: Mapping[str, Any]) -> DeviceState:
    if type(stored["schema"]) is not int or stored["schema"] != STATE_SCHEMA:
        raise ValueError("another schema")
    failures = stored["failures"]
    if type(failures) is not int or failures < 0:
        raise ValueError("failures is a count")
    return DeviceState(
        **{name: _time(stored[name]) for name in _TIMES},
        reported={_text(key): _text(value) for key, value in stored["reported"].items()},
        pending=tuple(
            SentRequest(
                _text(each["command_uuid"]),
                None if each["nonce"] is None else _nonce(each["nonce"]),
                _moment(each["sent_at"]),
            )
            for each in stored["pending"]
        ),
        nonces=tuple(
            SentNonce(_nonce(each["nonce"]), _moment(each["sent_at"])) for each in stored["nonces"]
        ),
        failures=failures,
        lost=_flag(stored["lost"]),
        distrusted=_flag(stored["distrusted"]),
    )


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")


def _time(text: object) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: object) -> datetime:
    return utc_seconds(datetime.fromisoformat(_text(text)))


def _nonce(text: object) -> bytes:
    nonce = nonce_to_send(b64decode(_text(text)))
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


def checked(state: object, at: datetime) -> datetime:
    """`at` in UTC and whole seconds. `TypeError` unless `state` is a `DeviceState`."""
    if not isinstance(state, DeviceState):
        raise TypeError(f"a state is a DeviceState, not {type(state).__name__}")
    return utc_seconds(at)


def after(time: datetime, delay: timedelta) -> datetime:
    """The time after the delay, or the last that there is."""
    try:
        return time + delay
    except OverflowError:
        return datetime.max.replace(tzinfo=time.tzinfo, microsecond=0)
