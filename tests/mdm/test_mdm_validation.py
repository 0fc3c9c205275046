"""A response, validated: genuine, for this request, of this device; and the lies in it."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    AttestationError,
    Freshness,
    FreshnessMismatch,
    IdentifierMismatch,
    KeyMismatch,
    Limits,
    NoAttestation,
    Outcome,
    OutsideValidity,
    Reason,
    Report,
    UntrustedChain,
    Verifier,
    mdm,
)
from appleattest.oids import SERIAL_NUMBER
from appleattest.report import CHECKS, Check
from appleattest.testing import (
    AttestationAuthority,
    KeyKind,
    Properties,
    carriers,
    deviations,
    strategies,
)
from appleattest.verifier import run_checks
from hostile_input import accepted_or_refused, assert_refused

MAC, IPHONE = Properties.mac(), Properties.iphone()
NONCE, EARLIER = b"n" * 32, b"e" * 32
KNOWN = mdm.KnownDevice(serial_number="TESTSERIAL01")
Kind = mdm.DiscrepancyKind


@pytest.fixture
def respond(authority: AttestationAuthority) -> Any:
    def respond(properties: Properties = MAC, **arguments: Any) -> bytes:
        arguments = {"freshness_code": NONCE, **arguments}
        return authority.response_plist(properties=properties, **arguments)

    return respond


@pytest.fixture
def asked(authority: AttestationAuthority) -> dict[str, Any]:
    return {
        "nonce": NONCE,
        "verifier": authority.verifier,
        "device": KNOWN,
        "at": authority.issued_at,
    }


@pytest.fixture
def validate(asked: dict[str, Any]) -> Any:
    def validate(response: Any, **arguments: Any) -> mdm.ValidatedResponse:
        return mdm.validate_response(response, **{**asked, **arguments})

    return validate


@pytest.fixture
def examine(asked: dict[str, Any]) -> Any:
    def examine(response: Any, **arguments: Any) -> Report:
        return mdm.examine_response(response, **{**asked, **arguments})

    return examine


def test_a_response_of_the_known_device(respond: Any, validate: Any) -> None:
    response = mdm.DeviceInformationResponse.parse(respond())
    seen = validate(response)

    assert seen.response is response
    assert seen.attestation.freshness is Freshness.CURRENT
    assert seen.attestation.device.serial_number == KNOWN.serial_number
    assert seen.discrepancies == ()
    assert repr(seen) == "<ValidatedResponse current, 0 discrepancies>"


def test_the_property_list_does_as_well(respond: Any, validate: Any) -> None:
    for binary in (False, True):
        document = respond(binary=binary)
        seen = validate(document)
        assert seen.response == mdm.DeviceInformationResponse.parse(document)
        assert seen.attestation == validate(seen.response).attestation


def test_the_limits_are_the_verifiers(respond: Any, validate: Any, authority: Any) -> None:
    document = respond(query_responses={"Padding": "x" * Limits().plist_bytes})
    generous = Verifier(trust=authority.trust, limits=Limits(plist_bytes=len(document)))
    assert validate(document, verifier=generous).response.document == document
    assert_refused(lambda: validate(document), Reason.TOO_LARGE)


def test_the_limits_are_the_verifiers_also_for_what_is_parsed(
    respond: Any, validate: Any, authority: Any
) -> None:
    parsed = mdm.DeviceInformationResponse.parse(respond(), limits=Limits(certificates=9))
    size = sum(map(len, parsed.attestation or ()))
    for limits, narrower in [
        (Limits(certificates=2), Limits(certificates=1)),
        (Limits(chain_bytes=size), Limits(chain_bytes=size - 1)),
    ]:
        exact = Verifier(trust=authority.trust, limits=limits)
        short = Verifier(trust=authority.trust, limits=narrower)
        assert validate(parsed, verifier=exact).response is parsed
        assert_refused(partial(validate, parsed, verifier=short), Reason.TOO_LARGE)


def test_the_result_is_sealed(respond: Any, validate: Any) -> None:
    seen = validate(respond())
    with pytest.raises(TypeError):
        mdm.ValidatedResponse(
            response=seen.response, attestation=seen.attestation, discrepancies=seen.discrepancies
        )
    assert copy.copy(seen) is seen
    with pytest.raises(AttributeError):
        seen.discrepancies = ()


def test_a_result_is_json_and_reaches_a_worker_whole(respond: Any, validate: Any) -> None:
    seen = validate(respond(query_responses={"OSVersion": "1.0"}))
    written = seen.to_dict()
    assert json.loads(json.dumps(written)) == written
    assert set(written) == {"response", "attestation", "discrepancies"}
    assert written["response"] == seen.response.to_dict()
    assert written["attestation"] == seen.attestation.to_dict()
    assert [each["kind"] for each in written["discrepancies"]["found"]] == ["OSVersion"]
    again = pickle.loads(pickle.dumps(seen))
    assert again.to_dict() == written
    assert again.attestation == seen.attestation
    assert again.discrepancies == seen.discrepancies


def test_a_relayed_chain_of_another_device_is_refused(respond: Any, validate: Any) -> None:
    """security.md 19: it is genuine, it answers the nonce, and it is another device's."""
    relayed = respond(replace(MAC, serial_number="ANOTHER"))
    with pytest.raises(IdentifierMismatch) as caught:
        validate(relayed)
    error = caught.value
    assert (error.reason, error.element) == (Reason.IDENTIFIER_MISMATCH, SERIAL_NUMBER)
    assert error.report is not None
    assert error.report.checks == (
        *(Check(name, Outcome.PASSED) for name in CHECKS),
        Check("device", Outcome.FAILED, error.reason, SERIAL_NUMBER, error.detail),
    )
    assert (error.report.error, error.report.attestation) == (error, None)
    assert validate(relayed, device=UNCHECKED).attestation.device.serial_number == "ANOTHER"
    assert validate(respond()).attestation


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        pytest.param("device", None, TypeError, id="device-none"),
        pytest.param("device", "TESTSERIAL01", TypeError, id="device-text"),
        pytest.param("device", {"serial_number": "S"}, TypeError, id="device-dict"),
        pytest.param("verifier", None, TypeError, id="verifier-none"),
        pytest.param("nonce", None, TypeError, id="nonce-none"),
        pytest.param("nonce", b"", ValueError, id="nonce-empty"),
        pytest.param("nonce", bytes(33), ValueError, id="nonce-long"),
        pytest.param("previous_nonces", [b""], ValueError, id="previous-empty"),
        pytest.param("previous_nonces", b"nonce", TypeError, id="previous-one"),
        pytest.param("at", datetime(2025, 7, 1), ValueError, id="at-naive"),  # noqa: DTZ001
    ],
)
@pytest.mark.parametrize("response", [b"", None], ids=["no-plist", "none"])
def test_the_callers_misuse_whatever_the_device_sent(
    response: Any,
    argument: str,
    value: Any,
    error: type[Exception],
    validate: Any,
    examine: Any,
) -> None:
    """security.md 18: nothing that a column may hold switches a check off."""
    for call in (validate, examine):
        with pytest.raises(error):
            call(response, **{argument: value})
    with pytest.raises(AttestationError):
        validate(response)
    assert examine(response).error is not None


