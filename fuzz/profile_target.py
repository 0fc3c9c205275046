"""A configuration profile that somebody wants to know about, in any of its forms."""

from __future__ import annotations

import json
from typing import Final

from appleattest.limits import Limits
from appleattest.policy import Platform
from appleattest.profile import (
    ConfigurationProfile,
    LintCode,
    LintResult,
    LintSeverity,
    Target,
    lint_profile,
)
from appleattest.profile.envelope import unwrap
from appleattest.wire import plist
from fuzz.oracle import require, returned, without_warning

_TARGET: Final = Target(platform=Platform.MACOS, os_version="13.1", chip="T2")


def lint(data: bytes) -> None:
    """A profile: every issue can be shown, and a signature changes nothing but its own issue."""
    result = returned(lambda: lint_profile(data))
    if result is None:
        return
    for issue in result.issues:
        require(str(issue).isprintable(), "a issue that cannot be shown")
        json.dumps(issue.to_dict())
    for_a_mac = lint_profile(data, target=_TARGET)
    require(set(result.issues) <= set(for_a_mac.issues), "a target takes issues away")
    _check_envelope(data, result)


def _check_envelope(data: bytes, result: LintResult) -> None:
    content = unwrap(data).content
    if content is None:
        return
    not_checked = [each for each in result.issues if each.code == LintCode.SIGNATURE_NOT_CHECKED]
    require(len(not_checked) == result.signed, "a signature that was not checked is not told")
    alone = lint_profile(content)
    others = [each for each in result.issues if each not in not_checked]
    require(not alone.signed, "the content of a signed profile is signed")
    require(list(alone.issues) == others, "the signature changes what is found in the content")
    _check_builder(content)


def _check_builder(content: bytes) -> None:
    """Of its payloads a profile can be built that the linter takes, or it is the caller's error."""
    document = plist.decode(content, Limits(plist_bytes=1 << 20, plist_elements=1 << 14))
    payloads = document.get("PayloadContent") if isinstance(document, dict) else None
    try:
        built = without_warning(
            lambda: ConfigurationProfile(identifier="com.example.fuzz", payloads=payloads or [])
        )
    except (TypeError, ValueError):
        return
    found = lint_profile(built.to_plist()).issues
    forbidden = [each for each in found if each.severity is LintSeverity.FORBIDDEN]
    require(not forbidden, f"built, and forbidden: {forbidden}")
