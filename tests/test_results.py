"""Results say what was verified, cannot be made by hand, and do not spill certificates."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json
import pickle
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import (
    UNCHECKED,
    Attestation,
    Check,
    ClaimedProperties,
    DeviceProperties,
    ExpectedFreshness,
    Freshness,
    FreshnessMismatch,
    MalformedInput,
    Outcome,
    Reason,
    Report,
    TrustStore,
    UnverifiedAttestation,
    Verifier,
    decode_unverified,
    exactly,
    oids,
)
from appleattest.properties import LeafProperties
from appleattest.report import CHECKS
from appleattest.sealed import Sealed, seal
from appleattest.testing import AttestationAuthority, KeyKind, Properties, deviations
from real_chains import RealChain

AUTHORITY = AttestationAuthority("tests of results")
AT = AUTHORITY.issued_at
SENT = datetime(2025, 6, 30, 8, tzinfo=UTC)


def attested(**arguments: Any) -> Attestation:
    return AUTHORITY.verifier.verify_chain(
        AUTHORITY.attest(**arguments), freshness=exactly(AUTHORITY.freshness_code), at=AT
    )


def earlier() -> Attestation:
    return AUTHORITY.verifier.verify_mdm(
        AUTHORITY.attest(),
        nonce=b"another",
        previous_nonces={AUTHORITY.freshness_code: SENT},
        at=AT,
    )


def unmatched() -> Attestation:
    with pytest.raises(FreshnessMismatch) as caught:
        AUTHORITY.verifier.verify_mdm(AUTHORITY.attest(), nonce=b"another", at=AT)
    assert caught.value.attestation is not None
    return caught.value.attestation


def unchecked() -> Attestation:
    return AUTHORITY.verifier.verify_mdm(
        AUTHORITY.attest(freshness_code=None), nonce=UNCHECKED, at=AT
    )


def examined(nonce: bytes) -> Report:
    return AUTHORITY.verifier.examine_mdm(AUTHORITY.attest(), nonce=nonce, at=AT)


def unverified() -> UnverifiedAttestation:
    return decode_unverified(AUTHORITY.attestation_object())


RESULTS: dict[type, Callable[[], Any]] = {
    Attestation: attested,
    DeviceProperties: lambda: attested().device,
    UnverifiedAttestation: unverified,
    ClaimedProperties: lambda: unverified().claims,
    Report: lambda: examined(b"another"),
    ExpectedFreshness: lambda: exactly(b"nonce"),
}
results = pytest.mark.parametrize(("kind", "make"), RESULTS.items(), ids=lambda r: r.__name__)
ATTESTATIONS = [attested, earlier, unmatched, unchecked]
attestations = pytest.mark.parametrize("make", ATTESTATIONS)


# Nobody forges one by accident


def test_every_sealed_type_is_looked_at() -> None:
    """Those of the protocol packages are tested beside what makes them."""
    protocol = re.compile(r"appleattest\.(acme|mdm|policy|profile)\.")
    found = {*Sealed.__subclasses__(), *LeafProperties.__subclasses__()} - {LeafProperties}
    core = {each for each in found if not protocol.match(each.__module__)}
    assert core == set(RESULTS)


@results
def test_the_constructor_refuses(kind: Any, make: Callable[[], Any]) -> None:
    given: list[dict[str, Any]] = [{}, {"device": None}]
    for arguments in given:
        with pytest.raises(
            TypeError, match=f"^{kind.__name__} is not made by hand, but by the functions that"
        ):
            kind(**arguments)
    with pytest.raises(
        TypeError, match=f"^{kind.__name__} is not made by hand, but by the functions that"
    ):
        kind(make())
    assert isinstance(make(), kind)


@results
def test_inheritance_refuses(kind: Any, make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} cannot be extended$"):
        type("Mine", (kind,), {})
    with pytest.raises(TypeError, match="cannot be extended"):
        type("Mine", (kind,), {"__module__": "appleattestation"})
    ours = type("Ours", (kind,), {"__module__": "appleattest.somewhere", "__slots__": ()})
    assert ours in kind.__subclasses__()


@dataclasses.dataclass
class Row:
    """A row of a caller's own, with a result in it."""

    result: Any


@results
def test_a_copy_is_the_object_itself(kind: Any, make: Callable[[], Any]) -> None:
    result = make()

    assert copy.copy(result) is result
    assert copy.deepcopy(result) is result
    assert copy.deepcopy([result])[0] is result
    assert dataclasses.asdict(Row(result)) == {"result": result}
    assert dataclasses.asdict(Row(result))["result"] is result


