"""AWS-LC and `cryptography` agree about every edge case of ECDSA, and both are right."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Verifier
from appleattest.signatures import AWSLC
from appleattest.testing import Deviation, KeyKind, deviations
from appleattest.testing.keys import Digest
from aws_lc import needs_aws_lc
from chain_cases import AUTHORITY, Acceptance, fresh, remembered, verdict
from ecdsa_cases import EcdsaCase, cases, curve_of, integers, invalid_keys

pytestmark = needs_aws_lc

CONTENT: Final = bytes(range(256)) * 3
CURVES: Final = (KeyKind.P256, KeyKind.P384)
DIGESTS: Final = (Digest.SHA256, Digest.SHA384, Digest.SHA512)
HASHES: Final = {
    Digest.SHA256: hashes.SHA256(),
    Digest.SHA384: hashes.SHA384(),
    Digest.SHA512: hashes.SHA512(),
}
FLAGS: Final = {
    "ArithmeticError",
    "BerEncodedSignature",
    "EdgeCasePublicKey",
    "EdgeCaseShamirMultiplication",
    "IntegerOverflow",
    "InvalidEncoding",
    "InvalidSignature",
    "InvalidTypesInSignature",
    "ModifiedInteger",
    "ModifiedSignature",
    "PointDuplication",
    "RangeCheck",
    "SignatureMalleabilityBitcoin",
    "SmallRandS",
    "ValidSignature",
}


def by_openssl(spki: bytes, signature: bytes, content: bytes, digest: Digest) -> bool:
    key = load_der_public_key(spki)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, content, ec.ECDSA(HASHES[digest]))
    except InvalidSignature:
        return False
    return True


def by_aws_lc(spki: bytes, signature: bytes, content: bytes, digest: Digest) -> bool:
    key = AWSLC().issuer_key(spki)
    assert key is not None
    return key.verifies(signature, content, digest)


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("kind", CURVES)
def test_both_are_right_about_every_case(kind: KeyKind, digest: Digest) -> None:
    found = list(cases(kind, digest, CONTENT))
    for judge in (by_openssl, by_aws_lc):
        wrong = [
            f"{case.flag}: {case.comment}"
            for case in found
            if judge(case.spki, case.signature, CONTENT, digest) is not case.valid
        ]
        assert wrong == []
    assert {case.flag for case in found} == FLAGS
    assert Counter(case.valid for case in found)[True] >= 20


@pytest.mark.parametrize("kind", CURVES)
def test_a_point_that_is_not_on_the_curve_is_no_key(kind: KeyKind) -> None:
    for name, spki in invalid_keys(kind).items():
        assert AWSLC().issuer_key(spki) is None, name
    curve = curve_of(kind)
    assert AWSLC().issuer_key(curve.key(curve.generator)) is not None


@given(
    kind=st.sampled_from(CURVES),
    digest=st.sampled_from(DIGESTS),
    content=st.binary(max_size=100),
    r=st.integers(min_value=-(2**64)),
    s=st.integers(min_value=-(2**64)),
)
def test_of_any_two_numbers_they_say_the_same(
    kind: KeyKind, digest: Digest, content: bytes, r: int, s: int
) -> None:
    spki = curve_of(kind).key(curve_of(kind).generator)
    signature = integers(r, s)
    asked = (spki, signature, content, digest)
    assert by_openssl(*asked) == by_aws_lc(*asked)


@given(kind=st.sampled_from(CURVES), octets=st.binary(max_size=120))
def test_of_any_octets_they_say_the_same(kind: KeyKind, octets: bytes) -> None:
    spki = curve_of(kind).key(curve_of(kind).generator)
    asked = (spki, octets, CONTENT, Digest.SHA384)
    assert by_openssl(*asked) == by_aws_lc(*asked)


# --- in a leaf, under an intermediate that is remembered


def leaf_signed(digest: Digest, signature: bytes | None = None) -> bytes:
    """A leaf with this signature, or its issuer's own."""
    changes: list[Deviation] = []
    if digest is not Digest.SHA384:
        changes.append(deviations.SignatureHash(digest))
    if signature is not None:
        changes.append(deviations.ReplacedSignature(signature))
    return AUTHORITY.issuer.issue_leaf(deviations=changes)


def intermediate_with(spki: bytes) -> bytes:
    """A genuine intermediate with the name of the leaf's issuer, and this key."""
    return AUTHORITY.root_issuer.issue_authority(
        AUTHORITY.issuer.subject, deviations=[deviations.PublicKeyInfo(spki)]
    ).der


def by_key(found: list[EcdsaCase]) -> dict[bytes, list[EcdsaCase]]:
    """The cases of each key, a valid one first."""
    sorted_ = sorted(found, key=lambda case: not case.valid)
    return {case.spki: [each for each in sorted_ if each.spki == case.spki] for case in sorted_}


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("kind", CURVES)
def test_in_a_leaf_they_get_the_same_verdict(kind: KeyKind, digest: Digest) -> None:
    content = load_der_x509_certificate(leaf_signed(digest)).tbs_certificate_bytes
    for spki, same_key in by_key(list(cases(kind, digest, content))).items():
        intermediate = intermediate_with(spki)
        engine = Verifier(trust=AUTHORITY.trust)
        aws_lc = Verifier(trust=AUTHORITY.trust, signatures=AWSLC())
        assert same_key[0].valid
        for case in same_key:
            chain = [leaf_signed(digest, case.signature), intermediate]
            expected = verdict(fresh(engine), chain)
            assert isinstance(expected, Acceptance) is case.valid, case
            assert verdict(engine, chain) == verdict(aws_lc, chain) == expected, case
            assert remembered(engine) == remembered(aws_lc) == 1
