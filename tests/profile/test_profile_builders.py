"""The builders around the payload: a configuration profile, and the declarative credential."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import pickle
import plistlib
from datetime import UTC, datetime, timedelta, timezone
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_tools import (
    IDENTIFIER,
    SETTINGS,
    UUID_OF_WIFI,
    acme_payload,
    codes,
    profile,
    refusal,
    wifi,
)

from appleattest.profile import (
    PROFILE_LIMITS,
    ACMECredential,
    ACMECredentialAsset,
    AssetAuthentication,
    ConfigurationProfile,
    KeychainAccess,
    LintCode,
    lint_profile,
)
from appleattest.profile.plist_values import frozen_copy, unfrozen_copy
from appleattest.wire import plist


def numbered(count: int) -> list[dict[str, Any]]:
    return [wifi(number, str(UUID(int=number + 1))) for number in range(count)]


# --- the profile ---------------------------------------------------------------------------------


def test_a_profile_holds_what_it_was_given() -> None:
    made = plistlib.loads(
        profile(
            display_name="a", description="b", organization="c", removal_disallowed=True
        ).to_plist()
    )
    assert made["PayloadType"] == "Configuration"
    assert (made["PayloadVersion"], made["PayloadIdentifier"]) == (1, "com.example.profile")
    assert made["PayloadContent"][0] == acme_payload().to_dict()
    assert made["PayloadContent"][1] == wifi()
    assert (made["PayloadDisplayName"], made["PayloadDescription"]) == ("a", "b")
    assert (made["PayloadOrganization"], made["PayloadRemovalDisallowed"]) == ("c", True)
    assert "PayloadScope" not in made


def test_the_same_arguments_give_the_same_octets() -> None:
    assert profile().to_plist() == profile().to_plist()
    assert (profile(), hash(profile())) == (profile(), hash(profile()))
    assert profile(scope="User") != profile(scope="System")
    assert hash(profile(scope="User")) != hash(profile(scope="System"))


def test_the_order_of_a_mapping_does_not_count() -> None:
    turned = profile(acme_payload(), dict(reversed(wifi().items())))
    assert (turned, hash(turned)) == (profile(), hash(profile()))
    assert turned.to_plist() == profile().to_plist()


def test_a_uuid_is_derived_from_the_identifier_or_given() -> None:
    given_uuid = UUID("6f2e9c1b-0b0e-4c2f-9c59-0d1d7e5f8a12")
    assert acme_payload().payload_uuid == acme_payload(display_name="x").payload_uuid
    assert acme_payload().payload_uuid != acme_payload(identifier="com.example.b").payload_uuid
    assert acme_payload(uuid=given_uuid).payload_uuid == str(given_uuid).upper()
    assert profile(uuid=given_uuid).to_dict()["PayloadUUID"] == str(given_uuid).upper()


@pytest.mark.parametrize("build", [acme_payload, profile])
def test_a_uuid_is_no_text(build: Any) -> None:
    kind, text = refusal(lambda: build(uuid=UUID_OF_WIFI))
    assert (kind, text.partition(":")[0]) == (TypeError, "PayloadUUID")
    build(uuid=UUID(int=77))


@pytest.mark.parametrize("build", [acme_payload, profile])
def test_an_identifier_is_text(build: Any) -> None:
    refused = [
        refusal(lambda: build(identifier=7)),
        refusal(lambda: build(identifier=7, uuid=UUID(int=77))),
    ]
    for kind, text in refused:
        assert (kind, text.partition(":")[0]) == (TypeError, "PayloadIdentifier")
        assert text.endswith(("not int", "not a value of type 'int'"))


@pytest.mark.parametrize("payloads", ["com.a", {}, None, 7, {1, 2}, wifi()])
def test_payloads_are_a_sequence(payloads: Any) -> None:
    assert refusal(lambda: profile(payloads=payloads))[0] is TypeError


@pytest.mark.parametrize("payload", [None, "com.a", [], plist])
def test_a_payload_is_a_payload_or_a_mapping(payload: Any) -> None:
    kind, text = refusal(lambda: profile(acme_payload(), payload))
    assert (kind, text.partition(":")[0]) == (TypeError, "PayloadContent[1]")
    assert text.endswith(f"not {type(payload).__name__}")


def test_a_profile_has_a_payload() -> None:
    assert refusal(lambda: profile(payloads=[]))[0] is ValueError
    profile(payloads=[acme_payload()])


def test_a_scope_is_one_of_two() -> None:
    kind, text = refusal(lambda: profile(scope="system"))
    assert (kind, text.partition(":")[0]) == (ValueError, "PayloadScope")
    made = profile(scope="System").to_dict()
    made["PayloadScope"] = "system"
    assert codes(made) == [(LintCode.PAYLOAD_SCOPE, "PayloadScope")]
    assert refusal(lambda: profile(scope=1))[0] is TypeError


@pytest.mark.parametrize("references", [10, 11])
def test_at_most_ten_payloads_refer_to_one_identity(references: int) -> None:
    made = profile().to_dict()
    made["PayloadContent"][1:] = numbered(references)

    def build() -> ConfigurationProfile:
        return profile(acme_payload(), *numbered(references))

    if references == 10:
        assert (codes(made), len(build().payloads)) == ([], 11)
        return
    place = "PayloadContent[0].PayloadUUID"
    assert codes(made) == [(LintCode.TOO_MANY_REFERENCES, place)]
    kind, text = refusal(build)
    assert (kind, text.partition(":")[0]) == (ValueError, place)


def test_a_payload_that_refers_twice_is_one_payload() -> None:
    uuid = acme_payload().payload_uuid
    more = {f"Other{number}": [uuid.lower()] for number in range(20)}
    assert codes(profile(acme_payload(), {**wifi(), **more}).to_dict()) == []


def test_a_second_identity_takes_further_references() -> None:
    other = acme_payload(identifier="com.example.second")
    second = [
        {**each, "EAPClientConfiguration": other.payload_uuid, "PayloadIdentifier": f"a.b{number}"}
        for number, each in enumerate(numbered(12)[10:])
    ]
    assert codes(profile(acme_payload(), other, *numbered(10), *second).to_dict()) == []


def test_uuids_and_identifiers_stand_once() -> None:
    other = wifi(1)
    kind, text = refusal(lambda: profile(acme_payload(), wifi(0), other))
    assert (kind, text.partition(":")[0]) == (ValueError, "PayloadContent[2].PayloadUUID")
    same = {**wifi(0), "PayloadUUID": str(UUID(int=1))}
    kind, text = refusal(lambda: profile(acme_payload(), wifi(0), same))
    assert (kind, text.partition(":")[0]) == (ValueError, "PayloadContent[2].PayloadIdentifier")
    profile(acme_payload(), wifi(0), {**wifi(1), "PayloadUUID": str(UUID(int=1))})


def test_a_payload_has_another_uuid_than_the_profile() -> None:
    """So the two do not have one identifier, unless a UUID is given."""
    kind, text = refusal(lambda: profile(acme_payload(), wifi(), identifier=IDENTIFIER))
    assert (kind, text.partition(":")[0]) == (ValueError, "PayloadContent[0].PayloadUUID")
    profile(acme_payload(), wifi(), identifier=IDENTIFIER, uuid=UUID(int=77))


@pytest.mark.parametrize(
    ("changes", "error", "place"),
    [
        ({"PayloadType": ...}, ValueError, "PayloadContent[1].PayloadType"),
        ({"PayloadVersion": "1"}, TypeError, "PayloadContent[1].PayloadVersion"),
        ({"PayloadUUID": "my-own"}, ValueError, "PayloadContent[1].PayloadUUID"),
        ({"PayloadType": "com.apple.security.acme"}, ValueError, "PayloadContent[1].DirectoryURL"),
        ({"Value": None}, TypeError, "PayloadContent[1].Value"),
        ({"Value": [{"a": object()}]}, TypeError, "PayloadContent[1].Value[0].a"),
        ({"Value": {1: "a"}}, TypeError, "PayloadContent[1].Value"),
        ({"Value": 1 << 64}, ValueError, "PayloadContent[1].Value"),
        ({"Value": datetime(2025, 1, 1)}, ValueError, ""),  # noqa: DTZ001 - what is refused
        ({"Value": float("nan")}, ValueError, "a property list cannot hold this profile"),
        ({"Value": "\x00"}, ValueError, ""),
        ({"Value": "\uffff"}, ValueError, "a property list cannot hold this profile"),
        ({"Value": "\ud800"}, ValueError, ""),
        ({"Value": "a\rb"}, ValueError, "a text of this profile would read differently"),
        ({"Value": "a" * PROFILE_LIMITS.plist_bytes}, ValueError, "a property list cannot hold"),
    ],
)
def test_another_payload_is_judged_too(
    changes: dict[str, Any], error: type[Exception], place: str
) -> None:
    payload = {key: value for key, value in {**wifi(), **changes}.items() if value is not ...}
    kind, text = refusal(lambda: profile(acme_payload(), payload))
    assert kind is error or (error is ValueError and issubclass(kind, ValueError))
    assert text.startswith(place)


def nested(levels: int) -> Any:
    value: Any = "a"
    for _ in range(levels):
        value = [value]
    return value


def test_a_payload_is_nested_no_deeper_than_is_read() -> None:
    """Three levels are the profile's, its array's and the payload's."""
    made = profile(acme_payload(), wifi(Value=nested(29)))
    assert lint_profile(made.to_plist()).issues == ()
    assert refusal(lambda: profile(acme_payload(), wifi(Value=nested(30))))[0] is ValueError
    assert refusal(lambda: profile(acme_payload(), wifi(Value=nested(5000))))[0] is ValueError


