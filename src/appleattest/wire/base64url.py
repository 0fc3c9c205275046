"""base64url without padding (RFC 4648, section 5), in its one canonical form."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from appleattest.errors import MalformedInput, Reason
from appleattest.text import plain


def decode(text: str, limit: int) -> bytes:
    """The octets that `text` encodes; at most `limit` of them.

    The standard decoder skips spaces and foreign characters, takes padding in the middle and
    ignores bits left over at the end. So the octets are encoded again and must give `text`.

    Raises `MalformedInput` with `too-large` or `malformed-base64`.
    """
    text = plain(text)
    if len(text) > (limit * 4 + 2) // 3:
        raise MalformedInput(
            Reason.TOO_LARGE, f"{len(text)} characters of base64url hold more than {limit} bytes"
        )
    try:
        octets = urlsafe_b64decode(text.encode("ascii") + b"==")
    except ValueError:
        raise _malformed() from None
    if encode(octets) != text:
        raise _malformed()
    return octets


def encode(octets: bytes) -> str:
    """`octets` in base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _malformed() -> MalformedInput:
    return MalformedInput(
        Reason.MALFORMED_BASE64,
        "not canonical base64url without padding (RFC 4648, section 5; RFC 8555, section 6.1)",
    )
