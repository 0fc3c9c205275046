"""Five certificates chosen for cost: by the signature checks that they ask for, or by size.

"Signed" in a name says that the root has really signed the intermediates, which no attacker
can arrange; the others are what anybody can send who has seen one genuine chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from appleattest import Limits
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Draft,
    Extension,
    Issuer,
    KeyKind,
    PrivateKey,
    authority_name,
    deviations,
)
from appleattest.testing import chains as unusual
from appleattest.testing import der as asn1

Named = Iterator[tuple[str, list[bytes]]]

_FORGED = (deviations.WrongSigner(),)
_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
_CRL_DISTRIBUTION_POINTS = "2.5.29.31"
_CERTIFICATE_POLICIES = "2.5.29.32"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_USER_NOTICE = "1.3.6.1.5.5.7.2.2"


def chains(authority: AttestationAuthority, limits: Limits) -> Named:
    """Every hostile chain, in DER, the leaf first."""
    others = limits.certificates - 1
    for kind in (KeyKind.P384, KeyKind.P521):
        yield from _same_named(authority, others, kind)
    yield from _linked(authority, others)
    yield from _self_issued(authority, others)
    yield from _nearly_genuine(authority)
    size = min(limits.certificate_bytes, limits.chain_bytes // limits.certificates)
    yield from _largest(authority, others, size)


def _same_named(authority: AttestationAuthority, others: int, kind: KeyKind) -> Named:
    impostor = unusual.impostor(authority)
    signed = [unusual.rekeyed(authority, f"rival {i}", kind) for i in range(others)]
    fakes = [unusual.rekeyed(impostor, f"rival {i}", kind) for i in range(others)]
    forged = authority.issuer.issue_leaf(deviations=_FORGED)
    expired = signed[-1].issue_leaf(deviations=[deviations.Expired()])
    yield f"same name, {kind}", [forged, *_ders(fakes)]
    yield f"same name, {kind}, the last issued the leaf", [fakes[-1].issue_leaf(), *_ders(fakes)]
    yield (
        f"same name, {kind}, the genuine one among them",
        [forged, authority.issuer.der, *_ders(fakes[1:])],
    )
    yield f"same name, {kind}, signed", [forged, *_ders(signed)]
    yield f"same name, {kind}, signed, the last issued an expired leaf", [expired, *_ders(signed)]


def _linked(authority: AttestationAuthority, others: int) -> Named:
    impostor = unusual.impostor(authority)
    names = [authority_name(f"Linked {i}") for i in range(others)]
    above = [*names[1:], authority.root_issuer.subject]
    ladder = [_issued(impostor, *pair) for pair in zip(names, above, strict=True)]
    ring = [_issued(impostor, *pair) for pair in zip(names, [*names[1:], names[0]], strict=True)]
    below = [_issued(impostor, name, authority.issuer.subject) for name in names[1:]]
    yield "names linked up to the root's", [ladder[0].issue_leaf(), *_ders(ladder)]
    yield "names linked in a ring", [ring[0].issue_leaf(), *_ders(ring)]
    yield "below the genuine one", [below[0].issue_leaf(), authority.issuer.der, *_ders(below)]
    yield "below one another, signed", unusual.deeper(authority, *[None] * others).attest()


def _self_issued(authority: AttestationAuthority, others: int) -> Named:
    forged = authority.issuer.issue_leaf(deviations=_FORGED)
    genuine = authority.issuer.der
    intermediates = unusual.self_issued(authority.issuer, others - 1)
    roots = unusual.self_issued(authority.root_issuer, others - 1)
    yield "self-issued intermediates, signed", [forged, genuine, *intermediates]
    yield "self-issued roots, signed", [forged, genuine, *roots]


def _nearly_genuine(authority: AttestationAuthority) -> Named:
    yield "a forged leaf", authority.attest(deviations=_FORGED)
    yield "an expired leaf", authority.attest(deviations=[deviations.Expired()])
    yield "a genuine leaf as issuer", unusual.by_leaf(authority).attest()


def _largest(authority: AttestationAuthority, others: int, size: int) -> Named:
    keys = [authority.keys.key(f"rival {i}", KeyKind.P521) for i in range(others)]
    for name, content in _CONTENTS.items():
        leaf = _filled(partial(_leaf_with, authority.issuer, content), size)
        rivals = [_filled(partial(_rival_with, authority, key, content), size) for key in keys]
        yield f"largest, {name}, signed", [leaf, *rivals]
    named = partial(_long_named, authority, keys)
    count = _most(lambda count: named(count)[0], size)
    yield "largest, issuer's names, signed", named(count)


def _long_named(authority: AttestationAuthority, keys: list[PrivateKey], count: int) -> list[bytes]:
    """A forged leaf and several intermediates, all under one long name."""
    name = _long_name(count).name
    issuers = [authority.root_issuer.issue_authority(name, key=key) for key in keys]
    return [issuers[0].issue_leaf(deviations=_FORGED), *_ders(issuers)]


def _leaf_with(issuer: Issuer, content: Callable[[int], Deviation], count: int) -> bytes:
    return issuer.issue_leaf(deviations=[*_FORGED, content(count)])


def _rival_with(
    authority: AttestationAuthority,
    key: PrivateKey,
    content: Callable[[int], Deviation],
    count: int,
) -> bytes:
    return authority.root_issuer.issue_authority(
        authority.issuer.subject,
        key=key,
        deviations=[content(count)],
    ).der


def _filled(build: Callable[[int], bytes], size: int) -> bytes:
    """The largest certificate of at most `size` octets that `build` makes of a count."""
    return build(_most(build, size))


def _most(build: Callable[[int], bytes], size: int) -> int:
    enough, too_many = 1, size
    while too_many - enough > 1:
        count = (enough + too_many) // 2
        if len(build(count)) <= size:
            enough = count
        else:
            too_many = count
    return enough


def _issued(impostor: AttestationAuthority, name: bytes, issuer_name: bytes) -> Issuer:
    """An intermediate that names whatever issuer it likes, signed by the impostor's root."""
    return replace(impostor.root_issuer, subject=issuer_name).issue_authority(
        name, path_length=None
    )


