"""Several certificates of one name: re-issued, re-keyed, expired, and a rotation of the root."""

from __future__ import annotations

from datetime import timedelta

from appleattest import Reason
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Issuer,
    apple_shape,
    authority_name,
    chains,
    deviations,
)
from vectors.case import ChainInput, invalid, valid
from vectors.flags import Flag
from vectors.shapes import orders

FILE = "chain_rotation"

_SECOND = timedelta(seconds=1)
_LATER = apple_shape.INTERMEDIATE_NOT_AFTER + timedelta(days=365)


def _same_named(authority: AttestationAuthority) -> list[bytes]:
    """An expired twin of the intermediate, one with another key, and one that is re-issued."""
    return [
        chains.reissued(authority, not_after=ISSUED_AT - _SECOND).der,
        chains.rekeyed(authority).der,
        chains.reissued(authority, not_after=_LATER).der,
    ]


@valid(FILE, Flag.SEVERAL_ISSUERS, each=orders("expired", "rekeyed", "reissued"))
def same_named(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> reissued -> leaf`` beside an expired twin and one of another key.

    Three have the issuer's name, in every order; one of them works, and one is enough.
    """
    others = _same_named(authority)
    return ChainInput([authority.attest()[0], *(others[place] for place in places)])


@valid(FILE, Flag.SEVERAL_ISSUERS, each=orders("original", "reissued"))
def both_reissues(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> intermediate -> leaf`` twice over: two certificates of one name and key."""
    leaf, original = authority.attest()
    others = [original, chains.reissued(authority, not_after=_LATER).der]
    return ChainInput([leaf, *(others[place] for place in places)])


@valid(FILE, Flag.SEVERAL_ISSUERS, each=orders("expired", "valid"))
def expired_twin(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> intermediate -> leaf`` and the intermediate's expired predecessor of one key."""
    leaf, original = authority.attest()
    others = [_same_named(authority)[0], original]
    return ChainInput([leaf, *(others[place] for place in places)])


@invalid(
    FILE, Reason.EXPIRED, Flag.SEVERAL_ISSUERS, Flag.VALIDITY, each=orders("expired", "rekeyed")
)
def no_same_named_works(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> [expired] -> leaf``, and another that did not sign: two halves make no whole."""
    others = _same_named(authority)
    return ChainInput([authority.attest()[0], *(others[place] for place in places)])


@valid(FILE, Flag.SEVERAL_ISSUERS, each={"first": 0, "second": 1, "third": 2, "last": 3})
def three_of_another_key(authority: AttestationAuthority, place: int) -> ChainInput:
    """``root -> intermediate -> leaf`` among three of its name with other keys."""
    leaf, intermediate = authority.attest()
    others = [chains.rekeyed(authority, f"decoy {i}").der for i in range(3)]
    others.insert(place, intermediate)
    return ChainInput([leaf, *others])


# A rotation of the root


def _new(authority: AttestationAuthority) -> AttestationAuthority:
    return AttestationAuthority(
        authority.keys.other("new root"),
        root_name=authority_name("Test Enterprise Attestation Root CA G2"),
        intermediate_name=authority_name("Test Enterprise Attestation Sub CA 2"),
    )


_ANCHORS = {"old": "o", "new": "n", "old-and-new": "on", "new-and-old": "no"}


def _anchors(authority: AttestationAuthority, which: str) -> tuple[bytes, ...]:
    by_letter = {"o": authority.root_issuer.der, "n": _new(authority).root_issuer.der}
    return tuple(by_letter[letter] for letter in which)


@valid(FILE, Flag.ROOT_ROTATION, each=_ANCHORS)
def cross_signed_root(authority: AttestationAuthority, anchors: str) -> ChainInput:
    """``old -> new' -> intermediate -> leaf`` and ``new -> intermediate -> leaf``.

    The old root has signed the new one's name and key; either root, or both, are trusted.
    """
    chain = chains.cross_signed(new=_new(authority), by=authority).attest()
    return ChainInput(chain, anchors=_anchors(authority, anchors))


@valid(FILE, Flag.ROOT_ROTATION, each={"old": "o", "new": "n", "old-and-new": "on"})
def cross_signed_root_beside_the_new(authority: AttestationAuthority, anchors: str) -> ChainInput:
    """``old -> new' -> intermediate -> leaf``, ``new`` presented before ``new'``.

    The new root, self-signed, is worth nothing to whom trusts the old one alone, and harmless.
    """
    new = _new(authority)
    leaf, intermediate, bridge = chains.cross_signed(new=new, by=authority).attest()
    return ChainInput(
        [leaf, intermediate, new.root_issuer.der, bridge], anchors=_anchors(authority, anchors)
    )


@valid(FILE, Flag.ROOT_ROTATION, each={"new": "n", "old-and-new": "on", "new-and-old": "no"})
def new_root_without_a_bridge(authority: AttestationAuthority, anchors: str) -> ChainInput:
    """``new -> intermediate -> leaf``, the new root trusted, alone or beside the old one."""
    return ChainInput(_new(authority).attest(), anchors=_anchors(authority, anchors))


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.ROOT_ROTATION, each={"bridge-absent": 0, "root": 1})
def new_root_not_trusted(authority: AttestationAuthority, presented: int) -> ChainInput:
    """``new -> intermediate -> leaf``, only the old root trusted: no bridge leads to it."""
    new = _new(authority)
    return ChainInput([*new.attest(), *[new.root_issuer.der][:presented]])


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.ROOT_ROTATION, Flag.FORGED_SIGNATURE)
def forged_bridge(authority: AttestationAuthority) -> ChainInput:
    """``old -> [new'] -> intermediate -> leaf``: the new root signs its own cross-certificate."""
    new, impostor = _new(authority), chains.impostor(authority)
    return ChainInput(chains.cross_signed(new=new, by=impostor).attest())


@valid(FILE, Flag.ROOT_ROTATION, each={"old-first": 0, "new-first": 1})
def rekeyed_root_of_one_name(authority: AttestationAuthority, first: int) -> ChainInput:
    """``root' -> intermediate -> leaf``: two trusted roots have one name and different keys."""
    rekeyed = AttestationAuthority(authority.keys.other("rekeyed root"))
    anchors = [authority.root_issuer.der, rekeyed.root_issuer.der]
    return ChainInput(rekeyed.attest(), anchors=tuple(anchors[::-1] if first else anchors))


@valid(FILE, Flag.ROOT_ROTATION, each={"trusted": 1, "presented": 0})
def reissued_root(authority: AttestationAuthority, trusted: int) -> ChainInput:
    """``root -> intermediate -> leaf``; the root is re-issued, same name and key.

    Either of its two certificates may be the anchor, whichever of them signed first.
    """
    again = Issuer.root(authority.keys, deviations=[deviations.Validity(not_after=_LATER)])
    if trusted:
        return ChainInput(authority.attest(), anchors=(again.der,))
    return ChainInput([*authority.attest(), again.der])
