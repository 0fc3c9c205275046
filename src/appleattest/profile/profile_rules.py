"""The rules for a whole configuration profile: its own keys, its payloads, and both together.

Source: Apple's device-management schema, TopLevel and CommonPayloadKeys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from appleattest.profile.acme_rules import acme_issues, common_issues
from appleattest.profile.issues import LintCode, LintIssue
from appleattest.profile.keys import (
    COMMON_KEYS,
    CONFIGURATION,
    PAYLOAD,
    PAYLOAD_TYPE,
    PROFILE_KEYS,
    Document,
    Issues,
    key_issues,
    typed,
    wrong_type,
)
from appleattest.profile.target import Target

MOST_REFERENCES: Final = 10
"""How many other payloads may refer to one identity."""
SCOPES: Final = ("System", "User")


class Placed(NamedTuple):
    """One payload of a profile, and its place in it: `PayloadContent[1]`."""

    place: str
    document: Document

    @property
    def is_acme(self) -> bool:
        """Whether it asks for an ACME identity."""
        return self.document.get("PayloadType") == PAYLOAD_TYPE


def payloads_of(profile: Document) -> list[Placed]:
    """The payloads that are dictionaries, in their order."""
    content = typed(profile, "PayloadContent", list) or []
    return [
        Placed(f"PayloadContent[{index}]", item)
        for index, item in enumerate(content)
        if isinstance(item, dict)
    ]


def profile_issues(profile: Document, target: Target | None) -> Issues:
    """The issues of a profile: of its own keys, of each payload, of payloads together."""
    yield from _own(profile)
    for placed in payloads_of(profile):
        for issue in _of_payload(placed, target):
            yield issue.inside(placed.place)
    yield from _repeated(profile)
    for placed, references in references_to(profile):
        if references > MOST_REFERENCES:
            explanation = (
                f"{references} payloads refer to this identity; at most {MOST_REFERENCES} may: add "
                "a second ACME payload"
            )
            place = f"{placed.place}.PayloadUUID"
            yield LintIssue(LintCode.TOO_MANY_REFERENCES, place, explanation)


def references_to(profile: Document) -> Iterator[tuple[Placed, int]]:
    """Each ACME payload that has a UUID, and how many other payloads refer to it.

    A reference is any text, at any depth, that equals the UUID in upper or lower case: many keys
    refer to a certificate.
    """
    payloads = [(placed, _texts(placed.document)) for placed in payloads_of(profile)]
    holders = Counter(text for _, texts in payloads for text in texts)
    for placed, own in payloads:
        uuid = _uuid(placed.document)
        if placed.is_acme and uuid is not None:
            yield placed, holders[uuid] - (uuid in own)


def _own(profile: Document) -> Issues:
    encrypted = typed(profile, "IsEncrypted", bool) or "EncryptedPayloadContent" in profile
    needed = [key for key in PROFILE_KEYS if not (encrypted and key.name == "PayloadContent")]
    yield from key_issues(profile, needed)
    yield from common_issues(profile)
    if typed(profile, "PayloadType", str) not in (None, CONFIGURATION):
        explanation = "the type of a profile is Configuration"
        yield LintIssue(LintCode.PAYLOAD_TYPE, "PayloadType", explanation)
    if typed(profile, "PayloadScope", str) not in (None, *SCOPES):
        explanation = "the scope is System or User"
        yield LintIssue(LintCode.PAYLOAD_SCOPE, "PayloadScope", explanation)
    for index, item in enumerate(typed(profile, "PayloadContent", list) or ()):
        if not isinstance(item, dict):
            yield wrong_type(f"PayloadContent[{index}]", dict, item)


def _of_payload(placed: Placed, target: Target | None) -> Issues:
    if placed.is_acme:
        return acme_issues(placed.document, PAYLOAD, target)
    return chain(key_issues(placed.document, COMMON_KEYS), common_issues(placed.document))


def _repeated(profile: Document) -> Issues:
    """A UUID is unique in the profile, and an identifier among its payloads."""
    uuids, identifiers = {_uuid(profile)}, set[str | None]()
    for placed in payloads_of(profile):
        uuid = _uuid(placed.document)
        if uuid is not None and uuid in uuids:
            explanation = "another part of the profile has this UUID; give each one of its own"
            yield LintIssue(LintCode.UUID_REPEATED, f"{placed.place}.PayloadUUID", explanation)
        identifier = typed(placed.document, "PayloadIdentifier", str)
        if identifier is not None and identifier in identifiers:
            place = f"{placed.place}.PayloadIdentifier"
            explanation = "another payload has this identifier; give each one of its own"
            yield LintIssue(LintCode.IDENTIFIER_REPEATED, place, explanation)
        uuids.add(uuid)
        identifiers.add(identifier)


def _uuid(document: Document) -> str | None:
    """The PayloadUUID in lower case; None where there is none."""
    uuid = typed(document, "PayloadUUID", str)
    return None if uuid is None else uuid.casefold()


def _texts(payload: Document) -> frozenset[str]:
    """Every text in a payload but its own UUID, in lower case."""
    found: set[str] = set()
    waiting: list[object] = [value for key, value in payload.items() if key != "PayloadUUID"]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.add(value.casefold())
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return frozenset(found)
