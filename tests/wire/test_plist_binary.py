from __future__ import annotations

import plistlib
import struct
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.wire import plist
from hostile_input import (
    MOST_MEMORY,
    accepted_or_refused,
    assert_refused,
    binary_plist,
    peak_memory,
)

LIMITS = Limits()
TRUE = b"\x09"
EMPTY_ARRAY, EMPTY_DICTIONARY = b"\xa0", b"\xd0"


def decode(document: bytes) -> object:
    return plist.decode(document, LIMITS)


def dumped(value: Any) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY)


def refused(document: bytes, words: str = "") -> None:
    assert_refused(lambda: decode(document), Reason.MALFORMED_PLIST, words)


def sized(kind: int, count: int) -> bytes:
    """The head of an object of 15 entries or more."""
    return bytes([kind | 0x0F, 0x11]) + count.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (b"\x08", False),
        (TRUE, True),
        (b"\x10\xff", 255),
        (b"\x13" + b"\xff" * 8, -1),
        (b"\x14" + bytes(8) + b"\xff" * 8, (1 << 64) - 1),
        (b"\x22" + struct.pack(">f", 0.5), 0.5),
        (b"\x23" + struct.pack(">d", -0.1), -0.1),
        (b"\x33" + struct.pack(">d", 1.0), datetime(2001, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (b"\x43abc", b"abc"),
        (b"\x4f\x10\x10" + bytes(16), bytes(16)),
        (b"\x53abc", "abc"),
        (b"\x62\x00\xe9\x20\xac", "é€"),
        (b"\x62\xd8\x3d\xde\x00", "\U0001f600"),
        (EMPTY_ARRAY, []),
        (EMPTY_DICTIONARY, {}),
    ],
)
def test_what_each_object_says(encoded: bytes, value: object) -> None:
    decoded = decode(binary_plist([encoded]))

    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("encoded", "words"),
    [
        pytest.param(b"\x00", "of a kind that no response has", id="null"),
        pytest.param(b"\x0c\x51a", "of a kind that no response has", id="URL"),
        pytest.param(b"\x0e" + bytes(16), "of a kind that no response has", id="UUID"),
        pytest.param(b"\x0f", "of a kind that no response has", id="fill"),
        pytest.param(b"\x15" + bytes(32), "of a kind that no response has", id="32-octet integer"),
        pytest.param(b"\x1f" + bytes(99), "of a kind that no response has", id="huge integer"),
        pytest.param(b"\x21\x00\x00", "of a kind that no response has", id="real of two octets"),
        pytest.param(b"\x32" + bytes(4), "of a kind that no response has", id="short date"),
        pytest.param(b"\x70", "of a kind that no response has", id="reserved"),
        pytest.param(b"\x80\x01", "of a kind that no response has", id="UID"),
        pytest.param(b"\xb0", "of a kind that no response has", id="ordered set"),
        pytest.param(b"\xc0", "of a kind that no response has", id="set"),
        pytest.param(b"\xe0", "of a kind that no response has", id="reserved too"),
        pytest.param(
            b"\x33\x7f\xf8" + bytes(6), "cannot convert float NaN", id="date that is no number"
        ),
        pytest.param(b"\x33\x7f\xf0" + bytes(6), "infinity", id="date without end"),
        pytest.param(b"\x33\x7f\xef" + b"\xff" * 6, "too large", id="date after all years"),
        pytest.param(b"\x51\xff", "codec can't decode", id="text that is not ASCII"),
        pytest.param(b"\x61\xd8\x00", "codec can't decode", id="half a surrogate pair"),
    ],
)
def test_objects_that_no_response_has_are_refused(encoded: bytes, words: str) -> None:
    for value in (b"\x10\x01", b"\x51a"):
        decode(binary_plist([value]))
        decode(binary_plist([b"\xd1\x01\x02", b"\x51a", b"\xa1\x03", value]))
    refused(binary_plist([encoded]), words)
    refused(binary_plist([b"\xd1\x01\x02", b"\x51a", b"\xa1\x03", encoded]), words)


def test_a_uid_as_plistlib_writes_it_is_refused() -> None:
    decode(dumped({"a": 1}))
    refused(dumped({"a": plistlib.UID(1)}), "of a kind that no response has")


