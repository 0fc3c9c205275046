"""The record that `Attestation.to_dict` wrote, read back as the untrusted input it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from appleattest.attestation import RECORD_SCHEMA
from appleattest.errors import MalformedInput, Reason
from appleattest.forms import Form, read_as
from appleattest.freshness import Freshness, FreshnessResult
from appleattest.limits import Limits
from appleattest.text import quoted, type_name
from appleattest.times import utc_seconds
from appleattest.wire import base64

_CARRIERS: Final = ("mdm", "acme", "chain")
_SHORTEST_PATH: Final = 2


class Record(NamedTuple):
    """What the record says, of which only the chain will be verified anew."""

    path: list[bytes]
    """The DER certificates, leaf first, anchor last. Anchors are the verifier's to choose."""
    carrier: str
    verified_at: datetime
    answers: FreshnessResult


def read_record(record: object, limits: Limits) -> Record:
    """Decode a record of schema 1.

    Raises `MalformedInput` (`malformed-json`).
    """
    return read_as(Form.RECORD, record, lambda: _read(record, limits), _malformed)


def _read(record: object, limits: Limits) -> Record:
    if not isinstance(record, Mapping):
        raise _malformed(f"what to_dict() gave was expected, {type_name(record)} came")
    schema = record.get("schema")
    if type(schema) is not int or schema != RECORD_SCHEMA:
        raise _malformed(f"schema {RECORD_SCHEMA} was expected, {quoted(schema)} came")
    carrier = record.get("carrier")
    if not isinstance(carrier, str) or carrier not in _CARRIERS:
        raise _malformed(f"carrier {quoted(carrier)}")
    return Record(
        path=_path(record.get("chain"), limits),
        carrier=carrier,
        verified_at=_time(record.get("verified_at")),
        answers=_answers(record, limits),
    )


def _path(chain: object, limits: Limits) -> list[bytes]:
    if not isinstance(chain, list):
        raise _malformed(f"an array was expected, {type_name(chain)} came", "chain")
    if not _SHORTEST_PATH <= len(chain) <= limits.intermediates + _SHORTEST_PATH:
        raise _malformed(
            f"{len(chain)} certificates: a record holds the whole path, from the leaf to the "
            f"anchor, of at most {limits.intermediates} certificates between them",
            "chain",
        )
    return [_octets(certificate, limits.certificate_bytes) for certificate in chain]


def _answers(record: Mapping[str, Any], limits: Limits) -> FreshnessResult:
    code = record.get("freshness_code")
    matched = record.get("matched_freshness")
    requested_at = record.get("requested_at")
    return FreshnessResult(
        Freshness(record["freshness"]),
        None if code is None else _octets(code, limits.certificate_bytes),
        None if matched is None else _octets(matched, limits.certificate_bytes),
        None if requested_at is None else _time(requested_at),
    )


def _octets(text: object, limit: int) -> bytes:
    if not isinstance(text, str):
        raise _malformed(f"base64 text was expected, {type_name(text)} came")
    try:
        return base64.decode(text, limit)
    except MalformedInput as refusal:
        raise _malformed(refusal.detail) from None


def _time(text: object) -> datetime:
    if not isinstance(text, str):
        raise _malformed(f"a time in RFC 3339 was expected, {type_name(text)} came")
    return utc_seconds(datetime.fromisoformat(text))


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail, element=element)
