"""What must be true whatever the input: every target asks here, and a `Finding` is a bug.

- Only `AttestationError` comes out, it can be shown to people, and nobody was warned.
- Examining says what verifying says.
- What is accepted consists of certificates that somebody minted, and each signature verifies
  when it is checked without the engine. One liberty is everybody's: of a signature (r, s) anyone
  can make (r, n-s), which verifies as well (docs/threat-model.md).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import Attestation, AttestationError, Report, Verifier
from appleattest.errors import FreshnessMismatch
from appleattest.testing import der
from appleattest.testing.keys import order_of

_T = TypeVar("_T")

_NEVER_FROM_INPUT: Final = ("AssertionError", "MemoryError", "PanicException", "RecursionError")
"""A refusal that began as one of these is a bug, though it was contained."""

_LONGEST_DETAIL: Final = 1000


class Finding(AssertionError):
    """Something that must be true is not."""


def require(truth: object, otherwise: str) -> None:
    """Raise `Finding` unless it is true."""
    if not truth:
        raise Finding(otherwise)


@dataclass(frozen=True)
class Ended:
    """How a call ended, and what an operator would be told: equal for two that ended alike."""

    value: object
    refusal: tuple[object, ...] | None


def without_warning(call: Callable[[], _T]) -> _T:
    """What the call returns or raises, unless it warns: under other filters that is an exception.

    A filter that makes exceptions of warnings would not do, since the library contains those.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return call()
        finally:
            require(not caught, f"a warning: {[str(each.message) for each in caught]}")


def returned(call: Callable[[], _T]) -> _T | None:
    """What the call returns; None where it raises `AttestationError`, which is looked at."""
    try:
        return without_warning(call)
    except AttestationError as error:
        check_error(error)
        return None


def check_error(error: AttestationError) -> None:
    """The error can be logged, sent and shown, and does not hide a bug of ours."""
    begun = error.detail.partition(":")[0]
    require(begun not in _NEVER_FROM_INPUT, f"contained: {error.detail}")
    require(error.detail.isprintable(), f"a detail that cannot be shown: {error.detail!r}")
    require(len(error.detail) <= _LONGEST_DETAIL, f"a detail of {len(error.detail)} characters")
    require(str(error).isprintable(), f"an error that cannot be logged: {str(error)!r}")
    require(error.__suppress_context__ or error.__context__ is None, "a context that says too much")
    for disclose in (False, True):
        json.dumps(error.problem(disclose=disclose))


def ended(call: Callable[[], object]) -> Ended:
    """How the call ended, in a form that can be compared."""
    try:
        return Ended(without_warning(call), None)
    except AttestationError as error:
        check_error(error)
        return Ended(None, _refusal(error))


def _refusal(error: AttestationError) -> tuple[object, ...]:
    stale = error.attestation if isinstance(error, FreshnessMismatch) else None
    return type(error), error.reason, error.element, error.detail, stale


def same_verdict(
    verify: Callable[[], Attestation], examine: Callable[[], Report]
) -> Attestation | None:
    """The attestation, also one that is genuine and stale, where both ways agree."""
    verified = ended(verify)
    report = without_warning(examine)
    error = None if report.error is None else _refusal(report.error)
    require(verified == Ended(report.attestation, error), f"{verified} is not {report}")
    kept = verified.value or (verified.refusal and verified.refusal[-1])
    require(kept is None or isinstance(kept, Attestation), f"{kept!r} was returned")
    return kept if isinstance(kept, Attestation) else None


def check_minted(attestation: Attestation, minted: frozenset[bytes]) -> None:
    """Every certificate of the path but the anchor was minted, or is the twin of one that was."""
    for certificate, issuer in pairwise(attestation.chain):
        encoded = certificate.public_bytes(Encoding.DER)
        either = {encoded, twin(encoded, issuer)}
        require(either & minted, f"a forgery was accepted: {encoded.hex()}")


def check_path(attestation: Attestation, verifier: Verifier) -> None:
    """The path holds when it is walked by hand, and ends at an anchor."""
    require(attestation.anchor in verifier.trust, "no anchor at the end")
    require(len(attestation.chain) >= 2, "an anchor attests itself")
    for certificate, issuer in pairwise(attestation.chain):
        _check_issued(certificate, issuer)
        _check_valid(certificate, attestation)
    for extension in attestation.leaf.extensions:
        if isinstance(extension.value, x509.BasicConstraints):
            require(not extension.value.ca, "the leaf is an authority")
        if isinstance(extension.value, x509.KeyUsage):
            require(not extension.value.key_cert_sign, "the leaf signs certificates")
    require(_public_key(attestation.leaf).key_size in (256, 384), "a key on another curve")


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    require(certificate.issuer == issuer.subject, "another issuer's name")
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    require(constraints.ca, "an issuer that is none")
    algorithm = certificate.signature_algorithm_parameters
    require(isinstance(algorithm, ECDSA), "a signature of another kind")
    assert isinstance(algorithm, ECDSA)
    _public_key(issuer).verify(certificate.signature, certificate.tbs_certificate_bytes, algorithm)


def _check_valid(certificate: x509.Certificate, attestation: Attestation) -> None:
    bounds = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    require(bounds[0] <= attestation.verified_at <= bounds[1], "outside its validity")


def _public_key(certificate: x509.Certificate) -> EllipticCurvePublicKey:
    key = certificate.public_key()
    require(isinstance(key, EllipticCurvePublicKey), "a key of another kind")
    assert isinstance(key, EllipticCurvePublicKey)
    return key


def twin(encoded: bytes, issuer: x509.Certificate) -> bytes:
    """The certificate with the other signature, (r, n-s), that verifies wherever this one does."""
    signature = x509.load_der_x509_certificate(encoded).signature
    r, s = decode_dss_signature(signature)
    _, content, _ = der.read(encoded)
    signed = content.removesuffix(der.bit_string(signature))
    rebuilt = der.sequence(signed, der.bit_string(encode_dss_signature(r, s)))
    require(rebuilt == encoded, f"another encoding was accepted: {encoded.hex()}")
    other = encode_dss_signature(r, order_of(_public_key(issuer)) - s)
    return der.sequence(signed, der.bit_string(other))


def check_record(attestation: Attestation, verifier: Verifier) -> None:
    """What it writes down is JSON, and verifies again as the same attestation."""
    record: Any = json.loads(json.dumps(attestation.to_dict()))
    again = verifier.reverify(record)
    require(again == attestation, f"{again!r} is not {attestation!r}")
    require(again.to_dict() == record, "another record")
