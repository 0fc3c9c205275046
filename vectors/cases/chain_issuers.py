"""Who signed whom: trust, and names. Forgery and leaves that issue have modules of their own."""

from __future__ import annotations

from dataclasses import replace

from appleattest import Reason
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    apple_shape,
    authority_name,
    chains,
    deviations,
    distinguished_name,
)
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_issuers"


def elsewhere() -> AttestationAuthority:
    """An authority with a root of another name and key."""
    return AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere Root CA"))


@valid(FILE, Flag.GENUINE)
def genuine(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: the shape of every chain that Apple sends."""
    return ChainInput(authority.attest())


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER, Flag.REMEMBERED_ISSUER)
def bare_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> (intermediate) -> leaf``, the intermediate not presented.

    It was presented in an earlier test: one that is remembered counts only where it is presented.
    """
    return ChainInput(authority.attest()[:1])


@invalid(
    FILE,
    Reason.UNKNOWN_ISSUER,
    Flag.UNTRUSTED_ISSUER,
    each={"the-lower": [0, 2], "the-upper": [0, 1], "both": [0]},
)
def one_of_two_intermediates_missing(
    authority: AttestationAuthority, kept: list[int]
) -> ChainInput:
    """``root -> upper (pathlen:1) -> lower (pathlen:0) -> leaf``, one intermediate missing.

    No signature leads from the root to the leaf without it.
    """
    chain = chains.deeper(authority, 1, 0).attest()
    return ChainInput([chain[i] for i in kept])


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER, each={"presented": 1, "absent": 0})
def another_root(_authority: AttestationAuthority, roots: int) -> ChainInput:
    """``elsewhere -> intermediate -> leaf``: a root that nobody trusts, presented or not.

    Presenting a root makes nobody trust it.
    """
    other = elsewhere()
    return ChainInput([*other.attest(), *[other.root_issuer.der][:roots]])


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER, Flag.TRUST_ANCHOR)
def genuine_for_another_verifier(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, verified by one who trusts another root alone."""
    return ChainInput(authority.attest(), anchors=(elsewhere().root_issuer.der,))


@valid(FILE, Flag.TRUST_ANCHOR, each={"first": 0, "last": 1})
def one_of_two_anchors(authority: AttestationAuthority, place: int) -> ChainInput:
    """``root -> intermediate -> leaf``, and another root is trusted as well, before or after."""
    anchors = [elsewhere().root_issuer.der]
    anchors.insert(place, authority.root_issuer.der)
    return ChainInput(authority.attest(), anchors=tuple(anchors))


@valid(FILE, Flag.TRUST_ANCHOR, each={"presented": 2, "not-presented": 1})
def intermediate_as_anchor(authority: AttestationAuthority, presented: int) -> ChainInput:
    """``[intermediate] -> leaf``: the verifier trusts the intermediate itself.

    An anchor is whatever authority the verifier names; nothing above it is asked for.
    """
    chain = authority.attest()[:presented]
    return ChainInput(chain, anchors=(authority.issuer.der,))


@valid(FILE, Flag.TRUST_ANCHOR)
def leaf_directly_under_the_root(authority: AttestationAuthority) -> ChainInput:
    """``root -> leaf``: Apple's chains have an intermediate, but no rule demands one."""
    return ChainInput(chains.by_root(authority).attest())


@invalid(
    FILE, Reason.BAD_SIGNATURE, Flag.UNTRUSTED_ISSUER, each={"root-absent": 0, "root-presented": 1}
)
def impostor(authority: AttestationAuthority, roots: int) -> ChainInput:
    """``root* -> intermediate* -> leaf``: every name is the genuine one, every key another.

    Names decide nothing: the root of that name did not sign this intermediate.
    """
    other = chains.impostor(authority)
    return ChainInput([*other.attest(), *[other.root_issuer.der][:roots]])


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.UNTRUSTED_ISSUER, each={"genuine-only": 0, "both": 1})
def impostors_leaf_beside_the_genuine_intermediate(
    authority: AttestationAuthority, impostors: int
) -> ChainInput:
    """``root -> intermediate``, and a leaf that the impostor's ``intermediate*`` signed."""
    other = chains.impostor(authority)
    chain = [other.issuer.issue_leaf(), authority.issuer.der]
    return ChainInput([*chain, *[other.issuer.der][:impostors]])


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.UNTRUSTED_ISSUER)
def impostors_leaf_directly_under_its_root(authority: AttestationAuthority) -> ChainInput:
    """``root* -> leaf``, ``root*`` presented: the anchor's name, not its key."""
    root = chains.impostor(authority).root_issuer
    return ChainInput([root.issue_leaf(), root.der])


