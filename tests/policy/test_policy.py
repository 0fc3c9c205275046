"""Policies: every rule with its finding, nothing raised but by require, nothing passed by error."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Freshness, PolicyViolation, Reason, decode_unverified, mdm, policy
from appleattest.policy.findings import Facts, Finding
from appleattest.testing import AttestationAuthority, Properties
from hostile_input import PanicException

MAC: Final = Properties.mac()
Verdict = policy.Verdict
COMPARED: Final = mdm.Discrepancies((), [mdm.DiscrepancyKind.OS_VERSION])
"""What `find_discrepancies` says of a device that told its version, and told the truth."""
STRICT: Final = policy.Policy(
    policy.MinimumOSVersion("14.2"),
    policy.SIPEnabled(),
    policy.FullSecurity(),
    policy.NoThirdPartyKexts(),
    policy.DeviceIdentified(),
    policy.KeyType("P-384"),
    policy.NoDiscrepancies(),
)


@dataclass(frozen=True)
class Custom:
    """A rule of the caller's own, which does whatever it is told."""

    act: Any
    name: str = "custom"

    def check(self, facts: Facts) -> Finding:
        found: Finding = self.act(facts)
        return found


def broken(*_: object) -> Any:
    raise RuntimeError("the inventory is out of reach")


def panicking(*_: object) -> Any:
    raise PanicException("the inventory failed in Rust")


def interrupted(*_: object) -> Any:
    raise KeyboardInterrupt


def test_a_device_in_good_order(authority: AttestationAuthority) -> None:
    attestation = authority.verified(MAC)
    result = STRICT.evaluate(attestation, COMPARED)
    assert result.passed
    assert result.failed == ()
    assert [finding.rule for finding in result.findings] == [rule.name for rule in STRICT.rules]
    assert {finding.verdict for finding in result.findings} == {Verdict.SATISFIED}
    assert result.score is None
    assert repr(result) == "<PolicyResult passed>"
    assert STRICT.require(attestation, COMPARED).findings == result.findings


def test_every_rule_has_its_finding_though_the_first_fails(authority: AttestationAuthority) -> None:
    attestation = authority.verified(replace(MAC, os_version="14.1", sip=None))
    result = STRICT.evaluate(attestation, COMPARED)
    assert not result.passed
    assert len(result.findings) == len(STRICT.rules)
    assert [finding.verdict for finding in result.failed] == [Verdict.VIOLATED, Verdict.ABSENT]
    assert repr(result) == "<PolicyResult 2 failed>"
    assert json.loads(json.dumps(result.to_dict())) == {
        "passed": False,
        "score": None,
        "findings": [finding.to_dict() for finding in result.findings],
    }


def test_require_raises_with_what_failed(authority: AttestationAuthority) -> None:
    attestation = authority.verified(replace(MAC, os_version="14.1", sip=1))
    with pytest.raises(PolicyViolation) as caught:
        STRICT.require(attestation)
    error = caught.value
    assert (error.reason, error.element) == (Reason.POLICY, "minimum-os-version")
    assert error.findings == STRICT.evaluate(attestation).failed
    assert error.problem()["type"].endswith(":unauthorized")
    assert error.problem()["status"] == 403
    assert "sip-enabled" in error.detail


def test_a_violation_names_no_device(authority: AttestationAuthority) -> None:
    rules = policy.Policy(policy.SerialNumberInInventory(set()))
    with pytest.raises(PolicyViolation) as caught:
        rules.require(authority.verified(MAC))
    assert "TESTSERIAL01" in caught.value.detail
    assert "TESTSERIAL01" not in f"{caught.value}{caught.value.problem()}"
    assert (
        str(caught.value)
        == "the device does not satisfy the policy (policy, serial-number-in-inventory)"
    )


def test_discrepancies_are_part_of_it(authority: AttestationAuthority) -> None:
    lie = mdm.Discrepancy(mdm.DiscrepancyKind.SERIAL_NUMBER, "A", "B")
    attestation = authority.verified(MAC)
    assert not STRICT.evaluate(attestation, [lie]).passed
    assert not STRICT.evaluate(attestation, discrepancies=iter([lie])).passed
    with pytest.raises(PolicyViolation, match="no-discrepancies"):
        STRICT.require(attestation, [lie])
    assert STRICT.evaluate(attestation, COMPARED).passed


