"""What was compared, which a policy must know: a device that says nothing has agreed to nothing."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from appleattest import mdm, policy
from appleattest.testing import AttestationAuthority, Properties, carriers

MAC, IPHONE = Properties.mac(), Properties.iphone()
Kind = mdm.DiscrepancyKind
HONEST_MAC = {
    "SerialNumber": "TESTSERIAL01",
    "UDID": carriers.DEVICE_UDID,
    "ProvisioningUDID": "00000000-0000TESTUDID0001",
    "OSVersion": "14.2",
    "SoftwareUpdateDeviceID": "X001tAP",
}
LIE = mdm.Discrepancy(Kind.OS_VERSION, "14.3", "14.2", explained_by_age=True)


@pytest.fixture
def find(authority: AttestationAuthority) -> Any:
    def find(
        answers: dict[str, Any] | None = None, properties: Properties = MAC, **arguments: Any
    ) -> mdm.Discrepancies:
        document = carriers.response_plist(
            authority.attest(properties=properties), query_responses=answers, **arguments
        )
        response = mdm.DeviceInformationResponse.parse(document)
        return mdm.find_discrepancies(response, authority.verified(properties))

    return find


def test_what_was_compared_is_told(find: Any) -> None:
    queries = {"SerialNumber", "ProvisioningUDID", "OSVersion", "SoftwareUpdateDeviceID"}
    assert find(HONEST_MAC).compared == queries
    assert find(dict.fromkeys(HONEST_MAC, "1")).compared == queries
    for query in queries:
        assert find({query: HONEST_MAC[query]}).compared == {query}
    assert find(None, IPHONE, udid="00000000-0000TESTUDID0002").compared == {Kind.UDID}


@pytest.mark.parametrize("version", ["14.2", "14.2.0", "14.3", "nonsense", 7])
def test_a_version_is_compared_whatever_it_says(version: Any, find: Any) -> None:
    found = find({"OSVersion": version, "SupplementalOSVersionExtra": "(a)"})
    assert found.compared == {Kind.OS_VERSION}
    assert len(found) == (version not in ("14.2", "14.2.0"))


def test_what_one_of_them_does_not_say_was_not_compared(find: Any) -> None:
    assert find({}).compared == frozenset()
    assert find(HONEST_MAC, MAC.user_enrolled()).compared == {
        Kind.OS_VERSION,
        Kind.SOFTWARE_UPDATE_DEVICE_ID,
    }
    assert find(HONEST_MAC, Properties(sepos_version="17.2")).compared == frozenset()
    assert find({"UDID": carriers.DEVICE_UDID}).compared == frozenset()


def test_a_policy_reads_what_was_compared(authority: AttestationAuthority, find: Any) -> None:
    rules = policy.Policy(policy.NoDiscrepancies())
    attestation = authority.verified(MAC)
    for answers, verdict in (
        (HONEST_MAC, policy.Verdict.SATISFIED),
        ({}, policy.Verdict.ABSENT),
        ({**HONEST_MAC, "SerialNumber": "ANOTHER"}, policy.Verdict.VIOLATED),
    ):
        (finding,) = rules.evaluate(attestation, find(answers)).findings
        assert finding.verdict is verdict


def test_a_validated_response_says_what_was_compared(authority: AttestationAuthority) -> None:
    answer = carriers.response_plist(authority.attest(properties=MAC), query_responses=HONEST_MAC)
    seen = mdm.validate_response(
        answer,
        nonce=authority.freshness_code,
        verifier=authority.verifier,
        device=mdm.KnownDevice(serial_number="TESTSERIAL01"),
        at=authority.issued_at,
    )
    assert isinstance(seen.discrepancies, mdm.Discrepancies)
    rules = policy.Policy(policy.NoDiscrepancies())
    assert rules.evaluate(seen.attestation, seen.discrepancies).passed


def test_they_are_a_tuple_that_does_not_change() -> None:
    made: Any = mdm.Discrepancies([LIE], [Kind.OS_VERSION, Kind.UDID])
    assert made == (LIE,)
    assert hash(made) == hash((LIE,))
    assert repr(made) == repr((LIE,))
    assert made.compared == {Kind.OS_VERSION, Kind.UDID}
    assert (mdm.Discrepancies(), mdm.Discrepancies().compared) == ((), frozenset())
    with pytest.raises(AttributeError, match="does not change"):
        made.compared = frozenset()
    with pytest.raises(AttributeError, match="does not change"):
        del made.compared


def test_only_known_properties_can_have_been_compared() -> None:
    names: Any = ["OSVersion", "UDID"]
    assert mdm.Discrepancies((), names).compared == {Kind.OS_VERSION, Kind.UDID}
    names.append("os_version")
    with pytest.raises(ValueError, match="os_version"):
        mdm.Discrepancies((), names)


@dataclass(frozen=True)
class Holder:
    held: object


def test_they_are_their_own_copies_and_survive_a_process_pool() -> None:
    made = mdm.Discrepancies([LIE], [Kind.OS_VERSION, Kind.UDID])
    for each in (made, LIE):
        assert copy.copy(each) is each
        assert copy.deepcopy([each])[0] is each
        assert pickle.loads(pickle.dumps(each)) == each
        assert asdict(Holder(each))["held"]
    restored = pickle.loads(pickle.dumps(made))
    assert (type(restored), restored.compared) == (mdm.Discrepancies, made.compared)


def test_they_are_told_as_json() -> None:
    lie = {"kind": "OSVersion", "said": "14.3", "attested": "14.2", "explained_by_age": True}
    assert LIE.to_dict() == lie
    made = mdm.Discrepancies([LIE], [Kind.UDID, Kind.OS_VERSION])
    assert json.loads(json.dumps(made.to_dict())) == {
        "found": [lie],
        "compared": ["OSVersion", "UDID"],
    }
