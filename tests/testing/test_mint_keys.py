from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from appleattest.testing import Digest, KeyKind, KeyRing, keys

CURVES = [KeyKind.P224, KeyKind.P256, KeyKind.P384, KeyKind.P521, KeyKind.SECP256K1]
HASHES: dict[Digest, hashes.HashAlgorithm] = {
    Digest.SHA1: hashes.SHA1(),  # noqa: S303
    Digest.SHA224: hashes.SHA224(),
    Digest.SHA256: hashes.SHA256(),
    Digest.SHA384: hashes.SHA384(),
    Digest.SHA512: hashes.SHA512(),
}


def _digest(ring: KeyRing, kind: KeyKind) -> str:
    return hashlib.sha256(keys.spki_of(ring.key("pinned", kind).public_key())).hexdigest()


@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        (KeyKind.P224, "b7250687e4ea3e41fc5e46398927152f6f4914c139141f300e6eefff9690c9f7"),
        (KeyKind.P256, "6068c1c6d007654f274ef0017076abec461d1feed2ae5b7abf5b0116f979d09f"),
        (KeyKind.P384, "c779457b15e7b1dd6a1715b410a110a7e9d15b798ed95d970c09e3114354dcef"),
        (KeyKind.P521, "72a916750d3724136d7e44641eb23a26d1f131811b0260045ff62faab515d0dd"),
        (KeyKind.SECP256K1, "38cda8b3d33e918098c38990c7804070ce2deeb09cd67cca9baee999084bc897"),
        (KeyKind.RSA_1024, "f71efd973e681073ac6de59691664cb34ca4e179fbe7c2378e763dc66a75e339"),
        (KeyKind.RSA_2048, "10a11e1fd3886247078eb1d9e10d6a5ea39c6ca55f732744b3a64a885b812a83"),
        (KeyKind.ED25519, "6fdef7b9a5c243bca9d01e67be8bb36ff70cf74e9271a0033422dc832001e7e8"),
    ],
)
def test_a_seed_gives_the_same_key_for_ever(kind: KeyKind, digest: str) -> None:
    assert _digest(KeyRing("pinned"), kind) == digest


def test_bytes_str_and_int_are_seeds_of_their_own() -> None:
    seeds: list[bytes | str | int] = [b"1", "1", 1, b"", ""]

    assert len({_digest(KeyRing(seed), KeyKind.P384) for seed in seeds}) == len(seeds)


def test_no_seed_is_another_ring_each_time() -> None:
    assert _digest(KeyRing(), KeyKind.P384) != _digest(KeyRing(None), KeyKind.P384)


@pytest.mark.parametrize("seed", [True, 1.5, bytearray(b"x"), object()])
def test_another_type_of_seed_is_a_type_error(seed: Any) -> None:
    with pytest.raises(TypeError, match="seed must be"):
        KeyRing(seed)


def test_labels_and_kinds_tell_keys_apart() -> None:
    ring = KeyRing(1)

    assert ring.ec("a").private_numbers() != ring.ec("b").private_numbers()
    assert isinstance(ring.ec("a", KeyKind.P256).curve, ec.SECP256R1)
    assert ring.other("x").ec("a").private_numbers() != ring.ec("a").private_numbers()


def test_ec_refuses_another_kind() -> None:
    with pytest.raises(ValueError, match="not a kind of elliptic-curve key"):
        KeyRing(1).ec("a", KeyKind.ED25519)


@pytest.mark.parametrize("kind", CURVES)
def test_the_order_of_a_curve_is_right(kind: KeyKind) -> None:
    """(n - 1) G is -G: the generator's x, another y."""
    curve = KeyRing(1).ec("a", kind).curve
    generator = ec.derive_private_key(1, curve)

    last = ec.derive_private_key(keys.order_of(generator) - 1, curve).public_key()

    assert last.public_numbers().x == generator.public_key().public_numbers().x
    assert last.public_numbers().y != generator.public_key().public_numbers().y


@pytest.mark.parametrize("bits", [1024, 2048])
def test_an_rsa_key_is_one(bits: int) -> None:
    key = KeyRing(1).key("a", KeyKind(f"RSA-{bits}"))

    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == bits
    assert key.private_numbers().p != key.private_numbers().q


@pytest.mark.parametrize("digest", Digest)
def test_every_signature_verifies_and_is_the_same_again(digest: Digest) -> None:
    ring, data = KeyRing(1), b"data"
    elliptic, rsa_key = ring.ec("a"), ring.key("a", KeyKind.RSA_1024)
    assert isinstance(rsa_key, rsa.RSAPrivateKey)

    value, rsa_value = keys.sign(elliptic, digest, data), keys.sign(rsa_key, digest, data)

    elliptic.public_key().verify(value, data, ec.ECDSA(HASHES[digest]))
    rsa_key.public_key().verify(rsa_value, data, padding.PKCS1v15(), HASHES[digest])
    assert keys.sign(elliptic, digest, data) == value


def test_an_ed25519_signature_verifies() -> None:
    key = KeyRing(1).key("a", KeyKind.ED25519)
    signature = keys.sign(key, Digest.SHA384, b"data")
    public: Any = key.public_key()

    public.verify(signature, b"data")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"other")


@pytest.mark.parametrize(
    ("composite", "prime"), [(3215031751, False), (2**127 - 1, True), (561, False)]
)
def test_primes_are_told_from_pseudoprimes(composite: int, prime: bool) -> None:
    assert keys._is_probable_prime(composite) is prime


def test_serial_numbers_are_positive_and_of_twenty_octets() -> None:
    serials = [KeyRing(seed).serial(b"content") for seed in range(50)]

    assert all(serial.bit_length() == 159 for serial in serials)
    assert len(set(serials)) == len(serials)
