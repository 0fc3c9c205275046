"""`ACMECredential` and `ACMECredentialAsset`: the identity under declarative device management.

The asset is a declaration. It names the URL of the credential, which is a JSON document.

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


class AssetAuthentication(StrEnum):
    """How a device authenticates when it fetches the document."""

    MDM = "MDM"
    """As to the MDM server, with its identity certificate."""
    NONE = "None"
    """Not at all: anybody can read the document, and the client identifier in it."""


class KeychainAccess(StrEnum):
    """When the key can be used; the names are Apple's."""

    DEFAULT = "Default"
    AFTER_FIRST_UNLOCK = "AfterFirstUnlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMECredential(ACMESettings):
    """The JSON document of type `com.apple.credential.acme`, built by its schema. Immutable.

    The settings are those of `ACMEPayload`, without the keys of a payload and the keys for Macs.
    P-192 is not allowed.

    Raises `TypeError` for a value of another type and `ValueError` for one that breaks a rule; the
    text names the key and the rule.
    """

    credential_type: ClassVar[str] = CREDENTIAL_TYPE

    def to_json(self) -> bytes:
        """The document in ASCII, the same octets for the same values."""
        return _json(self.to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMECredentialAsset:
    """The asset declaration `com.apple.asset.credential.acme` for one document. Immutable.

    `document` is what `data_url` will serve, from `ACMECredential.to_json`. Its size and SHA-256
    stand in the declaration, so the device fetches it again when it changes. `server_token` is by
    default derived from the declaration. A configuration refers to `identifier`.

    Raises `TypeError` for a value of another type and `ValueError` for one that breaks a rule; the
    text names the key or argument, and the rule.
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
        _require_text("Identifier", self.identifier)
        _require_text("DataURL", self.data_url)
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
        asked = self.authentication
        payload = given(
            {
                "Reference": {
                    "DataURL": self.data_url,
                    "ContentType": "application/json",
                    "Size": len(self.document),
                    "Hash-SHA-256": hashlib.sha256(self.document).hexdigest(),
                },
                "Authentication": None if asked is None else {"Type": asked.value},
                "Accessible": self.accessible,
            }
        )
        token = self.server_token or hashlib.sha256(_json(payload)).hexdigest()
        return {
            "Type": self.declaration_type,
            "Identifier": self.identifier,
            "ServerToken": token,
            "Payload": payload,
        }

    def to_json(self) -> bytes:
        """The declaration in ASCII, the same octets for the same values."""
        return _json(self.to_dict())


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def _require_text(key: str, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{key}: this is text, not {type(text).__name__}")
    if not (text.isascii() and text.isprintable() and text.strip()):
        raise ValueError(f"{key}: this is printable ASCII of at least one character")