@results
def test_replacements_refuse(kind: Any, make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        dataclasses.replace(make(), carrier="acme")
    if sys.version_info >= (3, 13):
        with pytest.raises(TypeError):
            copy.replace(make(), carrier="acme")


@results
def test_assignment_and_deletion_refuse(kind: Any, make: Callable[[], Any]) -> None:
    result = make()
    names = [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]

    for name in (*names, "freshness", "is_current", "new"):
        with pytest.raises(
            AttributeError, match=f"^{kind.__name__} does not change: make another$"
        ):
            setattr(result, name, None)
        with pytest.raises(
            AttributeError, match=f"^{kind.__name__} does not change: make another$"
        ):
            delattr(result, name)
    assert not hasattr(result, "__dict__")


@pytest.mark.parametrize("kind", [DeviceProperties, ClaimedProperties, ExpectedFreshness])
def test_a_result_reaches_a_worker_whole(kind: Any) -> None:
    result: Any = RESULTS[kind]()

    again: Any = pickle.loads(pickle.dumps(result))

    assert type(again) is kind
    assert repr(again) == repr(result)
    if kind is not ExpectedFreshness:
        assert again == result
        assert again.to_dict() == result.to_dict()
        assert again.malformed == result.malformed


def test_sealing_sets_what_it_is_given_and_no_more() -> None:
    report = seal(Report, checks=(), attestation=None, error=None)

    assert (report.checks, report.attestation, report.error) == ((), None, None)
    with pytest.raises(
        TypeError, match=r"^Report has the fields \['attestation', 'checks', 'error'\]$"
    ):
        seal(Report, cheks=(), attestation=None, error=None)  # type: ignore[call-arg]


def test_the_mappings_of_a_result_do_not_change() -> None:
    device = attested(properties=Properties.mac()).device
    changes: list[Callable[[Any], object]] = [
        lambda mapping: mapping.__init__({}),
        lambda mapping: setattr(mapping, "_items", {}),
        lambda mapping: delattr(mapping, "_items"),
    ]
    for mapping in (device.raw, device.values):
        before = dict(mapping)
        for change in changes:
            with pytest.raises(
                AttributeError, match=r"^FrozenMapping does not change: make another$"
            ):
                change(mapping)
        reduced: Any = mapping.__reduce__()
        reduced[1][0].clear()
        assert mapping == before
        assert pickle.loads(pickle.dumps(mapping)) == before
    assert device.serial_number == "TESTSERIAL01"


@results
def test_nobody_fills_a_result_again(kind: Any, make: Callable[[], Any]) -> None:
    result = make()
    shown = repr(result)
    fields = dict.fromkeys(kind.__slots__ or kind.__mro__[1].__slots__)

    with pytest.raises(AttributeError, match=f"^{kind.__name__} does not change: make another$"):
        result._fill(**fields)
    assert repr(result) == shown


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: examined(b"another"), "^Report is neither true nor false: look at its error$"),
        (lambda: examined(b"another").checks[0], "^Check is neither true nor false: compare"),
        (lambda: attested().freshness, "^Freshness is neither true nor false: compare it"),
    ],
    ids=["report", "check", "freshness"],
)
def test_a_result_that_may_be_bad_news_has_no_truth_value(
    make: Callable[[], Any], match: str
) -> None:
    with pytest.raises(TypeError, match=match):
        bool(make())


@results
def test_results_can_be_referred_to_weakly(kind: Any, make: Callable[[], Any]) -> None:
    import weakref

    result = make()

    assert weakref.ref(result)() is result


def test_the_unverified_is_no_relation_of_the_verified() -> None:
    claimed = unverified()

    assert not isinstance(claimed, Attestation)
    assert not isinstance(claimed.claims, DeviceProperties)
    assert claimed.claims != attested().device
    assert not hasattr(claimed.claims, "identifies_device")
    assert claimed.to_dict()["verified"] is False
    assert "verified" not in attested().to_dict()


def test_problems_are_looked_for_when_they_are_asked_for() -> None:
    leaf, intermediate = AUTHORITY.attest(deviations=[deviations.CriticalExtension()])

    problems = decode_unverified([leaf, intermediate]).problems

    assert [(each.reason, each.element) for each in problems] == [
        (Reason.CRITICAL_EXTENSION, "x5c[0]")
    ]
    assert unverified().problems == ()