@pytest.mark.parametrize(
    "inside", [lambda value: [value], lambda value: {"a": value}], ids=["array", "dict"]
)
def test_what_is_frozen_is_nested_no_deeper_than_is_read(inside: Any) -> None:
    def levels(count: int) -> Any:
        return reduce(lambda value, _: inside(value), range(count), "a")

    deepest = PROFILE_LIMITS.plist_depth
    assert unfrozen_copy(frozen_copy(levels(deepest), "x")) == levels(deepest)
    kind, text = refusal(lambda: frozen_copy(levels(deepest + 1), "x"))
    assert (kind, text.partition(": ")[2]) == (ValueError, "nested too deeply")


def test_what_was_given_can_change_without_the_profile() -> None:
    inner = [1]
    payload = wifi(Value=inner)
    made = profile(acme_payload(), payload)
    before = made.to_plist()
    inner.append(2)
    payload["More"] = 1
    made.to_dict()["PayloadContent"].clear()
    assert made.to_plist() == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.identifier = "com.other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.payloads[1]["More"] = 1  # type: ignore[index]


def test_a_profile_survives_a_process_pool() -> None:
    made = profile(acme_payload(), wifi())
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_times_and_octets_are_kept() -> None:
    at = datetime(2025, 1, 1, 13, 0, 0, 500, tzinfo=timezone(timedelta(hours=1)))
    made = profile(acme_payload(), wifi(Value=[at, bytearray(b"a"), memoryview(b"b"), 1.5, True]))
    read = plist.decode(made.to_plist(), PROFILE_LIMITS)
    assert read == made.to_dict()
    (value,) = (each["Value"] for each in made.to_dict()["PayloadContent"][1:])
    assert value == [datetime(2025, 1, 1, 12, tzinfo=UTC), b"a", b"b", 1.5, True]


