"""What a device can do with an ACME payload, by its OS and its chip.

Source: Apple's device-management schema, com.apple.security.acme: `supportedOS`, the keys
HardwareBound and Attest, and "ACME attestation hardware support".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from appleattest.policy.platform import Platform
from appleattest.policy.versions import AppleVersion
from appleattest.profile.issues import LintCode, LintIssue
from appleattest.profile.keys import Document, Form, Issues, typed
from appleattest.profile.target import AttestSupport, Target

_ATTESTS_FROM: Final[Mapping[Platform, str]] = {
    Platform.IOS: "16.0",
    Platform.IPADOS: "16.0",
    Platform.MACOS: "14.0",
    Platform.TVOS: "16.0",
    Platform.VISIONOS: "1.1",
    Platform.WATCHOS: "10.0",
}


def _operating_system(_document: Document, form: Form, target: Target) -> Issues:
    first = form.introduced[target.platform]
    if _is_older(target, first):
        explanation = f"{target.platform.value} knows this from version {first} on"
        yield LintIssue(LintCode.OS_TOO_OLD, "", explanation)


def _hardware_bound(document: Document, _form: Form, target: Target) -> Issues:
    if typed(document, "HardwareBound", bool) and _must_be_false(target):
        explanation = (
            "a Mac binds a key from macOS 14 on, with Apple silicon or a T2 chip; on any other Mac "
            "this must be false"
        )
        yield LintIssue(LintCode.HARDWARE_BOUND_UNSUPPORTED, "HardwareBound", explanation)


def _attest(document: Document, _form: Form, target: Target) -> Issues:
    if not typed(document, "Attest", bool):
        return
    if _must_be_false(target):
        explanation = (
            "a Mac attests from macOS 14 on, with Apple silicon; on an older version, with a T1, "
            "and without a security chip this must be false"
        )
        yield LintIssue(LintCode.ATTEST_UNSUPPORTED, "Attest", explanation)
    elif target.attest_support is AttestSupport.IGNORED:
        explanation = (
            "the device ignores this: keys are attested on an A11 or later (Apple TV: A12), an S4 "
            "or later, and Apple silicon"
        )
        yield LintIssue(LintCode.ATTEST_IGNORED, "Attest", explanation)
    elif _is_older(target, _ATTESTS_FROM[target.platform]):
        first = _ATTESTS_FROM[target.platform]
        explanation = f"{target.platform.value} attests from version {first} on"
        yield LintIssue(LintCode.ATTEST_IGNORED, "Attest", explanation)


def _mac_only(document: Document, form: Form, target: Target) -> Issues:
    for key in form.keys:
        if target.platform is not Platform.MACOS and key.mac_only and key.name in document:
            explanation = f"{target.platform.value} ignores this key, which is for Macs"
            yield LintIssue(LintCode.MAC_ONLY_KEY, key.name, explanation)


def _must_be_false(target: Target) -> bool:
    """Whether the target is a Mac on which HardwareBound and Attest must be false."""
    if target.platform is not Platform.MACOS:
        return False
    too_old = _is_older(target, _ATTESTS_FROM[Platform.MACOS])
    return too_old or target.attest_support is AttestSupport.MUST_BE_FALSE


def _is_older(target: Target, first: str) -> bool:
    return target.version is not None and target.version < AppleVersion.parse(first)


TARGET_RULES: Final[tuple[Callable[[Document, Form, Target], Issues], ...]] = (
    _operating_system,
    _hardware_bound,
    _attest,
    _mac_only,
)
