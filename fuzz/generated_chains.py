"""Chains by the hundred thousand: cheap to make, and most of them nearly genuine.

A few chains are minted for each of six intermediates, and what the vectors hold is added. Then
each further chain is one of these with one change. Changes of content are signed again by the
issuer's own key, or the first signature would refuse them all.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from appleattest.testing import Issuer, KeyKind, Properties, authority_name, der, deviations
from appleattest.testing.keys import Digest, PrivateKey, order_of
from fuzz import seeds, world
from fuzz.mutators import elements, mutate_der, replaced
from fuzz.resigning import signed

_SECOND: Final = timedelta(seconds=1)


class Generated(NamedTuple):
    """One chain, when it is judged, and what was done to it."""

    kind: str
    chain: list[bytes]
    at: datetime


class Base(NamedTuple):
    """A chain to begin with, and the keys that sign its certificates, the leaf's signer first."""

    chain: list[bytes]
    signers: list[PrivateKey]


@cache
def issuers() -> tuple[Issuer, ...]:
    """Intermediates on each curve, a second on the same two, and one below another."""
    root, keys = world.AUTHORITY.root_issuer, world.AUTHORITY.keys

    def under(issuer: Issuer, name: str, kind: KeyKind, path_length: int | None) -> Issuer:
        return issuer.issue_authority(
            authority_name(name), key=keys.key(name, kind), path_length=path_length
        )

    upper = under(root, "Test Upper", KeyKind.P384, 1)
    return (
        world.AUTHORITY.issuer,
        under(root, "Test P-256", KeyKind.P256, 0),
        under(root, "Test P-384", KeyKind.P384, None),
        under(root, "Test P-521", KeyKind.P521, 0),
        under(upper, "Test Lower P-384", KeyKind.P384, 0),
        under(upper, "Test Lower P-256", KeyKind.P256, 0),
    )


@cache
def bases() -> tuple[Base, ...]:
    """What is minted of every issuer with every hash, for every kind of key and device."""
    keys = world.AUTHORITY.keys
    found = []
    for number, issuer in enumerate(issuers()):
        above = [world.AUTHORITY.root_issuer.key] * len(issuer.chain)
        if len(issuer.chain) > 1:
            above[0] = keys.key("Test Upper")
        for digest in (Digest.SHA256, Digest.SHA384, Digest.SHA512):
            for device in (Properties.mac(), Properties.iphone(), Properties.mac().user_enrolled()):
                other = () if digest is Digest.SHA384 else (deviations.SignatureHash(digest),)
                kind = (KeyKind.P256, KeyKind.P384)[number % 2]
                leaf = issuer.issue_leaf(
                    public_key=keys.ec(f"attested {number}", kind).public_key(),
                    properties=device,
                    deviations=other,
                )
                found.append(Base([leaf, *issuer.chain], [issuer.key, *above]))
    return tuple(found)


