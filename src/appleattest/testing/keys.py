"""Keys made from a seed, and the signatures they give.

A seed and a label always give the same key: HKDF-SHA-512 makes of them an elliptic-curve scalar,
an Ed25519 seed, or the start of a search for two RSA primes. Signatures are deterministic (ECDSA
by RFC 6979, RSA by PKCS #1 v1.5), so a minted chain is always the same. No key is secret.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from functools import lru_cache
from math import gcd, prod
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appleattest.testing import der

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
Seed: TypeAlias = bytes | str | int | None

PUBLIC_KEY_TYPES: Final = (ec.EllipticCurvePublicKey, rsa.RSAPublicKey, ed25519.Ed25519PublicKey)


class KeyKind(StrEnum):
    """A kind of key. Apple's chains hold P-384, some P-256."""

    P224 = "P-224"
    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    SECP256K1 = "secp256k1"
    RSA_1024 = "RSA-1024"
    RSA_2048 = "RSA-2048"
    ED25519 = "Ed25519"


class Digest(StrEnum):
    """The hash of a signature: SHA-384 in Apple's chains. Ed25519 has its own."""

    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


_CURVES: Final[dict[KeyKind, ec.EllipticCurve]] = {
    KeyKind.P224: ec.SECP224R1(),
    KeyKind.P256: ec.SECP256R1(),
    KeyKind.P384: ec.SECP384R1(),
    KeyKind.P521: ec.SECP521R1(),
    KeyKind.SECP256K1: ec.SECP256K1(),
}

# The number of points of each curve (SEC 2).
_ORDERS: Final = {
    "secp224r1": 2**224 - 0xE95D1F470FC1EC22D6BAA3A3D5C3,
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "secp521r1": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
    "secp256k1": 2**256 - 0x14551231950B75FC4402DA1732FC9BEBF,
}

# Each hash, and the ends of its OIDs: with ECDSA (RFC 5758, 3.2) and with RSA (RFC 4055, 5).
_HASHES: Final[dict[Digest, tuple[hashes.HashAlgorithm, str, int]]] = {
    Digest.SHA1: (hashes.SHA1(), "1", 5),  # noqa: S303 (minted so that a verifier can refuse it)
    Digest.SHA224: (hashes.SHA224(), "3.1", 14),
    Digest.SHA256: (hashes.SHA256(), "3.2", 11),
    Digest.SHA384: (hashes.SHA384(), "3.3", 12),
    Digest.SHA512: (hashes.SHA512(), "3.4", 13),
}
_ED25519: Final = "1.3.101.112"


class KeyRing:
    """Every key of one seed, by label.

    ``seed`` is ``bytes``, ``str`` or ``int``: ``b"1"``, ``"1"`` and ``1`` are three seeds; ``None``
    is 32 random octets. Any other type is a ``TypeError``.
    """

    def __init__(self, seed: Seed = None) -> None:
        self._secret = _seed_octets(seed)

    def key(self, label: str, kind: KeyKind = KeyKind.P384) -> PrivateKey:
        """The key of that label and kind."""
        return _derive(self._secret, label, kind)

    def ec(self, label: str, kind: KeyKind = KeyKind.P384) -> ec.EllipticCurvePrivateKey:
        """The elliptic-curve key of that label; another kind is a ``ValueError``."""
        key = self.key(label, kind)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{kind} is not a kind of elliptic-curve key")
        return key

    def authority_key(self, name: bytes) -> PrivateKey:
        """The P-384 key of the authority that has this DER name."""
        return self.key("authority " + name.hex())

    def serial(self, content: bytes) -> int:
        """A positive 20-octet serial number for a certificate with this content."""
        octets = _stretch(self._secret, "serial " + hashlib.sha256(content).hexdigest(), 20)
        return int.from_bytes(bytes([octets[0] & 0x3F | 0x40]) + octets[1:], "big")

    def other(self, label: str) -> KeyRing:
        """The ring of another seed, made from this one and ``label``."""
        return KeyRing(_stretch(self._secret, "ring " + label, 32))


