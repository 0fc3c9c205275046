"""The record that `Attestation.to_dict` wrote, read back as the untrusted input it is."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from appleattest.attestation import RECORD_SCHEMA
from appleattest.carriers.certificate_sequence import read_chain
from appleattest.errors import AttestationError, MalformedInput, Reason
from appleattest.freshness import Freshness, FreshnessResult
from appleattest.limits import Limits
from appleattest.moment import utc_seconds
from appleattest.text import describe, quoted, type_name

_CARRIERS: Final = ("mdm", "acme", "chain")


class Record(NamedTuple):
    """What the record says, of which only the chain will be verified anew."""

    chain: list[bytes]
    """The path without its anchor: anchors are the verifier's to choose."""
    carrier: str
    verified_at: datetime
    finding: FreshnessResult


def read_record(record: object, limits: Limits) -> Record:
    """Decode a record of schema 1.

    Raises `MalformedInput` (`malformed-json`, `too-large`) or `NoAttestation`.
    """
    try:
        return _read(record, limits)
    except AttestationError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary
        raise _malformed(describe(error)) from None


def _read(record: object, limits: Limits) -> Record:
    if not isinstance(record, Mapping):
        raise _malformed(f"what to_dict() gave was expected, {type_name(record)} came")
    schema = record.get("schema")
    if type(schema) is not int or schema != RECORD_SCHEMA:
        raise _malformed(f"schema {RECORD_SCHEMA} was expected, {quoted(schema)} came")
    carrier = record.get("carrier")
    if not isinstance(carrier, str) or carrier not in _CARRIERS:
        raise _malformed(f"carrier {quoted(carrier)}")
    chain = record.get("chain")
    if not isinstance(chain, list) or len(chain) > limits.intermediates + 2:
        raise _malformed("chain is no list, or longer than a path can be")
    ders = [_octets(certificate, limits.certificate_bytes) for certificate in chain]
    return Record(
        chain=read_chain(ders[:-1], limits),
        carrier=carrier,
        verified_at=_time(record.get("verified_at")),
        finding=_finding(record, limits),
    )


def _finding(record: Mapping[str, Any], limits: Limits) -> FreshnessResult:
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
    if not isinstance(text, str) or len(text) > (limit + 2) // 3 * 4:
        raise _malformed("base64 text of a certificate or code was expected")
    octets = b64decode(text, validate=True)
    if b64encode(octets).decode("ascii") != text:
        raise _malformed("base64 with padding in its one form was expected")
    return octets


def _time(text: object) -> datetime:
    if not isinstance(text, str):
        raise _malformed(f"a time in RFC 3339 was expected, {type_name(text)} came")
    return utc_seconds(datetime.fromisoformat(text))


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_JSON, detail)
