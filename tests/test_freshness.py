"""Whether an attestation answers a request, and what never counts as an answer."""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appleattest import UNCHECKED, ExpectedFreshness, Freshness, FreshnessMismatch, Reason, exactly
from appleattest.arguments import checked_octets, checked_token
from appleattest.freshness import (
    EarlierNonce,
    FreshnessResult,
    Unchecked,
    judge_freshness,
    judge_recorded,
    sha256_of,
)
from appleattest.oids import FRESHNESS_CODE
from appleattest.sealed import seal

SENT = datetime(2025, 7, 1, tzinfo=UTC)
CODES = st.binary(min_size=1, max_size=40)
BYTES_LIKE = [bytes, bytearray, memoryview]


def refused(reason: Reason, code: bytes | None, *others: Any) -> FreshnessMismatch:
    with pytest.raises(FreshnessMismatch) as caught:
        judge_freshness(code, *others)
    assert caught.value.reason is reason
    assert caught.value.element == FRESHNESS_CODE
    assert caught.value.attestation is None
    return caught.value


@given(CODES)
def test_the_expected_code_is_current(code: bytes) -> None:
    assert judge_freshness(code, exactly(code)) == (Freshness.CURRENT, code, code, None)


@given(CODES)
def test_a_digest_is_compared_with_the_digest(data: bytes) -> None:
    digest = hashlib.sha256(data).digest()

    assert judge_freshness(digest, sha256_of(data)) == (Freshness.CURRENT, digest, digest, None)
    refused(Reason.FRESHNESS_MISMATCH, data, sha256_of(data))


@given(CODES, CODES)
def test_any_other_code_is_a_mismatch_that_shows_both(code: bytes, expected: bytes) -> None:
    assume(code != expected)

    error = refused(Reason.FRESHNESS_MISMATCH, code, exactly(expected))

    assert error.detail == (
        f"freshness code {expected.hex()} was expected; the leaf has {code.hex()}"
    )


def test_a_code_that_only_begins_or_ends_alike_is_a_mismatch() -> None:
    for code in (b"nonc", b"nonce\x00", b"nonce ", b"NONCE", b" nonce", b"once"):
        refused(Reason.FRESHNESS_MISMATCH, code, exactly(b"nonce"))


def test_a_mismatch_shows_at_most_64_octets_of_the_leafs_code() -> None:
    error = refused(Reason.FRESHNESS_MISMATCH, b"\xab" * 1000, exactly(b"n"))

    assert error.detail.endswith(f"the leaf has {'ab' * 64}")


@pytest.mark.parametrize("blank", [None, b""], ids=["absent", "empty"])
def test_a_blank_code_is_missing_before_anything_is_compared(blank: bytes | None) -> None:
    # The engine of comparison says that nothing equals nothing. That must never be asked.
    empty = seal(ExpectedFreshness, code=b"")
    earlier = [EarlierNonce(b"", SENT), EarlierNonce(b"nonce", SENT)]

    error = refused(Reason.FRESHNESS_MISSING, blank, exactly(b"nonce"), earlier)
    assert error.detail == "a freshness code of 5 bytes was expected; the leaf has none"
    refused(Reason.FRESHNESS_MISSING, blank, empty, earlier)
    finding = judge_freshness(blank, UNCHECKED, earlier)
    assert finding == (Freshness.UNCHECKED, None, None, None)
    # Mended: a code.
    assert judge_freshness(b"nonce", exactly(b"nonce"), earlier).freshness is Freshness.CURRENT


def test_a_code_of_zero_octets_is_no_blank_one() -> None:
    assert judge_freshness(b"\x00", exactly(b"\x00")).freshness is Freshness.CURRENT
    refused(Reason.FRESHNESS_MISMATCH, b"\x00", exactly(b"nonce"))
    assert judge_freshness(b" ", UNCHECKED) == (Freshness.UNCHECKED, b" ", None, None)


def test_an_earlier_nonce_is_recognised_with_the_time_it_was_sent() -> None:
    earlier = [EarlierNonce(b"one", None), EarlierNonce(b"two", SENT)]

    assert judge_freshness(b"one", exactly(b"now"), earlier) == (
        Freshness.EARLIER,
        b"one",
        b"one",
        None,
    )
    assert judge_freshness(b"two", exactly(b"now"), earlier) == (
        Freshness.EARLIER,
        b"two",
        b"two",
        SENT,
    )
    refused(Reason.FRESHNESS_MISMATCH, b"three", exactly(b"now"), earlier)


def test_the_current_nonce_wins_over_the_same_one_sent_earlier() -> None:
    finding = judge_freshness(b"now", exactly(b"now"), [EarlierNonce(b"now", SENT)])

    assert finding == (Freshness.CURRENT, b"now", b"now", None)


def test_without_an_expectation_an_earlier_nonce_is_still_recognised() -> None:
    earlier = [EarlierNonce(b"one", SENT)]

    assert judge_freshness(b"one", UNCHECKED, earlier) == (
        Freshness.EARLIER,
        b"one",
        b"one",
        SENT,
    )
    assert judge_freshness(b"two", UNCHECKED, earlier) == (
        Freshness.UNCHECKED,
        b"two",
        None,
        None,
    )


# What a caller gives


@pytest.mark.parametrize("expect", [exactly, sha256_of], ids=["exactly", "sha256_of"])
@pytest.mark.parametrize(
    "empty", [kind(b"") for kind in BYTES_LIKE], ids=lambda e: type(e).__name__
)
def test_nothing_at_all_never_passes_for_an_expectation(expect: Any, empty: object) -> None:
    with pytest.raises(ValueError, match="at least one byte; only UNCHECKED switches the check"):
        expect(empty)


