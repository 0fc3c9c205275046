"""Profiles to begin with: built, broken in one place, in XML, in binary, signed."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from appleattest.profile import ACMEPayload, ConfigurationProfile, SubjectAltName
from appleattest.testing import KeyKind, der
from fuzz import world

_PAYLOAD: Final = ACMEPayload(
    identifier="com.example.acme",
    directory_url="https://ca.example/acme/directory",
    client_identifier="TESTSERIAL01",
    subject_alt_name=SubjectAltName(dns_name="device.example"),
    usage_flags=1,
    extended_key_usage=("1.3.6.1.5.5.7.3.2",),
    key_is_extractable=False,
)
_WIFI: Final = {
    "PayloadType": "com.apple.wifi.managed",
    "PayloadVersion": 1,
    "PayloadIdentifier": "com.example.wifi",
    "PayloadUUID": "6F2E9C1B-0B0E-4C2F-9C59-0D1D7E5F8A11",
    "PayloadCertificateUUID": _PAYLOAD.payload_uuid,
}
_BROKEN: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"Attest": False},
    {"KeySize": 521},
    {"KeyType": "RSA", "KeySize": 2048},
    {"HardwareBound": False},
    {"Subject": [[["CN"]], [], "x"]},
    {"ClientIdentifier": "$SERIAL/1"},
    {"PayloadUUID": 1, "UsageFlags": 8},
)
Key = rsa.RSAPrivateKey | EllipticCurvePrivateKey


@cache
def contents() -> list[bytes]:
    """The property lists, XML and binary."""
    return [
        plistlib.dumps(made, fmt=form)
        for changes in _BROKEN
        for made in [_profile(changes)]
        for form in (plistlib.FMT_XML, plistlib.FMT_BINARY)
    ]


@cache
def profiles() -> list[bytes]:
    """The property lists, and some of them signed in every way."""
    return [*contents(), *_signed(contents()[0]), *_signed(contents()[-1])]


def _profile(changes: dict[str, Any]) -> dict[str, Any]:
    made = ConfigurationProfile(identifier="com.example.profile", payloads=[_PAYLOAD, _WIFI])
    document = made.to_dict()
    document["PayloadContent"][0] |= changes
    return document


def _signed(content: bytes) -> Iterator[bytes]:
    keys = _keys()
    for key in keys:
        builder = PKCS7SignatureBuilder(content).add_signer(_certificate(key), key, hashes.SHA256())
        for options in ([], [PKCS7Options.NoAttributes], [PKCS7Options.DetachedSignature]):
            yield builder.sign(Encoding.DER, [PKCS7Options.Binary, *options])
        whole = builder.sign(Encoding.DER, [PKCS7Options.Binary])
        yield builder.add_signer(_certificate(keys[0]), keys[0], hashes.SHA512()).sign(
            Encoding.DER, [PKCS7Options.Binary]
        )
        yield whole.replace(b"Payload", b"Pay1oad", 1)
        _, inside, _ = der.read(whole)
        yield b"\x30\x80" + inside + b"\x00\x00"


@cache
def _keys() -> tuple[Key, ...]:
    rsa_key = world.AUTHORITY.keys.key("profiles", KeyKind.RSA_2048)
    assert isinstance(rsa_key, rsa.RSAPrivateKey)
    return world.AUTHORITY.keys.ec("profiles"), rsa_key


def _certificate(key: Key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    until = world.AT.replace(year=world.AT.year + 1)
    serial = _keys().index(key) + 1
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, world.AT, until)
    return builder.sign(key, hashes.SHA256())
