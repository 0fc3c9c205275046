"""Chains that must be refused, with the reasons that may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from hypothesis import strategies as st

from appleattest import Reason, oids
from appleattest.testing import apple_shape
from appleattest.testing import chains as built
from appleattest.testing import deviations as d
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.deviations import KeyUse
from appleattest.testing.issuer import Issuer, LeafArguments
from appleattest.testing.keys import Digest, KeyKind
from appleattest.testing.properties import Properties
from appleattest.testing.strategies.devices import devices, malformed_devices
from appleattest.testing.strategies.genuine import MintedChain, moments
from appleattest.testing.template import Deviation

Where: TypeAlias = Literal["leaf", "intermediate"]
_Content: TypeAlias = "tuple[Properties, bytes, datetime]"
_Contents: TypeAlias = "st.SearchStrategy[_Content]"
_Chains: TypeAlias = "st.SearchStrategy[MintedChain]"


@dataclass(frozen=True, slots=True)
class Defect:
    """One deviation of one certificate, and the reasons for which it may be refused."""

    deviation: Deviation
    where: Where
    reasons: frozenset[Reason]

    def attest(self, authority: AttestationAuthority, **leaf: Any) -> list[bytes]:
        """The chain with this defect; ``leaf`` is what `attest` takes."""
        if self.where == "leaf":
            return authority.attest(deviations=[self.deviation], **leaf)
        return authority.attest(intermediate_deviations=[self.deviation], **leaf)


_Deviations: TypeAlias = "st.SearchStrategy[Deviation]"
_Reasons: TypeAlias = tuple[Reason, ...]

_CRITICAL_OIDS: Final = (d.UNKNOWN_EXTENSION, f"{oids.APPLE_ATTESTATION_ARC}99.1")
_BY: Final = st.one_of(
    st.just(timedelta(seconds=1)), st.integers(1, 10**8).map(lambda s: timedelta(seconds=s))
)
_JUNK: Final = st.one_of(st.just(b"\x05\x00"), st.binary(min_size=1, max_size=8))
# Without the two bits that are malformed where keyAgreement is not set.
_BITS: Final = st.integers(0, 0x7F).map(KeyUse)
_WEAK_KINDS: Final = st.sampled_from(
    [KeyKind.P224, KeyKind.SECP256K1, KeyKind.RSA_2048, KeyKind.ED25519]
)
_PLACES: Final = st.sampled_from(["certificate", "tbs"])

# In either certificate.
_ANYWHERE: Final[Mapping[_Reasons, list[_Deviations]]] = {
    (Reason.MALFORMED_CERTIFICATE,): [
        st.builds(d.BERLength, _PLACES),
        st.just(d.IndefiniteLength()),
        st.builds(d.TrailingBytes, _JUNK, _PLACES),
        st.builds(d.Truncated, st.integers(1, 400)),
        st.builds(d.Replaced, st.binary(max_size=40)),
        st.builds(d.UnusedBits, st.integers(1, 255)),
        st.builds(
            d.BadTime, st.sampled_from(d.TimeForm), st.sampled_from(["not_before", "not_after"])
        ),
        st.just(d.NegativeSerial()),
        st.just(d.ZeroSerial()),
        st.builds(d.Serial, st.sampled_from([b"", b"\x00\x01", bytes([1]) * 21])),
        st.builds(d.Version, st.sampled_from([1, 2, 4, 300])),
        st.builds(d.KeyPoint, st.sampled_from(d.PointForm)),
        st.just(d.NullSignatureParameters()),
        st.builds(
            d.MismatchedAlgorithms,
            st.sampled_from([Digest.SHA256, Digest.SHA512]),
            st.sampled_from(["inner", "outer"]),
        ),
        st.just(d.NonCriticalExtension(oids.KEY_USAGE, explicit=True)),
        st.builds(d.ExtensionValue, st.just(oids.KEY_USAGE), st.sampled_from([b"", b"\x05\x00"])),
    ],
    (Reason.DUPLICATE_EXTENSION,): [
        st.builds(
            d.DoubledExtension,
            st.sampled_from([oids.BASIC_CONSTRAINTS, oids.KEY_USAGE]),
            st.sampled_from([None, b"\x30\x00"]),
        ),
    ],
    (Reason.WEAK_ALGORITHM,): [
        st.builds(d.SignatureHash, st.sampled_from([Digest.SHA1, Digest.SHA224])),
        st.builds(d.CertifiedKey, _WEAK_KINDS),
        st.builds(d.ExplicitCurve, st.booleans()),
    ],
    (Reason.CRITICAL_EXTENSION,): [
        st.builds(d.CriticalExtension, st.sampled_from(_CRITICAL_OIDS)),
        st.builds(d.ExtendedKeyUsage, critical=st.just(True)),
    ],
    (Reason.NAME_CONSTRAINTS,): [st.builds(d.NameConstraints, critical=st.booleans())],
    (Reason.BAD_SIGNATURE,): [
        st.builds(d.WrongSigner, st.sampled_from([KeyKind.P384, KeyKind.P256, KeyKind.P521])),
        st.just(d.TamperedSignature()),
        st.builds(
            d.ReplacedSignature, st.one_of(st.just(d.ZERO_SIGNATURE), st.binary(max_size=104))
        ),
        st.builds(d.BERLength, st.just("signature")),
        st.builds(d.TrailingBytes, _JUNK, st.just("signature")),
    ],
    (Reason.EXPIRED,): [st.builds(d.Expired, _BY)],
    (Reason.NOT_YET_VALID,): [st.builds(d.NotYetValid, _BY)],
    (Reason.UNKNOWN_ISSUER,): [
        st.just(d.IssuerName(apple_shape.authority_name("Test Nobody"))),
        st.just(d.SelfIssued()),
        st.just(d.SelfSigned()),
    ],
}
_IN_A_LEAF: Final[Mapping[_Reasons, list[_Deviations]]] = {
    (Reason.WEAK_ALGORITHM,): [st.just(d.CertifiedKey(KeyKind.P521))],
    (Reason.CRITICAL_EXTENSION,): [st.just(d.CriticalExtension(oids.FRESHNESS_CODE))],
    (Reason.DUPLICATE_EXTENSION,): [
        st.builds(d.DoubledExtension, st.just(oids.FRESHNESS_CODE), st.sampled_from([None, b""]))
    ],
    (Reason.LEAF_PROFILE,): [
        st.just(d.LeafIsCA()),
        st.builds(d.KeyUsage, _BITS.map(lambda bits: bits & ~KeyUse.DIGITAL_SIGNATURE)),
        st.builds(d.KeyUsage, _BITS.map(lambda bits: bits | KeyUse.KEY_CERT_SIGN)),
        st.builds(d.KeyUsage, _BITS.map(lambda bits: bits | KeyUse.CRL_SIGN)),
    ],
}
_IN_AN_INTERMEDIATE: Final[Mapping[_Reasons, list[_Deviations]]] = {
    (Reason.ISSUER_NOT_CA,): [
        st.just(d.NotACA()),
        st.just(d.NoBasicConstraints()),
        st.just(d.NoKeyCertSign()),
        st.builds(d.NoExtensions, st.just(True)),
        st.builds(d.KeyUsage, _BITS.map(lambda bits: bits & ~KeyUse.KEY_CERT_SIGN)),
    ],
    (Reason.MALFORMED_CERTIFICATE,): [st.builds(d.PathLength, st.integers(-129, -1))],
}


def _defects(
    where: Where, *tables: Mapping[_Reasons, list[_Deviations]]
) -> list[st.SearchStrategy[Defect]]:
    return [
        st.builds(Defect, deviation, st.just(where), st.just(frozenset(reasons)))
        for table in tables
        for reasons, listed in table.items()
        for deviation in listed
    ]


_DEFECTS: Final = (
    *_defects("leaf", _ANYWHERE, _IN_A_LEAF),
    *_defects("intermediate", _ANYWHERE, _IN_AN_INTERMEDIATE),
)


def deviations() -> st.SearchStrategy[Defect]:
    """Any deviation for which a genuine chain with a freshness code must be refused."""
    return st.one_of(_DEFECTS)


def _issuers(authority: AttestationAuthority) -> list[tuple[Issuer, Reason]]:
    """Issuers whose leaves have no path to an anchor, and the reason."""
    genuine, impostor = authority.issuer, built.impostor(authority)
    rekeyed = built.rekeyed(authority, "strategies: re-keyed")
    stranger = AttestationAuthority(
        authority.keys.other("strategies: stranger"),
        root_name=apple_shape.authority_name("Test Stranger Root CA"),
    )
    below = apple_shape.authority_name("Test Level 2")
    refused = {
        Reason.ISSUER_NOT_CA: [built.by_leaf(authority)],
        Reason.PATH_LENGTH: [
            genuine.issue_authority(below),
            built.deeper(authority, 0, 0),
            built.deeper(authority, None, None, None),
        ],
        Reason.BAD_SIGNATURE: [
            impostor.issuer,
            impostor.root_issuer,
            replace(genuine, chain=impostor.issuer.chain),
            replace(genuine, chain=rekeyed.chain),
            replace(impostor.issuer, chain=genuine.chain),
        ],
        Reason.UNKNOWN_ISSUER: [stranger.issuer, stranger.root_issuer, replace(genuine, chain=())],
        Reason.TOO_LARGE: [replace(genuine, chain=genuine.chain * 5)],
    }
    return [(issuer, reason) for reason, issuers in refused.items() for issuer in issuers]


def broken_chains(authority: AttestationAuthority) -> st.SearchStrategy[MintedChain]:
    """Chains that must be refused, each for one of its ``reasons``, with any freshness expected.

    With a defect of `deviations` or a malformed identifier (`malformed_devices`); too early or too
    late; under a leaf, an impostor or a stranger; with a level too many or without the
    intermediate; with no leaf in front; of no certificate, or too many.
    """
    whole = st.tuples(devices(), st.binary(min_size=1, max_size=32), moments())
    return st.one_of(
        _defective(authority, whole),
        _misissued(authority, whole),
        _untimely(authority, whole),
        _malformed(authority, whole),
        _headless(authority, whole),
    )


def _broken(
    chain: Sequence[bytes], content: _Content, reasons: Iterable[Reason], at: datetime | None = None
) -> MintedChain:
    properties, code, issued_at = content
    return MintedChain(
        chain=tuple(chain),
        properties=properties,
        freshness_code=code,
        at=at or issued_at,
        reasons=frozenset(reasons),
    )


def _leaf(content: _Content) -> LeafArguments:
    properties, code, issued_at = content
    return {"properties": properties, "freshness_code": code, "at": issued_at}


def _defective(authority: AttestationAuthority, whole: _Contents) -> _Chains:
    def build(defect: Defect, content: _Content) -> MintedChain:
        return _broken(defect.attest(authority, **_leaf(content)), content, defect.reasons)

    return st.builds(build, deviations(), whole)


def _misissued(authority: AttestationAuthority, whole: _Contents) -> _Chains:
    issuers = _issuers(authority)

    def build(index: int, content: _Content) -> MintedChain:
        issuer, reason = issuers[index]
        return _broken(issuer.attest(**_leaf(content)), content, [reason])

    return st.builds(build, st.integers(0, len(issuers) - 1), whole)


def _untimely(authority: AttestationAuthority, whole: _Contents) -> _Chains:
    def build(content: _Content, late: bool, by: timedelta) -> MintedChain:
        issued_at = content[2]
        at, reason = issued_at - apple_shape.LEAF_BEFORE - by, Reason.NOT_YET_VALID
        if late:
            at, reason = issued_at + apple_shape.LEAF_AFTER + by, Reason.EXPIRED
        return _broken(authority.attest(**_leaf(content)), content, [reason], at)

    return st.builds(build, whole, st.booleans(), _BY)


def _malformed(authority: AttestationAuthority, whole: _Contents) -> _Chains:
    def build(properties: Properties, content: _Content) -> MintedChain:
        content = (properties, *content[1:])
        chain = authority.attest(**_leaf(content))
        return _broken(chain, content, [Reason.MALFORMED_PROPERTY])

    return st.builds(build, malformed_devices(), whole)


def _headless(authority: AttestationAuthority, whole: _Contents) -> _Chains:
    """The first certificate is not a leaf: the intermediate, the root, or none."""

    def build(content: _Content, kept: list[int]) -> MintedChain:
        leaf, intermediate = authority.attest(**_leaf(content))
        listed = [intermediate, authority.root_issuer.der, leaf]
        reason = Reason.LEAF_PROFILE if kept else Reason.NO_ATTESTATION
        return _broken([listed[index] for index in kept], content, [reason])

    orders = [[], [0], [1], [0, 1], [0, 2], [1, 0, 2], [0, 2, 1]]
    return st.builds(build, whole, st.sampled_from(orders))
