"""What the MDM server already knows of a device, and whether an attestation is that device's.

Nothing in MDM binds a chain to the enrolment that carried it: a genuine chain of another device,
relayed by an enrolled one, verifies. So the caller says which device it must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from appleattest.arguments import checked_octets
from appleattest.errors import AttestationError, IdentifierMismatch, KeyMismatch, Reason
from appleattest.freshness import UNCHECKED, NoCheck
from appleattest.oids import SERIAL_NUMBER, UDID
from appleattest.properties import DeviceProperties
from appleattest.text import quoted

SPKI_ELEMENT: Final = "spki"
"""The element of a `KeyMismatch`: the attested key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """What is known of one device; every field that is set must be as Apple attests it.

    At least one is set. `serial_number`; the UDID, as `provisioning_udid` for a Mac and as
    `udid` for any other device (if both are set, Apple must attest one of the two: the `udid` of
    a Mac never is); `spki`, the DER SubjectPublicKeyInfo of the key that this enrolment attested
    before (`attestation.spki`), which is all there is under user enrolment.

    Raises `ValueError` if no field is set, for blank text, and for an `spki` that is no EC key;
    `TypeError` for other types.
    """

    serial_number: str | None = None
    provisioning_udid: str | None = None
    udid: str | None = None
    spki: bytes | None = None

    def __post_init__(self) -> None:
        for name in ("serial_number", "provisioning_udid", "udid"):
            _check_text(getattr(self, name), name)
        if self.spki is not None:
            object.__setattr__(self, "spki", _canonical(self.spki))
        if not (self.serial_number or self.udids or self.spki):
            raise ValueError(
                "a known device has a serial_number, a provisioning_udid, a udid or an spki; "
                "only UNCHECKED switches the check off"
            )

    @property
    def udids(self) -> tuple[str, ...]:
        """The UDIDs of which Apple must attest one; empty where none is known."""
        return tuple(udid for udid in (self.provisioning_udid, self.udid) if udid is not None)


ExpectedDevice: TypeAlias = KnownDevice | NoCheck


def require_expected_device(device: object) -> None:
    """Raise `TypeError` unless the caller gave a `KnownDevice` or `UNCHECKED`."""
    if not (device is UNCHECKED or isinstance(device, KnownDevice)):
        raise TypeError(f"device is a KnownDevice or UNCHECKED, not {type(device).__name__}")


def mismatch(
    attested: DeviceProperties, spki: bytes, device: KnownDevice
) -> AttestationError | None:
    """Why this attestation is not the known device's; None if it is.

    `IdentifierMismatch` (`identifier-mismatch`, or `identifier-missing` where Apple attests no
    such identifier) with the OID, or `KeyMismatch` (`key-mismatch`) with `"spki"`. That it is
    another device's is said before that an identifier is missing.
    """
    found = list(_differences(attested, spki, device))
    graver = (each for each in found if each.reason is not Reason.IDENTIFIER_MISSING)
    return next(graver, next(iter(found), None))


def _differences(
    attested: DeviceProperties, spki: bytes, device: KnownDevice
) -> Iterator[AttestationError]:
    known = device.serial_number
    if known is not None and attested.serial_number != known:
        yield _identifier(SERIAL_NUMBER, (known,), attested.serial_number)
    if device.udids and attested.udid not in device.udids:
        yield _identifier(UDID, device.udids, attested.udid)
    if device.spki is not None and device.spki != spki:
        yield KeyMismatch(
            Reason.KEY_MISMATCH,
            "the attested key is not the one that this enrolment attested before",
            element=SPKI_ELEMENT,
        )


def _identifier(oid: str, known: tuple[str, ...], attested: str | None) -> IdentifierMismatch:
    expected = " or ".join(map(quoted, known))
    reason = Reason.IDENTIFIER_MISSING if attested is None else Reason.IDENTIFIER_MISMATCH
    came = "none" if attested is None else quoted(attested)
    return IdentifierMismatch(reason, f"{expected} was expected; Apple attests {came}", element=oid)


def _check_text(value: object, name: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} is text, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} is blank; leave it out where it is not known")


def _canonical(spki: object) -> bytes:
    """The key's DER as `Attestation.spki` has it."""
    try:
        key = load_der_public_key(checked_octets(spki, "spki"))
    except TypeError:
        raise
    except Exception:  # noqa: BLE001 - the engine has several exceptions for what is no key
        raise ValueError("spki is no DER SubjectPublicKeyInfo") from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("spki is the key of an elliptic curve; no other is ever attested")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
