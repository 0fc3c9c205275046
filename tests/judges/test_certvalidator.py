"""pyhanko-certvalidator and this library agree about every path, or differ on purpose."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from certvalidator import DIFFERENCES, Opinions, explanations, opinions
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from vector_cases import Presented, presented

from appleattest import TrustStore
from appleattest.testing import AttestationAuthority, strategies
from appleattest.testing.strategies import MintedChain
from real_chains import RealChain

AUTHORITY = AttestationAuthority("independent judges")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "judges.md"


@pytest.fixture(scope="module")
def of_vectors() -> dict[str, Opinions]:
    """Both opinions of each distinct chain in the vectors."""
    return {name: opinions(each) for each, name in presented().items()}


def test_they_agree_about_every_vector_but_for_what_is_listed(
    of_vectors: dict[str, Opinions],
) -> None:
    unexplained = [
        (name, found.error, found.theirs is not None)
        for name, found in of_vectors.items()
        if len(explanations(found)) != (0 if found.agree else 1)
    ]
    assert unexplained == []


def test_every_listed_difference_is_one(of_vectors: dict[str, Opinions]) -> None:
    differing = [found for found in of_vectors.values() if not found.agree]
    met = {each.what for found in differing for each in explanations(found)}
    assert {each.what for each in DIFFERENCES} - met == set()


def test_they_agree_about_most(of_vectors: dict[str, Opinions]) -> None:
    """So that neither can be one that accepts, or refuses, everything."""
    agreed = [found for found in of_vectors.values() if found.agree]
    assert len(agreed) > len(of_vectors) * 3 // 4
    assert sum(found.ours is not None for found in agreed) > 100
    assert sum(found.ours is None for found in agreed) > 100


def test_they_agree_about_the_real_chains(real_chain: RealChain) -> None:
    anchors = tuple(anchor.der for anchor in TrustStore.apple().decoded)
    start, end = real_chain.leaf.not_valid_before_utc, real_chain.leaf.not_valid_after_utc
    second = timedelta(seconds=1)
    for at, holds in ((start - second, False), (start, True), (end, True), (end + second, False)):
        found = opinions(Presented(tuple(real_chain.ders), anchors, at))
        assert found.agree
        assert (found.ours is not None) is holds


def judged(minted: MintedChain, by: timedelta = timedelta(0)) -> Opinions:
    """Both opinions of a chain that was generated; they are the same, or differ on purpose."""
    anchors = (AUTHORITY.root_issuer.der,)
    found = opinions(Presented(minted.chain, anchors, minted.at + by))
    ours, theirs = ("none" if path is None else "a path" for path in (found.ours, found.theirs))
    event(f"we find {ours}, they find {theirs}")
    assert found.agree or explanations(found), (found.error, found.ours, found.theirs)
    return found


thousand = settings(
    deadline=None,
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow],
)


@thousand
@given(strategies.chains(AUTHORITY))
def test_they_agree_about_genuine_chains(minted: MintedChain) -> None:
    assert judged(minted).ours is not None


@thousand
@given(strategies.broken_chains(AUTHORITY).filter(lambda minted: minted.chain))
def test_they_agree_about_broken_chains(minted: MintedChain) -> None:
    judged(minted)


@thousand
@given(
    strategies.chains(AUTHORITY),
    st.integers(-200 * 86400, 200 * 86400).map(lambda seconds: timedelta(seconds=seconds)),
    st.data(),
)
def test_they_agree_about_any_part_of_a_chain_at_any_time(
    minted: MintedChain, by: timedelta, data: st.DataObject
) -> None:
    leaf, *others = minted.chain
    kept = data.draw(st.lists(st.sampled_from(others), max_size=4)) if others else []
    judged(replace(minted, chain=(leaf, *kept)), by)


def test_the_page_lists_the_differences() -> None:
    rows = re.findall(r"(?m)^\| ([^|]+) \| ([^|]+) \|$", PAGE.read_text("utf-8"))
    listed = rows[rows.index(("what", "why")) + 1 :][: len(DIFFERENCES)]
    assert listed == [(each.what, each.why) for each in DIFFERENCES]
