"""Certificates that a path does not need, and the same certificates where it needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Digest,
    Issuer,
    KeyKind,
    authority_name,
    chains,
    deviations,
)
from vectors.case import ChainInput, acceptable, invalid, only
from vectors.flags import Flag
from vectors.shapes import orders

FILE: Final = "chain_extras"

_RSA: Final = "Test Enterprise Attestation RSA Root CA"


def _root_with_rsa(authority: AttestationAuthority) -> Issuer:
    """A self-signed root of another name, its key and signature RSA of 2048 bits."""
    change = deviations.CertifiedKey(KeyKind.RSA_2048)
    return Issuer.root(authority.keys.other("rsa"), authority_name(_RSA), deviations=[change])


def _cross_certificate(authority: AttestationAuthority) -> bytes:
    """The root's name and key, signed by a root with RSA: a bridge for other verifiers."""
    root = authority.root_issuer
    bridge = _root_with_rsa(authority).issue_authority(root.subject, key=root.key, path_length=None)
    return bridge.der


def _twin(change: Deviation) -> Callable[[AttestationAuthority], bytes]:
    """The intermediate's name and key once more, in a certificate with this deviation."""
    return lambda authority: authority.reissue(deviations=[change]).der


_EXTRAS: Final[dict[str, Callable[[AttestationAuthority], bytes]]] = {
    "rsa-root": lambda authority: _root_with_rsa(authority).der,
    "rsa-cross-certificate": _cross_certificate,
    "rsa-intermediate": lambda authority: chains.rekeyed(authority, "r", KeyKind.RSA_2048).der,
    "p224-intermediate": lambda authority: chains.rekeyed(authority, "p", KeyKind.P224).der,
    "sha1": _twin(deviations.SignatureHash(Digest.SHA1)),
    "sha224": _twin(deviations.SignatureHash(Digest.SHA224)),
    "unknown-critical": _twin(deviations.CriticalExtension()),
    "name-constraints": _twin(deviations.NameConstraints()),
    "name-constraints-not-critical": _twin(deviations.NameConstraints(critical=False)),
}
"""Each is outside of what this library lets into a path, and none is malformed."""


def _placed(*places: int) -> dict[str, tuple[Callable[[AttestationAuthority], bytes], list[int]]]:
    return {kind: (mint, list(places)) for kind, mint in _EXTRAS.items()}


_EVERYWHERE: Final = {
    f"{kind}-{label}": given
    for label, places in {
        "last": (0, 1, 2),
        "before-the-intermediate": (0, 2, 1),
        "twice": (0, 2, 1, 2),
        "twice-together": (0, 1, 2, 2),
    }.items()
    for kind, given in _placed(*places).items()
}


@acceptable(FILE, Flag.DEFECTIVE_EXTRA, each=_EVERYWHERE)
def beside(
    authority: AttestationAuthority,
    given: tuple[Callable[[AttestationAuthority], bytes], list[int]],
) -> ChainInput:
    """``root -> intermediate -> leaf``, and a certificate that no path needs.

    RFC 5280, 6.1, judges the certificates of the path. The day on which Apple appends a
    cross-certificate of another algorithm must not be the day on which a fleet stops.
    """
    mint, places = given
    chain = [*authority.attest(), mint(authority)]
    return ChainInput([chain[place] for place in places])


_THREE: Final = ("rsa-root", "unknown-critical", "name-constraints")


@acceptable(FILE, Flag.DEFECTIVE_EXTRA, each=orders("genuine", *_THREE))
def three_beside(authority: AttestationAuthority, places: tuple[int, ...]) -> ChainInput:
    """``root -> intermediate -> leaf`` and three that no path needs, in every order.

    The answer is the same in each.
    """
    leaf, intermediate = authority.attest()
    others = [intermediate, *(_EXTRAS[kind](authority) for kind in _THREE)]
    return ChainInput([leaf, *(others[place] for place in places)])


@acceptable(
    FILE,
    Flag.NAME_CONSTRAINTS,
    reason=Reason.NAME_CONSTRAINTS,
    each=only(_EXTRAS, "name-constraints", "name-constraints-not-critical"),
)
@acceptable(FILE, Flag.OTHER_ALGORITHM, reason=Reason.WEAK_ALGORITHM, each=only(_EXTRAS, "sha224"))
@invalid(
    FILE, Reason.CRITICAL_EXTENSION, Flag.CRITICAL_EXTENSION, each=only(_EXTRAS, "unknown-critical")
)
@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.WEAK_ALGORITHM, each=only(_EXTRAS, "sha1"))
def instead(
    authority: AttestationAuthority, mint: Callable[[AttestationAuthority], bytes]
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the same certificate, where there is no other path."""
    return ChainInput([authority.attest()[0], mint(authority)])


@invalid(FILE, Reason.CRITICAL_EXTENSION, Flag.CRITICAL_EXTENSION)
def instead_beside_a_root(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate] -> leaf``, and a root with RSA that nobody trusts.

    The critical extension stands on the only path, so it is named. The root helps no path.
    """
    leaf, *_ = authority.attest()
    extras = [_EXTRAS[kind](authority) for kind in ("rsa-root", "unknown-critical")]
    return ChainInput([leaf, *extras])


@invalid(
    FILE,
    Reason.UNKNOWN_ISSUER,
    Flag.UNTRUSTED_ISSUER,
    each=only(_EXTRAS, "rsa-root", "rsa-cross-certificate"),
)
def no_path_and(
    authority: AttestationAuthority, mint: Callable[[AttestationAuthority], bytes]
) -> ChainInput:
    """``root -> (intermediate) -> leaf``, and a certificate that would help no path."""
    return ChainInput([authority.attest()[0], mint(authority)])


_UNDECODABLE: Final[dict[str, bytes]] = {
    "empty": b"",
    "one-octet": b"\x30",
    "text": b"-----BEGIN CERTIFICATE-----",
    "empty-sequence": b"\x30\x00",
}


@acceptable(
    FILE,
    Flag.DEFECTIVE_EXTRA,
    reason=Reason.MALFORMED_CERTIFICATE,
    each={
        f"{kind}-{label}": (octets, place)
        for kind, octets in _UNDECODABLE.items()
        for label, place in {"last": 2, "before-the-intermediate": 1}.items()
    },
)
def undecodable_beside(authority: AttestationAuthority, given: tuple[bytes, int]) -> ChainInput:
    """``root -> intermediate -> leaf``, and octets that are no certificate.

    No path needs them. This library decodes all that it gets before it asks what is needed, and
    refuses what does not decode.
    """
    octets, place = given
    chain = authority.attest()
    chain.insert(place, octets)
    return ChainInput(chain)
