"""The two complete chains that Apple issued, against the pinned root; no value is told here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import (
    UNCHECKED,
    Freshness,
    FreshnessMismatch,
    OutsideValidity,
    Reason,
    SecureBoot,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    UntrustedChain,
    Verifier,
    exactly,
)
from appleattest.testing import ISSUED_AT, Issuer, carriers, deviations
from chain_cases import AUTHORITY, accept, path_of, refuse, remembered
from conftest import REAL_DATA, RealChain, real_der


def stated_nonce() -> bytes:
    """The nonce that was sent for the 26.2 leaf, as the README of ../shared/data states it."""
    readme = REAL_DATA / "README.md"
    if not readme.exists():
        pytest.skip("the real certificates are not here: no README.md in ../shared/data")
    stated = re.search(r"freshness code is the nonce as sent: `([0-9a-f]{64})`", readme.read_text())
    assert stated is not None
    return bytes.fromhex(stated[1])


SECOND = timedelta(seconds=1)


def inside(chain: RealChain) -> datetime:
    return chain.leaf.not_valid_before_utc + timedelta(days=7)


def test_a_real_chain_verifies(real_chain: RealChain) -> None:
    verifier = Verifier()
    at = inside(real_chain)
    cold, warm = (accept(verifier, real_chain.ders, at) for _ in range(2))
    assert cold == warm
    for attestation in (cold, warm):
        assert path_of(attestation)[:2] == tuple(real_chain.ders)
        assert len(attestation.chain) == 3
        assert attestation.anchored_at_apple
        assert attestation.anchor == verifier.trust.anchors[0]
    assert remembered(verifier) == 1
    root = cold.anchor.public_bytes(Encoding.DER)
    assert accept(verifier, [real_chain.ders[0], root, *real_chain.ders[1:]], at) == cold


def test_a_real_chain_by_either_carrier(real_chain: RealChain) -> None:
    at = inside(real_chain)
    verifier = Verifier()
    for binary in (False, True):
        response = carriers.response_plist(real_chain.ders, binary=binary)
        assert verifier.verify_mdm(response, nonce=UNCHECKED, at=at).anchored_at_apple
    obj = carriers.attestation_object(real_chain.ders)
    assert verifier.verify_acme(obj, token=UNCHECKED, at=at).anchored_at_apple


def test_the_properties_of_a_real_leaf_decode(real_chain: RealChain) -> None:
    attestation = accept(Verifier(), real_chain.ders, inside(real_chain))
    device = attestation.device
    texts = (
        device.serial_number,
        device.udid,
        device.software_update_device_id,
        device.os_version,
        device.sepos_version,
        device.llb_version,
    )
    assert [type(text) for text in texts] == [str] * 6
    assert device.identifies_device
    assert type(device.sip) is SystemIntegrityProtection
    assert type(device.secure_boot) is SecureBoot
    assert type(device.third_party_kexts) is ThirdPartyKexts
    assert device.secure_boot is not SecureBoot.UNRECOGNIZED
    assert device.sip is not SystemIntegrityProtection.UNRECOGNIZED
    assert len(device.raw) == 10
    assert isinstance(attestation.public_key.curve, ec.SECP384R1)
    assert attestation.freshness_code is not None
    assert Verifier().reverify(attestation.to_dict()) == attestation


def test_the_freshness_code_is_the_nonce_as_it_was_sent() -> None:
    chain = [
        real_der("apple-mda-leaf-macos-26.2"),
        real_der("apple-enterprise-attestation-sub-ca-1"),
    ]
    at = datetime(2026, 5, 15, tzinfo=UTC)
    verifier = Verifier()
    nonce = stated_nonce()
    attestation = verifier.verify_mdm(chain, nonce=nonce, at=at)
    assert attestation.freshness is Freshness.CURRENT
    assert attestation.freshness_code == attestation.matched_freshness == nonce
    assert verifier.verify_chain(chain, freshness=exactly(nonce), at=at).is_current
    for other in (nonce[:-1], nonce[:-1] + b"\0", b"x"):
        with pytest.raises(FreshnessMismatch) as caught:
            verifier.verify_mdm(chain, nonce=other, at=at)
        assert caught.value.reason is Reason.FRESHNESS_MISMATCH
        assert caught.value.attestation is not None
    earlier = verifier.verify_mdm(chain, nonce=b"now", previous_nonces={nonce: at}, at=at)
    assert earlier.requested_at == at


def test_a_second_outside_its_validity(real_chain: RealChain) -> None:
    start, end = real_chain.leaf.not_valid_before_utc, real_chain.leaf.not_valid_after_utc
    verifier = Verifier()
    for _ in ("cold", "warm"):
        for at in (start, end):
            accept(verifier, real_chain.ders, at)
        for at, reason in ((start - SECOND, Reason.NOT_YET_VALID), (end + SECOND, Reason.EXPIRED)):
            refuse(verifier, real_chain.ders, OutsideValidity, reason, "x5c[0]", at)


def test_a_real_leaf_named_as_the_issuer_of_a_forged_one(real_chain: RealChain) -> None:
    """Nobody here can sign with its key, so this much can be tried: its name."""
    at = inside(real_chain)
    subject = real_chain.leaf.subject.public_bytes()
    forger = Issuer(
        real_chain.ders[0], subject, AUTHORITY.attested_key, AUTHORITY.keys, tuple(real_chain.ders)
    )
    verifier = Verifier()
    for _ in ("cold", "warm"):
        forged = forger.attest(at=at)
        refuse(verifier, forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]", at)
        accept(verifier, real_chain.ders, at)


def test_a_forged_leaf_under_the_real_intermediate(real_chain: RealChain) -> None:
    at = inside(real_chain)
    accepted = accept(Verifier(), real_chain.ders, at)
    issuer = accepted.chain[1].subject.public_bytes()
    leaf = AUTHORITY.issuer.issue_leaf(at=at, deviations=[deviations.IssuerName(issuer)])
    verifier = Verifier()
    for _ in ("cold", "warm"):
        chain = [leaf, real_chain.ders[1]]
        refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]", at)
        accept(verifier, real_chain.ders, at)


def test_minted_chains_and_real_ones_do_not_mix(real_chain: RealChain) -> None:
    at = inside(real_chain)
    minted = AUTHORITY.attest(at=at)
    refuse(Verifier(), minted, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]", at)
    lab = Verifier(trust=AUTHORITY.trust)
    refuse(lab, real_chain.ders, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]", at)
    mixed = [minted[0], real_chain.ders[1]]
    refuse(Verifier(), mixed, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]", at)
    both = Verifier(trust=lab.trust.adding(*Verifier().trust.anchors))
    assert accept(both, real_chain.ders, at).anchored_at_apple
    assert not accept(both, AUTHORITY.attest(), ISSUED_AT).anchored_at_apple
