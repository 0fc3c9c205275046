"""What an ACME server received: an attestation object, or the response around it."""

from __future__ import annotations

from appleattest.acme.responses import read_response
from appleattest.forms import Form, recognise
from appleattest.limits import Limits
from appleattest.wire import base64url


def attestation_object_in(content: bytes, limits: Limits) -> bytes | str:
    """The attestation object, for `Verifier.verify_acme`: CBOR as bytes, base64url as text.

    `content` is one of the two, or a challenge response, of which it is the `attObj`. Anything
    else comes back as it came. Raises `AttestationError` for a response without an `attObj`.
    """
    form = recognise(content)
    if form is Form.CHALLENGE_RESPONSE:
        return read_response(content, limits)[0]
    if form is Form.ATTESTATION_OBJECT and not _is_cbor(content):
        return content.decode("ascii", "replace").strip()
    return content


def challenge_response_in(content: bytes, limits: Limits) -> bytes | dict[str, str]:
    """The challenge response, for `validate_challenge`: as it came, or around an object."""
    if recognise(content) is not Form.ATTESTATION_OBJECT:
        return content
    inside = attestation_object_in(content, limits)
    return {"attObj": inside if isinstance(inside, str) else base64url.encode(inside)}


def _is_cbor(content: bytes) -> bool:
    """Whether an attestation object is CBOR, which begins with a map, and no text does."""
    return 0xA0 <= content[0] <= 0xBF
