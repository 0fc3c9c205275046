"""Untrusted text made safe to show to an operator.

A certificate's names can hold newlines, terminal escapes and directional overrides, so
everything that a device chose passes through here before it enters a `detail`.
"""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 80


def plain(untrusted: str) -> str:
    """The characters of `untrusted` as a `str`; nothing that a subclass overrides is asked."""
    return str.__str__(untrusted)


def is_writable(text: str) -> bool:
    """Whether text can be written in UTF-8: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def quoted(untrusted: object) -> str:
    """`untrusted` as one line of printable ASCII in quotes, cut after 80 characters."""
    text = untrusted if isinstance(untrusted, str) else repr(untrusted)
    shown = ascii(text[:_LONGEST])
    return shown if len(text) <= _LONGEST else f"{shown}..."


def describe(error: BaseException) -> str:
    """An exception's type and text, for the `detail` of what it led to."""
    try:
        return f"{type(error).__name__}: {quoted(str(error))}"
    except Exception:  # noqa: BLE001 - an exception of the device's object's own making
        return "an exception that cannot be shown"


def type_name(value: object) -> str:
    """The name of `value`'s type, for saying what came instead of what was expected."""
    return quoted(type(value).__name__)
