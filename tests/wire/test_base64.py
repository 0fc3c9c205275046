from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.wire import base64
from hostile_input import MOST_MEMORY, LyingText, accepted_or_refused, assert_refused, peak_memory

LIMIT = Limits().plist_bytes


@given(st.binary(max_size=200))
def test_what_is_encoded_is_decoded(octets: bytes) -> None:
    text = base64.encode(octets)

    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert base64.decode(text, LIMIT) == octets


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        pytest.param("QQ", "QQ==", id="no padding"),
        pytest.param("QQ=", "QQ==", id="half the padding"),
        pytest.param("QUI", "QUI=", id="no padding of one"),
        pytest.param("QUJD=", "QUJD", id="padding where none belongs"),
        pytest.param("QQ===", "QQ==", id="padding of three"),
        pytest.param("QQ==QQ==", "QUFB", id="padding in the middle"),
        pytest.param("=QUJD", "QUJD", id="padding before"),
        pytest.param("====", "", id="nothing but padding"),
        pytest.param(" QUJD", "QUJD", id="space before"),
        pytest.param("QUJD\n", "QUJD", id="newline after"),
        pytest.param("QU\r\nJD", "QUJD", id="line break inside"),
        pytest.param("QUJD\0", "QUJD", id="NUL"),
        pytest.param("+-//", "+///", id="hyphen"),
        pytest.param("+_//", "+///", id="underscore"),
        pytest.param("QU$JD", "QUJD", id="dollar"),
        pytest.param("QR==", "QQ==", id="tail bits of four"),
        pytest.param("QUJ=", "QUI=", id="tail bits of two"),
        pytest.param("Q", "QQ==", id="one character"),
        pytest.param("QUJÐ", "QUJD", id="not ASCII"),
        pytest.param("QUJ\u0660", "QUJ0", id="a digit of another script"),
        pytest.param("QUJD\ud800", "QUJD", id="lone surrogate"),
        pytest.param("\ufeffQUJD", "QUJD", id="byte order mark"),
    ],
)
def test_only_the_canonical_form_is_decoded(text: str, mended: str) -> None:
    assert base64.encode(base64.decode(mended, LIMIT)) == mended
    assert_refused(
        lambda: base64.decode(text, LIMIT), Reason.MALFORMED_BASE64, "canonical base64 with padding"
    )


@given(st.text(max_size=40) | st.text("AQg-_=+/ \n", max_size=12))
def test_every_text_that_is_decoded_is_the_one_encoding(text: str) -> None:
    octets = accepted_or_refused(lambda: base64.decode(text, LIMIT))

    if octets is not None:
        assert isinstance(octets, bytes)
        assert base64.encode(octets) == text


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 1000, LIMIT])
def test_more_octets_than_the_limit_are_refused(limit: int) -> None:
    assert base64.decode(base64.encode(bytes(limit)), limit) == bytes(limit)
    assert_refused(
        lambda: base64.decode(base64.encode(bytes(limit + 1)), limit),
        Reason.TOO_LARGE,
        f"{len(base64.encode(bytes(limit + 1)))} characters of base64 hold more than {limit} bytes",
    )


def test_a_text_of_any_length_costs_little_memory() -> None:
    huge = "A" * (64 * 1024 * 1024)

    assert peak_memory(lambda: base64.decode(huge, LIMIT)) < MOST_MEMORY // 100
    assert_refused(lambda: base64.decode(huge, LIMIT), Reason.TOO_LARGE)


def test_of_a_subclass_of_text_only_the_characters_count() -> None:
    assert base64.decode(LyingText("QUJD"), 3) == b"ABC"
    assert_refused(lambda: base64.decode(LyingText("QUJD"), 2), Reason.TOO_LARGE)
    assert_refused(lambda: base64.decode(LyingText("QQ"), 3), Reason.MALFORMED_BASE64)
