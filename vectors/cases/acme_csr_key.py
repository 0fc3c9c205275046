"""The certificate request is for the attested key, and signed by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Digest, KeyKind, csr, der
from appleattest.testing.keys import algorithm_identifier, key_bits, order_of, sign, spki_of
from vectors.case import CsrInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.requests import NAMED, request

FILE: Final = "acme_csr_key"

_EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
_P256: Final = "1.2.840.10045.3.1.7"
_P384: Final = "1.3.132.0.34"


def _spki(authority: AttestationAuthority) -> bytes:
    return spki_of(authority.attested_key.public_key())


@valid(FILE, Flag.GENUINE_REQUEST, Flag.ATTESTED_KEY)
def key_on_p384(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``: P-384, what Apple recommends for a hardware-bound key."""
    return CsrInput(csr=request(authority))


@valid(FILE, Flag.GENUINE_REQUEST, Flag.ATTESTED_KEY)
def key_on_p256(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``: P-256, the other curve of the Secure Enclave's keys."""
    key = authority.keys.ec("attested on P-256", KeyKind.P256)
    return CsrInput(csr=csr.request(key, subject=NAMED), attested_key=spki_of(key.public_key()))


@valid(
    FILE,
    Flag.REQUEST_ALGORITHM,
    each={"sha256": Digest.SHA256, "sha384": Digest.SHA384, "sha512": Digest.SHA512},
)
def signed_with(authority: AttestationAuthority, digest: Digest) -> CsrInput:
    """``CN=order's, key=attested``, signed with ECDSA and a hash that is accepted."""
    return CsrInput(csr=request(authority, digest=digest))


@acceptable(
    FILE,
    Flag.OTHER_ALGORITHM,
    reason=Reason.BAD_CSR_SIGNATURE,
    each={"sha224": Digest.SHA224},
)
@invalid(FILE, Reason.BAD_CSR_SIGNATURE, Flag.WEAK_ALGORITHM, each={"sha1": Digest.SHA1})
def signed_with_weak(authority: AttestationAuthority, digest: Digest) -> CsrInput:
    """``CN=order's, key=attested``, signed with ECDSA and a hash that is not accepted.

    SHA-1 has collisions that can be afforded. SHA-224 is no more than unusual.
    """
    return CsrInput(csr=request(authority, digest=digest))


# --- another key --------------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.KEY_MISMATCH,
    Flag.UNATTESTED_KEY,
    each={
        "p384": KeyKind.P384,
        "p256": KeyKind.P256,
        "p521": KeyKind.P521,
        "p224": KeyKind.P224,
        "secp256k1": KeyKind.SECP256K1,
        "rsa-2048": KeyKind.RSA_2048,
        "rsa-1024": KeyKind.RSA_1024,
        "ed25519": KeyKind.ED25519,
    },
)
def another_key(authority: AttestationAuthority, kind: KeyKind) -> CsrInput:
    """``CN=order's, key=[another]``: a sound request of a key that nobody attested."""
    return CsrInput(csr=csr.request(authority.keys.key("another", kind), subject=NAMED))


