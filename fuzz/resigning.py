"""Sign again what was changed, with the keys of the vectors' authority."""

from __future__ import annotations

from typing import Final

from appleattest.testing import der
from appleattest.testing.keys import Digest, PrivateKey, sign
from appleattest.wire.der import content
from fuzz.world import AUTHORITY

_DIGESTS: Final = {
    der.sequence(der.oid("1.2.840.10045.4.3.2")): Digest.SHA256,
    der.sequence(der.oid("1.2.840.10045.4.3.3")): Digest.SHA384,
    der.sequence(der.oid("1.2.840.10045.4.3.4")): Digest.SHA512,
}


def resign(certificate: bytes, *, first: bool) -> bytes:
    """The certificate with a new signature, by the intermediate's key or, not first, the root's.

    Returned as it is where it does not begin as a certificate does.
    """
    return signed(certificate, AUTHORITY.issuer.key if first else AUTHORITY.root_issuer.key)


def resign_request(request: bytes) -> bytes:
    """The certificate request with a new signature, by the attested key; or as it is."""
    return signed(request, AUTHORITY.attested_key)


def signed(document: bytes, key: PrivateKey) -> bytes:
    """The certificate or request with a new signature by this key; or as it is."""
    try:
        start, _ = content(document, 0)
        _, after_body = content(document, start)
        _, after_algorithm = content(document, after_body)
    except ValueError:
        return document
    body, algorithm = document[start:after_body], document[after_body:after_algorithm]
    signature = sign(key, _DIGESTS.get(algorithm, Digest.SHA384), body)
    return der.sequence(body, algorithm, der.bit_string(signature))
