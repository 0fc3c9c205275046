from __future__ import annotations

import plistlib
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, NoAttestation, Reason, Verifier
from appleattest.carriers.device_information import read_device_information
from appleattest.freshness import UNCHECKED
from appleattest.testing import AttestationAuthority, Properties
from appleattest.testing.carriers import response_plist
from hostile_input import (
    MOST_MEMORY,
    accepted_or_refused,
    assert_refused,
    binary_plist,
    peak_memory,
)

LIMITS = Limits()
CHAIN = [b"leaf", b"intermediate"]
KEY = "DevicePropertiesAttestation"
GOOD = {"Status": "Acknowledged", "QueryResponses": {KEY: CHAIN}}
FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["XML", "binary"])


def read(device: object) -> list[bytes]:
    return read_device_information(device, LIMITS)


def dumped(value: Any, binary: bool) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML)


def refused(
    device: object,
    words: str,
    element: str | None = None,
    reason: Reason = Reason.MALFORMED_PLIST,
) -> None:
    assert_refused(lambda: read(device), reason, words, element=element)


def nothing_attested(device: object, reason: Reason, words: str, element: str | None) -> None:
    assert_refused(lambda: read(device), reason, words, element=element, kind=NoAttestation)


@FORMATS
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_chain_of_a_response_is_read(kind: Any, binary: bool) -> None:
    answers = {"SerialNumber": "A", "IsSupervised": True, "BatteryLevel": 0.5, "Nothing": []}
    extra = {"ErrorChain": [], "UserID": "u", "When": datetime(2025, 7, 1)}  # noqa: DTZ001
    document = response_plist(CHAIN, query_responses=answers, extra=extra, binary=binary)

    assert read(kind(document)) == CHAIN
    assert read(kind(response_plist(CHAIN, enrollment_id="E", binary=binary))) == CHAIN


def test_a_sequence_is_taken_as_it_is() -> None:
    assert read(CHAIN) == read(tuple(CHAIN)) == CHAIN
    nothing_attested([], Reason.NO_ATTESTATION, "the chain has no certificate", None)
    refused(["leaf"], "DER bytes were expected", "x5c[0]", Reason.MALFORMED_CERTIFICATE)
    refused([b"leaf"] * 6, "more than the 5", reason=Reason.TOO_LARGE)


@pytest.mark.parametrize(
    "device",
    [None, 1, True, response_plist(CHAIN).decode(), GOOD, {b"leaf"}, object()],
    ids=lambda device: type(device).__name__,
)
def test_other_types_are_refused(device: object) -> None:
    refused(
        device, "a sequence of DER certificates was expected", reason=Reason.MALFORMED_CERTIFICATE
    )


@FORMATS
@pytest.mark.parametrize("value", [[GOOD], "Acknowledged", b"", 1, True], ids=repr)
def test_a_response_is_a_dictionary(value: object, binary: bool) -> None:
    assert read(dumped(GOOD, binary)) == CHAIN
    refused(dumped(value, binary), "a dictionary was expected")


@FORMATS
@pytest.mark.parametrize(
    "status",
    ["Error", "NotNow", "CommandFormatError", "Idle", "", "acknowledged", "Acknowledged "],
)
def test_any_status_but_acknowledged_is_no_attestation(status: str, binary: bool) -> None:
    assert read(response_plist(CHAIN, binary=binary)) == CHAIN
    for chain in (CHAIN, None):
        nothing_attested(
            response_plist(chain, status=status, binary=binary),
            Reason.NOT_ACKNOWLEDGED,
            f"status Acknowledged was expected, {status!r} came",
            "Status",
        )


@FORMATS
@pytest.mark.parametrize(
    "status", [1, (1 << 64) - 1, True, 0.5, b"Acknowledged", ["Acknowledged"], {}], ids=repr
)
def test_a_status_of_another_type_is_no_acknowledgement(status: object, binary: bool) -> None:
    nothing_attested(
        dumped({**GOOD, "Status": status}, binary),
        Reason.NOT_ACKNOWLEDGED,
        f"status Acknowledged was expected, '{type(status).__name__}' came",
        "Status",
    )


@FORMATS
def test_no_status_is_no_acknowledgement(binary: bool) -> None:
    nothing_attested(
        dumped({"QueryResponses": {KEY: CHAIN}}, binary),
        Reason.NOT_ACKNOWLEDGED,
        "'NoneType' came",
        "Status",
    )


@FORMATS
@pytest.mark.parametrize(
    "response",
    [
        pytest.param({}, id="no answers at all"),
        pytest.param({"QueryResponses": {}}, id="no answer"),
        pytest.param({"QueryResponses": {"UDID": "u"}}, id="another answer"),
        pytest.param({"QueryResponses": {KEY: []}}, id="an empty array"),
        pytest.param({KEY: CHAIN}, id="in the wrong place"),
        pytest.param({"QueryResponses": {KEY.lower(): CHAIN}}, id="in the wrong case"),
    ],
)
def test_a_failed_attestation_is_silent(response: dict[str, Any], binary: bool) -> None:
    nothing_attested(
        dumped({"Status": "Acknowledged", **response}, binary),
        Reason.NO_ATTESTATION,
        "acknowledged without an attestation",
        KEY,
    )


