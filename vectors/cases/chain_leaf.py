"""The profile of the leaf: what an attestation certificate is, and what it must not be."""

from __future__ import annotations

from datetime import datetime, timedelta

from appleattest import Reason, oids
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Properties,
    apple_shape,
    authority_name,
    chains,
    der,
    deviations,
    distinguished_name,
)
from appleattest.testing.deviations import KeyUse
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_leaf

FILE = "chain_leaf"

_LEAF_BITS = KeyUse(apple_shape.LEAF_KEY_USE)
_SIGNING_BITS = KeyUse.KEY_CERT_SIGN | KeyUse.CRL_SIGN
_DIGITAL = KeyUse.DIGITAL_SIGNATURE
_CA = deviations.LeafIsCA()


@valid(
    FILE,
    Flag.GENUINE,
    each={
        "mac": Properties.mac(),
        "iphone": Properties.iphone(),
        "iphone-16": Properties.iphone_16(),
        "mac-user-enrolled": Properties.mac().user_enrolled(),
        "iphone-user-enrolled": Properties.iphone().user_enrolled(),
    },
)
def genuine(authority: AttestationAuthority, properties: Properties) -> ChainInput:
    """``root -> intermediate -> leaf``: the leaf of each kind of device."""
    return ChainInput(authority.attest(properties=properties))


@invalid(FILE, Reason.LEAF_PROFILE, Flag.LEAF_PROFILE, each={"alone": 1, "root-presented": 2})
def intermediate_as_leaf(authority: AttestationAuthority, presented: int) -> ChainInput:
    """``root -> [intermediate]``: a genuine certificate of an authority, which attests nothing."""
    return ChainInput([authority.issuer.der, authority.root_issuer.der][:presented], exactly=None)


@invalid(
    FILE,
    Reason.LEAF_PROFILE,
    Flag.LEAF_PROFILE,
    each={"alone": [2], "twice": [2, 2], "before-all": [2, 0, 1], "before-intermediate": [2, 1]},
)
def root_as_leaf(authority: AttestationAuthority, places: list[int]) -> ChainInput:
    """``[root]``: the anchor itself comes first.

    Engines accept a certificate that equals an anchor without looking at any signature.
    """
    chain = [*authority.attest(), authority.root_issuer.der]
    return ChainInput([chain[place] for place in places], exactly=None)


@invalid(FILE, Reason.LEAF_PROFILE, Flag.LEAF_PROFILE)
def intermediate_as_leaf_and_anchor(authority: AttestationAuthority) -> ChainInput:
    """``[intermediate]``, which is the only anchor: no path has one certificate."""
    return ChainInput([authority.issuer.der], anchors=(authority.issuer.der,), exactly=None)


