"""The one pipeline: the order of the checks, the two forms of its answer, its one boundary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    Freshness,
    FreshnessMismatch,
    MalformedInput,
    NoAttestation,
    OutsideValidity,
    Reason,
    Report,
    UntrustedChain,
    Verifier,
    exactly,
    oids,
    sha256_of,
)
from appleattest.freshness import FreshnessResult
from appleattest.properties import PROPERTIES, Property
from appleattest.report import CHECKS, Check, Outcome
from appleattest.testing import (
    FRESHNESS_CODE,
    ISSUED_AT,
    Deviation,
    Properties,
    carriers,
    chains,
    deviations,
)
from appleattest.verifier import answered_by, mdm_request, run_checks
from chain_cases import AUTHORITY, Refusal, ended, fresh, refusal_of

CHAIN = AUTHORITY.attest()
SENT_AT = datetime(2025, 6, 30, tzinfo=UTC)


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(trust=AUTHORITY.trust)


def outcomes(report: Report) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in report.checks}


# Which check fails

_SIP = "1.2.840.113635.100.8.13.1"
STOPS: list[tuple[str, object, type[AttestationError], Reason, str | None]] = [
    ("decode", "no chain", MalformedInput, Reason.MALFORMED_CERTIFICATE, None),
    ("decode", [], NoAttestation, Reason.NO_ATTESTATION, None),
    (
        "certificates",
        [CHAIN[0], b"junk"],
        MalformedInput,
        Reason.MALFORMED_CERTIFICATE,
        "x5c[1]",
    ),
    ("path", CHAIN[:1], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]"),
    (
        "path",
        AUTHORITY.attest(deviations=[deviations.Expired()]),
        OutsideValidity,
        Reason.EXPIRED,
        "x5c[0]",
    ),
    (
        "leaf",
        AUTHORITY.attest(deviations=[deviations.LeafIsCA()]),
        UntrustedChain,
        Reason.LEAF_PROFILE,
        "x5c[0]",
    ),
    (
        "properties",
        AUTHORITY.attest(deviations=[deviations.ExtensionValue(oids.UDID, b"\xff")]),
        MalformedInput,
        Reason.MALFORMED_PROPERTY,
        oids.UDID,
    ),
    (
        "freshness",
        AUTHORITY.attest(freshness_code=b"other"),
        FreshnessMismatch,
        Reason.FRESHNESS_MISMATCH,
        oids.FRESHNESS_CODE,
    ),
    (
        "freshness",
        AUTHORITY.attest(freshness_code=b""),
        FreshnessMismatch,
        Reason.FRESHNESS_MISSING,
        oids.FRESHNESS_CODE,
    ),
]


@pytest.mark.parametrize(
    ("step", "chain", "kind", "reason", "element"),
    STOPS,
    ids=[f"{stop[0]}-{stop[3]}" for stop in STOPS],
)
def test_the_report_of_a_refusal(
    step: str,
    chain: Any,
    kind: type[AttestationError],
    reason: Reason,
    element: str | None,
    verifier: Verifier,
) -> None:
    expected = exactly(FRESHNESS_CODE)
    report = verifier.examine_chain(chain, freshness=expected, at=ISSUED_AT)
    place = CHECKS.index(step)
    assert [check.name for check in report.checks] == list(CHECKS)
    assert [check.outcome for check in report.checks] == [
        *[Outcome.PASSED] * place,
        Outcome.FAILED,
        *[Outcome.NOT_REACHED] * (len(CHECKS) - place - 1),
    ]
    error = report.error
    assert error is not None
    assert (type(error), error.reason, error.element) == (kind, reason, element)
    assert report.checks[place] == Check(step, Outcome.FAILED, reason, element, error.detail)
    assert error.report is report
    assert report.attestation is None
    with pytest.raises(kind) as caught:
        verifier.verify_chain(chain, freshness=expected, at=ISSUED_AT)
    assert refusal_of(caught.value) == refusal_of(error)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    mended = verifier.examine_chain(CHAIN, freshness=expected, at=ISSUED_AT)
    assert mended.error is None
    assert set(outcomes(mended).values()) == {Outcome.PASSED}


def test_the_published_order() -> None:
    assert CHECKS == ("decode", "certificates", "path", "leaf", "properties", "freshness")


def test_the_first_failed_check_gives_the_reason(verifier: Verifier) -> None:
    """Defects pile up from the last check to the first; each new one takes over."""
    changes: list[Deviation] = [deviations.ExtensionValue(oids.FRESHNESS_CODE, b"other")]
    expected = exactly(FRESHNESS_CODE)

    def reason(chain: Any) -> Reason | None:
        error = verifier.examine_chain(chain, freshness=expected, at=ISSUED_AT).error
        return error.reason if error else None

    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.FRESHNESS_MISMATCH
    changes.append(deviations.ExtensionValue(oids.UDID, b"\xff"))
    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.MALFORMED_PROPERTY
    changes.append(deviations.LeafIsCA())
    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.LEAF_PROFILE
    changes.append(deviations.Expired())
    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.EXPIRED
    changes.append(deviations.WrongSigner())
    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.BAD_SIGNATURE
    changes.append(deviations.CriticalExtension())
    assert reason(AUTHORITY.attest(deviations=changes)) is Reason.CRITICAL_EXTENSION
    assert reason([*AUTHORITY.attest(deviations=changes), None]) is Reason.MALFORMED_CERTIFICATE
    assert reason([*AUTHORITY.attest(deviations=changes)] * 3) is Reason.TOO_LARGE
    assert reason(CHAIN) is None


# Malformed properties that do not identify the device


@pytest.mark.parametrize("row", PROPERTIES, ids=lambda row: row.name)
def test_a_malformed_property_is_none_and_a_finding_unless_it_identifies(
    row: Property[Any], verifier: Verifier
) -> None:
    odd = AUTHORITY.attest(deviations=[deviations.ExtensionValue(row.oid, b"\xff\x00")])
    report = verifier.examine_chain(odd, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)
    check = report.checks[4]
    assert (check.reason, check.element) == (Reason.MALFORMED_PROPERTY, row.oid)
    assert "ff00" in check.detail
    mended = verifier.examine_chain(CHAIN, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)
    assert mended.attestation is not None
    assert mended.attestation.device.malformed == frozenset()
    if row.identifies:
        assert check.outcome is Outcome.FAILED
        assert report.attestation is None
        return
    assert check.outcome is Outcome.FINDING
    assert report.attestation is not None
    device = report.attestation.device
    assert device.malformed == {row.oid}
    assert device.raw[row.oid] == b"\xff\x00"
    assert device.to_dict()["malformed"] == [row.oid]
    expected = {**mended.attestation.device.values, row.name: None}
    assert device.values == expected
    assert report.attestation != mended.attestation


def test_several_malformed_properties_are_one_finding(verifier: Verifier) -> None:
    odd = AUTHORITY.attest(
        deviations=[
            deviations.ExtensionValue(_SIP, b"\x02\x00"),
            deviations.ExtensionValue(oids.OS_VERSION, b"\xff"),
        ]
    )
    attestation = verifier.verify_chain(odd, freshness=UNCHECKED, at=ISSUED_AT)
    assert attestation.device.sip is None
    assert attestation.device.malformed == {_SIP, oids.OS_VERSION}
    check = verifier.examine_chain(odd, freshness=UNCHECKED, at=ISSUED_AT).checks[4]
    assert check.element == oids.OS_VERSION
    assert f"; {_SIP}: a DER INTEGER" in check.detail


# What is said of freshness


def test_a_code_that_answers_no_request(verifier: Verifier) -> None:
    request = mdm_request(lambda: CHAIN, UNCHECKED, (), ISSUED_AT)._replace(
        judge_freshness=lambda code: FreshnessResult(Freshness.UNMATCHED, code)
    )
    report = run_checks(verifier, request)
    assert report.checks[-1] == Check(
        "freshness", Outcome.FINDING, detail="answers no request that is known"
    )
    assert report.attestation is not None
    assert not report.attestation.is_current


def test_a_check_that_was_not_asked_for(verifier: Verifier) -> None:
    report = verifier.examine_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)
    assert report.checks[-1] == Check("freshness", Outcome.NOT_REQUESTED)
    assert report.attestation is not None
    assert report.attestation.freshness is Freshness.UNCHECKED
    assert not report.attestation.is_current
    asked = verifier.examine_chain(CHAIN, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)
    assert asked.checks[-1] == Check("freshness", Outcome.PASSED)
    assert asked.attestation is not None
    assert asked.attestation.is_current


@pytest.mark.parametrize("nonce", [b"this time", UNCHECKED], ids=["a nonce", "UNCHECKED"])
def test_a_cached_attestation_is_a_finding(nonce: Any, verifier: Verifier) -> None:
    report = verifier.examine_mdm(
        CHAIN,
        nonce=nonce,
        previous_nonces={b"older": SENT_AT, FRESHNESS_CODE: SENT_AT},
        at=ISSUED_AT,
    )
    check = report.checks[-1]
    assert (check.name, check.outcome, check.reason) == ("freshness", Outcome.FINDING, None)
    assert "2025-06-30T00:00:00Z" in check.detail
    assert report.attestation is not None
    assert report.attestation.freshness is Freshness.EARLIER
    assert report.attestation.requested_at == SENT_AT
    assert report.attestation.matched_freshness == FRESHNESS_CODE
    undated = verifier.examine_mdm(
        CHAIN, nonce=nonce, previous_nonces=[FRESHNESS_CODE], at=ISSUED_AT
    )
    assert undated.checks[-1].outcome is Outcome.FINDING
    assert undated.checks[-1].detail == "answers an earlier nonce, sent at an unknown time"
    assert undated.attestation is not None
    assert undated.attestation.requested_at is None


def _mismatches(verifier: Verifier, chain: list[bytes]) -> dict[str, Callable[[], Attestation]]:
    obj = carriers.attestation_object(chain)
    return {
        "mdm": lambda: verifier.verify_mdm(chain, nonce=b"another", at=ISSUED_AT),
        "plist": lambda: verifier.verify_mdm(
            carriers.response_plist(chain), nonce=b"another", at=ISSUED_AT
        ),
        "acme": lambda: verifier.verify_acme(
            obj, token="another-token-of-22-characters", at=ISSUED_AT
        ),
        "chain": lambda: verifier.verify_chain(
            chain, freshness=sha256_of(b"another-token-of-22-characters"), at=ISSUED_AT
        ),
    }


@pytest.mark.parametrize("code", [FRESHNESS_CODE, b"", None], ids=["other", "blank", "absent"])
@pytest.mark.parametrize("carrier", ["mdm", "plist", "acme", "chain"])
def test_only_mdm_gives_the_genuine_attestation_of_another_request(
    carrier: str, code: bytes | None, verifier: Verifier
) -> None:
    chain = AUTHORITY.attest(freshness_code=code)
    with pytest.raises(FreshnessMismatch) as caught:
        _mismatches(verifier, chain)[carrier]()
    reason = Reason.FRESHNESS_MISMATCH if code else Reason.FRESHNESS_MISSING
    assert caught.value.reason is reason
    stale = caught.value.attestation
    if carrier in ("mdm", "plist"):
        assert stale is not None
        assert stale.freshness is Freshness.UNMATCHED
        assert stale.freshness_code == (code or None)
        assert stale.matched_freshness is None
        assert stale.carrier == "mdm"
        assert not stale.is_current
        assert stale.device.serial_number == "TESTSERIAL01"
    else:
        assert stale is None


def test_a_mismatch_beside_another_defect_gives_no_attestation(verifier: Verifier) -> None:
    bad = AUTHORITY.attest(deviations=[deviations.ExtensionValue(oids.UDID, b"\xff")])
    with pytest.raises(MalformedInput):
        verifier.verify_mdm(bad, nonce=b"another", at=ISSUED_AT)
    with pytest.raises(FreshnessMismatch) as caught:
        verifier.verify_mdm(CHAIN, nonce=b"another", at=ISSUED_AT)
    assert caught.value.attestation is not None


# Examining is verifying

LEAF_CHANGES: list[Deviation] = [
    deviations.Expired(),
    deviations.NotYetValid(),
    deviations.WrongSigner(),
    deviations.LeafIsCA(),
    deviations.NoKeyUsage(),
    deviations.CriticalExtension(),
    deviations.ExtensionValue(_SIP, b"\x02\x01\x02"),
    deviations.ExtensionValue(oids.SERIAL_NUMBER, b"\xff"),
    deviations.DoubledExtension(oids.UDID),
    deviations.MissingExtension(oids.FRESHNESS_CODE),
    deviations.Truncated(),
    deviations.TwinSignature(),
]
ISSUER_CHANGES: list[Deviation] = [
    deviations.Expired(),
    deviations.NotACA(),
    deviations.WrongSigner(),
    deviations.NameConstraints(),
    deviations.TrailingBytes(),
]
CHAINS: list[list[Any]] = [
    CHAIN,
    *(AUTHORITY.attest(deviations=[change]) for change in LEAF_CHANGES),
    *(AUTHORITY.attest(intermediate_deviations=[change]) for change in ISSUER_CHANGES),
    AUTHORITY.attest(properties=Properties.iphone().user_enrolled()),
    AUTHORITY.attest(freshness_code=b""),
    chains.by_leaf(AUTHORITY).attest(),
    chains.deeper(AUTHORITY, 1, 0).attest(),
    chains.impostor(AUTHORITY).attest(),
    [],
    [None],
    [CHAIN[0], "text"],
]
NONCES: list[Any] = [FRESHNESS_CODE, b"another", UNCHECKED]
EXAMINED = Verifier(trust=AUTHORITY.trust)


def _asked(data: st.DataObject) -> tuple[str, object, dict[str, Any]]:
    chain = CHAINS[data.draw(st.integers(0, len(CHAINS) - 1), label="chain")]
    extra = data.draw(st.lists(st.sampled_from([1, 2]), max_size=2), label="extras")
    chain = [*chain, *(CHAINS[i][-1] for i in extra)]
    junk = data.draw(st.binary(max_size=40), label="junk")
    at = ISSUED_AT + timedelta(days=data.draw(st.sampled_from([-2, 0, 0, 0, 91]), label="days"))
    nonce = NONCES[data.draw(st.integers(0, 2), label="nonce")]
    packable = all(isinstance(der, bytes) for der in chain)
    carrier = data.draw(st.sampled_from(["chain", "mdm", "plist", "acme"]), label="carrier")
    if carrier == "chain":
        freshness = nonce if nonce is UNCHECKED else exactly(nonce)
        return "chain", chain, {"freshness": freshness, "at": at}
    if carrier == "acme":
        token = UNCHECKED if nonce is UNCHECKED else "a-token-of-22-characters"
        obj = carriers.attestation_object(chain) if packable else junk
        return "acme", obj, {"token": token, "at": at}
    sent = carriers.response_plist(chain) if packable else junk
    response = chain if carrier == "mdm" else sent
    previous = data.draw(st.sampled_from([(), (FRESHNESS_CODE,)]), label="previous")
    return "mdm", response, {"nonce": nonce, "previous_nonces": previous, "at": at}


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_examining_and_verifying_are_one(data: st.DataObject) -> None:
    carrier, device, keywords = _asked(data)
    verify, examine = (getattr(EXAMINED, f"{verb}_{carrier}") for verb in ("verify", "examine"))
    verdict = ended(lambda: verify(device, **keywords))
    report: Report = examine(device, **keywords)
    if isinstance(verdict, Refusal):
        assert report.error is not None
        assert refusal_of(report.error) == verdict
        failed = [check for check in report.checks if check.outcome is Outcome.FAILED]
        assert [(c.reason, c.element, c.detail) for c in failed] == [verdict[1:]]
        assert report.attestation is None
    else:
        assert report.error is None
        assert report.attestation == verdict.attestation
        assert Outcome.FAILED not in outcomes(report).values()
        assert Outcome.NOT_REACHED not in outcomes(report).values()
    assert tuple(check.name for check in report.checks) == CHECKS


# The boundary


class PanicException(BaseException):
    """Imitates the panic of a Rust extension, which is no `Exception`."""


RAISED = [RuntimeError("odd"), RecursionError(), MemoryError(), PanicException("odd")]
PLACES: list[tuple[str, str, type[AttestationError], Reason]] = [
    ("decode_presented", "certificates", MalformedInput, Reason.MALFORMED_CERTIFICATE),
    ("judge_leaf", "leaf", UntrustedChain, Reason.LEAF_PROFILE),
    ("refuse_malformed_identity", "properties", MalformedInput, Reason.MALFORMED_PROPERTY),
    # After the last check has ended.
    ("_attestation", "freshness", FreshnessMismatch, Reason.FRESHNESS_MISSING),
    # When the report of a success is made.
    ("decode_properties", "properties", MalformedInput, Reason.MALFORMED_PROPERTY),
    ("_freshness_check", "freshness", FreshnessMismatch, Reason.FRESHNESS_MISSING),
    ("accepted", "freshness", FreshnessMismatch, Reason.FRESHNESS_MISSING),
]


def _raiser(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_arguments: object, **_keywords: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("name", "step", "kind", "reason"), PLACES, ids=lambda value: str(value))
def test_whatever_a_check_raises_is_a_refusal_at_that_check(
    name: str,
    step: str,
    kind: type[AttestationError],
    reason: Reason,
    error: BaseException,
    verifier: Verifier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(f"appleattest.pipeline.{name}", _raiser(error))
        report = verifier.examine_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)
    assert report.error is not None
    assert (type(report.error), report.error.reason) == (kind, reason)
    assert type(error).__name__ in report.error.detail
    assert outcomes(report)[step] is Outcome.FAILED
    verifier.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_the_path_or_freshness_raises(
    error: BaseException, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("appleattest.chain.path.PathBuilder.build", _raiser(error))
        report = verifier.examine_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)
        assert report.error is not None
        assert type(report.error) is UntrustedChain
        assert report.error.reason is Reason.UNTRUSTED
        assert outcomes(report)["path"] is Outcome.FAILED
    with monkeypatch.context() as patch:
        patch.setattr("appleattest.verifier.judge_freshness", _raiser(error))
        report = verifier.examine_mdm(CHAIN, nonce=UNCHECKED, at=ISSUED_AT)
        assert type(report.error) is FreshnessMismatch
        assert report.error.reason is Reason.FRESHNESS_MISSING
        assert report.error.attestation is None
        assert outcomes(report)["freshness"] is Outcome.FAILED
    verifier.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)


class Hostile(Sequence[bytes]):
    """A sequence that raises whenever anything is asked of it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getitem__(self, index: Any) -> Any:
        raise self.error

    def __len__(self) -> int:
        raise self.error


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_the_devices_object_raises_has_its_carriers_reason(
    error: BaseException, verifier: Verifier
) -> None:
    device: Any = Hostile(error)
    for report, reason in (
        (verifier.examine_chain(device, freshness=UNCHECKED), Reason.MALFORMED_CERTIFICATE),
        (verifier.examine_mdm(device, nonce=UNCHECKED), Reason.MALFORMED_PLIST),
        (verifier.examine_acme(device, token=UNCHECKED), Reason.MALFORMED_ATTESTATION_OBJECT),
    ):
        assert type(report.error) is MalformedInput
        assert report.error.reason is reason
        assert outcomes(report)["decode"] is Outcome.FAILED