@invalid(FILE, Reason.KEY_MISMATCH, Flag.UNATTESTED_KEY)
def another_key_signed_by_the_attested_one(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=[another]``, signed by the attested key.

    The attested key vouches for another one: it is not that one's request.
    """
    key = authority.keys.ec("another")
    return CsrInput(csr=csr.request(key, subject=NAMED, signer=authority.attested_key))


def _negated(key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
    """The key whose point has the same x and the other y."""
    return ec.derive_private_key(order_of(key) - key.private_numbers().private_value, key.curve)


@invalid(FILE, Reason.KEY_MISMATCH, Flag.UNATTESTED_KEY)
def key_of_the_same_x(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=-[attested]``: the point of the same x and the other y is another key."""
    return CsrInput(csr=csr.request(_negated(authority.attested_key), subject=NAMED))


@invalid(FILE, Reason.KEY_MISMATCH, Flag.UNATTESTED_KEY)
def key_of_the_certifying_authority(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=[intermediate's]``: of the attestation's chain, not of its leaf."""
    return CsrInput(csr=csr.request(authority.issuer.key, subject=NAMED))


_FOREIGN: Final[dict[str, bytes]] = {
    "unknown-type": der.sequence(der.oid("1.2.3.4")),
    "unknown-curve": der.sequence(der.oid(_EC_PUBLIC_KEY), der.oid("1.2.3.4")),
    "ecdh-only": der.sequence(der.oid("1.3.132.1.12"), der.oid(_P384)),
}


@invalid(FILE, Reason.KEY_MISMATCH, Flag.UNATTESTED_KEY, each=_FOREIGN)
def key_algorithm(authority: AttestationAuthority, algorithm: bytes) -> CsrInput:
    """``CN=order's, key=[algorithm] point of the attested``: other algorithm, other key."""
    spki = der.sequence(algorithm, der.bit_string(key_bits(_spki(authority))))
    return CsrInput(csr=request(authority, spki=spki))


# --- the encoding of the key --------------------------------------------------------------------


def _compressed(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


@acceptable(FILE, Flag.KEY_ENCODING)
def compressed_point(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested as 02 x or 03 x``: the same key.

    RFC 5480, 2.2: compressed forms MAY be read. Keys are compared as what they are. `spkiSha256`
    is of the uncompressed form, as in the attestation, so that a key that comes back is
    recognised.
    """
    key = authority.attested_key
    spki = csr.with_point(key.public_key(), _compressed(key))
    return CsrInput(csr=request(authority, spki=spki))


@invalid(FILE, Reason.KEY_MISMATCH, Flag.UNATTESTED_KEY)
def compressed_point_of_the_other_y(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=[attested x, other y]``, compressed: another key."""
    key = _negated(authority.attested_key)
    spki = csr.with_point(key.public_key(), _compressed(key))
    return CsrInput(csr=csr.request(key, subject=NAMED, spki=spki))


_POINTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "off-the-curve": lambda point: point[:-1] + bytes([point[-1] ^ 1]),
    "at-infinity": lambda _: b"\x00",
    "empty": lambda _: b"",
    "one-octet-short": lambda point: point[:-1],
    "one-octet-long": lambda point: point + b"\x00",
    "x-alone": lambda point: point[1:49],
    "hybrid": lambda point: bytes([6 | point[-1] & 1]) + point[1:],
    "form-5": lambda point: b"\x05" + point[1:],
}


_PARAMETERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "explicit": lambda _: csr.explicit_p384(),
    "explicit-with-the-key-as-generator": csr.explicit_p384,
    "null": lambda _: der.null(),
    "absent": lambda _: b"",
    "curve-twice": lambda _: der.oid(_P384) * 2,
    "curve-of-another-size": lambda _: der.oid(_P256),
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_KEY, each=_PARAMETERS)
def curve(authority: AttestationAuthority, parameters: Callable[[bytes], bytes]) -> CsrInput:
    """``CN=order's, key=attested point on [curve]``: RFC 5480, 2.1.1, has named curves alone.

    Whoever chooses the generator knows a private key to any point (CVE-2020-0601).
    """
    attested = key_bits(_spki(authority))
    algorithm = der.sequence(der.oid(_EC_PUBLIC_KEY), parameters(attested))
    return CsrInput(csr=request(authority, spki=der.sequence(algorithm, der.bit_string(attested))))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_KEY, each=_POINTS)
def point(authority: AttestationAuthority, changed: Callable[[bytes], bytes]) -> CsrInput:
    """``CN=order's, key=[no point]``: octets that are no point of the curve."""
    public = authority.attested_key.public_key()
    spki = csr.with_point(public, changed(key_bits(spki_of(public))))
    return CsrInput(csr=request(authority, spki=spki))


# --- the signature ------------------------------------------------------------------------------


@invalid(FILE, Reason.BAD_CSR_SIGNATURE, Flag.PROOF_OF_POSSESSION)
def signed_by_another_key(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``, signed by [another key]."""
    return CsrInput(csr=request(authority, signer=authority.keys.ec("another")))


@invalid(FILE, Reason.BAD_CSR_SIGNATURE, Flag.PROOF_OF_POSSESSION)
def signature_of_another_request(authority: AttestationAuthority) -> CsrInput:
    """``[CN=order's, key=attested]``, with the signature over a request of another subject."""
    key = authority.attested_key
    other = csr.info(csr.subject_of("OTHERSERIAL2"), _spki(authority))
    return CsrInput(csr=_with_signature(authority, sign(key, Digest.SHA256, other)))


def _with_signature(authority: AttestationAuthority, signature: bytes) -> bytes:
    info = csr.info(NAMED, _spki(authority))
    algorithm = algorithm_identifier(authority.attested_key, Digest.SHA256)
    return der.sequence(info, algorithm, der.bit_string(signature))


def _signature(authority: AttestationAuthority) -> bytes:
    return sign(authority.attested_key, Digest.SHA256, csr.info(NAMED, _spki(authority)))


@valid(FILE, Flag.SIGNATURE_MALLEABILITY)
def twin_of_the_signature(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``, signed (r, n-s): as good a signature as (r, s).

    Whoever sees a request can make this one. It is for the same key and the same names.
    """
    r, s = decode_dss_signature(_signature(authority))
    twin = encode_dss_signature(r, order_of(authority.attested_key) - s)
    return CsrInput(csr=_with_signature(authority, twin))


def _numbers(signature: bytes) -> tuple[bytes, bytes]:
    r, s = decode_dss_signature(signature)
    return der.integer(r), der.integer(s)


_SIGNATURES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda _: b"",
    "zeros": lambda _: bytes(96),
    "two-times-zero": lambda _: der.sequence(der.integer(0), der.integer(0)),
    "two-times-one": lambda _: der.sequence(der.integer(1), der.integer(1)),
    "s-negative": lambda was: der.sequence(
        _numbers(was)[0], der.integer(-decode_dss_signature(was)[1])
    ),
    "s-left-out": lambda was: der.sequence(_numbers(was)[0]),
    "third-number": lambda was: der.sequence(*_numbers(was), der.integer(0)),
    "trailing-octet": lambda was: was + b"\x00",
    "raw-numbers": lambda was: b"".join(
        number.to_bytes(48, "big") for number in decode_dss_signature(was)
    ),
    "long-length": lambda was: b"\x30\x81" + was[1:],
}


@invalid(FILE, Reason.BAD_CSR_SIGNATURE, Flag.PROOF_OF_POSSESSION, each=_SIGNATURES)
def signature(authority: AttestationAuthority, changed: Callable[[bytes], bytes]) -> CsrInput:
    """``CN=order's, key=attested``, with [octets] in the place of the signature."""
    return CsrInput(csr=_with_signature(authority, changed(_signature(authority))))


_NAMED_ALGORITHMS: Final[dict[str, bytes]] = {
    "sha384": der.sequence(der.oid("1.2.840.10045.4.3.3")),
    "rsa": der.sequence(der.oid("1.2.840.113549.1.1.11"), der.null()),
    "ed25519": der.sequence(der.oid("1.3.101.112")),
    "unknown": der.sequence(der.oid("1.2.3.4")),
    "ecdsa-without-hash": der.sequence(der.oid("1.2.840.10045.4.3")),
}


@invalid(FILE, Reason.BAD_CSR_SIGNATURE, Flag.ALGORITHM_CONFUSION, each=_NAMED_ALGORITHMS)
def algorithm_named(authority: AttestationAuthority, algorithm: bytes) -> CsrInput:
    """``CN=order's, key=attested``, signed with SHA-256, and [another algorithm] is named."""
    info = csr.info(NAMED, _spki(authority))
    return CsrInput(csr=der.sequence(info, algorithm, der.bit_string(_signature(authority))))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.ALGORITHM_CONFUSION)
def algorithm_with_parameters(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``, ecdsa-with-SHA256 [NULL]: RFC 5758, 3.2, has no parameters."""
    info = csr.info(NAMED, _spki(authority))
    algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"), der.null())
    return CsrInput(csr=der.sequence(info, algorithm, der.bit_string(_signature(authority))))
