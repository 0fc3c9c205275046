"""The benchmarks measure what they say: whoever is timed verifies, and a miss is called one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bounds
import peer_times
import pytest
import run
import throughput
from contestants import IN_GO, IN_PYTHON, GoProgram, InGo, Verify
from exercise import Exercise, Sample

from appleattest import AttestationError, Reason
from appleattest.testing import carriers

EXERCISE = Exercise.mint(2)


def forged() -> Exercise:
    """The same, with one bit of each leaf's signature flipped."""
    samples = []
    for each in EXERCISE.samples:
        leaf, intermediate = each.chain
        chain = [leaf[:-1] + bytes([leaf[-1] ^ 1]), intermediate]
        attestation_object = carriers.attestation_object(chain)
        response = carriers.challenge_response(attestation_object)
        samples.append(Sample(each.serial, each.token, chain, attestation_object, response))
    return EXERCISE._replace(samples=samples)


def for_another_token() -> Exercise:
    """The same, sent in answer to a token that nobody hashed."""
    samples = [each._replace(token=each.token[::-1]) for each in EXERCISE.samples]
    return EXERCISE._replace(samples=samples)


def prepared(name: str) -> Verify:
    try:
        return IN_PYTHON[name](EXERCISE)
    except ImportError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", [each for each in IN_PYTHON if each.startswith("appleattest")])
def test_what_is_timed_of_ours_verifies(name: str) -> None:
    verify = prepared(name)
    for altered, reason in (
        (forged(), Reason.BAD_SIGNATURE),
        (for_another_token(), Reason.FRESHNESS_MISMATCH),
    ):
        for sample, genuine in zip(altered.samples, EXERCISE.samples, strict=True):
            verify(genuine)
            with pytest.raises(AttestationError) as refused:
                verify(sample)
            assert refused.value.reason is reason


def test_what_is_timed_of_certvalidator_verifies() -> None:
    verify = prepared("pyhanko-certvalidator")
    verify(EXERCISE.samples[0])
    with pytest.raises(Exception, match="signature of the end-entity certificate"):
        verify(forged().samples[0])


@pytest.fixture
def program() -> Iterator[GoProgram]:
    if not peer_times.PROGRAM.exists():
        pytest.skip("the program in Go is not built: run make peers")
    with GoProgram(peer_times.PROGRAM, EXERCISE) as running:
        yield running


@pytest.mark.parametrize("name", IN_GO)
def test_what_is_timed_in_go_verifies(name: str, program: GoProgram) -> None:
    timed = InGo(name, program)
    assert 0 < timed.one_core(2) < 1
    assert 0 < timed.all_cores(2, 2) < 1
    for altered in (forged(), for_another_token()):
        with (
            GoProgram(peer_times.PROGRAM, altered) as refusing,
            pytest.raises(RuntimeError, match="without an answer"),
        ):
            refusing.run(name, 1, 1)


def test_who_is_missing_is_named(tmp_path: Path) -> None:
    with peer_times.contestants(EXERCISE, 1, tmp_path / "none") as (found, skipped):
        assert set(IN_GO).isdisjoint(found)
        assert "appleattest verify_acme" in found
        assert found["appleattest verify_acme"].all_cores(2, 1) > 0
    for name in IN_GO:
        assert f"{name}: run 'make peers', which needs Go" in skipped


def test_a_goal_is_measured_where_both_sides_are() -> None:
    ours, theirs = peer_times.GOALS[0].ours, peer_times.GOALS[0].theirs
    (goal,) = peer_times.goals({ours: 2.0, theirs: 5.0, "another": 1.0})
    assert (goal["ours"], goal["theirs"], goal["reached"]) == (ours, theirs, 2.5)
    assert list(peer_times.goals({ours: 2.0})) == []


def test_the_share_of_the_ideal_is_one_where_two_do_twice_as_much() -> None:
    with ThreadPoolExecutor(1) as executor:
        cases = [throughput._Case("engine", number, "threads", executor) for number in (1, 2)]
        one, two = throughput._rates(cases, {cases[0]: 2.0, cases[1]: 2.5})
    assert (one.share, two.share) == (1.0, 0.8)
    assert two.rows_a_second / one.rows_a_second == pytest.approx(1.6)
    assert (one.name, two.name) == (
        "verify_many, engine, 1 thread",
        "verify_many, engine, 2 threads",
    )


def test_the_names_of_the_shares_are_those_that_are_measured() -> None:
    measured = {
        throughput.Rate(signatures, 2, kind, 1.0, 1.0).name
        for signatures in ("engine", "AWS-LC")
        for kind in ("threads", "processes")
    }
    assert set(bounds.AT_LEAST) <= measured


@pytest.mark.parametrize(
    ("name", "value", "missed"),
    [
        ("verify_many, engine, 2 threads", 0.91, True),
        ("verify_many, engine, 2 threads", 0.93, False),
        (bounds.HOSTILE, 3.01, True),
        (bounds.HOSTILE, 2.99, False),
        ("a row without a target", 99.0, False),
    ],
)
def test_a_target_is_at_most_or_at_least(name: str, value: float, missed: bool) -> None:
    assert run.Row(name, value).missed is missed
