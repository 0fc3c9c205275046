"""The decoder of one certificate, and the property decoders behind it."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appleattest.certificates import decode_certificate
from appleattest.properties import decode_claims, decode_properties
from fuzz.oracle import ended, require, returned, without_warning


def read_certificate(data: bytes) -> None:
    """One certificate: what is taken is exactly these octets, and all of it can be read."""
    found = returned(lambda: decode_certificate(data))
    if found is None:
        return
    require(ended(lambda: decode_certificate(data).der).value == data, "decoded once only")
    certificate = found.x509
    spki = found.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    require(certificate.public_bytes(Encoding.DER) == data, "other octets were read")
    require(found.spki == spki, "a key in another encoding")
    require(certificate.subject.public_bytes() == found.subject, "another subject")
    require(certificate.issuer.public_bytes() == found.issuer, "another issuer")
    require(0 < certificate.serial_number < 1 << 160, "a serial number out of bounds")
    _ = without_warning(lambda: (repr(certificate.subject), repr(certificate.extensions)))
    raw = found.properties()
    values = returned(lambda: decode_properties(raw))
    claims, problems = decode_claims(raw)
    require((values is None) == bool(problems), "claims and properties disagree")
    require(values is None or values == claims, "a claim is not the property")
