from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, MalformedInput, Reason
from appleattest.testing.carriers import cbor_head, cbor_map
from appleattest.wire import cbor
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory

LIMITS = Limits()
decode = partial(cbor.decode, limit=LIMITS.attestation_object_bytes, depth=LIMITS.cbor_depth)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def refused(octets: bytes, words: str) -> None:
    assert_refused(lambda: decode(octets), Reason.MALFORMED_CBOR, words)


def nested(depth: int, innermost: bytes = b"\x00") -> bytes:
    return b"\x81" * depth + innermost


@given(VALUES)
def test_a_value_without_tags_is_read_as_it_was_written(value: object) -> None:
    try:
        assert decode(cbor2.dumps(value)) == value
    except MalformedInput as error:
        assert "nesting depth" in error.detail  # noqa: PT017 - the one reason there can be


def test_every_tag_is_refused() -> None:
    assert decode(nested(1)) == [0]
    tags = [*range(70_001), *((1 << n) + d for n in (17, 31, 32, 48, 63) for d in (-1, 0, 1))]
    tags.append((1 << 64) - 1)
    said = {detail_of(cbor_head(6, tag) + b"\x80") for tag in tags}

    assert said == {"ValueError: 'a tag; an attestation object has none'"}


def detail_of(octets: bytes) -> str:
    try:
        decode(octets)
    except MalformedInput as error:
        return error.detail
    return "accepted"


def test_the_decoders_for_tags_are_never_taken_for_none() -> None:
    """`cbor2` would put its own in the place of an empty table."""
    table = cbor._EveryTag()

    assert table
    assert len(table) == 1
    assert list(table) == []
    assert all(tag in table for tag in KNOWN_TAGS)


# Date text, epoch, bignums, fraction, rational, regular expression, MIME, UUID, set, shared
# value and reference, string reference and its name space, IP address, self-described CBOR.
KNOWN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 43000, 52, 54, 100, 256, 258, 260)


@pytest.mark.parametrize("tag", [*KNOWN_TAGS, 261, 1004, 55799, 1 << 40])
@pytest.mark.parametrize("content", [b"\x00", b"\x41\x01", b"\x61a", b"\x80", b"\xa0", b"\xf6"])
def test_a_tag_is_refused_wherever_it_stands(tag: int, content: bytes) -> None:
    tagged = cbor_head(6, tag) + content
    places: tuple[Callable[[bytes], bytes], ...] = (
        lambda item: cbor_map((b"\x61x", item)),
        lambda item: cbor_map((b"\x63fmt", b"\x65apple"), (b"\x67ignored", item)),
        lambda item: cbor_map((b"\x67attStmt", cbor_map((b"\x63x5c", b"\x81" + item)))),
        lambda item: nested(7, item),
    )

    for place in places:
        decode(place(b"\x00"))
        refused(place(tagged), "a tag; an attestation object has none")
    refused(cbor_map((cbor_head(6, tag) + b"\x61x", b"\x00")), "a tag")


@pytest.mark.parametrize("where", [b"", b"\x81", b"\xa1\x61x"], ids=["top", "array", "map"])
@pytest.mark.parametrize(
    ("indefinite", "definite"),
    [("9f00ff", "8100"), ("bf617800ff", "a1617800"), ("7f6161ff", "6161"), ("5f4161ff", "4161")],
    ids=["array", "map", "text", "bytes"],
)
def test_indefinite_lengths_are_refused(where: bytes, indefinite: str, definite: str) -> None:
    decode(where + bytes.fromhex(definite))
    refused(where + bytes.fromhex(indefinite), "indefinite length")


@pytest.mark.parametrize("where", [b"", b"\x81", b"\xa1\x61x"], ids=["top", "array", "map"])
def test_a_key_may_stand_once(where: bytes) -> None:
    one, other, value = b"\x61a", b"\x61b", b"\x00"
    overlong = b"\x78\x01a"

    decode(where + cbor_map((one, value), (other, value)))
    refused(where + cbor_map((one, value), (one, value)), "Duplicate map key: 'a'")
    refused(where + cbor_map((one, value), (overlong, value)), "Duplicate map key: 'a'")


@pytest.mark.parametrize("where", [b"", b"\x81", b"\xa1\x61x"], ids=["top", "array", "map"])
@pytest.mark.parametrize(
    "key",
    [b"\x41a", b"\x01", b"\x20", b"\xf5", b"\xf6", b"\xf7", b"\x80", b"\xa0", b"\xf9\x7e\x00"],
    ids=["bytes", "int", "negative", "true", "null", "undefined", "array", "map", "nan"],
)
def test_keys_are_text(where: bytes, key: bytes) -> None:
    decode(where + cbor_map((b"\x61a", b"\x00")))
    refused(where + cbor_map((key, b"\x00")), "key")