def test_nothing_has_a_default_that_checks_less(respond: Any, verifier: Verifier) -> None:
    for missing in ("nonce", "verifier", "device"):
        arguments: dict[str, Any] = {"nonce": NONCE, "verifier": verifier, "device": KNOWN}
        del arguments[missing]
        for call in (mdm.validate_response, mdm.examine_response):
            with pytest.raises(TypeError):
                call(respond(), **arguments)


@pytest.mark.parametrize("status", ["Error", "CommandFormatError", "NotNow", "Idle"])
def test_a_response_of_another_status(status: str, respond: Any, validate: Any) -> None:
    for response in (
        respond(status=status),
        mdm.DeviceInformationResponse.parse(respond(status=status)),
    ):
        assert_refused(
            partial(validate, response),
            Reason.NOT_ACKNOWLEDGED,
            status,
            element="Status",
            kind=NoAttestation,
        )
    assert validate(respond())


def test_an_attestation_that_failed_is_silent(validate: Any) -> None:
    assert_refused(
        lambda: validate(mdm.DeviceInformationResponse.parse(carriers.response_plist(None))),
        Reason.NO_ATTESTATION,
        "without an attestation",
        element="DevicePropertiesAttestation",
        kind=NoAttestation,
    )


def test_what_the_verifier_refuses(respond: Any, validate: Any) -> None:
    forged = respond(deviations=[deviations.WrongSigner()])
    expired = respond(deviations=[deviations.Expired()])
    with pytest.raises(UntrustedChain) as untrusted:
        validate(forged)
    assert untrusted.value.report is not None
    with pytest.raises(OutsideValidity):
        validate(expired)


