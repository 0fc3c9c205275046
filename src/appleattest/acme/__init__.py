"""ACME `device-attest-01`, from newOrder to finalize: what the attestation demands at each step.

    identifiers = acme.parse_identifiers(payload["identifiers"])
    attestation = acme.validate_challenge(response, token=…, identifier=…, verifier=verifier)
    valid = acme.validate_csr(csr, attested_key=…, identifier=…, binding=CSRBinding.CN_OR_SAN)

Pure functions and values: accounts, nonces, orders, the clock and the network are the server's.
The profile that makes a device ask is built and judged by `appleattest.profile`. Sources:
draft-ietf-acme-device-attest; RFC 8555; Apple, "Validating a Managed Device Attestation".
"""

from appleattest.acme.challenge import CHALLENGE_TYPE, Challenge, ChallengeStatus
from appleattest.acme.csr.extensions import DEFAULT_USAGES
from appleattest.acme.csr.key import AttestedKey
from appleattest.acme.csr.names import AllowedName, CSRBinding, FoundIn
from appleattest.acme.csr.validation import (
    CertificateRequest,
    ValidatedCSR,
    examine_csr,
    validate_csr,
)
from appleattest.acme.identifiers import HardwareModuleName, Identifier, PermanentIdentifier
from appleattest.acme.order_identifiers import (
    OrderIdentifier,
    identifier_from_dict,
    parse_identifier,
    parse_identifiers,
)
from appleattest.acme.problems import rejected_identifiers
from appleattest.acme.tokens import new_token
from appleattest.acme.validation import (
    VOUCHED_ELSEWHERE,
    Answering,
    ChallengeResponse,
    Devices,
    examine_challenge,
    validate_challenge,
)
from appleattest.problems import ProblemContext

__all__ = [
    "CHALLENGE_TYPE",
    "DEFAULT_USAGES",
    "VOUCHED_ELSEWHERE",
    "AllowedName",
    "Answering",
    "AttestedKey",
    "CSRBinding",
    "CertificateRequest",
    "Challenge",
    "ChallengeResponse",
    "ChallengeStatus",
    "Devices",
    "FoundIn",
    "HardwareModuleName",
    "Identifier",
    "OrderIdentifier",
    "PermanentIdentifier",
    "ProblemContext",
    "ValidatedCSR",
    "examine_challenge",
    "examine_csr",
    "identifier_from_dict",
    "new_token",
    "parse_identifier",
    "parse_identifiers",
    "rejected_identifiers",
    "validate_challenge",
    "validate_csr",
]
