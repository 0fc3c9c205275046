"""Decode one certificate: the usual shape at a glance, anything else by the general reader."""

from __future__ import annotations

from appleattest.certificates.algorithms import ATTESTED_KEYS
from appleattest.certificates.decoded import DecodedCertificate, OutsideCertificate
from appleattest.certificates.general import read_general
from appleattest.certificates.usual import read_usual


def decode_and_judge(encoded: bytes) -> DecodedCertificate | OutsideCertificate:
    """Decode every field of one DER certificate, and say whether the allowlists refuse it.

    A key of a kind that the allowlists refuse is not read: which kinds `cryptography` can read
    depends on its release, and the verdict must not.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`).
    """
    return read_usual(encoded) or read_general(encoded)


def decode_certificate(encoded: bytes) -> DecodedCertificate:
    """Decode every field of one DER certificate, and judge it by the allowlists.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`) or
    `UntrustedChain` (`weak-algorithm`, `critical-extension`, `name-constraints`).
    """
    decoded = decode_and_judge(encoded)
    if isinstance(decoded, OutsideCertificate):
        raise decoded.refusal()
    return decoded


def attested_key_is_accepted(certificate: DecodedCertificate) -> bool:
    """Whether the key is on P-256 or P-384, which is what a Secure Enclave can be asked for."""
    return certificate.spki.startswith(ATTESTED_KEYS)
