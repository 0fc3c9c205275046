"""Read what the user names: files, or `-` for standard input, never more than a bound."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Final

from appleattest.limits import Limits
from appleattest.summary import escaped

MOST: Final = Limits().json_bytes
"""Octets that are read of one file: the largest input that any call takes."""
STANDARD_INPUT: Final = "-"


class UnreadableError(Exception):
    """An input that cannot be read; the text is a sentence for the user."""


def read(name: str, most: int = MOST) -> bytes:
    """The octets of the file, or of standard input for `-`.

    Raises `UnreadableError` for what is no file, cannot be read, or has more than `most` octets. A
    file that says so itself is not read at all.
    """
    try:
        if name == STANDARD_INPUT:
            if sys.stdin is None:
                raise UnreadableError("standard input: it is closed.")
            return _bounded(sys.stdin.buffer, "standard input", most)
        _check_kind(name, most)
        with Path(name).open("rb") as file:
            return _bounded(file, name, most)
    except OSError as error:
        raise UnreadableError(
            f"{escaped(name)}: {error.strerror or 'it cannot be read'}."
        ) from None
    except ValueError:
        raise UnreadableError(f"{escaped(name)}: this is no name of a file.") from None


def _check_kind(name: str, most: int) -> None:
    found = os.stat(name)  # noqa: PTH116 - as read() opens it
    if stat.S_ISDIR(found.st_mode):
        raise UnreadableError(f"{escaped(name)}: it is a directory; name the files in it.")
    if stat.S_ISREG(found.st_mode) and found.st_size > most:
        raise _too_large(name, most)


def _bounded(file: BinaryIO, name: str, most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise _too_large(name, most)
    return content


def _too_large(name: str, most: int) -> UnreadableError:
    return UnreadableError(
        f"{escaped(name)}: it has more than {most:,} octets; no attestation has."
    )
