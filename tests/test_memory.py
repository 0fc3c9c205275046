"""The memory of intermediates, rule by rule (security.md, 9 to 13): it changes speed only."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import Limits, OutsideValidity, Reason, TrustStore, UntrustedChain, Verifier
from appleattest.certificates import DecodedCertificate, decode_certificate
from appleattest.chain.memory import IssuerMemory, ValidatedIssuer, validity_of
from appleattest.chain.path import PathBuilder, path_policy
from appleattest.errors import MalformedInput
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Issuer,
    authority_name,
    chains,
    deviations,
)
from chain_cases import AUTHORITY, accept, fresh, path_of, refuse, remembered, roomy, verdict

LEAF, INTERMEDIATE = CHAIN = AUTHORITY.attest()
ROOT = AUTHORITY.root_issuer.der
ANOTHER_LEAF = AUTHORITY.issuer.issue_leaf(at=ISSUED_AT - timedelta(days=1))
LOWER = chains.deeper(AUTHORITY, 1, 0)
CAPACITY = 16


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many certificates, beside the leaf, each cold path was looked for among."""
    built: list[int] = []
    original = PathBuilder._build_cold

    def count(self: PathBuilder, presented: object, intermediates: object, at: object) -> object:
        built.append(len(intermediates))  # type: ignore[arg-type]
        return original(self, presented, intermediates, at)  # type: ignore[arg-type]

    monkeypatch.setattr(PathBuilder, "_build_cold", count)
    return iter([built])


@pytest.fixture
def built(cold: Iterator[list[int]]) -> list[int]:
    return next(cold)


@pytest.fixture
def warm(built: list[int]) -> Verifier:
    """A verifier that remembers the intermediate; the count of cold paths starts after that."""
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1
    built.clear()
    return verifier


# What it is for


def test_the_next_leaf_needs_no_cold_path(warm: Verifier, built: list[int]) -> None:
    attestation = accept(warm, [ANOTHER_LEAF, INTERMEDIATE])
    assert built == []
    assert path_of(attestation) == (ANOTHER_LEAF, INTERMEDIATE, ROOT)
    assert attestation.anchor == AUTHORITY.root
    accept(fresh(warm), [ANOTHER_LEAF, INTERMEDIATE])
    assert built == [1]


def test_what_the_filter_drops_does_not_hinder(warm: Verifier, built: list[int]) -> None:
    elsewhere = AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere"))
    level = chains.deeper(AUTHORITY, 0)
    harmless = [
        ROOT,
        level.der,
        elsewhere.issuer.der,
        *chains.self_issued(AUTHORITY.issuer, 1),
        LEAF,
    ]
    for extra in harmless:
        accept(warm, [LEAF, extra, INTERMEDIATE])
        accept(warm, [LEAF, INTERMEDIATE, extra])
    assert built == []


# Rule 9: presented in this call