def test_a_cached_attestation(respond: Any, validate: Any, authority: Any) -> None:
    sent_at = authority.issued_at - timedelta(days=3)
    cached = respond(freshness_code=EARLIER)
    seen = validate(cached, previous_nonces={EARLIER: sent_at})
    assert seen.attestation.freshness is Freshness.EARLIER
    assert seen.attestation.requested_at == sent_at
    with pytest.raises(FreshnessMismatch) as caught:
        validate(cached)
    assert caught.value.attestation is not None
    assert caught.value.attestation.freshness is Freshness.UNMATCHED


@pytest.mark.parametrize("code", [EARLIER, b"", None], ids=["other", "blank", "absent"])
def test_another_devices_attestation_is_that_whatever_its_freshness(
    respond: Any, validate: Any, examine: Any, code: bytes | None
) -> None:
    """The relay of a cached attestation: it is another device's, which is the graver fact."""
    relayed = respond(replace(MAC, serial_number="ANOTHER"), freshness_code=code)
    with pytest.raises(IdentifierMismatch) as caught:
        validate(relayed)
    assert caught.value.reason is Reason.IDENTIFIER_MISMATCH
    report = examine(relayed)
    freshness, device = report.checks[-2:]
    assert (freshness.name, freshness.outcome) == ("freshness", Outcome.FAILED)
    assert freshness.reason in (Reason.FRESHNESS_MISMATCH, Reason.FRESHNESS_MISSING)
    assert (device.name, device.outcome) == ("device", Outcome.FAILED)
    assert device.reason is Reason.IDENTIFIER_MISMATCH
    assert (report.error.reason, report.attestation) == (Reason.IDENTIFIER_MISMATCH, None)
    with pytest.raises(FreshnessMismatch) as own:
        validate(respond(freshness_code=code))
    assert own.value.attestation is not None
    assert own.value.report is not None
    assert own.value.report.checks[-1] == Check("device", Outcome.PASSED)


def test_another_key_is_another_enrolments_whatever_its_freshness(
    respond: Any, validate: Any, authority: Any
) -> None:
    other = authority.keys.ec("another", KeyKind.P384).public_key()
    enrolled = mdm.KnownDevice(spki=validate(respond()).attestation.spki)
    relayed = respond(MAC.user_enrolled(), freshness_code=EARLIER, public_key=other)
    with pytest.raises(KeyMismatch) as caught:
        validate(relayed, device=enrolled)
    assert caught.value.reason is Reason.KEY_MISMATCH
    with pytest.raises(FreshnessMismatch):
        validate(respond(MAC.user_enrolled(), freshness_code=EARLIER), device=enrolled)


def test_a_stale_attestation_that_names_no_device_is_not_handed_on(
    respond: Any, validate: Any
) -> None:
    """Which device it is, nobody knows: that is no proof of another one."""
    stale = respond(MAC.user_enrolled(), freshness_code=EARLIER)
    with pytest.raises(FreshnessMismatch) as caught:
        validate(stale)
    assert caught.value.attestation is None
    assert caught.value.report is not None
    device = caught.value.report.checks[-1]
    assert (device.outcome, device.reason) == (Outcome.FAILED, Reason.IDENTIFIER_MISSING)
    with pytest.raises(IdentifierMismatch):
        validate(respond(MAC.user_enrolled()))


@pytest.mark.parametrize(
    "other", [None, 1, "x", b"x", [], {}, object()], ids=lambda each: type(each).__name__
)
def test_whatever_else_comes_is_a_refusal(other: Any, validate: Any) -> None:
    with pytest.raises(AttestationError):
        validate(other)


def test_a_chain_without_its_response_is_refused(authority: Any, validate: Any) -> None:
    chain = authority.attest(properties=MAC, freshness_code=NONCE)
    assert_refused(lambda: validate(chain), Reason.MALFORMED_PLIST, "as bytes was expected")


@cache
def any_authority() -> AttestationAuthority:
    return AttestationAuthority("validation of anything")


@given(st.binary(max_size=50) | st.lists(st.binary(max_size=9), max_size=3) | st.text(max_size=9))
def test_whatever_comes_a_result_or_a_refusal_comes_out(device: Any) -> None:
    authority = any_authority()
    assert (
        accepted_or_refused(
            lambda: mdm.validate_response(
                device, nonce=NONCE, verifier=authority.verifier, device=KNOWN
            )
        )
        is None
    )


# --- a report -----------------------------------------------------------------------------------


def outcomes(report: Report) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in report.checks}