@pytest.mark.parametrize("expect", [exactly, sha256_of], ids=["exactly", "sha256_of"])
@pytest.mark.parametrize("wrong", [None, "", "nonce", 5, [1], UNCHECKED], ids=repr)
def test_anything_but_bytes_is_a_type_error(expect: Any, wrong: object) -> None:
    with pytest.raises(TypeError, match=f"is bytes, not {type(wrong).__name__}"):
        expect(wrong)


def test_the_message_says_what_was_wrong() -> None:
    with pytest.raises(TypeError, match=r"^code is bytes, not str$"):
        exactly("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^data is bytes, not str$"):
        sha256_of("x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^a nonce is at least one byte"):
        checked_octets(b"", "a nonce")


@pytest.mark.parametrize("kind", BYTES_LIKE)
def test_bytes_like_objects_are_welcome_and_copied(kind: Any) -> None:
    source = bytearray(b"nonce")
    expected = exactly(source if kind is bytearray else kind(source))
    digest = sha256_of(kind(b"nonce"))

    source[:] = b"ECNON"

    assert expected.code == b"nonce"
    assert type(expected.code) is bytes
    assert digest.code == hashlib.sha256(b"nonce").digest()


def test_a_view_that_was_released_is_told_by_the_name_of_the_argument() -> None:
    view = memoryview(b"a" * 32)
    assert checked_octets(view, "nonce") == checked_token(view).encode() == b"a" * 32
    view.release()
    with pytest.raises(ValueError, match=r"^nonce is a memoryview that has been released$"):
        checked_octets(view, "nonce")
    with pytest.raises(ValueError, match=r"^token is a memoryview that has been released$"):
        checked_token(view)


def test_an_expectation_neither_changes_nor_spills_what_it_expects() -> None:
    expected = exactly(b"nonce")

    with pytest.raises(AttributeError, match="does not change"):
        expected.code = b"other"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="does not change"):
        del expected.code

    assert expected.code == b"nonce"
    assert repr(expected) == "<ExpectedFreshness of 5 bytes>"


def test_unchecked_is_one_value_without_a_truth() -> None:
    assert repr(UNCHECKED) == "UNCHECKED"
    assert copy.deepcopy(UNCHECKED) is UNCHECKED
    assert Unchecked("unchecked") is UNCHECKED
    assert list(Unchecked) == [UNCHECKED]
    with pytest.raises(TypeError, match="neither true nor false: compare it with 'is'"):
        bool(UNCHECKED)


def test_the_four_kinds_of_freshness_have_their_names() -> None:
    assert {each.name: each.value for each in Freshness} == {
        "CURRENT": "current",
        "EARLIER": "earlier",
        "UNMATCHED": "unmatched",
        "UNCHECKED": "unchecked",
    }


# What a record says

RECORDED = [
    FreshnessResult(Freshness.CURRENT, b"c", b"c"),
    FreshnessResult(Freshness.EARLIER, b"c", b"c", SENT),
    FreshnessResult(Freshness.UNMATCHED, b"c"),
    FreshnessResult(Freshness.UNCHECKED, b"c"),
]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each.freshness.value)
def test_a_record_about_this_leaf_stands(recorded: FreshnessResult) -> None:
    assert judge_recorded(b"c", recorded) is recorded


@pytest.mark.parametrize("blank", [None, b""], ids=["absent", "empty"])
def test_a_record_of_a_leaf_without_a_code_stands(blank: bytes | None) -> None:
    for freshness in (Freshness.UNCHECKED, Freshness.UNMATCHED):
        recorded = FreshnessResult(freshness, None)

        assert judge_recorded(blank, recorded) is recorded


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each.freshness.value)
@pytest.mark.parametrize("code", [b"d", b"", None], ids=repr)
def test_a_record_about_another_leaf_is_refused(
    recorded: FreshnessResult, code: bytes | None
) -> None:
    with pytest.raises(FreshnessMismatch) as caught:
        judge_recorded(code, recorded)

    assert caught.value.reason is Reason.FRESHNESS_MISMATCH
    assert caught.value.element == FRESHNESS_CODE
    assert caught.value.detail == "the record's freshness is not that of the leaf in its chain"


@pytest.mark.parametrize(
    ("code", "recorded"),
    [
        (b"c", FreshnessResult(Freshness.CURRENT, b"c", b"d")),
        (b"c", FreshnessResult(Freshness.CURRENT, b"c", None)),
        (b"c", FreshnessResult(Freshness.EARLIER, b"c", b"d", SENT)),
        (b"c", FreshnessResult(Freshness.UNMATCHED, b"c", b"c")),
        (b"c", FreshnessResult(Freshness.UNCHECKED, b"c", b"c")),
        # Only of an earlier nonce is it known when it was sent.
        (b"c", FreshnessResult(Freshness.CURRENT, b"c", b"c", SENT)),
        (b"c", FreshnessResult(Freshness.UNMATCHED, b"c", None, SENT)),
        (b"c", FreshnessResult(Freshness.UNCHECKED, b"c", None, SENT)),
        # A leaf without a code answers nothing.
        (None, FreshnessResult(Freshness.CURRENT, None, None)),
        (None, FreshnessResult(Freshness.EARLIER, None, None, SENT)),
        (b"", FreshnessResult(Freshness.CURRENT, b"", b"")),
    ],
    ids=repr,
)
def test_a_record_at_odds_with_itself_is_refused(
    code: bytes | None, recorded: FreshnessResult
) -> None:
    with pytest.raises(FreshnessMismatch) as caught:
        judge_recorded(code, recorded)

    assert caught.value.reason is Reason.FRESHNESS_MISMATCH
