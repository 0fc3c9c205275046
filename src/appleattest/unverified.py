"""Decode whatever somebody was handed, without verifying any of it.

For research and support: what is this, and what does it claim? The answer has a type of its
own that nothing takes for an `Attestation`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any, Final, NamedTuple

from cryptography import x509

from appleattest.attestation import UnverifiedAttestation
from appleattest.carriers.attestation_object import (
    decode_attestation_object,
    require_apple_format,
    statement_chain,
)
from appleattest.carriers.certificate_sequence import octets, read_chain
from appleattest.carriers.device_information import (
    attested_chain,
    decode_response,
    require_acknowledged,
)
from appleattest.certificates import (
    by_oid,
    decode_certificate,
    outermost_fields,
    raw_properties,
)
from appleattest.chain.presented import element_at
from appleattest.errors import AttestationError, MalformedInput, Reason
from appleattest.limits import Limits
from appleattest.properties import ClaimedProperties, decode_properties
from appleattest.sealed import seal
from appleattest.text import describe
from appleattest.wire import base64url, der, strict_json

_LIMITS: Final = Limits()
_LARGEST: Final = _LIMITS.json_bytes
_WHITE_SPACE: Final = b" \t\r\n"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PLIST_MARKS: Final = (b"bplist", b"\xff\xfe", b"\xfe\xff")
"""How a property list begins where it does not begin with `<`: in binary, or in UTF-16."""
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----([^-]*)")


class _Found(NamedTuple):
    """Where certificates were found, which, and what was wrong on the way."""

    carrier: str
    ders: list[bytes]
    problems: list[AttestationError]


def decode_unverified(data: object, /) -> UnverifiedAttestation:
    """Decode a certificate chain in any form, told apart by its content.

    `data` is bytes or text: PEM, DER (one certificate or several in a row), an attestation
    object (CBOR, or base64url of it), a challenge response (JSON with `attObj`), a response
    property list (XML or binary), or a webhook event of NanoMDM or MicroMDM; or a sequence of
    DER. `carrier` of the result is `"pem"`, `"der"`, `"attestation-object"`,
    `"challenge-response"`, `"response-plist"`, `"webhook-event"` or `"chain"`.

    Whatever else is wrong becomes one of the result's `problems`. Raises `AttestationError`
    only where no certificate is found. The bounds are those of `Limits()`.
    """
    try:
        return _decode(_find(data))
    except AttestationError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary
        raise MalformedInput(Reason.MALFORMED_CERTIFICATE, describe(error)) from None


def _decode(found: _Found) -> UnverifiedAttestation:
    chain = [_certificate(encoded) for encoded in found.ders]
    readable = tuple(certificate for certificate in chain if certificate is not None)
    if not readable:
        raise _problems_of(found.ders)[-1]
    raw = _raw(chain[0])
    decoded = decode_properties(raw)
    return seal(
        UnverifiedAttestation,
        carrier=found.carrier,
        chain=readable,
        claims=seal(ClaimedProperties, raw, decoded),
        find_problems=lambda: (
            *found.problems,
            *_problems_of(found.ders),
            *decoded.problems.values(),
        ),
    )


def _certificate(encoded: bytes) -> x509.Certificate | None:
    """The certificate, if its outermost fields are such that loading it warns of nothing."""
    try:
        outermost_fields(encoded)
        return x509.load_der_x509_certificate(encoded)
    except ValueError:
        return None


def _problems_of(ders: list[bytes]) -> list[AttestationError]:
    """What decoding in earnest says of each certificate."""
    problems = []
    for index, encoded in enumerate(ders):
        try:
            decode_certificate(encoded)
        except AttestationError as problem:
            problem.element = element_at(index)
            problems.append(problem)
    return problems


def _raw(leaf: x509.Certificate | None) -> dict[str, bytes]:
    try:
        return raw_properties(by_oid(leaf)) if leaf else {}
    except Exception:  # noqa: BLE001 - one of the problems will say which extension
        return {}


def _find(data: object) -> _Found:
    if isinstance(data, str):
        # Cut, so that the bound below holds without a copy of whatever came.
        data = data[: _LARGEST + 1].encode("utf-8")
    encoded = octets(data, _LARGEST)
    if encoded is None:
        return _Found("chain", read_chain(data, _LIMITS), [])
    return _find_in(encoded)


def _find_in(encoded: bytes) -> _Found:
    """Tell the form by its first octet: the forms have none in common.

    PEM alone may begin with anything. It is looked for last, or it could hide in a key that
    the reader of another form ignores, and be shown instead of what a verifier would read.
    """
    text = encoded.removeprefix(_BYTE_ORDER_MARK).strip(_WHITE_SPACE)
    first = text[:1]
    if encoded.startswith(b"\x30\x82"):
        return _Found("der", _certificates_in_a_row(encoded), [])
    if first == b"<" or encoded.startswith(_PLIST_MARKS):
        return _in_response(encoded, "response-plist")
    if first == b"{":
        return _in_json(encoded)
    if encoded and 0xA0 <= encoded[0] <= 0xBF:
        return _in_attestation_object(encoded, "attestation-object")
    blocks = _PEM.findall(encoded)
    if blocks:
        return _Found("pem", read_chain([_pem_body(block) for block in blocks], _LIMITS), [])
    return _in_base64(text)


def _certificates_in_a_row(encoded: bytes) -> list[bytes]:
    """Each element, and whatever follows the last: that will be one of the problems."""
    ders, offset = [], 0
    while offset < len(encoded):
        try:
            _, end = der.content(encoded, offset, der.SEQUENCE)
        except ValueError:
            end = len(encoded)
        ders.append(encoded[offset:end])
        offset = end
    return read_chain(ders, _LIMITS)


def _pem_body(block: bytes) -> bytes:
    """The octets of one PEM block; none where it is not base64, which is no certificate."""
    try:
        return b64decode(b"".join(block.split()), validate=True)
    except ValueError:
        return b""


def _in_response(document: bytes, carrier: str) -> _Found:
    response = decode_response(document, _LIMITS)
    problems = _problems(require_acknowledged, response.get("Status"))
    return _Found(carrier, attested_chain(response, _LIMITS), problems)


def _in_attestation_object(encoded: bytes, carrier: str) -> _Found:
    attestation_object = decode_attestation_object(encoded, _LIMITS)
    problems = _problems(require_apple_format, attestation_object)
    return _Found(carrier, statement_chain(attestation_object, _LIMITS), problems)


def _in_json(document: bytes) -> _Found:
    message = strict_json.decode(document, _LIMITS)
    if "attObj" in message:
        encoded = base64url.decode(_text(message["attObj"]), _LIMITS.attestation_object_bytes)
        return _in_attestation_object(encoded, "challenge-response")
    event = message.get("acknowledge_event")
    if isinstance(event, dict) and "raw_payload" in event:
        payload = _standard_base64(_text(event["raw_payload"]))
        return _in_response(payload, "webhook-event")
    raise MalformedInput(
        Reason.MALFORMED_JSON, "neither a challenge response nor a webhook event with a response"
    )


def _in_base64(text: bytes) -> _Found:
    if text.startswith(b"MI"):
        compact = b"".join(text.split())
        return _Found("der", _certificates_in_a_row(_standard_base64(compact)), [])
    encoded = base64url.decode(text.decode("ascii"), _LIMITS.attestation_object_bytes)
    return _in_attestation_object(encoded, "attestation-object")


def _standard_base64(text: str | bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise MalformedInput(
            Reason.MALFORMED_BASE64, "base64 was expected (RFC 4648, section 4)"
        ) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedInput(Reason.MALFORMED_JSON, "text was expected in a member")
    return value


def _problems(check: Any, message: object) -> list[AttestationError]:
    try:
        check(message)
    except AttestationError as problem:
        return [problem]
    return []
