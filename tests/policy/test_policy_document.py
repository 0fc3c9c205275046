"""Policies as operators write them: the loader and the schema agree about every document."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Freshness, policy
from appleattest.policy.versions import VERSION_PATTERN
from appleattest.testing import AttestationAuthority, Properties

SCHEMA: Final = json.loads(policy.json_schema())
VALIDATOR: Final = jsonschema.Draft202012Validator(SCHEMA)
WHOLE: Final = """
schema = 1

[minimum_os_version]
macos = "15.10"
ios = "16.4.1 (a)"

[minimum_sepos_version]
macos = "15.5"

[minimum_llb_version]
macos = "15.5"

[mac]
sip_enabled = true
full_security = true
no_third_party_kexts = true

[device]
identified = true
in_inventory = true
no_discrepancies = true
key_types = ["P-384"]

[attestation]
freshness = ["current", "earlier"]
maximum_age_days = 30
anchored_at_apple = true
"""
INVENTORY: Final = {"TESTSERIAL01"}
OnPlatform, MAC = policy.OnPlatform, policy.Platform.MACOS


def load(text: str | bytes, **arguments: Any) -> policy.Policy:
    return policy.Policy.from_toml(text, **{"inventory": INVENTORY, **arguments})


def in_schema(text: str) -> bool:
    return VALIDATOR.is_valid(tomllib.loads(text))


def test_the_schema_is_one() -> None:
    assert json.loads(policy.json_schema()) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"]["const"] == policy.POLICY_SCHEMA
    assert SCHEMA["$defs"]["version"]["pattern"] == VERSION_PATTERN
    assert set(SCHEMA["$defs"]["versions"]["properties"]) == {*policy.Platform}


@pytest.mark.parametrize("text", [WHOLE, WHOLE.encode()], ids=["text", "bytes"])
def test_a_whole_document(text: str | bytes) -> None:
    assert in_schema(WHOLE)
    assert load(text).rules == (
        policy.MinimumOSVersion(macos="15.10", ios="16.4.1 (a)"),
        policy.MinimumSepOSVersion(macos="15.5"),
        policy.MinimumLLBVersion(macos="15.5"),
        OnPlatform(MAC, policy.SIPEnabled()),
        OnPlatform(MAC, policy.FullSecurity()),
        OnPlatform(MAC, policy.NoThirdPartyKexts()),
        policy.DeviceIdentified(),
        policy.NoDiscrepancies(),
        policy.SerialNumberInInventory(INVENTORY),
        policy.KeyType("P-384"),
        policy.FreshnessIs(Freshness.CURRENT, Freshness.EARLIER),
        policy.MaximumAge(timedelta(days=30)),
        policy.AnchoredAtApple(),
    )


def test_it_judges(authority: AttestationAuthority) -> None:
    rules = load(
        'schema = 1\n[minimum_os_version]\nmacos = "14.2"\nios = "17.2"\n[mac]\nsip_enabled = true',
        score=lambda _, findings: len(findings),
    )
    mac, iphone = Properties.mac(), Properties.iphone()
    assert rules.evaluate(authority.verified(mac)).score == 2
    assert rules.evaluate(authority.verified(iphone), platform="ios").passed
    assert not rules.evaluate(authority.verified(iphone)).passed
    silent = authority.verified(replace(mac, sip=None, raw={}))
    assert not rules.evaluate(silent, platform="macos").passed


def test_false_is_a_rule_that_is_not_there() -> None:
    text = (
        "schema = 1\n[mac]\nsip_enabled = false\nfull_security = true\n[device]\nidentified = false"
    )
    assert in_schema(text)
    assert load(text).rules == (OnPlatform(MAC, policy.FullSecurity()),)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("[mac]\nsip_enabled = true", "schema: 1 was expected", id="no-schema"),
        pytest.param("schema = 2\n[mac]\nsip_enabled = true", "schema", id="schema-2"),
        pytest.param('schema = "1"\n[mac]\nsip_enabled = true', "schema", id="schema-text"),
        pytest.param("schema = true\n[mac]\nsip_enabled = true", "schema", id="schema-true"),
        pytest.param("schema = 1\nmac = true", "mac: a table", id="no-table"),
        pytest.param("schema = 1\n[macos]\nsip_enabled = true", "macos", id="unknown-table"),
        pytest.param(
            "schema = 1\n[mac]\nsip = true",
            "mac.sip: an unknown key; known are full_security, no_third_party_kexts, sip_enabled",
            id="unknown-rule",
        ),
        pytest.param(
            'schema = 1\n[mac]\nsip_enabled = "yes"',
            "mac.sip_enabled: true or false",
            id="flag-text",
        ),
        pytest.param("schema = 1\n[mac]\nsip_enabled = 1", "mac.sip_enabled", id="flag-number"),
        pytest.param(
            "schema = 1\n[device]\nidentified = 1", "device.identified", id="device-number"
        ),
        pytest.param(
            "schema = 1\n[device]\nno_discrepancies = 1",
            'device.no_discrepancies: true, false or "but-for-age" was expected',
            id="discrepancies-number",
        ),
        pytest.param(
            'schema = 1\n[device]\nno_discrepancies = "true"',
            "device.no_discrepancies",
            id="discrepancies-text",
        ),
        pytest.param(
            'schema = 1\n[device]\nno_discrepancies = ["but-for-age"]',
            "device.no_discrepancies",
            id="discrepancies-array",
        ),
        pytest.param(
            'schema = 1\n[minimum_os_version]\nmacos = "15.05"',
            "minimum_os_version.macos",
            id="version-leading-zero",
        ),
        pytest.param(
            "schema = 1\n[device]\nin_inventory = 1", "device.in_inventory", id="inventory-number"
        ),
        pytest.param(
            "schema = 1\n[attestation]\nanchored_at_apple = 1",
            "attestation.anchored_at_apple",
            id="anchor-number",
        ),
        pytest.param(
            "schema = 1\n[minimum_os_version]\nmacos = 15.10",
            "minimum_os_version.macos: a version is text, not float",
            id="version-number",
        ),
        pytest.param(
            "schema = 1\n[minimum_os_version]\nmacos = 15",
            "minimum_os_version.macos: a version is text, not int",
            id="version-integer",
        ),
        pytest.param(
            'schema = 1\n[minimum_os_version]\nmacos = "latest"',
            "minimum_os_version.macos",
            id="version-word",
        ),
        pytest.param(
            'schema = 1\n[minimum_os_version]\nmacos = ""',
            "minimum_os_version.macos",
            id="version-empty",
        ),
        pytest.param(
            'schema = 1\n[minimum_os_version]\nmacOS = "15.5"',
            "minimum_os_version.macOS",
            id="unknown-platform",
        ),
        pytest.param(
            'schema = 1\nminimum_os_version = "15.5"', "minimum_os_version", id="version-for-all"
        ),
        pytest.param(
            "schema = 1\n[minimum_os_version]",
            "minimum_os_version: at least one platform",
            id="no-platform",
        ),
        pytest.param(
            'schema = 1\n[minimum_sepos_version]\nios = ["15.5"]',
            "minimum_sepos_version.ios",
            id="version-array",
        ),
        pytest.param(
            "schema = 1\n[device]\nkey_types = []", "device.key_types: an array", id="no-keys"
        ),
        pytest.param(
            'schema = 1\n[device]\nkey_types = "P-384"', "device.key_types", id="keys-text"
        ),
        pytest.param(
            'schema = 1\n[device]\nkey_types = ["P-521"]',
            "device.key_types: each is one of P-256, P-384",
            id="unknown-key",
        ),
        pytest.param("schema = 1\n[device]\nkey_types = [[]]", "device.key_types", id="key-array"),
        pytest.param(
            'schema = 1\n[device]\nkey_types = ["P-384", "P-384"]',
            "device.key_types: each may stand there once",
            id="key-twice",
        ),
        pytest.param(
            'schema = 1\n[attestation]\nfreshness = ["new"]',
            "attestation.freshness",
            id="unknown-freshness",
        ),
        pytest.param(
            "schema = 1\n[attestation]\nmaximum_age_days = 0",
            "attestation.maximum_age_days: an integer from 1 to 3650",
            id="age-zero",
        ),
        pytest.param(
            "schema = 1\n[attestation]\nmaximum_age_days = 1.5",
            "attestation.maximum_age_days",
            id="age-real",
        ),
        pytest.param(
            "schema = 1\n[attestation]\nmaximum_age_days = true",
            "attestation.maximum_age_days",
            id="age-true",
        ),
        pytest.param(
            "schema = 1\n[attestation]\nmaximum_age_days = 3651",
            "attestation.maximum_age_days",
            id="age-large",
        ),
        pytest.param("schema = 1", "without a rule", id="nothing"),
    ],
)
def test_a_defect_is_an_error_and_its_place_is_named(text: str, place: str) -> None:
    """security.md 31: a rule with a misspelt name would be a rule that is not there."""
    with pytest.raises(ValueError, match=re.escape(place)) as caught:
        load(text)
    assert str(caught.value).startswith((place, "text is a policy document"))
    assert not in_schema(text)
    assert len(load(WHOLE).rules) == 13


@pytest.mark.parametrize("days", [1, 3650])
def test_the_bounds_of_an_age_are_allowed(days: int) -> None:
    text = f"schema = 1\n[attestation]\nmaximum_age_days = {days}"
    assert in_schema(text)
    assert load(text).rules == (policy.MaximumAge(timedelta(days=days)),)


def test_either_curve_is_allowed() -> None:
    text = 'schema = 1\n[device]\nkey_types = ["P-256", "P-384"]'
    assert in_schema(text)
    assert load(text).rules == (policy.KeyType("P-256", "P-384"),)


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("true", (policy.NoDiscrepancies(),)),
        ('"but-for-age"', (policy.NoDiscrepancies(but_for_age=True),)),
        ("false", ()),
    ],
)
def test_discrepancies_are_forgiven_as_the_document_says(
    value: str, rules: tuple[policy.Rule, ...]
) -> None:
    text = f"schema = 1\n[device]\nidentified = true\nno_discrepancies = {value}"
    assert in_schema(text)
    assert load(text).rules == (policy.DeviceIdentified(), *rules)


def test_only_rules_that_are_off_are_no_policy() -> None:
    with pytest.raises(ValueError, match="without a rule"):
        load("schema = 1\n[mac]\nsip_enabled = false")


def test_an_inventory_must_be_given_where_it_is_asked_for() -> None:
    text = "schema = 1\n[device]\nin_inventory = true"
    assert load(text).rules == (policy.SerialNumberInInventory(INVENTORY),)
    with pytest.raises(
        ValueError, match=r"^device\.in_inventory: the argument inventory is missing$"
    ):
        policy.Policy.from_toml(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("schema =", "text is not TOML: .*at line 1, the end of the document"),
        ('schema = 1\nx = "a', "text is not TOML: .*at line 2, the end of the document"),
        ("schema = 1\nschema = 1", "text is not TOML: .* line 2"),
        ("schema = 1\n\n[mac\n", "text is not TOML: .* line 3"),
        ("schema = " + "1" * 5000, "text is not TOML: .*digit"),
        ("a = " + "[" * 60_000, "text is TOML that is nested too deeply$"),
        (b"schema = 1\n# \xff", "text is not UTF-8: octet 13 is not$"),
        (bytearray(b"\x80"), "text is not UTF-8: octet 0 is not$"),
    ],
    ids=["no-value", "open", "twice", "bracket", "digits", "nested", "utf-8", "first-octet"],
)
def test_what_is_no_toml(text: str | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        load(text)


@pytest.mark.parametrize(
    "name",
    [
        "policy.toml",
        "/etc/fleet/policy.toml",
        r"C:\policies\macs.toml",
        " policy.toml\n",
        b"a.toml",
    ],
)
def test_the_name_of_a_file_is_not_its_content(name: str | bytes) -> None:
    with pytest.raises(
        ValueError, match=r"^text looks like the name of a file, '.*': give the file"
    ):
        load(name)
    assert load(WHOLE).rules


@pytest.mark.parametrize("text", ["", "\n", "# policy.toml", "[mac]"])
def test_what_is_toml_is_no_file_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^schema: 1 was expected$"):
        load(text)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_octets_are_welcome(kind: Any) -> None:
    assert load(kind(WHOLE.encode())).rules == load(WHOLE).rules


def test_what_is_no_text_and_what_is_too_much(tmp_path: Path) -> None:
    for other in (None, 7, tmp_path / "policy.toml", {"schema": 1}):
        told = f"^text is the content of a policy document, not {type(other).__name__}: read"
        with pytest.raises(TypeError, match=told):
            load(other)  # type: ignore[arg-type]
    largest = WHOLE + "#" * (65_536 - len(WHOLE))
    assert load(largest) is not None
    with pytest.raises(ValueError, match=r"^text has more than 65536 characters$"):
        load(largest + "#")


VERSIONS = st.sampled_from(["15.5", "0", "15.05", "15.10 (a)", "x", "", 15, 15.1, True])
TABLES = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.sampled_from([1, 1, 1, 2, True, "1"]),
        "minimum_os_version": st.dictionaries(
            st.sampled_from([*policy.Platform, "windows"]), VERSIONS, max_size=2
        ),
        "mac": st.dictionaries(
            st.sampled_from(["sip_enabled", "full_security", "sip"]),
            st.sampled_from([True, True, False, 1]),
            max_size=2,
        ),
        "device": st.fixed_dictionaries(
            {},
            optional={
                "identified": st.sampled_from([True, 0]),
                "no_discrepancies": st.sampled_from([True, False, "but-for-age", "yes", 1]),
                "key_types": st.lists(st.sampled_from(["P-256", "P-384", "P-521"]), max_size=2),
            },
        ),
        "attestation": st.fixed_dictionaries(
            {},
            optional={
                "maximum_age_days": st.sampled_from([-1, 0, 1, 3650, 3651, 1.5, True]),
                "freshness": st.lists(st.sampled_from([*Freshness, "new"]), max_size=2),
            },
        ),
        "unknown": st.just(1),
    },
)


def toml(document: dict[str, Any]) -> str:
    """The document in TOML; JSON's scalars and arrays are TOML's."""
    simple = {key: value for key, value in document.items() if not isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in simple.items()]
    for key, table in document.items():
        if isinstance(table, dict):
            lines.append(f"[{key}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    return "\n".join(lines)


@given(TABLES)
def test_the_loader_and_the_schema_agree(document: dict[str, Any]) -> None:
    """But for a document whose rules are all off, which no schema can tell."""
    text = toml(document)
    try:
        load(text)
    except ValueError as error:
        if "without a rule" in str(error):
            return
        assert not in_schema(text)
    else:
        assert in_schema(text)


def test_the_dots_of_each_line_count_with_spaces_between_them_or_not() -> None:
    document = "schema = 1\n[device]\nidentified = true\n{}"
    with pytest.raises(ValueError, match="256 dots"):
        policy.Policy.from_toml(document.format("# " + ". " * 257))
    assert policy.Policy.from_toml(document.format("# ....\n" * 257)).rules


def test_a_key_of_many_parts_is_refused_before_it_is_parsed() -> None:
    document = "schema = 1\n[device]\nidentified = true # {}\n"
    with pytest.raises(ValueError, match="256 dots"):
        policy.Policy.from_toml(document.format("." * 257))
    assert policy.Policy.from_toml(document.format("." * 256)).rules
    with pytest.raises(ValueError, match="256 dots"):
        policy.Policy.from_toml("schema = 1\n" + ".".join("a" * 30_000) + " = 1")
