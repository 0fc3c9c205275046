"""Chains of an unusual build: each function's docstring draws the chain that it makes.

Call ``attest`` of a returned `Issuer` for the whole chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from appleattest.testing import apple_shape
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.issuer import Issuer
from appleattest.testing.keys import KeyKind, spki_of
from appleattest.testing.template import Deviation, Moment

_OTHER_ROOT: Final = apple_shape.authority_name("Test Other Root CA")


def deeper(
    authority: AttestationAuthority, *path_lengths: int | None, name: str = "Test Level"
) -> Issuer:
    """``root -> 1 (path_lengths[0]) -> 2 (path_lengths[1]) -> … -> [leaf]``.

    Returns the last. A genuine second level would be ``deeper(authority, 1, 0)``.
    """
    issuer = authority.root_issuer
    for level, path_length in enumerate(path_lengths, start=1):
        issuer = issuer.issue_authority(
            apple_shape.authority_name(f"{name} {level}"), path_length=path_length
        )
    return issuer


def reissued(
    authority: AttestationAuthority,
    *,
    not_before: Moment = apple_shape.NOT_BEFORE,
    not_after: Moment = apple_shape.INTERMEDIATE_NOT_AFTER,
) -> Issuer:
    """``root -> intermediate' -> [leaf]``: the same name and key, another validity."""
    return authority.root_issuer.issue_authority(
        authority.issuer.subject, not_before=not_before, not_after=not_after
    )


def rekeyed(
    authority: AttestationAuthority, label: str = "rekeyed", kind: KeyKind = KeyKind.P384
) -> Issuer:
    """``root -> intermediate' -> [leaf]``: the same name, another key, as genuine as the first.

    Beside a leaf of the first, it looks like the issuer. Each ``label`` gives another key.
    """
    return authority.root_issuer.issue_authority(
        authority.issuer.subject, key=authority.keys.key(label, kind)
    )


def self_issued(issuer: Issuer, count: int) -> list[bytes]:
    """``issuer -> issuer' ``, ``count`` times: same name, same key, signed by itself.

    Each has another ``notAfter``, so no two are equal. Between a leaf and its issuer, they allow
    very many paths. In DER.
    """
    return [
        issuer.issue_authority(
            issuer.subject,
            key=issuer.key,
            path_length=None,
            not_after=apple_shape.INTERMEDIATE_NOT_AFTER - timedelta(seconds=i + 1),
        ).der
        for i in range(count)
    ]


def cross_signed(new: AttestationAuthority, by: AttestationAuthority) -> Issuer:
    """``by.root -> new.root' -> new.intermediate -> [leaf]``: a new root under an older one.

    ``new.root'`` has ``new``'s root's name and key; ``by``'s root signs it. The two need
    different ``root_name``, or it counts as self-issued. Returns ``new``'s intermediate, with
    both certificates in its ``chain``.
    """
    root = new.root_issuer
    bridge = by.root_issuer.issue_authority(root.subject, key=root.key, path_length=None)
    return replace(new.issuer, chain=(new.issuer.der, bridge.der))


def impostor(authority: AttestationAuthority) -> AttestationAuthority:
    """``root* -> intermediate* -> [leaf]``: the same names, other keys."""
    return AttestationAuthority(
        authority.keys.other("impostor"),
        root_name=authority.root_issuer.subject,
        intermediate_name=authority.issuer.subject,
    )


def unrelated(authority: AttestationAuthority, count: int) -> list[bytes]:
    """``elsewhere -> unrelated 1``, ``… 2``, …: ``count`` intermediates of another root, in DER."""
    elsewhere = Issuer.root(authority.keys.other("unrelated"))
    return [
        elsewhere.issue_authority(apple_shape.authority_name(f"Test Unrelated CA {i}")).der
        for i in range(1, count + 1)
    ]


def cross_certificate(
    authority: AttestationAuthority,
    *,
    name: bytes = _OTHER_ROOT,
    kind: KeyKind = KeyKind.P384,
    deviations: Iterable[Deviation] = (),
) -> bytes:
    """``root -> other root``: a certificate in DER that no path to a leaf needs.

    The root signs another authority's key of this ``kind``. ``name`` (DER) may be the root's own.
    Append it to a chain.
    """
    key = authority.keys.key("cross-certified", kind)
    return authority.root_issuer.issue_authority(
        name, key=key, path_length=None, deviations=deviations
    ).der


def self_signed_certificate(
    authority: AttestationAuthority,
    *,
    name: bytes = _OTHER_ROOT,
    kind: KeyKind = KeyKind.P384,
    deviations: Iterable[Deviation] = (),
) -> bytes:
    """``other root -> other root``: as `cross_certificate`, but signed by its own key."""
    ring = authority.keys.other("self-signed")
    return Issuer.root(ring, name, key=ring.key("self-signed", kind), deviations=deviations).der


def by_leaf(authority: AttestationAuthority, deviations: Iterable[Deviation] = ()) -> Issuer:
    """``root -> intermediate -> leaf (deviations) -> [leaf]``: a leaf signs another leaf."""
    leaf = authority.issuer.issue_leaf(deviations=deviations)
    key = authority.attested_key
    subject = apple_shape.leaf_name(spki_of(key.public_key()))
    return Issuer(leaf, subject, key, authority.keys, (leaf, *authority.issuer.chain))


def by_root(authority: AttestationAuthority) -> Issuer:
    """``root -> [leaf]``: no intermediate; the issuer's ``chain`` is empty."""
    return authority.root_issuer
