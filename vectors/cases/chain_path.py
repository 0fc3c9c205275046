"""Finding the path: order, copies, extras, and how long it may be."""

from __future__ import annotations

from appleattest import Reason
from appleattest.testing import AttestationAuthority, authority_name, chains, deviations
from vectors.case import ChainInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag
from vectors.shapes import orders

FILE = "chain_path"


def _two_levels(authority: AttestationAuthority) -> list[bytes]:
    """Leaf, lower, upper and root: every certificate of a path of two intermediates."""
    return [*chains.deeper(authority, 1, 0).attest(), authority.root_issuer.der]


_LEVELS = ("leaf", "lower", "upper", "root")
_LEAF_FIRST = {label: order for label, order in orders(*_LEVELS).items() if order[0] == 0}
_LEAF_LATER = {label: order for label, order in orders(*_LEVELS[:3]).items() if order[0] != 0}


@acceptable(FILE, Flag.CHAIN_ORDER, each=but(_LEAF_FIRST, "-".join(_LEVELS)))
@valid(FILE, Flag.GENUINE, each=only(_LEAF_FIRST, "-".join(_LEVELS)))
def order(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> upper (pathlen:1) -> lower (pathlen:0) -> leaf``, the leaf first.

    Each certifies the one before (WebAuthn, 8.8, and Apple's documents); the root may be there.
    To this library the others are a set.
    """
    chain = _two_levels(authority)
    return ChainInput([chain[place] for place in places])


@invalid(FILE, Reason.LEAF_PROFILE, Flag.LEAF_PROFILE, each=_LEAF_LATER)
def leaf_not_first(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> upper (pathlen:1) -> lower (pathlen:0) -> leaf``, an authority first.

    The first certificate is the one that attests, and an authority attests no device. A
    verifier that looks for the leaf lets the sender choose among several.
    """
    chain = _two_levels(authority)
    return ChainInput([chain[place] for place in places])


@acceptable(
    FILE,
    Flag.CHAIN_ORDER,
    each={
        "leaf": [0, 1, 0],
        "intermediate": [0, 1, 1],
        "intermediate-four-times": [0, 1, 1, 1, 1],
        "both": [0, 0, 1, 1],
        "root": [0, 1, 2, 2],
        "interleaved": [0, 1, 0, 2, 1],
    },
)
def repeated(authority: AttestationAuthority, places: list[int]) -> ChainInput:
    """``root -> intermediate -> leaf``, some of them more than once: a copy adds nothing."""
    chain = [*authority.attest(), authority.root_issuer.der]
    return ChainInput([chain[place] for place in places])


@acceptable(
    FILE,
    Flag.EXTRA_CERTIFICATES,
    each={"one-before": (1, 1), "one-after": (1, 2), "three-before": (3, 1), "three-after": (3, 2)},
)
def unrelated_extras(authority: AttestationAuthority, extras: tuple[int, int]) -> ChainInput:
    """``root -> intermediate -> leaf`` and intermediates of another root."""
    count, place = extras
    chain = authority.attest()
    chain[place:place] = chains.unrelated(authority, count)
    return ChainInput(chain)


@acceptable(FILE, Flag.EXTRA_CERTIFICATES)
def sibling_and_its_child(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` and ``root -> sibling (pathlen:1) -> child``: a dead end."""
    child = chains.deeper(authority, 1, 0, name="Test Sibling")
    return ChainInput([*authority.attest(), *child.chain])


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER)
def extras_in_the_place_of_the_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> (intermediate) -> leaf`` and two intermediates of another root: no path."""
    return ChainInput([authority.attest()[0], *chains.unrelated(authority, 2)])


@valid(
    FILE, Flag.GENUINE, each={"none": [], "one": [0], "two": [1, 0], "two-unlimited": [None] * 2}
)
def intermediates(authority: AttestationAuthority, lengths: list[int | None]) -> ChainInput:
    """``root -> … -> leaf`` with none, one or two intermediates, each within its path length."""
    return ChainInput(chains.deeper(authority, *lengths).attest())


# Lengths


@invalid(
    FILE,
    Reason.PATH_LENGTH,
    Flag.PATH_LENGTH,
    each={"0-0": [0, 0], "0-unlimited": [0, None], "0-1": [0, 1], "0-0-0": [0, 0, 0]},
)
def path_length_exceeded(authority: AttestationAuthority, lengths: list[int | None]) -> ChainInput:
    """``root -> upper (pathlen:0) -> lower -> leaf``: an authority under one that allows none."""
    return ChainInput(chains.deeper(authority, *lengths).attest())


@invalid(FILE, Reason.PATH_LENGTH, Flag.PATH_LENGTH, Flag.REMEMBERED_ISSUER)
def authority_under_the_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate (pathlen:0) -> [CA] -> leaf``: it may issue leaves, and no authority.

    It is the intermediate of earlier tests; having been seen before does not make it an anchor.
    """
    lower = authority.issuer.issue_authority(authority_name("Test Sub Sub CA"))
    return ChainInput(lower.attest())


@invalid(FILE, Reason.PATH_LENGTH, Flag.PATH_LENGTH, each={"0": (0, 1), "1": (1, 2)})
def path_length_of_the_anchor(
    authority: AttestationAuthority, lengths: tuple[int, int]
) -> ChainInput:
    """``root (pathlen:n) -> n + 1 intermediates -> leaf``: the anchor's own limit counts, too."""
    limit, levels = lengths
    short = AttestationAuthority(authority.keys, root_deviations=[deviations.PathLength(limit)])
    chain = chains.deeper(short, *[None] * levels).attest()
    return ChainInput(chain, anchors=(short.root_issuer.der,))


@valid(FILE, Flag.ISSUER_FORM, each={"0": (0, 0), "1": (1, 1), "2": (2, 2), "9": (9, 2)})
def path_length_of_the_anchor_kept(
    authority: AttestationAuthority, lengths: tuple[int, int]
) -> ChainInput:
    """``root (pathlen:n) -> at most n intermediates -> leaf``: exactly as deep as it allows."""
    limit, levels = lengths
    short = AttestationAuthority(authority.keys, root_deviations=[deviations.PathLength(limit)])
    chain = chains.deeper(short, *[None] * levels).attest()
    return ChainInput(chain, anchors=(short.root_issuer.der,))


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.PATH_LENGTH,
    each={"unlimited": [None] * 3, "limited": [2, 1, 0]},
)
def three_intermediates(authority: AttestationAuthority, lengths: list[int | None]) -> ChainInput:
    """``root -> 1 -> 2 -> 3 -> leaf``: every authority allows it, and Apple has never sent it.

    A verifier may bound the depth, as it must the number of certificates, and this one does.
    """
    return ChainInput(chains.deeper(authority, *lengths).attest())


# Self-issued, and too many


@acceptable(
    FILE,
    Flag.EXTRA_CERTIFICATES,
    each={"one-before": (1, 1), "three-before": (3, 1), "after": (3, 2)},
)
def self_issued_copies(authority: AttestationAuthority, extras: tuple[int, int]) -> ChainInput:
    """``root -> intermediate -> leaf`` and copies of the intermediate that it signed itself.

    Each is a detour on the way that already exists; a search that tries them all is costly.
    """
    count, place = extras
    chain = authority.attest()
    chain[place:place] = chains.self_issued(authority.issuer, count)
    return ChainInput(chain)


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.SELF_ISSUED)
def self_issued_copy_alone(authority: AttestationAuthority) -> ChainInput:
    """``intermediate' -> intermediate' -> leaf``: without what the root signed there is no path."""
    return ChainInput([authority.attest()[0], *chains.self_issued(authority.issuer, 1)])


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.SELF_ISSUED)
def four_self_issued_copies_alone(authority: AttestationAuthority) -> ChainInput:
    """``intermediate' -> intermediate' -> leaf``, four times over: paths without number.

    None leads to the root, and a verifier need not walk all of them to refuse.
    """
    return ChainInput([authority.attest()[0], *chains.self_issued(authority.issuer, 4)])


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    reason=Reason.TOO_LARGE,
    each={
        "unrelated": "unrelated",
        "same-named": "rekeyed",
        "self-issued": "self",
        "copies": "copy",
    },
)
def six_certificates(authority: AttestationAuthority, kind: str) -> ChainInput:
    """``root -> intermediate -> leaf`` and four more: at most five are looked at.

    They are counted as they come, before copies are dropped and before any is decoded.
    """
    extras = {
        "unrelated": chains.unrelated(authority, 4),
        "rekeyed": [chains.rekeyed(authority, f"decoy {i}").der for i in range(4)],
        "self": chains.self_issued(authority.issuer, 4),
        "copy": [authority.issuer.der] * 4,
    }
    return ChainInput([*authority.attest(), *extras[kind]])


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def hundred_certificates(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, and ninety-eight elements of one octet.

    The number alone decides: none of them need be decoded.
    """
    return ChainInput([*authority.attest(), *[b"\x30"] * 98])


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION)
def no_certificates(_authority: AttestationAuthority) -> ChainInput:
    """A chain of nothing: what Apple's client sends when its attempt has failed."""
    return ChainInput([])
