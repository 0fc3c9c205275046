from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.wire import strict_json
from hostile_input import MOST_MEMORY, LyingText, accepted_or_refused, assert_refused, peak_memory

LIMITS = Limits()
decode = partial(strict_json.decode, limits=LIMITS)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**31) + 1, 10**32 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def refused(document: bytes | str, words: str) -> None:
    assert_refused(lambda: decode(document), Reason.MALFORMED_JSON, words)


@given(VALUES, st.booleans())
def test_what_the_standard_encoder_writes_is_read(value: object, ascii_only: bool) -> None:
    document = json.dumps(value, ensure_ascii=ascii_only)

    assert decode(document) == value
    assert decode(document.encode("utf-8")) == value


@pytest.mark.parametrize("where", ["%s", "[%s]", '{"x": %s}'], ids=["top", "array", "object"])
def test_a_member_may_stand_once(where: str) -> None:
    decode(where % '{"a": 1, "b": 1}')
    refused(where % '{"a": 1, "a": 1}', "a member stands twice")
    refused(where % r'{"a": 1, "\u0061": 2}', "a member stands twice")


def test_sixteen_containers_deep_and_no_deeper() -> None:
    for opening, closing in (("[", "]"), ('{"x":', "}")):
        decode(opening * 16 + "0" + closing * 16)
        refused(opening * 17 + "0" + closing * 17, "nested deeper than 16")
    decode("[" * 16 + "]" * 16)
    refused("[" * 17 + "]" * 17, "nested deeper than 16")


def test_what_was_closed_takes_no_depth_from_what_follows() -> None:
    siblings = "[]," * 20
    decode("[" + siblings + "[" * 15 + "]" * 15 + "]")
    refused("[" + siblings + "[" * 16 + "]" * 16 + "]", "nested deeper than 16")


@pytest.mark.parametrize("text", ["[" * 99, r"\"" + "[" * 99, '"' * 2 + "{" * 99, "\\\\" * 50])
def test_brackets_in_text_are_no_containers(text: str) -> None:
    document = json.dumps({text: [text] * 3})

    assert decode(document) == {text: [text] * 3}


@pytest.mark.parametrize("document", ["[" * 99, "[" * 1024, '{"a":' * 900], ids=len)
def test_depth_is_measured_before_anything_is_parsed(document: str) -> None:
    assert decode("[]") == []
    refused(document, "nested deeper than 16")


def test_a_depth_beyond_the_interpreters_is_still_a_refusal() -> None:
    document = "[" * 50_000 + "]" * 50_000

    deep = Limits(json_depth=10**6, json_elements=10**6)
    assert strict_json.decode("[[]]", deep) == [[]]
    assert_refused(
        lambda: strict_json.decode(document, deep),
        Reason.MALFORMED_JSON,
        "recursion",
    )


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_not_json_are_refused(constant: str) -> None:
    assert decode('[1, "NaN"]') == [1, "NaN"]
    refused(f"[1, {constant}]", f"{constant} is not JSON")


def test_integers_have_at_most_thirty_two_digits() -> None:
    assert decode("9" * 32) == 10**32 - 1
    refused("9" * 33, "an integer of 33 digits")
    refused("-" + "9" * 5000, "an integer of 5001 digits")


def test_real_numbers_have_at_most_thirty_two_characters_and_are_finite() -> None:
    assert decode("9" * 30 + ".0") == 1e30
    refused("9" * 31 + ".0", "a number of over 32 characters")
    assert decode("1e308") == 1e308
    refused("1e309", "beyond all bounds")


def test_one_thousand_and_twenty_four_elements_and_no_more() -> None:
    assert decode("[" + ",".join("0" * 1024) + "]") == [0] * 1024
    refused("[" + ",".join("0" * 1025) + "]", "more than 1024 elements")
    assert decode("[" + ",".join(["{}"] * 512) + "]") == [{}] * 512
    refused("[" + ",".join(["{}"] * 513) + "]", "more than 1024 elements")