class Unspeakable(Exception):
    """An exception that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("not even this")


def test_an_exception_that_cannot_be_shown_is_a_refusal_too(verifier: Verifier) -> None:
    report = verifier.examine_chain(Hostile(Unspeakable()), freshness=UNCHECKED)
    assert type(report.error) is MalformedInput
    assert report.error.detail == "an exception that cannot be shown"


def test_what_an_exception_says_is_escaped_and_cut(verifier: Verifier) -> None:
    report = verifier.examine_chain(
        Hostile(RuntimeError("a\n\x1b[2J" + "b" * 500)), freshness=UNCHECKED
    )
    assert report.error is not None
    assert report.error.detail.isprintable()
    assert "RuntimeError" in report.error.detail
    assert len(report.error.detail) < 150


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(), GeneratorExit(), asyncio.CancelledError()],
    ids=repr,
)
def test_what_is_not_ours_passes_through(error: BaseException, verifier: Verifier) -> None:
    for call in (
        lambda: verifier.verify_chain(Hostile(error), freshness=UNCHECKED),
        lambda: verifier.examine_chain(Hostile(error), freshness=UNCHECKED),
        lambda: verifier.verify_mdm(Hostile(error), nonce=UNCHECKED),
    ):
        with pytest.raises(type(error)) as caught:
            call()
        assert caught.value is error
    fresh(verifier).verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)


@pytest.mark.parametrize("nonce", [UNCHECKED, b"another"], ids=["any", "stale"])
def test_whatever_the_judge_of_the_device_raises(nonce: Any, verifier: Verifier) -> None:
    request = mdm_request(lambda: CHAIN, nonce, (), ISSUED_AT)

    with pytest.raises(MalformedInput) as caught:
        run_checks(verifier, answered_by(request, _raiser(RuntimeError("odd"))))

    assert caught.value.reason is Reason.MALFORMED_PLIST
    report = caught.value.report
    assert report is not None
    assert [check.outcome for check in report.checks[:5]] == [Outcome.PASSED] * 5
    freshness = Outcome.NOT_REQUESTED if nonce is UNCHECKED else Outcome.FAILED
    assert [check.outcome for check in report.checks[5:]] == [freshness, Outcome.FAILED]
    mended = mdm_request(lambda: CHAIN, UNCHECKED, (), ISSUED_AT)
    assert run_checks(verifier, answered_by(mended, lambda *_: None)).error is None


FINDINGS = [
    ("_set_aside", Reason.MALFORMED_CERTIFICATE, "certificates"),
    ("decode_properties", Reason.MALFORMED_PROPERTY, "properties"),
    ("_freshness_check", Reason.FRESHNESS_MISSING, "freshness"),
]


@pytest.mark.parametrize(("name", "reason", "step"), FINDINGS, ids=lambda value: str(value))
def test_whatever_is_raised_in_looking_for_findings(
    name: str, reason: Reason, step: str, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = AUTHORITY.reissue(deviations=[deviations.CriticalExtension()])
    request = mdm_request(lambda: [*CHAIN, aside.der], UNCHECKED, (), ISSUED_AT)
    answered = answered_by(request, lambda *_: None)

    with monkeypatch.context() as patch:
        patch.setattr(f"appleattest.pipeline.{name}", _raiser(RuntimeError("odd")))
        with pytest.raises(AttestationError) as caught:
            run_checks(verifier, answered)

    assert caught.value.reason is reason
    report = caught.value.report
    assert report is not None
    failed = [check.name for check in report.checks if check.outcome is Outcome.FAILED]
    assert failed == [step]
    names = [check.name for check in report.checks]
    assert [check.outcome for check in report.checks[names.index(step) + 1 :]] == [
        Outcome.NOT_REACHED for _ in names[names.index(step) + 1 :]
    ]
    assert run_checks(verifier, answered).error is None
