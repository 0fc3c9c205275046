"""The caller's own arguments, checked: misuse is a `TypeError` or `ValueError` that names them.

None, empty text and no octets never switch a check off: a column that was never filled must not
be a policy. Only the explicit sentinels do.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, TypeAlias

from appleattest.limits import Limits
from appleattest.times import utc_seconds

BytesLike: TypeAlias = bytes | bytearray | memoryview

LONGEST_NONCE: Final = 32
"""Octets of a `DeviceAttestationNonce` at most (Apple, "Device Information Command")."""

SHORTEST_TOKEN: Final = 22
"""Characters of base64url that hold 128 bits (RFC 8555, section 8.1)."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_AUTHORIZATION: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def copied_octets(value: BytesLike, name: str) -> bytes:
    """A copy of the bytes-like `value`; `ValueError` for a view that was released."""
    try:
        return memoryview(value).tobytes()
    except ValueError:
        raise ValueError(f"{name} is a memoryview that has been released") from None


def checked_octets(value: object, name: str) -> bytes:
    """A copy of the bytes-like `value`, which has at least one octet."""
    if not isinstance(value, BytesLike):
        raise TypeError(f"{name} is bytes, not {type(value).__name__}")
    copied = copied_octets(value, name)
    if not copied:
        raise ValueError(f"{name} is at least one byte; only UNCHECKED switches the check off")
    return copied


def checked_nonce(nonce: object, name: str = "nonce") -> bytes:
    """A copy of a `DeviceAttestationNonce`: 1 to 32 octets. A device refuses any other."""
    sent = checked_octets(nonce, name)
    if len(sent) > LONGEST_NONCE:
        raise ValueError(f"{name} is 1 to {LONGEST_NONCE} bytes, not {len(sent)}")
    return sent


def checked_token(token: object) -> str:
    """A challenge's token as text: base64url without padding, 22 characters or more.

    RFC 8555, sections 8.1 and 8.3: at least 128 bits, of the base64url alphabet.
    """
    if isinstance(token, BytesLike):
        token = copied_octets(token, "token").decode("latin-1")
    if not isinstance(token, str):
        raise TypeError(f"token is text, not {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        if _KEY_AUTHORIZATION.fullmatch(token):
            raise ValueError("token is the challenge's token alone, not the key authorization")
        raise ValueError("token is base64url text without padding (RFC 8555, section 8.3)")
    if len(token) < SHORTEST_TOKEN:
        raise ValueError(
            f"token has at least {SHORTEST_TOKEN} characters, for 128 bits (RFC 8555, section 8.1)"
        )
    return token


def checked_time(at: datetime | None) -> datetime:
    """The time to judge by, in UTC and whole seconds; the present for None."""
    return utc_seconds(datetime.now(UTC) if at is None else at)


def checked_limits(limits: object) -> Limits:
    """The caller's `Limits`; the default ones for None."""
    return Limits() if limits is None else required_limits(limits)


def required_limits(limits: object) -> Limits:
    """The caller's `Limits`, where None is a mistake."""
    if not isinstance(limits, Limits):
        raise TypeError(f"limits is a Limits, not {type(limits).__name__}")
    return limits