@pytest.mark.parametrize("text", ["", "a", '"', "\\", '"\\', '\\"\\"', "\\\\"])
def test_two_strings_for_each_element(text: str) -> None:
    document = {f"{text}{index}{text}": text for index in range(1024)}
    assert decode(json.dumps(document)) == document


@pytest.mark.parametrize("document", ['{"a":' * 2050, '""' * 2050, r'"\\"' * 4100], ids=len)
def test_more_strings_than_elements_can_have_are_not_looked_at(
    document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_json, "_STRING", None)
    refused(document, "more than 1024 elements")


@pytest.mark.parametrize("document", ["]" * 100_000, "{" + "}" * 100_000, "[]}", "{}}]"], ids=len)
def test_what_closes_more_than_it_opened_is_not_looked_at(document: str) -> None:
    assert decode("[{}]") == [{}]
    refused(document, "more brackets close than open")


@pytest.mark.parametrize("text", ['"' * 30_000, '"a' * 20_000, '"\\'])
def test_a_string_without_an_end_costs_no_more_than_its_length(text: str) -> None:
    """Measured in how often the pattern begins: once for the string that never ends."""
    assert decode(json.dumps(text)) == text
    assert len(strict_json._STRING.findall('"' + text.replace('"', '\\"'))) == 1
    refused(text, "")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("", id="nothing"),
        pytest.param(" ", id="a space"),
        pytest.param("{", id="unclosed"),
        pytest.param("]", id="closed only"),
        pytest.param("{} {}", id="two documents"),
        pytest.param("{'a': 1}", id="single quotes"),
        pytest.param('{"a": 1,}', id="trailing comma"),
        pytest.param("[1] // why", id="a comment"),
        pytest.param('"a\nb"', id="control character"),
        pytest.param('"\\x"', id="unknown escape"),
        pytest.param("01", id="leading zero"),
        pytest.param("\u0661", id="a digit of another script"),
        pytest.param("\ufeff{}", id="byte order mark"),
    ],
)
def test_what_is_not_json_is_refused(document: str) -> None:
    assert decode('{"a": [1, "b"]}') == {"a": [1, "b"]}
    refused(document, "")
    refused(document.encode("utf-8"), "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_bytes_are_utf_8(encoding: str) -> None:
    assert decode('["é"]'.encode()) == ["é"]
    refused('["é"]'.encode(encoding), "")


def test_a_lone_surrogate_is_left_to_whoever_reads_the_text() -> None:
    assert decode(r'"\ud800"') == "\ud800"
    refused(b'"\xed\xa0\x80"', "codec can't decode")


def test_more_than_the_limit_is_refused_unread() -> None:
    limit = LIMITS.json_bytes
    largest = json.dumps("x" * (limit - 2))

    assert decode(largest) == "x" * (limit - 2)
    assert_refused(
        lambda: decode(b"\xff" * (limit + 1)),
        Reason.TOO_LARGE,
        f"{limit + 1} bytes of JSON; at most {limit} are read",
    )


@pytest.mark.parametrize("item", ["{}", "[]", '""', "1.5", '{"a":1}', "0", "[{}]", '"\U0001f600"'])
def test_the_largest_input_costs_little_memory(item: str) -> None:
    count = (LIMITS.json_bytes - 2) // (len(item) + 1)
    document = "[" + ",".join([item] * count) + "]"

    assert peak_memory(lambda: decode(document)) < MOST_MEMORY


@given(st.binary(max_size=60) | st.text(max_size=60) | st.text('[]{}",:\\1eN ', max_size=30))
def test_whatever_the_document_only_a_refusal_comes_out(document: bytes | str) -> None:
    accepted_or_refused(lambda: decode(document))


def test_of_a_subclass_of_text_only_the_characters_count() -> None:
    short = Limits(json_bytes=2)
    assert strict_json.decode(LyingText("{}"), short) == {}
    assert_refused(lambda: strict_json.decode(LyingText("[ ]"), short), Reason.TOO_LARGE)
