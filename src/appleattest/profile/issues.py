"""What can be wrong with a configuration profile that asks for an ACME identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NoReturn

from appleattest.sealed import OwnCopy


class LintSeverity(StrEnum):
    """What an issue means for the person who installs the profile."""

    FORBIDDEN = "forbidden"
    """Apple's schema forbids it: expect the device to refuse the profile."""
    NO_ATTESTATION = "no-attestation"
    """The device takes the profile, and the ACME server gets no attestation or no order."""
    UNJUDGED = "unjudged"
    """A part that cannot be read here, so it may or may not attest."""
    ADVICE = "advice"
    """It works, and something else is better."""
    INFORMATION = "information"
    """Something that the linter does not check, and that does not depend on attestation."""


class LintCode(StrEnum):
    """What was found. Codes may be added; none changes its meaning."""

    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    PAYLOAD_TYPE = "payload-type"
    PAYLOAD_VERSION = "payload-version"
    PAYLOAD_SCOPE = "payload-scope"
    PAYLOAD_IDENTIFIER = "payload-identifier"
    PAYLOAD_UUID = "payload-uuid"
    IDENTIFIER_REPEATED = "identifier-repeated"
    UUID_REPEATED = "uuid-repeated"
    TOO_MANY_REFERENCES = "too-many-references"
    DIRECTORY_URL = "directory-url"
    CLIENT_IDENTIFIER = "client-identifier"
    KEY_TYPE = "key-type"
    KEY_SIZE = "key-size"
    HARDWARE_BOUND_KEY_TYPE = "hardware-bound-key-type"
    HARDWARE_BOUND_KEY_SIZE = "hardware-bound-key-size"
    ATTEST_NOT_HARDWARE_BOUND = "attest-not-hardware-bound"
    SUBJECT = "subject"
    SUBJECT_ALT_NAME = "subject-alt-name"
    USAGE_FLAGS = "usage-flags"
    EXTENDED_KEY_USAGE = "extended-key-usage"
    OS_TOO_OLD = "os-too-old"
    HARDWARE_BOUND_UNSUPPORTED = "hardware-bound-unsupported"
    ATTEST_UNSUPPORTED = "attest-unsupported"
    ATTEST_IGNORED = "attest-ignored"
    MAC_ONLY_KEY = "mac-only-key"
    # Only the linter reports these: a builder has no reason to refuse them, or cannot make them.
    SIGNATURE_NOT_CHECKED = "signature-not-checked"
    ENCRYPTED = "encrypted"
    NO_ACME_PAYLOAD = "no-acme-payload"
    ATTEST_OFF = "attest-off"
    UNKNOWN_KEY = "unknown-key"
    PLACEHOLDER = "placeholder"
    COMMON_NAME = "common-name"
    KEY_SIZE_256 = "key-size-256"
    KEY_EXTRACTABLE = "key-extractable"
    ALL_APPS_ACCESS = "all-apps-access"
    UNREFERENCED = "unreferenced"


_SEVERITIES: Final[Mapping[LintCode, LintSeverity]] = {
    **dict.fromkeys(LintCode, LintSeverity.FORBIDDEN),
    **dict.fromkeys(
        (
            LintCode.CLIENT_IDENTIFIER,
            LintCode.ATTEST_IGNORED,
            LintCode.NO_ACME_PAYLOAD,
            LintCode.ATTEST_OFF,
        ),
        LintSeverity.NO_ATTESTATION,
    ),
    LintCode.SIGNATURE_NOT_CHECKED: LintSeverity.INFORMATION,
    LintCode.ENCRYPTED: LintSeverity.UNJUDGED,
    **dict.fromkeys(
        (
            LintCode.PAYLOAD_IDENTIFIER,
            LintCode.PAYLOAD_UUID,
            LintCode.MAC_ONLY_KEY,
            LintCode.UNKNOWN_KEY,
            LintCode.PLACEHOLDER,
            LintCode.COMMON_NAME,
            LintCode.KEY_SIZE_256,
            LintCode.KEY_EXTRACTABLE,
            LintCode.ALL_APPS_ACCESS,
            LintCode.UNREFERENCED,
        ),
        LintSeverity.ADVICE,
    ),
}


@dataclass(frozen=True, slots=True)
class LintIssue(OwnCopy):
    """One thing that is wrong or could be better. Immutable; `bool()` of it is a `TypeError`.

    It may quote the profile: show it to the operator alone.
    """

    code: LintCode
    place: str
    """Where: `"PayloadContent[1].KeySize"`; empty for the whole profile."""
    explanation: str
    """What the rule is, and what to do."""

    @property
    def severity(self) -> LintSeverity:
        """What it means for the person who installs the profile; each code has one."""
        return _SEVERITIES[self.code]

    def inside(self, place: str) -> LintIssue:
        """The same issue, of a part that stands at `place`."""
        return replace(self, place=f"{place}.{self.place}" if self.place else place)

    def __bool__(self) -> NoReturn:
        raise TypeError("LintIssue is neither true nor false: compare its severity")

    def __str__(self) -> str:
        return f"{self.severity}: {self.place or 'profile'}: {self.explanation} [{self.code}]"

    def to_dict(self) -> dict[str, Any]:
        """The issue as JSON types."""
        return {
            "code": self.code.value,
            "severity": self.severity.value,
            "place": self.place,
            "explanation": self.explanation,
        }
