"""Configuration profiles that make a device ask an ACME server, built or judged.

    payload = ACMEPayload(identifier=…, directory_url=…, client_identifier=…)
    profile = ConfigurationProfile(identifier=…, payloads=[payload, wifi]).to_plist()
    result = lint_profile(profile, target=Target(platform="macos", os_version="14.5"))

The modules, from the facts upwards:

- `issues`: what can be wrong. `keys`: the keys of Apple's schema.
- `target`: the device that a profile is for. `plist_values`: values of a property list, frozen.
- `target_rules`, `acme_rules`, `profile_rules`: the rules for a device, for an ACME identity, for a
  whole profile. Builders and linter read the same ones.
- `acme_settings`, `acme_payload`, `acme_credential`, `configuration_profile`: the builders.
- `ber`, `envelope`: a signed profile, measured and unwrapped; its signature is not checked.
- `advice`, `linter`: what else the linter says, and the linter.

Nothing here is random or reads a clock. Sources: Apple's device-management schema,
com.apple.security.acme, com.apple.credential.acme, TopLevel.
"""

from appleattest.profile.acme_credential import (
    ACMECredential,
    ACMECredentialAsset,
    AssetAuthentication,
    KeychainAccess,
)
from appleattest.profile.acme_payload import ACMEPayload
from appleattest.profile.acme_rules import ACMEKeyType
from appleattest.profile.acme_settings import SubjectAltName
from appleattest.profile.configuration_profile import PROFILE_LIMITS, ConfigurationProfile
from appleattest.profile.issues import LintCode, LintIssue, LintSeverity
from appleattest.profile.linter import LintResult, lint_profile
from appleattest.profile.target import AttestSupport, Target

__all__ = [
    "PROFILE_LIMITS",
    "ACMECredential",
    "ACMECredentialAsset",
    "ACMEKeyType",
    "ACMEPayload",
    "AssetAuthentication",
    "AttestSupport",
    "ConfigurationProfile",
    "KeychainAccess",
    "LintCode",
    "LintIssue",
    "LintResult",
    "LintSeverity",
    "SubjectAltName",
    "Target",
    "lint_profile",
]
