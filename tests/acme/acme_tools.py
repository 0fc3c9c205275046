"""What the tests of the ACME package share: requests made octet by octet, and how to refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appleattest import Attestation, AttestationError, Reason
from appleattest.acme import PermanentIdentifier, ProblemContext
from appleattest.testing import AttestationAuthority, Digest, KeyKind, PrivateKey, Properties, der
from appleattest.testing.keys import algorithm_identifier, sign, spki_of

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

COMMON_NAME: Final = NameOID.COMMON_NAME.dotted_string
SAN: Final = "2.5.29.17"
KEY_USAGE: Final = "2.5.29.15"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
MICROSOFT_EXTENSIONS: Final = "1.3.6.1.4.1.311.2.1.14"


def assert_refused(
    call: Callable[[], object],
    reason: Reason,
    element: str | None = None,
    *,
    context: ProblemContext | None,
    problem: str,
) -> AttestationError:
    """The call raises exactly this; the error, for whatever else is to be said of it."""
    with pytest.raises(AttestationError) as caught:
        call()
    error = caught.value
    assert (error.reason, error.element, error.context) == (reason, element, context), error.detail
    assert error.problem()["type"] == f"urn:ietf:params:acme:error:{problem}"
    assert error.__suppress_context__ or error.__context__ is None
    return error


def shown(value: object) -> str:
    """The name of a parameter in a test's own name."""
    return ascii(value)[:60]


def attribute(oid: str, value: str | bytes, tag: int = 0x0C) -> bytes:
    """An AttributeTypeAndValue."""
    content = value.encode() if isinstance(value, str) else value
    return der.sequence(der.oid(oid), der.tlv(tag, content))


def rdn(*attributes: bytes) -> bytes:
    return der.tlv(0x31, b"".join(sorted(attributes)))


def subject_of(common_name: str) -> bytes:
    return der.sequence(rdn(attribute(COMMON_NAME, common_name)))


def extension(oid: str, value: x509.ExtensionType | bytes, *, critical: bool = False) -> bytes:
    """An Extension in DER."""
    content = value if isinstance(value, bytes) else value.public_bytes()
    flag = der.boolean(True) if critical else b""
    return der.sequence(der.oid(oid), flag, der.octet_string(content))


def alternatives(*names: x509.GeneralName) -> bytes:
    return extension(SAN, x509.SubjectAlternativeName(names))


def requested(*extensions: bytes, oid: str = EXTENSION_REQUEST) -> bytes:
    """An attribute that asks for extensions."""
    return der.sequence(der.oid(oid), der.set_of(der.sequence(*extensions)))


def signed(
    info: bytes, key: PrivateKey = KEY, digest: Digest = Digest.SHA256, *, unused: int = 0
) -> bytes:
    """A CertificationRequest of this CertificationRequestInfo."""
    signature = sign(key, digest, info)
    return der.sequence(info, algorithm_identifier(key, digest), der.bit_string(signature, unused))


def make_csr(
    *extensions: bytes,
    subject: bytes | None = None,
    attributes: Sequence[bytes] | None = None,
    key: PrivateKey = KEY,
    signer: PrivateKey | None = None,
    digest: Digest = Digest.SHA256,
    spki: bytes | None = None,
    version: int = 0,
) -> bytes:
    """A certificate request in DER, by default as Apple's client makes it: the CN, nothing else."""
    if attributes is None:
        attributes = [requested(*extensions)] if extensions else []
    info = der.sequence(
        der.integer(version),
        subject_of(SERIAL) if subject is None else subject,
        spki_of(key.public_key()) if spki is None else spki,
        der.tlv(0xA0, b"".join(attributes)),
    )
    return signed(info, signer or key, digest)


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
    _, content, _ = der.read(spki_of(key.public_key()))
    _, algorithm, _ = der.read(content)
    return der.sequence(der.sequence(algorithm), der.bit_string(point))
