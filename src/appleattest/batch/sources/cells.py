"""The cells of a row that came as text: JSON has no octets and no times, and SQLite no times.

Octets are base64, in either alphabet and with or without padding. `attestation` may also be the
text of a document itself: PEM, a property list in XML, or JSON. Times are RFC 3339.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from appleattest.batch import columns
from appleattest.batch.columns import INPUT_COLUMNS
from appleattest.batch.sources.source import PROBLEM
from appleattest.errors import AttestationError
from appleattest.limits import Limits
from appleattest.text import is_writable, plain, type_name
from appleattest.times import utc_seconds
from appleattest.wire import strict_json

_DOCUMENTS: Final = ("{", "<", "-----BEGIN ")
"""How the text of a document begins; none of it is base64."""


def row_of(cells: Mapping[str, object]) -> dict[str, Any]:
    """The row that these cells make; one that cannot be read says so in the column `PROBLEM`."""
    row: dict[str, Any] = {}
    try:
        for column in INPUT_COLUMNS:
            if (cell := cells.get(column.name)) is not None:
                row[column.name] = _READ[column.type](cell, column.name)
    except ValueError as problem:
        id_ = row.get("id")
        return problem_row(id_, str(problem))
    return row


def problem_row(id_: str | None, problem: str) -> dict[str, Any]:
    """A row that cannot be read, and why."""
    return {"id": id_, PROBLEM: problem}


def _text(cell: object, name: str) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool) and name == "id":
        return str(cell)
    if not isinstance(cell, str):
        raise ValueError(f"{name} is text, not {type_name(cell)}")
    if not is_writable(cell):
        raise ValueError(f"{name} has a lone surrogate, which is no character")
    return plain(cell)


def _octets(cell: object, name: str) -> bytes:
    if isinstance(cell, bytes):
        return cell
    text = _text(cell, name)
    if name == "attestation" and text.lstrip().startswith(_DOCUMENTS):
        return text.encode()
    standard = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        raise ValueError(f"{name} is not base64") from None


def _time(cell: object, name: str) -> datetime:
    if isinstance(cell, str):
        try:
            return utc_seconds(datetime.fromisoformat(cell))
        except ValueError:
            pass
    raise ValueError(f"{name} is no time such as 2026-01-31T12:00:00Z")


def _nonces(cell: object, name: str) -> list[dict[str, Any]]:
    """A list of nonces, each alone or an object with its time; also as the text of that list."""
    if isinstance(cell, str):
        try:
            cell = strict_json.decode(cell, Limits())
        except AttestationError:
            raise ValueError(f"{name} is not a list in JSON") from None
    if not isinstance(cell, list):
        raise ValueError(f"{name} is a list, not {type_name(cell)}")
    return [_nonce(each, name) for each in cell]


def _nonce(item: object, name: str) -> dict[str, Any]:
    given = item if isinstance(item, Mapping) else {"nonce": item}
    sent_at = given.get("sent_at")
    return {
        "nonce": _octets(given.get("nonce"), name),
        "sent_at": None if sent_at is None else _time(sent_at, name),
    }


_READ: Final[Mapping[str, Callable[[object, str], Any]]] = {
    columns.TEXT: _text,
    columns.OCTETS: _octets,
    columns.TIME: _time,
    columns.NONCES: _nonces,
}
