"""What comes out: verified results, and claims that cannot be taken for them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from appleattest.freshness import Freshness, FreshnessResult
from appleattest.sealed import Sealed, seal
from appleattest.trust import is_apple_root

if TYPE_CHECKING:
    from cryptography import x509

    from appleattest.certificates import DecodedCertificate
    from appleattest.properties import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts

RECORD_SCHEMA: Final = 1
"""The version of what `Attestation.to_dict` writes."""

_NAMED: Final = (
    "serial_number",
    "udid",
    "software_update_device_id",
    "os_version",
    "sepos_version",
    "llb_version",
    "sip",
    "secure_boot",
    "third_party_kexts",
)


class DeviceProperties(Sealed):
    """What Apple attests of the device. None: Apple did not say, which is never good."""

    __slots__ = (*_NAMED, "raw")

    serial_number: str | None
    udid: str | None
    """The UDID; on a Mac the ProvisioningUDID."""
    software_update_device_id: str | None
    os_version: str | None
    sepos_version: str | None
    llb_version: str | None
    sip: SystemIntegrityProtection | None
    secure_boot: SecureBoot | None
    third_party_kexts: ThirdPartyKexts | None
    raw: Mapping[str, bytes]
    """Every extension under 1.2.840.113635.100.8, by dotted OID, as it stands in the leaf."""

    @property
    def identifies_device(self) -> bool:
        """Whether a serial number or a UDID is attested: under user enrolment, neither is."""
        return self.serial_number is not None or self.udid is not None

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if isinstance(other, DeviceProperties) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.raw.items()))

    def __repr__(self) -> str:
        return f"DeviceProperties({_shown(self)})"

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types; `raw` as base64."""
        return {**_json(self), "raw": {oid: _base64(value) for oid, value in self.raw.items()}}


class ClaimedProperties(Sealed):
    """What a certificate says of a device when nobody has verified the certificate."""

    __slots__ = (*_NAMED, "raw")

    serial_number: str | None
    udid: str | None
    software_update_device_id: str | None
    os_version: str | None
    sepos_version: str | None
    llb_version: str | None
    sip: SystemIntegrityProtection | None
    secure_boot: SecureBoot | None
    third_party_kexts: ThirdPartyKexts | None
    raw: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"ClaimedProperties({_shown(self)})"