def test_an_object_that_nothing_refers_to_is_not_read() -> None:
    assert decode(binary_plist([TRUE, b"\x80\x01"])) is True


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param([b"\xa1\x00"], id="array"),
        pytest.param([b"\xa2\x01\x00", TRUE], id="array with more"),
        pytest.param([b"\xd1\x01\x00", b"\x51a"], id="dictionary"),
        pytest.param([b"\xa1\x01", b"\xa1\x02", b"\xa1\x00"], id="ring"),
        pytest.param([b"\xaf\x11\x03\xe8" + bytes(1000)], id="a thousand times"),
    ],
)
def test_a_container_that_holds_itself_is_refused(objects: list[bytes]) -> None:
    decode(binary_plist([b"\xa2\x01\x01", TRUE]))
    refused(binary_plist(objects), "nested deeper")
    assert peak_memory(lambda: decode(binary_plist(objects))) < MOST_MEMORY // 10


def test_a_container_that_holds_itself_is_refused_at_any_depth() -> None:
    limits = Limits(plist_depth=10_000)

    assert_refused(
        lambda: plist.decode(binary_plist([b"\xa1\x00"]), limits),
        Reason.MALFORMED_PLIST,
        "more elements than are read",
    )


def doubling(levels: int) -> bytes:
    """An array of two references to an array of two references, and so on."""
    arrays = [bytes([0xA2, level + 1, level + 1]) for level in range(levels)]
    return binary_plist([*arrays, TRUE])


def test_lists_that_double_are_counted_as_often_as_they_stand() -> None:
    decoded = decode(doubling(9))  # 1023 values

    assert decoded == plistlib.loads(doubling(9))
    refused(doubling(10), "more elements than are read")
    refused(doubling(15), "more elements than are read")
    refused(doubling(200), "nested deeper than is read")


def overlapping(head: bytes, octets: int, times: int) -> bytes:
    """An array of different objects that all stand at one place of the document."""
    array = sized(0xA0, times) + b"".join(n.to_bytes(2, "big") for n in range(1, times + 1))
    return binary_plist(
        [array, head + bytes(octets)],
        reference_size=2,
        offsets=lambda found: [found[0], *[found[1]] * times],
    )


