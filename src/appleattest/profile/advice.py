"""What Apple's schema allows, and an operator would not want: for the linter alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from appleattest.profile.issues import LintCode, LintIssue
from appleattest.profile.keys import PAYLOAD, Document, Issues, typed
from appleattest.profile.profile_rules import payloads_of, references_to
from appleattest.text import quoted

_KNOWN: Final = frozenset(key.name for key in PAYLOAD.keys) | {"PayloadEnabled"}
_SPELT: Final = {name.casefold(): name for name in _KNOWN}
_PLACEHOLDER: Final = re.compile(r"\$\{?[A-Za-z_]|\{\{|%[A-Za-z_]+%")
_COMMON_NAMES: Final = ("CN", "2.5.4.3")
_LONGEST_COMMON_NAME: Final = 64
_SMALLER_SIZE: Final = 256


def advice(profile: Document) -> Issues:
    """The issues that no rule of the schema finds, of a profile and of its ACME payloads."""
    payloads = payloads_of(profile)
    if "EncryptedPayloadContent" in profile or typed(profile, "IsEncrypted", bool):
        explanation = "this is encrypted for a device: lint the profile before it is encrypted"
        yield LintIssue(LintCode.ENCRYPTED, "EncryptedPayloadContent", explanation)
    elif not any(placed.is_acme for placed in payloads):
        explanation = "no payload is of type com.apple.security.acme, so no key is attested"
        yield LintIssue(LintCode.NO_ACME_PAYLOAD, "PayloadContent", explanation)
    for placed in payloads:
        if placed.is_acme:
            for rule in _RULES:
                for issue in rule(placed.document):
                    yield issue.inside(placed.place)
    for placed, references in references_to(profile):
        if not references:
            explanation = (
                "no payload of this profile refers to the identity: give this UUID as the "
                "certificate of the payload that is to use it"
            )
            yield LintIssue(LintCode.UNREFERENCED, f"{placed.place}.PayloadUUID", explanation)


def _attest_off(payload: Document) -> Issues:
    if payload.get("Attest", False) is False:
        explanation = (
            "the device answers the challenge without an attestation: set this to true, with "
            "HardwareBound true, KeyType ECSECPrimeRandom and KeySize 384"
        )
        yield LintIssue(LintCode.ATTEST_OFF, "Attest", explanation)


def _unknown_keys(payload: Document) -> Issues:
    for key in payload:
        if key not in _KNOWN:
            meant = _SPELT.get(key.casefold())
            hint = f"did you mean {meant}?" if meant else "a device ignores it"
            explanation = f"Apple's schema has no key {quoted(key)}: {hint}"
            yield LintIssue(LintCode.UNKNOWN_KEY, "", explanation)


def _placeholder(payload: Document) -> Issues:
    identifier = typed(payload, "ClientIdentifier", str)
    if identifier is not None and _PLACEHOLDER.search(identifier):
        explanation = (
            f"{quoted(identifier)} looks like a variable that the MDM replaces: if it does not, "
            "every device orders this text; lint the profile as a device gets it"
        )
        yield LintIssue(LintCode.PLACEHOLDER, "ClientIdentifier", explanation)


def _common_name(payload: Document) -> Issues:
    identifier = typed(payload, "ClientIdentifier", str)
    if identifier is None or "Subject" not in payload:
        return
    is_alone = list(_common_names(payload)) == [(identifier, 1)]
    if not is_alone or len(identifier) > _LONGEST_COMMON_NAME:
        explanation = (
            "a server that binds by CN refuses the request at finalize, unless the subject has one "
            "common name, alone in its array: the ClientIdentifier, of at most 64 characters"
        )
        yield LintIssue(LintCode.COMMON_NAME, "Subject", explanation)


def _common_names(payload: Document) -> Iterator[tuple[object, int]]:
    """The value of each common name, and how many attributes share its array."""
    for rdn in typed(payload, "Subject", list) or ():
        pairs = rdn if isinstance(rdn, list) else ()
        for pair in pairs:
            if isinstance(pair, list) and len(pair) == 2 and pair[0] in _COMMON_NAMES:
                yield pair[1], len(pairs)


def _smaller_key(payload: Document) -> Issues:
    bound, size = typed(payload, "HardwareBound", bool), typed(payload, "KeySize", int)
    if bound and size == _SMALLER_SIZE:
        explanation = "256 is accepted and attested; 384 is recommended for hardware-bound keys"
        yield LintIssue(LintCode.KEY_SIZE_256, "KeySize", explanation)


def _extractable(payload: Document) -> Issues:
    extractable = payload.get("KeyIsExtractable", True) is True
    if typed(payload, "HardwareBound", bool) is False and extractable:
        explanation = (
            "without HardwareBound the private key can be exported on a Mac by default: set this "
            "to false, or bind the key"
        )
        yield LintIssue(LintCode.KEY_EXTRACTABLE, "KeyIsExtractable", explanation)


def _all_apps(payload: Document) -> Issues:
    if typed(payload, "AllowAllAppsAccess", bool):
        explanation = "every app on the Mac may use the private key; leave this out to forbid it"
        yield LintIssue(LintCode.ALL_APPS_ACCESS, "AllowAllAppsAccess", explanation)


_RULES: Final[tuple[Callable[[Document], Issues], ...]] = (
    _attest_off,
    _unknown_keys,
    _placeholder,
    _common_name,
    _smaller_key,
    _extractable,
    _all_apps,
)
