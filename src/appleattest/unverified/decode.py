"""The public call: any form in, an `UnverifiedAttestation` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509

from appleattest.boundary import contained
from appleattest.carriers.certificate_sequence import bounded
from appleattest.certificates import der_of
from appleattest.errors import MalformedInput, Reason
from appleattest.forms import Buffer, Form
from appleattest.text import plain, type_name
from appleattest.unverified.documents import in_object
from appleattest.unverified.found import LIMITS, Found, collected
from appleattest.unverified.octets import in_octets
from appleattest.unverified.result import UnverifiedAttestation, result_of


def decode_unverified(
    data: (
        bytes
        | bytearray
        | memoryview
        | str
        | x509.Certificate
        | Sequence[bytes | bytearray | memoryview | str | x509.Certificate]
        | Mapping[str, Any]
    ),
    /,
) -> UnverifiedAttestation:
    """Decode a certificate chain in any form, told apart by its content.

    `data` is bytes or text, an `x509.Certificate`, a sequence of DER or of `x509.Certificate`, or
    the mapping that a JSON object or a property list decodes to. `carrier` of the result is:

    - `"pem"`, `"der"` (one certificate or several in a row), `"pkcs7"` (certificates alone, in DER
      or PEM), `"chain"` (a sequence);
    - `"attestation-object"` (CBOR), `"challenge-response"` (JSON with `attObj`), `"jws"` (the JSON
      or compact JWS around it);
    - `"response-plist"`, `"plist-array"` (the array alone), `"webhook-event"`;
    - `"x5c"` (JSON, an array or an object with that member), `"record"` (of
      `Attestation.to_dict`).

    Any of them may also be in hexadecimal or in base64 of either alphabet, padded or not and over
    several lines; `carrier` names the form inside.

    Whatever else is wrong becomes one of the result's `problems`. A chain that came with its leaf
    last is one of them, and `chain` has the leaf first all the same. Raises `AttestationError`
    only where no certificate is found. The bounds are those of `Limits()`.
    """
    return contained(
        lambda: result_of(_find(data)),
        lambda what: MalformedInput(Reason.MALFORMED_CERTIFICATE, what),
    )


def _find(data: object) -> Found:
    if isinstance(data, str):
        # Cut, so that the bound below holds without a copy of whatever came.
        data = plain(data)[: LIMITS.json_bytes + 1].encode("utf-8")
    if type(data) is x509.Certificate:
        data = der_of(data)
    if isinstance(data, Buffer):
        return in_octets(bounded(data, LIMITS.json_bytes))
    if isinstance(data, Mapping):
        return in_object(data)
    if isinstance(data, Sequence):
        return collected(Form.CHAIN, data)
    raise MalformedInput(
        Reason.MALFORMED_CERTIFICATE,
        f"bytes, text, or a sequence of certificates was expected, {type_name(data)} came",
    )
