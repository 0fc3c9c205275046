"""Each rule: what satisfies it, what violates it, and that absent never satisfies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from appleattest import (
    Attestation,
    Freshness,
    PolicyViolation,
    TrustStore,
    Verifier,
    exactly,
    mdm,
    oids,
    policy,
)
from appleattest.freshness import FreshnessResult
from appleattest.oids import SERIAL_NUMBER
from appleattest.policy.findings import Facts, Finding
from appleattest.sealed import seal
from appleattest.testing import AttestationAuthority, KeyKind, Properties

MAC: Final = Properties.mac()
IPHONE: Final = Properties.iphone()
Verdict, Platform = policy.Verdict, policy.Platform


@pytest.fixture
def find(authority: AttestationAuthority) -> Any:
    def find(
        rule: policy.Rule,
        properties: Properties = MAC,
        *,
        attestation: Attestation | None = None,
        platform: policy.Platform | None = None,
        discrepancies: tuple[Any, ...] | None = (),
        compared: frozenset[str] = frozenset(),
        after: timedelta = timedelta(0),
    ) -> Finding:
        attestation = attestation or authority.verified(properties)
        at = authority.issued_at + after
        return rule.check(Facts(attestation, discrepancies, platform, at, compared))

    return find


STATUS_RULES: Final = [
    (policy.SIPEnabled(), "sip", oids.SYSTEM_INTEGRITY_PROTECTION, 0, [1, 2, -1]),
    (
        policy.FullSecurity(),
        "secure_boot",
        oids.SECURE_BOOT,
        "Full Security",
        ["Reduced Security", "Permissive Security", "full security", "Fuller Security"],
    ),
    (policy.NoThirdPartyKexts(), "third_party_kexts", oids.THIRD_PARTY_KEXTS, 0, [1, 2, -1]),
]


@pytest.mark.parametrize(
    ("rule", "field", "oid", "good", "bad"), STATUS_RULES, ids=lambda value: str(value)[:20]
)
def test_only_the_good_value_satisfies(
    rule: policy.Rule, field: str, oid: str, good: Any, bad: list[Any], find: Any
) -> None:
    satisfied = find(rule, replace(MAC, **{field: good}))
    assert (satisfied.verdict, satisfied.element) == (Verdict.SATISFIED, oid)
    assert satisfied.found == satisfied.expected
    for value in bad:
        violated = find(rule, replace(MAC, **{field: value}))
        assert (violated.verdict, violated.passed) == (Verdict.VIOLATED, False)
        assert violated.found not in (None, violated.expected)
        assert violated.expected == satisfied.expected
    none: dict[str, Any] = {field: None}
    for absent in (replace(MAC, **none), replace(MAC, raw={oid: b""})):
        finding = find(rule, absent)
        assert (finding.verdict, finding.found, finding.passed) == (Verdict.ABSENT, None, False)


@pytest.mark.parametrize(
    ("kind", "field", "oid"),
    [
        (policy.MinimumOSVersion, "os_version", oids.OS_VERSION),
        (policy.MinimumSepOSVersion, "sepos_version", oids.SEPOS_VERSION),
        (policy.MinimumLLBVersion, "llb_version", oids.LLB_VERSION),
    ],
)
def test_versions(kind: Any, field: str, oid: str, find: Any) -> None:
    for version, verdict in (
        ("15.5", Verdict.SATISFIED),
        ("15.10", Verdict.SATISFIED),
        ("15.5 (a)", Verdict.SATISFIED),
        ("15.4.9", Verdict.VIOLATED),
        ("15.4 (z)", Verdict.VIOLATED),
        ("9.9", Verdict.VIOLATED),
        ("nonsense", Verdict.VIOLATED),
        ("99 beta", Verdict.VIOLATED),
        (None, Verdict.ABSENT),
    ):
        attested: dict[str, Any] = {field: version}
        finding = find(kind("15.5"), replace(IPHONE, **attested))
        assert (finding.verdict, finding.element) == (verdict, oid)
        assert (finding.rule, finding.expected) == (kind.name, "at least 15.5")
        assert finding.found == (version and f"'{version}'")


def test_a_rapid_response_may_be_demanded(find: Any) -> None:
    rule = policy.MinimumOSVersion("16.4.1 (b)")
    for version, passed in (("16.4.1", False), ("16.4.1 (a)", False), ("16.4.1 (b)", True)):
        assert find(rule, replace(IPHONE, os_version=version)).passed is passed
    assert find(rule, replace(IPHONE, os_version="16.4.2")).passed


def test_minima_by_platform(find: Any) -> None:
    rule = policy.MinimumOSVersion(macos="14.2", ios="17.3")
    assert find(rule, MAC).passed  # 13.x is attested of Macs alone
    assert find(rule, MAC, platform=Platform.MACOS).passed
    old = find(rule, IPHONE, platform=Platform.IOS)
    assert (old.verdict, old.expected) == (Verdict.VIOLATED, "at least 17.3")
    assert find(rule, replace(IPHONE, os_version="17.3"), platform=Platform.IOS).passed
    for platform, verdict, found in (
        (None, Verdict.ABSENT, "an unknown platform"),
        (Platform.TVOS, Verdict.VIOLATED, "tvos"),
    ):
        other = find(rule, replace(IPHONE, os_version="99"), platform=platform)
        assert (other.verdict, other.found) == (verdict, found)
        assert other.expected == "one of macos, ios"


def test_a_mac_that_is_said_to_be_something_else_is_a_mac(find: Any) -> None:
    rule = policy.MinimumOSVersion(macos="15.5", ios="1")
    finding = find(rule, MAC, platform=Platform.IOS)
    assert (finding.verdict, finding.expected) == (Verdict.VIOLATED, "at least 15.5")


@pytest.mark.parametrize(
    ("arguments", "minima", "error"),
    [
        ((), {}, ValueError),
        (("15.5",), {"macos": "15.5"}, ValueError),
        ((15.5,), {}, TypeError),
        ((None,), {"macos": 15.10}, TypeError),
        (("15.5 ",), {}, ValueError),
        ((), {"macOS": "15.5"}, ValueError),
        ((), {"macos": ""}, ValueError),
        (("",), {}, ValueError),
    ],
    ids=repr,
)
def test_a_minimum_that_is_none(arguments: Any, minima: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        policy.MinimumOSVersion(*arguments, **minima)
    assert policy.MinimumOSVersion("15.5") == policy.MinimumOSVersion("15.5.0")


def test_a_device_is_identified(find: Any) -> None:
    rule = policy.DeviceIdentified()
    found = find(rule, MAC)
    assert (found.passed, found.found, found.element) == (True, "'TESTSERIAL01'", SERIAL_NUMBER)
    by_udid = find(rule, replace(MAC, serial_number=None))
    assert (by_udid.passed, by_udid.found) == (True, "'00000000-0000TESTUDID0001'")
    assert find(rule, replace(MAC, udid=None)).passed
    absent = find(rule, MAC.user_enrolled())
    assert (absent.verdict, absent.found) == (Verdict.ABSENT, None)
    assert "serial number" in absent.expected


def test_a_serial_number_is_in_the_inventory(find: Any) -> None:
    rule = policy.SerialNumberInInventory({"TESTSERIAL01", "X"})
    found, absent = find(rule, MAC), find(rule, MAC.user_enrolled())
    assert (found.passed, found.found, found.element) == (True, "'TESTSERIAL01'", SERIAL_NUMBER)
    assert find(rule, IPHONE).verdict is Verdict.VIOLATED
    assert (absent.verdict, absent.found) == (Verdict.ABSENT, None)
    assert "inventory" in absent.expected
    assert "TESTSERIAL01" not in repr(rule)
    for inventory in ("TESTSERIAL01,X", b"TESTSERIAL01", None, 7, iter(["TESTSERIAL01"])):
        with pytest.raises(TypeError):
            policy.SerialNumberInInventory(inventory)  # type: ignore[arg-type]


def test_the_type_of_the_key(authority: AttestationAuthority, find: Any) -> None:
    p256 = authority.verifier.verify_chain(
        authority.attest(public_key=authority.keys.ec("small", KeyKind.P256).public_key()),
        freshness=exactly(authority.freshness_code),
        at=authority.issued_at,
    )
    only_p384 = policy.KeyType("P-384")
    assert find(only_p384).passed
    violated = find(only_p384, attestation=p256)
    assert (violated.verdict, violated.found) == (Verdict.VIOLATED, "P-256")
    assert (violated.rule, violated.expected) == ("key-type", "P-384")
    assert find(policy.KeyType("P-256", "P-384"), attestation=p256).passed
    for curves in ((), ("P-521",), ("P-256", "p-384")):
        with pytest.raises(ValueError, match="'P-256' or 'P-384'"):
            policy.KeyType(*curves)


def test_the_age(authority: AttestationAuthority, find: Any) -> None:
    rule = policy.MaximumAge(timedelta(days=30))
    begins = authority.verified().not_before - authority.issued_at
    assert find(rule).passed
    assert find(rule, after=begins).passed
    assert find(rule, after=begins + timedelta(days=30)).passed
    old = find(rule, after=begins + timedelta(days=30, seconds=1))
    assert (old.rule, old.verdict) == ("maximum-age", Verdict.VIOLATED)
    assert (old.expected, old.found) == ("at most 30 days, 0:00:00", "up to 30 days, 0:00:01")
    assert find(rule, after=begins - timedelta(seconds=1)).verdict is Verdict.VIOLATED
    with pytest.raises(TypeError):
        policy.MaximumAge(30)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="longer than zero"):
        policy.MaximumAge(timedelta(0))


def test_the_time_of_the_request_bounds_the_age_too(
    authority: AttestationAuthority, find: Any
) -> None:
    asked_at = authority.issued_at - timedelta(hours=1)
    cached = authority.verifier.verify_mdm(
        authority.attest(freshness_code=b"before"),
        nonce=b"now",
        previous_nonces={b"before": asked_at},
        at=authority.issued_at,
    )
    rule = policy.MaximumAge(timedelta(hours=2))
    assert find(rule, attestation=cached).passed
    assert not find(rule).passed
    assert not find(rule, attestation=cached, after=timedelta(hours=2)).passed


def test_the_freshness(authority: AttestationAuthority, find: Any) -> None:
    unchecked = authority.verified(freshness_code=None)
    current = policy.FreshnessIs(Freshness.CURRENT)
    assert find(current).passed
    violated = find(current, attestation=unchecked)
    assert (violated.rule, violated.verdict) == ("freshness", Verdict.VIOLATED)
    assert (violated.expected, violated.found) == ("current", "unchecked")
    either = policy.FreshnessIs(Freshness.EARLIER, Freshness.UNCHECKED)
    assert find(either, attestation=unchecked).passed
    assert policy.FreshnessIs("current") == current  # type: ignore[arg-type]
    allowed = "^a freshness is one of current, earlier, unmatched, unchecked, "
    for freshness, why in (((), "given one"), (("fresh",), "not 'fresh'"), (([],), r"not \[\]")):
        with pytest.raises(ValueError, match=allowed + why):
            policy.FreshnessIs(*freshness)


def test_the_anchor(monkeypatch: pytest.MonkeyPatch, find: Any) -> None:
    violated = find(policy.AnchoredAtApple())
    assert (violated.rule, violated.verdict) == ("anchored-at-apple", Verdict.VIOLATED)
    assert ("Apple" in violated.expected, violated.found) == (True, "another")
    monkeypatch.setattr(Attestation, "anchored_at_apple", True)
    satisfied = find(policy.AnchoredAtApple())
    assert (satisfied.passed, satisfied.found) == (True, "Apple's")


def test_a_real_chain_is_anchored_at_apple(real_chain: Any, find: Any) -> None:
    attestation = Verifier(trust=TrustStore.apple()).verify_chain(
        real_chain.ders, freshness=_unchecked(), at=real_chain.leaf.not_valid_before_utc
    )
    assert find(policy.AnchoredAtApple(), attestation=attestation).passed


def _unchecked() -> Any:
    from appleattest import UNCHECKED

    return UNCHECKED


def test_no_discrepancies(find: Any) -> None:
    lie = mdm.Discrepancy(mdm.DiscrepancyKind.SERIAL_NUMBER, "A", "B")
    update = mdm.Discrepancy(mdm.DiscrepancyKind.OS_VERSION, "17.3", "17.2", True)
    compared = frozenset({"SerialNumber", "OSVersion"})
    none = find(policy.NoDiscrepancies(), compared=compared)
    assert (none.passed, none.found) == (True, "none in OSVersion, SerialNumber")
    assert none.expected == "no discrepancy"
    lying = find(policy.NoDiscrepancies(), discrepancies=(lie,), compared=compared)
    assert (lying.verdict, lying.found) == (Verdict.VIOLATED, "'SerialNumber'")
    found = find(policy.NoDiscrepancies(), discrepancies=(lie, update))
    assert (found.verdict, found.found) == (Verdict.VIOLATED, "'SerialNumber', 'OSVersion'")
    forgiving = policy.NoDiscrepancies(but_for_age=True)
    forgiven = find(forgiving, discrepancies=(update,))
    assert (forgiven.passed, forgiven.found) == (True, "none in OSVersion")
    assert not find(forgiving, discrepancies=(lie,)).passed
    for rule in (policy.NoDiscrepancies(), forgiving):
        unknown = find(rule, discrepancies=None, compared=compared)
        assert (unknown.verdict, unknown.rule) == (Verdict.ABSENT, "no-discrepancies")
        nothing = find(rule, discrepancies=())
        assert (nothing.verdict, nothing.rule) == (Verdict.ABSENT, "no-discrepancies")
        assert nothing.expected == unknown.expected == "no discrepancy"


def test_a_rule_for_one_platform(find: Any) -> None:
    rule = policy.OnPlatform(Platform.MACOS, policy.SIPEnabled())
    assert rule.name == "sip-enabled"
    assert find(rule, MAC).verdict is Verdict.SATISFIED
    assert find(rule, replace(MAC, sip=1), platform=Platform.IOS).verdict is Verdict.VIOLATED
    other = find(rule, IPHONE, platform=Platform.IOS)
    assert (other.verdict, other.passed, other.found) == (Verdict.NOT_APPLICABLE, True, "ios")
    assert other.rule == "sip-enabled"
    assert "macos" in other.expected
    assert find(rule, IPHONE, platform=Platform.MACOS).verdict is Verdict.ABSENT
    assert policy.OnPlatform("macos", policy.SIPEnabled()) == rule  # type: ignore[arg-type]
    phone = policy.OnPlatform(Platform.IOS, policy.DeviceIdentified())
    assert find(phone, IPHONE, platform=Platform.IOS).verdict is Verdict.SATISFIED
    unknown = find(phone, IPHONE)
    assert (unknown.verdict, unknown.passed) == (Verdict.ABSENT, False)
    assert (unknown.rule, unknown.expected) == ("device-identified", "a known platform")
    assert unknown.found == "an unknown platform"
    for no_rule in (policy.SIPEnabled, None, "sip"):
        with pytest.raises(TypeError):
            policy.OnPlatform(Platform.MACOS, no_rule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "oid", [oids.SYSTEM_INTEGRITY_PROTECTION, oids.SECURE_BOOT, oids.THIRD_PARTY_KEXTS]
)
def test_a_malformed_property_of_macs_alone_is_one_of_a_mac(find: Any, oid: str) -> None:
    """Else an odd encoding would take the device out of the rules for Macs."""
    rule = policy.OnPlatform(Platform.MACOS, policy.SIPEnabled())
    odd = find(rule, replace(IPHONE, raw={oid: b"\x02\x00"}), platform=Platform.IOS)
    assert (odd.verdict, odd.passed) == (Verdict.ABSENT, False)
    blank = find(rule, replace(IPHONE, raw={oid: b""}), platform=Platform.IOS)
    assert blank.verdict is Verdict.NOT_APPLICABLE


def test_any_of_several(find: Any) -> None:
    rule = policy.AnyOf(policy.MinimumOSVersion("99"), policy.SIPEnabled())
    satisfied = find(rule, MAC)
    assert (satisfied.rule, satisfied.verdict) == ("any-of", Verdict.SATISFIED)
    violated = find(rule, replace(MAC, sip=1))
    assert (violated.rule, violated.verdict) == ("any-of", Verdict.VIOLATED)
    assert "minimum-os-version (at least 99) or sip-enabled" in violated.expected
    absent = find(policy.AnyOf(policy.SIPEnabled(), policy.FullSecurity()), IPHONE)
    assert (absent.verdict, absent.found) == (Verdict.ABSENT, "nothing; nothing")
    elsewhere = policy.AnyOf(policy.OnPlatform(Platform.TVOS, policy.DeviceIdentified()))
    assert find(elsewhere, MAC).verdict is Verdict.VIOLATED
    with pytest.raises(ValueError, match="no rules"):
        policy.AnyOf()
    with pytest.raises(TypeError):
        policy.AnyOf(policy.SIPEnabled)  # type: ignore[arg-type]


def test_a_finding_reads_as_a_sentence() -> None:
    finding = Finding(rule="r", verdict=Verdict.ABSENT, expected="good")
    assert str(finding) == "r: absent: good was expected, nothing found"
    assert finding.to_dict() == {
        "rule": "r",
        "verdict": "absent",
        "expected": "good",
        "found": None,
        "element": None,
    }


def test_a_curve_that_is_never_attested_violates(find: Any) -> None:
    class Key:
        class curve:  # noqa: N801 - as cryptography has it
            name = "secp521r1"

    class Stub:
        public_key = Key

    path: Any = (Stub,)
    device: Any = None
    attestation = seal(
        Attestation,
        _path=path,
        _answers=FreshnessResult(Freshness.UNCHECKED, None),
        device=device,
        carrier="chain",
        verified_at=datetime(2025, 7, 1, tzinfo=UTC),
    )
    found = find(policy.KeyType("P-256", "P-384"), attestation=attestation)
    assert (found.verdict, found.found) == (Verdict.VIOLATED, "another curve")


def test_a_finding_names_its_rule_and_its_property(find: Any) -> None:
    minimum = policy.MinimumOSVersion(macos="15.0")
    nobody = Properties(os_version="15.5")
    cases: list[tuple[Any, Any, dict[str, Any], Any]] = [
        (policy.SIPEnabled(), nobody, {}, Verdict.ABSENT),
        (policy.DeviceIdentified(), nobody, {}, Verdict.ABSENT),
        (policy.DeviceIdentified(), MAC, {}, Verdict.SATISFIED),
        (policy.SerialNumberInInventory({"X"}), nobody, {}, Verdict.ABSENT),
        (policy.SerialNumberInInventory({"X"}), MAC, {}, Verdict.VIOLATED),
        (minimum, nobody, {}, Verdict.ABSENT),
        (minimum, IPHONE, {"platform": Platform.IOS}, Verdict.VIOLATED),
    ]
    for rule, properties, more, verdict in cases:
        found = find(rule, properties, **more)
        assert (found.rule, found.verdict) == (rule.name, verdict)
        assert found.expected
        assert str(found.element).startswith("1.2.840.113635.100.8.")


def test_a_violation_tells_every_finding(authority: AttestationAuthority) -> None:
    attestation = authority.verified(Properties(os_version="15.5"))
    with pytest.raises(PolicyViolation) as caught:
        policy.Policy(policy.SIPEnabled(), policy.FullSecurity()).require(attestation)
    assert len(caught.value.findings) == 2
    assert caught.value.detail == "; ".join(map(str, caught.value.findings))
