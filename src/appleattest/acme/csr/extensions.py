"""What a certificate request may ask for beside names: use of the key, and no power to issue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from appleattest.acme.csr.reader import RequestedExtension, malformed, unexpected
from appleattest.text import quoted

DEFAULT_USAGES: Final = (
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.14"),  # EAP over LAN (RFC 4334)
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.17"),  # IPsec IKE (RFC 4945)
)
"""Extended key usages that a request may ask for unless the caller says otherwise. None of them
lets the holder speak for anybody else, as OCSPSigning, timeStamping and codeSigning would."""

_NO_USE: Final = b"\x03\x01\x00"
"""A keyUsage of no bits, which RFC 5280, section 4.2.1.3, forbids in a certificate."""


def usages(allowed: object) -> frozenset[x509.ObjectIdentifier]:
    """The caller's extended key usages; `TypeError` for anything but OIDs."""
    if isinstance(allowed, str) or not isinstance(allowed, Iterable):
        raise TypeError(f"allowed_usages is several OIDs, not {type(allowed).__name__}")
    found = tuple(allowed)
    for usage in found:
        if not isinstance(usage, x509.ObjectIdentifier):
            raise TypeError(f"a usage is an x509.ObjectIdentifier, not {type(usage).__name__}")
    return frozenset(found)


def judge_extensions(
    extensions: Sequence[RequestedExtension], allowed_usages: frozenset[x509.ObjectIdentifier]
) -> x509.SubjectAlternativeName | None:
    """The subjectAltName, if the extensions, of four kinds by now, give no power.

    That is a subjectAltName, a keyUsage without keyCertSign and cRLSign, an extendedKeyUsage of the
    allowed usages, and basicConstraints that say no CA. Raises `InvalidCSR`
    (`unexpected-extension`, or `malformed-csr` for an encoding that is not DER), the element the
    OID.
    """
    alternatives: x509.SubjectAlternativeName | None = None
    for extension in extensions:
        value, element = extension.decoded.value, extension.decoded.oid.dotted_string
        if value.public_bytes() != extension.value:
            raise malformed("an extension that is not in its one encoding", element)
        if isinstance(value, x509.SubjectAlternativeName):
            if not list(value):
                raise malformed("a subjectAltName without names", element)
            alternatives = value
        elif isinstance(value, x509.KeyUsage):
            if extension.value == _NO_USE:
                raise malformed("a keyUsage without any use", element)
            if value.key_cert_sign or value.crl_sign:
                raise unexpected("a key that signs certificates or revocation lists", element)
        elif isinstance(value, x509.ExtendedKeyUsage):
            others = sorted(usage.dotted_string for usage in set(value) - allowed_usages)
            if others:
                raise unexpected(f"extended key usage {quoted(', '.join(others))}", element)
        elif isinstance(value, x509.BasicConstraints) and value.ca:
            raise unexpected("a CA", element)
    return alternatives
