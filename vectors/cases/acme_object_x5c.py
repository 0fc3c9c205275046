"""The certificates of an attestation object: what `x5c` holds, and how much of it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority, carriers, chains
from vectors.case import AcmeInput, acceptable, but, invalid, only
from vectors.cases.acme_object import FILE, Chain, chain_of, text
from vectors.flags import Flag

_CERTIFICATES: Final[dict[str, Callable[[Chain], Chain]]] = {
    "empty-leaf": lambda chain: [b"", chain[1]],
    "empty-intermediate": lambda chain: [chain[0], b""],
    "empty-after": lambda chain: [*chain, b""],
    "noise-after": lambda chain: [*chain, b"noise"],
    "leaf-in-base64": lambda chain: [text(chain[0]).encode(), chain[1]],
    "both-in-one": lambda chain: [b"".join(chain)],
}


@acceptable(
    FILE,
    Flag.DEFECTIVE_EXTRA,
    reason=Reason.MALFORMED_CERTIFICATE,
    each=only(_CERTIFICATES, "empty-after", "noise-after"),
)
@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each=but(_CERTIFICATES, "empty-after", "noise-after"),
)
def certificates_are(
    authority: AttestationAuthority, entries: Callable[[Chain], Chain]
) -> AcmeInput:
    """``x5c: [a byte string that is no certificate]``: or one after the certificates.

    What does not decode is refused by this library wherever it stands.
    """
    return AcmeInput(carriers.attestation_object(entries(chain_of(authority))))


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER)
def leaf_alone(authority: AttestationAuthority) -> AcmeInput:
    """``x5c: [leaf]``: its issuer is not there, and nothing is remembered or fetched."""
    return AcmeInput(carriers.attestation_object(chain_of(authority)[:1]))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def six_certificates(authority: AttestationAuthority) -> AcmeInput:
    """``x5c: [leaf, intermediate, four of another root]``: Apple sends two; five are read."""
    chain = [*chain_of(authority), *chains.unrelated(authority, 4)]
    return AcmeInput(carriers.attestation_object(chain))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def three_hundred_empty_certificates(authority: AttestationAuthority) -> AcmeInput:
    """``x5c: [leaf, intermediate, 300 byte strings of nothing]``: counted before it is read."""
    return AcmeInput(carriers.attestation_object([*chain_of(authority), *[b""] * 300]))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE, each={"third": 2})
@invalid(FILE, Reason.TOO_LARGE, Flag.MALFORMED_CERTIFICATE, each={"leaf": 0})
def certificate_of_8_kib(authority: AttestationAuthority, place: int) -> AcmeInput:
    """``x5c: […, 8,192 octets, …]``: Apple's certificates have under 900, and 4,096 are read.

    They are no certificate, which matters where the leaf is due.
    """
    chain = chain_of(authority)
    chain[place : place + 1] = [bytes(8192)]
    return AcmeInput(carriers.attestation_object(chain))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def above_32_kib(authority: AttestationAuthority) -> AcmeInput:
    """``{fmt, attStmt, more: 33,000 octets}``: measured before it is parsed."""
    extra = {"more": bytes(33_000)}
    return AcmeInput(carriers.attestation_object(chain_of(authority), extra=extra))
