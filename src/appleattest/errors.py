"""Every way in which a verification can end badly.

An `AttestationError` speaks to two people. Its `detail` is for the operator and may name the
device. `str()` and `problem()` are for clients and for logs that others read: they say the
reason and the element at fault, and name no device.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from appleattest import problems

if TYPE_CHECKING:
    from appleattest.attestation import Attestation
    from appleattest.policy.findings import Finding
    from appleattest.problems import ProblemContext
    from appleattest.report import Report


class Reason(StrEnum):
    """Why an attestation was refused. Reasons may be added; none ever changes its meaning."""

    MALFORMED_PLIST = "malformed-plist", "the response is not a well-formed property list"
    MALFORMED_CBOR = "malformed-cbor", "the attestation object is not well-formed CBOR"
    MALFORMED_JSON = "malformed-json", "the message is not the JSON that was expected"
    MALFORMED_BASE64 = "malformed-base64", "the message is not canonical base64"
    MALFORMED_ATTESTATION_OBJECT = (
        "malformed-attestation-object",
        "the attestation object lacks what its format demands",
    )
    UNSUPPORTED_FORMAT = "unsupported-format", "the attestation statement format is not supported"
    TOO_LARGE = "too-large", "the message is larger than this server accepts"
    MALFORMED_CERTIFICATE = "malformed-certificate", "a certificate of the chain is malformed"
    DUPLICATE_EXTENSION = "duplicate-extension", "a certificate of the chain repeats an extension"
    MALFORMED_PROPERTY = (
        "malformed-property",
        "an attested property that identifies the device is malformed",
    )
    NO_ATTESTATION = "no-attestation", "no attestation was given"
    NOT_ACKNOWLEDGED = "not-acknowledged", "the device did not acknowledge the command"
    UNKNOWN_ISSUER = "unknown-issuer", "the chain does not lead to a trust anchor"
    BAD_SIGNATURE = "bad-signature", "a signature of the chain does not verify"
    ISSUER_NOT_CA = (
        "issuer-not-ca",
        "a certificate of the chain was issued by one that may not issue",
    )
    PATH_LENGTH = "path-length", "the chain is longer than its authorities allow"
    NAME_CONSTRAINTS = "name-constraints", "a certificate of the chain constrains names"
    CRITICAL_EXTENSION = (
        "critical-extension",
        "a certificate of the chain has an unknown critical extension",
    )
    WEAK_ALGORITHM = (
        "weak-algorithm",
        "a certificate of the chain uses an algorithm that is not accepted",
    )
    LEAF_PROFILE = "leaf-profile", "the first certificate is not an attestation certificate"
    UNTRUSTED = "untrusted", "the chain is not trusted"
    EXPIRED = "expired", "a certificate of the chain has expired"
    NOT_YET_VALID = "not-yet-valid", "a certificate of the chain is not valid yet"
    FRESHNESS_MISSING = "freshness-missing", "the attestation carries no freshness code"
    FRESHNESS_MISMATCH = "freshness-mismatch", "the attestation was not made for this request"
    KEY_MISMATCH = "key-mismatch", "the key is not the attested key"
    MALFORMED_IDENTIFIER = "malformed-identifier", "the identifier is malformed"
    UNSUPPORTED_IDENTIFIER = "unsupported-identifier", "the type of the identifier is not supported"
    IDENTIFIER_MISSING = "identifier-missing", "the identifier is missing"
    IDENTIFIER_MISMATCH = "identifier-mismatch", "the identifier is not the expected one"
    MALFORMED_CSR = "malformed-csr", "the certificate request is malformed"
    BAD_CSR_SIGNATURE = (
        "bad-csr-signature",
        "the signature of the certificate request does not verify",
    )
    UNEXPECTED_NAME = (
        "unexpected-name",
        "the certificate request contains a name that is not allowed",
    )
    UNEXPECTED_EXTENSION = (
        "unexpected-extension",
        "the certificate request contains an extension not allowed",
    )
    POLICY = "policy", "the device does not satisfy the policy"

    _description: str

    def __new__(cls, text: str, description: str = "") -> Self:
        """A reason: its text, and the sentence about it."""
        reason = str.__new__(cls, text)
        reason._value_, reason._description = text, description
        return reason

    @property
    def description(self) -> str:
        """The reason in one sentence that names no device."""
        return self._description


class AttestationError(Exception):
    """The one exception for whatever a device sent.

    `reason` says which check failed, `element` which part of the input is at fault
    (`"x5c[1]"` counts certificates as presented, from 0; a dotted OID names a property;
    None where it is the whole), and `detail` tells the operator what was expected and what
    came. `report` lists the checks that ran, where a verifier raised the error. `context` is the
    ACME request that was refused, where `appleattest.acme` raised it; `problem()` depends on it.

    `str()` is the reason's sentence, the reason and the element.
    """

    def __init__(self, reason: Reason, detail: str = "", *, element: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.element = element
        self.report: Report | None = None
        self.context: ProblemContext | None = None

    def __str__(self) -> str:
        at_fault = f", {self.element}" if self.element else ""
        return f"{self.reason.description} ({self.reason}{at_fault})"

    def __repr__(self) -> str:
        at_fault = f" ({self.element})" if self.element else ""
        return f"<{type(self).__name__} {self.reason}{at_fault}>"

    def problem(self, *, disclose: bool = False) -> dict[str, Any]:
        """The ACME problem document (RFC 8555, section 6.7): `type`, `status`, `detail`.

        The text is `str()` of the error, which names no device; `disclose` adds the operator's
        `detail` (draft-ietf-acme-device-attest, section 5). Where an identifier is at fault,
        `subproblems` holds one problem for each (RFC 8555, section 6.7.1).
        """
        return problems.problem(self, disclose=disclose)


class MalformedInput(AttestationError):
    """The input is not in the form that its carrier, X.509 or Apple's encoding demands."""


class NoAttestation(AttestationError):
    """A well-formed answer that carries no attestation: a question of policy, not an attack."""


class UntrustedChain(AttestationError):
    """The certificates do not form a path that this verifier trusts."""


class OutsideValidity(AttestationError):
    """The path is genuine, but a certificate of it is not valid at the time asked about."""


class FreshnessMismatch(AttestationError):
    """The freshness code is absent or is not one that the caller expects.

    In MDM `attestation` is the genuine attestation that was made for some other request,
    with `Freshness.UNMATCHED`; everything but its freshness has been verified. With any
    other carrier it is None.
    """

    attestation: Attestation | None = None


class KeyMismatch(AttestationError):
    """The attested key is not the known one, or not the key of the certificate request."""


class IdentifierMismatch(AttestationError):
    """An identifier is malformed, of another type, missing, or not the one that was ordered.

    Where `appleattest.acme` raised it, `identifier` is the one of the order that is at fault, as
    `{"type", "value"}`, and `others` are the refusals of further ones of the same order.
    """

    identifier: Mapping[str, str] | None = None
    others: tuple[IdentifierMismatch, ...] = ()

    def problem(self, *, disclose: bool = False) -> dict[str, Any]:
        """`AttestationError.problem`, with a subproblem for each identifier at fault.

        Each names its `identifier` where `disclose`.
        """
        return problems.identifier_problem(self, self.others, disclose=disclose)


class InvalidCSR(AttestationError):
    """The certificate request is malformed or asks for more than it may."""


class PolicyViolation(AttestationError):
    """A verified device does not satisfy the caller's own rules.

    `findings` are those of the rules that are not satisfied, in the policy's order; `element` is
    the name of the first.
    """

    findings: tuple[Finding, ...] = ()
