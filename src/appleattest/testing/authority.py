"""What signs attestations in tests, in place of Apple's servers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Unpack

from appleattest.testing import apple_shape, carriers
from appleattest.testing.issuer import Issuer, LeafArguments
from appleattest.testing.keys import KeyRing, Seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    from appleattest import Attestation, TrustStore, Verifier
    from appleattest.testing.properties import Properties
    from appleattest.testing.template import Deviation


class ChainArguments(LeafArguments, total=False):
    """`LeafArguments`, and the deviations of the intermediate."""

    intermediate_deviations: Iterable[Deviation]


class AttestationAuthority:
    """A root and an intermediate of the shape of Apple's, which attest what the caller asks for.

    The same ``seed`` (``bytes``, ``str`` or ``int``) and arguments always give the same bytes;
    without a seed, the keys are random. Authorities of two seeds have the same names and other
    keys: each is an impostor of the other, unless ``root_name`` and ``intermediate_name`` (DER,
    see `appleattest.testing.authority_name`) differ. ``root_deviations`` break the root. Immutable
    and safe to share between threads.
    """

    issued_at: Final = apple_shape.ISSUED_AT
    """The default ``at`` of an attestation: a fixed moment, not the clock."""

    freshness_code: Final = apple_shape.FRESHNESS_CODE
    """The default ``freshness_code`` of an attestation."""

    def __init__(
        self,
        seed: Seed | KeyRing = None,
        *,
        root_name: bytes = apple_shape.ROOT_NAME,
        intermediate_name: bytes = apple_shape.INTERMEDIATE_NAME,
        root_deviations: Iterable[Deviation] = (),
    ) -> None:
        self.keys = seed if isinstance(seed, KeyRing) else KeyRing(seed)
        self.root_issuer = Issuer.root(self.keys, root_name, deviations=root_deviations)
        self.issuer = self.root_issuer.issue_authority(intermediate_name)

    @property
    def root(self) -> x509.Certificate:
        """The root, the trust anchor; no chain carries it."""
        return self.root_issuer.certificate

    @property
    def intermediate(self) -> x509.Certificate:
        """The intermediate that issues the leaves."""
        return self.issuer.certificate

    @property
    def attested_key(self) -> ec.EllipticCurvePrivateKey:
        """The private key (P-384) that leaves certify by default, to sign a CSR."""
        return self.keys.ec("attested")

    @cached_property
    def trust(self) -> TrustStore:
        """A trust store of this root alone."""
        from appleattest import TrustStore

        return TrustStore([self.root])

    @cached_property
    def verifier(self) -> Verifier:
        """A verifier that trusts this root alone."""
        from appleattest import Verifier

        return Verifier(trust=self.trust)

    def reissue(self, *, at: datetime | None = None, deviations: Iterable[Deviation]) -> Issuer:
        """The intermediate, broken by ``deviations``, same name and same key."""
        return self.root_issuer.issue_authority(self.issuer.subject, at=at, deviations=deviations)

    def attest(
        self,
        *,
        intermediate_deviations: Iterable[Deviation] = (),
        **leaf: Unpack[LeafArguments],
    ) -> list[bytes]:
        """A chain in DER: leaf, intermediate.

        Takes ``public_key``, ``properties``, ``freshness_code``, ``at`` and ``deviations`` (of the
        leaf) as `Issuer.issue_leaf` does, and ``intermediate_deviations``. Raises ``TypeError``
        for another keyword or what is not a deviation, ``ValueError`` for one that changes nothing.
        """
        issuer = self.reissue(at=leaf.get("at"), deviations=intermediate_deviations)
        return issuer.attest(**leaf)

    def attestation_object(
        self,
        *,
        fmt: str = "apple",
        extra: Mapping[Any, Any] | None = None,
        statement_extra: Mapping[Any, Any] | None = None,
        **arguments: Unpack[ChainArguments],
    ) -> bytes:
        """What `attest` makes in the CBOR of `carriers.attestation_object`."""
        chain = self.attest(**arguments)
        return carriers.attestation_object(
            chain, fmt=fmt, extra=extra, statement_extra=statement_extra
        )

    def response_plist(
        self,
        *,
        command_uuid: str = carriers.COMMAND_UUID,
        status: str = "Acknowledged",
        udid: str | None = None,
        enrollment_id: str | None = None,
        query_responses: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        binary: bool = False,
        **arguments: Unpack[ChainArguments],
    ) -> bytes:
        """What `attest` makes in the property list of `carriers.response_plist`."""
        return carriers.response_plist(
            self.attest(**arguments),
            command_uuid=command_uuid,
            status=status,
            udid=udid,
            enrollment_id=enrollment_id,
            query_responses=query_responses,
            extra=extra,
            binary=binary,
        )

    def verified(
        self,
        properties: Properties | None = None,
        *,
        freshness_code: bytes | None = apple_shape.FRESHNESS_CODE,
        at: datetime | None = None,
    ) -> Attestation:
        """The `Attestation` of these properties, minted and verified ``at`` that moment.

        Its freshness is ``CURRENT``, or ``UNCHECKED`` where ``freshness_code`` is ``None``.
        """
        from appleattest import UNCHECKED, exactly

        return self.verifier.verify_chain(
            self.attest(properties=properties, freshness_code=freshness_code, at=at),
            freshness=UNCHECKED if freshness_code is None else exactly(freshness_code),
            at=self.issued_at if at is None else at,
        )
