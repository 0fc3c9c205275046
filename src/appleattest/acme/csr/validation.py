"""The certificate request at `finalize`: what may be issued, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from appleattest.acme.csr.extensions import DEFAULT_USAGES, judge_extensions, usages
from appleattest.acme.csr.key import AttestedKey, attested_public_key, judge_key, spki_of
from appleattest.acme.csr.names import (
    AllowedName,
    CSRBinding,
    FoundIn,
    Names,
    comparable_names,
    judge_names,
)
from appleattest.acme.csr.reader import RequestFields, malformed, read_csr
from appleattest.acme.identifiers import Identifier
from appleattest.acme.order_identifiers import OrderIdentifier, ordered_identifier
from appleattest.attestation import Attestation
from appleattest.certificates import SIGNATURE_ALGORITHMS
from appleattest.errors import (
    AttestationError,
    IdentifierMismatch,
    InvalidCSR,
    ProblemContext,
    Reason,
)
from appleattest.report import Check, Outcome, Report, refused
from appleattest.sealed import Sealed, seal
from appleattest.text import describe

_PANIC: Final = "PanicException"


class ValidatedCSR(Sealed):
    """A certificate request that was validated. Issue from this and from nothing else.

    Only `validate_csr` makes one.
    """

    __slots__ = (
        "binding",
        "csr",
        "extended_key_usage",
        "found_in",
        "identifier",
        "key_usage",
        "names",
        "public_key",
        "subject",
        "subject_alternative_name",
    )

    csr: x509.CertificateSigningRequest
    public_key: EllipticCurvePublicKey
    """The attested key."""
    identifier: Identifier
    """The order's."""
    binding: CSRBinding
    """Where the request had to show it."""
    found_in: FoundIn | None
    """Where the request shows it; None: nowhere."""
    names: tuple[x509.NameAttribute[Any] | x509.GeneralName, ...]
    """Every name of the request: the subject's attributes in their order, then the alternatives."""
    subject: x509.Name
    subject_alternative_name: x509.SubjectAlternativeName | None
    key_usage: x509.KeyUsage | None
    extended_key_usage: x509.ExtendedKeyUsage | None

    @property
    def spki(self) -> bytes:
        """The key as canonical DER SubjectPublicKeyInfo."""
        return spki_of(self.public_key)

    @property
    def spki_sha256(self) -> bytes:
        """SHA-256 of `spki`: give it a unique index, to find a key that is used again."""
        return hashlib.sha256(self.spki).digest()

    def names_to_issue(self) -> x509.Extension[x509.SubjectAlternativeName] | None:
        """The subjectAltName to issue with: the identifier, then the request's other names.

        Each is there once; the identifier is there wherever the request had it, and even if it had
        it nowhere (draft-ietf-acme-device-attest, sections 3 and 4), but with
        `CSRBinding.FORBIDDEN`. None where no name is left. Critical where there is no subject
        (RFC 5280, section 4.2.1.6).
        """
        identifier = [] if self.binding is CSRBinding.FORBIDDEN else [self.identifier.other_name()]
        names = dict.fromkeys([*identifier, *(self.subject_alternative_name or ())])
        if not names:
            return None
        alternatives = x509.SubjectAlternativeName(names)
        return x509.Extension(alternatives.oid, not list(self.subject), alternatives)

    def __repr__(self) -> str:
        where = self.found_in or "nowhere"
        return f"<ValidatedCSR with {len(self.names)} names, the identifier {where}>"


