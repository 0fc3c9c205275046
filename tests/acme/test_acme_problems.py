"""What each refusal tells the client, by the request that is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from acme_tools import ATTESTATION, SERIAL, make_csr

from appleattest import (
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
from appleattest.acme import (
    CSRBinding,
    ProblemContext,
    parse_identifier,
    parse_identifiers,
    validate_csr,
)
from appleattest.testing.csr import subject_of

NEW_ORDER, CHALLENGE, FINALIZE = ProblemContext
BAD = "badAttestationStatement"
BY_ATTESTATION = {None: BAD, NEW_ORDER: "malformed", CHALLENGE: BAD, FINALIZE: "badCSR"}
ALWAYS_MALFORMED = dict.fromkeys(BY_ATTESTATION, "malformed")
ALWAYS_CSR = dict.fromkeys(BY_ATTESTATION, "badCSR")

CASES: list[tuple[type[AttestationError], Reason, dict[ProblemContext | None, str]]] = [
    (MalformedInput, Reason.MALFORMED_CBOR, BY_ATTESTATION),
    (MalformedInput, Reason.TOO_LARGE, BY_ATTESTATION),
    (MalformedInput, Reason.MALFORMED_JSON, ALWAYS_MALFORMED),
    (MalformedInput, Reason.MALFORMED_BASE64, ALWAYS_MALFORMED),
    (NoAttestation, Reason.NO_ATTESTATION, BY_ATTESTATION),
    (UntrustedChain, Reason.UNKNOWN_ISSUER, BY_ATTESTATION),
    (OutsideValidity, Reason.EXPIRED, BY_ATTESTATION),
    (FreshnessMismatch, Reason.FRESHNESS_MISMATCH, BY_ATTESTATION),
    (KeyMismatch, Reason.KEY_MISMATCH, ALWAYS_CSR),
    (IdentifierMismatch, Reason.MALFORMED_IDENTIFIER, {**BY_ATTESTATION, None: "malformed"}),
    (IdentifierMismatch, Reason.IDENTIFIER_MISSING, BY_ATTESTATION),
    (IdentifierMismatch, Reason.IDENTIFIER_MISMATCH, BY_ATTESTATION),
    (InvalidCSR, Reason.MALFORMED_CSR, ALWAYS_CSR),
    (InvalidCSR, Reason.BAD_CSR_SIGNATURE, ALWAYS_CSR),
    (InvalidCSR, Reason.UNEXPECTED_NAME, ALWAYS_CSR),
    (InvalidCSR, Reason.UNEXPECTED_EXTENSION, ALWAYS_CSR),
    (PolicyViolation, Reason.POLICY, dict.fromkeys(BY_ATTESTATION, "unauthorized")),
]


@pytest.mark.parametrize(
    ("kind", "reason", "types"), CASES, ids=[reason.value for _, reason, _ in CASES]
)
def test_the_type_depends_on_the_request(
    kind: type[AttestationError],
    reason: Reason,
    types: dict[ProblemContext | None, str],
) -> None:
    for context, expected in types.items():
        error = kind(reason, f"of {SERIAL}")
        assert error.context is None
        error.context = context
        problem = error.problem()
        assert problem["type"] == f"urn:ietf:params:acme:error:{expected}"
        assert problem["status"] == (403 if kind is PolicyViolation else 400)
        assert "subproblems" not in problem
        assert SERIAL not in str(problem)
        assert SERIAL in error.problem(disclose=True)["detail"]


def test_a_type_that_is_unknown_is_not_called_malformed() -> None:
    with pytest.raises(IdentifierMismatch) as caught:
        parse_identifier({"type": "dns", "value": "a"})
    error = caught.value
    assert error.reason is Reason.UNSUPPORTED_IDENTIFIER
    assert error.problem()["type"] == "urn:ietf:params:acme:error:unsupportedIdentifier"
    assert "malformed" not in f"{error} {error.detail} {error.problem()}"
    assert parse_identifier({"type": "permanent-identifier", "value": "a"}).value == "a"


def test_errors_survive_pickling() -> None:
    calls: list[Callable[[], object]] = [
        lambda: parse_identifiers([{"type": "dns", "value": "a"}, {}]),
        lambda: validate_csr(
            make_csr(subject=subject_of("OTHER")),
            identifier=SERIAL,
            attestation=ATTESTATION,
            binding=CSRBinding.CN_OR_SAN,
        ),
    ]
    for call in calls:
        with pytest.raises(IdentifierMismatch) as caught:
            call()
        again = pickle.loads(pickle.dumps(caught.value))
        assert again.problem(disclose=True) == caught.value.problem(disclose=True)
        assert again.context is caught.value.context
