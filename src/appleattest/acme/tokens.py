"""Challenge tokens."""

from __future__ import annotations

import re
import secrets
from typing import Final

SHORTEST_TOKEN: Final = 22
"""Characters of base64url that hold 128 bits (RFC 8555, section 8.3)."""

_RANDOM_OCTETS: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")


def new_token() -> str:
    """A token for one challenge: 256 bits of a CSPRNG, in base64url without padding.

    Source: draft-ietf-acme-device-attest, section 5, and RFC 8555, section 8.3, which ask for at
    least 128 bits. Use each for one challenge and once.
    """
    return secrets.token_urlsafe(_RANDOM_OCTETS)


def checked_token(token: object) -> str:
    """The caller's token as text; `TypeError` or `ValueError` for what cannot be one."""
    if isinstance(token, bytes | bytearray | memoryview):
        token = memoryview(token).tobytes().decode("latin-1")
    if not isinstance(token, str):
        raise TypeError(f"a token is text, not {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            "a token is base64url text of at least one character (RFC 8555, 8.3), alone and "
            "without the key authorization"
        )
    return token
