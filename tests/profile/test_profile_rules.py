"""The rules of an ACME payload: each one broken alone, for the builder and for the linter."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_tools import SETTINGS, acme_payload, codes, document, lint, places, profile, refusal

from appleattest.policy import Platform
from appleattest.profile import (
    ACMECredential,
    ACMEKeyType,
    ACMEPayload,
    AttestSupport,
    LintCode,
    LintSeverity,
    SubjectAltName,
    Target,
)
from appleattest.profile.acme_rules import acme_issues
from appleattest.profile.keys import PAYLOAD

LONG = "L" * 64
OF_64_OCTETS = "2." + ".".join(["9"] * 64)


class Case(NamedTuple):
    """One rule broken: as arguments of the builder, and as keys of a payload."""

    code: LintCode
    place: str
    arguments: dict[str, Any]
    keys: dict[str, Any]
    mended: dict[str, Any]
    """What would be right instead: arguments of the builder."""
    further: tuple[LintCode, ...] = ()
    """What advice the broken document gets beside it."""
    error: type[Exception] = ValueError


def case(
    code: LintCode,
    place: str,
    argument: str,
    key: str,
    bad: Any,
    good: Any,
    *further: LintCode,
    error: type[Exception] = ValueError,
    with_arguments: dict[str, Any] | None = None,
    with_keys: dict[str, Any] | None = None,
) -> Any:
    arguments, keys = with_arguments or {}, with_keys or {}
    made = Case(
        code,
        place,
        {**arguments, argument: bad},
        {**keys, key: bad},
        {**arguments, argument: good},
        further,
        error,
    )
    return pytest.param(made, id=f"{code}-{place}-{ascii(bad)[:30]}")


UNBOUND: dict[str, Any] = {"hardware_bound": False, "attest": False}
UNBOUND_KEYS: dict[str, Any] = {"HardwareBound": False, "Attest": False}
OFF = (LintCode.ATTEST_OFF, LintCode.KEY_EXTRACTABLE)
RSA: dict[str, Any] = {**UNBOUND, "key_type": ACMEKeyType.RSA}
RSA_KEYS: dict[str, Any] = {**UNBOUND_KEYS, "KeyType": "RSA"}

CASES = [
    *(
        case(LintCode.DIRECTORY_URL, "DirectoryURL", "directory_url", "DirectoryURL", bad, good)
        for bad, good in [
            ("http://ca.example/acme", "https://ca.example/acme"),
            ("ca.example", "https://ca.example"),
            ("https://", "https://ca.example"),
            ("https:///acme", "https://ca.example/acme"),
            ("https://ca.example/a b", "https://ca.example/a%20b"),
            ("https://ca.example/\u00e9", "https://ca.example/%C3%A9"),
            ("https://user@ca.example/", "https://ca.example:8443/?a=b"),
            ("https://[::1]x/", "HTTPS://[::1]:14000/dir"),
            ("https://ca.example/\n", "https://ca.example/"),
            ("", "https://ca.example/"),
        ]
    ),
    *(
        case(
            LintCode.CLIENT_IDENTIFIER,
            "ClientIdentifier",
            "client_identifier",
            "ClientIdentifier",
            bad,
            good,
            LintCode.COMMON_NAME,
        )
        for bad, good in [
            ("", "C"),
            ("/1.2", "C/1.2"),
            ("C/", "C"),
            ("C/x", "C/1.2.3"),
            ("C/1.2/3", "C/1.2.3"),
            ("C/1.02", "C/1.2"),
        ]
    ),
    case(
        LintCode.KEY_TYPE,
        "KeyType",
        "key_type",
        "KeyType",
        "EC",
        ACMEKeyType.EC,
        *OFF,
        with_arguments=UNBOUND,
        with_keys=UNBOUND_KEYS,
    ),
    *(
        case(
            LintCode.KEY_SIZE,
            "KeySize",
            "key_size",
            "KeySize",
            bad,
            good,
            *OFF,
            with_arguments=RSA,
            with_keys=RSA_KEYS,
        )
        for bad, good in [(1016, 1024), (4104, 4096), (2047, 2048), (2049, 2056), (-2048, 2048)]
    ),
    *(
        case(
            LintCode.KEY_SIZE,
            "KeySize",
            "key_size",
            "KeySize",
            bad,
            good,
            *OFF,
            with_arguments=UNBOUND,
            with_keys=UNBOUND_KEYS,
        )
        for bad, good in [(512, 521), (128, 192), (224, 256), (2048, 384), (0, 521)]
    ),
    case(LintCode.HARDWARE_BOUND_KEY_SIZE, "KeySize", "key_size", "KeySize", 521, 384),
    case(LintCode.HARDWARE_BOUND_KEY_SIZE, "KeySize", "key_size", "KeySize", 192, 256),
    case(
        LintCode.ATTEST_NOT_HARDWARE_BOUND,
        "Attest",
        "attest",
        "Attest",
        True,
        False,
        LintCode.KEY_EXTRACTABLE,
        with_arguments={"hardware_bound": False},
        with_keys={"HardwareBound": False},
    ),
    *(
        case(LintCode.SUBJECT, place, "subject", "Subject", bad, good, LintCode.COMMON_NAME)
        for place, bad, good in [
            ("Subject[0]", [[]], [[["CN", "a"]]]),
            ("Subject[0][0]", [[["CN"]]], [[["CN", "a"]]]),
            ("Subject[0][0]", [[[]]], [[["CN", "a"]]]),
            ("Subject[1][0]", [[["O", "a"]], [["O", "a", "b"]]], [[["O", "a"]], [["O", "a"]]]),
            ("Subject[0][1][0]", [[["O", "a"], ["UID", "a"]]], [[["O", "a"], ["OU", "a"]]]),
            ("Subject[0][0][0]", [[["cn", "a"]]], [[["2.5.4.3", "a"]]]),
            ("Subject[0][0][0]", [[["1.2.05", "a"]]], [[["1.2.5.3", "a"]]]),
        ]
    ),
    *(
        case(
            LintCode.WRONG_TYPE,
            place,
            "subject",
            "Subject",
            bad,
            good,
            LintCode.COMMON_NAME,
            error=TypeError,
        )
        for place, bad, good in [
            ("Subject", "CN=a", [[["CN", "a"]]]),
            ("Subject[0]", ["CN"], [[["CN", "a"]]]),
            ("Subject[0]", [1], [[["CN", "a"]]]),
            ("Subject[0][0]", [["CN"]], [[["CN", "a"]]]),
            ("Subject[0][0][1]", [[["O", 1]]], [[["O", "1"]]]),
            ("Subject[0][0][0]", [[[5, "a"]]], [[["O", "a"]]]),
        ]
    ),
    *(
        case(LintCode.USAGE_FLAGS, "UsageFlags", "usage_flags", "UsageFlags", bad, good)
        for bad, good in [(2, 1), (6, 4), (8, 5), (-1, 0), (128, 5)]
    ),
    *(
        case(
            LintCode.EXTENDED_KEY_USAGE, place, "extended_key_usage", "ExtendedKeyUsage", bad, good
        )
        for place, bad, good in [
            ("ExtendedKeyUsage[0]", ["clientAuth"], ["1.3.6.1.5.5.7.3.2"]),
            ("ExtendedKeyUsage[1]", ["1.2", "3.1"], ["1.2", "2.1"]),
            ("ExtendedKeyUsage[0]", ["1.2\n"], ["1.2"]),
            ("ExtendedKeyUsage[0]", [f"{OF_64_OCTETS}.1"], ["2.1"]),
        ]
    ),
    case(
        LintCode.WRONG_TYPE,
        "ExtendedKeyUsage[0]",
        "extended_key_usage",
        "ExtendedKeyUsage",
        [1.2],
        ["1.2"],
        error=TypeError,
    ),
    case(
        LintCode.WRONG_TYPE,
        "ExtendedKeyUsage",
        "extended_key_usage",
        "ExtendedKeyUsage",
        "1.2",
        ["1.2"],
        error=TypeError,
    ),
    *(
        case(LintCode.WRONG_TYPE, key, argument, key, bad, good, error=TypeError)
        for argument, key, bad, good in [
            ("directory_url", "DirectoryURL", 1, "https://a"),
            ("key_size", "KeySize", "384", 384),
            ("key_size", "KeySize", 384.0, 384),
            ("key_size", "KeySize", True, 384),
            ("key_type", "KeyType", 2, ACMEKeyType.EC),
            ("hardware_bound", "HardwareBound", 1, True),
            ("hardware_bound", "HardwareBound", "true", True),
            ("attest", "Attest", 1, True),
            ("attest", "Attest", "true", True),
            ("usage_flags", "UsageFlags", True, 1),
            ("display_name", "PayloadDisplayName", 1, "1"),
            ("description", "PayloadDescription", 1, "1"),
            ("organization", "PayloadOrganization", 1, "1"),
            ("key_is_extractable", "KeyIsExtractable", 0, False),
            ("allow_all_apps_access", "AllowAllAppsAccess", 1, False),
        ]
    ),
    case(
        LintCode.WRONG_TYPE,
        "ClientIdentifier",
        "client_identifier",
        "ClientIdentifier",
        1,
        "1",
        error=TypeError,
        with_arguments={"subject": [[["O", "1"]]]},
    ),
    *(
        case(
            LintCode.PAYLOAD_IDENTIFIER,
            "PayloadIdentifier",
            "identifier",
            "PayloadIdentifier",
            bad,
            good,
        )
        for bad, good in [
            ("acme", "com.acme"),
            ("", "a.b"),
            ("com..a", "com.a"),
            ("com.a ", "com.a-1_b"),
            ("com.a\n", "com.a"),
        ]
    ),
]


@pytest.mark.parametrize("broken", CASES)
def test_a_broken_rule_is_found_by_the_builder(broken: Case) -> None:
    kind, text = refusal(lambda: acme_payload(**broken.arguments))
    assert kind is broken.error
    assert text.startswith(f"{broken.place}: "), text
    assert len(text) > len(broken.place) + 20
    acme_payload(**broken.mended)


@pytest.mark.parametrize("broken", CASES)
def test_a_broken_rule_is_found_by_the_linter(broken: Case) -> None:
    here = "PayloadContent[0]"
    found = codes(document(**broken.keys))
    assert found[0] == (broken.code, f"{here}.{broken.place}")
    assert {code for code, _ in found[1:]} == set(broken.further)
    payload = acme_payload(**broken.mended).to_dict()
    mended = document(**{key: payload.get(key, ...) for key in broken.keys})
    assert broken.code not in {code for code, _ in codes(mended)}


def test_the_good_profile_is_clean() -> None:
    assert codes(document()) == []
    assert codes(document(KeySize=256)) == [(LintCode.KEY_SIZE_256, "PayloadContent[0].KeySize")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"KeySize": 10, **UNBOUND_KEYS}, "192, 256, 384 and 521"),
        ({"KeyType": "EC"}, "RSA and ECSECPrimeRandom"),
        ({"Subject": [[["cn", "a"]]]}, "C, L, ST, O, OU and CN"),
        ({"KeySize": "384"}, "<integer>, not a value of type 'str'"),
        ({"HardwareBound": 1}, "<true/> or <false/>, not a value of type 'int'"),
        ({"Subject": [[b"a"]]}, "<array>, not a value of type 'bytes'"),
    ],
)
def test_a_finding_says_what_may_stand_there(changes: dict[str, Any], words: str) -> None:
    assert words in lint(document(**changes))[0].explanation


def test_only_what_is_asked_for_is_in_a_payload_in_plain_types() -> None:
    made = acme_payload().to_dict()
    assert made.keys() & {"SubjectAltName", "UsageFlags", "ExtendedKeyUsage"} == set()
    assert {type(value) for value in made.values()} == {str, int, bool, list}
    assert acme_payload(extended_key_usage=["1.2"]).to_dict()["ExtendedKeyUsage"] == ["1.2"]


def test_a_subject_may_be_empty_and_need_not_name_the_device() -> None:
    assert acme_payload(subject=[]).to_dict()["Subject"] == []
    assert acme_payload().to_dict()["Subject"] == [[["CN", "TESTSERIAL01"]]]


def test_an_rsa_key_is_never_bound_to_the_hardware() -> None:
    """Two rules are broken at once: no RSA key has a size that can be bound."""
    kind, text = refusal(lambda: acme_payload(key_type=ACMEKeyType.RSA, key_size=2048))
    assert (kind, text.partition(":")[0]) == (ValueError, "KeyType")
    found = codes(document(KeyType="RSA", KeySize=2048))
    here = "PayloadContent[0]"
    assert found == [
        (LintCode.HARDWARE_BOUND_KEY_TYPE, f"{here}.KeyType"),
        (LintCode.HARDWARE_BOUND_KEY_SIZE, f"{here}.KeySize"),
    ]
    assert acme_payload(**RSA, key_size=2048).to_dict()["KeyType"] == "RSA"


@pytest.mark.parametrize(
    "key", ["DirectoryURL", "ClientIdentifier", "KeyType", "KeySize", "HardwareBound", "Subject"]
)
def test_a_required_key_is_missed(key: str) -> None:
    found = codes(document(**{key: ...}))
    assert found == [(LintCode.MISSING_KEY, f"PayloadContent[0].{key}")]


@pytest.mark.parametrize("key", ["PayloadIdentifier", "PayloadVersion"])
def test_a_required_key_of_every_payload_is_missed(key: str) -> None:
    assert codes(document(**{key: ...})) == [(LintCode.MISSING_KEY, f"PayloadContent[0].{key}")]


@pytest.mark.parametrize(
    "argument", ["directory_url", "client_identifier", "key_type", "key_size", "hardware_bound"]
)
def test_none_is_no_value_of_a_required_key(argument: str) -> None:
    kind, text = refusal(lambda: acme_payload(**{argument: None, "subject": []}))
    assert (kind, "required" in text) == (ValueError, True)


def test_a_version_other_than_1_is_found() -> None:
    place = "PayloadContent[0].PayloadVersion"
    assert codes(document(PayloadVersion=2)) == [(LintCode.PAYLOAD_VERSION, place)]
    assert codes(document(PayloadVersion=1)) == []


def test_a_uuid_that_is_none_is_found() -> None:
    found = codes(document(PayloadUUID="my-own"))
    place = "PayloadContent[0].PayloadUUID"
    assert found == [(LintCode.PAYLOAD_UUID, place), (LintCode.UNREFERENCED, place)]


# --- alternative names ---------------------------------------------------------------------------


def test_the_four_kinds_of_alternative_names() -> None:
    names = SubjectAltName(
        rfc822_name="a@b.example", dns_name="b.example", uri="urn:a", nt_principal_name="a"
    )
    made = acme_payload(subject_alt_name=names).to_dict()["SubjectAltName"]
    assert made == {
        "rfc822Name": "a@b.example",
        "dNSName": "b.example",
        "uniformResourceIdentifier": "urn:a",
        "ntPrincipalName": "a",
    }
    assert codes(document(SubjectAltName=made)) == []


def test_another_kind_of_alternative_name_is_found() -> None:
    made = document(SubjectAltName={"dnsName": "b.example"})
    found = codes(made)
    assert lint(made)[0].explanation.startswith("'dnsName' is not one of rfc822Name, dNSName")
    assert found == [(LintCode.SUBJECT_ALT_NAME, "PayloadContent[0].SubjectAltName")]
    assert codes(document(SubjectAltName={"dNSName": "b.example"})) == []


def test_an_alternative_name_is_text() -> None:
    found = codes(document(SubjectAltName={"dNSName": ["b.example"]}))
    assert found == [(LintCode.WRONG_TYPE, "PayloadContent[0].SubjectAltName.dNSName")]
    names = SubjectAltName(dns_name=["b.example"])  # type: ignore[arg-type]
    kind, text = refusal(lambda: acme_payload(subject_alt_name=names))
    assert (kind, text.partition(":")[0]) == (TypeError, "SubjectAltName.dNSName")
    kind, text = refusal(lambda: acme_payload(subject_alt_name={"dNSName": "b.example"}))
    assert (kind, "SubjectAltName" in text) == (TypeError, True)
    acme_payload(subject_alt_name=SubjectAltName(dns_name="b.example"))


# --- the device ----------------------------------------------------------------------------------


def mac(os_version: str | None = None, chip: str | None = None) -> Target:
    return Target(platform=Platform.MACOS, os_version=os_version, chip=chip)


HERE = "PayloadContent[0]"
TOO_OLD = (LintCode.OS_TOO_OLD, HERE)
UNBINDABLE = (LintCode.HARDWARE_BOUND_UNSUPPORTED, f"{HERE}.HardwareBound")
UNATTESTABLE = (LintCode.ATTEST_UNSUPPORTED, f"{HERE}.Attest")
IGNORED = (LintCode.ATTEST_IGNORED, f"{HERE}.Attest")


@pytest.mark.parametrize(
    ("platform", "os_version", "chip", "expected"),
    [
        (Platform.IOS, None, None, []),
        (Platform.IOS, "15.8", None, [TOO_OLD, IGNORED]),
        (Platform.IOS, "16.0", "A11", []),
        (Platform.IOS, "16.7.2", "A10", [IGNORED]),
        (Platform.IOS, "18.1", "A17 Pro", []),
        (Platform.IPADOS, "17.1", "A10X Fusion", [IGNORED]),
        (Platform.IPADOS, "17.1", "A12Z", []),
        (Platform.IPADOS, "17.1", "M1", []),
        (Platform.TVOS, "16.0", "A10X", [IGNORED]),
        (Platform.TVOS, "16.0", "A12", []),
        (Platform.TVOS, "15.9", "A12", [TOO_OLD, IGNORED]),
        (Platform.WATCHOS, "8.8", "S4", [TOO_OLD, IGNORED]),
        (Platform.WATCHOS, "9.0", "S4", [IGNORED]),
        (Platform.WATCHOS, "10.0", "S3", [IGNORED]),
        (Platform.WATCHOS, "10.0", "S4", []),
        (Platform.VISIONOS, "1.0", "M2", [IGNORED]),
        (Platform.VISIONOS, "1.1", "M2", []),
        (Platform.MACOS, "13.0", "M1", [TOO_OLD, UNBINDABLE, UNATTESTABLE]),
        (Platform.MACOS, "13.6", "M1", [UNBINDABLE, UNATTESTABLE]),
        (Platform.MACOS, "14.0", "M1", []),
        (Platform.MACOS, "14.0", "T2", [IGNORED]),
        (Platform.MACOS, "14.0", "T1", [UNBINDABLE, UNATTESTABLE]),
        (Platform.MACOS, "14.0", "Intel", [UNBINDABLE, UNATTESTABLE]),
        (Platform.MACOS, None, "Intel", [UNBINDABLE, UNATTESTABLE]),
        (Platform.MACOS, "14.0", None, []),
    ],
)
def test_what_a_device_can_do(
    platform: Platform,
    os_version: str | None,
    chip: str | None,
    expected: list[tuple[LintCode, str]],
) -> None:
    target = Target(platform=platform, os_version=os_version, chip=chip)
    assert codes(document(), target) == expected
    if expected:
        kind, text = refusal(lambda: acme_payload(target=target))
        (issue, *_) = lint(document(), target)
        key = issue.place.removeprefix(HERE).removeprefix(".")
        assert (kind, text) == (ValueError, ": ".join(filter(None, [key, issue.explanation])))
    else:
        assert acme_payload(target=target).target == target
    acme_payload(**UNBOUND, target=None if TOO_OLD in expected else target)


def test_an_os_that_is_too_old_has_no_place_in_the_document() -> None:
    old = Target(platform=Platform.IOS, os_version="15.8")
    assert places(acme_issues(acme_payload().to_dict(), PAYLOAD, old)) == [
        (LintCode.OS_TOO_OLD, ""),
        (LintCode.ATTEST_IGNORED, "Attest"),
    ]


@pytest.mark.parametrize("key", ["KeyIsExtractable", "AllowAllAppsAccess"])
def test_a_key_for_macs_is_for_macs(key: str) -> None:
    made = document(**{key: False})
    phone = Target(platform=Platform.IOS)
    assert codes(made, phone) == [(LintCode.MAC_ONLY_KEY, f"{HERE}.{key}")]
    assert codes(made, mac("15.5")) == codes(made) == []
    argument = {"KeyIsExtractable": "key_is_extractable"}.get(key, "allow_all_apps_access")
    kind, text = refusal(lambda: acme_payload(target=phone, **{argument: False}))
    assert (kind, text.partition(":")[0]) == (ValueError, key)
    assert acme_payload(target=mac(), **{argument: False}).to_dict()[key] is False


@pytest.mark.parametrize(
    ("platform", "chip", "support"),
    [
        (Platform.IOS, None, None),
        (Platform.IOS, "A10", AttestSupport.IGNORED),
        (Platform.IOS, "A11 Bionic", AttestSupport.SUPPORTED),
        (Platform.TVOS, "A11", AttestSupport.IGNORED),
        (Platform.MACOS, "M2 Pro", AttestSupport.SUPPORTED),
        (Platform.MACOS, "T1", AttestSupport.MUST_BE_FALSE),
        (Platform.MACOS, "T2", AttestSupport.IGNORED),
    ],
)
def test_the_chip_decides(
    platform: Platform, chip: str | None, support: AttestSupport | None
) -> None:
    assert Target(platform=platform, chip=chip).attest_support is support


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"platform": "iOS"}, ValueError),
        ({"platform": None}, TypeError),
        ({"platform": Platform.IOS, "os_version": 17.4}, TypeError),
        ({"platform": Platform.IOS, "os_version": "17.x"}, ValueError),
        ({"platform": Platform.IOS, "chip": 11}, TypeError),
        ({"platform": Platform.IOS, "chip": "iPhone10,3"}, ValueError),
        ({"platform": Platform.IOS, "chip": "A11\n"}, ValueError),
        ({"platform": Platform.IOS, "chip": "M1"}, ValueError),
        ({"platform": Platform.IOS, "chip": "Intel"}, ValueError),
        ({"platform": Platform.WATCHOS, "chip": "A11"}, ValueError),
    ],
)
def test_a_target_that_is_none(arguments: dict[str, Any], error: type[Exception]) -> None:
    assert refusal(lambda: Target(**arguments))[0] is error


def test_the_platform_of_a_target_is_given_by_its_name_or_the_names_are_told() -> None:
    named: Any = "macos"
    assert Target(platform=named) == Target(platform=Platform.MACOS)
    assert Target(platform=named).platform is Platform.MACOS
    wrong: Any = "macOS"
    kind, text = refusal(lambda: Target(platform=wrong))
    assert kind is ValueError
    assert text.startswith("platform is one of ios, ipados, macos, tvos, visionos, watchos, not ")
    assert text.endswith("not 'macOS'; did you mean 'macos'?")


def test_a_payload_is_for_a_target_or_for_none() -> None:
    assert refusal(lambda: acme_payload(target="macos"))[0] is TypeError


# --- the two cannot disagree ---------------------------------------------------------------------

texts = st.text("aZ9 <&\u00e9\u2028\U0001f600$/", max_size=8)
oids = st.sampled_from(["1.2.3", "2.999.1", "1.3.6.1.5.5.7.3.2"])
pairs = st.tuples(st.sampled_from(["C", "O", "CN", "1.2.3"]), texts)


@st.composite
def payloads(draw: st.DrawFn) -> ACMEPayload:
    """Any payload that may be built, of any kind of key."""
    bound = draw(st.booleans())
    kind = ACMEKeyType.EC if bound else draw(st.sampled_from(ACMEKeyType))
    sizes = [256, 384] if bound else [192, 256, 384, 521]
    if kind is ACMEKeyType.RSA:
        sizes = list(range(1024, 4097, 8))
    return acme_payload(
        client_identifier=draw(texts.filter(lambda text: text and "/" not in text)),
        key_type=kind,
        key_size=draw(st.sampled_from(sizes)),
        hardware_bound=bound,
        attest=bound and draw(st.booleans()),
        subject=draw(st.none() | st.lists(st.lists(pairs, min_size=1, max_size=2), max_size=3)),
        subject_alt_name=draw(
            st.none() | st.builds(SubjectAltName, dns_name=st.none() | texts, uri=st.none() | texts)
        ),
        usage_flags=draw(st.sampled_from([None, 0, 1, 4, 5])),
        extended_key_usage=draw(st.lists(oids, max_size=2)),
        key_is_extractable=draw(st.none() | st.booleans()),
        allow_all_apps_access=draw(st.none() | st.booleans()),
        display_name=draw(st.none() | texts),
    )


@given(payloads())
def test_what_the_builder_builds_the_linter_does_not_fault(payload: ACMEPayload) -> None:
    issues = lint(profile(payload).to_dict())
    allowed = {LintSeverity.ADVICE, LintSeverity.NO_ATTESTATION}
    assert {issue.severity for issue in issues} <= allowed
    stops = {issue.code for issue in issues if issue.severity is not LintSeverity.ADVICE}
    assert stops == (set() if payload.attest else {LintCode.ATTEST_OFF})


values = st.one_of(
    st.booleans(),
    st.sampled_from([0, 1, 4, 5, 6, 192, 256, 384, 521, 1024, 2048]),
    st.sampled_from(
        ["", "RSA", "ECSECPrimeRandom", "https://a", "http://a", "a/b", "com.a", "1.2"]
    ),
    st.sampled_from([[], [[]], [[["CN", "a"]]], [[["CN"]]], ["1.2"], ["x"], [1]]),
)
ARGUMENTS = {
    "directory_url": "DirectoryURL",
    "client_identifier": "ClientIdentifier",
    "key_type": "KeyType",
    "key_size": "KeySize",
    "hardware_bound": "HardwareBound",
    "attest": "Attest",
    "usage_flags": "UsageFlags",
    "extended_key_usage": "ExtendedKeyUsage",
    "subject": "Subject",
}
targets = st.sampled_from([None, mac("13.2"), mac("15.0", "T2"), mac("15.0", "M1")])
UNSEEN_BY_THE_BUILDER = {
    LintCode.ATTEST_OFF,
    LintCode.COMMON_NAME,
    LintCode.KEY_SIZE_256,
    LintCode.KEY_EXTRACTABLE,
}


@given(st.dictionaries(st.sampled_from(sorted(ARGUMENTS)), values, max_size=4), targets)
def test_builder_and_linter_agree_about_anything(
    arguments: dict[str, Any], target: Target | None
) -> None:
    arguments.setdefault("subject", [[["CN", "TESTSERIAL01"]]])
    keys = {ARGUMENTS[name]: value for name, value in arguments.items()}
    if keys.get("ExtendedKeyUsage") == []:
        keys["ExtendedKeyUsage"] = ...
    made = document(**{key: value for key, value in keys.items() if value is not ...})
    found = {code for code, _ in codes(made, target)} - UNSEEN_BY_THE_BUILDER
    if found:
        refusal(lambda: acme_payload(**arguments, target=target))
    else:
        assert acme_payload(**arguments, target=target).to_dict() == made["PayloadContent"][0]


def test_the_credential_of_a_declaration_has_other_curves() -> None:
    unbound: dict[str, Any] = {**SETTINGS, **UNBOUND}
    kind, text = refusal(lambda: ACMECredential(**unbound, key_size=192))
    assert (kind, text.partition(":")[0]) == (ValueError, "KeySize")
    assert ACMECredential(**unbound, key_size=521).to_dict()["KeySize"] == 521
    assert acme_payload(**UNBOUND, key_size=192).to_dict()["KeySize"] == 192


def test_the_credential_of_a_declaration_is_read_later() -> None:
    phone = Target(platform=Platform.IOS, os_version="16.6")
    kind, text = refusal(lambda: ACMECredential(**SETTINGS, target=phone))
    assert (kind, "17.0" in text) == (ValueError, True)
    assert acme_payload(target=phone).target is phone
    ACMECredential(**SETTINGS, target=Target(platform=Platform.IOS, os_version="17.0"))