def test_a_report_has_every_check(respond: Any, examine: Any, validate: Any) -> None:
    report = examine(respond())
    assert outcomes(report) == dict.fromkeys((*CHECKS, "device"), Outcome.PASSED)
    assert (report.error, report.attestation) == (None, validate(respond()).attestation)
    unchecked = examine(respond(), device=UNCHECKED, nonce=UNCHECKED)
    assert [name for name, end in outcomes(unchecked).items() if end is Outcome.PASSED] == [
        *CHECKS[:-1]
    ]
    assert outcomes(unchecked)["device"] is Outcome.NOT_REQUESTED
    cached = examine(respond(freshness_code=EARLIER), previous_nonces=[EARLIER])
    assert outcomes(cached)["freshness"] is Outcome.FINDING
    assert outcomes(cached)["device"] is Outcome.PASSED


def test_the_report_of_a_refusal_ends_where_it_was_refused(respond: Any, examine: Any) -> None:
    for response, failed in (
        (b"<plist>", "decode"),
        (respond(deviations=[deviations.WrongSigner()]), "path"),
        (respond(replace(MAC, serial_number="ANOTHER")), "device"),
        (respond(extra={"UDID": 5}), "decode"),
    ):
        names = (*CHECKS, "device")
        report = examine(response)
        passed = names.index(failed)
        assert tuple(outcomes(report).items()) == (
            *((name, Outcome.PASSED) for name in names[:passed]),
            (failed, Outcome.FAILED),
            *((name, Outcome.NOT_REACHED) for name in names[passed + 1 :]),
        )
        error = report.error
        assert report.checks[passed][2:] == (error.reason, error.element, error.detail)
        assert (error.report, report.attestation) == (report, None)


def test_a_report_of_discrepancies_is_no_refusal(respond: Any, examine: Any) -> None:
    lying = respond(query_responses={"OSVersion": "1.0"})
    report = examine(lying)
    assert report.error is None
    response = mdm.DeviceInformationResponse.parse(lying)
    assert mdm.find_discrepancies(response, report.attestation)


def refusal(error: AttestationError) -> tuple[object, ...]:
    stale = getattr(error, "attestation", None)
    report = None if error.report is None else error.report.to_dict()
    return type(error), error.reason, error.element, error.detail, stale, report


def same_verdict(response: Any, **asked: Any) -> mdm.ValidatedResponse | None:
    """What validating returns, where examining says the same."""
    report = mdm.examine_response(response, **asked)
    if report.error is None:
        seen = mdm.validate_response(response, **asked)
        assert seen.attestation == report.attestation
        return seen
    with pytest.raises(AttestationError) as caught:
        mdm.validate_response(response, **asked)
    assert refusal(caught.value) == refusal(report.error)
    return None


WORLD = AttestationAuthority("responses of the strategies")


@settings(deadline=None)
@given(
    minted=strategies.responses(WORLD),
    others=strategies.broken_chains(WORLD) | strategies.chains(WORLD),
    device=st.sampled_from([KNOWN, UNCHECKED, mdm.KnownDevice(udid="ANOTHER")]),
    answers=st.booleans(),
)
def test_examining_and_validating_are_one(
    minted: strategies.MintedResponse, others: strategies.MintedChain, device: Any, answers: bool
) -> None:
    asked: dict[str, Any] = {"verifier": WORLD.verifier, "at": minted.chain.at}
    asked["nonce"] = minted.nonce if answers else b"another"
    chain = same_verdict(minted.encoded, device=UNCHECKED, **asked)
    assert (chain is not None) is answers
    same_verdict(minted.encoded, device=device, **asked)
    if chain is not None and chain.attestation.device.serial_number is not None:
        known = mdm.KnownDevice(serial_number=chain.attestation.device.serial_number)
        assert same_verdict(chain.response, device=known, **asked) is not None
    same_verdict(
        carriers.response_plist(others.chain),
        nonce=others.freshness_code or UNCHECKED,
        verifier=WORLD.verifier,
        device=device,
        at=others.at,
    )


# --- discrepancies ------------------------------------------------------------------------------

HONEST_MAC = {
    "SerialNumber": "TESTSERIAL01",
    "UDID": carriers.DEVICE_UDID,
    "ProvisioningUDID": "00000000-0000TESTUDID0001",
    "OSVersion": "14.2",
    "SoftwareUpdateDeviceID": "X001tAP",
}


