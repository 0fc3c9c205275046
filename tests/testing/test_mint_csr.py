"""Certificate requests made octet by octet are as others make them, or wrong as they are told."""

from __future__ import annotations

import pytest
from asn1crypto.keys import SpecifiedECDomain
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from appleattest.testing import AttestationAuthority, Digest, KeyKind, csr, der
from appleattest.testing.keys import key_bits, spki_of

AUTHORITY = AttestationAuthority("tests of requests")
KEY = AUTHORITY.attested_key
OTHER_KEY = AUTHORITY.keys.ec("another")
NAME = x509.DNSName("a.example")


def read(request: bytes) -> x509.CertificateSigningRequest:
    return x509.load_der_x509_csr(request)


def test_a_request_is_the_one_that_cryptography_makes() -> None:
    theirs = (
        x509.CertificateSigningRequestBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SERIAL")])
        )
        .add_extension(x509.SubjectAlternativeName([NAME]), critical=False)
        .sign(KEY, hashes.SHA256(), ecdsa_deterministic=True)
        .public_bytes(Encoding.DER)
    )
    ours = csr.request(KEY, csr.alternatives(NAME), subject=csr.subject_of("SERIAL"))

    assert ours == theirs


def test_without_extensions_there_is_no_attribute() -> None:
    bare = read(csr.request(KEY, subject=csr.subject()))

    assert not list(bare.attributes)
    assert bare.is_signature_valid
    assert bare.subject == x509.Name([])


def test_every_part_can_be_another() -> None:
    subject = csr.subject(csr.attribute(csr.ORGANIZATION, b"A", der.PRINTABLE_STRING))
    attribute = csr.requested(csr.alternatives(NAME))
    request = read(
        csr.request(
            KEY,
            subject=subject,
            attributes=[attribute],
            signer=OTHER_KEY,
            digest=Digest.SHA384,
            spki=spki_of(OTHER_KEY.public_key()),
        )
    )

    assert request.subject.rfc4514_string() == "O=A"
    assert request.public_key() == OTHER_KEY.public_key()
    assert request.is_signature_valid
    assert isinstance(request.signature_hash_algorithm, hashes.SHA384)
    assert list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == [
        NAME
    ]
    with pytest.raises(x509.InvalidVersion):
        read(csr.request(KEY, subject=subject, version=1))


def test_the_attributes_of_an_rdn_are_in_order() -> None:
    one, other = (csr.attribute(oid, "A") for oid in (csr.COMMON_NAME, csr.SERIAL_NUMBER))

    assert csr.rdn(one, other) == csr.rdn(other, one) == der.tlv(der.SET, one + other)


def test_a_critical_extension_says_so() -> None:
    value = x509.BasicConstraints(ca=True, path_length=None)
    flags = [
        read(csr.request(KEY, extension, subject=csr.subject())).extensions[0].critical
        for extension in (
            csr.extension(csr.BASIC_CONSTRAINTS, value),
            csr.extension(csr.BASIC_CONSTRAINTS, value.public_bytes(), critical=True),
        )
    ]

    assert flags == [False, True]


def test_an_other_name_holds_whatever_it_is_given() -> None:
    names = x509.SubjectAlternativeName(
        [x509.OtherName(x509.ObjectIdentifier("1.2.3"), der.null())]
    )
    assert csr.alternatives_of(csr.other_name("1.2.3", der.null())) == csr.alternatives(*names)
    assert csr.other_name("1.2.3", b"").endswith(b"\xa0\x00")


def test_a_key_around_another_point() -> None:
    public = AUTHORITY.keys.ec("smaller", KeyKind.P256).public_key()
    spki = spki_of(public)

    assert csr.with_point(public, key_bits(spki)) == spki
    with pytest.raises(ValueError, match=r"."):
        load_der_public_key(csr.with_point(public, b"\x04"))


def test_the_explicit_parameters_are_those_of_the_curve() -> None:
    written = SpecifiedECDomain.load(csr.explicit_p384(), strict=True)
    prime = written["field_id"]["parameters"].native
    a, b = (int.from_bytes(written["curve"][name].native, "big") for name in "ab")
    generator = written["base"].native
    x, y = (int.from_bytes(generator[start : start + 48], "big") for start in (1, 49))

    assert (y * y - x**3 - a * x - b) % prime == 0
    assert generator == key_bits(spki_of(ec.derive_private_key(1, ec.SECP384R1()).public_key()))
    assert (written["version"].native, written["cofactor"].native) == ("ecdpVer1", 1)
    other = SpecifiedECDomain.load(csr.explicit_p384(b"any octets"), strict=True)
    assert other["base"].native == b"any octets"
    assert other["order"] == written["order"]
