"""Verify Apple Managed Device Attestation, from bytes to a typed `Attestation`.

    verifier = Verifier()
    attestation = verifier.verify_mdm(chain, nonce=nonce)
    attestation = verifier.verify_acme(att_obj, token=token)

Each says that some genuine device made the attestation. Whether it is the one that was meant is
asked by the protocols around it, `appleattest.mdm` and `appleattest.acme`, and whether it is good
enough by `appleattest.policy`; `appleattest.testing` makes attestations for tests. This list and
theirs are the public interface.

The library is pure: it opens no connection, keeps no state that could change a verdict, and takes
the time as an argument.
"""

from appleattest.arguments import BytesLike
from appleattest.attestation import Attestation, UnverifiedAttestation
from appleattest.errors import (
    AttestationError,
    FreshnessMismatch,
    IdentifierMismatch,
    InvalidCSR,
    KeyMismatch,
    MalformedInput,
    NoAttestation,
    OutsideValidity,
    PolicyViolation,
    Reason,
    UntrustedChain,
)
from appleattest.freshness import (
    UNCHECKED,
    ExpectedFreshness,
    Freshness,
    NoCheck,
    exactly,
    sha256_of,
)
from appleattest.limits import Limits
from appleattest.properties import ClaimedProperties, DeviceProperties
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts
from appleattest.report import Check, Outcome, Report
from appleattest.trust import TrustStore
from appleattest.unverified import decode_unverified
from appleattest.verifier import CertificateLike, PreviousNonces, Verifier

__version__ = "0.1.0"

__all__ = [
    "UNCHECKED",
    "Attestation",
    "AttestationError",
    "BytesLike",
    "CertificateLike",
    "Check",
    "ClaimedProperties",
    "DeviceProperties",
    "ExpectedFreshness",
    "Freshness",
    "FreshnessMismatch",
    "IdentifierMismatch",
    "InvalidCSR",
    "KeyMismatch",
    "Limits",
    "MalformedInput",
    "NoAttestation",
    "NoCheck",
    "Outcome",
    "OutsideValidity",
    "PolicyViolation",
    "PreviousNonces",
    "Reason",
    "Report",
    "SecureBoot",
    "SystemIntegrityProtection",
    "ThirdPartyKexts",
    "TrustStore",
    "UntrustedChain",
    "UnverifiedAttestation",
    "Verifier",
    "decode_unverified",
    "exactly",
    "sha256_of",
]
