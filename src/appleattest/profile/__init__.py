"""Make devices attest: the payload that has a device ask an ACME server, built or judged.

    payload = ACMEPayload(identifier=…, directory_url=…, client_identifier=…)
    profile = ConfigurationProfile(identifier=…, payloads=[payload, wifi]).to_plist()
    result = lint_profile(profile, target=Target(platform=Platform.MACOS, os_version="14.5"))

Builders and linter read one table of rules. Nothing here is random or reads a clock. Sources:
Apple's device-management schema, com.apple.security.acme, com.apple.credential.acme, TopLevel.
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
from appleattest.profile.envelope import SignatureState
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
    "SignatureState",
    "SubjectAltName",
    "Target",
    "lint_profile",
]
