"""Certificate requests (PKCS #10, RFC 2986), also those that other builders refuse.

    request = csr.request(key, subject=csr.subject_of("SERIAL"))      # as Apple's client makes it
    request = csr.request(key, csr.alternatives(name), subject=csr.subject())

Every part is given as DER, so each can be left out, doubled or malformed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

from appleattest.testing import der
from appleattest.testing.keys import (
    Digest,
    PrivateKey,
    PublicKey,
    algorithm_identifier,
    key_bits,
    order_of,
    sign,
    spki_of,
)
from appleattest.testing.template import Extension

COMMON_NAME: Final = NameOID.COMMON_NAME.dotted_string
SERIAL_NUMBER: Final = NameOID.SERIAL_NUMBER.dotted_string
USER_ID: Final = NameOID.USER_ID.dotted_string
ORGANIZATION: Final = NameOID.ORGANIZATION_NAME.dotted_string

SUBJECT_ALT_NAME: Final = ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string
KEY_USAGE: Final = ExtensionOID.KEY_USAGE.dotted_string
EXTENDED_KEY_USAGE: Final = ExtensionOID.EXTENDED_KEY_USAGE.dotted_string
BASIC_CONSTRAINTS: Final = ExtensionOID.BASIC_CONSTRAINTS.dotted_string

EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
MICROSOFT_EXTENSIONS: Final = "1.3.6.1.4.1.311.2.1.14"
"""Microsoft's attribute from before extensionRequest."""
CHALLENGE_PASSWORD: Final = "1.2.840.113549.1.9.7"  # noqa: S105 - an OID

_CONTEXT_0: Final = 0xA0
_P384_PRIME: Final = 2**384 - 2**128 - 2**96 + 2**32 - 1
_P384_B: Final = bytes.fromhex(
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
    "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"
)


def attribute(oid: str, value: str | bytes, tag: int = der.UTF8_STRING) -> bytes:
    """An AttributeTypeAndValue; text is written in UTF-8, whichever the tag."""
    content = value.encode() if isinstance(value, str) else value
    return der.sequence(der.oid(oid), der.tlv(tag, content))


def rdn(*attributes: bytes) -> bytes:
    """A RelativeDistinguishedName of these attributes."""
    return der.set_of(b"".join(sorted(attributes)))


def subject(*attributes: bytes) -> bytes:
    """A Name of these attributes, each in an RDN of its own."""
    return der.sequence(*map(rdn, attributes))


def subject_of(common_name: str) -> bytes:
    """A Name of this common name alone, a UTF8String."""
    return subject(attribute(COMMON_NAME, common_name))


def extension(oid: str, value: x509.ExtensionType | bytes, *, critical: bool = False) -> bytes:
    """An Extension of a value, or of the octets of one."""
    content = value if isinstance(value, bytes) else value.public_bytes()
    return Extension(oid, content, critical).dump()


def alternatives(*names: x509.GeneralName) -> bytes:
    """A subjectAltName of these names."""
    return extension(SUBJECT_ALT_NAME, x509.SubjectAlternativeName(names))


def other_name(oid: str, value: bytes) -> bytes:
    """An otherName around any octets: `x509.OtherName` encodes DER alone."""
    return der.tlv(_CONTEXT_0, der.oid(oid) + der.explicit(0, value))


def alternatives_of(*names: bytes) -> bytes:
    """A subjectAltName of encoded names."""
    return extension(SUBJECT_ALT_NAME, der.sequence(*names))


def requested(*extensions: bytes, oid: str = EXTENSION_REQUEST) -> bytes:
    """An attribute that asks for extensions."""
    return der.sequence(der.oid(oid), der.set_of(der.sequence(*extensions)))


def info(subject: bytes, spki: bytes, *attributes: bytes, version: int = 0) -> bytes:
    """A CertificationRequestInfo."""
    listed = der.tlv(_CONTEXT_0, b"".join(attributes))
    return der.sequence(der.integer(version), subject, spki, listed)


def signed(
    info: bytes, key: PrivateKey, digest: Digest = Digest.SHA256, *, unused: int = 0
) -> bytes:
    """The CertificationRequest; `unused` bits of the signature do not count."""
    signature = sign(key, digest, info)
    return der.sequence(info, algorithm_identifier(key, digest), der.bit_string(signature, unused))


def request(
    key: PrivateKey,
    *extensions: bytes,
    subject: bytes,
    attributes: Sequence[bytes] | None = None,
    signer: PrivateKey | None = None,
    digest: Digest = Digest.SHA256,
    spki: bytes | None = None,
    version: int = 0,
) -> bytes:
    """A certificate request in DER: the extensions in one extensionRequest, if any.

    `attributes` replace that one. The rest is of `key` unless given.
    """
    if attributes is None:
        attributes = [requested(*extensions)] if extensions else []
    shown = spki_of(key.public_key()) if spki is None else spki
    return signed(info(subject, shown, *attributes, version=version), signer or key, digest)


def with_point(key: PublicKey, point: bytes) -> bytes:
    """The key's SubjectPublicKeyInfo around other octets of its point."""
    _, content, _ = der.read(spki_of(key))
    _, algorithm, _ = der.read(content)
    return der.sequence(der.sequence(algorithm), der.bit_string(point))


def explicit_p384(generator: bytes | None = None) -> bytes:
    """The parameters of P-384 in full (RFC 3279, 2.3.5), which RFC 5480, 2.1.1, forbids.

    `generator` is any octets; None: the curve's own.
    """
    one = ec.derive_private_key(1, ec.SECP384R1())
    if generator is None:
        generator = key_bits(spki_of(one.public_key()))
    return der.sequence(
        der.integer(1),
        der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(_P384_PRIME)),
        der.sequence(
            der.octet_string((_P384_PRIME - 3).to_bytes(48, "big")),
            der.octet_string(_P384_B),
        ),
        der.octet_string(generator),
        der.integer(order_of(one)),
        der.integer(1),
    )