# What an attestation says


def test_a_current_attestation() -> None:
    attestation = attested()
    leaf, intermediate = AUTHORITY.attest()

    assert attestation.freshness is Freshness.CURRENT
    assert attestation.is_current
    assert attestation.freshness_code == AUTHORITY.freshness_code
    assert attestation.matched_freshness == AUTHORITY.freshness_code
    assert attestation.requested_at is None
    assert attestation.chain == (attestation.leaf, AUTHORITY.intermediate, AUTHORITY.root)
    assert attestation.anchor == AUTHORITY.root
    assert not attestation.anchored_at_apple
    assert attestation.public_key == AUTHORITY.attested_key.public_key()
    assert attestation.spki in leaf
    assert attestation.spki_sha256 == hashlib.sha256(attestation.spki).digest()
    assert attestation.not_before == attestation.leaf.not_valid_before_utc
    assert attestation.not_after == attestation.leaf.not_valid_after_utc
    assert attestation.verified_at == AT
    assert attestation.carrier == "chain"
    assert intermediate not in leaf


def test_the_other_kinds_of_freshness() -> None:
    cached, stale, without = earlier(), unmatched(), unchecked()

    assert (cached.freshness, cached.requested_at) == (Freshness.EARLIER, SENT)
    assert cached.matched_freshness == AUTHORITY.freshness_code
    assert (stale.freshness, stale.matched_freshness) == (Freshness.UNMATCHED, None)
    assert stale.freshness_code == AUTHORITY.freshness_code
    assert (without.freshness, without.freshness_code) == (Freshness.UNCHECKED, None)
    assert not any(each.is_current for each in (cached, stale, without))


def test_a_key_on_p256_is_attested_as_such() -> None:
    key = AUTHORITY.keys.ec("a P-256 key", KeyKind.P256).public_key()

    assert attested(public_key=key).public_key == key


def test_two_are_equal_when_chain_freshness_and_time_are() -> None:
    attestation = attested()
    later = AUTHORITY.verifier.verify_chain(
        AUTHORITY.attest(), freshness=exactly(AUTHORITY.freshness_code), at=attestation.not_after
    )
    others = [
        later,
        earlier(),
        unmatched(),
        unchecked(),
        attested(properties=Properties.iphone()),
    ]

    assert attestation == attested()
    assert hash(attestation) == hash(attested())
    assert all(attestation != other for other in others)
    assert len({attestation, attested(), *others}) == 6
    assert len({hash(each) for each in (attestation, *others)}) > 1
    assert attestation != attestation.to_dict()


def test_two_paths_of_one_leaf_differ() -> None:
    through = TrustStore([AUTHORITY.intermediate])
    shorter = Verifier(trust=through).verify_chain(
        AUTHORITY.attest()[:1], freshness=exactly(AUTHORITY.freshness_code), at=AT
    )

    assert shorter.leaf == attested().leaf
    assert shorter != attested()


def test_properties_are_equal_when_their_raw_values_are() -> None:
    mac, same = attested().device, earlier().device
    blank = dict.fromkeys((oids.SERIAL_NUMBER, oids.UDID), b"")
    unidentified = attested(properties=Properties(raw=blank)).device
    absent = attested(properties=Properties()).device

    assert mac == same
    assert hash(mac) == hash(same)
    assert mac != unidentified
    assert len({hash(each) for each in (mac, unidentified, absent)}) > 1
    assert unidentified != absent  # what is said alike is written otherwise
    assert mac != dict(mac.raw)


def test_identification_takes_a_serial_number_or_a_udid() -> None:
    def identifies(**properties: Any) -> bool:
        return attested(properties=Properties(**properties)).device.identifies_device

    assert identifies(serial_number="TESTSERIAL01")
    assert identifies(udid="TESTUDID")
    assert not identifies(os_version="14.2", software_update_device_id="X001tAP")
    assert not identifies(raw={oids.SERIAL_NUMBER: b"", oids.UDID: b"  "})


def test_the_raw_values_cannot_be_changed() -> None:
    raw: Any = attested().device.raw

    with pytest.raises(TypeError):
        raw[oids.UDID] = b"another"
    assert raw[oids.SERIAL_NUMBER] == b"TESTSERIAL01"


# What is shown


