"""The caller's own rules about a verified attestation. The verifier knows none of them.

    from appleattest import policy

    rules = policy.Policy(
        policy.MinimumOSVersion(macos="15.5", ios="18.5"),
        policy.OnPlatform(policy.Platform.MACOS, policy.SIPEnabled()),
    )
    result = rules.evaluate(attestation, platform="macos")
    rules.require(attestation, platform="macos")

Unknown is never enough: a property that is absent satisfies no rule about it, and a rule for one
platform fails where the platform is unknown. A rule is any object with a `name` and a `check`.
"""

from importlib.resources import files

from appleattest.policy.combinators import AnyOf, OnPlatform
from appleattest.policy.document import POLICY_SCHEMA
from appleattest.policy.findings import DiscrepancyLike, Facts, Finding, Rule, Verdict
from appleattest.policy.platform import Platform
from appleattest.policy.policy import Policy, PolicyResult, Score
from appleattest.policy.rules import (
    AnchoredAtApple,
    DeviceIdentified,
    FreshnessIs,
    FullSecurity,
    KeyCurve,
    KeyType,
    MaximumAge,
    NoDiscrepancies,
    NoThirdPartyKexts,
    SerialNumberInInventory,
    SIPEnabled,
)
from appleattest.policy.version_rules import (
    MinimumLLBVersion,
    MinimumOSVersion,
    MinimumSepOSVersion,
)
from appleattest.policy.versions import AppleVersion

__all__ = [
    "POLICY_SCHEMA",
    "AnchoredAtApple",
    "AnyOf",
    "AppleVersion",
    "DeviceIdentified",
    "DiscrepancyLike",
    "Facts",
    "Finding",
    "FreshnessIs",
    "FullSecurity",
    "KeyCurve",
    "KeyType",
    "MaximumAge",
    "MinimumLLBVersion",
    "MinimumOSVersion",
    "MinimumSepOSVersion",
    "NoDiscrepancies",
    "NoThirdPartyKexts",
    "OnPlatform",
    "Platform",
    "Policy",
    "PolicyResult",
    "Rule",
    "SIPEnabled",
    "Score",
    "SerialNumberInInventory",
    "Verdict",
    "json_schema",
]


def json_schema() -> str:
    """The JSON Schema (2020-12) of a policy document, as JSON text: give it to an editor."""
    return files("appleattest.policy").joinpath("policy.schema.json").read_text("utf-8")
