"""What the tests of the ACME payload share: one good profile, and how to break it in one place."""

from __future__ import annotations

import copy
import plistlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from appleattest.profile import (
    ACMEPayload,
    ConfigurationProfile,
    LintCode,
    LintIssue,
    Target,
    lint_profile,
)

SETTINGS: Final[Mapping[str, Any]] = {
    "directory_url": "https://ca.example/acme/directory",
    "client_identifier": "TESTSERIAL01",
}
IDENTIFIER: Final = "com.example.acme"
UUID_OF_WIFI: Final = "6F2E9C1B-0B0E-4C2F-9C59-0D1D7E5F8A11"


def acme_payload(**changes: Any) -> ACMEPayload:
    return ACMEPayload(**{**SETTINGS, "identifier": IDENTIFIER, **changes})


def wifi(number: int = 0, uuid: str = UUID_OF_WIFI, **more: Any) -> dict[str, Any]:
    """Another payload, which refers to the identity."""
    return {
        "PayloadType": "com.apple.wifi.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"com.example.wifi{number}",
        "PayloadUUID": uuid,
        "EAPClientConfiguration": {"Certificates": [{"Identity": acme_payload().payload_uuid}]},
        **more,
    }


def profile(*payloads: ACMEPayload | Mapping[str, Any], **changes: Any) -> ConfigurationProfile:
    """A profile of an identity and a payload that refers to it, or of other payloads."""
    return ConfigurationProfile(
        **{
            "identifier": "com.example.profile",
            "payloads": payloads or (acme_payload(), wifi()),
            **changes,
        }
    )


def document(**changes: Any) -> dict[str, Any]:
    """The good profile, whose ACME payload has other values; `...` takes a key away."""
    made = copy.deepcopy(profile().to_dict())
    change(made["PayloadContent"][0], changes)
    return made


def change(target: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is ...:
            del target[key]
        else:
            target[key] = value


def lint(made: object, target: Target | None = None) -> tuple[LintIssue, ...]:
    issues = lint_profile(plistlib.dumps(made), target=target).issues  # type: ignore[arg-type]
    assert len(places(issues)) == len(issues)
    return issues


def places(issues: Iterable[LintIssue]) -> list[tuple[LintCode, str]]:
    """What was found, and where. Each issue says why, of something that can stand there."""
    found = []
    for issue in issues:
        code, place, explanation = issue.code, issue.place, issue.explanation
        assert isinstance(place, str)
        assert isinstance(explanation, str)
        assert len(explanation) > 20
        assert "None" not in f"{place} {explanation}", "no property list holds one"
        found.append((code, place))
    return found


def codes(made: object, target: Target | None = None) -> list[tuple[LintCode, str]]:
    """What the linter finds, and where, both in XML and in binary."""
    found = places(lint(made, target))
    binary = plistlib.dumps(made, fmt=plistlib.FMT_BINARY)  # type: ignore[arg-type]
    assert places(lint_profile(binary, target=target).issues) == found
    return found


def refusal(build: Callable[[], object]) -> tuple[type[Exception], str]:
    """The class and text of what a builder raises; nothing but misuse comes out of one."""
    try:
        build()
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    raise AssertionError("nothing was refused")
