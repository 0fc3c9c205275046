"""What the tests of the mint share: second opinions that do not use the mint's own encoder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from appleattest.testing import ISSUED_AT, AttestationAuthority

AUTHORITY = AttestationAuthority("tests of the mint")


def accepts(
    chain: Sequence[bytes],
    at: datetime = ISSUED_AT,
    root: x509.Certificate | None = None,
) -> bool:
    """Return whether the engine of ``cryptography``, with no rules of its own, finds a path."""
    leaf, *others = (x509.load_der_x509_certificate(der) for der in chain)
    verifier = (
        PolicyBuilder()
        .store(Store([root or AUTHORITY.root]))
        .time(at.replace(tzinfo=None))
        .extension_policies(
            ca_policy=ExtensionPolicy.permit_all().require_present(
                x509.BasicConstraints, Criticality.AGNOSTIC, None
            ),
            ee_policy=ExtensionPolicy.permit_all(),
        )
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, others)
    except VerificationError:
        return False
    return True


def load(der: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der, strict=True)


def tbs(der: bytes) -> asn1_x509.TbsCertificate:
    return load(der)["tbs_certificate"]


def extensions(der: bytes) -> list[tuple[str, bool, bytes]]:
    """Return (dotted OID, critical, value) of each extension in order."""
    found = tbs(der)["extensions"]
    return [
        (each["extn_id"].dotted, each["critical"].native, each["extn_value"].contents)
        for each in found
    ]


def value(der: bytes, oid: str) -> bytes:
    (found,) = (content for each, _, content in extensions(der) if each == oid)
    return found


def signature(der: bytes) -> bytes:
    """Return the content of the outer BIT STRING, its unused-bits octet first."""
    content: bytes = core.Sequence.load(der)[2].contents
    return content
