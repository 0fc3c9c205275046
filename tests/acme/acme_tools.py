"""What the tests of the ACME package share: requests made octet by octet, and how to refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appleattest import Attestation, AttestationError, Reason
from appleattest.acme import PermanentIdentifier, ProblemContext
from appleattest.testing import AttestationAuthority, KeyKind, PrivateKey, Properties, csr

AUTHORITY: Final = AttestationAuthority("tests of acme")
AT: Final = AUTHORITY.issued_at
KEY: Final = AUTHORITY.attested_key
OTHER_KEY: Final = AUTHORITY.keys.ec("another")
P256_KEY: Final = AUTHORITY.keys.ec("smaller", KeyKind.P256)
MAC: Final = Properties.mac()
SERIAL: Final = "TESTSERIAL01"
UDID: Final = "00000000-0000TESTUDID0001"
IDENTIFIER: Final = PermanentIdentifier(SERIAL)
ATTESTATION: Final[Attestation] = AUTHORITY.verified(MAC)


def assert_refused(
    call: Callable[[], object],
    reason: Reason,
    element: str | None = None,
    *,
    context: ProblemContext | None,
    problem: str,
    says: str = "",
) -> AttestationError:
    """The call raises exactly this, and `says` in its detail; the error, for further questions."""
    with pytest.raises(AttestationError) as caught:
        call()
    error = caught.value
    assert (error.reason, error.element, error.context) == (reason, element, context), error.detail
    assert error.detail
    assert says in error.detail
    assert error.problem()["type"] == f"urn:ietf:params:acme:error:{problem}"
    assert error.__suppress_context__ or error.__context__ is None
    return error


def shown(value: object) -> str:
    """The name of a parameter in a test's own name."""
    return ascii(value)[:60]


def signed(info: bytes, key: PrivateKey = KEY, **arguments: Any) -> bytes:
    """A CertificationRequest of this CertificationRequestInfo."""
    return csr.signed(info, key, **arguments)


def make_csr(
    *extensions: bytes, subject: bytes | None = None, key: PrivateKey = KEY, **arguments: Any
) -> bytes:
    """A certificate request in DER, by default as Apple's client makes it: the CN, nothing else."""
    shown = csr.subject_of(SERIAL) if subject is None else subject
    return csr.request(key, *extensions, subject=shown, **arguments)


def challenge_object(**arguments: Any) -> bytes:
    """The attestation object of the Mac, or of other properties, for a token."""
    import hashlib

    token = arguments.pop("token")
    code = hashlib.sha256(token.encode()).digest()
    arguments.setdefault("properties", MAC)
    return AUTHORITY.attestation_object(freshness_code=code, **arguments)


def compressed_spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key's SubjectPublicKeyInfo with its point compressed."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return csr.with_point(key.public_key(), point)
