"""The certification authority: a root, which issues to devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appleattest import acme

LIFETIME: Final = timedelta(days=90)
_ROOT_LIFETIME: Final = timedelta(days=3650)
_BACKDATED: Final = timedelta(hours=1)
"""A device's clock may be behind ours."""

_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Device CA")])
_CLIENT: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


@dataclass(frozen=True, slots=True)
class Authority:
    """A root certificate and its key, which in earnest is not kept by what talks to clients."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, at: datetime) -> Authority:
        """A new root, valid from about `at`."""
        key = ec.generate_private_key(ec.SECP384R1())
        builder = _builder(_NAME, _NAME, key.public_key(), at, at + _ROOT_LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(_key_usage(ca=True), True)
        return cls(builder.sign(key, hashes.SHA384()), key)

    @classmethod
    def load(cls, pem: bytes) -> Authority:
        """The root of a certificate and its key in PEM."""
        key = load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is none of an elliptic curve")
        return cls(x509.load_pem_x509_certificate(pem), key)

    def issue(self, valid: acme.ValidatedCSR, at: datetime) -> x509.Certificate:
        """The certificate of a device: from what was validated, and from nothing else.

        The identifier stands in the subjectAltName, wherever the request had it
        (draft-ietf-acme-device-attest, section 3).
        """
        issuer = self.certificate.subject
        until = min(at + LIFETIME, self.certificate.not_valid_after_utc)
        identifier, others = valid.identifier.other_name(), valid.subject_alternative_name or ()
        names = x509.SubjectAlternativeName(dict.fromkeys([identifier, *others]))
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            _builder(issuer, valid.subject, valid.public_key, at, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(valid.key_usage or _key_usage(ca=False), True)
            .add_extension(valid.extended_key_usage or _CLIENT, False)
            # Critical where there is no subject (RFC 5280, section 4.2.1.6).
            .add_extension(names, not list(valid.subject))
            .add_extension(authority_key, False)
            .sign(self.key, hashes.SHA384())
        )

    def chain(self, certificate: x509.Certificate) -> str:
        """The certificate and its issuer in PEM (RFC 8555, section 7.4.2)."""
        pem = (each.public_bytes(Encoding.PEM) for each in (certificate, self.certificate))
        return b"".join(pem).decode("ascii")


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    at: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    """digitalSignature for a device, keyCertSign and cRLSign for an authority."""
    return x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
