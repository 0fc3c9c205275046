from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest.wire import der


def header(length: int) -> bytes:
    """The one DER encoding of a SEQUENCE's tag and length (X.690, section 10.1)."""
    if length < 0x80:
        return bytes([der.SEQUENCE, length])
    if length < 0x100:
        return bytes([der.SEQUENCE, 0x81, length])
    return bytes([der.SEQUENCE, 0x82]) + length.to_bytes(2, "big")


@given(before=st.binary(max_size=5), length=st.integers(0, 0xFFFF), after=st.binary(max_size=5))
def test_the_content_of_an_element_is_found(before: bytes, length: int, after: bytes) -> None:
    encoded = before + header(length) + bytes(length) + after
    start = len(before) + len(header(length))

    assert der.content(encoded, len(before), der.SEQUENCE) == (start, start + length)
    assert der.content(encoded, len(before)) == (start, start + length)


@pytest.mark.parametrize("length", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF])
def test_one_octet_less_is_truncated(length: int) -> None:
    whole = header(length) + bytes(length)

    assert der.content(whole, 0)[1] == len(whole)
    for shorter in {len(whole) - 1, length, 1, 0}:
        if shorter < len(whole):
            with pytest.raises(ValueError, match=r"truncated|no element|not DER"):
                der.content(whole[:shorter], 0)


def test_a_header_may_be_all_that_there_is() -> None:
    for alone in ("3080"[:2] + "01", "308180", "30820100"):
        with pytest.raises(ValueError, match="element at octet 0 is truncated"):
            der.content(bytes.fromhex(alone), 0)
    with pytest.raises(ValueError, match="length at octet 0 is not DER"):
        der.content(bytes.fromhex("3081"), 0)


def test_another_tag_is_refused() -> None:
    assert der.content(b"\x02\x00", 0, der.INTEGER) == (2, 2)
    with pytest.raises(ValueError, match="no element of the expected type at octet 0"):
        der.content(b"\x02\x00", 0, der.SEQUENCE)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("3080", id="indefinite"),
        pytest.param("30817f" + "00" * 0x7F, id="one octet where none is needed"),
        pytest.param("308200ff" + "00" * 0xFF, id="two octets where one is needed"),
        pytest.param("308300010000", id="three octets"),
        pytest.param("30ff", id="reserved"),
    ],
)
def test_any_other_encoding_of_a_length_is_refused(wrong: str) -> None:
    assert der.content(header(0x80) + bytes(0x80), 0) == (3, 0x83)
    with pytest.raises(ValueError, match="length at octet 0 is not DER"):
        der.content(bytes.fromhex(wrong), 0)


@given(encoded=st.binary(max_size=300), offset=st.integers(0, 310))
def test_whatever_is_found_is_der_and_inside(encoded: bytes, offset: int) -> None:
    try:
        start, end = der.content(encoded, offset)
    except ValueError:
        return
    assert start <= end <= len(encoded)
    assert header(end - start)[1:] == encoded[offset + 1 : start]


def test_a_row_is_taken_apart_and_loses_nothing() -> None:
    first, second = b"\x30\x01a", b"\x30\x81\x80" + bytes(128)
    assert list(der.row(first + second)) == [first, second]
    assert list(der.row(b"")) == []
    for rest in (b"\0", b"\x02\x01a", b"\x30", second[:-1]):
        assert list(der.row(first + rest)) == [first, rest]


@given(st.binary(max_size=64))
def test_whatever_is_a_row_is_whole_again(encoded: bytes) -> None:
    assert b"".join(der.row(encoded)) == encoded