def found(validate: Any, response: bytes, **arguments: Any) -> tuple[mdm.Discrepancy, ...]:
    seen: mdm.ValidatedResponse = validate(response, **{"device": UNCHECKED, **arguments})
    return seen.discrepancies


def test_an_honest_device_says_what_apple_attests(respond: Any, validate: Any) -> None:
    assert found(validate, respond(query_responses=HONEST_MAC)) == ()
    honest_iphone = {
        "SerialNumber": "TESTSERIAL02",
        "UDID": "00000000-0000TESTUDID0002",
        "OSVersion": "17.2",
        "SoftwareUpdateDeviceID": "X002tAP",
    }
    assert found(validate, respond(IPHONE, query_responses=honest_iphone)) == ()


@pytest.mark.parametrize(
    ("query", "lie"),
    [
        ("SerialNumber", "ANOTHER"),
        ("SerialNumber", "testserial01"),
        ("ProvisioningUDID", "00000000-0000TESTUDID0009"),
        ("OSVersion", "14.3"),
        ("OSVersion", "nonsense"),
        ("SoftwareUpdateDeviceID", "X009tAP"),
    ],
)
def test_a_lying_device_is_found(query: str, lie: str, respond: Any, validate: Any) -> None:
    answers = {**HONEST_MAC, query: lie}
    (lied,) = found(validate, respond(query_responses=answers))
    assert (lied.kind, lied.said, lied.attested) == (Kind(query), lie, HONEST_MAC[query])
    assert not lied.explained_by_age


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"OSVersion": "26.0"}, "26.0"),
        ({"OSVersion": "15.05"}, "15.05"),
        ({"OSVersion": "14.3", "SupplementalOSVersionExtra": "(a)"}, "14.3 (a)"),
        ({"OSVersion": "14.3", "SupplementalOSVersionExtra": "a"}, "14.3"),
        ({"OSVersion": "14.3 (b)", "SupplementalOSVersionExtra": "(a)"}, "14.3 (b)"),
        ({"OSVersion": 7, "SupplementalOSVersionExtra": "(a)"}, "'int'"),
    ],
)
def test_what_a_device_says_is_told_in_its_own_text(
    answers: dict[str, Any], said: str, respond: Any, validate: Any
) -> None:
    (lied,) = found(validate, respond(query_responses={**HONEST_MAC, **answers}))
    assert (lied.said, lied.attested) == (said, "14.2")


@pytest.mark.parametrize("lie", [7, b"x", [], {}, True], ids=repr)
def test_an_answer_of_another_type_differs(lie: Any, respond: Any, validate: Any) -> None:
    for query in ("SerialNumber", "OSVersion", "SoftwareUpdateDeviceID"):
        (lied,) = found(validate, respond(query_responses={**HONEST_MAC, query: lie}))
        assert lied.kind == query
        assert "'" in lied.said


def test_the_type_of_an_answer_that_is_no_text_is_told(respond: Any, validate: Any) -> None:
    (lied,) = found(validate, respond(query_responses={**HONEST_MAC, "SerialNumber": 7}))
    assert lied.said == "'int'"


def test_several_lies(respond: Any, validate: Any) -> None:
    answers = dict.fromkeys(HONEST_MAC, "1")
    kinds = [each.kind for each in found(validate, respond(query_responses=answers))]
    assert kinds == [
        Kind.SERIAL_NUMBER,
        Kind.PROVISIONING_UDID,
        Kind.OS_VERSION,
        Kind.SOFTWARE_UPDATE_DEVICE_ID,
    ]


def test_what_one_of_them_does_not_say_is_no_discrepancy(respond: Any, validate: Any) -> None:
    assert found(validate, respond(query_responses={})) == ()
    assert found(validate, respond(MAC.user_enrolled(), query_responses=HONEST_MAC)) == ()
    bare = Properties(sepos_version="17.2")
    assert found(validate, respond(bare, query_responses=HONEST_MAC)) == ()


def test_the_udid_of_a_mac_is_not_the_attested_one(respond: Any, validate: Any) -> None:
    """A Mac's UDID is its hardware UUID; any other device's is the attested one."""
    assert found(validate, respond(query_responses={"UDID": carriers.DEVICE_UDID})) == ()
    (lied,) = found(validate, respond(IPHONE, udid="00000000-0000TESTUDID0009"))
    assert (lied.kind, lied.said) == (Kind.UDID, "00000000-0000TESTUDID0009")
    assert found(validate, respond(IPHONE, udid="00000000-0000TESTUDID0002")) == ()
    assert found(validate, respond(IPHONE, enrollment_id="E")) == ()
    answers = {"UDID": "00000000-0000TESTUDID0008"}
    honest = "00000000-0000TESTUDID0002"
    (lied,) = found(validate, respond(IPHONE, udid=honest, query_responses=answers))
    assert (lied.kind, lied.said) == (Kind.UDID, answers["UDID"])


