"""The decoder of one certificate, and the property decoders behind it."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appleattest.certificates import decode_certificate
from appleattest.properties import PROPERTIES, decode_properties
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
    decoded = returned(lambda: decode_properties(raw))
    assert decoded is not None
    values, problems = decoded
    for row in PROPERTIES:
        value = raw.get(row.oid)
        require(row.oid not in problems or values[row.name] is None, "a malformed value was read")
        require(value is not None or values[row.name] is None, "an absent value was read")
