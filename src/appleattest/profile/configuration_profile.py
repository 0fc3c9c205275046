"""A configuration profile around the payload."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from appleattest.errors import MalformedInput
from appleattest.limits import Limits
from appleattest.profile.acme_payload import ACMEPayload, described, uuid_text
from appleattest.profile.acme_rules import refuse
from appleattest.profile.acme_settings import given
from appleattest.profile.keys import CONFIGURATION
from appleattest.profile.plist_values import frozen_copy, unfrozen_copy
from appleattest.profile.profile_rules import profile_issues
from appleattest.wire import plist

PROFILE_LIMITS: Final = Limits(plist_bytes=1024 * 1024, plist_elements=16 * 1024, plist_depth=32)
"""The largest profile that is built, and by default linted; a device's message is far smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationProfile:
    """A profile with one or more payloads, which may refer to an ACME identity of it.

    `payloads` holds `ACMEPayload`s and, as mappings by Apple's keys, whatever else the device is
    to have: a Wi-Fi payload whose `PayloadCertificateUUID` is an identity's `payload_uuid`, say.
    At most ten payloads refer to one identity. `uuid` is derived from `identifier` by default.

    Raises `TypeError` or `ValueError` with the place and the rule, and for what a property list
    cannot hold.
    Source: Apple's device-management schema, TopLevel and CommonPayloadKeys.
    """

    identifier: str
    payloads: Sequence[ACMEPayload | Mapping[str, Any]]
    uuid: UUID | None = None
    display_name: str | None = None
    description: str | None = None
    organization: str | None = None
    removal_disallowed: bool | None = None
    scope: str | None = None
    """`"System"` or `"User"`, on a Mac."""

    def __post_init__(self) -> None:
        if isinstance(self.payloads, str | Mapping) or not isinstance(self.payloads, Sequence):
            raise TypeError("PayloadContent: payloads is a sequence of payloads")
        if not self.payloads:
            raise ValueError("PayloadContent: a profile has at least one payload")
        kept = tuple(_kept(each, index) for index, each in enumerate(self.payloads))
        object.__setattr__(self, "payloads", kept)
        refuse(profile_issues(self.to_dict(), None))
        self._require_round_trip()

    def __hash__(self) -> int:
        return hash(self.to_plist())

    @property
    def payload_uuid(self) -> str:
        """The PayloadUUID of the profile itself, in upper case."""
        return uuid_text(self.uuid, self.identifier)

    def to_dict(self) -> dict[str, Any]:
        """The profile, as types of a property list; times are aware."""
        payloads = [
            each.to_dict() if isinstance(each, ACMEPayload) else unfrozen_copy(each)
            for each in self.payloads
        ]
        return given(
            {
                **described(CONFIGURATION, self),
                "PayloadContent": payloads,
                "PayloadRemovalDisallowed": self.removal_disallowed,
                "PayloadScope": self.scope,
            }
        )

    def to_plist(self) -> bytes:
        """The profile as an XML property list, the same octets for the same values."""
        # Times are in UTC by now, and `plistlib` writes them in XML as they stand.
        return plistlib.dumps(self.to_dict(), sort_keys=True)

    def _require_round_trip(self) -> None:
        """XML has no place for some characters and numbers: what is written must be read again."""
        try:
            read = plist.decode(self.to_plist(), PROFILE_LIMITS)
        except MalformedInput as error:
            raise ValueError(f"no property list can hold this profile: {error.detail}") from None
        if read != self.to_dict():
            raise ValueError("a text of this profile would be read as another: a carriage return?")


def _kept(payload: object, index: int) -> object:
    if isinstance(payload, ACMEPayload):
        return payload
    place = f"PayloadContent[{index}]"
    if not isinstance(payload, Mapping):
        raise TypeError(f"{place}: a payload is an ACMEPayload or a mapping")
    return frozen_copy(payload, place)
