"""Every way in which a verification can end badly.

An `AttestationError` speaks to two people. Its `detail` is for the operator and may name the
device. `str()` and `problem()` are for clients and for logs that others read: they say the
reason and the element at fault, and name no device.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from appleattest import problems

if TYPE_CHECKING:
    from appleattest.attestation import Attestation
    from appleattest.policy.findings import Finding
    from appleattest.problems import ProblemContext
    from appleattest.report import Report


class Reason(StrEnum):
    """Why an attestation was refused. Reasons may be added; none ever changes its meaning."""

    MALFORMED_PLIST = "malformed-plist"
    MALFORMED_CBOR = "malformed-cbor"
    MALFORMED_JSON = "malformed-json"
    MALFORMED_BASE64 = "malformed-base64"
    MALFORMED_ATTESTATION_OBJECT = "malformed-attestation-object"
    UNSUPPORTED_FORMAT = "unsupported-format"
    TOO_LARGE = "too-large"
    MALFORMED_CERTIFICATE = "malformed-certificate"
    DUPLICATE_EXTENSION = "duplicate-extension"
    MALFORMED_PROPERTY = "malformed-property"
    NO_ATTESTATION = "no-attestation"
    NOT_ACKNOWLEDGED = "not-acknowledged"
    UNKNOWN_ISSUER = "unknown-issuer"
    BAD_SIGNATURE = "bad-signature"
    ISSUER_NOT_CA = "issuer-not-ca"
    PATH_LENGTH = "path-length"
    NAME_CONSTRAINTS = "name-constraints"
    CRITICAL_EXTENSION = "critical-extension"
    WEAK_ALGORITHM = "weak-algorithm"
    LEAF_PROFILE = "leaf-profile"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    FRESHNESS_MISSING = "freshness-missing"
    FRESHNESS_MISMATCH = "freshness-mismatch"
    KEY_MISMATCH = "key-mismatch"
    MALFORMED_IDENTIFIER = "malformed-identifier"
    UNSUPPORTED_IDENTIFIER = "unsupported-identifier"
    IDENTIFIER_MISSING = "identifier-missing"
    IDENTIFIER_MISMATCH = "identifier-mismatch"
    MALFORMED_CSR = "malformed-csr"
    BAD_CSR_SIGNATURE = "bad-csr-signature"
    UNEXPECTED_NAME = "unexpected-name"
    UNEXPECTED_EXTENSION = "unexpected-extension"
    POLICY = "policy"

    @property
    def description(self) -> str:
        """The reason in one sentence that names no device."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS: Final[Mapping[Reason, str]] = {
    Reason.MALFORMED_PLIST: "the response is not a well-formed property list",
    Reason.MALFORMED_CBOR: "the attestation object is not well-formed CBOR",
    Reason.MALFORMED_JSON: "the message is not the JSON that was expected",
    Reason.MALFORMED_BASE64: "the message is not canonical base64",
    Reason.MALFORMED_ATTESTATION_OBJECT: "the attestation object lacks what its format demands",
    Reason.UNSUPPORTED_FORMAT: "the attestation statement format is not supported",
    Reason.TOO_LARGE: "the message is larger than this server accepts",
    Reason.MALFORMED_CERTIFICATE: "a certificate of the chain is malformed",
    Reason.DUPLICATE_EXTENSION: "a certificate of the chain repeats an extension",
    Reason.MALFORMED_PROPERTY: "an attested property that identifies the device is malformed",
    Reason.NO_ATTESTATION: "no attestation was given",
    Reason.NOT_ACKNOWLEDGED: "the device did not acknowledge the command",
    Reason.UNKNOWN_ISSUER: "the chain does not lead to a trust anchor",
    Reason.BAD_SIGNATURE: "a signature of the chain does not verify",
    Reason.ISSUER_NOT_CA: "a certificate of the chain was issued by one that may not issue",
    Reason.PATH_LENGTH: "the chain is longer than its authorities allow",
    Reason.NAME_CONSTRAINTS: "a certificate of the chain constrains names",
    Reason.CRITICAL_EXTENSION: "a certificate of the chain has an unknown critical extension",
    Reason.WEAK_ALGORITHM: "a certificate of the chain uses an algorithm that is not accepted",
    Reason.LEAF_PROFILE: "the first certificate is not an attestation certificate",
    Reason.UNTRUSTED: "the chain is not trusted",
    Reason.EXPIRED: "a certificate of the chain has expired",
    Reason.NOT_YET_VALID: "a certificate of the chain is not valid yet",
    Reason.FRESHNESS_MISSING: "the attestation carries no freshness code",
    Reason.FRESHNESS_MISMATCH: "the attestation was not made for this request",
    Reason.KEY_MISMATCH: "the key is not the attested key",
    Reason.MALFORMED_IDENTIFIER: "the identifier is malformed",
    Reason.UNSUPPORTED_IDENTIFIER: "the type of the identifier is not supported",
    Reason.IDENTIFIER_MISSING: "the identifier is missing",
    Reason.IDENTIFIER_MISMATCH: "the identifier is not the expected one",
    Reason.MALFORMED_CSR: "the certificate request is malformed",
    Reason.BAD_CSR_SIGNATURE: "the signature of the certificate request does not verify",
    Reason.UNEXPECTED_NAME: "the certificate request contains a name that is not allowed",
    Reason.UNEXPECTED_EXTENSION: "the certificate request contains an extension not allowed",
    Reason.POLICY: "the device does not satisfy the policy",
}


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