@valid(FILE, Flag.SEVERAL_ISSUERS, each={"before": 0, "after": 1})
def impostors_intermediate_beside_the_genuine(
    authority: AttestationAuthority, place: int
) -> ChainInput:
    """``root -> intermediate -> leaf`` and ``root* -> intermediate*``: it harms nothing."""
    leaf, *others = authority.attest()
    others.insert(place, chains.impostor(authority).issuer.der)
    return ChainInput([leaf, *others])


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.UNTRUSTED_ISSUER)
def same_name_another_key(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate' (another key)``, and a leaf that ``intermediate`` signed.

    Both are genuine. The one that is presented did not sign the leaf.
    """
    return ChainInput([authority.attest()[0], chains.rekeyed(authority).der])


@valid(FILE, Flag.SEVERAL_ISSUERS)
def rekeyed_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate' -> leaf``: the intermediate's name with a new key, its own leaf.

    The intermediate may change at any time: only the root is pinned.
    """
    return ChainInput(chains.rekeyed(authority).attest())


@valid(FILE, Flag.GENUINE)
def intermediate_of_another_name(authority: AttestationAuthority) -> ChainInput:
    """``root -> Sub CA 2 -> leaf``: the intermediate may change at any time, its name included."""
    issuer = authority.root_issuer.issue_authority(authority_name("Test Attestation Sub CA 2"))
    return ChainInput(issuer.attest())


@invalid(
    FILE,
    Reason.ISSUER_NOT_CA,
    Flag.KEY_USAGE,
    each={
        "basic-constraints-false": [deviations.NotACA()],
        "no-basic-constraints": [deviations.NoBasicConstraints()],
        "no-key-cert-sign": [deviations.NoKeyCertSign()],
        "key-usage-of-a-leaf": [deviations.KeyUsage(deviations.KeyUse(apple_shape.LEAF_KEY_USE))],
        "empty-key-usage": [deviations.KeyUsage(deviations.KeyUse.NONE)],
        "no-extensions": [deviations.NoExtensions()],
    },
)
def intermediate_that_may_not_issue(
    authority: AttestationAuthority, changes: list[Deviation]
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: it asserts no cA, or a keyUsage without keyCertSign.

    RFC 5280, 4.2.1.3 and 4.2.1.9: a key that may not sign certificates has signed one.
    """
    return with_intermediate(authority, *changes)


@invalid(FILE, Reason.ISSUER_NOT_CA, Flag.KEY_USAGE)
def upper_intermediate_that_may_not_issue(authority: AttestationAuthority) -> ChainInput:
    """``root -> [upper] (no cA) -> lower -> leaf``: every issuer needs cA, not the nearest only."""
    upper = authority.root_issuer.issue_authority(
        authority_name("Test Level 1"), path_length=1, deviations=[deviations.NotACA()]
    )
    return ChainInput(upper.issue_authority(authority_name("Test Level 2")).attest())


@valid(FILE, Flag.SEVERAL_ISSUERS, Flag.KEY_USAGE, each={"before": 0, "after": 1})
def one_that_may_not_issue_beside_one_that_may(
    authority: AttestationAuthority, place: int
) -> ChainInput:
    """``root -> intermediate -> leaf`` beside its twin without cA: one path is enough."""
    leaf, *others = authority.attest()
    others.insert(place, authority.reissue(deviations=[deviations.NotACA()]).der)
    return ChainInput([leaf, *others])


@invalid(
    FILE,
    Reason.UNKNOWN_ISSUER,
    Flag.NAME_MATCHING,
    each={"unheard-of": authority_name("Test Nobody"), "empty": distinguished_name()},
)
def issuer_of_another_name(authority: AttestationAuthority, name: bytes) -> ChainInput:
    """``root -> intermediate``, and a leaf of its key that names somebody else as its issuer."""
    return with_leaf(authority, deviations.IssuerName(name))


@acceptable(
    FILE,
    Flag.NAME_MATCHING,
    each={
        "string-type": apple_shape.INTERMEDIATE_NAME.replace(
            b"\x0c\x07Example", b"\x13\x07Example"
        ),
        "case": apple_shape.INTERMEDIATE_NAME.replace(b"Example", b"EXAMPLE"),
        "spaces": authority_name("Test Enterprise Attestation  Sub CA 1"),
    },
)
def issuer_name_in_other_octets(authority: AttestationAuthority, name: bytes) -> ChainInput:
    """``root -> intermediate``, and a leaf that spells its name in another way.

    RFC 5280, 7.1, allows a comparison that ignores this, and engines that compare octets exist.
    """
    return with_leaf(authority, deviations.IssuerName(name))


@invalid(FILE, Reason.UNTRUSTED, Flag.NAME_MATCHING)
def nameless_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> [] -> leaf``: an authority without a name (RFC 5280, 4.1.2.4 and 4.1.2.6)."""
    return ChainInput(authority.root_issuer.issue_authority(distinguished_name()).attest())


@invalid(FILE, Reason.UNTRUSTED, Flag.NAME_MATCHING, each={"root": 0, "root-and-leaf": 1})
def nameless(authority: AttestationAuthority, direct: int) -> ChainInput:
    """``[] -> intermediate -> leaf`` or ``[] -> leaf``: an anchor without a name.

    RFC 5280, 4.1.2.4 and 4.1.2.6: the name of an issuer is never empty.
    """
    nobody = AttestationAuthority(authority.keys, root_name=distinguished_name())
    chain = nobody.root_issuer.attest() if direct else nobody.attest()
    return ChainInput(chain, anchors=(nobody.root_issuer.der,))


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.SELF_ISSUED, each={"leaf": 0, "intermediate": 1})
def self_signed(authority: AttestationAuthority, which: int) -> ChainInput:
    """``[leaf] -> [leaf]`` or ``[intermediate] -> [intermediate] -> leaf``: it vouches for itself.

    What it says is signed by the key in it, and by nobody whom the verifier trusts.
    """
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.SelfSigned())


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.SELF_ISSUED)
def self_issued_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate``, and a leaf of its key that names itself as its issuer."""
    return with_leaf(authority, deviations.SelfIssued())


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.SELF_ISSUED, each={"alone": 1, "root-presented": 2})
def self_signed_leaf_with_the_anchors_name(
    authority: AttestationAuthority, presented: int
) -> ChainInput:
    """``[leaf] -> [leaf]``, its subject and issuer the root's name: a name is no signature."""
    changes = (deviations.SubjectName(authority.root_issuer.subject), deviations.SelfSigned())
    posing = authority.issuer.issue_leaf(deviations=changes)
    return ChainInput([posing, authority.root_issuer.der][:presented])


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.SELF_ISSUED)
def circle_of_issuers(authority: AttestationAuthority) -> ChainInput:
    """``A -> B -> A -> leaf``: each signed by the other, and neither by an anchor.

    The search for a path has to end.
    """
    a_name, b_name = authority_name("Test A"), authority_name("Test B")
    root = authority.root_issuer
    draft = root.issue_authority(b_name, path_length=None)
    a = draft.issue_authority(a_name, path_length=None)
    b = a.issue_authority(b_name, path_length=None)
    return ChainInput(replace(a, chain=(a.der, b.der)).attest())


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER)
def leaf_twice(authority: AttestationAuthority) -> ChainInput:
    """``leaf, leaf``: a copy of the leaf is not its issuer."""
    return ChainInput(authority.attest()[:1] * 2)


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER)
def intermediate_of_another_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> sibling``, and a leaf of ``intermediate``: genuine certificates, and no path."""
    sibling = authority.root_issuer.issue_authority(authority_name("Test Sibling CA"))
    return ChainInput([authority.attest()[0], sibling.der])