MAC = (
    "serial_number='TESTSERIAL01', udid='00000000-0000TESTUDID0001', "
    "software_update_device_id='X001tAP', os_version='14.2', sepos_version='14.2', "
    "llb_version='14.2', sip='enabled', secure_boot='full', third_party_kexts='none-allowed'"
)


def test_what_is_shown_of_a_result_is_short_and_spills_no_certificate() -> None:
    assert repr(attested()) == (
        f"<Attestation current, chain, DeviceProperties({MAC}), "
        "chain of 3, verified at 2025-07-01T12:00:00Z>"
    )
    assert repr(unverified()) == (
        f"<UnverifiedAttestation attestation-object, ClaimedProperties({MAC}), chain of 2>"
    )
    assert repr(attested().device) == f"DeviceProperties({MAC})"
    assert repr(attested(properties=Properties(os_version="14.2")).device) == (
        "DeviceProperties(os_version='14.2')"
    )
    assert repr(examined(b"another")) == (
        "<Report decode passed, certificates passed, path passed, leaf passed, "
        "properties passed, freshness failed>"
    )


# Records


@attestations
def test_a_record_is_json_of_documented_shape(make: Callable[[], Attestation]) -> None:
    attestation = make()
    record = attestation.to_dict()

    def base64_of(octets: bytes | None) -> str | None:
        return None if octets is None else base64.b64encode(octets).decode()

    assert json.loads(json.dumps(record)) == record
    assert record == {
        "schema": 1,
        "carrier": attestation.carrier,
        "verified_at": "2025-07-01T12:00:00Z",
        "chain": [
            *map(base64_of, (each.public_bytes(Encoding.DER) for each in attestation.chain)),
        ],
        "anchored_at_apple": False,
        "not_before": "2025-06-30T12:00:00Z",
        "not_after": "2025-09-29T12:00:00Z",
        "freshness": attestation.freshness.value,
        "freshness_code": base64_of(attestation.freshness_code),
        "matched_freshness": base64_of(attestation.matched_freshness),
        "requested_at": "2025-06-30T08:00:00Z" if attestation.requested_at else None,
        "spki": base64_of(attestation.spki),
        "spki_sha256": attestation.spki_sha256.hex(),
        "device": attestation.device.to_dict(),
    }
    assert type(record["freshness"]) is str


@attestations
def test_a_record_verifies_again_to_an_equal_attestation(make: Callable[[], Attestation]) -> None:
    attestation = make()

    again = AUTHORITY.verifier.reverify(json.loads(json.dumps(attestation.to_dict())))

    assert again == attestation
    assert again.carrier == attestation.carrier
    assert again.to_dict() == attestation.to_dict()


def test_a_device_is_recorded_by_value_and_raw() -> None:
    raw = Properties.mac().extension_values() | {oids.FRESHNESS_CODE: AUTHORITY.freshness_code}

    assert attested().device.to_dict() == {
        "serial_number": "TESTSERIAL01",
        "udid": "00000000-0000TESTUDID0001",
        "software_update_device_id": "X001tAP",
        "os_version": "14.2",
        "sepos_version": "14.2",
        "llb_version": "14.2",
        "sip": "enabled",
        "secure_boot": "full",
        "third_party_kexts": "none-allowed",
        "malformed": [],
        "raw": {oid: base64.b64encode(value).decode() for oid, value in raw.items()},
    }
    nothing = attested(properties=Properties(), freshness_code=AUTHORITY.freshness_code).device
    assert list(nothing.to_dict().values())[:-2] == [None] * 9


# Pickles


@attestations
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_attestation_reaches_a_worker_whole(
    make: Callable[[], Attestation], protocol: int
) -> None:
    attestation = make()

    again = pickle.loads(pickle.dumps(attestation, protocol))

    assert type(again) is Attestation
    assert again == attestation
    assert hash(again) == hash(attestation)
    assert again.device == attestation.device
    assert again.carrier == attestation.carrier
    assert again.freshness is attestation.freshness
    assert again.verified_at == attestation.verified_at
    assert again.to_dict() == attestation.to_dict()
    assert repr(again) == repr(attestation)


def test_a_pickle_names_no_device_by_a_malformed_value() -> None:
    """No verifier makes such an attestation, so no pickle of one holds it."""
    restore, (_, *others) = attested().__reduce__()
    for value, accepted in ((b"C02", True), (b"C 2", False)):
        leaf = AUTHORITY.attest(properties=Properties(raw={oids.SERIAL_NUMBER: value}))
        ders = (*leaf, AUTHORITY.root_issuer.der)
        if accepted:
            assert restore(ders, *others).device.serial_number == "C02"
        else:
            with pytest.raises(MalformedInput, match="malformed-property"):
                restore(ders, *others)


