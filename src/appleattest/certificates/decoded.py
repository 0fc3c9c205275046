"""What decoding a certificate gives: a decoded certificate, or one that the allowlists refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from appleattest import oids
from appleattest.errors import Reason, UntrustedChain

Extensions = Mapping[str, x509.Extension[x509.ExtensionType]]


class DecodedCertificate:
    """A certificate of which every field has been decoded, and judged by the allowlists.

    `issuer`, `subject` and `spki` are the octets of the certificate. What `cryptography` makes of
    it is `x509`; the rest is read from that when it is asked for, and can no longer fail.
    """

    def __init__(
        self,
        encoded: bytes,
        loaded: x509.Certificate,
        issuer: bytes,
        subject: bytes,
        spki: bytes,
    ) -> None:
        self.der: Final = encoded
        self.x509: Final = loaded
        self.issuer: Final = issuer
        self.subject: Final = subject
        self.spki: Final = spki

    @cached_property
    def extensions(self) -> Extensions:
        """`cryptography`'s extensions by dotted OID."""
        return by_oid(self.x509)

    @cached_property
    def public_key(self) -> EllipticCurvePublicKey:
        """The certified key."""
        key = self.x509.public_key()
        assert isinstance(key, EllipticCurvePublicKey)  # noqa: S101 - the allowlist saw to it
        return key

    @cached_property
    def signed(self) -> bytes:
        """The octets that the issuer signed, as the engine takes them: encoded anew."""
        return self.x509.tbs_certificate_bytes

    @cached_property
    def not_before(self) -> datetime:
        """When it becomes valid, UTC."""
        return self.x509.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        """The last second in which it is valid, UTC."""
        return self.x509.not_valid_after_utc

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.issuer == self.subject

    @property
    def basic_constraints(self) -> x509.BasicConstraints | None:
        """The decoded basicConstraints, if there are any."""
        extension = self.extensions.get(oids.BASIC_CONSTRAINTS)
        return extension.value if extension else None  # type: ignore[return-value]

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        """The decoded keyUsage, if there is one."""
        extension = self.extensions.get(oids.KEY_USAGE)
        return extension.value if extension else None  # type: ignore[return-value]

    @property
    def may_issue(self) -> bool:
        """cA is asserted, and keyCertSign wherever there is a keyUsage."""
        constraints, usage = self.basic_constraints, self.key_usage
        return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)

    def properties(self) -> dict[str, bytes]:
        """The raw values of every extension under Apple's attestation arc, by dotted OID."""
        return raw_properties(self.extensions)

    def __repr__(self) -> str:
        return f"<DecodedCertificate of {len(self.der)} bytes>"


def der_of(certificate: x509.Certificate) -> bytes:
    """The octets of the certificate."""
    # Here, since it brings in SSH keys and bcrypt, and most chains come as octets.
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def by_oid(certificate: x509.Certificate) -> Extensions:
    """Every extension, decoded, by dotted OID."""
    return {extension.oid.dotted_string: extension for extension in certificate.extensions}


def raw_properties(extensions: Extensions) -> dict[str, bytes]:
    """The values of those of the extensions that lie under Apple's arc, by dotted OID."""
    return {
        oid: extension.value.value
        for oid, extension in extensions.items()
        if oid.startswith(oids.APPLE_ATTESTATION_ARC)
        and isinstance(extension.value, x509.UnrecognizedExtension)
    }


class OutsideCertificate(NamedTuple):
    """A certificate of which every field has been decoded, and which the allowlists refuse.

    It is on no path. A chain that needs it is refused for `reason`.
    """

    der: bytes
    issuer: bytes
    subject: bytes
    reason: Reason
    """`weak-algorithm`, `critical-extension` or `name-constraints`."""
    detail: str

    def refusal(self, element: str | None = None) -> UntrustedChain:
        """The error for a chain that needs this certificate."""
        return UntrustedChain(self.reason, self.detail, element=element)
