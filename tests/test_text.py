"""Whatever a device chose to call itself, an operator's log gets one line of plain ASCII."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest.text import describe, is_writable, plain, quoted, type_name
from hostile_input import LyingText

# Ten octets for each of eighty characters (an escape like \U0001f600), two quotes, three dots.
LONGEST = 80 * 10 + 2 + 3


@given(st.text() | st.text(st.characters(min_codepoint=0x10000), min_size=75, max_size=90))
def test_any_text_becomes_one_bounded_line_of_printable_ascii(text: str) -> None:
    shown = quoted(text)

    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= LONGEST


@given(st.text(max_size=80))
def test_a_short_text_is_shown_whole(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text


def test_lone_surrogates_and_terminal_controls_are_escaped() -> None:
    assert quoted("\x1b[2J\r\n\ud800\u202e\u2028") == r"'\x1b[2J\r\n\ud800\u202e\u2028'"


def test_a_long_text_is_cut_after_eighty_characters_and_says_so() -> None:
    assert quoted("a" * 80) == f"'{'a' * 80}'"
    assert quoted("a" * 81) == f"'{'a' * 80}'..."
    assert quoted("\U0001f600" * 999) == "'" + r"\U0001f600" * 80 + "'..."


def test_anything_else_is_shown_as_python_would_write_it() -> None:
    assert quoted(b"\xff") == "\"b'\\\\xff'\""
    assert quoted(None) == "'None'"
    assert quoted(17) == "'17'"


def test_the_kind_of_a_value_is_the_name_of_its_type_made_safe() -> None:
    hostile = type("evil\n\x1b[0m", (), {})

    assert type_name(b"") == "'bytes'"
    assert type_name(None) == "'NoneType'"
    assert type_name(hostile()) == r"'evil\n\x1b[0m'"


class Unprintable(ValueError):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_is_shown_by_its_type_and_its_text_made_safe() -> None:
    assert describe(ValueError("a\nb")) == r"ValueError: 'a\nb'"
    assert describe(KeyError("k")) == "KeyError: \"'k'\""
    assert describe(Unprintable()) == "an exception that cannot be shown"


@given(st.text())
def test_a_subclass_of_text_is_taken_for_its_characters(text: str) -> None:
    assert plain(LyingText(text)) == plain(text) == text
    assert type(plain(LyingText(text))) is str


@pytest.mark.parametrize("text", ["", "plain", "grün", "\U0001f600"])
def test_text_of_characters_can_be_written(text: str) -> None:
    assert is_writable(text)
    assert not is_writable(f"{text}\ud800")