def test_what_nobody_compared_is_no_agreement(authority: AttestationAuthority) -> None:
    rules = policy.Policy(policy.NoDiscrepancies())
    attestation = authority.verified(MAC)
    for nothing in (rules.evaluate(attestation), rules.evaluate(attestation, None)):
        (finding,) = nothing.failed
        assert (finding.verdict, finding.found) == (Verdict.ABSENT, None)
        assert finding.expected == "no discrepancy"
    with pytest.raises(PolicyViolation, match="no-discrepancies"):
        rules.require(attestation)
    assert rules.require(attestation, COMPARED).passed
    assert policy.Policy(policy.SIPEnabled()).evaluate(attestation).passed


@pytest.mark.parametrize(
    "nothing", [(), [], iter(()), mdm.Discrepancies()], ids=["tuple", "list", "iterator", "ours"]
)
def test_where_nothing_was_compared_there_is_no_agreement(
    nothing: Any, authority: AttestationAuthority
) -> None:
    """A device that answers no query has said nothing that could differ."""
    rules = policy.Policy(policy.NoDiscrepancies())
    attestation = authority.verified(MAC)
    (finding,) = rules.evaluate(attestation, nothing).failed
    assert (finding.verdict, finding.found) == (Verdict.ABSENT, "no property that was compared")
    assert rules.evaluate(attestation, COMPARED).findings[0].found == "none in OSVersion"


def test_the_platform_is_the_callers(authority: AttestationAuthority) -> None:
    rules = policy.Policy(policy.MinimumOSVersion(ios="17.2"))
    attestation = authority.verified(Properties.iphone())
    assert rules.evaluate(attestation, platform="ios").passed
    assert rules.require(attestation, platform=policy.Platform.IOS).passed
    assert not rules.evaluate(attestation).passed


ALLOWED = "ios, ipados, macos, tvos, visionos, watchos"


@pytest.mark.parametrize(
    ("platform", "hint"),
    [
        ("macOS", "; did you mean 'macos'?"),
        ("iPadOS", "; did you mean 'ipados'?"),
        ("mac", "; did you mean 'macos'?"),
        ("windows", ""),
        ("", ""),
    ],
)
def test_a_platform_that_is_none_is_the_callers_mistake(
    platform: str, hint: str, authority: AttestationAuthority
) -> None:
    rules = policy.Policy(policy.DeviceIdentified())
    attestation = authority.verified(MAC)
    expected = re.escape(f"is one of {ALLOWED}, not {platform!r}{hint}") + "$"
    for judge in (rules.evaluate, rules.require):
        with pytest.raises(ValueError, match=f"^platform {expected}"):
            judge(attestation, platform=platform)
        assert judge(attestation, platform="macos").passed
    with pytest.raises(ValueError, match=f"^platform {expected}"):
        policy.OnPlatform(platform, policy.SIPEnabled())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"^a platform {expected}"):
        policy.MinimumOSVersion(**{platform: "15.5"})


@pytest.mark.parametrize("platform", [7, b"macos", ["macos"]])
def test_a_platform_of_another_type_is_the_callers_mistake(
    platform: Any, authority: AttestationAuthority
) -> None:
    rules = policy.Policy(policy.DeviceIdentified())
    with pytest.raises(TypeError, match=r"^platform is a Platform or its name, not "):
        rules.evaluate(authority.verified(MAC), platform=platform)


def test_discrepancies_of_another_type_are_the_callers_mistake(
    authority: AttestationAuthority,
) -> None:
    attestation = authority.verified(MAC)
    seen: Any = SimpleNamespace(discrepancies=COMPARED)
    with pytest.raises(TypeError, match=r"^discrepancies is what .* not SimpleNamespace$"):
        STRICT.evaluate(attestation, seen)
    assert STRICT.evaluate(attestation, seen.discrepancies).passed


def test_the_time_is_the_callers_and_by_default_the_present(
    authority: AttestationAuthority,
) -> None:
    rules = policy.Policy(policy.MaximumAge(timedelta(days=2)))
    attestation = authority.verified(MAC)
    for judge in (rules.evaluate, rules.require):
        assert judge(attestation, at=authority.issued_at).passed
    assert not rules.evaluate(attestation).passed
    with pytest.raises(ValueError, match="offset"):
        rules.evaluate(attestation, at=datetime(2025, 1, 1))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize(
    "other", [None, {}, "attestation", object()], ids=lambda each: type(each).__name__
)
def test_only_a_verified_attestation_is_judged(other: Any) -> None:
    with pytest.raises(TypeError):
        STRICT.evaluate(other)
    with pytest.raises(TypeError):
        STRICT.require(other)


