"""Deviations of the signature and of what says how it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from appleattest.testing import der
from appleattest.testing.keys import Digest, KeyKind, algorithm_identifier, algorithm_oid, order_of
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, Signed, deviation

ZERO_SIGNATURE: Final = der.sequence(der.integer(0), der.integer(0))
"""The ECDSA signature r = 0, s = 0, which a faulty verifier finds valid for every key."""


@deviation
class WrongSigner(Deviation):
    """Signed by a key that is not the named issuer's; all other fields are genuine."""

    kind: KeyKind = KeyKind.P384

    @override
    def draft(self, draft: Draft) -> Draft:
        return replace(draft, signer=draft.keys.key("wrong signer", self.kind))


@deviation
class TamperedSignature(Deviation):
    """The last bit of the signature is flipped; for ECDSA it remains well formed."""

    @override
    def signed(self, signed: Signed) -> Signed:
        value = signed.signature
        return replace(signed, signature=value[:-1] + bytes([value[-1] ^ 1]))


@deviation
class TamperedContent(Deviation):
    """The first ``find`` in the signed part is changed to ``replacement`` after signing.

    They have one length, so that no enclosing length changes; otherwise a ``ValueError``.
    """

    find: bytes
    replacement: bytes

    def __post_init__(self) -> None:
        if len(self.find) != len(self.replacement):
            raise ValueError("find and replacement must have one length")

    @override
    def signed(self, signed: Signed) -> Signed:
        return replace(signed, tbs=signed.tbs.replace(self.find, self.replacement, 1))


@deviation
class TwinSignature(Deviation):
    """The signature's twin (r, n - s): *valid*, in a certificate of another fingerprint."""

    @override
    def signed(self, signed: Signed) -> Signed:
        if not isinstance(signed.signer, ec.EllipticCurvePrivateKey):
            raise ValueError("only an ECDSA signature has a twin")
        r, s = decode_dss_signature(signed.signature)
        return replace(signed, signature=encode_dss_signature(r, order_of(signed.signer) - s))


@deviation
class ReplacedSignature(Deviation):
    """The signature is ``value``, by default r = 0, s = 0; ``b""`` is none at all."""

    value: bytes = ZERO_SIGNATURE

    @override
    def signed(self, signed: Signed) -> Signed:
        return replace(signed, signature=self.value)


@deviation
class UnusedBits(Deviation):
    """The outer BIT STRING says that ``bits`` of its last octet do not count.

    No signature covers that octet. Above 7 it is always malformed.
    """

    bits: int = 1

    @override
    def signed(self, signed: Signed) -> Signed:
        return replace(signed, unused_bits=self.bits)


@deviation
class SignatureHash(Deviation):
    """Signed, correctly, with another hash than SHA-384."""

    digest: Digest = Digest.SHA1

    @override
    def draft(self, draft: Draft) -> Draft:
        return replace(draft, digest=self.digest)


@deviation
class NullSignatureParameters(Deviation):
    """Both algorithm fields carry NULL parameters, which RFC 5758, 3.2, forbids for ECDSA."""

    @override
    def draft(self, draft: Draft) -> Draft:
        oid = der.oid(algorithm_oid(draft.signer, draft.digest))
        algorithm = der.sequence(oid, der.null())
        return draft.changed(algorithm=algorithm)


@deviation
class MismatchedAlgorithms(Deviation):
    """The inner and outer algorithm differ; the ``wrong`` one names ``digest``."""

    digest: Digest = Digest.SHA256
    wrong: Literal["inner", "outer"] = "outer"

    @override
    def draft(self, draft: Draft) -> Draft:
        inner, outer = draft.implied_algorithm, algorithm_identifier(draft.signer, self.digest)
        if self.wrong == "inner":
            inner, outer = outer, inner
        return draft.changed(algorithm=inner, outer_algorithm=outer)


@deviation
class SignatureAlgorithm(Deviation):
    """Both algorithm fields are ``algorithm`` (DER); the signature does not change."""

    algorithm: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(algorithm=self.algorithm)
