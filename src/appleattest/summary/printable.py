"""Untrusted text on one line of printable ASCII."""

from __future__ import annotations

from appleattest.text import plain


def printable(text: str) -> str:
    r"""`text` with everything but printable ASCII as `\x..`, `\u....` or `\U........`.

    A backslash is doubled, so that no two texts look the same. Control characters, escape codes
    and directional marks never reach a terminal.
    """
    return "".join(_shown(each) for each in plain(text))


def escaped(text: object) -> str:
    """`str(text)` on one line of printable ASCII; what is that already stays as it is.

    So it may be applied again, to a row of `appleattest.summary` for one.
    """
    said = str(text)
    return said if said.isascii() and said.isprintable() else printable(said)


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if " " <= character <= "~":
        return character
    point = ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
