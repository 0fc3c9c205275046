"""Make devices attest: the payload that has a device ask an ACME server, built or judged.

    payload = ACMEPayload(identifier=…, directory_url=…, client_identifier=…)
    profile = ConfigurationProfile(identifier=…, payloads=[payload, wifi]).to_plist()
    result = lint_profile(profile, target=Target(platform=Platform.MACOS, os_version="14.5"))

Builders and linter read one table of rules. Nothing here is random or reads a clock. Sources:
Apple's device-management schema, com.apple.security.acme, com.apple.credential.acme, TopLevel.
"""

from appleattest.acme.payload.declarative import (
    ACMECredential,
    ACMECredentialAsset,
    AssetAuthentication,
    KeychainAccess,
)
from appleattest.acme.payload.findings import LintCode, LintFinding, LintSeverity
from appleattest.acme.payload.identity import ACMEPayload
from appleattest.acme.payload.lint import LintResult, lint_profile
from appleattest.acme.payload.profile import PROFILE_LIMITS, ConfigurationProfile
from appleattest.acme.payload.rules import ACMEKeyType
from appleattest.acme.payload.settings import SubjectAltName
from appleattest.acme.payload.signed import SignatureState
from appleattest.acme.payload.target import AttestSupport, Target

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
    "LintFinding",
    "LintResult",
    "LintSeverity",
    "SignatureState",
    "SubjectAltName",
    "Target",
    "lint_profile",
]
