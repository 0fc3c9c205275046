"""`DeviceAttestationNonce`: what asks a device for a new attestation, and proves that it is one.

1 to 32 bytes of `<data>`. Anything else, and iOS answers the whole command with
`CommandFormatError`, a Mac without an attestation. Without one, the device returns the
attestation that it has cached. Source: Apple, "Device Information Command".
"""

from __future__ import annotations

import secrets
from typing import Final

from appleattest.arguments import LONGEST_NONCE, BytesLike, checked_nonce
from appleattest.freshness import UNCHECKED, NoCheck

NONCE_BYTES: Final = LONGEST_NONCE
"""Octets of a nonce that `new_nonce` makes, which are as many as a device takes."""


def new_nonce() -> bytes:
    """32 random bytes, for one command to one device: use each once."""
    return secrets.token_bytes(NONCE_BYTES)


def nonce_to_send(nonce: BytesLike | NoCheck) -> bytes | None:
    """The caller's nonce, copied; None for `UNCHECKED`, which sends none.

    Raises `TypeError` for anything but bytes, and `ValueError` for none or for more than 32: an
    empty column must not silently ask for a cached attestation.
    """
    return None if nonce is UNCHECKED else checked_nonce(nonce)