class Attestation(Sealed):
    """A verified attestation. Only a `Verifier` makes one.

    Two are equal when chain, freshness and time of verification are. Pickling is for handing
    one to a worker process of the same release, and unpickling verifies nothing: keep
    `to_dict()`, and read it back with `Verifier.reverify`.
    """

    __slots__ = (
        "_finding",
        "_path",
        "carrier",
        "device",
        "verified_at",
    )

    _path: tuple[DecodedCertificate, ...]
    _finding: FreshnessResult
    device: DeviceProperties
    carrier: str
    """`"mdm"`, `"acme"` or `"chain"`."""
    verified_at: datetime
    """The time, in UTC and whole seconds, as of which everything was judged."""

    @property
    def freshness(self) -> Freshness:
        """How it relates to the requests that the caller named."""
        return self._finding.freshness

    @property
    def is_current(self) -> bool:
        """Whether it answers this request."""
        return self.freshness is Freshness.CURRENT

    @property
    def freshness_code(self) -> bytes | None:
        """The octets in the leaf; None when absent or blank."""
        return self._finding.code

    @property
    def matched_freshness(self) -> bytes | None:
        """The expected octets that the code equals: a nonce, or a SHA-256 digest."""
        return self._finding.matched

    @property
    def requested_at(self) -> datetime | None:
        """When the nonce that it answers was sent, if it is an earlier one and that is known."""
        return self._finding.requested_at

    @property
    def leaf(self) -> x509.Certificate:
        """The attestation certificate."""
        return self._path[0].x509

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The path: leaf first, trust anchor last."""
        return tuple(certificate.x509 for certificate in self._path)

    @property
    def anchor(self) -> x509.Certificate:
        """The trust anchor that the path leads to."""
        return self._path[-1].x509

    @property
    def anchored_at_apple(self) -> bool:
        """Whether the anchor is the pinned Apple root."""
        return is_apple_root(self._path[-1].der)

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The attested key, on P-256 or P-384."""
        return self._path[0].public_key

    @property
    def spki(self) -> bytes:
        """The attested key as canonical DER SubjectPublicKeyInfo."""
        return self._path[0].spki

    @property
    def spki_sha256(self) -> bytes:
        """SHA-256 of `spki`: what to index to find a key that is used again."""
        return hashlib.sha256(self.spki).digest()

    @property
    def not_before(self) -> datetime:
        """The leaf's, UTC. The attestation was made no earlier."""
        return self._path[0].not_before

    @property
    def not_after(self) -> datetime:
        """The leaf's, UTC."""
        return self._path[0].not_after

    def to_dict(self) -> dict[str, Any]:
        """A record of JSON types from which `Verifier.reverify` verifies anew.

        `"schema": 1`; the chain as base64 DER, leaf first; times in RFC 3339. It names the
        device.
        """
        return {
            "schema": RECORD_SCHEMA,
            "carrier": self.carrier,
            "verified_at": _rfc3339(self.verified_at),
            "chain": [_base64(certificate.der) for certificate in self._path],
            "anchored_at_apple": self.anchored_at_apple,
            "not_before": _rfc3339(self.not_before),
            "not_after": _rfc3339(self.not_after),
            "freshness": self.freshness.value,
            "freshness_code": _base64(self.freshness_code),
            "matched_freshness": _base64(self.matched_freshness),
            "requested_at": _rfc3339(self.requested_at),
            "spki": _base64(self.spki),
            "spki_sha256": self.spki_sha256.hex(),
            "device": self.device.to_dict(),
        }

    def _identity(self) -> tuple[object, ...]:
        ders = tuple(certificate.der for certificate in self._path)
        return ders, self._finding, self.verified_at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attestation):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return (
            f"<Attestation {self.freshness.value}, {self.carrier}, {self.device!r}, "
            f"chain of {len(self._path)}, verified at {_rfc3339(self.verified_at)}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        ders = tuple(certificate.der for certificate in self._path)
        return _from_pickle, (
            ders,
            tuple(self._finding),
            self.verified_at,
            self.carrier,
        )


def device_properties(values: Mapping[str, Any], raw: Mapping[str, bytes]) -> DeviceProperties:
    """Seal the decoded values of a verified leaf."""
    return seal(DeviceProperties, **values, raw=MappingProxyType(dict(raw)))


def claimed_properties(values: Mapping[str, Any], raw: Mapping[str, bytes]) -> ClaimedProperties:
    """Seal the decoded values of a leaf that nobody verified."""
    return seal(ClaimedProperties, **values, raw=MappingProxyType(dict(raw)))


def _from_pickle(
    ders: tuple[bytes, ...],
    finding: tuple[Any, ...],
    verified_at: datetime,
    carrier: str,
) -> Attestation:
    from appleattest.certificates import decode_certificate
    from appleattest.properties import decode_properties

    path = tuple(decode_certificate(der) for der in ders)
    raw = path[0].properties()
    return seal(
        Attestation,
        _path=path,
        _finding=FreshnessResult(*finding),
        device=device_properties(decode_properties(raw), raw),
        carrier=carrier,
        verified_at=verified_at,
    )


def _json(properties: DeviceProperties) -> dict[str, Any]:
    return {name: _plain(getattr(properties, name)) for name in _NAMED}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.value


def _shown(properties: DeviceProperties | ClaimedProperties) -> str:
    said = ((name, getattr(properties, name)) for name in _NAMED)
    return ", ".join(f"{name}={_plain(value)!r}" for name, value in said if value is not None)


def _base64(value: bytes | None) -> Any:
    return None if value is None else b64encode(value).decode("ascii")


def _rfc3339(time: datetime | None) -> Any:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
