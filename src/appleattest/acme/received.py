"""What an ACME server received: an attestation object, or the challenge response around it."""

from __future__ import annotations

from appleattest.acme.responses import read_response
from appleattest.carriers.certificate_sequence import bounded
from appleattest.forms import WHITE_SPACE, Form, recognise
from appleattest.limits import Limits
from appleattest.wire import base64url


def attestation_object_in(content: bytes, limits: Limits) -> bytes | str:
    """The attestation object, for `Verifier.verify_acme`: CBOR as bytes, base64url as text.

    `content` is one of the two, or a challenge response, of which it is the `attObj`. Anything
    else comes back as it came. Raises `AttestationError` for a response without an `attObj`.
    """
    inside = _object(content)
    if inside is None and recognise(content) is Form.CHALLENGE_RESPONSE:
        return read_response(content, limits)[0]
    return content if inside is None else inside


def challenge_response_in(content: bytes, limits: Limits) -> bytes | dict[str, str]:
    """The challenge response, for `acme.validate_challenge`: as it came, or around an object.

    Raises `AttestationError` (`too-large`) for CBOR that no verifier reads.
    """
    inside = _object(content)
    if inside is None:
        return content
    if isinstance(inside, bytes):
        inside = base64url.encode(bounded(inside, limits.attestation_object_bytes))
    return {"attObj": inside}


def _object(content: bytes) -> bytes | str | None:
    """The attestation object that `content` itself is: CBOR, or base64url as text; else None."""
    if b"\xa0" <= content[:1] <= b"\xbf":  # a map of CBOR, and no text begins so
        return content
    if recognise(content) is Form.ATTESTATION_OBJECT:
        return content.strip(WHITE_SPACE).decode("ascii", "replace")
    return None