def _seed_octets(seed: Seed) -> bytes:
    if seed is None:
        return b"random " + secrets.token_bytes(32)
    if isinstance(seed, bytes):
        return b"bytes " + seed
    if isinstance(seed, str):
        return b"str " + seed.encode()
    if type(seed) is int:  # a bool is a mistake
        return b"int %d" % seed
    raise TypeError(f"seed must be bytes, str, int or None, not {type(seed).__name__}")


def _stretch(secret: bytes, label: str, octets: int) -> bytes:
    hkdf = HKDF(hashes.SHA512(), octets, salt=b"appleattest.testing 1", info=label.encode())
    return hkdf.derive(secret)


@lru_cache(maxsize=1024)
def _derive(secret: bytes, label: str, kind: KeyKind) -> PrivateKey:
    full_label = f"key {kind} {label}"
    if kind in _CURVES:
        return _derive_ec(secret, full_label, _CURVES[kind])
    if kind is KeyKind.ED25519:
        return ed25519.Ed25519PrivateKey.from_private_bytes(_stretch(secret, full_label, 32))
    return _derive_rsa(secret, full_label, 1024 if kind is KeyKind.RSA_1024 else 2048)


def _derive_ec(secret: bytes, label: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    # 96 octets are at least 247 bits longer than any order here: the bias is negligible.
    scalar = int.from_bytes(_stretch(secret, label, 96), "big") % (_ORDERS[curve.name] - 1) + 1
    return ec.derive_private_key(scalar, curve)


def _derive_rsa(secret: bytes, label: str, bits: int) -> rsa.RSAPrivateKey:
    p, q = (_prime(_stretch(secret, f"{label} {part}", bits // 16)) for part in "pq")
    d = pow(_RSA_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_RSA_EXPONENT, p * q)
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()


_RSA_EXPONENT: Final = 65537
_SMALL_PRIMES: Final = [n for n in range(3, 2000) if all(n % d for d in range(2, int(n**0.5) + 1))]
_SMALL_PRODUCT: Final = prod(_SMALL_PRIMES)


def _prime(start: bytes) -> int:
    """The first usable prime from ``start`` on, its two top bits and last bit set."""
    candidate = int.from_bytes(start, "big") | 0b11 << len(start) * 8 - 2 | 1
    while not (
        gcd(candidate, _SMALL_PRODUCT) == 1
        and _is_probable_prime(candidate)
        and gcd(candidate - 1, _RSA_EXPONENT) == 1
    ):
        candidate += 2
    return candidate


def _is_probable_prime(candidate: int) -> bool:
    """Miller-Rabin with fixed bases: enough for numbers that no attacker chose."""
    odd = candidate - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for base in _SMALL_PRIMES[:16]:
        power = pow(base, odd, candidate)
        if power != 1 and all(pow(power, 1 << i, candidate) != candidate - 1 for i in range(twos)):
            return False
    return True


def order_of(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> int:
    """The order *n* of the key's curve."""
    return _ORDERS[key.curve.name]


def spki_of(key: PublicKey) -> bytes:
    """The SubjectPublicKeyInfo in DER, an elliptic-curve point uncompressed."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def key_bits(spki: bytes) -> bytes:
    """A SubjectPublicKeyInfo's BIT STRING, without the octet of unused bits."""
    _, content, _ = der.read(spki)
    _, _, rest = der.read(content)
    _, bits, _ = der.read(rest)
    return bits[1:]


def algorithm_oid(key: PrivateKey, digest: Digest) -> str:
    """The OID of this kind of key with this hash, dotted."""
    _, ecdsa, pkcs1 = _HASHES[digest]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"1.2.840.10045.4.{ecdsa}"
    return f"1.2.840.113549.1.1.{pkcs1}" if isinstance(key, rsa.RSAPrivateKey) else _ED25519


def algorithm_identifier(key: PrivateKey, digest: Digest) -> bytes:
    """The AlgorithmIdentifier in DER: NULL parameters for RSA, none for the others."""
    parameters = der.null() if isinstance(key, rsa.RSAPrivateKey) else b""
    return der.sequence(der.oid(algorithm_oid(key, digest)), parameters)


def sign(key: PrivateKey, digest: Digest, data: bytes) -> bytes:
    """The signature over ``data``, the same every time."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_HASHES[digest][0], deterministic_signing=True))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _HASHES[digest][0])
    return key.sign(data)