@pytest.mark.parametrize(
    ("kind", "width"), [(0x40, 1), (0x50, 1), (0x60, 2)], ids=["data", "ASCII", "UTF-16"]
)
def test_objects_that_overlap_are_measured_as_often_as_they_stand(kind: int, width: int) -> None:
    fits = LIMITS.plist_bytes // 16
    once = overlapping(sized(kind, fits // width), fits, 16)
    bomb = overlapping(sized(kind, 57_000 // width), 57_000, 1000)

    decoded = decode(once)
    assert isinstance(decoded, list)
    assert [len(item) for item in decoded] == [fits // width] * 16
    for document in (overlapping(sized(kind, fits // width), fits, 17), bomb):
        refused(document, "more octets of text and data than are read")
        assert peak_memory(partial(decode, document)) < MOST_MEMORY // 10


def test_one_object_is_measured_as_often_as_it_is_referred_to() -> None:
    text = "x" * 4096

    assert decode(dumped([text] * 16)) == [text] * 16
    refused(dumped([text] * 17), "more octets of text and data than are read")


@pytest.mark.parametrize("innermost", [EMPTY_ARRAY, b"\xa1\x00", EMPTY_DICTIONARY])
def test_sixteen_containers_deep_and_no_deeper(innermost: bytes) -> None:
    def nested(depth: int) -> bytes:
        objects = [TRUE, *[bytes([0xA1, level + 2]) for level in range(depth - 1)], innermost]
        return binary_plist(objects, top=1)

    decode(nested(16))
    refused(nested(17), "nested deeper than is read")
    refused(nested(200), "nested deeper than is read")


def test_1024_keys_and_values_and_no_more() -> None:
    decode(dumped([True] * 1023))
    refused(dumped([True] * 1024), "more elements than are read")
    pairs = {str(n): True for n in range(511)}
    decode(dumped(pairs))
    refused(dumped({**pairs, "a": True}), "more elements than are read")
    decode(dumped([[], {}, [True] * 1020]))
    refused(dumped([[], {}, [True] * 1021]), "more elements than are read")


def test_1024_objects_and_no_more() -> None:
    decode(binary_plist([TRUE] * 1024))
    refused(binary_plist([TRUE] * 1025), "more objects than are read, or none")
    refused(binary_plist([TRUE], count=0), "more objects than are read, or none")
    for count in (1 + (1 << 56), (1 << 64) - 1):
        refused(binary_plist([TRUE], count=count), "more objects than are read, or none")


def test_a_key_may_stand_once() -> None:
    decode(binary_plist([b"\xd2\x01\x02\x03\x03", b"\x51a", b"\x51b", TRUE]))
    refused(binary_plist([b"\xd2\x01\x02\x03\x03", b"\x51a", b"\x51a", TRUE]), "stands twice")
    refused(binary_plist([b"\xd2\x01\x01\x03\x03", b"\x51a", b"\x51a", TRUE]), "stands twice")
    refused(
        binary_plist([b"\xd2\x01\x02\x03\x03", b"\x51a", b"\x61\x00a", TRUE]),
        "a key stands twice in one dictionary, or is not text",
    )


@pytest.mark.parametrize(
    "key",
    [b"\x41a", b"\x10\x01", TRUE, b"\x22" + bytes(4), EMPTY_ARRAY, EMPTY_DICTIONARY],
    ids=["data", "integer", "true", "real", "array", "dictionary"],
)
def test_keys_are_text(key: bytes) -> None:
    decode(binary_plist([b"\xd1\x01\x02", b"\x51a", TRUE]))
    refused(binary_plist([b"\xd1\x01\x02", key, TRUE]))


@pytest.mark.parametrize("reference_size", range(1, 9))
@pytest.mark.parametrize("offset_size", range(2, 9))
def test_numbers_of_every_size_are_read(reference_size: int, offset_size: int) -> None:
    def document(reference: int) -> bytes:
        objects = [b"\xa1" + reference.to_bytes(reference_size, "big"), TRUE]
        return binary_plist(objects, reference_size=reference_size, offset_size=offset_size)

    assert decode(document(1)) == [True]
    largest = (1 << 8 * reference_size) - 1
    for reference in {2, largest}:
        refused(document(reference), "a reference to an object that is not there")


@pytest.mark.parametrize("size", [0, 9, 255])
def test_numbers_of_no_size_are_refused(size: int) -> None:
    good = binary_plist([TRUE])

    assert decode(good) is True
    for place in (6, 7):
        trailer = bytearray(good)
        trailer[len(good) - 32 + place] = size
        refused(bytes(trailer), "a trailer with impossible sizes")


def moved(offset: int, found: list[int]) -> list[int]:
    return [found[0], offset]


def test_the_offset_table_ends_where_the_trailer_begins() -> None:
    whole = binary_plist([b"\xa1\x01", TRUE])
    assert decode(whole) == [True]
    for between in (whole[:-32] + b"\0" + whole[-32:], whole[:-32] + whole[-31:]):
        refused(between)
    refused(whole[:-32] + b"\0" + whole[-32:], "an offset table that does not end")
    far = binary_plist([b"\xa1\x01", TRUE], table=len(whole) - 36 + (1 << 56))
    refused(far, "an offset table that does not end")


@pytest.mark.parametrize("marker", [0x01, 0x20, 0x31, 0x51, 0x80])
def test_a_size_is_an_integer(marker: int) -> None:
    text = bytes([0x5F, 0x10, 2]) + b"ab"
    assert decode(binary_plist([b"\xa1\x01", text])) == ["ab"]
    odd = bytes([0x5F, marker, 2]) + b"ab"
    refused(binary_plist([b"\xa1\x01", odd]), "a size that is no integer")


def test_offsets_lie_inside_the_document() -> None:
    good = binary_plist([b"\xa1\x01", TRUE])
    end = len(good)

    assert decode(good) == [True]
    for offset in (end, end + 1, 0xFFFF):
        refused(
            binary_plist([b"\xa1\x01", TRUE], offsets=partial(moved, offset)),
            "IndexError",
        )
    for table in (end - 1, end, end + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        refused(binary_plist([b"\xa1\x01", TRUE], table=table), "an offset table that")
    for top in (2, 3, 1 << 63, (1 << 64) - 1):
        refused(binary_plist([b"\xa1\x01", TRUE], top=top), "that is not there")


@pytest.mark.parametrize("kind", [0x40, 0x50, 0x60, 0xA0, 0xD0])
@pytest.mark.parametrize(
    ("size", "words"),
    [
        (b"\x11\x03\xff", ""),
        (b"\x12\xff\xff\xff\xff", "more"),
        (b"\x13" + b"\xff" * 8, "more"),
        (b"\x14" + b"\xff" * 16, "a size that is no integer of at most eight octets"),
        (b"\x1f" + b"\xff" * 40, "a size that is no integer of at most eight octets"),
        (b"\x13", "truncated|more"),
    ],
)
def test_sizes_that_lie_cost_no_memory(kind: int, size: bytes, words: str) -> None:
    document = binary_plist([bytes([kind | 0x0F]) + size])

    decode(binary_plist([bytes([kind | 0x0F]) + b"\x10\x00"]))
    refused(document, words if "|" not in words else "")
    assert peak_memory(lambda: decode(document)) < MOST_MEMORY // 10


EVERYTHING = {
    "text": "é",
    "ascii": "a" * 20,
    "data": bytes(20),
    "numbers": [0, -1, 1 << 20, (1 << 64) - 1, 0.5],
    "flags": {"on": True, "off": False},
    "when": datetime(2025, 7, 1, 12),  # noqa: DTZ001 - what plistlib takes
}


def test_a_document_truncated_anywhere_is_refused() -> None:
    document = dumped(EVERYTHING)

    decode(document)
    for length in range(len(document)):
        refused(document[:length])


def test_a_document_with_any_octet_changed_is_read_or_refused() -> None:
    document = dumped(EVERYTHING)

    for place in range(len(document)):
        for change in (0x01, 0x10, 0x80, 0xFF):
            mutated = bytearray(document)
            mutated[place] ^= change
            accepted_or_refused(partial(decode, bytes(mutated)))


@given(st.data())
def test_whatever_the_document_only_a_refusal_comes_out(data: st.DataObject) -> None:
    objects = data.draw(st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=8))
    number = st.integers(0, 12) | st.integers(0, (1 << 64) - 1)
    document = binary_plist(
        objects,
        top=data.draw(st.integers(0, 8)),
        count=data.draw(st.none() | number),
        table=data.draw(st.none() | number),
        reference_size=data.draw(st.integers(0, 9) | st.just(1)),
    )

    value = accepted_or_refused(lambda: decode(document))
    if value is not None:
        assert type(value) is type(plistlib.loads(document))


@given(st.binary(max_size=80))
def test_whatever_follows_the_magic_only_a_refusal_comes_out(octets: bytes) -> None:
    accepted_or_refused(lambda: decode(b"bplist00" + octets))


@pytest.mark.parametrize("version", [b"bplist01", b"bplist15", b"bplist", b"Bplist00"])
def test_other_versions_are_refused(version: bytes) -> None:
    good = binary_plist([TRUE])

    assert decode(good) is True
    refused(version + good[8:], "ExpatError")


@pytest.mark.parametrize("fill", [0x00, 0x09, 0x4F, 0x5F, 0x6F, 0xA1, 0xAF, 0xDF, 0xFF])
def test_the_largest_input_costs_little_memory(fill: int) -> None:
    size = LIMITS.plist_bytes - 200
    body = sized(0xA0, 1000) + bytes([fill]) * size
    trailer = struct.pack(">6xBBQQQ", 2, 1, 1024, 0, 8)
    document = (b"bplist00" + body)[: LIMITS.plist_bytes - 32] + trailer

    assert len(document) <= LIMITS.plist_bytes
    assert peak_memory(lambda: decode(document)) < MOST_MEMORY


def test_the_most_references_that_wait_cost_little_memory() -> None:
    """Each of sixteen levels has a thousand empty arrays waiting beside the next level."""
    width = 60
    levels = [
        sized(0xA0, width) + bytes([16]) * (width - 1) + bytes([level + 1]) for level in range(16)
    ]
    document = binary_plist([*levels, EMPTY_ARRAY])

    assert peak_memory(lambda: decode(document)) < MOST_MEMORY // 10
