from __future__ import annotations

import plistlib
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, Reason
from appleattest.wire import plist
from hostile_input import accepted_or_refused, assert_refused

LIMITS = Limits()
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n"),
    max_size=20,
)
SECONDS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 1, 1)).map(  # noqa: DTZ001 - naive, as plistlib writes them
    lambda moment: moment.replace(microsecond=0)
)
VALUES = st.recursive(
    TEXT
    | st.binary(max_size=80)
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | SECONDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)
FORMATS = pytest.mark.parametrize(
    "form", [plistlib.FMT_XML, plistlib.FMT_BINARY], ids=["XML", "binary"]
)


def in_utc(value: Any) -> Any:
    """The value with its naive dates said to be what property lists hold: UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [in_utc(item) for item in value]
    if isinstance(value, dict):
        return {key: in_utc(item) for key, item in value.items()}
    return value


def shape(value: Any) -> Any:
    """The value with its types, since True equals 1 and 1 equals 1.0."""
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return type(value), value


@FORMATS
@given(value=VALUES)
def test_what_plistlib_writes_is_read(form: plistlib.PlistFormat, value: Any) -> None:
    document = plistlib.dumps(value, fmt=form)
    decoded = plist.decode(document, LIMITS)

    assert shape(decoded) == shape(in_utc(value))
    assert shape(decoded) == shape(in_utc(plistlib.loads(document)))


@given(VALUES)
def test_both_forms_are_read_alike(value: Any) -> None:
    xml, binary = (
        plist.decode(plistlib.dumps(value, fmt=form), LIMITS)
        for form in (plistlib.FMT_XML, plistlib.FMT_BINARY)
    )

    assert shape(xml) == shape(binary)


@FORMATS
def test_a_dictionary_is_a_plain_one(form: plistlib.PlistFormat) -> None:
    decoded = plist.decode(plistlib.dumps({"a": {"b": []}}, fmt=form), LIMITS)

    assert isinstance(decoded, dict)
    assert type(decoded) is type(decoded["a"]) is dict
    decoded["a"] = 1  # and may be written to like one


@FORMATS
def test_the_limits_are_the_callers(form: plistlib.PlistFormat) -> None:
    value = {"a": [True, ["x" * 40]]}
    document = plistlib.dumps(value, fmt=form)
    exact = Limits(plist_bytes=len(document), plist_elements=6, plist_depth=3)

    assert plist.decode(document, exact) == value
    for limits, reason, words in (
        (Limits(plist_bytes=len(document) - 1), Reason.TOO_LARGE, "at most"),
        (Limits(plist_elements=5), Reason.MALFORMED_PLIST, "more"),
        (Limits(plist_depth=2), Reason.MALFORMED_PLIST, "nested deeper"),
    ):
        assert_refused(partial(plist.decode, document, limits), reason, words)


@given(st.binary(max_size=80) | TEXT.map(str.encode))
def test_whatever_the_octets_only_a_refusal_comes_out(octets: bytes) -> None:
    accepted_or_refused(lambda: plist.decode(octets, LIMITS))