@invalid(FILE, Reason.LEAF_PROFILE, Flag.LEAF_PROFILE)
def reissued_root_as_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> [root']``: the root's name and key again, in another certificate."""
    root = authority.root_issuer
    again = root.issue_authority(root.subject, key=root.key, path_length=None)
    return ChainInput([again.der], exactly=None)


@invalid(FILE, Reason.LEAF_PROFILE, Flag.LEAF_PROFILE)
def anchor_that_could_be_a_leaf(authority: AttestationAuthority) -> ChainInput:
    """``[leaf]``, which asserts cA and is the anchor: it equals an anchor, and proves nothing."""
    changes = (_CA, deviations.KeyUsage(_DIGITAL | KeyUse.KEY_CERT_SIGN))
    leaf = authority.issuer.issue_leaf(deviations=changes)
    return ChainInput([leaf, authority.issuer.der], anchors=(leaf,))


@invalid(
    FILE,
    Reason.LEAF_PROFILE,
    Flag.LEAF_PROFILE,
    each={
        "asserts-ca": [_CA],
        "asserts-ca-not-critical": [_CA, deviations.NonCriticalExtension(oids.BASIC_CONSTRAINTS)],
        "asserts-ca-and-key-cert-sign": [_CA, deviations.KeyUsage(_LEAF_BITS | _SIGNING_BITS)],
        "asserts-ca-with-path-length-0": [deviations.PathLength(0)],
        "no-basic-constraints": [deviations.NoBasicConstraints()],
        "no-key-usage": [deviations.NoKeyUsage()],
        "neither": [deviations.NoBasicConstraints(), deviations.NoKeyUsage()],
        "no-extensions": [deviations.NoExtensions()],
        "empty-extensions": [deviations.NoExtensions(empty=True)],
    },
)
def unfit(authority: AttestationAuthority, changes: list[Deviation]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: it does not say that it is an end entity that signs.

    basicConstraints is there and false, keyUsage is there. Anything else could be an issuer, for
    this verifier or for the next.
    """
    given = with_leaf(authority, *changes)
    return ChainInput(given.chain, exactly=None)


@invalid(
    FILE,
    Reason.LEAF_PROFILE,
    Flag.LEAF_PROFILE,
    Flag.KEY_USAGE,
    each={
        "key-cert-sign": _DIGITAL | KeyUse.KEY_CERT_SIGN,
        "crl-sign": _DIGITAL | KeyUse.CRL_SIGN,
        "both-and-all-of-a-leafs": _LEAF_BITS | _SIGNING_BITS,
        "every-bit": KeyUse((1 << 9) - 1),
        "key-cert-sign-alone": KeyUse.KEY_CERT_SIGN,
        "an-authoritys": _SIGNING_BITS,
        "without-digital-signature": _LEAF_BITS & ~_DIGITAL,
        "key-agreement-alone": KeyUse.KEY_AGREEMENT,
        "none": KeyUse.NONE,
    },
)
def key_usage(authority: AttestationAuthority, bits: KeyUse) -> ChainInput:
    """``root -> intermediate -> [leaf]``: keyUsage allows too much, or not what a leaf is for.

    An attested key signs, and signs neither certificates nor revocation lists.
    """
    return with_leaf(authority, deviations.KeyUsage(bits))


@valid(
    FILE,
    Flag.KEY_USAGE,
    each={
        "digital-signature-alone": _DIGITAL,
        "with-key-agreement": _DIGITAL | KeyUse.KEY_AGREEMENT,
        "every-bit-but-two": KeyUse((1 << 9) - 1) & ~_SIGNING_BITS,
    },
)
def key_usage_of_other_bits(authority: AttestationAuthority, bits: KeyUse) -> ChainInput:
    """``root -> intermediate -> leaf``: digitalSignature and no signing bit is all that counts."""
    return with_leaf(authority, deviations.KeyUsage(bits))


@valid(
    FILE,
    Flag.LEAF_PROFILE,
    each={
        "basic-constraints": [oids.BASIC_CONSTRAINTS],
        "key-usage": [oids.KEY_USAGE],
        "both": [oids.BASIC_CONSTRAINTS, oids.KEY_USAGE],
    },
)
def not_critical(authority: AttestationAuthority, extensions: list[str]) -> ChainInput:
    """``root -> intermediate -> leaf``: what it says counts, critical or not."""
    return with_leaf(authority, *map(deviations.NonCriticalExtension, extensions))


@valid(
    FILE,
    Flag.LIFETIME,
    each={
        "a-day-and-an-hour": timedelta(hours=1),
        "a-year": timedelta(days=365),
        "four-hundred-days": timedelta(days=400),
        "twenty-years": timedelta(days=7300),
    },
)
def lifetime(authority: AttestationAuthority, after: timedelta) -> ChainInput:
    """``root -> intermediate -> leaf``: how long it lives is the client's wish, not 90 days."""
    return with_leaf(authority, deviations.Validity(not_after=ISSUED_AT + after))


@valid(FILE, Flag.LIFETIME)
def issued_at_the_very_moment(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, valid from now on: 24 hours before are not documented."""
    return with_leaf(authority, deviations.Validity(not_before=ISSUED_AT))


@valid(
    FILE,
    Flag.GENUINE,
    each={
        "common-name-alone": distinguished_name(CN="TESTSERIAL01"),
        "another-devices-serial-number": distinguished_name(CN="TESTSERIAL99"),
        "an-authoritys": authority_name("Test Somebody"),
    },
)
def subject(authority: AttestationAuthority, name: bytes) -> ChainInput:
    """``root -> intermediate -> leaf``: nothing is read from the subject's name.

    Device and key are in the extensions and the key; no document says what the name holds.
    """
    return with_leaf(authority, deviations.SubjectName(name))


@acceptable(FILE, Flag.LEAF_PROFILE)
def no_subject(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: the subject is empty, and no other name is there.

    RFC 5280, 4.1.2.6, wants a critical subjectAltName then; nothing is read from either.
    """
    return with_leaf(authority, deviations.SubjectName(distinguished_name()))


@acceptable(FILE, Flag.NAME_MATCHING, each={"intermediates": "i", "roots": "r"})
def subject_of_an_authority(authority: AttestationAuthority, whose: str) -> ChainInput:
    """``root -> intermediate -> leaf`` or ``root -> leaf``, the subject its issuer's name.

    It is genuine, and self-issued by RFC 5280, 3.2, of which verifiers make different things.
    """
    issuer = authority.issuer if whose == "i" else authority.root_issuer
    return ChainInput(issuer.attest(deviations=[deviations.SubjectName(issuer.subject)]))


@acceptable(FILE, Flag.LEAF_PROFILE)
def without_any_property(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: no extension under Apple's arc, no freshness expected.

    It is signed for whatever it is, and says nothing of any device.
    """
    chain = authority.attest(properties=Properties(), freshness_code=None)
    return ChainInput(chain, exactly=None)


@acceptable(FILE, Flag.LEAF_PROFILE)
def path_length_without_ca(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, basicConstraints with a path length and no cA.

    RFC 5280, 4.2.1.9, forbids authorities to write this, and has nothing for who reads it.
    """
    value = der.sequence(der.integer(0))
    return with_leaf(authority, deviations.ExtensionValue(oids.BASIC_CONSTRAINTS, value))


@valid(FILE, Flag.GENUINE)
def issued_long_after_its_authority(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` of 2031: the intermediate's last full year."""
    at = datetime(2031, 6, 1, 8, 30, tzinfo=ISSUED_AT.tzinfo)
    return ChainInput(authority.attest(at=at), at=at)


@valid(FILE, Flag.GENUINE)
def same_key_as_another_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, and an older leaf of the same key and device beside it.

    In MDM one key is attested again and again; the first certificate is the one that counts.
    """
    older = authority.issuer.issue_leaf(
        at=ISSUED_AT - timedelta(days=30), properties=Properties.iphone()
    )
    chain = authority.attest()
    return ChainInput([chain[0], older, *chain[1:]])


@valid(FILE, Flag.GENUINE)
def two_intermediates(authority: AttestationAuthority) -> ChainInput:
    """``root -> upper (pathlen:1) -> lower (pathlen:0) -> leaf``: the leaf is the same, deeper."""
    return ChainInput(chains.deeper(authority, 1, 0).attest(properties=Properties.iphone()))
