"""What the strategies draw is what they say, and a verifier says so too."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    DeviceProperties,
    Freshness,
    Reason,
    Report,
    SecureBoot,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    Verifier,
    decode_unverified,
    exactly,
    oids,
)
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    LeafArguments,
    Properties,
    deviations,
    strategies,
)
from appleattest.testing.strategies import Defect, MintedChain, MintedObject, MintedResponse
from appleattest.testing.strategies.broken import _DEFECTS, _issuers
from appleattest.testing.strategies.devices import IDENTIFIERS, PROPERTIES
from appleattest.testing.strategies.genuine import _HARMLESS, shapes
from chain_cases import Acceptance, Verdict, ended, fresh, refusal_of, verdict

AUTHORITY = AttestationAuthority("tests of the strategies")
CHAINS = strategies.chains(AUTHORITY)
BROKEN = strategies.broken_chains(AUTHORITY)
OBJECTS = strategies.attestation_objects(AUTHORITY)
RESPONSES = strategies.responses(AUTHORITY)

WARM = Verifier(trust=AUTHORITY.trust)
"""Lives as long as this module, so that what one chain leaves behind meets the next."""

often = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])

Call = Callable[[Verifier], Attestation]


def examined(report: Report) -> Verdict:
    """What a report says, in the form of a verdict."""
    if report.attestation is None:
        assert report.error is not None
        return refusal_of(report.error)
    attestation = report.attestation
    return ended(lambda: attestation)


def settled(verify: Call, examine: Callable[[Verifier], Report]) -> Verdict:
    """The one verdict of verifying and examining, of a warm verifier and a fresh one."""
    cold = ended(lambda: verify(fresh(WARM)))
    for again in (lambda: verify(WARM), lambda: verify(WARM)):
        assert ended(again) == cold
    assert examined(examine(WARM)) == examined(examine(fresh(WARM))) == cold
    return cold


def of_chain(minted: MintedChain) -> Verdict:
    code = minted.freshness_code
    assert code is not None
    arguments: dict[str, Any] = {"freshness": exactly(code), "at": minted.at}
    return settled(
        lambda verifier: verifier.verify_chain(minted.chain, **arguments),
        lambda verifier: verifier.examine_chain(minted.chain, **arguments),
    )


def of_object(minted: MintedObject) -> Verdict:
    arguments: dict[str, Any] = {"token": minted.token, "at": minted.chain.at}
    return settled(
        lambda verifier: verifier.verify_acme(minted.encoded, **arguments),
        lambda verifier: verifier.examine_acme(minted.encoded, **arguments),
    )


def of_response(minted: MintedResponse) -> Verdict:
    arguments: dict[str, Any] = {"nonce": minted.nonce, "at": minted.chain.at}
    return settled(
        lambda verifier: verifier.verify_mdm(minted.encoded, **arguments),
        lambda verifier: verifier.examine_mdm(minted.encoded, **arguments),
    )


def of_object_unchecked(sent: Any, at: datetime) -> Verdict:
    return settled(
        lambda verifier: verifier.verify_acme(sent, token=UNCHECKED, at=at),
        lambda verifier: verifier.examine_acme(sent, token=UNCHECKED, at=at),
    )


def of_response_unchecked(sent: Any, at: datetime) -> Verdict:
    return settled(
        lambda verifier: verifier.verify_mdm(sent, nonce=UNCHECKED, at=at),
        lambda verifier: verifier.examine_mdm(sent, nonce=UNCHECKED, at=at),
    )


# Genuine


def expected(properties: Properties, name: str, oid: str) -> object:
    """What a property must decode to; None where it is absent or blank."""
    raw = properties.raw.get(oid)
    value: Any = getattr(properties, name) if raw is None else raw.decode().strip(" ") or None
    if value is None:
        return None
    if name == "sip":
        known = {0: SystemIntegrityProtection.ENABLED, 1: SystemIntegrityProtection.DISABLED}
        return known.get(value, SystemIntegrityProtection.UNRECOGNIZED)
    if name == "third_party_kexts":
        return ThirdPartyKexts.SOME_ALLOWED if value else ThirdPartyKexts.NONE_ALLOWED
    if name == "secure_boot":
        levels = {f"{level.value.title()} Security": level for level in SecureBoot}
        return levels.get(value, SecureBoot.UNRECOGNIZED)
    return value


NAMED = {
    "serial_number": oids.SERIAL_NUMBER,
    "udid": oids.UDID,
    "software_update_device_id": oids.SOFTWARE_UPDATE_DEVICE_ID,
    "os_version": oids.OS_VERSION,
    "sepos_version": oids.SEPOS_VERSION,
    "llb_version": oids.LLB_VERSION,
    "sip": oids.SYSTEM_INTEGRITY_PROTECTION,
    "secure_boot": oids.SECURE_BOOT,
    "third_party_kexts": oids.THIRD_PARTY_KEXTS,
}


def says(device: DeviceProperties, properties: Properties) -> None:
    for name, oid in NAMED.items():
        assert getattr(device, name) == expected(properties, name, oid), name


def is_genuine(ended: Verdict, minted: MintedChain) -> Attestation:
    """It was accepted, says what was minted, and comes back the same from both its records."""
    assert isinstance(ended, Acceptance), ended
    attestation: Attestation = ended.attestation
    assert minted.reasons == frozenset()
    assert ended.path[0] == minted.chain[0]
    assert ended.path[-1] == AUTHORITY.root_issuer.der
    assert set(ended.path[1:-1]) <= set(minted.chain)
    code = minted.freshness_code
    assert code is not None
    raw = {**minted.properties.extension_values(), oids.FRESHNESS_CODE: code}
    assert dict(attestation.device.raw) == raw
    says(attestation.device, minted.properties)
    assert attestation.freshness is Freshness.CURRENT
    assert attestation.freshness_code == code
    assert attestation.verified_at == minted.at
    assert WARM.reverify(attestation.to_dict()) == attestation
    assert pickle.loads(pickle.dumps(attestation)) == attestation
    return attestation


@often
@given(CHAINS)
def test_a_genuine_chain_is_accepted_and_read_back(minted: MintedChain) -> None:
    is_genuine(of_chain(minted), minted)


@often
@given(OBJECTS)
def test_an_attestation_object_is_accepted_and_read_back(minted: MintedObject) -> None:
    assert is_genuine(of_object(minted), minted.chain).carrier == "acme"


@often
@given(RESPONSES)
def test_a_response_is_accepted_and_read_back(minted: MintedResponse) -> None:
    assert is_genuine(of_response(minted), minted.chain).carrier == "mdm"


def test_every_shape_is_genuine() -> None:
    """Each issuer, extra and harmless deviation by itself, so that none depends on luck."""
    known = shapes(AUTHORITY)
    for issuer in known.issuers:
        assert isinstance(verdict(WARM, issuer.attest()), Acceptance)
    for extra in known.extras:
        assert isinstance(verdict(WARM, [*AUTHORITY.attest(), extra]), Acceptance)
    for harmless in _HARMLESS:
        assert isinstance(verdict(WARM, AUTHORITY.attest(deviations=harmless)), Acceptance)


@given(strategies.freshness_codes())
def test_a_freshness_code_is_a_nonce_that_may_be_sent(code: bytes) -> None:
    Verifier().examine_mdm([], nonce=code)


# Broken


def is_refused(ended: Verdict, minted: MintedChain) -> None:
    assert not isinstance(ended, Acceptance)
    assert ended.reason in minted.reasons


@often
@given(BROKEN)
def test_a_broken_chain_is_refused_for_the_reason_given(minted: MintedChain) -> None:
    is_refused(of_chain(minted), minted)


def test_every_deviation_is_refused_for_the_reason_given() -> None:
    seen = {each for strategy in _DEFECTS for each in refused_with(strategy)}
    listed = {getattr(deviations, name) for name in deviations.__all__}
    classes = {each for each in listed if isinstance(each, type) and issubclass(each, Deviation)}
    harmless = {type(each) for several in _HARMLESS for each in several}
    # What is left is general: harm or none, as its arguments have it. A new one goes somewhere.
    assert classes - seen - harmless == {
        deviations.MalformedProperty,
        deviations.MissingExtension,
        deviations.NestedFreshnessCode,
        deviations.NoKeyIdentifiers,
        deviations.PublicKeyInfo,
        deviations.RawExtension,
        deviations.SignatureAlgorithm,
        deviations.TamperedContent,
        deviations.Utf8StringText,
        deviations.Validity,
        deviations.WrappedValue,
    }


def refused_with(strategy: st.SearchStrategy[Defect]) -> set[type[Deviation]]:
    """Try defects of one kind in chains about any device, which are accepted without them."""
    seen: set[type[Deviation]] = set()

    @settings(deadline=None, max_examples=4, database=None)
    @given(strategy, strategies.devices())
    def check(defect: Defect, properties: Properties) -> None:
        leaf: LeafArguments = {"properties": properties, "freshness_code": b"code"}
        assert isinstance(verdict(WARM, AUTHORITY.attest(**leaf)), Acceptance)
        chain = defect.attest(AUTHORITY, **leaf)
        found = verdict(WARM, chain)
        assert not isinstance(found, Acceptance), defect
        assert found.reason in defect.reasons, found
        assert found == verdict(fresh(WARM), chain)
        seen.add(type(defect.deviation))

    check()
    return seen


def test_every_issuer_that_is_none_is_refused_for_the_reason_given() -> None:
    for issuer, reason in _issuers(AUTHORITY):
        found = verdict(WARM, issuer.attest())
        assert not isinstance(found, Acceptance)
        assert found.reason is reason


@often
@given(strategies.malformed_devices())
def test_a_malformed_device_is_refused_for_its_one_malformed_property(device: Properties) -> None:
    found = verdict(WARM, AUTHORITY.attest(properties=device))
    assert not isinstance(found, Acceptance)
    assert found.reason is Reason.MALFORMED_PROPERTY
    sound = {oid: value for oid, value in device.raw.items() if oid != found.element}
    mended = AUTHORITY.attest(properties=Properties(raw=sound))
    assert isinstance(verdict(WARM, mended), Acceptance)


@often
@given(st.data())
def test_another_malformed_property_is_absent_and_named(data: st.DataObject) -> None:
    oid = data.draw(st.sampled_from([each for each in PROPERTIES if each not in IDENTIFIERS]))
    device = data.draw(strategies.malformed_devices([oid]))
    found = verdict(WARM, AUTHORITY.attest(properties=device))
    assert isinstance(found, Acceptance)
    (name,) = (name for name, each in NAMED.items() if each == oid)
    assert getattr(found.attestation.device, name) is None
    assert found.attestation.device.malformed == {oid}


# Anything


def damaged(encoded: bytes) -> st.SearchStrategy[bytes]:
    """The octets with one piece replaced by others: shorter, longer, or of the same length."""
    return st.builds(
        lambda start, length, other: encoded[:start] + other + encoded[start + length :],
        st.integers(0, len(encoded)),
        st.integers(0, 8),
        st.binary(max_size=8),
    )


@often
@given(st.data())
def test_nothing_but_attestation_errors_comes_out(data: st.DataObject) -> None:
    minted = data.draw(st.one_of(OBJECTS, RESPONSES))
    original = minted.encoded.encode() if isinstance(minted.encoded, str) else minted.encoded
    octets = data.draw(damaged(original))
    at = minted.chain.at
    sent: list[Any] = [octets, octets.decode("latin-1"), [octets, *minted.chain.chain]]
    for each in sent:
        for answer in (of_object_unchecked(each, at), of_response_unchecked(each, at)):
            assert not isinstance(answer, Acceptance) or answer.path[0] == minted.chain.chain[0]
        with contextlib.suppress(AttestationError):
            decode_unverified(each)


# The package


def test_only_the_strategies_import_hypothesis() -> None:
    program = "import sys, appleattest.testing; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_hypothesis_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in [each for each in sys.modules if each.startswith(strategies.__name__)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError) as refusal:
        import_module(strategies.__name__)
    assert str(refusal.value) == (
        "appleattest.testing.strategies needs Hypothesis: install appleattest[testing]"
    )


def test_every_public_name_is_documented() -> None:
    for name in strategies.__all__:
        assert getattr(strategies, name).__doc__


def test_a_minted_chain_says_all_it_takes_to_verify_it() -> None:
    names = {field.name for field in fields(MintedChain)}
    assert names == {"chain", "properties", "freshness_code", "at", "reasons"}
