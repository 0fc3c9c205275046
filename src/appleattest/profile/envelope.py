"""A profile as it comes: plain, signed (CMS SignedData, RFC 5652), or encrypted for one device.

A signed profile is unwrapped and no signature is checked. A device checks it when it installs the
profile; `openssl cms -verify` does it on a desk.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from asn1crypto import cms

from appleattest.boundary import contained
from appleattest.errors import MalformedInput, Reason
from appleattest.profile import ber

_SEQUENCE: Final = b"\x30"
_ENCRYPTED: Final = ("enveloped_data", "encrypted_data", "authenticated_enveloped_data")


class Unwrapped(NamedTuple):
    """A profile out of its envelope."""

    content: bytes | None
    """The property list, XML or binary; None where it is encrypted."""
    signed: bool = False
    """Whether it was in a SignedData."""


def unwrap(document: bytes) -> Unwrapped:
    """The property list in a document: the document itself unless it begins as CMS does.

    Raises `MalformedInput` with `malformed-plist` for an envelope that is no CMS SignedData
    around data, or that exceeds a bound of `ber.measure`.
    """
    if not document.startswith(_SEQUENCE):
        return Unwrapped(document)
    return contained(
        lambda: _unwrap(document),
        lambda what: MalformedInput(
            Reason.MALFORMED_PLIST, f"a signed profile was expected: {what}"
        ),
    )


def _unwrap(document: bytes) -> Unwrapped:
    ber.measure(document)
    envelope: Any = cms.ContentInfo.load(document, strict=True)
    kind = envelope["content_type"].native
    if kind in _ENCRYPTED:
        return Unwrapped(None)
    if kind != "signed_data":
        raise ValueError("neither signed nor encrypted")
    inner = envelope["content"]["encap_content_info"]
    content = inner["content"].native
    if inner["content_type"].native != "data" or content is None:
        raise ValueError("signed, and not around data")
    return Unwrapped(bytes(content), signed=True)