CHARACTERS = "a \r\n\t\x00\x1b\ud800\uffff<&]\u00e9\U0001f600"
leaves = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.binary(max_size=8),
    st.text(CHARACTERS, max_size=8),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=4), inner)
    ),
    max_leaves=8,
)


@given(trees)
def test_what_is_written_is_what_is_read(value: object) -> None:
    """Or it is refused: never written as something else."""
    try:
        made = profile(acme_payload(), wifi(Value=value))
    except ValueError:
        return
    assert plist.decode(made.to_plist(), PROFILE_LIMITS) == made.to_dict()
    assert (
        ConfigurationProfile(
            identifier=made.identifier,
            payloads=[acme_payload(), made.to_dict()["PayloadContent"][1]],
        )
        == made
    )


# --- the declaration -----------------------------------------------------------------------------

CREDENTIAL = ACMECredential(**SETTINGS)
ASSET: dict[str, Any] = {
    "identifier": "com.example.asset",
    "data_url": "https://mdm.example/acme.json",
    "document": CREDENTIAL.to_json(),
}


def test_the_credential_has_the_keys_of_the_payload() -> None:
    payload = acme_payload().to_dict()
    of_payloads = {key for key in payload if key.startswith("Payload")}
    made = json.loads(CREDENTIAL.to_json())
    assert made == {key: payload[key] for key in payload.keys() - of_payloads}
    assert CREDENTIAL.credential_type == "com.apple.credential.acme"
    assert CREDENTIAL.to_json() == ACMECredential(**SETTINGS).to_json()


