"""Sign again what was changed, with the keys of the vectors' authority."""

from __future__ import annotations

from typing import Final

from appleattest.testing import der
from appleattest.testing.keys import Digest, sign
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
    try:
        start, _ = content(certificate, 0)
        _, after_tbs = content(certificate, start)
        _, after_algorithm = content(certificate, after_tbs)
    except ValueError:
        return certificate
    tbs, algorithm = certificate[start:after_tbs], certificate[after_tbs:after_algorithm]
    key = AUTHORITY.issuer.key if first else AUTHORITY.root_issuer.key
    signature = sign(key, _DIGESTS.get(algorithm, Digest.SHA384), tbs)
    return der.sequence(tbs, algorithm, der.bit_string(signature))
