"""Signatures that no issuer made, and the attack that matters most: a leaf that issues."""

from __future__ import annotations

from dataclasses import replace

from appleattest import Reason
from appleattest.testing import (
    AttestationAuthority,
    CertificateTemplate,
    Deviation,
    Issuer,
    KeyKind,
    Properties,
    PublicKey,
    apple_shape,
    authority_name,
    chains,
    der,
    deviations,
)
from appleattest.testing.keys import order_of, spki_of
from vectors.case import ChainInput, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_forgery"

_ONE = der.sequence(der.integer(1), der.integer(1))


def another_key(authority: AttestationAuthority) -> PublicKey:
    """A key of another device than the one whose leaf signs."""
    return authority.keys.ec("another device").public_key()


_SIGNATURES: dict[str, Deviation] = {
    "another-key": deviations.WrongSigner(),
    "another-key-p256": deviations.WrongSigner(KeyKind.P256),
    "last-bit-flipped": deviations.TamperedSignature(),
    "r-and-s-zero": deviations.ReplacedSignature(),
    "r-and-s-one": deviations.ReplacedSignature(_ONE),
    "no-octet": deviations.ReplacedSignature(b""),
    "one-octet": deviations.ReplacedSignature(b"\x00"),
    "empty-sequence": deviations.ReplacedSignature(b"\x30\x00"),
    "r-alone": deviations.ReplacedSignature(der.sequence(der.integer(1))),
    "raw-r-and-s": deviations.ReplacedSignature(b"\x11" * 96),
    "negative-r-and-s": deviations.ReplacedSignature(
        der.sequence(der.integer(-1), b"\x02\x01\xff")
    ),
}


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE, each=_SIGNATURES)
def leaf_signature(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: all names right, and no signature of the intermediate."""
    return with_leaf(authority, change)


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.FORGED_SIGNATURE,
    each={
        key: _SIGNATURES[key]
        for key in ("another-key", "last-bit-flipped", "r-and-s-zero", "r-and-s-one", "no-octet")
    },
)
def intermediate_signature(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the leaf is signed well, by one that nobody signed."""
    return with_intermediate(authority, change)


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE, each={"upper": 0, "lower": 1})
def one_of_two_intermediates_forged(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> upper (pathlen:1) -> lower (pathlen:0) -> leaf``, one of them not signed."""
    forged: list[list[Deviation]] = [[], []]
    forged[which] = [deviations.WrongSigner()]
    upper = authority.root_issuer.issue_authority(
        authority_name("Test Level 1"), path_length=1, deviations=forged[0]
    )
    lower = upper.issue_authority(authority_name("Test Level 2"), deviations=forged[1])
    return ChainInput(lower.attest())


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.FORGED_SIGNATURE,
    each={
        "serial-number": (b"TESTSERIAL01", b"TESTSERIAL99"),
        "udid": (b"TESTUDID0001", b"TESTUDID0009"),
        "secure-boot": (b"Full Security", b"None Security"),
        "os-version": (b"14.2", b"14.9"),
        "freshness-code": (apple_shape.FRESHNESS_CODE[:16], bytes(16)),
        "not-after": (b"250929", b"350929"),
    },
)
def content_changed_after_signing(
    authority: AttestationAuthority, change: tuple[bytes, bytes]
) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a genuine leaf, one field of it edited.

    The expected freshness code is the edited one: nothing but the signature is wrong.
    """
    given = with_leaf(authority, deviations.TamperedContent(*change))
    edited = apple_shape.FRESHNESS_CODE.replace(*change)
    return replace(given, exactly=edited)


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE)
def signature_of_another_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]`` with the signature of another genuine leaf."""
    bystander = authority.issuer.issue_leaf(properties=Properties.iphone())
    content = der.read(bystander)[1]
    _, _, rest = der.read(content)  # after the signed part
    _, _, bits = der.read(rest)  # after the algorithm
    return with_leaf(authority, deviations.ReplacedSignature(der.read(bits)[1][1:]))


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE)
def s_not_reduced(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``, signature (r, n): s is 0 modulo the order."""
    order = order_of(authority.keys.ec("any"))
    signature = der.sequence(der.integer(1), der.integer(order))
    return with_leaf(authority, deviations.ReplacedSignature(signature))


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER)
def leaf_issues_a_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf -> [leaf']``: the leaf's key signs for another device.

    The owner of a genuine device holds a key that Apple has certified, and signs with it an
    attestation of another device. The leaf asserts no cA, so it issues nothing.
    """
    return ChainInput(chains.by_leaf(authority).attest(public_key=another_key(authority)))


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER)
def leaf_issues_a_leaf_of_its_own_name(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf -> [leaf]``: the same key and name, and other properties.

    That the second leaf is self-issued makes it no better.
    """
    return ChainInput(chains.by_leaf(authority).attest(properties=Properties.iphone()))


@invalid(
    FILE,
    Reason.ISSUER_NOT_CA,
    Flag.LEAF_AS_ISSUER,
    each={"intermediate-first": [2, 1], "leaf-twice": [1, 1, 2], "itself-again": [1, 2, 0]},
)
def leaf_issues_a_leaf_in_another_order(
    authority: AttestationAuthority, order: list[int]
) -> ChainInput:
    """``root -> intermediate -> leaf -> [leaf']``, the others in another order, or repeated."""
    chain = chains.by_leaf(authority).attest(public_key=another_key(authority))
    return ChainInput([chain[0], *(chain[i] for i in order)])


@invalid(
    FILE,
    Reason.ISSUER_NOT_CA,
    Flag.LEAF_AS_ISSUER,
    each={
        "key-cert-sign-without-ca": [
            deviations.KeyUsage(
                deviations.KeyUse.DIGITAL_SIGNATURE | deviations.KeyUse.KEY_CERT_SIGN
            )
        ],
        "ca-without-key-cert-sign": [deviations.LeafIsCA()],
        "no-basic-constraints": [deviations.NoBasicConstraints()],
        "no-key-usage": [deviations.NoKeyUsage()],
        "no-extensions": [deviations.NoExtensions()],
        "expired": [deviations.Expired()],
    },
)
def odd_leaf_issues_a_leaf(authority: AttestationAuthority, changes: list[Deviation]) -> ChainInput:
    """``root -> intermediate -> [leaf] -> leaf'``: half of what an issuer needs is not enough."""
    attacker = chains.by_leaf(authority)
    leaf = authority.issuer.issue_leaf(deviations=changes)
    issuer = replace(attacker, der=leaf, chain=(leaf, *authority.issuer.chain))
    return ChainInput(issuer.attest(public_key=another_key(authority)))


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER)
def leaf_under_the_root_issues_a_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> leaf -> [leaf']``: a leaf that takes the place of an intermediate."""
    leaf = authority.root_issuer.issue_leaf()
    issuer = replace(chains.by_leaf(authority), der=leaf, chain=(leaf,))
    return ChainInput(issuer.attest(public_key=another_key(authority)))


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER)
def leaf_issues_an_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf -> [CA] -> leaf'``: what it issues says that it may issue."""
    issuer = chains.by_leaf(authority).issue_authority(authority_name("Test Forged Sub CA"))
    return ChainInput(issuer.attest())


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.LEAF_AS_ISSUER)
def leaf_issues_in_the_intermediates_name(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate, leaf``: the leaf's key signs in the name of the intermediate.

    Whatever certificate a key came with, the issuer is the one of that name.
    """
    posing = replace(chains.by_leaf(authority), subject=authority.issuer.subject)
    return ChainInput(posing.attest(public_key=another_key(authority)))


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.LEAF_AS_ISSUER)
def leaf_makes_its_own_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate*] -> leaf'``: the leaf's key in a CA certificate of its own making.

    It says that the root issued it, and is signed with the leaf's key.
    """
    posing = replace(
        chains.by_leaf(authority), subject=authority.root_issuer.subject, chain=()
    ).issue_authority(authority.issuer.subject, key=authority.attested_key)
    return ChainInput([*posing.attest(), *authority.attest()])


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.LEAF_AS_ISSUER, Flag.SELF_ISSUED)
def leaf_promotes_itself(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf -> [leaf (CA)] -> leaf'``: its own name and key, as a CA.

    The genuine leaf has the same name and key, and is none.
    """
    attacker = chains.by_leaf(authority)
    promoted = attacker.issue_authority(attacker.subject, key=authority.attested_key)
    return ChainInput(promoted.attest(public_key=another_key(authority)))


@valid(FILE, Flag.EXTRA_CERTIFICATES, each={"before": 1, "after": 2})
def another_devices_leaf_beside_the_chain(
    authority: AttestationAuthority, place: int
) -> ChainInput:
    """``root -> intermediate -> leaf`` and another genuine leaf that nobody needs."""
    chain = authority.attest()
    bystander = authority.issuer.issue_leaf(
        public_key=another_key(authority), properties=Properties.iphone()
    )
    chain.insert(place, bystander)
    return ChainInput(chain)


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE)
def unsigned_copy_of_the_root(authority: AttestationAuthority) -> ChainInput:
    """``[root'] -> leaf``: the root's name, key identifier and serial number with another key.

    What is pinned is the certificate, not its name or number.
    """
    key = authority.keys.key("forged root")
    root = authority.root
    template = CertificateTemplate(
        issuer=authority.root_issuer.subject,
        subject=authority.root_issuer.subject,
        not_before=apple_shape.NOT_BEFORE,
        not_after=apple_shape.ROOT_NOT_AFTER,
        spki=spki_of(key.public_key()),
        serial=root.serial_number,
        extensions=(
            apple_shape.basic_constraints(ca=True),
            apple_shape.subject_key_identifier(spki_of(root.public_key())),  # type: ignore[arg-type]
            apple_shape.key_usage(apple_shape.AUTHORITY_KEY_USE),
        ),
    )
    forged = Issuer(template.sign(key), template.subject, key, authority.keys, ())
    return ChainInput([forged.issue_leaf(), forged.der])