def test_the_octets_of_a_document_stay_the_same() -> None:
    """From one release to the next: else every device would fetch it anew."""
    assert CREDENTIAL.to_json() == (
        b'{"Attest":true,"ClientIdentifier":"TESTSERIAL01",'
        b'"DirectoryURL":"https://ca.example/acme/directory","HardwareBound":true,"KeySize":384,'
        b'"KeyType":"ECSECPrimeRandom","Subject":[[["CN","TESTSERIAL01"]]]}'
    )
    token = ACMECredentialAsset(**ASSET).to_dict()["ServerToken"]
    assert token == "3ad033943805c1f5d1699aaa82ffcaa998ab77fe2eebe7564e41bd0511f46f77"


def test_the_credential_keeps_the_rules() -> None:
    kind, text = refusal(lambda: ACMECredential(**{**SETTINGS, "directory_url": "http://a"}))
    assert (kind, text.partition(":")[0]) == (ValueError, "DirectoryURL")
    ACMECredential(**{**SETTINGS, "directory_url": "https://a"})


def test_the_asset_names_the_document() -> None:
    document = ASSET["document"]
    assert json.loads(ACMECredentialAsset(**ASSET).to_json()) == {
        "Type": "com.apple.asset.credential.acme",
        "Identifier": "com.example.asset",
        "ServerToken": ACMECredentialAsset(**ASSET).to_dict()["ServerToken"],
        "Payload": {
            "Reference": {
                "DataURL": "https://mdm.example/acme.json",
                "ContentType": "application/json",
                "Size": len(document),
                "Hash-SHA-256": hashlib.sha256(document).hexdigest(),
            }
        },
    }


def test_the_server_token_changes_with_the_declaration() -> None:
    def token(**changes: Any) -> str:
        made: str = ACMECredentialAsset(**{**ASSET, **changes}).to_dict()["ServerToken"]
        return made

    assert token() == token()
    assert len({token(), token(document=b"{}"), token(data_url="https://mdm.example/b")}) == 3
    assert token(server_token="7") == "7"


def test_what_the_asset_may_say_more() -> None:
    made = ACMECredentialAsset(
        **ASSET,
        authentication=AssetAuthentication.NONE,
        accessible=KeychainAccess.AFTER_FIRST_UNLOCK,
    )
    payload = json.loads(made.to_json())["Payload"]
    assert payload["Authentication"] == {"Type": "None"}
    assert payload["Accessible"] == "AfterFirstUnlock"


@pytest.mark.parametrize(
    ("argument", "bad", "error", "word"),
    [
        ("data_url", "http://mdm.example/a", ValueError, "DataURL"),
        ("data_url", 1, TypeError, "DataURL"),
        ("identifier", "", ValueError, "Identifier"),
        ("identifier", "a\n", ValueError, "Identifier"),
        ("identifier", None, TypeError, "Identifier"),
        ("document", "{}", TypeError, "document"),
        ("document", b"", ValueError, "document"),
        ("server_token", "", ValueError, "ServerToken"),
        ("server_token", 1, TypeError, "ServerToken"),
        ("authentication", "MDM", TypeError, "Authentication"),
        ("accessible", "Default", TypeError, "Accessible"),
    ],
)
def test_an_asset_that_is_refused(
    argument: str, bad: Any, error: type[Exception], word: str
) -> None:
    kind, text = refusal(lambda: ACMECredentialAsset(**{**ASSET, argument: bad}))
    assert (kind, text.startswith(word)) == (error, True)
    ACMECredentialAsset(**ASSET)
