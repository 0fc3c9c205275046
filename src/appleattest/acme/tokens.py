"""Challenge tokens."""

from __future__ import annotations

import secrets
from typing import Final

_RANDOM_OCTETS: Final = 32


def new_token() -> str:
    """A token for one challenge: 256 bits of a CSPRNG, in base64url without padding.

    Source: draft-ietf-acme-device-attest, section 5, and RFC 8555, section 8.3, which ask for at
    least 128 bits. Use each for one challenge and once.
    """
    return secrets.token_urlsafe(_RANDOM_OCTETS)
