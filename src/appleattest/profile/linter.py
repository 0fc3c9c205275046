"""The linter: what of a configuration profile will not work, or not attest, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appleattest.carriers.certificate_sequence import octets
from appleattest.errors import MalformedInput, Reason
from appleattest.limits import Limits
from appleattest.profile.advice import advice
from appleattest.profile.configuration_profile import PROFILE_LIMITS
from appleattest.profile.envelope import Opened, SignatureState, open_profile
from appleattest.profile.issues import LintCode, LintIssue, LintSeverity
from appleattest.profile.profile_rules import profile_issues
from appleattest.profile.target import Target
from appleattest.text import type_name
from appleattest.wire import plist

_PREVENTING: Final = (LintSeverity.FORBIDDEN, LintSeverity.NO_ATTESTATION, LintSeverity.UNJUDGED)


@dataclass(frozen=True, slots=True)
class LintResult:
    """What was found in a profile, in the order in which it stands there, advice last."""

    issues: tuple[LintIssue, ...]
    signature: SignatureState
    signer: bytes | None
    """The certificate, DER, that the profile itself gives as its (first) signer's. Whether it is
    trusted, nobody has judged: anybody can sign a profile with a certificate of their own."""

    @property
    def would_attest(self) -> bool:
        """Whether nothing found keeps any ACME identity of the profile from being attested.

        It says nothing of devices, beyond the target that was given, nor of the server.
        """
        return not any(issue.severity in _PREVENTING for issue in self.issues)


def lint_profile(
    profile: object, /, *, target: Target | None = None, limits: Limits = PROFILE_LIMITS
) -> LintResult:
    """Judge a `.mobileconfig`: a property list, XML or binary, plain or signed.

    `target` is the device that it is for; without one, no issue depends on OS or hardware.
    `limits` bound the octets, elements and depth that are read.

    Raises `MalformedInput` (`malformed-plist`, `too-large`) for whatever is no property list
    with a dictionary on top, and `TypeError` for arguments that are the caller's.
    Sources: Apple's device-management schema; "Validating a Managed Device Attestation";
    draft-ietf-acme-device-attest.
    """
    if target is not None and not isinstance(target, Target):
        raise TypeError(f"target is a Target or None, not {type(target).__name__}")
    if not isinstance(limits, Limits):
        raise TypeError(f"limits is a Limits, not {type(limits).__name__}")
    document = octets(profile, limits.plist_bytes)
    if document is None:
        raise _malformed(f"bytes were expected, {type_name(profile)} came")
    opened = open_profile(document)
    return LintResult(tuple(_findings(opened, target, limits)), opened.signature, opened.signer)


def _findings(opened: Opened, target: Target | None, limits: Limits) -> Iterator[LintIssue]:
    if opened.content is None:
        explanation = "this is encrypted for a device: lint the profile before it is encrypted"
        yield LintIssue(LintCode.ENCRYPTED, "", explanation)
        return
    if opened.signature is SignatureState.BROKEN:
        explanation = "it was changed after it was signed: sign what is to be installed anew"
        yield LintIssue(LintCode.SIGNATURE_BROKEN, "", explanation)
    if opened.signature is SignatureState.UNCHECKED:
        explanation = (
            "the signer's certificate is not in it, the signed attributes are not in DER, or the "
            "algorithm is not checked here: RSA (PKCS #1 v1.5) and ECDSA with SHA-256, SHA-384 and "
            "SHA-512 are"
        )
        yield LintIssue(LintCode.SIGNATURE_UNCHECKED, "", explanation)
    document = plist.decode(opened.content, limits)
    if not isinstance(document, dict):
        raise _malformed(f"a dictionary was expected, {type_name(document)} came")
    yield from profile_issues(document, target)
    yield from advice(document)


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_PLIST, detail)
