"""The linter: what of a configuration profile will not work, or not attest, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from appleattest.arguments import required_limits
from appleattest.carriers.certificate_sequence import octets
from appleattest.errors import MalformedInput, Reason
from appleattest.limits import Limits
from appleattest.profile.advice import advice
from appleattest.profile.configuration_profile import PROFILE_LIMITS
from appleattest.profile.envelope import Unwrapped, unwrap
from appleattest.profile.issues import LintCode, LintIssue, LintSeverity
from appleattest.profile.profile_rules import profile_issues
from appleattest.profile.target import Target
from appleattest.sealed import OwnCopy
from appleattest.text import type_name
from appleattest.wire import plist

_PREVENTING: Final = (LintSeverity.FORBIDDEN, LintSeverity.NO_ATTESTATION, LintSeverity.UNJUDGED)


@dataclass(frozen=True, slots=True)
class LintResult(OwnCopy):
    """What was found in one profile. Immutable; `bool()` of it is a `TypeError`."""

    issues: tuple[LintIssue, ...]
    """In the order in which they stand in the profile, advice last."""
    signed: bool
    """Whether the profile came signed. The signature is not checked, nor who signed: a device does
    both when it installs the profile."""

    @property
    def would_attest(self) -> bool:
        """Whether no issue keeps any ACME identity of the profile from being attested.

        It says nothing of the server, nor of any device but the target.
        """
        return not any(issue.severity in _PREVENTING for issue in self.issues)

    def __bool__(self) -> NoReturn:
        raise TypeError("LintResult is neither true nor false: read its would_attest")

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types; it may quote the profile."""
        return {
            "would_attest": self.would_attest,
            "signed": self.signed,
            "issues": [issue.to_dict() for issue in self.issues],
        }


def lint_profile(
    profile: bytes | bytearray | memoryview,
    /,
    *,
    target: Target | None = None,
    limits: Limits = PROFILE_LIMITS,
) -> LintResult:
    """What is wrong with a `.mobileconfig`: a property list, XML or binary, plain or signed.

    `target` is the device that it is for; without one, no issue depends on OS or hardware.
    `limits` bound the octets, elements and depth that are read. A signature is not checked: of a
    signed profile the issue `signature-not-checked` says so.

    Raises `MalformedInput` (`malformed-plist`, `too-large`) for whatever is no property list
    with a dictionary on top. Raises `TypeError` for a `target` or `limits` of another type.
    Sources: Apple's device-management schema; "Validating a Managed Device Attestation";
    draft-ietf-acme-device-attest.
    """
    if target is not None and not isinstance(target, Target):
        raise TypeError(f"target is a Target or None, not {type(target).__name__}")
    limits = required_limits(limits)
    document = octets(profile, limits.plist_bytes)
    if document is None:
        raise _malformed(f"bytes were expected, {type_name(profile)} came")
    unwrapped = unwrap(document)
    return LintResult(tuple(_issues(unwrapped, target, limits)), unwrapped.signed)


def _issues(unwrapped: Unwrapped, target: Target | None, limits: Limits) -> Iterator[LintIssue]:
    if unwrapped.content is None:
        explanation = "this is encrypted for a device: lint the profile before it is encrypted"
        yield LintIssue(LintCode.ENCRYPTED, "", explanation)
        return
    document = plist.decode(unwrapped.content, limits)
    if not isinstance(document, dict):
        raise _malformed(f"a dictionary was expected, {type_name(document)} came")
    yield from profile_issues(document, target)
    if unwrapped.signed:
        explanation = (
            "the profile is signed, and its signature is not checked here: a device refuses a "
            "profile that was changed after it was signed"
        )
        yield LintIssue(LintCode.SIGNATURE_NOT_CHECKED, "", explanation)
    yield from advice(document)


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_PLIST, detail)
