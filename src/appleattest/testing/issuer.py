"""An authority of a chain: its certificate, and its key to issue the next one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TypedDict, Unpack, cast

from cryptography import x509

from appleattest.testing import apple_shape, der
from appleattest.testing.keys import PUBLIC_KEY_TYPES, KeyRing, PrivateKey, PublicKey
from appleattest.testing.properties import Properties
from appleattest.testing.template import Deviation, Draft, Moment, known_deviations, mint


class LeafArguments(TypedDict, total=False):
    """The keyword arguments that say what a leaf contains; see `Issuer.issue_leaf`."""

    public_key: PublicKey | None
    properties: Properties | None
    freshness_code: bytes | None
    at: datetime | None
    deviations: Iterable[Deviation]


@dataclass(frozen=True, eq=False)
class Issuer:
    """An authority that signs.

    ``der`` is its certificate, ``subject`` the DER name it issues under, ``key`` the key it
    signs with, ``keys`` the ring of its seed. ``chain`` follows the leaf: this certificate and
    those above it without the root, nearest first.
    """

    der: bytes
    subject: bytes
    key: PrivateKey
    keys: KeyRing
    chain: tuple[bytes, ...]

    @classmethod
    def root(
        cls,
        keys: KeyRing,
        name: bytes = apple_shape.ROOT_NAME,
        *,
        key: PrivateKey | None = None,
        at: datetime | None = None,
        deviations: Iterable[Deviation] = (),
    ) -> Issuer:
        """A self-signed root; ``name`` is DER, ``key`` by default the ring's for it."""
        draft = apple_shape.root_draft(keys, name, key or keys.authority_key(name), moment(at))
        return cls._minted(draft, deviations, None)

    @classmethod
    def _minted(
        cls, draft: Draft, deviations: Iterable[Deviation], above: tuple[bytes, ...] | None
    ) -> Issuer:
        minted = mint(draft, deviations)
        certified = minted.draft
        # Only a leaf's private key can be unknown.
        key = cast("PrivateKey", certified.subject_key)
        chain = () if above is None else (minted.der, *above)
        return cls(minted.der, certified.template.subject, key, draft.keys, chain)

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The certificate as ``cryptography`` reads it; ``ValueError`` if it cannot."""
        return x509.load_der_x509_certificate(self.der)

    def issue_authority(
        self,
        name: bytes = apple_shape.INTERMEDIATE_NAME,
        *,
        key: PrivateKey | None = None,
        path_length: int | None = 0,
        not_before: Moment = apple_shape.NOT_BEFORE,
        not_after: Moment = apple_shape.INTERMEDIATE_NOT_AFTER,
        at: datetime | None = None,
        deviations: Iterable[Deviation] = (),
    ) -> Issuer:
        """An intermediate under this authority, by default one like Apple's.

        ``name`` is DER (`authority_name`). ``key`` is by default the seed's P-384 key for this
        name, so issuing one name twice re-issues one authority.
        """
        draft = apple_shape.authority_draft(
            self.keys,
            issuer=self.subject,
            issuer_key=self.key,
            subject=name,
            subject_key=key or self.keys.authority_key(name),
            path_length=path_length,
            not_before=not_before,
            not_after=not_after,
            at=moment(at),
        )
        return self._minted(draft, deviations, self.chain)

    def issue_leaf(
        self,
        *,
        public_key: PublicKey | None = None,
        properties: Properties | None = None,
        freshness_code: bytes | None = apple_shape.FRESHNESS_CODE,
        at: datetime | None = None,
        deviations: Iterable[Deviation] = (),
    ) -> bytes:
        """A leaf in DER.

        ``public_key`` is the attested key, by default the seed's "attested" one. ``properties``
        defaults to `Properties.mac`. ``freshness_code`` is the extension value, unchanged:
        ``None`` leaves the extension out, ``b""`` is a blank one. ``at`` is the moment of issue,
        aware, by default `ISSUED_AT`: the leaf is valid from 24 hours before it to 90 days after.
        Raises ``TypeError`` for what is not a deviation or not a key, ``ValueError`` for a time
        without a zone or before 1970.
        """
        if public_key is not None and not isinstance(public_key, PUBLIC_KEY_TYPES):
            raise TypeError(f"not a public key: {type(public_key).__name__}")
        attested = self.keys.ec("attested")
        draft = apple_shape.leaf_draft(
            self.keys,
            issuer=self.subject,
            issuer_key=self.key,
            public_key=public_key or attested.public_key(),
            subject_key=None if public_key else attested,
            properties=Properties.mac() if properties is None else properties,
            freshness_code=freshness_code,
            at=moment(at),
        )
        return mint(draft, deviations).der

    def attest(self, **leaf: Unpack[LeafArguments]) -> list[bytes]:
        """What `issue_leaf` makes, then `chain`: DER, leaf first.

        Raises ``TypeError`` for another keyword: it lists what exists.
        """
        if unknown := leaf.keys() - LeafArguments.__annotations__.keys():
            raise TypeError(
                f"unexpected keyword argument {min(unknown)!r}: a leaf takes"
                f" {', '.join(LeafArguments.__annotations__)}; {known_deviations()}"
            )
        return [self.issue_leaf(**leaf), *self.chain]


def moment(at: datetime | None) -> datetime:
    """``at`` in UTC, `ISSUED_AT` for ``None``.

    Raises ``TypeError`` for anything but a ``datetime``, ``ValueError`` for one without a zone or
    before 1970: the leaf's serial number counts milliseconds from then.
    """
    if at is None:
        return apple_shape.ISSUED_AT
    if not isinstance(at, datetime):
        raise TypeError(f"at must be a datetime, not {type(at).__name__}")
    at = der.in_utc(at)
    if at < datetime(1970, 1, 1, tzinfo=UTC):
        raise ValueError("at must be in 1970 or later")
    return at
