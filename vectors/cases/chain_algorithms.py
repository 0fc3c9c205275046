"""Keys, curves, hashes, and what names them: an allowlist, octet for octet."""

from __future__ import annotations

from appleattest import Reason
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Digest,
    KeyKind,
    chains,
    der,
    deviations,
)
from vectors.case import ChainInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_algorithms"

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_OTHER_KEYS = {
    "p224": KeyKind.P224,
    "secp256k1": KeyKind.SECP256K1,
    "rsa-1024": KeyKind.RSA_1024,
    "rsa-2048": KeyKind.RSA_2048,
    "ed25519": KeyKind.ED25519,
}


# The attested key


@valid(FILE, Flag.ALGORITHM_AGILITY, each={"p256": KeyKind.P256, "p384": KeyKind.P384})
def attested_key(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root -> intermediate -> leaf``: P-256 or P-384, as the profile's KeySize says."""
    key = authority.keys.key("attested by request", kind).public_key()
    return ChainInput(authority.attest(public_key=key))


@acceptable(
    FILE,
    Flag.OTHER_ALGORITHM,
    reason=Reason.WEAK_ALGORITHM,
    each={"p521": KeyKind.P521, **but(_OTHER_KEYS, "rsa-1024")},
)
@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.WEAK_ALGORITHM, each=only(_OTHER_KEYS, "rsa-1024"))
def attested_key_of_another_kind(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a key that no Secure Enclave makes.

    The signature of the leaf is right. The documents name P-256 and P-384 (`KeySize`), and forbid
    no other. RSA of 1024 bits is known to be weak.
    """
    key = authority.keys.key("attested by request", kind).public_key()
    return ChainInput(authority.attest(public_key=key))


# The keys of issuers


_ISSUERS = {
    "p256-sha256": (KeyKind.P256, Digest.SHA256),
    "p256-sha384": (KeyKind.P256, Digest.SHA384),
    "p384-sha256": (KeyKind.P384, Digest.SHA256),
    "p384-sha512": (KeyKind.P384, Digest.SHA512),
    "p521-sha256": (KeyKind.P521, Digest.SHA256),
    "p521-sha512": (KeyKind.P521, Digest.SHA512),
}


@valid(FILE, Flag.ALGORITHM_AGILITY, each=_ISSUERS)
def intermediate_key(authority: AttestationAuthority, given: tuple[KeyKind, Digest]) -> ChainInput:
    """``root -> intermediate -> leaf``: each accepted curve, each accepted hash.

    The intermediate may change at any time, and its curve with it.
    """
    kind, digest = given
    changes = [] if digest is Digest.SHA384 else [deviations.SignatureHash(digest)]
    return ChainInput(chains.rekeyed(authority, "agile", kind).attest(deviations=changes))


@valid(FILE, Flag.ALGORITHM_AGILITY, each={"p256": KeyKind.P256, "p521": KeyKind.P521})
def root_key(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root (another curve) -> intermediate -> leaf``: a root of tomorrow, or of a lab."""
    other = AttestationAuthority(authority.keys, root_deviations=[deviations.CertifiedKey(kind)])
    return ChainInput(other.attest(), anchors=(other.root_issuer.der,))


@acceptable(
    FILE,
    Flag.OTHER_ALGORITHM,
    reason=Reason.WEAK_ALGORITHM,
    each=but(_OTHER_KEYS, "rsa-1024"),
)
@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.WEAK_ALGORITHM, each=only(_OTHER_KEYS, "rsa-1024"))
def intermediate_key_of_another_kind(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the leaf is signed, rightly, with such a key."""
    return ChainInput(chains.rekeyed(authority, "agile", kind).attest())


@acceptable(FILE, Flag.DEFECTIVE_EXTRA, each=only(_OTHER_KEYS, "rsa-2048", "ed25519"))
def extra_of_another_kind(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root -> intermediate -> leaf`` and ``root -> [another]`` with such a key, not needed.

    RFC 5280, 6.1, judges the certificates of the path. The day on which Apple appends one of
    another algorithm must not be the day on which a fleet stops.
    """
    return ChainInput([*authority.attest(), chains.rekeyed(authority, "agile", kind).der])


# The hash, and the algorithm's name


_WEAK_HASHES = {"sha1": Digest.SHA1}
_OTHER_HASHES = {"sha224": Digest.SHA224}
_HASHES = {"sha256": Digest.SHA256, "sha512": Digest.SHA512}


@acceptable(FILE, Flag.OTHER_ALGORITHM, reason=Reason.WEAK_ALGORITHM, each=_OTHER_HASHES)
@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.WEAK_ALGORITHM, each=_WEAK_HASHES)
def leaf_hash(authority: AttestationAuthority, digest: Digest) -> ChainInput:
    """``root -> intermediate -> [leaf]``: by the right key, with a weak or a rare hash."""
    return with_leaf(authority, deviations.SignatureHash(digest))