class Source:
    """Generates chains; the same seed gives the same ones."""

    def __init__(self, seed: object) -> None:
        self._chance: Final = random.Random(str(seed))
        self._bases: Final = bases()
        self._ways: Final[dict[str, Callable[[Base], list[bytes]]]] = {
            "genuine": self._genuine,
            "leaf changed, signed again": self._leaf_signed_again,
            "intermediate changed, signed again": self._intermediate_signed_again,
            "signature changed": self._signature,
            "one bit flipped": self._flipped,
            "element changed": self._element,
            "certificates exchanged": self._exchanged,
        }
        self._shares: Final = (28, 28, 6, 18, 10, 6, 4)
        """How many of a hundred are made in each way, in the same order."""

    def chains(self, count: int) -> Iterator[Generated]:
        """This many chains."""
        kinds = self._chance.choices(list(self._ways), self._shares, k=count)
        for kind in kinds:
            base = self._chance.choice(self._bases)
            yield Generated(kind, self._ways[kind](base), self._moment())

    def _moment(self) -> datetime:
        """Mostly within every validity; else about the beginning or the end of the leaf's."""
        if self._chance.random() < 0.9:
            return world.AT
        edge = self._chance.choice((-timedelta(hours=24), timedelta(days=90)))
        return world.AT + edge + self._chance.randint(-1, 1) * _SECOND

    def _genuine(self, base: Base) -> list[bytes]:
        """Another serial number, so another signature."""
        leaf, *above = base.chain
        _version, serial, *_ = (e for e in elements(leaf) if leaf[e.start] == der.INTEGER)
        number = der.integer(self._chance.getrandbits(150) | 1)
        return [signed(replaced(leaf, serial, number), base.signers[0]), *above]

    def _leaf_signed_again(self, base: Base) -> list[bytes]:
        leaf, *above = base.chain
        return [signed(self._mutated(leaf), base.signers[0]), *above]

    def _intermediate_signed_again(self, base: Base) -> list[bytes]:
        chain = list(base.chain)
        place = self._chance.randrange(1, len(chain))
        chain[place] = signed(self._mutated(chain[place]), base.signers[place])
        return chain

    def _signature(self, base: Base) -> list[bytes]:
        leaf, *above = base.chain
        _content, _algorithm, bits = (e for e in elements(leaf) if len(e.around) == 1)
        old = leaf[bits.content + 1 : bits.end]
        new = self._chance.choice(_SIGNATURES)(old, _order(base.signers[0]), self._chance)
        return [replaced(leaf, bits, der.bit_string(new)), *above]

    def _flipped(self, base: Base) -> list[bytes]:
        chain = list(base.chain)
        place = self._chance.randrange(len(chain))
        octets = bytearray(chain[place])
        octets[self._chance.randrange(len(octets))] ^= 1 << self._chance.randrange(8)
        chain[place] = bytes(octets)
        return chain

    def _element(self, base: Base) -> list[bytes]:
        chain = list(base.chain)
        place = self._chance.randrange(len(chain))
        chain[place] = self._mutated(chain[place])
        return chain

    def _exchanged(self, base: Base) -> list[bytes]:
        chain = list(base.chain)
        chance = self._chance
        other = chance.choice((chance.choice(self._bases).chain, [chance.choice(_known())]))
        chain.insert(chance.randrange(len(chain) + 1), chance.choice(other))
        if chance.random() < 0.5:
            del chain[chance.randrange(len(chain))]
        return chain

    def _mutated(self, certificate: bytes) -> bytes:
        return mutate_der(certificate, 2 * len(certificate), self._chance, self._change)

    def _change(self, octets: bytes, longest: int) -> bytes:
        """Some octets flipped, replaced, inserted or left out."""
        chance = self._chance
        start = chance.randrange(len(octets) + 1)
        end = min(len(octets), start + chance.choice((0, 1, 1, 1, 2, 8)))
        new = chance.randbytes(chance.choice((end - start, end - start, 0, 1, 4)))
        return (octets[:start] + new + octets[end:])[:longest]


@cache
def _known() -> list[bytes]:
    return seeds.certificates()


def _order(key: PrivateKey) -> int:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return order_of(key)


Forge = Callable[[bytes, int, random.Random], bytes]
"""Another signature: of the old one, the order of the curve, and a source of chance."""


def _integers(change: Callable[[int, int, int, random.Random], tuple[int, int]]) -> Forge:
    """A forger that changes r and s, given the order and a source of chance."""

    def forge(old: bytes, order: int, chance: random.Random) -> bytes:
        r, s = change(*decode_dss_signature(old), order, chance)
        return der.sequence(der.integer(r), der.integer(s))

    return forge


def _at_the_bounds(order: int, chance: random.Random) -> int:
    return chance.choice((0, 1, order - 1, order, order + 1))


def _padded(old: bytes, _order: int, _chance: random.Random) -> bytes:
    """r with a zero octet too many before it."""
    r, s = decode_dss_signature(old)
    longer = der.tlv(der.INTEGER, b"\0" + der.read(der.integer(r))[1])
    return der.sequence(longer, der.integer(s))


_SIGNATURES: Final[tuple[Forge, ...]] = (
    _integers(lambda r, s, n, _: (r, n - s)),
    _integers(lambda r, s, n, _: (r + n, s)),
    _integers(lambda r, s, n, _: (r, s + n)),
    _integers(lambda r, s, n, _: (n - r, s)),
    _integers(lambda r, s, _n, _: (-r, s)),
    _integers(lambda r, s, _n, _: (r, -s)),
    _integers(lambda r, s, n, _: (r - n, s)),
    _integers(lambda _r, s, n, chance: (_at_the_bounds(n, chance), s)),
    _integers(lambda r, _s, n, chance: (r, _at_the_bounds(n, chance))),
    _integers(lambda r, s, n, chance: (r ^ 1 << chance.randrange(n.bit_length()), s)),
    _integers(lambda r, s, n, chance: (r, s ^ 1 << chance.randrange(n.bit_length()))),
    _integers(lambda _r, _s, n, chance: (chance.randrange(n), chance.randrange(n))),
    _integers(lambda r, s, _n, _: (s, r)),
    _padded,
    lambda old, _n, chance: old + chance.randbytes(chance.choice((1, 2))),
    lambda old, _n, chance: old[: chance.randrange(len(old))],
    lambda old, _n, _: old[:1] + b"\x81" + old[1:],
    lambda old, _n, _: b"\x30\x80" + old[2:] + b"\0\0",
    lambda old, _n, chance: chance.randbytes(len(old)),
    lambda old, _n, _: old,
)
