"""The certification authority: what is issued to a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from appleattest import acme

LIFETIME: Final = timedelta(days=90)
_BACKDATED: Final = timedelta(hours=1)
"""A device's clock may be behind ours."""

_SIGNATURES: Final = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
_CLIENT: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA's certificate and its key, which in earnest is not kept by what talks to clients."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def load(cls, pem: bytes) -> Authority:
        """The authority of a certificate and its key in PEM."""
        key = load_pem_private_key(pem, None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise TypeError("the authority's key is none of an elliptic curve")
        return cls(x509.load_pem_x509_certificate(pem), key)

    def issue(self, valid: acme.ValidatedCSR, at: datetime) -> x509.Certificate:
        """The certificate of a device: from what was validated, and from nothing else."""
        our_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder()
            .issuer_name(self.certificate.subject)
            .subject_name(valid.subject)
            .public_key(valid.public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - _BACKDATED)
            .not_valid_after(min(at + LIFETIME, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(valid.key_usage or _SIGNATURES, True)
            .add_extension(valid.extended_key_usage or _CLIENT, False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(valid.public_key), False)
            .add_extension(our_key, False)
        )
        names = valid.names_to_issue()
        if names is not None:
            builder = builder.add_extension(names.value, names.critical)
        return builder.sign(self.key, hashes.SHA384())

    def chain(self, certificate: x509.Certificate) -> str:
        """The certificate and its issuer in PEM (RFC 8555, section 7.4.2)."""
        pem = (each.public_bytes(Encoding.PEM) for each in (certificate, self.certificate))
        return b"".join(pem).decode("ascii")
