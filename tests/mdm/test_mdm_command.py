"""The command that asks, and the nonce in it."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, mdm

UUID = "00000000-0000-4000-8000-000000000001"
KEY = "DevicePropertiesAttestation"


def built(**arguments: Any) -> dict[str, Any]:
    arguments = {"command_uuid": UUID, "nonce": b"nonce", **arguments}
    loaded: dict[str, Any] = plistlib.loads(mdm.device_information_command(**arguments))
    return loaded


def test_a_new_nonce_is_32_bytes_and_never_the_same() -> None:
    nonces = {mdm.new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert {len(nonce) for nonce in nonces} == {32}


def test_the_command_is_as_apple_documents_it() -> None:
    assert built(queries=["OSVersion"]) == {
        "Command": {
            "RequestType": "DeviceInformation",
            "Queries": [KEY, "OSVersion"],
            "DeviceAttestationNonce": b"nonce",
        },
        "CommandUUID": UUID,
    }


def test_unless_told_otherwise_it_asks_for_what_can_be_compared() -> None:
    assert built()["Command"]["Queries"] == [KEY, *mdm.COMPARED_QUERIES]
    assert {each.value for each in mdm.DiscrepancyKind} <= {*mdm.COMPARED_QUERIES}


def test_the_attestation_is_asked_for_once_wherever_it_stands() -> None:
    assert built(queries=["UDID", KEY])["Command"]["Queries"] == ["UDID", KEY]
    assert built(queries=iter([]))["Command"]["Queries"] == [KEY]


def test_only_the_sentinel_leaves_the_nonce_out() -> None:
    assert "DeviceAttestationNonce" not in built(nonce=UNCHECKED)["Command"]


@given(st.binary(min_size=1, max_size=32), st.sampled_from([bytes, bytearray, memoryview]))
def test_1_to_32_bytes_are_sent_as_they_are(nonce: bytes, kind: Any) -> None:
    assert built(nonce=kind(nonce))["Command"]["DeviceAttestationNonce"] == nonce


@pytest.mark.parametrize(
    ("nonce", "error"),
    [(b"", ValueError), (bytes(33), ValueError), (None, TypeError), ("nonce", TypeError)],
    ids=repr,
)
def test_a_nonce_that_a_device_would_refuse(nonce: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^nonce is "):
        built(nonce=nonce)
    assert built(nonce=bytes(32))


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        pytest.param("command_uuid", None, TypeError, id="uuid-none"),
        pytest.param("command_uuid", "", ValueError, id="uuid-empty"),
        pytest.param("command_uuid", " ", ValueError, id="uuid-blank"),
        pytest.param("command_uuid", "a\nb", ValueError, id="uuid-line-feed"),
        pytest.param("command_uuid", "\u00e9", ValueError, id="uuid-not-ascii"),
        pytest.param("command_uuid", "x" * 256, ValueError, id="uuid-long"),
        pytest.param("queries", "OSVersion", TypeError, id="one-query"),
        pytest.param("queries", [b"OSVersion"], TypeError, id="query-bytes"),
        pytest.param("queries", [""], ValueError, id="query-empty"),
        pytest.param("queries", ["UDID", "UDID"], ValueError, id="query-twice"),
    ],
)
def test_what_no_command_may_hold(argument: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"^({argument}|a query) "):
        built(**{argument: value})
    assert built(command_uuid="x" * 255, queries=["UDID", "OSVersion"])
