"""A long-lived verifier agrees with a fresh one about every input, at every time, in any thread."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TypeVar

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appleattest import Limits, Reason, TrustStore, Verifier
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Issuer,
    KeyKind,
    authority_name,
    chains,
    deviations,
)
from chain_cases import Acceptance, Refusal, Verdict, fresh, remembered, verdict

SECOND = timedelta(seconds=1)
ONE = AttestationAuthority("stateful one")
TWO = AttestationAuthority(
    "stateful two",
    root_name=authority_name("Test Root CA 2"),
    intermediate_name=authority_name("Test Sub CA 2"),
)
REKEYED = AttestationAuthority("stateful one, re-keyed")
BOUNDS = (datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC))
ROOT_AGAIN = Issuer.root(ONE.keys, deviations=[deviations.Validity(not_after=BOUNDS[1])])
NARROW = chains.reissued(ONE, not_before=BOUNDS[0], not_after=BOUNDS[1])
CROSS = chains.cross_signed(new=TWO, by=ONE)
LEVELS = chains.deeper(ONE, None, None, None)
SECOND_LEVEL = chains.deeper(ONE, 1, 0, name="Test Tier")
NOT_CA = ONE.reissue(deviations=[deviations.NotACA()])
UNSIGNED = ONE.reissue(deviations=[deviations.WrongSigner()])
BY_LEAF = chains.by_leaf(ONE)
BELOW = ONE.issuer.issue_authority(authority_name("Test Below"))

ISSUERS: list[Issuer] = [
    ONE.issuer,
    NARROW,
    chains.rekeyed(ONE),
    TWO.issuer,
    CROSS,
    LEVELS,
    SECOND_LEVEL,
    NOT_CA,
    UNSIGNED,
    BY_LEAF,
    BELOW,
    REKEYED.issuer,
    ONE.root_issuer,
    ROOT_AGAIN,
    TWO.root_issuer,
]
CHAINS: list[list[bytes]] = [
    *(issuer.attest() for issuer in ISSUERS),
    ONE.attest(at=ISSUED_AT - timedelta(days=30)),
    ONE.attest(deviations=[deviations.WrongSigner()]),
    ONE.attest(deviations=[deviations.LeafIsCA()]),
    ONE.attest(deviations=[deviations.SelfSigned()]),
    ONE.attest(deviations=[deviations.CriticalExtension()]),
    ONE.attest(deviations=[deviations.Utf8StringText()]),
    ONE.attest(freshness_code=None),
    list(ONE.issuer.chain),
    list(SECOND_LEVEL.chain),
    [ONE.root_issuer.der],
]
OUTSIDE: list[bytes] = [
    ONE.reissue(deviations=[deviations.NameConstraints()]).der,
    ONE.reissue(deviations=[deviations.CriticalExtension()]).der,
    ONE.reissue(deviations=[deviations.CertifiedKey(KeyKind.RSA_2048)]).der,
    ONE.root_issuer.issue_authority(
        authority_name("Test Outside"), deviations=[deviations.CertifiedKey(KeyKind.ED25519)]
    ).der,
]
"""What the allowlists refuse: same-named as an intermediate, and on no path at all."""
EXTRAS: list[bytes] = sorted(
    {
        *OUTSIDE,
        *(der for chain in CHAINS for der in chain),
        ONE.root_issuer.der,
        TWO.root_issuer.der,
        REKEYED.root_issuer.der,
        *chains.self_issued(ONE.issuer, 2),
        *chains.unrelated(ONE, 1),
        ONE.reissue(deviations=[deviations.ZeroSerial()]).der,
        b"\x30\x00",
    }
)
TRUSTS: list[TrustStore] = [
    ONE.trust,
    TrustStore([ONE.root, TWO.root]),
    TrustStore([TWO.root, ONE.root]),
    TrustStore([ONE.root, ROOT_AGAIN.certificate]),
    TrustStore([ROOT_AGAIN.certificate]),
    TrustStore([ONE.root, REKEYED.root]),
    TrustStore([ONE.root, NARROW.certificate]),
    TrustStore([ONE.root, ONE.intermediate]),
]
LIMITS = [
    Limits(),
    Limits(intermediates=1),
    Limits(certificates=8, chain_bytes=8 * 4096, intermediates=3),
]
EDGES = [
    ISSUED_AT - timedelta(hours=24),
    ISSUED_AT + timedelta(days=90),
    *BOUNDS,
    datetime(2022, 2, 16, 19, 1, 24, tzinfo=UTC),
    datetime(2032, 2, 18, tzinfo=UTC),
]
TIMES = st.one_of(
    st.just(ISSUED_AT),
    st.sampled_from([edge + by for edge in EDGES for by in (-SECOND, 0 * SECOND, SECOND)]),
    st.datetimes(
        datetime(2025, 5, 1),  # noqa: DTZ001 - `timezones` adds it
        datetime(2025, 10, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
)


_T = TypeVar("_T")


def one_of(pool: list[_T]) -> st.SearchStrategy[_T]:
    """Any of the pool, drawn by its index: Hypothesis prints what a strategy draws from."""
    return st.integers(0, len(pool) - 1).map(lambda index: pool[index])


class LongLivedVerifier(RuleBasedStateMachine):
    """Chains good and bad, at times to and fro, put to one verifier and to a new one each time."""

    def __init__(self) -> None:
        super().__init__()
        self.verifier = Verifier(trust=ONE.trust)
        self.seen: list[tuple[list[bytes], datetime]] = []

    @initialize(trust=one_of(TRUSTS), limits=one_of(LIMITS))
    def start(self, trust: TrustStore, limits: Limits) -> None:
        self.verifier = self.made(trust, limits)

    def made(self, trust: TrustStore, limits: Limits) -> Verifier:
        return Verifier(trust=trust, limits=limits)

    def agrees(self, chain: list[bytes], at: datetime) -> None:
        self.seen.append((chain, at))
        before = remembered(self.verifier)
        warm = verdict(self.verifier, chain, at)
        assert warm == verdict(fresh(self.verifier), chain, at)
        kind = "accepted" if isinstance(warm, Acceptance) else "refused"
        event(f"{kind} with {'something' if before else 'nothing'} remembered")

    @rule(chain=one_of(CHAINS), at=TIMES)
    def a_chain_as_it_is(self, chain: list[bytes], at: datetime) -> None:
        self.agrees(chain, at)

    @rule(
        chain=one_of(CHAINS),
        extras=st.lists(one_of(EXTRAS), max_size=3),
        at=TIMES,
        shuffled=st.randoms(use_true_random=False),
    )
    def a_chain_with_extras(
        self, chain: list[bytes], extras: list[bytes], at: datetime, shuffled: random.Random
    ) -> None:
        leaf, *others = chain
        others += extras
        shuffled.shuffle(others)
        self.agrees([leaf, *others], at)

    @rule(chain=one_of(CHAINS), others=st.lists(one_of(EXTRAS), max_size=4))
    def a_leaf_with_what_is_not_its_own(self, chain: list[bytes], others: list[bytes]) -> None:
        self.agrees([chain[0], *others], ISSUED_AT)

    @rule(chain=one_of(CHAINS), extra=one_of(OUTSIDE), at=TIMES, data=st.data())
    def what_is_set_aside_changes_no_acceptance(
        self, chain: list[bytes], extra: bytes, at: datetime, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(1, len(chain)))
        without = verdict(self.verifier, chain, at)
        beside = verdict(self.verifier, [*chain[:place], extra, *chain[place:]], at)
        if isinstance(beside, Refusal) and beside.reason is Reason.TOO_LARGE:
            return
        if isinstance(without, Acceptance) or isinstance(beside, Acceptance):
            assert without == beside

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), at=TIMES)
    def the_same_again_at_another_time(self, data: st.DataObject, at: datetime) -> None:
        chain, _ = data.draw(one_of(self.seen))
        self.agrees(chain, at)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def the_same_without_one_of_them(self, data: st.DataObject) -> None:
        chain, at = data.draw(one_of(self.seen))
        place = data.draw(st.integers(0, len(chain)))
        self.agrees([*chain[:place], *chain[place + 1 :]], at)

    @invariant()
    def bounded(self) -> None:
        assert remembered(self.verifier) <= 16


TestLongLivedVerifier = LongLivedVerifier.TestCase
TestLongLivedVerifier.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)


def test_many_threads_get_what_one_gets() -> None:
    """Sixteen is the capacity, so with more issuers the threads keep driving entries out."""
    issuers = [chains.rekeyed(ONE, f"thread {i}") for i in range(20)]
    inputs = [*CHAINS, *(issuer.attest() for issuer in issuers)]
    inputs += [[leaf, EXTRAS[i % len(EXTRAS)], *others] for i, (leaf, *others) in enumerate(inputs)]
    times = [ISSUED_AT, BOUNDS[1], BOUNDS[1] + SECOND]
    asked = [(chain, at) for chain in inputs for at in times]
    verifier = Verifier(trust=TrustStore([ONE.root, TWO.root]))
    alone = [verdict(fresh(verifier), chain, at) for chain, at in asked]
    assert {isinstance(each, Acceptance) for each in alone} == {True, False}
    threads = 8
    barrier = Barrier(threads)

    def work(seed: int) -> list[tuple[int, Verdict]]:
        order = list(range(len(asked)))
        random.Random(seed).shuffle(order)
        barrier.wait()
        return [(index, verdict(verifier, *asked[index])) for index in order]

    with ThreadPoolExecutor(threads) as pool:
        for results in pool.map(work, range(threads)):
            for index, result in results:
                assert result == alone[index]
    assert 0 < remembered(verifier) <= 16
