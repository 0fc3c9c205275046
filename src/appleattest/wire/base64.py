"""base64 with padding, in the standard alphabet (RFC 4648, section 4), in its one form."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from appleattest.errors import MalformedInput, Reason
from appleattest.text import plain


def decode(text: str, limit: int) -> bytes:
    """The octets that `text` encodes; at most `limit` of them.

    The standard decoder takes bits that are left over at the end, and skips what is foreign. So
    the octets are encoded again and must give `text`: no line breaks, and padding as it must be.

    Raises `MalformedInput` with `too-large` or `malformed-base64`.
    """
    text = plain(text)
    if len(text) > (limit + 2) // 3 * 4:
        raise _too_large(len(text), limit)
    try:
        octets = a2b_base64(text)
    except ValueError:
        raise _malformed() from None
    if encode(octets) != text:
        raise _malformed()
    if len(octets) > limit:
        raise _too_large(len(text), limit)
    return octets


def encode(octets: bytes) -> str:
    """`octets` in base64 with padding, in one line."""
    return b2a_base64(octets, newline=False).decode("ascii")


def _too_large(characters: int, limit: int) -> MalformedInput:
    return MalformedInput(
        Reason.TOO_LARGE, f"{characters} characters of base64 hold more than {limit} bytes"
    )


def _malformed() -> MalformedInput:
    return MalformedInput(
        Reason.MALFORMED_BASE64, "not canonical base64 with padding (RFC 4648, section 4)"
    )
