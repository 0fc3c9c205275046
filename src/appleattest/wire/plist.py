"""Property lists, XML or binary, as devices send them in answer to an MDM command."""

from __future__ import annotations

from typing import Final

from appleattest.errors import MalformedInput, Reason
from appleattest.limits import Limits
from appleattest.text import describe
from appleattest.wire import plist_binary, plist_usual, plist_xml

_BINARY: Final = b"bplist00"


def decode(document: bytes, limits: Limits) -> object:
    """The top value: dict, list, str, bytes, int, float, bool or datetime (UTC).

    Refused are duplicate keys, base64 with anything foreign in it, document types that declare
    anything, values that contain themselves, and more elements or deeper nesting than `limits`
    allow.

    Raises `MalformedInput` with `too-large` or `malformed-plist`.
    """
    if len(document) > limits.plist_bytes:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"a property list of {len(document)} bytes; at most {limits.plist_bytes} are read",
        )
    reader = plist_binary if document.startswith(_BINARY) else plist_xml
    try:
        value = plist_usual.read(document, limits)
        return reader.read(document, limits) if value is None else value
    except Exception as error:  # noqa: BLE001 - plistlib and expat raise six kinds between them
        raise MalformedInput(Reason.MALFORMED_PLIST, describe(error)) from None