def test_an_unverified_one_is_none(authority: AttestationAuthority) -> None:
    unverified: Any = decode_unverified(authority.attest(properties=MAC))
    with pytest.raises(TypeError):
        STRICT.evaluate(unverified)


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (broken, "RuntimeError: 'the inventory is out of reach'"),
        (panicking, "PanicException: 'the inventory failed in Rust'"),
        (lambda _: None, "'NoneType'"),
        (lambda _: True, "'bool'"),
        (lambda _: "satisfied", "'str'"),
        (lambda _: {"passed": True}, "'dict'"),
    ],
    ids=["raises", "panics", "none", "true", "text", "dict"],
)
def test_a_rule_that_finds_nothing_fails(
    act: Any, found: str, authority: AttestationAuthority
) -> None:
    rules = policy.Policy(Custom(act), policy.SIPEnabled())
    result = rules.evaluate(authority.verified(MAC))
    assert [finding.verdict for finding in result.findings] == [Verdict.ERROR, Verdict.SATISFIED]
    assert (result.findings[0].rule, result.findings[0].found) == ("custom", found)
    assert result.findings[0].expected
    assert not result.passed
    with pytest.raises(PolicyViolation):
        rules.require(authority.verified(MAC))
    good = Custom(lambda _: Finding(rule="custom", verdict=Verdict.SATISFIED, expected="all"))
    assert policy.Policy(good).evaluate(authority.verified(MAC)).passed


def test_an_interrupt_is_no_finding(authority: AttestationAuthority) -> None:
    for rules in (
        policy.Policy(Custom(interrupted)),
        policy.Policy(policy.SIPEnabled(), score=interrupted),
    ):
        with pytest.raises(KeyboardInterrupt):
            rules.evaluate(authority.verified(MAC))


def test_an_inventory_out_of_reach_fails(authority: AttestationAuthority) -> None:
    class Inventory:
        def __contains__(self, serial_number: object) -> bool:
            raise OSError("no database")

    rules = policy.Policy(policy.SerialNumberInInventory(Inventory()))
    (finding,) = rules.evaluate(authority.verified(MAC)).findings
    assert finding.verdict is Verdict.ERROR
    assert "OSError" in str(finding.found)


def test_a_score(authority: AttestationAuthority) -> None:
    def share(_: object, findings: tuple[Finding, ...]) -> float:
        return sum(finding.passed for finding in findings) / len(findings)

    rules = policy.Policy(*STRICT.rules, score=share)
    assert rules.evaluate(authority.verified(MAC), COMPARED).score == 1.0
    lower = rules.evaluate(authority.verified(replace(MAC, sip=1)), COMPARED)
    assert lower.score == pytest.approx(6 / 7)
    assert not lower.passed


def test_a_score_may_depend_on_the_attestation(authority: AttestationAuthority) -> None:
    attestation = authority.verified(MAC)
    rules = policy.Policy(policy.SIPEnabled(), score=lambda about, _: about is attestation)
    assert rules.evaluate(attestation).score == 1.0


@pytest.mark.parametrize(
    ("score", "found"),
    [
        (broken, "RuntimeError: 'the inventory is out of reach'"),
        (panicking, "PanicException: 'the inventory failed in Rust'"),
        (lambda *_: math.nan, "nan"),
        (lambda *_: math.inf, "inf"),
        (lambda *_: None, "TypeError: "),
        (lambda *_: "high", "ValueError: "),
    ],
    ids=["raises", "panics", "nan", "infinity", "none", "text"],
)
def test_a_score_that_is_none_fails(
    score: Any, found: str, authority: AttestationAuthority
) -> None:
    rules = policy.Policy(policy.SIPEnabled(), score=score)
    result = rules.evaluate(authority.verified(MAC))
    assert result.score is None
    (failed,) = result.failed
    assert (failed.rule, failed.verdict) == ("score", Verdict.ERROR)
    assert "number" in failed.expected
    assert str(failed.found).startswith(found)


