"""The certificate request at `finalize`: what may be issued, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.acme.csr.extensions import (
    DEFAULT_USAGES,
    judge_extensions,
    usages,
)
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
from appleattest.acme.identifiers import Identifier, identifier_of
from appleattest.acme.order_identifiers import OrderIdentifier, ordered_identifier
from appleattest.arguments import BytesLike
from appleattest.attestation import Attestation
from appleattest.boundary import contained
from appleattest.certificates import SIGNATURE_ALGORITHMS
from appleattest.errors import AttestationError, IdentifierMismatch, InvalidCSR, Reason
from appleattest.problems import ProblemContext
from appleattest.report import Check, Outcome, Report, accepted, examined, refused
from appleattest.sealed import Sealed, seal
from appleattest.text import quoted
from appleattest.wire import base64

_E = TypeVar("_E", bound=x509.ExtensionType)
CertificateRequest: TypeAlias = BytesLike | str | x509.CertificateSigningRequest


class ValidatedCSR(Sealed):
    """A certificate request that was validated. Issue from this and from nothing else.

    Only `validate_csr` makes one.
    """

    __slots__ = ("binding", "csr", "found_in", "identifier", "public_key")

    csr: x509.CertificateSigningRequest
    public_key: EllipticCurvePublicKey
    """The attested key."""
    identifier: Identifier
    """The order's."""
    binding: CSRBinding
    """Where the request had to show it."""
    found_in: FoundIn | None
    """Where the request shows it; None: nowhere."""

    @property
    def names(self) -> tuple[x509.NameAttribute[Any] | x509.GeneralName, ...]:
        """Every name: the subject's attributes in their order, then the alternatives."""
        return (*self.subject, *(self.subject_alternative_name or ()))

    @property
    def subject(self) -> x509.Name:
        """The subject that was asked for."""
        return self.csr.subject

    @property
    def subject_alternative_name(self) -> x509.SubjectAlternativeName | None:
        """The extension that was asked for, if it was."""
        return self._asked_for(x509.SubjectAlternativeName)

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        """The extension that was asked for, if it was."""
        return self._asked_for(x509.KeyUsage)

    @property
    def extended_key_usage(self) -> x509.ExtendedKeyUsage | None:
        """The extension that was asked for, if it was."""
        return self._asked_for(x509.ExtendedKeyUsage)

    def _asked_for(self, kind: type[_E]) -> _E | None:
        values = (each.value for each in self.csr.extensions)
        return next((value for value in values if isinstance(value, kind)), None)

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

    def to_dict(self) -> dict[str, Any]:
        """What was validated as JSON types: the request and the key as base64 DER."""
        return {
            "csr": base64.encode(self.csr.public_bytes(Encoding.DER)),
            "spki": base64.encode(self.spki),
            "spki_sha256": self.spki_sha256.hex(),
            "identifier": self.identifier.to_dict(),
            "binding": self.binding.value,
            "found_in": None if self.found_in is None else self.found_in.value,
            "subject": self.subject.rfc4514_string(),
            "subject_alternative_name": [
                f"{type(each).__name__}: {_name_text(each)}"
                for each in self.subject_alternative_name or ()
            ],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        der = self.csr.public_bytes(Encoding.DER)
        return _from_pickle, (der, self.spki, self.identifier, self.binding, self.found_in)

    def __repr__(self) -> str:
        where = self.found_in or "nowhere"
        return f"<ValidatedCSR with {len(self.names)} names, the identifier {where}>"


def validate_csr(
    csr: CertificateRequest,
    /,
    *,
    identifier: OrderIdentifier,
    binding: CSRBinding,
    attestation: Attestation | None = None,
    attested_key: AttestedKey | None = None,
    allowed_names: Iterable[AllowedName] = (),
    allowed_usages: Iterable[x509.ObjectIdentifier] = DEFAULT_USAGES,
) -> ValidatedCSR:
    """Validate the certificate request of a `finalize`: DER, base64url text, or decoded.

    Its key must be the attested one, of `attestation` or `attested_key` (`Attestation.spki`, which
    is all that must be kept since the challenge); exactly one of the two is given. Its signature
    must verify. It must show the order's `identifier` where `binding` says; every
    PermanentIdentifier, HardwareModuleName, common name, subject serialNumber and UID must be that
    identifier or one of `allowed_names`, and every other name one of these. Of extensions it may
    have subjectAltName, keyUsage without keyCertSign and cRLSign, extendedKeyUsage of
    `allowed_usages`, and basicConstraints that say no CA.

    Raises `InvalidCSR` (`malformed-csr`, `bad-csr-signature`, `unexpected-name`,
    `unexpected-extension`), `KeyMismatch` (`key-mismatch`) or `IdentifierMismatch`
    (`malformed-identifier`, `identifier-missing`, `identifier-mismatch`). Their problem is
    `badCSR`. Sources: Apple, "Validating a Managed
    Device Attestation"; draft-ietf-acme-device-attest, sections 3 and 4; RFC 8555, section 7.4.
    Misuse of the keyword arguments is a `TypeError` or `ValueError`.
    """
    return _run(
        csr,
        _Asked(
            attested_public_key(attestation, attested_key),
            _names(identifier, binding, allowed_names),
            usages(allowed_usages),
        ),
    )


def examine_csr(
    csr: CertificateRequest,
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
    asked = _Asked(
        attested_public_key(attestation, attested_key),
        _names(identifier, binding, allowed_names),
        usages(allowed_usages),
    )

    def run() -> Report:
        _run(csr, asked)
        return accepted([Check("csr", Outcome.PASSED)], attestation)

    return examined(run)


class _Asked(NamedTuple):
    """The caller's arguments, checked."""

    key: EllipticCurvePublicKey
    names: Names
    usages: frozenset[x509.ObjectIdentifier]


def _names(
    identifier: OrderIdentifier, binding: CSRBinding, allowed_names: Iterable[AllowedName]
) -> Names:
    if not isinstance(binding, CSRBinding):
        raise TypeError(f"binding is a CSRBinding, not {type(binding).__name__}")
    return Names(ordered_identifier(identifier), binding, comparable_names(allowed_names))


def _run(csr: object, asked: _Asked) -> ValidatedCSR:
    """Validate the request; a refusal holds the report of the one check."""
    try:
        return contained(lambda: _validate(csr, asked), malformed)
    except AttestationError as refusal:
        refusal.context = ProblemContext.FINALIZE
        if isinstance(refusal, IdentifierMismatch):
            refusal.identifier = asked.names.identifier.to_dict()
        raise refused([Check.failed("csr", refusal)], refusal) from None


def _validate(csr: object, asked: _Asked) -> ValidatedCSR:
    request = read_csr(csr)
    # The key comes first: then the signature is one of the attested key, whatever was sent.
    judge_key(request, asked.key)
    _judge_signature(request)
    alternatives = judge_extensions(request.extensions, asked.usages)
    return seal(
        ValidatedCSR,
        csr=request.csr,
        public_key=asked.key,
        identifier=asked.names.identifier,
        binding=asked.names.binding,
        found_in=judge_names(request.subject, tuple(alternatives or ()), asked.names),
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


def _name_text(name: x509.GeneralName) -> str:
    """The name as one line of printable ASCII."""
    shown = identifier_of(name)
    return quoted(str(shown) if shown is not None else name.value)


def _from_pickle(
    der: bytes,
    spki: bytes,
    identifier: Identifier,
    binding: CSRBinding,
    found_in: FoundIn | None,
) -> ValidatedCSR:
    return seal(
        ValidatedCSR,
        csr=x509.load_der_x509_csr(der),
        public_key=attested_public_key(None, spki),
        identifier=identifier,
        binding=binding,
        found_in=found_in,
    )
