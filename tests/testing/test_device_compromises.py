"""What a compromised device does, beside the same device honest."""

from __future__ import annotations

import json
import plistlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from device_tools import ATTESTATION, AUTHORITY, EVERYTHING, answers, ask, command, verified

from appleattest import Attestation, FreshnessMismatch
from appleattest.mdm import ATTESTATION_INTERVAL
from appleattest.testing import DeviceModel, ManualClock, SimulatedDevice
from appleattest.testing.device import (
    AnswersOlder,
    ChallengeAnswer,
    Compromise,
    Lies,
    Omits,
    Relays,
    RepeatsResponse,
    Replays,
)

TOKEN = "2uO9Yz0bJkqQm1sVtXwA4g"
MAC, OTHER = DeviceModel.mac(1), DeviceModel.mac(2)


def device(*compromises: Compromise, model: DeviceModel = MAC) -> SimulatedDevice:
    return SimulatedDevice(AUTHORITY, model, compromises=compromises)


def attested(answer: ChallengeAnswer) -> Attestation:
    return AUTHORITY.verifier.verify_acme(
        answer.attestation_object, token=TOKEN, at=AUTHORITY.issued_at
    )


def spki(answer: ChallengeAnswer) -> bytes:
    return answer.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_compromise_that_does_nothing_changes_nothing() -> None:
    idle = device(Compromise())
    assert idle.answer(command(b"nonce")) == device().answer(command(b"nonce"))
    assert idle.answer_challenge(TOKEN).response == device().answer_challenge(TOKEN).response


def test_a_liar_lies_where_it_is_asked_and_is_attested_truly() -> None:
    liar = device(Lies({"OSVersion": "26.0", "SerialNumber": "ANOTHER"}))
    found = answers(liar, b"nonce", ("OSVersion", "UDID", ATTESTATION))
    assert (found["OSVersion"], found["UDID"]) == ("26.0", MAC.udid)
    assert "SerialNumber" not in found
    assert verified(liar, b"nonce").device.os_version == "15.5"


def test_one_that_omits_is_attested_without() -> None:
    hiding = device(Omits("sip", "secure_boot"))
    for found in (
        verified(hiding, b"nonce").device,
        attested(hiding.answer_challenge(TOKEN)).device,
    ):
        assert (found.sip, found.secure_boot) == (None, None)
        assert found.third_party_kexts is not None
        assert found.serial_number == MAC.serial_number
    honest = verified(device(), b"nonce").device
    assert None not in (honest.sip, honest.secure_boot)


def test_what_is_cached_cannot_be_omitted() -> None:
    clock = ManualClock()
    mac = SimulatedDevice(AUTHORITY, clock=clock)
    verified(mac, b"first")
    mac.compromises = (Omits("sip"),)
    assert verified(mac, b"second", [b"first"]).device.sip is not None
    clock.advance(ATTESTATION_INTERVAL)
    assert verified(mac, b"second").device.sip is None


def test_only_what_is_attested_can_be_omitted() -> None:
    with pytest.raises(ValueError, match="not attested properties: \\['raw'\\]"):
        Omits("sip", "raw")  # type: ignore[arg-type]
    assert repr(Omits("udid", "sip")) == "Omits('sip', 'udid')"


def test_a_replayed_chain_is_genuine_and_answers_another_request() -> None:
    old = device().answer(command(b"old"))
    chain = plistlib.loads(old)["QueryResponses"][ATTESTATION]
    for earlier in (old, chain):
        replaying = device(Replays(earlier))
        response = ask(replaying, b"new")
        assert response["CommandUUID"] == "uuid"
        assert response["QueryResponses"][ATTESTATION] == chain
        with pytest.raises(FreshnessMismatch) as refusal:
            verified(replaying, b"new")
        assert refusal.value.attestation is not None
        assert refusal.value.attestation.freshness_code == b"old"
    assert verified(device(), b"new").is_current


def test_a_replayed_chain_comes_even_where_an_honest_device_has_none() -> None:
    old = device().answer(command(b"old"))
    broken = device(Replays(old))
    broken.attestation_fails = True
    assert ATTESTATION in answers(broken, b"new")
    assert ATTESTATION not in answers(broken, b"new", ("UDID",))


def test_a_chain_replayed_in_acme_is_not_of_the_key_of_the_csr() -> None:
    old = device().answer_challenge(TOKEN)
    new = device(Replays(old.response)).answer_challenge(TOKEN, key_size=256)
    attestation = attested(new)
    assert attestation.spki == spki(old)
    assert attestation.spki != spki(new)
    assert attested(old).spki == spki(old)


def test_a_relayed_attestation_is_fresh_and_of_another_device() -> None:
    relaying = device(Relays(device(model=OTHER)))
    attestation = verified(relaying, b"nonce")
    assert attestation.is_current
    assert attestation.device.serial_number == OTHER.serial_number
    assert answers(relaying, b"nonce")["SerialNumber"] == MAC.serial_number
    assert verified(device(), b"nonce").device.serial_number == MAC.serial_number


def test_an_attestation_relayed_in_acme_has_the_others_key() -> None:
    other = device(model=OTHER)
    answer = device(Relays(other)).answer_challenge(TOKEN, key_size=256)
    attestation = attested(answer)
    assert attestation.device.serial_number == OTHER.serial_number
    assert attestation.spki == spki(answer)
    assert answer.public_key.curve.name == "secp256r1"
    assert answer.certificate_request("device")


def test_where_no_attestation_is_asked_for_nothing_is_relayed() -> None:
    relaying = device(Relays(device(model=OTHER)))
    assert relaying.answer_challenge(TOKEN, attest=False).response == b"{}"
    assert list(json.loads(relaying.answer_challenge(TOKEN).response)) == ["attObj"]


def test_an_unacceptable_nonce_is_not_relayed() -> None:
    relaying = device(Relays(device(model=OTHER)))
    assert set(answers(relaying, b"n" * 33)) == set(EVERYTHING)
    with pytest.raises(FreshnessMismatch, match="freshness-missing"):
        verified(relaying, b"nonce")


def test_an_older_command_is_answered_under_its_own_name() -> None:
    older = command(b"older", uuid="older")
    response = device(AnswersOlder(older)).answer(command(b"new", uuid="new"))
    assert response == device().answer(older)
    assert plistlib.loads(response)["CommandUUID"] == "older"
    assert AUTHORITY.verifier.verify_mdm(
        response, nonce=b"older", at=AUTHORITY.issued_at
    ).is_current


def test_a_response_is_repeated_octet_for_octet() -> None:
    old = device().answer(command(b"old", uuid="old"))
    repeating = device(RepeatsResponse(old))
    assert repeating.answer(command(b"new")) == old
    assert device().answer(command(b"new")) != old


def test_compromises_act_in_order() -> None:
    old = device().answer(command(b"old"))
    lie, again = Lies({"OSVersion": "1"}), Lies({"OSVersion": "2"})
    assert answers(device(lie, again), b"nonce")["OSVersion"] == "2"
    assert answers(device(again, lie), b"nonce")["OSVersion"] == "1"
    both = answers(device(lie, Replays(old), Omits("sip")), b"nonce")
    assert both["OSVersion"] == "1"
    assert both[ATTESTATION] == plistlib.loads(old)["QueryResponses"][ATTESTATION]
