"""`ConfigurationProfile`: a profile of payloads, written as a property list."""

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
"""The bounds of a profile that is built, and by default of one that is linted: 1 MiB, 16,384 keys
and values, 32 levels. What a device sends has lower bounds (`Limits`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationProfile:
    """A profile with one or more payloads, which may refer to its ACME identities. Immutable.

    `payloads` holds `ACMEPayload`s, and other payloads as mappings by Apple's keys: for example a
    Wi-Fi payload whose `PayloadCertificateUUID` is the `payload_uuid` of an identity. At most ten
    payloads refer to one identity. `uuid` is by default derived from `identifier`. What is None is
    left out.

    Raises `TypeError` for a value of another type, and `ValueError` for one that breaks a rule or
    that a property list cannot hold; the text names the place and the rule.
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
    """`"System"` or `"User"`; for Macs."""

    def __post_init__(self) -> None:
        if isinstance(self.payloads, str | Mapping) or not isinstance(self.payloads, Sequence):
            raise TypeError("payloads is a sequence of payloads, such as a list")
        if not self.payloads:
            raise ValueError("payloads is empty: a profile has at least one payload")
        kept = tuple(_kept(each, index) for index, each in enumerate(self.payloads))
        object.__setattr__(self, "payloads", kept)
        refuse(profile_issues(self.to_dict(), None))
        self._require_round_trip()

    def __hash__(self) -> int:
        return hash(self.to_plist())

    @property
    def payload_uuid(self) -> str:
        """The PayloadUUID of the profile itself as text, in upper case."""
        return uuid_text(self.uuid, self.identifier)

    def to_dict(self) -> dict[str, Any]:
        """The profile by Apple's keys, as types of a property list; times are aware, in UTC."""
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
        # `plistlib` writes a time without its offset: these are in UTC.
        return plistlib.dumps(self.to_dict(), sort_keys=True)

    def _require_round_trip(self) -> None:
        """XML cannot hold some characters and numbers: what is written must read the same."""
        try:
            read = plist.decode(self.to_plist(), PROFILE_LIMITS)
        except MalformedInput as error:
            raise ValueError(f"a property list cannot hold this profile: {error.detail}") from None
        if read != self.to_dict():
            raise ValueError("a text of this profile would read differently: a carriage return?")


def _kept(payload: object, index: int) -> object:
    if isinstance(payload, ACMEPayload):
        return payload
    place, kind = f"PayloadContent[{index}]", type(payload).__name__
    if not isinstance(payload, Mapping):
        raise TypeError(f"{place}: this is an ACMEPayload or a mapping, not {kind}")
    return frozen_copy(payload, place)
