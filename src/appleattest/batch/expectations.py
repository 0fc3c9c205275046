"""What a row expects of its attestation, taken out of its columns and checked.

A row that is wrong is the caller's mistake: `TypeError` or `ValueError`, whose text begins with the
name of the column and holds no value of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from appleattest.acme import HardwareModuleName, PermanentIdentifier
from appleattest.acme.order_identifiers import ordered_identifier
from appleattest.arguments import (
    BytesLike,
    checked_nonce,
    checked_octets,
    checked_token,
    copied_octets,
)
from appleattest.batch.row import Row
from appleattest.batch.settings import Settings
from appleattest.freshness import UNCHECKED, ExpectedFreshness, NoCheck, exactly
from appleattest.mdm import KnownDevice
from appleattest.text import is_writable, plain, type_name
from appleattest.times import utc_seconds

_DEVICE: Final = ("serial_number", "provisioning_udid", "udid", "spki")
COLUMNS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "mdm": ("nonce", "previous_nonces", *_DEVICE),
    "acme": ("token", "identifier"),
    "chain": ("freshness",),
}
"""The columns that are for one carrier alone, by that carrier."""
_OTHERS: Final = {
    carrier: tuple(
        name for other, names in COLUMNS_OF.items() if other != carrier for name in names
    )
    for carrier in COLUMNS_OF
}


def checked_carrier(row: Row) -> str:
    """The row's carrier, for which all of its columns are."""
    carrier = row.carrier
    if type(carrier) is not str or carrier not in COLUMNS_OF:
        raise ValueError('carrier is "mdm", "acme" or "chain"')
    for name in _OTHERS[carrier]:
        if not _is_absent(getattr(row, name)):
            raise ValueError(f"{name} is no column for the carrier {carrier}: leave it null")
    return carrier


def checked_id(row: Row) -> str | None:
    """The row's id: text that can be written in UTF-8, or None."""
    id_ = row.id
    if not (id_ is None or type(id_) is str):
        raise TypeError(f"id is text, not {type_name(id_)}")
    if id_ is not None and not is_writable(id_):
        raise ValueError("id has a lone surrogate, which is no character")
    return id_


def checked_attestation(row: Row) -> bytes:
    """What the device sent, as bytes; none at all is for the verifier to refuse."""
    given: object = row.attestation
    if type(given) is bytes:
        return given
    if isinstance(given, str):
        return plain(given).encode("utf-8", "surrogatepass")
    if not isinstance(given, BytesLike):
        raise TypeError(f"attestation is bytes or text, not {type_name(given)}")
    return copied_octets(given, "attestation")


def time_of(row: Row, settings: Settings) -> datetime | None:
    """As of when to judge, in UTC and whole seconds; None is the present."""
    return settings.at if row.at is None else utc_seconds(row.at)


def nonce_of(row: Row, settings: Settings) -> bytes | NoCheck:
    """The nonce of this command."""
    if row.nonce is None:
        return _unchecked("nonce", settings)
    return checked_nonce(row.nonce)


def previous_nonces_of(row: Row) -> Mapping[bytes, datetime | None]:
    """The nonces of earlier commands, and when each was sent, where that is known."""
    given = row.previous_nonces
    if given is None:
        return {}
    name = "previous_nonces"
    if isinstance(given, str | BytesLike | Mapping) or not isinstance(given, Sequence):
        raise TypeError(f"{name} is several nonces, not {type_name(given)}")
    return dict(map(_previous_nonce, given))


def device_of(row: Row, settings: Settings) -> KnownDevice | NoCheck:
    """What is known of the device of an `mdm` row."""
    known: dict[str, Any] = {
        name: value for name in _DEVICE if (value := getattr(row, name)) is not None
    }
    if known:
        return KnownDevice(**known)
    return _any_device("serial_number, provisioning_udid, udid or spki", settings)


def token_of(row: Row, settings: Settings) -> str | NoCheck:
    """The token of the challenge."""
    return _unchecked("token", settings) if row.token is None else checked_token(row.token)


def identifier_of(row: Row, settings: Settings) -> PermanentIdentifier | HardwareModuleName | None:
    """The identifier of the order; None where any device may answer."""
    if row.identifier is None:
        _any_device("identifier", settings)
        return None
    if row.token is None:
        raise ValueError("identifier needs the token of the challenge")
    if not isinstance(row.identifier, str):
        raise TypeError(f"identifier is text, not {type_name(row.identifier)}")
    try:
        return ordered_identifier(row.identifier)
    except ValueError:
        raise ValueError("identifier is not one that an order can hold") from None


def freshness_of(row: Row, settings: Settings) -> ExpectedFreshness | NoCheck:
    """The freshness code that the leaf must carry."""
    if row.freshness is None:
        return _unchecked("freshness", settings)
    return exactly(checked_octets(row.freshness, "freshness"))


def _previous_nonce(item: object) -> tuple[bytes, datetime | None]:
    """One earlier nonce: a pair with its time, a mapping, or the nonce alone."""
    name = "previous_nonces"
    if isinstance(item, BytesLike):
        return checked_nonce(item, name), None
    pair = (item.get("nonce"), item.get("sent_at")) if isinstance(item, Mapping) else item
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f"{name} holds pairs of a nonce and its time, not {type_name(item)}")
    nonce, sent_at = pair
    sent = None if sent_at is None else utc_seconds(sent_at, f"{name}: sent_at")
    return checked_nonce(nonce, name), sent


def _is_absent(value: object) -> bool:
    """Whether a column is null, or a list without an item."""
    return value is None or (isinstance(value, list | tuple) and not value)


def _unchecked(column: str, settings: Settings) -> NoCheck:
    if settings.unchecked:
        return UNCHECKED
    raise ValueError(f"{column} is null; only Settings(unchecked=True) lets a row be a replay")


def _any_device(columns: str, settings: Settings) -> NoCheck:
    if settings.any_device:
        return UNCHECKED
    raise ValueError(f"{columns} is null; only Settings(any_device=True) lets any device answer")
