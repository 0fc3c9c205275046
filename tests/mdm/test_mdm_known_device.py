"""Which device it must be: what may be known, and what no caller can leave open by accident."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appleattest import UNCHECKED, IdentifierMismatch, KeyMismatch, Reason, mdm
from appleattest.mdm.known_device import mismatch
from appleattest.oids import SERIAL_NUMBER, UDID
from appleattest.testing import AttestationAuthority, KeyKind, Properties

MAC = Properties.mac()
SERIAL, MAC_UDID = "TESTSERIAL01", "00000000-0000TESTUDID0001"


def spki(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    octets: bytes = key.public_bytes(
        Encoding.DER if form is PublicFormat.SubjectPublicKeyInfo else Encoding.X962, form
    )
    return octets


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({}, ValueError, id="nothing"),
        pytest.param(
            {"serial_number": None, "provisioning_udid": None, "udid": None, "spki": None},
            ValueError,
            id="nulls",
        ),
        pytest.param({"serial_number": ""}, ValueError, id="serial-empty"),
        pytest.param({"serial_number": " "}, ValueError, id="serial-blank"),
        pytest.param({"serial_number": 1}, TypeError, id="serial-number"),
        pytest.param({"provisioning_udid": ""}, ValueError, id="provisioning-udid-empty"),
        pytest.param({"udid": b"u"}, TypeError, id="udid-bytes"),
        pytest.param({"serial_number": "S", "udid": ""}, ValueError, id="udid-empty-beside"),
        pytest.param({"spki": b""}, ValueError, id="spki-empty"),
        pytest.param({"spki": b"key"}, ValueError, id="spki-garbage"),
        pytest.param({"spki": "key"}, TypeError, id="spki-text"),
    ],
)
def test_something_is_known_or_the_caller_says_unchecked(
    fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        mdm.KnownDevice(**fields)
    assert mdm.KnownDevice(serial_number="S").udids == ()


@pytest.mark.parametrize("name", ["serial_number", "provisioning_udid", "udid", "spki"])
def test_the_caller_is_told_which_field_is_wrong(name: str) -> None:
    wrong: dict[str, Any] = {name: 1}
    with pytest.raises(TypeError, match=f"^{name} is "):
        mdm.KnownDevice(**wrong)


def test_a_key_is_an_ec_key_in_its_canonical_form() -> None:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    writable: Any = bytearray(spki(key))
    assert mdm.KnownDevice(spki=writable).spki == spki(key)
    with pytest.raises(ValueError, match="no DER"):
        mdm.KnownDevice(spki=spki(key, PublicFormat.UncompressedPoint))
    with pytest.raises(ValueError, match="elliptic curve"):
        mdm.KnownDevice(spki=spki(rsa.generate_private_key(65537, 2048).public_key()))


def test_it_does_not_change() -> None:
    device = mdm.KnownDevice(udid="U")
    with pytest.raises(FrozenInstanceError):
        device.udid = "V"  # type: ignore[misc]


def judged(authority: AttestationAuthority, properties: Properties, **known: Any) -> Any:
    attestation = authority.verified(properties)
    return mismatch(attestation.device, attestation.spki, mdm.KnownDevice(**known))


@pytest.mark.parametrize(
    "known",
    [
        {"serial_number": SERIAL},
        {"provisioning_udid": MAC_UDID},
        {"udid": MAC_UDID},
        {"provisioning_udid": MAC_UDID, "udid": "00000000-0000-4000-8000-0000000000D1"},
        {"serial_number": SERIAL, "provisioning_udid": MAC_UDID},
    ],
    ids=repr,
)
def test_what_is_attested_as_known(authority: AttestationAuthority, known: dict[str, str]) -> None:
    assert judged(authority, MAC, **known) is None


@pytest.mark.parametrize(
    ("known", "element"),
    [
        ({"serial_number": "OTHER"}, SERIAL_NUMBER),
        ({"serial_number": SERIAL.lower()}, SERIAL_NUMBER),
        ({"serial_number": f"{SERIAL} "}, SERIAL_NUMBER),
        ({"provisioning_udid": "OTHER"}, UDID),
        ({"udid": "OTHER"}, UDID),
        ({"serial_number": SERIAL, "udid": "OTHER"}, UDID),
        ({"serial_number": "OTHER", "udid": MAC_UDID}, SERIAL_NUMBER),
    ],
    ids=repr,
)
def test_every_field_that_is_set_must_be_as_attested(
    authority: AttestationAuthority, known: dict[str, str], element: str
) -> None:
    error = judged(authority, MAC, **known)
    assert isinstance(error, IdentifierMismatch)
    assert (error.reason, error.element) == (Reason.IDENTIFIER_MISMATCH, element)
    expected = known["serial_number" if element == SERIAL_NUMBER else [*known][-1]]
    assert error.detail.startswith(f"'{expected}' was expected")
    assert SERIAL not in str(error)
    assert SERIAL not in error.problem()["detail"]


@pytest.mark.parametrize(
    ("known", "element"),
    [({"serial_number": SERIAL}, SERIAL_NUMBER), ({"provisioning_udid": MAC_UDID}, UDID)],
    ids=repr,
)
def test_what_apple_does_not_attest_is_never_as_known(
    authority: AttestationAuthority, known: dict[str, str], element: str
) -> None:
    error = judged(authority, MAC.user_enrolled(), **known)
    assert isinstance(error, IdentifierMismatch)
    assert (error.reason, error.element) == (Reason.IDENTIFIER_MISSING, element)
    assert error.detail.startswith(f"'{next(iter(known.values()))}' was expected")
    assert judged(authority, MAC, **known) is None


def test_either_udid_may_have_been_attested(authority: AttestationAuthority) -> None:
    error = judged(authority, MAC, provisioning_udid="P", udid="U")
    assert "'P' or 'U' was expected" in error.detail
    assert MAC_UDID in error.detail


def test_under_user_enrolment_the_key_is_what_is_left(authority: AttestationAuthority) -> None:
    properties = MAC.user_enrolled()
    first = authority.verified(properties)
    known = mdm.KnownDevice(spki=first.spki)
    other = authority.verifier.verify_chain(
        authority.attest(
            properties=properties,
            public_key=authority.keys.ec("another", KeyKind.P384).public_key(),
        ),
        freshness=UNCHECKED,
        at=authority.issued_at,
    )
    assert mismatch(first.device, first.spki, known) is None
    error = mismatch(other.device, other.spki, known)
    assert isinstance(error, KeyMismatch)
    assert (error.reason, error.element) == (Reason.KEY_MISMATCH, "spki")


def test_that_it_is_another_device_comes_before_what_is_missing(
    authority: AttestationAuthority,
) -> None:
    only_udid = Properties(udid=MAC_UDID)
    error = judged(authority, only_udid, serial_number=SERIAL, udid="OTHER")
    assert (error.reason, error.element) == (Reason.IDENTIFIER_MISMATCH, UDID)
    error = judged(authority, only_udid, serial_number=SERIAL, udid=MAC_UDID)
    assert (error.reason, error.element) == (Reason.IDENTIFIER_MISSING, SERIAL_NUMBER)
