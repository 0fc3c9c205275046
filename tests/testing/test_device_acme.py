"""A simulated device answers an ACME challenge with a new key, and signs a CSR with it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from device_tools import AUTHORITY, verified
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import Attestation, NoAttestation, Reason, acme, oids
from appleattest.testing import DeviceModel, ManualClock, SimulatedDevice
from appleattest.testing.device import ChallengeAnswer

TOKEN = "2uO9Yz0bJkqQm1sVtXwA4g"
MAC, IPHONE = DeviceModel.mac(), DeviceModel.iphone()
TOKENS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=22)


def device(model: DeviceModel = MAC) -> SimulatedDevice:
    return SimulatedDevice(AUTHORITY, model)


def attested(answer: ChallengeAnswer, token: str = TOKEN) -> Attestation:
    sent = json.loads(answer.response)
    assert list(sent) == ["attObj"]
    return AUTHORITY.verifier.verify_acme(sent["attObj"], token=token, at=AUTHORITY.issued_at)


@settings(deadline=None, max_examples=30)
@given(token=TOKENS, model=st.sampled_from([MAC, IPHONE]))
def test_the_leaf_answers_the_token_and_certifies_the_key(token: str, model: DeviceModel) -> None:
    answer = device(model).answer_challenge(token)
    attestation = attested(answer, token)
    assert attestation.is_current
    assert attestation.freshness_code == hashlib.sha256(token.encode()).digest()
    assert attestation.public_key == answer.public_key
    assert attestation.device.serial_number == model.serial_number


@pytest.mark.parametrize(
    ("key_size", "curve"), [(256, "secp256r1"), (384, "secp384r1")], ids=["256", "384"]
)
def test_the_key_has_the_size_of_the_payload(key_size: int, curve: str) -> None:
    answer = device().answer_challenge(TOKEN, key_size=key_size)
    assert attested(answer).public_key.curve.name == curve


@pytest.mark.parametrize("key_size", [0, 192, 521, 2048])
def test_a_hardware_bound_key_has_no_other_size(key_size: int) -> None:
    with pytest.raises(ValueError, match="256 or 384"):
        device().answer_challenge(TOKEN, key_size=key_size)


def test_a_token_is_ascii() -> None:
    with pytest.raises(ValueError, match="ascii"):
        device().answer_challenge("tökén")


def test_every_key_is_new_and_attested_at_once() -> None:
    mac = device()
    mdm = verified(mac, b"nonce")
    spkis = {attested(mac.answer_challenge(TOKEN)).spki for _ in range(3)}
    assert len(spkis | {mdm.spki}) == 4


def test_an_update_is_attested_at_once() -> None:
    mac = device()
    assert attested(mac.answer_challenge(TOKEN)).device.os_version == "15.5"
    mac.update_os("26.0")
    assert attested(mac.answer_challenge(TOKEN)).device.os_version == "26.0"


def test_acme_does_not_touch_the_cached_attestation_of_mdm() -> None:
    clock = ManualClock()
    mac = SimulatedDevice(AUTHORITY, clock=clock)
    first = verified(mac, b"first")
    clock.advance(timedelta(days=6))
    mac.answer_challenge(TOKEN)
    assert verified(mac, b"second", [b"first"]).leaf == first.leaf
    clock.advance(timedelta(days=1))
    assert verified(mac, b"second").is_current


def test_user_enrolment_names_no_device() -> None:
    byod = SimulatedDevice(AUTHORITY, IPHONE, user_enrolled=True)
    found = attested(byod.answer_challenge(TOKEN)).device
    assert not found.identifies_device
    assert not {oids.SERIAL_NUMBER, oids.UDID} & set(found.raw)


def test_a_failed_attestation_is_answered_as_apples_client_does() -> None:
    mac = device()
    mac.attestation_fails = True
    answer = mac.answer_challenge(TOKEN)
    sent = json.loads(answer.response)
    assert sorted(sent) == ["attObj", "error"]
    assert isinstance(sent["error"], str)
    with pytest.raises(NoAttestation) as refusal:
        AUTHORITY.verifier.verify_acme(sent["attObj"], token=TOKEN)
    assert refusal.value.reason is Reason.NO_ATTESTATION
    mac.attestation_fails = False
    assert attested(mac.answer_challenge(TOKEN)).is_current


@pytest.mark.parametrize(
    ("model", "attest"),
    [
        pytest.param(MAC, False, id="not-asked-for"),
        pytest.param(replace(MAC, attestable=False), True, id="hardware"),
        pytest.param(DeviceModel.mac(os_version="13.7"), True, id="macos-13"),
        pytest.param(DeviceModel.iphone(os_version="15.8"), True, id="ios-15"),
        pytest.param(DeviceModel.apple_watch(os_version="8.7"), True, id="watchos-8"),
    ],
)
def test_an_answer_without_an_attestation_is_empty(model: DeviceModel, attest: bool) -> None:
    answer = device(model).answer_challenge(TOKEN, attest=attest)
    assert answer.response == b"{}"
    with pytest.raises(ValueError, match="no attestation"):
        _ = answer.attestation_object
    assert x509.load_der_x509_csr(answer.certificate_request("name")).is_signature_valid


def test_a_watch_attests_in_acme_a_version_before_it_does_in_mdm() -> None:
    watch = device(DeviceModel.apple_watch(os_version="9.6"))
    assert attested(watch.answer_challenge(TOKEN)).is_current
    assert watch.attest(b"nonce") is None


# --- the CSR ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_size", [256, 384])
def test_the_csr_is_signed_by_the_attested_key_with_sha_256(key_size: int) -> None:
    answer = device().answer_challenge(TOKEN, key_size=key_size)
    csr = x509.load_der_x509_csr(answer.certificate_request("device"))
    spki = csr.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki == attested(answer).spki
    assert isinstance(csr.signature_hash_algorithm, hashes.SHA256)
    assert csr.is_signature_valid
    assert isinstance(answer.private_key, ec.EllipticCurvePrivateKey)


def test_the_subject_is_a_common_name_or_any_name() -> None:
    answer = device().answer_challenge(TOKEN)
    common = x509.load_der_x509_csr(answer.certificate_request("device"))
    assert common.subject.rfc4514_string() == "CN=device"
    assert len(common.extensions) == 0
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")])
    assert x509.load_der_x509_csr(answer.certificate_request(name)).subject == name


def test_alternative_names_are_requested() -> None:
    names = [x509.DNSName("device.example"), x509.RFC822Name("someone@example.com")]
    answer = device().answer_challenge(TOKEN)
    csr = x509.load_der_x509_csr(answer.certificate_request("device", alternative_names=names))
    found = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(found.value) == names


def test_the_finalize_payload_carries_the_request() -> None:
    names = [x509.DNSName("device.example")]
    answer = device().answer_challenge(TOKEN)
    payload = json.loads(answer.finalize_payload("device", alternative_names=names))
    request = answer.certificate_request("device", alternative_names=names)
    assert payload == {"csr": base64.urlsafe_b64encode(request).decode().rstrip("=")}
    attestation = AUTHORITY.verifier.verify_acme(
        answer.attestation_object, token=TOKEN, at=AUTHORITY.issued_at
    )
    plain = json.loads(answer.finalize_payload("device"))
    valid = acme.validate_csr(
        plain["csr"],
        attestation=attestation,
        identifier="device",
        binding=acme.CSRBinding.CN_OR_SAN,
    )
    assert valid.spki_sha256 == attestation.spki_sha256


def test_a_key_does_not_survive_the_erasure() -> None:
    mac = device()
    before = mac.answer_challenge(TOKEN)
    before.certificate_request("device")
    mac.erase()
    with pytest.raises(LookupError, match="erased"):
        before.certificate_request("device")
    with pytest.raises(LookupError, match="erased"):
        before.finalize_payload("device")
    after = mac.answer_challenge(TOKEN)
    after.certificate_request("device")
    assert after.public_key != before.public_key
