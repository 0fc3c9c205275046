"""The same identity under declarative device management: an asset, and the document it names.

Source: Apple's device-management schema, com.apple.asset.credential.acme and
com.apple.credential.acme.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from appleattest.profile.acme_rules import HTTPS_URL
from appleattest.profile.acme_settings import ACMESettings, given

CREDENTIAL_TYPE: Final = "com.apple.credential.acme"
ASSET_TYPE: Final = "com.apple.asset.credential.acme"
_JSON: Final = "application/json"


class AssetAuthentication(StrEnum):
    """How a device asks for the document."""

    MDM = "MDM"
    """As it asks the MDM server, with its identity."""
    NONE = "None"
    """Anybody may: the document holds a client identifier, which is no secret then."""


class KeychainAccess(StrEnum):
    """When the key can be used."""

    DEFAULT = "Default"
    AFTER_FIRST_UNLOCK = "AfterFirstUnlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMECredential(ACMESettings):
    """The JSON document of type `com.apple.credential.acme`, with every rule of its schema kept.

    The settings are those of `ACMEPayload`, without the keys of a payload and those for Macs;
    P-192 is not among the curves.

    Raises `TypeError` or `ValueError` with the key and the rule.
    """

    credential_type: ClassVar[str] = CREDENTIAL_TYPE

    def to_json(self) -> bytes:
        """The document, the same octets for the same values."""
        return _json(self.to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMECredentialAsset:
    """The asset declaration `com.apple.asset.credential.acme` for one document.

    `document` is what `data_url` will serve, from `ACMECredential.to_json`: its size and SHA-256
    go into the declaration, so that the device fetches it again when it changes. `server_token`
    is derived from the declaration unless it is given. A configuration refers to `identifier`.

    Raises `TypeError` or `ValueError` with the key and the rule.
    """

    declaration_type: ClassVar[str] = ASSET_TYPE

    identifier: str
    data_url: str
    document: bytes
    server_token: str | None = None
    authentication: AssetAuthentication | None = None
    """None leaves it out, which means `MDM`."""
    accessible: KeychainAccess | None = None

    def __post_init__(self) -> None:
        for key, text in (("Identifier", self.identifier), ("DataURL", self.data_url)):
            _require_text(key, text)
        if not HTTPS_URL.fullmatch(self.data_url):
            raise ValueError("DataURL: this is a URL with the https scheme, in printable ASCII")
        if not isinstance(self.document, bytes):
            raise TypeError(f"document is bytes, not {type(self.document).__name__}")
        if not self.document:
            raise ValueError("document has at least one octet")
        if self.server_token is not None:
            _require_text("ServerToken", self.server_token)
        if not isinstance(self.authentication, AssetAuthentication | None):
            raise TypeError("Authentication: this is an AssetAuthentication or None")
        if not isinstance(self.accessible, KeychainAccess | None):
            raise TypeError("Accessible: this is a KeychainAccess or None")

    def to_dict(self) -> dict[str, Any]:
        """The declaration, as JSON types."""
        payload = self._payload()
        token = self.server_token or hashlib.sha256(_json(payload)).hexdigest()
        return {
            "Type": self.declaration_type,
            "Identifier": self.identifier,
            "ServerToken": token,
            "Payload": payload,
        }

    def to_json(self) -> bytes:
        """The declaration, the same octets for the same values."""
        return _json(self.to_dict())

    def _payload(self) -> dict[str, Any]:
        reference = {
            "DataURL": self.data_url,
            "ContentType": _JSON,
            "Size": len(self.document),
            "Hash-SHA-256": hashlib.sha256(self.document).hexdigest(),
        }
        asked = self.authentication
        return given(
            {
                "Reference": reference,
                "Authentication": None if asked is None else {"Type": asked.value},
                "Accessible": self.accessible,
            }
        )


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def _require_text(key: str, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{key}: this is text, not {type(text).__name__}")
    if not (text.isascii() and text.isprintable() and text.strip()):
        raise ValueError(f"{key}: this is printable ASCII of at least one character")
