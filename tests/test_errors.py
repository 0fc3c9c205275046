"""What each refusal tells the operator, the client, and the log that others read."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

import appleattest
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
    Verifier,
)
from appleattest.testing import AttestationAuthority

# The table of docs/reasons.md and of the public contract, by class.
REASONS: dict[type[AttestationError], list[str]] = {
    MalformedInput: [
        "malformed-plist",
        "malformed-cbor",
        "malformed-json",
        "malformed-base64",
        "malformed-attestation-object",
        "unsupported-format",
        "too-large",
        "malformed-certificate",
        "duplicate-extension",
        "malformed-property",
    ],
    NoAttestation: ["no-attestation", "not-acknowledged"],
    UntrustedChain: [
        "unknown-issuer",
        "bad-signature",
        "issuer-not-ca",
        "path-length",
        "name-constraints",
        "critical-extension",
        "weak-algorithm",
        "leaf-profile",
        "untrusted",
    ],
    OutsideValidity: ["expired", "not-yet-valid"],
    FreshnessMismatch: ["freshness-missing", "freshness-mismatch"],
    KeyMismatch: ["key-mismatch"],
    IdentifierMismatch: ["malformed-identifier", "identifier-missing", "identifier-mismatch"],
    InvalidCSR: ["malformed-csr", "bad-csr-signature", "unexpected-name", "unexpected-extension"],
    PolicyViolation: ["policy"],
}
PAIRS = [(kind, Reason(value)) for kind, values in REASONS.items() for value in values]
PROBLEMS = {
    "malformed-json": "malformed",
    "malformed-base64": "malformed",
    "malformed-identifier": "malformed",
    "identifier-missing": "badAttestationStatement",
    "identifier-mismatch": "badAttestationStatement",
    "key-mismatch": "badCSR",
    "malformed-csr": "badCSR",
    "bad-csr-signature": "badCSR",
    "unexpected-name": "badCSR",
    "unexpected-extension": "badCSR",
    "policy": "unauthorized",
}
# Word for word: a client may have been taught to look for them.
CLIENT_TEXT = {
    "malformed-plist": "the response is not a well-formed property list",
    "malformed-cbor": "the attestation object is not well-formed CBOR",
    "malformed-json": "the message is not the JSON that was expected",
    "malformed-base64": "the message is not canonical base64",
    "malformed-attestation-object": "the attestation object lacks what its format demands",
    "unsupported-format": "the attestation statement format is not supported",
    "too-large": "the message is larger than this server accepts",
    "malformed-certificate": "a certificate of the chain is malformed",
    "duplicate-extension": "a certificate of the chain repeats an extension",
    "malformed-property": "an attested property that identifies the device is malformed",
    "no-attestation": "no attestation was given",
    "not-acknowledged": "the device did not acknowledge the command",
    "unknown-issuer": "the chain does not lead to a trust anchor",
    "bad-signature": "a signature of the chain does not verify",
    "issuer-not-ca": "a certificate of the chain was issued by one that may not issue",
    "path-length": "the chain is longer than its authorities allow",
    "name-constraints": "a certificate of the chain constrains names",
    "critical-extension": "a certificate of the chain has an unknown critical extension",
    "weak-algorithm": "a certificate of the chain uses an algorithm that is not accepted",
    "leaf-profile": "the first certificate is not an attestation certificate",
    "untrusted": "the chain is not trusted",
    "expired": "a certificate of the chain has expired",
    "not-yet-valid": "a certificate of the chain is not valid yet",
    "freshness-missing": "the attestation carries no freshness code",
    "freshness-mismatch": "the attestation was not made for this request",
    "key-mismatch": "the key is not the attested key",
    "malformed-identifier": "the identifier is malformed",
    "identifier-missing": "the identifier is missing",
    "identifier-mismatch": "the identifier is not the expected one",
    "malformed-csr": "the certificate request is malformed",
    "bad-csr-signature": "the signature of the certificate request does not verify",
    "unexpected-name": "the certificate request contains a name that is not allowed",
    "unexpected-extension": "the certificate request contains an extension not allowed",
    "policy": "the device does not satisfy the policy",
}


def test_the_reasons_are_the_published_ones() -> None:
    assert [reason.value for reason in Reason] == [reason.value for _, reason in PAIRS]
    assert {reason.value: reason.description for reason in Reason} == CLIENT_TEXT


def test_the_classes_are_closed() -> None:
    assert set(AttestationError.__subclasses__()) == set(REASONS)
    assert all(kind.__name__ in appleattest.__all__ for kind in REASONS)
    assert issubclass(AttestationError, Exception)


@pytest.mark.parametrize(("kind", "reason"), PAIRS, ids=[reason.value for _, reason in PAIRS])
def test_the_client_learns_the_reason_and_nothing_of_the_device(
    kind: type[AttestationError], reason: Reason
) -> None:
    error = kind(reason, "the serial number is C02SECRET", element="x5c[1]")

    assert error.problem() == {
        "type": f"urn:ietf:params:acme:error:{PROBLEMS.get(reason, 'badAttestationStatement')}",
        "status": 403 if reason is Reason.POLICY else 400,
        "detail": f"{CLIENT_TEXT[reason]} ({reason.value}, x5c[1])",
    }
    assert error.problem(disclose=True) == {
        **error.problem(),
        "detail": f"{error.problem()['detail']}: the serial number is C02SECRET",
    }


def test_disclosing_a_detail_that_is_not_there_adds_nothing() -> None:
    error = UntrustedChain(Reason.UNTRUSTED)

    assert error.detail == ""
    assert error.problem(disclose=True) == error.problem()


def test_disclosure_is_asked_for_by_name() -> None:
    error: Any = UntrustedChain(Reason.UNTRUSTED, "detail")

    with pytest.raises(TypeError):
        error.problem(True)


def test_a_log_line_names_the_reason_and_the_element_only() -> None:
    error = UntrustedChain(Reason.EXPIRED, "the serial number is C02SECRET", element="x5c[0]")
    whole = UntrustedChain(Reason.EXPIRED, "the serial number is C02SECRET")

    assert str(error) == "a certificate of the chain has expired (expired, x5c[0])"
    assert repr(error) == "<UntrustedChain expired (x5c[0])>"
    assert str(whole) == "a certificate of the chain has expired (expired)"
    assert repr(whole) == "<UntrustedChain expired>"


@pytest.mark.parametrize(("kind", "reason"), PAIRS, ids=[reason.value for _, reason in PAIRS])
def test_an_error_of_a_reason_alone(kind: type[AttestationError], reason: Reason) -> None:
    error = kind(reason)

    assert (error.reason, error.detail, error.element) == (reason, "", None)
    assert error.args == (reason,)


def test_an_error_starts_without_report_and_attestation() -> None:
    assert AttestationError(Reason.UNTRUSTED).element is None
    assert AttestationError(Reason.UNTRUSTED).report is None
    assert FreshnessMismatch(Reason.FRESHNESS_MISSING).attestation is None
    assert IdentifierMismatch(Reason.MALFORMED_IDENTIFIER).unsupported_type is False
    assert PolicyViolation(Reason.POLICY).findings == ()


def test_an_error_survives_pickling_with_its_report_and_attestation(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    with pytest.raises(FreshnessMismatch) as caught:
        verifier.verify_mdm(authority.attest(), nonce=b"another", at=authority.issued_at)

    error = pickle.loads(pickle.dumps(caught.value))

    assert type(error) is FreshnessMismatch
    assert str(error) == str(caught.value)
    assert error.detail == caught.value.detail
    assert error.attestation == caught.value.attestation
    assert error.report is not None
    assert error.report.error is error
    assert caught.value.report is not None
    assert error.report.checks == caught.value.report.checks


def test_no_log_line_names_the_device_of_a_real_refusal(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    with pytest.raises(FreshnessMismatch) as caught:
        verifier.verify_mdm(authority.attest(), nonce=b"another", at=authority.issued_at)
    attestation = caught.value.attestation
    assert attestation is not None
    device = attestation.device

    shown = f"{caught.value} {caught.value!r} {caught.value.problem()}"

    assert device.serial_number is not None
    assert device.udid is not None
    assert not re.search(f"{device.serial_number}|{device.udid}", shown)
    assert caught.value.__cause__ is None
