"""What can be wrong with a configuration profile that asks for an ACME identity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NoReturn, Self

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
    PAYLOAD_IDENTIFIER = "payload-identifier", LintSeverity.ADVICE
    PAYLOAD_UUID = "payload-uuid", LintSeverity.ADVICE
    IDENTIFIER_REPEATED = "identifier-repeated"
    UUID_REPEATED = "uuid-repeated"
    TOO_MANY_REFERENCES = "too-many-references"
    DIRECTORY_URL = "directory-url"
    CLIENT_IDENTIFIER = "client-identifier", LintSeverity.NO_ATTESTATION
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
    ATTEST_IGNORED = "attest-ignored", LintSeverity.NO_ATTESTATION
    MAC_ONLY_KEY = "mac-only-key", LintSeverity.ADVICE
    # Only the linter reports these: a builder has no reason to refuse them, or cannot make them.
    SIGNATURE_NOT_CHECKED = "signature-not-checked", LintSeverity.INFORMATION
    ENCRYPTED = "encrypted", LintSeverity.UNJUDGED
    NO_ACME_PAYLOAD = "no-acme-payload", LintSeverity.NO_ATTESTATION
    ATTEST_OFF = "attest-off", LintSeverity.NO_ATTESTATION
    UNKNOWN_KEY = "unknown-key", LintSeverity.ADVICE
    PLACEHOLDER = "placeholder", LintSeverity.ADVICE
    COMMON_NAME = "common-name", LintSeverity.ADVICE
    KEY_SIZE_256 = "key-size-256", LintSeverity.ADVICE
    KEY_EXTRACTABLE = "key-extractable", LintSeverity.ADVICE
    ALL_APPS_ACCESS = "all-apps-access", LintSeverity.ADVICE
    UNREFERENCED = "unreferenced", LintSeverity.ADVICE

    _severity: LintSeverity

    def __new__(cls, text: str, severity: LintSeverity = LintSeverity.FORBIDDEN) -> Self:
        """A code: its text, and the severity of its issues."""
        code = str.__new__(cls, text)
        code._value_, code._severity = text, severity
        return code


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
        return self.code._severity

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