@acceptable(FILE, Flag.OTHER_ALGORITHM, reason=Reason.WEAK_ALGORITHM, each=_OTHER_HASHES)
@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.WEAK_ALGORITHM, each=_WEAK_HASHES)
def intermediate_hash(authority: AttestationAuthority, digest: Digest) -> ChainInput:
    """``root -> [intermediate] -> leaf``: by the right key, with a weak or a rare hash."""
    return with_intermediate(authority, deviations.SignatureHash(digest))


@valid(FILE, Flag.ALGORITHM_AGILITY, each=_HASHES)
def hash_of_all(authority: AttestationAuthority, digest: Digest) -> ChainInput:
    """``root -> intermediate -> leaf``: both signed with another hash than today's."""
    change = [deviations.SignatureHash(digest)]
    return ChainInput(authority.attest(deviations=change, intermediate_deviations=change))


@invalid(
    FILE,
    Reason.WEAK_ALGORITHM,
    Flag.FORGED_SIGNATURE,
    each={"rsa": KeyKind.RSA_2048, "ed25519": KeyKind.ED25519},
)
def signature_of_another_kind(authority: AttestationAuthority, kind: KeyKind) -> ChainInput:
    """``root -> intermediate -> [leaf]``: signed with a key of another kind than the issuer's.

    Both algorithm fields say so truly.
    """
    return with_leaf(authority, deviations.WrongSigner(kind))


_ALGORITHMS = {
    "empty": der.sequence(),
    "ecdsa-with-sha3-384": der.sequence(der.oid("2.16.840.1.101.3.4.3.11")),
    "ecdsa-with-recommended": der.sequence(der.oid("1.2.840.10045.4.2")),
    "ecdsa-with-specified": der.sequence(
        der.oid("1.2.840.10045.4.3"), der.sequence(der.oid("2.16.840.1.101.3.4.2.2"))
    ),
    "dsa-with-sha384": der.sequence(der.oid("2.16.840.1.101.3.4.3.3")),
    "md5-with-rsa": der.sequence(der.oid("1.2.840.113549.1.1.4"), der.null()),
    "sha384-alone": der.sequence(der.oid("2.16.840.1.101.3.4.2.2")),
    "ec-public-key": der.sequence(der.oid(_EC_PUBLIC_KEY)),
}
_NO_ALGORITHMS = ("empty", "ec-public-key")


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.ALGORITHM_CONFUSION,
    each=only(_ALGORITHMS, *_NO_ALGORITHMS),
)
@invalid(
    FILE,
    Reason.WEAK_ALGORITHM,
    Flag.ALGORITHM_CONFUSION,
    each=but(_ALGORITHMS, *_NO_ALGORITHMS),
)
def algorithm_of_another_name(authority: AttestationAuthority, algorithm: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``, ECDSA with SHA-384 under another algorithm's name."""
    return with_leaf(authority, deviations.SignatureAlgorithm(algorithm))


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.ALGORITHM_CONFUSION, Flag.FORGED_SIGNATURE)
def hash_of_another_name(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``, SHA-384 under the name of ecdsa-with-SHA256."""
    name = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    return with_leaf(authority, deviations.SignatureAlgorithm(name))


_NULL: dict[str, Deviation] = {
    "sha384": deviations.NullSignatureParameters(),
    "sha256": deviations.SignatureAlgorithm(
        der.sequence(der.oid("1.2.840.10045.4.3.2"), der.null())
    ),
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.ALGORITHM_CONFUSION, each=_NULL)
def null_parameters(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: NULL parameters, which RFC 5758, 3.2, forbids."""
    return with_leaf(authority, change)


_MISMATCHES = {
    "outer-sha256": deviations.MismatchedAlgorithms(),
    "inner-sha256": deviations.MismatchedAlgorithms(wrong="inner"),
    "outer-sha1": deviations.MismatchedAlgorithms(Digest.SHA1),
    "outer-sha512": deviations.MismatchedAlgorithms(Digest.SHA512),
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.ALGORITHM_CONFUSION, each=_MISMATCHES)
def two_algorithms_in_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the algorithm that is signed is not the outer one.

    RFC 5280, 4.1.1.2. Only the inner one is covered by the signature.
    """
    return with_leaf(authority, change)


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.ALGORITHM_CONFUSION, each=_MISMATCHES)
def two_algorithms_in_the_intermediate(
    authority: AttestationAuthority, change: Deviation
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the algorithm that is signed is not the outer one."""
    return with_intermediate(authority, change)
