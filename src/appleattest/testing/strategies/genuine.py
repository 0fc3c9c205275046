"""Genuine chains in every shape that a verifier must accept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.testing import apple_shape
from appleattest.testing import chains as built
from appleattest.testing import deviations as d
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.deviations import KeyUse
from appleattest.testing.issuer import Issuer
from appleattest.testing.keys import Digest, KeyKind, PublicKey
from appleattest.testing.properties import Properties
from appleattest.testing.strategies.devices import ANY_CODE, ANY_DEVICE
from appleattest.testing.template import Deviation

_SECOND: Final = timedelta(seconds=1)
_MOST: Final = Limits().certificates

_LATEST_ISSUE: Final = apple_shape.INTERMEDIATE_NOT_AFTER - apple_shape.LEAF_AFTER
_EARLIEST_ISSUE: Final = apple_shape.NOT_BEFORE + apple_shape.LEAF_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedChain:
    """Certificates in DER as sent, leaf first, and what is needed to verify them.

    ``properties`` and ``freshness_code`` are what the leaf says, ``at`` is the time to verify
    at. For one of ``reasons`` the chain must be refused, whichever freshness is expected. Without
    any, it is genuine and must be accepted.
    """

    chain: tuple[bytes, ...]
    properties: Properties
    freshness_code: bytes | None
    at: datetime
    reasons: frozenset[Reason] = frozenset()


# Differences with which a leaf is still genuine.
_HARMLESS: Final[tuple[tuple[Deviation, ...], ...]] = (
    (),
    (d.ExtendedKeyUsage(),),
    (d.ExtraExtension(),),
    (d.TwinSignature(),),
    (d.SignatureHash(Digest.SHA256),),
    (d.SignatureHash(Digest.SHA512),),
    (d.Serial(7),),
    (d.SubjectName(apple_shape.authority_name("Test Leaf")),),
    (d.KeyUsage(KeyUse.DIGITAL_SIGNATURE),),
    (d.NonCriticalExtension("2.5.29.15"),),
    (d.MismatchedKeyIdentifiers(),),
    (d.NoBasicConstraints(),),
    (d.NoKeyUsage(),),
    (d.NoBasicConstraints(), d.NoKeyUsage()),
)
_HARMLESS_ABOVE: Final = (
    d.NoKeyIdentifiers(),
    d.MismatchedKeyIdentifiers(),
    d.NoKeyUsage(),
    d.NonCriticalExtension("2.5.29.19"),
)


class Shapes(NamedTuple):
    """Issuers of leaves, extra certificates, and attested keys."""

    issuers: list[Issuer]
    extras: list[bytes]
    attested: list[PublicKey]


def shapes(authority: AttestationAuthority) -> Shapes:
    """Mint what many chains share."""
    newer = AttestationAuthority(
        authority.keys.other("strategies: newer root"),
        root_name=apple_shape.authority_name("Test Enterprise Attestation Root CA 2"),
    )
    late = apple_shape.INTERMEDIATE_NOT_AFTER + timedelta(days=1)
    past = apple_shape.NOT_BEFORE + _SECOND
    issuers = [
        authority.issuer,
        built.reissued(authority, not_after=late),
        built.rekeyed(authority, "strategies: re-keyed"),
        built.rekeyed(authority, "strategies: P-256", KeyKind.P256),
        built.rekeyed(authority, "strategies: P-521", KeyKind.P521),
        built.deeper(authority, None),
        built.deeper(authority, 1, 0),
        built.cross_signed(new=newer, by=authority),
        *(authority.reissue(deviations=[each]) for each in _HARMLESS_ABOVE),
        authority.root_issuer,
    ]
    extras = [
        authority.root_issuer.der,
        *built.unrelated(authority, 1),
        newer.root_issuer.der,
        built.rekeyed(authority, "strategies: beside").der,
        built.reissued(authority, not_before=past - _SECOND, not_after=past).der,
        authority.reissue(deviations=[d.WrongSigner()]).der,
        authority.reissue(deviations=[d.NotACA()]).der,
        *built.self_issued(authority.issuer, 1),
        *_outside_the_allowlists(authority),
    ]
    attested: list[PublicKey] = [
        authority.keys.ec("attested", kind).public_key() for kind in (KeyKind.P384, KeyKind.P256)
    ]
    return Shapes(issuers, extras, attested)


def _outside_the_allowlists(authority: AttestationAuthority) -> list[bytes]:
    """Extra certificates that no path needs, which the verifier sets aside."""
    own = authority.root_issuer.subject
    return [
        built.cross_certificate(authority, kind=KeyKind.RSA_2048),
        built.cross_certificate(authority, deviations=[d.CriticalExtension()]),
        built.cross_certificate(authority, deviations=[d.NameConstraints()]),
        built.cross_certificate(authority, deviations=[d.SignatureHash(Digest.SHA1)]),
        built.self_signed_certificate(authority, kind=KeyKind.RSA_2048),
        built.self_signed_certificate(authority, name=own, kind=KeyKind.ED25519),
    ]


def moments() -> st.SearchStrategy[datetime]:
    """When an attestation may have been issued: whole seconds, mostly whole days."""
    days = (_LATEST_ISSUE - _EARLIEST_ISSUE).days
    return st.one_of(
        st.just(apple_shape.ISSUED_AT),
        st.integers(0, days).map(lambda day: _EARLIEST_ISSUE + timedelta(days=day)),
        st.integers(0, days * 86400).map(lambda second: _EARLIEST_ISSUE + second * _SECOND),
    )


def ages() -> st.SearchStrategy[timedelta]:
    """How long after its issue a leaf may be verified: both ends of its validity included."""
    first, last = -apple_shape.LEAF_BEFORE, apple_shape.LEAF_AFTER
    return st.one_of(
        st.just(timedelta(0)),
        st.sampled_from([first, last, first + _SECOND, last - _SECOND]),
        st.integers(0, (last - first) // _SECOND).map(lambda second: first + second * _SECOND),
    )


def chains(
    authority: AttestationAuthority,
    *,
    devices: st.SearchStrategy[Properties] = ANY_DEVICE,
    freshness_codes: st.SearchStrategy[bytes] = ANY_CODE,
) -> st.SearchStrategy[MintedChain]:
    """Genuine chains of this authority, in every shape, at any time at which they are valid.

    Under the intermediate, another of the same name (re-issued, re-keyed, on another curve), two
    levels, a cross-signed newer root, or the root itself; above the leaf any order, repeats, the
    root, and unrelated, expired, defective or not allowed certificates. A leaf on P-384 or P-256,
    without basicConstraints or keyUsage, with harmless extensions or another hash. At most five
    certificates, as the default `appleattest.Limits` allow. ``devices`` and ``freshness_codes``
    say what leaves say.
    """
    return chains_of(shapes(authority), devices, freshness_codes)


@st.composite
def chains_of(
    draw: st.DrawFn,
    known: Shapes,
    devices: st.SearchStrategy[Properties],
    freshness_codes: st.SearchStrategy[bytes],
) -> MintedChain:
    """`chains`, from what has been minted already."""
    issuer = known.issuers[draw(st.integers(0, len(known.issuers) - 1))]
    properties, code, issued_at = draw(devices), draw(freshness_codes), draw(moments())
    leaf = issuer.issue_leaf(
        public_key=known.attested[draw(st.integers(0, len(known.attested) - 1))],
        properties=properties,
        freshness_code=code,
        at=issued_at,
        deviations=draw(st.sampled_from(_HARMLESS)),
    )
    pool = [*known.extras, leaf, *issuer.chain]
    most = _MOST - 1 - len(issuer.chain)
    extras = draw(st.lists(st.integers(0, len(pool) - 1), max_size=most))
    others = draw(st.permutations([*issuer.chain, *(pool[index] for index in extras)]))
    return MintedChain(
        chain=(leaf, *others),
        properties=properties,
        freshness_code=code,
        at=issued_at + draw(ages()),
    )