def test_sixty_four_maps_and_no_more() -> None:
    for empty_or_not in (b"\xa0", b"\xa1\x61a\x00"):
        assert decode(cbor_head(4, 64, width=1) + empty_or_not * 64)
        refused(cbor_head(4, 65, width=1) + empty_or_not * 65, "more than 64 maps")
        # Of one object: the next begins anew.
        assert decode(cbor_head(4, 64, width=1) + empty_or_not * 64)


def test_bytes_beside_the_same_text_are_no_key() -> None:
    refused(cbor_map((b"\x61a", b"\x00"), (b"\x41a", b"\x00")), "a key that is not text")


def test_eight_containers_deep_and_no_deeper() -> None:
    maps = b"\xa1\x61x" * 7

    for innermost in (b"\x00", b"\x61x"):
        decode(nested(8, innermost))
        refused(nested(9, innermost), "nesting depth (8) exceeded")
    decode(maps + b"\x81\x00")
    refused(maps + b"\x81\x81\x00", "nesting depth (8) exceeded")
    refused(nested(LIMITS.attestation_object_bytes - 1), "nesting depth (8) exceeded")
    for empty in (b"\x80", b"\xa0"):
        decode(b"\x81" * 7 + empty)
        refused(b"\x81" * 8 + empty, "nested deeper than 8")
        refused(b"\x82\x00" + maps + empty, "nested deeper than 8")


def test_the_depth_is_the_callers() -> None:
    assert cbor.decode(nested(2), limit=10, depth=2) == [[0]]
    assert_refused(
        lambda: cbor.decode(nested(2), limit=10, depth=1), Reason.MALFORMED_CBOR, "depth (1)"
    )


@given(VALUES, st.binary(min_size=1, max_size=3))
def test_nothing_follows_the_item(value: object, after: bytes) -> None:
    encoded = cbor2.dumps(value)

    if accepted_or_refused(lambda: decode(encoded)) is not None:
        refused(encoded + after, f"{len(after)} bytes follow the data item")


@given(VALUES)
def test_a_truncated_item_is_refused(value: object) -> None:
    encoded = cbor2.dumps(value)

    for length in range(len(encoded)):
        assert_refused(partial(decode, encoded[:length]), Reason.MALFORMED_CBOR)


@pytest.mark.parametrize("major", [2, 3, 4, 5], ids=["bytes", "text", "array", "map"])
@pytest.mark.parametrize("length", [1 << 16, 1 << 31, (1 << 32) - 1, 1 << 62, (1 << 64) - 1])
def test_a_length_that_lies_costs_no_memory(major: int, length: int) -> None:
    octets = cbor_head(major, length)

    refused(octets, "")
    assert peak_memory(lambda: decode(octets)) < MOST_MEMORY // 10


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x61\xff", id="text that is not UTF-8"),
        pytest.param(b"\xff", id="a break"),
        pytest.param(b"\x1c", id="a reserved head"),
        pytest.param(b"\xf8\x01", id="a simple value in the wrong form"),
    ],
)
def test_what_is_not_well_formed_is_refused(octets: bytes) -> None:
    assert decode(b"\x61a") == "a"
    refused(octets, "Error" if octets else "EOF")


@pytest.mark.parametrize(
    "value", ["f97e00", "f97c00", "fa47c35000", "fb3ff199999999999a", "f7", "f6", "f0", "f8ff"]
)
def test_floats_and_simple_values_are_read(value: str) -> None:
    decoded = decode(cbor_map((b"\x67ignored", bytes.fromhex(value)), (b"\x61a", b"\x01")))

    assert isinstance(decoded, dict)
    assert decoded["a"] == 1


def test_more_octets_than_the_limit_are_refused_unread() -> None:
    limit = LIMITS.attestation_object_bytes
    largest = cbor_head(2, limit - 3) + bytes(limit - 3)

    assert decode(largest) == bytes(limit - 3)
    assert_refused(
        lambda: decode(b"\xff" * (limit + 1)),
        Reason.TOO_LARGE,
        f"{limit + 1} bytes of CBOR; at most {limit} are read",
    )


@pytest.mark.parametrize("item", [b"\x80", b"\xa0", b"\x40", b"\x60", b"\x18\xff", b"\xf9\x00\x01"])
def test_the_largest_input_costs_little_memory(item: bytes) -> None:
    count = (LIMITS.attestation_object_bytes - 3) // len(item)
    octets = cbor_head(4, count, width=2) + item * count

    assert peak_memory(lambda: decode(octets)) < MOST_MEMORY


@given(st.binary(max_size=60))
def test_whatever_the_octets_only_a_refusal_comes_out(octets: bytes) -> None:
    accepted_or_refused(lambda: decode(octets))
