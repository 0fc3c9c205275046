"""`ACMEPayload`, the payload `com.apple.security.acme` of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import NAMESPACE_DNS, UUID, uuid5

from appleattest.profile.acme_settings import ACMESettings, given
from appleattest.profile.keys import PAYLOAD, PAYLOAD_TYPE, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMEPayload(ACMESettings):
    """One ACME identity of a configuration profile, built by Apple's schema. Immutable.

    `identifier` is the payload's, in reverse-DNS style. Other payloads refer to the identity by
    `uuid`. By default it is derived from `identifier`, so the same arguments give the same profile.
    `key_is_extractable` and `allow_all_apps_access` are for Macs. What is None is left out.

    Raises `TypeError` for a value of another type and `ValueError` for one that breaks a rule; the
    text names the key and the rule. With a `target`, also for what that device would refuse or
    ignore.
    Source: Apple's device-management schema, com.apple.security.acme.
    """

    _form: ClassVar[Form] = PAYLOAD

    identifier: str
    uuid: UUID | None = None
    display_name: str | None = None
    description: str | None = None
    organization: str | None = None
    key_is_extractable: bool | None = None
    allow_all_apps_access: bool | None = None

    @property
    def payload_uuid(self) -> str:
        """The PayloadUUID as text, in upper case: other payloads refer to it."""
        return uuid_text(self.uuid, self.identifier)

    def to_dict(self) -> dict[str, Any]:
        """The payload by Apple's keys, as types of a property list."""
        return ACMESettings.to_dict(self) | given(
            {
                **described(PAYLOAD_TYPE, self),
                "KeyIsExtractable": self.key_is_extractable,
                "AllowAllAppsAccess": self.allow_all_apps_access,
            }
        )


def described(payload_type: str, payload: Any) -> dict[str, Any]:
    """The keys that a profile and each of its payloads have."""
    return {
        "PayloadType": payload_type,
        "PayloadVersion": 1,
        "PayloadIdentifier": payload.identifier,
        "PayloadUUID": payload.payload_uuid,
        "PayloadDisplayName": payload.display_name,
        "PayloadDescription": payload.description,
        "PayloadOrganization": payload.organization,
    }


def uuid_text(uuid: object, identifier: object) -> str:
    """The UUID as Apple's tools write it; derived from the identifier where it is None.

    Raises `TypeError`.
    """
    if uuid is None:
        if not isinstance(identifier, str):
            raise TypeError(f"PayloadIdentifier: this is text, not {type(identifier).__name__}")
        uuid = uuid5(NAMESPACE_DNS, identifier)
    if not isinstance(uuid, UUID):
        raise TypeError(f"PayloadUUID: this is a uuid.UUID, not {type(uuid).__name__}")
    return str(uuid).upper()
