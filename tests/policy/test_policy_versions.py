"""Apple's version texts, in Apple's order."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest.policy import AppleVersion
from appleattest.policy.versions import VERSION_PATTERN, parsed

parse = AppleVersion.parse

IN_ORDER = [
    "9",
    "14.2",
    "15",
    "15.0.1",
    "15.1",
    "15.1.9",
    "15.5",
    "15.10",
    "16.4.1",
    "16.4.1 (a)",
    "16.4.1 (b)",
    "16.4.1 (z)",
    "16.4.1 (aa)",
    "16.4.2",
    "16.5",
    "26.2",
    "26.2 (a)",
    "100",
]


@pytest.mark.parametrize(("older", "newer"), list(pairwise(IN_ORDER)))
def test_the_order(older: str, newer: str) -> None:
    assert parse(older) < parse(newer)
    assert parse(newer) > parse(older)
    assert parse(older) <= parse(newer)
    assert parse(older) != parse(newer)


def test_any_order_is_put_right() -> None:
    assert sorted(map(parse, reversed(IN_ORDER))) == [*map(parse, IN_ORDER)]


@pytest.mark.parametrize(("one", "other"), [("15", "15.0"), ("15.5", "15.5.0"), ("0", "0.0")])
def test_zeros_at_the_ends_mean_nothing(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))
    assert AppleVersion((15, 0)) == parse("15")
    assert hash(parse("15")) != hash(parse("15.1"))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "15.", ".5", "15..5", "v15", "15.5 ", " 15.5", "15.5\n", "15.5b1", "15.5(a)"),
        *("15.5 (A)", "15.5 (a) ", "15.5 (abc)", "15.5 ()", "-1", "1e3", "15,5", "15.5 beta"),
        *("15.05", "015.5", "00", "0.00", "15.5.01 (a)"),
        *("\u0661\u0665", "15.\u0665", "1" * 10, ".".join("123456789")),
    ],
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="dotted decimal"):
        parse(text)
    assert parsed(text) is None
    assert parse("15.5").numbers == (15, 5)


@pytest.mark.parametrize("value", [15, 15.10, None, b"15.5", ("15", "5")], ids=repr)
def test_a_number_has_lost_its_zeros(value: Any) -> None:
    with pytest.raises(TypeError):
        parse(value)


def test_it_compares_with_versions_alone() -> None:
    assert parse("15.5") != "15.5"
    with pytest.raises(TypeError):
        assert parse("15.5") < "15.6"


@given(st.from_regex(VERSION_PATTERN.rstrip("$") + r"\Z"))
def test_every_version_reads_back(text: str) -> None:
    version = parse(text)
    assert parse(str(version)) == version
    assert re.search(VERSION_PATTERN, str(version))
    assert version.without_response <= version
    assert bool(version.response) == ("(" in text)


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=4), st.lists(st.integers(0, 99), max_size=4)
)
def test_numbers_are_compared_as_numbers(one: list[int], other: list[int]) -> None:
    other = other or [0]
    width = max(len(one), len(other))
    padded = [numbers + [0] * (width - len(numbers)) for numbers in (one, other)]
    versions = [parse(".".join(map(str, numbers))) for numbers in (one, other)]
    assert (versions[0] < versions[1]) is (padded[0] < padded[1])
    assert (versions[0] == versions[1]) is (padded[0] == padded[1])


@given(st.lists(st.text("0123456789", min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_number_has_no_zero_before_it(numbers: list[str]) -> None:
    version = parsed(".".join(numbers))
    assert (version is not None) is all(number == str(int(number)) for number in numbers)
    assert bool(re.search(VERSION_PATTERN, ".".join(numbers))) is (version is not None)


@given(st.text(max_size=12))
def test_any_text_is_a_version_or_is_not(text: str) -> None:
    assert (parsed(text) is None) or text.isascii()