def test_a_report_reaches_a_worker_whole() -> None:
    for nonce in (AUTHORITY.freshness_code, b"another"):
        report = examined(nonce)

        again = pickle.loads(pickle.dumps(report))

        assert type(again) is Report
        assert again.checks == report.checks
        assert again.attestation == report.attestation
        assert again.to_dict() == report.to_dict()
        assert repr(again.error) == repr(report.error)
        assert again.error is None or again.error.report is again


def test_the_state_of_a_report_is_set_once() -> None:
    report = examined(b"another")

    with pytest.raises(AttributeError, match=r"^Report does not change: make another$"):
        report.__setstate__(((), None, None))


# Reports


def test_the_checks_have_the_published_order() -> None:
    assert CHECKS == ("decode", "certificates", "path", "leaf", "properties", "freshness")
    assert {each.name: each.value for each in Outcome} == {
        "PASSED": "passed",
        "FAILED": "failed",
        "NOT_REACHED": "not-reached",
        "NOT_REQUESTED": "not-requested",
        "FINDING": "finding",
    }


BROKEN: dict[str, Callable[[], list[bytes]]] = {
    "decode": list,
    "certificates": lambda: [b"\x30\x00"],
    "path": lambda: AttestationAuthority("another").attest(),
    "leaf": lambda: AUTHORITY.attest(deviations=[deviations.LeafIsCA()]),
    "properties": lambda: AUTHORITY.attest(properties=Properties(raw={oids.UDID: b"\xff"})),
    "freshness": lambda: AUTHORITY.attest(freshness_code=b"another"),
}


@pytest.mark.parametrize("failed", CHECKS)
def test_what_follows_a_failure_is_not_reached(failed: str) -> None:
    report = AUTHORITY.verifier.examine_chain(
        BROKEN[failed](), freshness=exactly(AUTHORITY.freshness_code), at=AT
    )
    place = CHECKS.index(failed)

    assert [check.name for check in report.checks] == list(CHECKS)
    assert [check.outcome for check in report.checks] == (
        [Outcome.PASSED] * place + [Outcome.FAILED, *[Outcome.NOT_REACHED] * 5]
    )[: len(CHECKS)]
    others = [check for check in report.checks if check.name != failed]
    assert all(check[2:] == (None, None, "") for check in others)


def test_a_report_of_success_is_json_with_the_record() -> None:
    report = examined(AUTHORITY.freshness_code)

    assert report.error is None
    assert report.attestation is not None
    assert json.loads(json.dumps(report.to_dict())) == {
        "checks": [
            {"name": name, "outcome": "passed", "reason": None, "element": None, "detail": ""}
            for name in CHECKS
        ],
        "attestation": report.attestation.to_dict(),
    }


def test_a_report_of_failure_is_json_with_the_reason() -> None:
    report = examined(b"another")

    assert report.attestation is None
    assert report.error is not None
    assert report.error.report is report
    written = json.loads(json.dumps(report.to_dict()))
    assert written["attestation"] is None
    assert written["checks"][-1] == {
        "name": "freshness",
        "outcome": "failed",
        "reason": "freshness-mismatch",
        "element": oids.FRESHNESS_CODE,
        "detail": report.error.detail,
    }
    assert type(report.to_dict()["checks"][-1]["reason"]) is str
    assert report.checks[-1] == Check(
        "freshness",
        Outcome.FAILED,
        Reason.FRESHNESS_MISMATCH,
        oids.FRESHNESS_CODE,
        report.error.detail,
    )


# What Apple issued


def test_a_real_attestation_is_anchored_at_apple(real_chain: RealChain) -> None:
    at = real_chain.leaf.not_valid_after_utc

    attestation = Verifier().verify_chain(real_chain.ders, freshness=UNCHECKED, at=at)

    assert attestation.anchored_at_apple
    assert attestation.to_dict()["anchored_at_apple"] is True
    assert attestation.device.identifies_device
    assert attestation.public_key.curve.name == "secp384r1"
    assert attestation.verified_at == attestation.not_after == at
    assert len(attestation.chain) == 3
    assert pickle.loads(pickle.dumps(attestation)) == attestation
    assert Verifier().reverify(attestation.to_dict()) == attestation