@FORMATS
@pytest.mark.parametrize("answers", [[], [CHAIN], "x", b"x", 1, False], ids=repr)
def test_the_answers_are_a_dictionary(answers: object, binary: bool) -> None:
    refused(
        dumped({**GOOD, "QueryResponses": answers}, binary),
        f"a dictionary was expected, '{type(answers).__name__}' came",
        "QueryResponses",
    )


@FORMATS
@pytest.mark.parametrize("chain", [{}, {"0": b"leaf"}, "x", b"", b"leaf", 0, False], ids=repr)
def test_the_attestation_is_an_array(chain: object, binary: bool) -> None:
    words = f"an array was expected, '{type(chain).__name__}' came"
    refused(dumped({**GOOD, "QueryResponses": {KEY: chain}}, binary), words, KEY)


@FORMATS
@pytest.mark.parametrize("item", ["leaf", 1, True, [], [b"leaf"], {}], ids=repr)
@pytest.mark.parametrize("index", [0, 1])
def test_each_certificate_is_data(item: object, index: int, binary: bool) -> None:
    chain: list[Any] = list(CHAIN)
    chain[index] = item

    refused(response_plist(chain, binary=binary), "DER bytes were expected", f"x5c[{index}]")


@FORMATS
def test_the_bounds_of_the_chain(binary: bool) -> None:
    def response(chain: list[bytes]) -> bytes:
        return response_plist(chain, binary=binary)

    assert read(response([b"leaf"] * 5)) == [b"leaf"] * 5
    refused(response([b"leaf"] * 6), "more than the 5", reason=Reason.TOO_LARGE)
    assert read(response([b"leaf", bytes(4096)])) == [b"leaf", bytes(4096)]
    refused(response([b"leaf", bytes(4097)]), "4097 bytes", "x5c[1]", Reason.TOO_LARGE)


@FORMATS
def test_the_bound_of_the_response(binary: bool) -> None:
    limit = LIMITS.plist_bytes
    spare = limit - len(response_plist(CHAIN, extra={"pad": "x" * 60_000}, binary=binary)) + 60_000
    largest = response_plist(CHAIN, extra={"pad": "x" * spare}, binary=binary)
    larger = response_plist(CHAIN, extra={"pad": "x" * (spare + 1)}, binary=binary)

    assert len(largest) == limit
    assert read(largest) == CHAIN
    refused(larger, f"{limit + 1} bytes were presented", reason=Reason.TOO_LARGE)


def test_a_key_twice_never_chooses_between_two_chains() -> None:
    document = response_plist(CHAIN).decode()
    again = f"<key>{KEY}</key><array><data>QQ==</data></array>"

    assert read(document.encode()) == CHAIN
    refused(document.replace(f"<key>{KEY}", f"{again}<key>{KEY}").encode(), "a key stands twice")


def test_a_status_that_grows_when_it_is_shown_costs_no_memory() -> None:
    """A thousand references to one item of 50 kB would be 200 MB as text."""
    large = b"\x4f\x12" + (50_000).to_bytes(4, "big") + bytes(50_000)
    thousand = b"\xaf\x11\x03\xe8" + b"\x03" * 1000
    document = binary_plist([b"\xd1\x01\x02", b"\x56Status", thousand, large])
    once = binary_plist([b"\xd1\x01\x02", b"\x56Status", b"\xa1\x03", large])

    nothing_attested(once, Reason.NOT_ACKNOWLEDGED, "'list' came", "Status")
    refused(document, "more octets of text and data than are read")
    for hostile in (once, document):
        assert peak_memory(partial(read, hostile)) < MOST_MEMORY // 10


def test_a_number_of_more_digits_than_python_shows_is_refused() -> None:
    number = b"\x1d" + b"\x7f" * (1 << 13)
    document = binary_plist([b"\xd1\x01\x02", b"\x56Status", number])

    refused(document, "of a kind that no response has")


@FORMATS
def test_a_minted_response_verifies(
    authority: AttestationAuthority, verifier: Verifier, binary: bool
) -> None:
    minted = authority.response_plist(properties=Properties.iphone(), binary=binary)
    attestation = verifier.verify_mdm(minted, nonce=UNCHECKED, at=authority.issued_at)

    assert read(minted) == authority.attest(properties=Properties.iphone())
    assert attestation.device.serial_number == Properties.iphone().serial_number


PARTS = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.binary(max_size=5) | st.sampled_from(["Acknowledged"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Status", "QueryResponses", KEY]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.binary(max_size=60)
    | st.text(max_size=60)
    | PARTS
    | st.builds(dumped, PARTS, st.booleans())
    | st.builds(lambda part, binary: dumped({**GOOD, "Status": part}, binary), PARTS, st.booleans())
    | st.builds(
        lambda part, binary: dumped({**GOOD, "QueryResponses": part}, binary), PARTS, st.booleans()
    )
)
def test_whatever_comes_only_certificates_or_a_refusal_come_out(device: object) -> None:
    chain = accepted_or_refused(lambda: read(device))

    assert chain is None or (isinstance(chain, list) and all(type(der) is bytes for der in chain))