@pytest.mark.parametrize(
    ("attested", "said", "extra", "differs"),
    [
        ("17.0", "17", None, False),
        ("16.4.1", "16.4.1", "(a)", False),
        ("16.4.1 (a)", "16.4.1", None, False),
        ("16.4.1 (a)", "16.4.1", "(a)", False),
        ("16.4.1 (a)", "16.4.1", "(b)", True),
        ("16.4.1 (a)", "16.4.1", "nonsense", False),
        ("16.4.1 (a)", "16.4.1", 7, False),
        ("16.4.1", "16.4.2", "(a)", True),
        ("17.10", "17.1", None, True),
        ("nonsense", "17.1", None, True),
        ("nonsense", "nonsense", None, False),
    ],
)
def test_versions_are_compared_as_versions(
    attested: str, said: str, extra: Any, differs: bool, respond: Any, validate: Any
) -> None:
    answers = {"OSVersion": said}
    if extra is not None:
        answers["SupplementalOSVersionExtra"] = extra
    response = respond(replace(IPHONE, os_version=attested), query_responses=answers)
    assert bool(found(validate, response)) is differs


@pytest.mark.parametrize(
    ("said", "code", "explained"),
    [("14.3", EARLIER, True), ("14.1", EARLIER, False), ("14.3", NONCE, False)],
    ids=["updated-since", "older", "current"],
)
def test_an_update_since_explains_a_newer_version(
    said: str, code: bytes, explained: bool, respond: Any, validate: Any
) -> None:
    response = respond(freshness_code=code, query_responses={**HONEST_MAC, "OSVersion": said})
    (differs,) = found(validate, response, previous_nonces=[EARLIER])
    assert differs.explained_by_age is explained


def test_what_is_malformed_beside_the_attestation_has_a_report_too(
    respond: Any, validate: Any
) -> None:
    with pytest.raises(AttestationError) as caught:
        validate(respond(extra={"UDID": 5}))
    error = caught.value
    assert (error.reason, error.element) == (Reason.MALFORMED_PLIST, "UDID")
    assert error.report is not None
    assert error.report.error is error
    decode, *others = error.report.checks
    assert (decode.name, decode.outcome) == ("decode", Outcome.FAILED)
    assert (decode.reason, decode.element) == (error.reason, error.element)
    assert {check.outcome for check in others} == {Outcome.NOT_REACHED}
    assert validate(respond(extra={"UDID": "5"})).response.udid == "5"


def test_what_was_verified_is_what_is_returned(
    respond: Any, validate: Any, authority: AttestationAuthority, monkeypatch: Any
) -> None:
    """A buffer that another thread writes to is looked at once."""
    response = respond(query_responses={"OSVersion": "14.2"})
    buffer = bytearray(response)
    other = respond(query_responses={"OSVersion": "99.9"})

    def run_and_write(verifier: Verifier, request: Any) -> Any:
        report = run_checks(verifier, request)
        buffer[:] = other
        return report

    monkeypatch.setattr("appleattest.mdm.validation.run_checks", run_and_write)
    assert len(other) == len(response)
    for view in (buffer, memoryview(buffer)):
        assert validate(view).response.document == response
        assert buffer == other
        buffer[:] = response


def test_what_an_object_says_of_its_class_is_not_believed(validate: Any, respond: Any) -> None:
    class Pretender:
        document = respond()

        @property  # type: ignore[misc]
        def __class__(self) -> Any:
            return mdm.DeviceInformationResponse

    class Broken:
        @property  # type: ignore[misc]
        def __class__(self) -> Any:
            raise RuntimeError("no class")

    assert_refused(partial(validate, Pretender()), Reason.MALFORMED_PLIST)
    assert_refused(partial(validate, Broken()), Reason.MALFORMED_PLIST)
    assert validate(mdm.DeviceInformationResponse.parse(respond())).discrepancies == ()


def test_a_view_that_was_released_is_refused(validate: Any, respond: Any) -> None:
    view = memoryview(respond())
    assert validate(view).discrepancies == ()
    view.release()
    assert_refused(partial(validate, view), Reason.MALFORMED_PLIST)