def _ders(issuers: list[Issuer]) -> list[bytes]:
    return [issuer.der for issuer in issuers]


# What fills a certificate: `count` of something small


@dataclass(frozen=True, slots=True)
class _Carrying(Deviation):
    """More extensions, after those that are there."""

    extensions: tuple[Extension, ...]

    def draft(self, draft: Draft) -> Draft:
        """Append the extensions."""
        extensions = (*(draft.template.extensions or ()), *self.extensions)
        return replace(draft, template=replace(draft.template, extensions=extensions))


def _extensions(count: int) -> Deviation:
    oids = (f"1.3.6.1.4.1.32473.{i}" for i in range(count))
    return _Carrying(tuple(Extension(oid, b"") for oid in oids))


def _properties(count: int) -> Deviation:
    oids = (f"1.2.840.113635.100.8.99.{i}" for i in range(count))
    return _Carrying(tuple(Extension(oid, b"") for oid in oids))


def _repeated(oid: str, element: bytes, count: int) -> Deviation:
    return _Carrying((Extension(oid, asn1.sequence(element * count)),))


def _long_name(count: int) -> deviations.SubjectName:
    # Text beyond ASCII, so that the name has to be decoded to know that it can be.
    attribute = asn1.sequence(asn1.oid("2.5.4.3"), asn1.utf8_string("é"))
    return deviations.SubjectName(asn1.sequence(asn1.set_of(attribute) * count))


_DIRECTORY_NAME = asn1.tlv(0xA4, authority_name("n"))
_NOTICE = asn1.sequence(
    asn1.oid("1.2.3"),
    asn1.sequence(
        asn1.sequence(asn1.oid(_USER_NOTICE), asn1.sequence(asn1.tlv(0x1A, b"n"))),
    ),
)
_DISTRIBUTION_POINT = asn1.sequence(
    asn1.tlv(0xA0, asn1.tlv(0xA0, asn1.implicit(6, b"u"))),
)

_CONTENTS: dict[str, Callable[[int], Deviation]] = {
    "extensions": _extensions,
    "properties": _properties,
    "alternative names": partial(_repeated, _SUBJECT_ALTERNATIVE_NAME, asn1.implicit(2, b"n")),
    "alternative directory names": partial(_repeated, _SUBJECT_ALTERNATIVE_NAME, _DIRECTORY_NAME),
    "policies with notices": partial(_repeated, _CERTIFICATE_POLICIES, _NOTICE),
    "distribution points": partial(_repeated, _CRL_DISTRIBUTION_POINTS, _DISTRIBUTION_POINT),
    "purposes": partial(_repeated, _EXTENDED_KEY_USAGE, asn1.oid("1.2.3")),
    "subject's names": _long_name,
}