def validate_csr(
    csr: object,
    /,
    *,
    identifier: OrderIdentifier,
    binding: CSRBinding,
    attestation: Attestation | None = None,
    attested_key: AttestedKey | None = None,
    allowed_names: Iterable[AllowedName] = (),
    allowed_usages: Iterable[x509.ObjectIdentifier] = DEFAULT_USAGES,
) -> ValidatedCSR:
    """Validate the certificate request of a `finalize`, DER as bytes or base64url as text.

    Its key must be the attested one, of `attestation` or `attested_key` (`Attestation.spki`, which
    is all that must be kept since the challenge); exactly one of the two is given. Its signature
    must verify. It must show the order's `identifier` where `binding` says; every
    PermanentIdentifier, HardwareModuleName, common name, subject serialNumber and UID must be that
    identifier or one of `allowed_names`, and every other name one of these. Of extensions it may
    have subjectAltName, keyUsage without keyCertSign and cRLSign, extendedKeyUsage of
    `allowed_usages`, and basicConstraints that say no CA.

    Raises `MalformedInput` (`too-large`, `malformed-base64`), `InvalidCSR` (`malformed-csr`,
    `bad-csr-signature`, `unexpected-name`, `unexpected-extension`), `KeyMismatch` (`key-mismatch`)
    or `IdentifierMismatch` (`malformed-identifier`, `identifier-missing`, `identifier-mismatch`).
    Their problem is `badCSR`, or `malformed` for base64url. Sources: Apple, "Validating a Managed
    Device Attestation"; draft-ietf-acme-device-attest, sections 3 and 4; RFC 8555, section 7.4.
    Misuse of the keyword arguments is a `TypeError` or `ValueError`.
    """
    if not isinstance(binding, CSRBinding):
        raise TypeError(f"binding is a CSRBinding, not {type(binding).__name__}")
    key = attested_public_key(attestation, attested_key)
    names = Names(ordered_identifier(identifier), binding, comparable_names(allowed_names))
    allowed = usages(allowed_usages)
    try:
        return _validate(csr, key, names, allowed)
    except AttestationError as error:
        refusal = error
    except BaseException as error:
        # A panic in Rust is no Exception; what else is none (an interrupt, say) is not ours.
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        refusal = malformed(describe(error))
    _explain(refusal, names.identifier)
    raise refusal


def examine_csr(
    csr: object,
    /,
    *,
    identifier: OrderIdentifier,
    binding: CSRBinding,
    attestation: Attestation | None = None,
    attested_key: AttestedKey | None = None,
    allowed_names: Iterable[AllowedName] = (),
    allowed_usages: Iterable[x509.ObjectIdentifier] = DEFAULT_USAGES,
) -> Report:
    """`validate_csr`, answered by a report of the one check `csr`; never raises for bad input.

    Its `attestation` is the one that was given, where the check passed.
    """
    try:
        validate_csr(
            csr,
            identifier=identifier,
            binding=binding,
            attestation=attestation,
            attested_key=attested_key,
            allowed_names=allowed_names,
            allowed_usages=allowed_usages,
        )
    except AttestationError as refusal:
        assert refusal.report is not None  # noqa: S101 - validate_csr has just set it
        return refusal.report
    checks = (Check("csr", Outcome.PASSED),)
    return seal(Report, checks=checks, attestation=attestation, error=None)


def _validate(
    csr: object,
    key: EllipticCurvePublicKey,
    names: Names,
    allowed_usages: frozenset[x509.ObjectIdentifier],
) -> ValidatedCSR:
    request = read_csr(csr)
    # The key comes first: then the signature is one of the attested key, whatever was sent.
    judge_key(request, key)
    _judge_signature(request)
    requested = judge_extensions(request.extensions, allowed_usages)
    alternatives = tuple(requested.alternative_names or ())
    found_in = judge_names(request.subject, alternatives, names)
    return seal(
        ValidatedCSR,
        csr=request.csr,
        public_key=key,
        identifier=names.identifier,
        binding=names.binding,
        found_in=found_in,
        names=(*(each.attribute for each in request.subject), *alternatives),
        subject=request.csr.subject,
        subject_alternative_name=requested.alternative_names,
        key_usage=requested.key_usage,
        extended_key_usage=requested.extended_key_usage,
    )


def _judge_signature(request: RequestFields) -> None:
    """By the attested key, with one of the algorithms that certificates may have, too."""
    if request.signature_algorithm not in SIGNATURE_ALGORITHMS:
        raise InvalidCSR(
            Reason.BAD_CSR_SIGNATURE,
            f"accepted are {', '.join(SIGNATURE_ALGORITHMS.values())}",
        )
    if not request.csr.is_signature_valid:
        raise InvalidCSR(Reason.BAD_CSR_SIGNATURE, "the signature is not one of the key in it")


def _explain(refusal: AttestationError, identifier: Identifier) -> None:
    refused([Check("csr", Outcome.FAILED)], refusal)
    refusal.context = ProblemContext.FINALIZE
    refusal.__context__ = None  # what a parser raised may quote the device's own octets
    if isinstance(refusal, IdentifierMismatch):
        refusal.identifier = identifier.to_dict()
