"""Is this leaf one of a remembered intermediate? Asked of the engine, or of a faster library.

A faster library checks one signature, and nothing else. What else the engine checks of a leaf is
checked here and in `certificates`: docs/decisions/0024-aws-lc.md has the table. A refusal by it
means nothing, as any warm refusal: the cold path decides.
"""

from __future__ import annotations

from datetime import datetime

from appleattest.boundary import is_parser_failure
from appleattest.certificates import DecodedCertificate
from appleattest.signatures import IssuerKey, Signatures


def key_of(issuer: DecodedCertificate, signatures: Signatures) -> IssuerKey | None:
    """The issuer's key in that library; None where it has none, and its leaves are the engine's.

    The path has been accepted before, so whatever the library raises refuses nothing, a panic
    of Rust among it. An interrupt of the caller's passes.
    """
    try:
        return signatures.issuer_key(issuer.spki)
    except BaseException as error:
        if not is_parser_failure(error):
            raise
        return None


def is_issued_by(
    leaf: DecodedCertificate, issuer: DecodedCertificate, key: IssuerKey, at: datetime
) -> bool:
    """Whether the leaf names this issuer, is valid at `at`, and has a signature by its `key`.

    The engine has accepted a path from the issuer to an anchor that is valid at `at`. Whatever
    the library raises is a refusal, as in `key_of`.
    """
    if leaf.issuer != issuer.subject or not leaf.not_before <= at <= leaf.not_after:
        return False
    certificate = leaf.x509
    digest = certificate.signature_hash_algorithm
    assert digest is not None  # noqa: S101 - the allowlist saw to it
    try:
        return key.verifies(certificate.signature, leaf.signed, digest.name) is True
    except BaseException as error:
        if not is_parser_failure(error):
            raise
        return False