def test_a_bare_leaf_is_unknown_warm_as_cold(warm: Verifier) -> None:
    for verifier in (fresh(warm), warm):
        refuse(verifier, [LEAF], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    accept(warm, CHAIN)


def test_a_reissue_is_not_the_remembered_one(warm: Verifier, built: list[int]) -> None:
    expired = chains.reissued(AUTHORITY, not_after=ISSUED_AT - timedelta(seconds=1))
    refuse(warm, [LEAF, expired.der], OutsideValidity, Reason.EXPIRED, "x5c[1]")
    assert built == [1]


def test_a_broken_copy_is_not_the_remembered_one(warm: Verifier) -> None:
    broken = INTERMEDIATE[:-1] + bytes([INTERMEDIATE[-1] ^ 1])
    refuse(warm, [LEAF, broken], UntrustedChain, Reason.BAD_SIGNATURE, "x5c[1]")
    refuse(
        warm,
        [LEAF, INTERMEDIATE, broken + b"\0"],
        MalformedInput,
        Reason.MALFORMED_CERTIFICATE,
        "x5c[2]",
    )
    accept(warm, CHAIN)


# Rule 10: the direct issuer, and no other candidate


def test_any_other_candidate_leads_to_the_cold_path(warm: Verifier, built: list[int]) -> None:
    for other in (
        chains.rekeyed(AUTHORITY).der,
        chains.reissued(AUTHORITY, not_after=datetime(2031, 1, 1, tzinfo=UTC)).der,
        chains.impostor(AUTHORITY).issuer.der,
    ):
        for others in permutations([INTERMEDIATE, other]):
            built.clear()
            path = path_of(accept(warm, [LEAF, *others]))
            assert path == path_of(accept(fresh(warm), [LEAF, *others]))
            assert built == [2, 2]


def test_it_is_the_issuer_of_the_leaf_and_of_nothing_else(warm: Verifier) -> None:
    """Promoted to an anchor, it would issue authorities that its path length forbids."""
    below = AUTHORITY.issuer.issue_authority(authority_name("Test Below"))
    refuse(warm, below.attest(), UntrustedChain, Reason.PATH_LENGTH, "x5c[2]")
    forged = chains.by_leaf(AUTHORITY)
    refuse(warm, forged.attest(), UntrustedChain, Reason.ISSUER_NOT_CA, "x5c[1]")
    accept(warm, CHAIN)


def test_the_limit_of_intermediates_holds_warm() -> None:
    verifier = Verifier(trust=AUTHORITY.trust, limits=Limits(intermediates=1))
    issuer = chains.deeper(AUTHORITY, None)
    accept(verifier, issuer.attest())
    below = issuer.issue_authority(authority_name("Test Below"))
    refuse(verifier, below.attest(), UntrustedChain, Reason.PATH_LENGTH, "x5c[2]")
    longer = Verifier(trust=AUTHORITY.trust, limits=Limits(intermediates=2))
    accept(longer, below.attest())


def test_two_intermediates_are_remembered_together_or_not_at_all(built: list[int]) -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    leaf, lower, upper = LOWER.attest()
    accept(verifier, [leaf, lower, upper])
    assert remembered(verifier) == 1
    built.clear()
    for others in permutations([lower, upper]):
        assert path_of(accept(verifier, [leaf, *others])) == (leaf, lower, upper, ROOT)
    assert built == []
    refuse(verifier, [leaf, lower], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")
    refuse(verifier, [leaf, upper], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    accept(verifier, [leaf, lower, upper])


# Rule 11: time, and what is not remembered


@pytest.mark.parametrize("narrow", ["intermediate", "upper", "root"])
def test_it_holds_within_every_validity_above_the_leaf(narrow: str, built: list[int]) -> None:
    start, end = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC)
    validity = deviations.Validity(start, end)
    changes = {narrow: [validity]}
    authority = AttestationAuthority("narrow", root_deviations=changes.get("root", []))
    upper = authority.root_issuer.issue_authority(
        authority_name("Test Upper"), path_length=None, deviations=changes.get("upper", [])
    )
    lower = upper.issue_authority(deviations=changes.get("intermediate", []))
    chain = lower.attest(
        deviations=[
            deviations.Validity(datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        ]
    )
    verifier = Verifier(trust=authority.trust)
    accept(verifier, chain)
    built.clear()
    for at in (start, end):
        accept(verifier, chain, at)
    assert built == []
    element = {"intermediate": "x5c[1]", "upper": "x5c[2]", "root": "anchor"}[narrow]
    second = timedelta(seconds=1)
    refuse(verifier, chain, OutsideValidity, Reason.NOT_YET_VALID, element, start - second)
    refuse(verifier, chain, OutsideValidity, Reason.EXPIRED, element, end + second)
    assert len(built) == 2
    accept(verifier, chain)


def test_the_leafs_own_validity_is_judged_every_time(warm: Verifier) -> None:
    late = ISSUED_AT + timedelta(days=90, seconds=1)
    refuse(warm, CHAIN, OutsideValidity, Reason.EXPIRED, "x5c[0]", late)
    accept(warm, CHAIN, late - timedelta(seconds=1))


def test_two_anchors_of_one_name_and_key_leave_more_than_one_path() -> None:
    expiring = Issuer.root(
        AUTHORITY.keys,
        deviations=[deviations.Validity(not_after=ISSUED_AT + timedelta(days=10))],
    )
    later = ISSUED_AT + timedelta(days=11)
    for anchors in permutations([AUTHORITY.root, expiring.certificate]):
        verifier = Verifier(trust=TrustStore(anchors))
        for _ in range(2):
            assert path_of(accept(verifier, CHAIN)) == path_of(accept(fresh(verifier), CHAIN))
            assert path_of(accept(verifier, CHAIN, later)) == (*CHAIN, ROOT)
        assert remembered(verifier) == 0
    alone = Verifier(trust=AUTHORITY.trust)
    accept(alone, CHAIN)
    assert remembered(alone) == 1


def test_an_anchor_that_is_the_intermediates_reissue_leaves_more_than_one_path() -> None:
    again = chains.reissued(AUTHORITY, not_after=datetime(2031, 1, 1, tzinfo=UTC))
    verifier = Verifier(trust=AUTHORITY.trust.adding(again.certificate))
    for _ in range(2):
        assert path_of(accept(verifier, CHAIN)) == path_of(accept(fresh(verifier), CHAIN))
    assert remembered(verifier) == 0


def test_an_anchor_of_the_same_name_and_another_key_leaves_one_path() -> None:
    """A root that was rotated under its old name costs the memory nothing."""
    verifier = Verifier(trust=AUTHORITY.trust.adding(chains.impostor(AUTHORITY).root))
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1


def test_two_candidates_of_one_name_and_key_leave_more_than_one_path() -> None:
    again = chains.reissued(AUTHORITY, not_after=datetime(2031, 1, 1, tzinfo=UTC))
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, [LEAF, INTERMEDIATE, again.der])
    assert remembered(verifier) == 0
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1


def test_a_path_among_other_candidates_is_not_remembered() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    upper = AUTHORITY.root_issuer.issue_authority(authority_name("Test Up"), path_length=None)
    above = upper.issue_authority(AUTHORITY.root_issuer.subject, path_length=None)
    accept(verifier, [LEAF, INTERMEDIATE, above.der, upper.der])
    assert remembered(verifier) == 0
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1


def test_a_path_without_an_intermediate_is_not_remembered() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, AUTHORITY.root_issuer.attest())
    accept(verifier, [AUTHORITY.root_issuer.issue_leaf(), INTERMEDIATE])
    assert remembered(verifier) == 0


def test_an_intermediate_that_is_an_anchor_is_not_remembered() -> None:
    verifier = Verifier(trust=TrustStore([INTERMEDIATE]))
    for _ in range(2):
        assert path_of(accept(verifier, CHAIN)) == (LEAF, INTERMEDIATE)
    assert remembered(verifier) == 0
    both = Verifier(trust=TrustStore([INTERMEDIATE, ROOT]))
    assert path_of(accept(both, CHAIN)) == (LEAF, INTERMEDIATE)


def test_nothing_refused_is_remembered() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    for chain in (
        AUTHORITY.attest(deviations=[deviations.WrongSigner()]),
        AUTHORITY.attest(intermediate_deviations=[deviations.NotACA()]),
        AUTHORITY.attest(intermediate_deviations=[deviations.NameConstraints()]),
        AUTHORITY.attest(intermediate_deviations=[deviations.Expired()]),
    ):
        assert isinstance(verdict(verifier, chain), tuple)
        assert remembered(verifier) == 0
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1


# Rule 12: whose it is


def test_copies_pickles_and_other_trust_stores_start_empty(warm: Verifier) -> None:
    elsewhere = AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere"))
    others = [
        copy.copy(warm),
        copy.deepcopy(warm),
        pickle.loads(pickle.dumps(warm)),
        Verifier(trust=warm.trust, limits=Limits()),
        Verifier(trust=warm.trust.adding(elsewhere.root)),
    ]
    assert [remembered(other) for other in others] == [0] * len(others)
    assert remembered(warm) == 1
    for other in others:
        accept(other, CHAIN)
        assert remembered(other) == 1
    stranger = Verifier(trust=elsewhere.trust)
    refuse(stranger, CHAIN, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")


# Rule 13: a warm refusal means nothing


@pytest.mark.parametrize(
    ("change", "reason", "candidates"),
    [
        (deviations.WrongSigner(), Reason.BAD_SIGNATURE, 1),
        (deviations.Expired(), Reason.EXPIRED, 1),
        (deviations.NotYetValid(), Reason.NOT_YET_VALID, 1),
        (deviations.IssuerName(authority_name("Nobody")), Reason.UNKNOWN_ISSUER, 0),
        (deviations.SelfSigned(), Reason.UNKNOWN_ISSUER, 0),
    ],
    ids=["bad-signature", "expired", "not-yet-valid", "unknown-issuer", "self-signed"],
)
def test_a_warm_refusal_falls_through_to_the_cold_reason(
    change: Deviation, reason: Reason, candidates: int, warm: Verifier, built: list[int]
) -> None:
    chain = AUTHORITY.attest(deviations=[change])
    warm_verdict = verdict(warm, chain)
    assert built == [candidates]
    assert warm_verdict == verdict(fresh(warm), chain)
    assert isinstance(warm_verdict, tuple)
    assert warm_verdict[1:3] == (reason, "x5c[0]")
    accept(warm, CHAIN)
    assert built == [candidates] * 2


def test_a_leaf_of_the_root_beside_a_remembered_intermediate(warm: Verifier) -> None:
    leaf = AUTHORITY.root_issuer.issue_leaf()
    assert path_of(accept(warm, [leaf, INTERMEDIATE])) == (leaf, ROOT)


# The container


def _entry(issuer: DecodedCertificate, *above: DecodedCertificate) -> ValidatedIssuer:
    path = (issuer, *above)
    return ValidatedIssuer(path, *validity_of(path), path_policy([issuer.x509], Limits()))


def test_sixteen_at_most_and_the_oldest_gives_way() -> None:
    verifier = roomy(AUTHORITY)
    issuers = [chains.rekeyed(AUTHORITY, f"many {i}") for i in range(CAPACITY + 2)]
    memory = verifier._pipeline._paths.memory
    for count, issuer in enumerate(issuers, start=1):
        accept(verifier, issuer.attest())
        accept(verifier, issuer.attest())
        assert remembered(verifier) == min(count, CAPACITY)
    known = [memory.decoded(issuer.der) is not None for issuer in issuers]
    assert known == [False] * 2 + [True] * CAPACITY
    # What was forgotten is only slower.
    accept(verifier, issuers[0].attest())
    assert remembered(verifier) == CAPACITY
    assert memory.decoded(issuers[0].der) is not None
    assert memory.decoded(issuers[2].der) is None


def test_the_decoding_that_is_kept_is_that_of_intermediates_only() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    memory = verifier._pipeline._paths.memory
    assert memory.decoded(INTERMEDIATE) is None
    accept(verifier, [*CHAIN, ROOT])
    found = memory.decoded(INTERMEDIATE)
    assert found is not None
    assert found.der == INTERMEDIATE
    assert [memory.decoded(der) for der in (LEAF, ROOT, b"")] == [None] * 3
    leaf, lower, upper = LOWER.attest()
    accept(verifier, [leaf, lower, upper])
    assert [memory.decoded(der) is not None for der in (lower, upper)] == [True] * 2
    assert [memory.decoded(der) for der in (leaf, ROOT)] == [None] * 2


def test_recall_wants_exactly_the_remembered_intermediates() -> None:
    lower, upper = map(decode_certificate, LOWER.chain)
    root, stray = decode_certificate(ROOT), decode_certificate(INTERMEDIATE)
    memory = IssuerMemory()
    entry = _entry(lower, upper, root)
    assert memory.recall([lower, upper], ISSUED_AT) is None
    memory.remember(entry)
    assert len(memory) == 1
    for wanted in ([lower, upper], [upper, lower]):
        assert memory.recall(wanted, ISSUED_AT) is entry
    for other in ([], [lower], [upper], [lower, stray], [lower, upper, stray], [stray, upper]):
        assert memory.recall(other, ISSUED_AT) is None


@settings(deadline=None, max_examples=100)
@given(offset=st.integers(-3, 3), end=st.sampled_from(["not_before", "not_after"]))
def test_recall_within_the_validity_both_ends_included(offset: int, end: str) -> None:
    intermediate, root = decode_certificate(INTERMEDIATE), decode_certificate(ROOT)
    memory = IssuerMemory()
    entry = _entry(intermediate, root)
    memory.remember(entry)
    at = getattr(intermediate, end) + timedelta(seconds=offset)
    inside = intermediate.not_before <= at <= intermediate.not_after
    assert (memory.recall([intermediate], at) is entry) is inside


def test_the_common_validity_of_several() -> None:
    intermediate, root = decode_certificate(INTERMEDIATE), decode_certificate(ROOT)
    short = decode_certificate(
        chains.reissued(
            AUTHORITY,
            not_before=datetime(2025, 1, 1, tzinfo=UTC),
            not_after=datetime(2030, 1, 1, tzinfo=UTC),
        ).der
    )
    for order in permutations([intermediate, root, short]):
        assert validity_of(order) == (short.not_before, short.not_after)
    assert validity_of([intermediate, root]) == (root.not_before, intermediate.not_after)