def test_what_is_no_policy() -> None:
    with pytest.raises(ValueError, match="without rules"):
        policy.Policy()
    nameless, idle = SimpleNamespace(check=broken), SimpleNamespace(name="idle")
    for no_rule in (None, "sip", nameless, idle):
        with pytest.raises(TypeError, match=r"^a rule has a name and a check; .* does not$"):
            policy.Policy(no_rule)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^a rule is an object, not a class: SIPEnabled\("):
        policy.Policy(policy.SIPEnabled)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^score is a function or None, not int$"):
        policy.Policy(policy.SIPEnabled(), score=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("owner", [policy.Policy, policy.AnyOf])
@pytest.mark.parametrize("collection", [list, tuple, iter], ids=["list", "tuple", "iterator"])
def test_rules_are_given_one_by_one(owner: Any, collection: Any) -> None:
    rules = [policy.SIPEnabled(), policy.FullSecurity()]
    expected = rf"^rules are given one by one: {owner.__name__}\(\*rules\)$"
    with pytest.raises(TypeError, match=expected):
        owner(collection(rules))
    assert owner(*rules).rules == tuple(rules)


def test_a_rule_may_be_iterable() -> None:
    class Several(list[str]):
        name = "several"

        def check(self, facts: Facts) -> Finding:
            raise NotImplementedError

    assert isinstance(policy.Policy(Several()).rules[0], Several)


def test_nothing_changes(authority: AttestationAuthority) -> None:
    with pytest.raises(AttributeError):
        STRICT.rules = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del STRICT._rules
    several = policy.Policy(policy.SIPEnabled(), policy.FullSecurity())
    assert repr(several) == "<Policy sip-enabled, full-security>"
    result = STRICT.evaluate(authority.verified(MAC))
    with pytest.raises(AttributeError):
        result.score = 1.0  # type: ignore[misc]
    assert copy.copy(result) is result
    with pytest.raises(TypeError):
        policy.PolicyResult(findings=(), score=None)


def test_nothing_of_a_result_is_true_or_false(authority: AttestationAuthority) -> None:
    """`if rules.evaluate(…)` must not read as whether there is a result."""
    result = STRICT.evaluate(authority.verified(MAC))
    for each, instead in (
        (result, "read its passed"),
        (result.findings[0], "read its passed"),
        (Verdict.SATISFIED, r"compare it with Verdict\.SATISFIED"),
    ):
        kind = type(each).__name__
        with pytest.raises(TypeError, match=f"^{kind} is neither true nor false: {instead}$"):
            bool(each)


@dataclass(frozen=True)
class Holder:
    held: object


def test_a_result_is_its_own_copy_and_survives_a_process_pool(
    authority: AttestationAuthority,
) -> None:
    rules = policy.Policy(*STRICT.rules, score=lambda *_: 0.5)
    result = rules.evaluate(authority.verified(MAC))
    everything: list[Any] = [result, *result.findings]
    for each in everything:
        assert copy.copy(each) is each
        assert copy.deepcopy([each])[0] is each
        restored = pickle.loads(pickle.dumps(each))
        assert type(restored) is type(each)
        assert restored.to_dict() == each.to_dict()
        held = asdict(Holder(each))["held"]
        assert held is each or held == asdict(each)


def full_marks(_: object, findings: tuple[Finding, ...]) -> float:
    return float(len(findings))


def test_a_policy_is_its_own_copy_and_can_be_given_to_workers(
    authority: AttestationAuthority,
) -> None:
    rules = (
        *STRICT.rules,
        policy.MinimumOSVersion(macos="14.2", ios="17.2"),
        policy.OnPlatform(policy.Platform.MACOS, policy.SIPEnabled()),
        policy.AnyOf(policy.SIPEnabled(), policy.FullSecurity()),
        policy.SerialNumberInInventory(frozenset({"TESTSERIAL01"})),
        policy.FreshnessIs(Freshness.CURRENT),
        policy.MaximumAge(timedelta(days=30)),
        policy.AnchoredAtApple(),
    )
    made = policy.Policy(*rules, score=full_marks)
    assert copy.copy(made) is made
    assert copy.deepcopy(made) is made
    restored = pickle.loads(pickle.dumps(made))
    assert restored.rules == rules
    attestation = authority.verified(MAC)
    assert restored.evaluate(attestation).to_dict() == made.evaluate(attestation).to_dict()
    assert restored.evaluate(attestation).score == len(rules)


@cache
def any_authority() -> AttestationAuthority:
    return AttestationAuthority("any posture")


TEXTS = st.none() | st.sampled_from(["", " ", "14.1", "14.2", "15.10", "26 (a)", "x"])


@given(
    st.builds(
        Properties,
        serial_number=st.none() | st.sampled_from(["A", "TESTSERIAL01"]),
        os_version=TEXTS,
        sepos_version=TEXTS,
        llb_version=TEXTS,
        sip=st.none() | st.integers(0, 2),
        secure_boot=st.none() | st.sampled_from(["Full Security", "Reduced Security", "?"]),
        third_party_kexts=st.none() | st.integers(0, 2),
    ),
    st.none() | st.sampled_from(policy.Platform),
)
def test_whatever_is_attested_every_rule_answers_and_absent_never_passes(
    properties: Properties, platform: policy.Platform | None
) -> None:
    result = STRICT.evaluate(any_authority().verified(properties), COMPARED, platform=platform)
    assert len(result.findings) == len(STRICT.rules)
    passed = {finding.rule: finding.passed for finding in result.findings}
    assert passed["sip-enabled"] is (properties.sip == 0)
    assert passed["full-security"] is (properties.secure_boot == "Full Security")
    assert passed["no-third-party-kexts"] is (properties.third_party_kexts == 0)
    assert passed["minimum-os-version"] is (properties.os_version in ("14.2", "15.10", "26 (a)"))
    assert result.passed is all(passed.values())


class Outspoken:
    """A rule of somebody's own, that finds what it is told to."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict
        self.named = True

    @property
    def name(self) -> str:
        if not self.named:
            raise RuntimeError
        return "outspoken"

    def check(self, facts: policy.Facts) -> policy.Finding:
        return policy.Finding(rule=self.name, verdict=self.verdict, expected="anything")


def test_a_verdict_is_one_of_the_five(authority: AttestationAuthority) -> None:
    attestation = authority.verified()
    for rule in (Outspoken("satisfied"), Outspoken(policy.Verdict.SATISFIED)):
        result = policy.Policy(rule, policy.AnyOf(rule)).evaluate(attestation)
        assert [each["verdict"] for each in result.to_dict()["findings"]] == ["satisfied"] * 2
    for verdict in ("good", None, True):
        (finding,) = policy.Policy(Outspoken(verdict)).evaluate(attestation).findings
        assert (finding.rule, finding.verdict) == ("outspoken", policy.Verdict.ERROR)


def test_a_rule_that_cannot_say_its_name_fails(authority: AttestationAuthority) -> None:
    rule = Outspoken("satisfied")
    rules = policy.Policy(rule)
    assert rules.evaluate(authority.verified()).passed
    rule.named = False
    (finding,) = rules.evaluate(authority.verified()).findings
    assert (finding.rule, finding.verdict) == ("Outspoken", policy.Verdict.ERROR)


# --- unknown is never enough ---------------------------------------------------------------------


def test_a_rule_for_one_platform_is_not_satisfied_where_the_platform_is_unknown(
    authority: AttestationAuthority,
) -> None:
    """A Mac that leaves out 13.1 to 13.3 would pass by the rules for a phone."""
    rules = policy.Policy(
        policy.AnyOf(
            policy.OnPlatform(policy.Platform.IOS, policy.MinimumOSVersion("14")),
            policy.OnPlatform(policy.Platform.MACOS, policy.SIPEnabled()),
        )
    )
    silent = authority.verified(replace(MAC, sip=None, secure_boot=None, third_party_kexts=None))
    assert not rules.evaluate(silent).passed
    assert not rules.evaluate(silent, platform="macos").passed
    assert rules.evaluate(silent, platform="ios").passed
    assert rules.evaluate(authority.verified(MAC)).passed


def test_a_policy_none_of_whose_rules_applies_is_not_satisfied(
    authority: AttestationAuthority,
) -> None:
    only_macs = policy.Policy(policy.OnPlatform(policy.Platform.MACOS, policy.SIPEnabled()))
    iphone = authority.verified(Properties.iphone())
    result = only_macs.evaluate(iphone, platform="ios")
    assert not result.passed
    assert [(each.rule, each.verdict) for each in result.findings] == [
        ("sip-enabled", Verdict.NOT_APPLICABLE),
        ("some-rule-applies", Verdict.ABSENT),
    ]
    with pytest.raises(
        PolicyViolation,
        match=r"^the device does not satisfy the policy \(policy, some-rule-applies\)$",
    ):
        only_macs.require(iphone, platform="ios")
    both = policy.Policy(*only_macs.rules, policy.DeviceIdentified())
    assert both.require(iphone, platform="ios").passed
    assert only_macs.evaluate(authority.verified(MAC)).passed


def test_policies_are_equal_by_their_rules_and_their_score() -> None:
    def score(_attestation: object, _findings: tuple[Finding, ...]) -> float:
        return 1.0

    rules = policy.SIPEnabled(), policy.SerialNumberInInventory({"a"})
    assert policy.Policy(*rules) == policy.Policy(
        policy.SIPEnabled(), policy.SerialNumberInInventory({"a"})
    )
    assert hash(policy.Policy(*rules)) == hash(
        policy.Policy(policy.SIPEnabled(), policy.SerialNumberInInventory({"a"}))
    )
    assert policy.Policy(*rules, score=score) == policy.Policy(*rules, score=score)
    others: list[object] = [
        policy.Policy(*reversed(rules)),
        policy.Policy(policy.SIPEnabled()),
        policy.Policy(policy.SIPEnabled(), policy.SerialNumberInInventory({"b"})),
        policy.Policy(*rules, score=score),
        rules,
    ]
    assert [each for each in others if policy.Policy(*rules) == each] == []
