"""What a device says of itself when it checks in: it enrols, can be woken, leaves.

Nothing in it is verified. Source: Apple, "Authenticate", "TokenUpdate" and "CheckOut".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from appleattest.carriers.device_information import decode_response
from appleattest.limits import Limits
from appleattest.sealed import FrozenMapping

READ_TOPICS: Final = frozenset({"mdm.Authenticate", "mdm.TokenUpdate", "mdm.CheckOut"})
"""The check-ins that are read; in the others the device hands over secrets, or asks for them."""


def read_check_in(document: bytes, limits: Limits) -> Mapping[str, str]:
    """The texts of the message, by their keys, as the device wrote them; read-only.

    What is no text is left out, so a serial number is text or absent. Raises
    `MalformedInput` (`malformed-plist`, `too-large`).
    """
    message = decode_response(document, limits)
    return FrozenMapping({key: text for key, text in message.items() if isinstance(text, str)})
