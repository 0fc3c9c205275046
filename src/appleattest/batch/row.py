"""One row of a batch: what a device sent, and what the caller expects of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn, TypeAlias

from appleattest.batch.columns import INPUT_COLUMNS, describe_fields
from appleattest.text import quoted, type_name


class PreviousNonce(NamedTuple):
    """A nonce of an earlier command to the device, and when it was sent, if that is known."""

    nonce: bytes
    sent_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<PreviousNonce sent at {self.sent_at}>"


PreviousNonceLike: TypeAlias = tuple[bytes, datetime | None] | Mapping[str, Any] | bytes
"""A `PreviousNonce` or another pair, a mapping with its two names, or a nonce without a time."""


class Row(NamedTuple):
    """One attestation to verify. The fields are the columns of `INPUT_SCHEMA`, in their order.

    Nothing is checked here: `verify_row` answers a row that is wrong with the verdict `invalid`.
    Its `repr` shows no nonce and no token.
    """

    id: str | None
    carrier: str
    attestation: bytes
    nonce: bytes | None = None
    previous_nonces: Sequence[PreviousNonceLike] | None = None
    token: str | None = None
    freshness: bytes | None = None
    identifier: str | None = None
    serial_number: str | None = None
    provisioning_udid: str | None = None
    udid: str | None = None
    spki: bytes | None = None
    at: datetime | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("Row is neither true nor false")

    def __repr__(self) -> str:
        return f"<Row {quoted(self.id)}, {quoted(self.carrier)}>"


describe_fields(Row, INPUT_COLUMNS)


def as_row(given: object) -> Row:
    """The row that was given, or made of a mapping's members; others in it are ignored.

    Raises `TypeError` for what is neither.
    """
    if type(given) is Row:
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f"a row is a Row or a mapping, not {type_name(given)}")
    return Row._make(map(given.get, Row._fields))
