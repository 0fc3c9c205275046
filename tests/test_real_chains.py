"""The chains that Apple issued, against the pinned root; no value of a device is told here."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from cryptography import x509
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
from real_chains import FOLDER, REAL_CHAINS, VARIABLE, RealChain, apple_intermediate


def stated_nonces() -> list[bytes]:
    """The nonces that were sent for the chains, as a README.md beside them states them."""
    readme = FOLDER / "README.md" if FOLDER else None
    text = readme.read_text("utf-8") if readme and readme.exists() else ""
    stated = re.findall(r"freshness code is the nonce as sent: `([0-9a-f]+)`", text)
    return [bytes.fromhex(each) for each in stated]


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
    """A nonce stands in no parameter: the names of tests are printed."""
    nonces = stated_nonces()
    if not nonces:
        pytest.skip(f"no README.md in {VARIABLE} states a nonce that was sent")
    for nonce in nonces:
        is_the_code_of_one_chain(nonce)


def is_the_code_of_one_chain(nonce: bytes) -> None:
    verifier = Verifier()
    attested = [
        each
        for each in REAL_CHAINS
        if accept(verifier, each.ders, inside(each)).freshness_code == nonce
    ]
    (found,) = attested
    chain, at = found.ders, inside(found)
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


def forged_leaf(at: datetime) -> bytes:
    """A leaf that says Apple's intermediate issued it; a key of ours signed it."""
    issuer = x509.load_der_x509_certificate(apple_intermediate()).subject.public_bytes()
    return AUTHORITY.issuer.issue_leaf(at=at, deviations=[deviations.IssuerName(issuer)])


def test_a_forged_leaf_under_the_real_intermediate() -> None:
    """No signature but the leaf's is wrong: Apple's root issued the intermediate."""
    verifier = Verifier()
    forged = [forged_leaf(ISSUED_AT), apple_intermediate()]
    for _ in range(2):
        refuse(verifier, forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    refuse(verifier, forged[:1], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")


def test_a_forged_leaf_beside_a_real_one(real_chain: RealChain) -> None:
    at = inside(real_chain)
    verifier = Verifier()
    for _ in ("cold", "warm"):
        chain = [forged_leaf(at), real_chain.ders[1]]
        refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]", at)
        accept(verifier, real_chain.ders, at)


def test_minted_certificates_and_apples_do_not_mix() -> None:
    minted = AUTHORITY.attest()
    refuse(Verifier(), minted, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")
    mixed = [minted[0], apple_intermediate()]
    refuse(Verifier(), mixed, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    accept(Verifier(trust=AUTHORITY.trust), minted)


def test_a_real_chain_needs_apples_root(real_chain: RealChain) -> None:
    at = inside(real_chain)
    lab = Verifier(trust=AUTHORITY.trust)
    refuse(lab, real_chain.ders, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]", at)
    both = Verifier(trust=lab.trust.adding(*Verifier().trust.anchors))
    assert accept(both, real_chain.ders, at).anchored_at_apple
    assert not accept(both, AUTHORITY.attest(), ISSUED_AT).anchored_at_apple
