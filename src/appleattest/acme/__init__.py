"""ACME `device-attest-01`, from newOrder to finalize: what the attestation demands at each step.

    identifiers = acme.parse_identifiers(payload["identifiers"])
    attestation = acme.validate_challenge(response, token=…, identifier=…, verifier=verifier)
    valid = acme.validate_csr(csr, attested_key=…, identifier=…, binding=CSRBinding.CN_OR_SAN)

Pure functions and values: accounts, nonces, orders, the clock and the network are the server's.
This list is the whole public interface. Sources: draft-ietf-acme-device-attest; RFC 8555; Apple,
"Validating a Managed Device Attestation".
"""

from appleattest.acme.challenge import (
    VOUCHED_ELSEWHERE,
    Answering,
    examine_challenge,
    validate_challenge,
)
from appleattest.acme.csr import ValidatedCSR, examine_csr, validate_csr
from appleattest.acme.csr_extensions import DEFAULT_USAGES
from appleattest.acme.csr_names import CSRBinding, FoundIn
from appleattest.acme.identifiers import HardwareModuleName, Identifier, PermanentIdentifier
from appleattest.acme.orders import parse_identifier, parse_identifiers
from appleattest.acme.problems import rejected_identifiers
from appleattest.acme.states import CHALLENGE_TYPE, Challenge, ChallengeStatus
from appleattest.acme.tokens import new_token
from appleattest.errors import ProblemContext

__all__ = [
    "CHALLENGE_TYPE",
    "DEFAULT_USAGES",
    "VOUCHED_ELSEWHERE",
    "Answering",
    "CSRBinding",
    "Challenge",
    "ChallengeStatus",
    "FoundIn",
    "HardwareModuleName",
    "Identifier",
    "PermanentIdentifier",
    "ProblemContext",
    "ValidatedCSR",
    "examine_challenge",
    "examine_csr",
    "new_token",
    "parse_identifier",
    "parse_identifiers",
    "rejected_identifiers",
    "validate_challenge",
    "validate_csr",
]
