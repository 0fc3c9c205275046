"""Paths: whatever comes beside the leaf, in whichever order, and whoever signed what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.x509 import UnsupportedGeneralNameType
from cryptography.x509.verification import PolicyBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    Limits,
    OutsideValidity,
    Reason,
    TrustStore,
    UntrustedChain,
    Verifier,
    exactly,
)
from appleattest.certificates import decode_certificate
from appleattest.chain.path import _above, _accepts, _below_anchors
from appleattest.errors import MalformedInput
from appleattest.testing import (
    FRESHNESS_CODE,
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Issuer,
    authority_name,
    chains,
    deviations,
    distinguished_name,
)
from chain_cases import AUTHORITY, accept, fresh, path_of, refuse, roomy, verdict

LEAF, INTERMEDIATE = CHAIN = AUTHORITY.attest()
ROOT = AUTHORITY.root_issuer.der
SECOND = timedelta(seconds=1)


@pytest.fixture
def verifier() -> Verifier:
    """A verifier of this file's authority, cold."""
    return Verifier(trust=AUTHORITY.trust)


# Order, duplicates, extras


LOWER = chains.deeper(AUTHORITY, 1, 0)
EXTRAS = [
    ROOT,
    AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere")).issuer.der,
    *chains.unrelated(AUTHORITY, 2),
    chains.rekeyed(AUTHORITY).der,
    chains.deeper(AUTHORITY, 0, name="Test Sibling").der,
]


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_intermediates_in_any_order_with_duplicates_and_extras(data: st.DataObject) -> None:
    issuer = data.draw(st.sampled_from([AUTHORITY.issuer, LOWER, AUTHORITY.root_issuer]))
    extras = data.draw(st.lists(st.sampled_from([*EXTRAS, *issuer.chain]), max_size=6))
    others = data.draw(st.permutations([*issuer.chain, *extras]))
    leaf = issuer.issue_leaf()
    verifier = roomy(AUTHORITY)
    expected = (leaf, *issuer.chain, ROOT)
    for _ in ("cold", "warm"):
        attestation = accept(verifier, [leaf, *others])
        assert path_of(attestation) == expected
        assert attestation.anchor == AUTHORITY.root


def test_the_leaf_comes_first_or_not_at_all(verifier: Verifier) -> None:
    refuse(verifier, [INTERMEDIATE, LEAF], UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")
    accept(verifier, [LEAF, INTERMEDIATE])


def test_a_missing_intermediate(verifier: Verifier) -> None:
    refuse(verifier, [LEAF], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    lower = LOWER.attest()
    without_upper, without_lower = lower[:2], [lower[0], lower[2]]
    refuse(verifier, without_upper, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")
    refuse(verifier, without_lower, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    accept(verifier, lower)
    accept(verifier, CHAIN)


def test_the_root_presented_instead_of_trusted() -> None:
    """Presenting a root makes nobody trust it."""
    elsewhere = AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere"))
    verifier = Verifier(trust=AUTHORITY.trust)
    chain = [*elsewhere.attest(), elsewhere.root_issuer.der]
    refuse(verifier, chain, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")
    refuse(verifier, chain[:2], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")
    accept(Verifier(trust=AUTHORITY.trust.adding(elsewhere.root)), chain)


def test_an_impostor_with_every_name_right(verifier: Verifier) -> None:
    impostor = chains.impostor(AUTHORITY)
    for chain in (impostor.attest(), [*impostor.attest(), impostor.root_issuer.der]):
        refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[1]")
    accept(Verifier(trust=impostor.trust), impostor.attest())
    # Its intermediate beside the genuine one changes nothing.
    assert path_of(accept(verifier, [LEAF, impostor.issuer.der, INTERMEDIATE]))[1] == INTERMEDIATE


# Several of one name


def test_whichever_of_the_same_named_works() -> None:
    again = chains.reissued(AUTHORITY, not_after=datetime(2033, 1, 1, tzinfo=UTC))
    expired = chains.reissued(AUTHORITY, not_after=ISSUED_AT - SECOND)
    other_key = chains.rekeyed(AUTHORITY)
    for others in permutations([expired.der, other_key.der, again.der]):
        attestation = accept(Verifier(trust=AUTHORITY.trust), [LEAF, *others])
        assert path_of(attestation) == (LEAF, again.der, ROOT)
    for others in permutations([expired.der, other_key.der]):
        verifier = Verifier(trust=AUTHORITY.trust)
        refuse(
            verifier,
            [LEAF, *others],
            OutsideValidity,
            Reason.EXPIRED,
            f"x5c[{others.index(expired.der) + 1}]",
        )


def test_either_of_two_reissues_will_do() -> None:
    again = chains.reissued(AUTHORITY, not_after=datetime(2033, 1, 1, tzinfo=UTC))
    for others in permutations([INTERMEDIATE, again.der]):
        path = path_of(accept(Verifier(trust=AUTHORITY.trust), [LEAF, *others]))
        assert path[1] in others


def test_the_filter_hides_nothing_genuine_whatever_the_order() -> None:
    """Two anchors of one name (a root that was re-keyed) double the signatures to look at."""
    rekeyed_root = AttestationAuthority(
        "a re-keyed root", intermediate_name=authority_name("Test New Sub CA")
    )
    trust = TrustStore([AUTHORITY.root, rekeyed_root.root])
    junk = AttestationAuthority("nobody's", intermediate_name=authority_name("Test New Sub CA"))
    decoys = [
        junk.root_issuer.issue_authority(
            rekeyed_root.issuer.subject, key=junk.keys.key(f"decoy {i}")
        ).der
        for i in range(3)
    ]
    leaf, intermediate = rekeyed_root.attest()
    for place in range(4):
        others = [*decoys[:place], intermediate, *decoys[place:]]
        for order in (trust, TrustStore([rekeyed_root.root, AUTHORITY.root])):
            assert path_of(accept(Verifier(trust=order), [leaf, *others]))[1] == intermediate
    refuse(
        Verifier(trust=trust),
        [leaf, *decoys[:1]],
        UntrustedChain,
        Reason.BAD_SIGNATURE,
        "x5c[0]",
    )


# A new root under an old one


NEW = AttestationAuthority("a new root", root_name=authority_name("Test Root CA G2"))


def test_a_cross_signed_root() -> None:
    issuer = chains.cross_signed(new=NEW, by=AUTHORITY)
    chain = issuer.attest()
    bridge = chain[2]
    old = path_of(accept(Verifier(trust=AUTHORITY.trust), chain))
    assert old == (*chain, ROOT)
    new = path_of(accept(Verifier(trust=NEW.trust), chain))
    assert new == (*chain[:2], NEW.root_issuer.der)
    for anchors in permutations([AUTHORITY.root, NEW.root]):
        verifier = Verifier(trust=TrustStore(anchors))
        for others in permutations(chain[1:]):
            assert path_of(accept(verifier, [chain[0], *others])) in (old, new)
        # Without the bridge only one path is left; with the new root presented, too.
        assert path_of(accept(verifier, chain[:2])) == new
        accept(verifier, [*chain, NEW.root_issuer.der])
    refuse(
        Verifier(trust=AUTHORITY.trust), chain[:2], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]"
    )
    assert decode_certificate(bridge).subject == NEW.root_issuer.subject


# Who may issue


def test_a_genuine_leaf_is_no_issuer() -> None:
    """The attack that matters most: every device owner has a key that Apple certified."""
    forged = chains.by_leaf(AUTHORITY).attest()
    extra = chains.unrelated(AUTHORITY, 1)
    for others in permutations([*forged[1:], *extra]):
        for verifier in (Verifier(trust=AUTHORITY.trust), _warm()):
            element = f"x5c[{others.index(forged[1]) + 1}]"
            error = refuse(
                verifier, [forged[0], *others], UntrustedChain, Reason.ISSUER_NOT_CA, element
            )
            assert "cA" in error.detail
    # The leaf that did the signing is itself as genuine as any.
    accept(Verifier(trust=AUTHORITY.trust), forged[1:])


def test_a_genuine_leaf_directly_under_the_root_is_no_issuer() -> None:
    leaf = AUTHORITY.root_issuer.issue_leaf()
    issuer = Issuer(
        leaf,
        chains.by_leaf(AUTHORITY).subject,
        AUTHORITY.attested_key,
        AUTHORITY.keys,
        (leaf,),
    )
    verifier = Verifier(trust=AUTHORITY.trust)
    refuse(verifier, issuer.attest(), UntrustedChain, Reason.ISSUER_NOT_CA, "x5c[1]")
    accept(verifier, [leaf])


def _warm() -> Verifier:
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, CHAIN)
    return verifier


@pytest.mark.parametrize(
    "change",
    [deviations.NotACA(), deviations.NoBasicConstraints(), deviations.NoKeyCertSign()],
    ids=str,
)
def test_an_intermediate_that_may_not_issue(change: Deviation, verifier: Verifier) -> None:
    chain = AUTHORITY.attest(intermediate_deviations=[change])
    refuse(verifier, chain, UntrustedChain, Reason.ISSUER_NOT_CA, "x5c[1]")
    accept(verifier, CHAIN)
    refuse(verifier, chain, UntrustedChain, Reason.ISSUER_NOT_CA, "x5c[1]")
    # Beside one that may, it is harmless.
    assert path_of(accept(verifier, [LEAF, chain[1], INTERMEDIATE]))[1] == INTERMEDIATE


@pytest.mark.parametrize(
    "change",
    [
        deviations.NoKeyUsage(),
        deviations.NoKeyIdentifiers(),
        deviations.MismatchedKeyIdentifiers(),
        deviations.ExtendedKeyUsage(),
        deviations.ExtraExtension(),
        deviations.NonCriticalExtension("2.5.29.19"),
        deviations.NonCriticalExtension("2.5.29.15"),
    ],
    ids=str,
)
def test_labels_that_an_intermediate_needs_not(change: Deviation, verifier: Verifier) -> None:
    chain = AUTHORITY.attest(intermediate_deviations=[change])
    assert path_of(accept(verifier, chain)) == (*chain, ROOT)


# Self-issued


def test_self_issued_intermediates_are_not_looked_at(verifier: Verifier) -> None:
    copies = chains.self_issued(AUTHORITY.issuer, 3)
    refuse(verifier, [LEAF, copies[0]], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    for place in range(4):
        others = [*copies[:place], INTERMEDIATE, *copies[place:]]
        for _ in ("cold", "warm"):
            assert path_of(accept(verifier, [LEAF, *others])) == (*CHAIN, ROOT)


def test_a_self_signed_leaf(verifier: Verifier) -> None:
    alone = AUTHORITY.issuer.issue_leaf(deviations=[deviations.SelfSigned()])
    error = refuse(verifier, [alone, INTERMEDIATE], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    assert error.detail.startswith("issued by itself, ")
    accept(verifier, CHAIN)


def test_a_self_signed_leaf_with_the_anchors_name(verifier: Verifier) -> None:
    changes = [
        deviations.SubjectName(AUTHORITY.root_issuer.subject),
        deviations.SelfSigned(),
    ]
    posing = AUTHORITY.issuer.issue_leaf(deviations=changes)
    for chain in ([posing], [posing, INTERMEDIATE], [posing, ROOT]):
        refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    named = AUTHORITY.root_issuer.issue_leaf(deviations=changes[:1])
    accept(verifier, [named])


def test_a_self_signed_root_with_the_anchors_name(verifier: Verifier) -> None:
    """An impostor's root beside the leaf is neither an anchor nor an intermediate."""
    root = chains.impostor(AUTHORITY).root_issuer
    refuse(verifier, [root.issue_leaf(), root.der], UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    accept(verifier, [AUTHORITY.root_issuer.issue_leaf(), root.der])


# Signatures


@pytest.mark.parametrize(
    "change",
    [
        deviations.WrongSigner(),
        deviations.TamperedSignature(),
        deviations.ReplacedSignature(),
        deviations.TamperedContent(b"TESTSERIAL01", b"TESTSERIAL99"),
    ],
    ids=str,
)
def test_a_leaf_that_its_issuer_did_not_sign(change: Deviation, verifier: Verifier) -> None:
    chain = AUTHORITY.attest(deviations=[change])
    refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    accept(verifier, CHAIN)
    refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")


def test_an_intermediate_that_the_root_did_not_sign(verifier: Verifier) -> None:
    chain = AUTHORITY.attest(intermediate_deviations=[deviations.WrongSigner()])
    refuse(verifier, chain, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[1]")
    accept(verifier, CHAIN)


def test_the_twin_of_a_signature_is_valid_and_has_one_key(verifier: Verifier) -> None:
    """Another fingerprint, the same attestation: only the key tells a reuse."""
    twin = AUTHORITY.attest(deviations=[deviations.TwinSignature()])
    assert twin[0] != LEAF
    assert accept(verifier, twin).spki == accept(verifier, CHAIN).spki


def test_bits_outside_the_signature(verifier: Verifier) -> None:
    chain = AUTHORITY.attest(deviations=[deviations.UnusedBits()])
    refuse(verifier, chain, MalformedInput, Reason.MALFORMED_CERTIFICATE, "x5c[0]")
    accept(verifier, CHAIN)


# Length


def test_paths_without_and_with_up_to_two_intermediates(verifier: Verifier) -> None:
    for issuer in (AUTHORITY.root_issuer, AUTHORITY.issuer, chains.deeper(AUTHORITY, None, None)):
        assert len(accept(verifier, issuer.attest()).chain) == len(issuer.chain) + 2


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_more_intermediates_than_the_limit(allowed: int) -> None:
    verifier = Verifier(trust=AUTHORITY.trust, limits=Limits(intermediates=allowed))
    levels = [None] * allowed
    accept(verifier, chains.deeper(AUTHORITY, *levels).attest())
    for _ in ("cold", "warm"):
        chain = chains.deeper(AUTHORITY, *levels, None).attest()
        error = refuse(verifier, chain, UntrustedChain, Reason.PATH_LENGTH, f"x5c[{allowed + 1}]")
        assert f"more than {allowed} intermediates" in error.detail


def test_path_length_of_an_intermediate(verifier: Verifier) -> None:
    chain = chains.deeper(AUTHORITY, 0, 0).attest()
    error = refuse(verifier, chain, UntrustedChain, Reason.PATH_LENGTH, "x5c[2]")
    assert "path length 0, but 1" in error.detail
    accept(verifier, chains.deeper(AUTHORITY, 1, 0).attest())


def test_path_length_of_the_anchor() -> None:
    short = AttestationAuthority("short", root_deviations=[deviations.PathLength(0)])
    mended = AttestationAuthority("short", root_deviations=[deviations.PathLength(1)])
    for _ in ("cold", "warm"):
        refuse(short.verifier, short.attest(), UntrustedChain, Reason.PATH_LENGTH, "anchor")
        accept(short.verifier, short.root_issuer.attest())
        accept(mended.verifier, mended.attest())
    deeper = chains.deeper(mended, None, None).attest()
    refuse(mended.verifier, deeper, UntrustedChain, Reason.PATH_LENGTH, "anchor")


# Time

NOT_BEFORE = datetime(2025, 6, 1, 10, 20, 30, tzinfo=UTC)
NOT_AFTER = datetime(2025, 8, 1, 11, 21, 31, tzinfo=UTC)
NARROW = deviations.Validity(NOT_BEFORE, NOT_AFTER)
WIDE = deviations.Validity(datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def _chain_with_narrow(which: str) -> tuple[TrustStore, list[bytes]]:
    authority = AttestationAuthority(
        "time", root_deviations=[NARROW if which == "anchor" else WIDE]
    )
    chain = authority.attest(
        deviations=[NARROW if which == "x5c[0]" else WIDE],
        intermediate_deviations=[NARROW if which == "x5c[1]" else WIDE],
    )
    return authority.trust, chain


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("which", ["x5c[0]", "x5c[1]", "anchor"])
def test_both_ends_of_a_validity_belong_to_it(which: str, warm: bool) -> None:
    trust, chain = _chain_with_narrow(which)
    verifier = Verifier(trust=trust)
    if warm:
        accept(verifier, chain, ISSUED_AT)
    for at in (NOT_BEFORE, NOT_AFTER, NOT_AFTER + timedelta(microseconds=999_999)):
        assert accept(verifier, chain, at).verified_at == at.replace(microsecond=0)
    early = (NOT_BEFORE - SECOND, NOT_BEFORE - timedelta(microseconds=1))
    for at in early:
        error = refuse(verifier, chain, OutsideValidity, Reason.NOT_YET_VALID, which, at)
        assert "2025-06-01T10:20:30Z" in error.detail
    for at in (NOT_AFTER + SECOND, NOT_AFTER + SECOND + timedelta(microseconds=1)):
        error = refuse(verifier, chain, OutsideValidity, Reason.EXPIRED, which, at)
        assert "2025-08-01T11:21:31Z" in error.detail


@settings(deadline=None, max_examples=60)
@given(
    which=st.sampled_from(["x5c[0]", "x5c[1]", "anchor"]),
    bound=st.sampled_from([NOT_BEFORE, NOT_AFTER]),
    offset=st.timedeltas(timedelta(seconds=-3), timedelta(seconds=3)),
    hours=st.integers(-23, 23),
)
def test_time_is_whole_seconds_of_utc_wherever_it_is_told(
    which: str, bound: datetime, offset: timedelta, hours: int
) -> None:
    trust, chain = _chain_with_narrow(which)
    at = (bound + offset).astimezone(timezone(timedelta(hours=hours)))
    inside = NOT_BEFORE <= at.astimezone(UTC).replace(microsecond=0) <= NOT_AFTER
    verifier = Verifier(trust=trust)
    for _ in ("cold", "warm"):
        assert (not isinstance(_refused(verifier, chain, at), Reason)) is inside
        accept(verifier, chain, ISSUED_AT)


def _refused(verifier: Verifier, chain: list[bytes], at: datetime) -> Reason | None:
    ended = verdict(verifier, chain, at)
    return getattr(ended, "reason", None)


# A documented limit, and what the engine may do


def test_a_relayed_chain_verifies(verifier: Verifier) -> None:
    """Nothing in a chain says who presents it: that is for the protocol's layer to ask."""
    first = verifier.verify_chain(CHAIN, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)
    relayed = verifier.verify_chain(CHAIN, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)
    assert relayed == first


def test_a_path_that_the_engine_alone_refuses() -> None:
    """An authority without a name: no rule of ours, and no acceptance of ours either."""
    nameless = AttestationAuthority("nameless", root_name=distinguished_name())
    error = refuse(nameless.verifier, nameless.attest(), UntrustedChain, Reason.UNTRUSTED, "x5c[0]")
    assert "engine" in error.detail
    named = AttestationAuthority("nameless")
    accept(named.verifier, named.attest())


@pytest.mark.parametrize(
    "raised", [UnsupportedGeneralNameType("odd"), ValueError("odd"), TypeError("odd")], ids=repr
)
def test_whatever_the_engine_raises_is_a_refusal(raised: Exception) -> None:
    def verify(*_arguments: object) -> object:
        raise raised

    def policy(act: object) -> PolicyBuilder:
        engine = SimpleNamespace(verify=act)
        builder = SimpleNamespace(
            time=lambda _at: SimpleNamespace(build_client_verifier=lambda: engine)
        )
        return cast("PolicyBuilder", builder)

    def succeed(leaf: Any, _others: object) -> object:
        return SimpleNamespace(chain=[leaf])

    leaf = decode_certificate(LEAF)
    assert _accepts(policy(verify), leaf, (), ISSUED_AT) is None
    assert _accepts(policy(succeed), leaf, (), ISSUED_AT) == [leaf.x509]


# What the engine gets to see


def test_names_that_lead_nowhere_are_not_shown_to_the_engine() -> None:
    elsewhere = AttestationAuthority("elsewhere", root_name=authority_name("Test Elsewhere"))
    lower, upper = map(decode_certificate, LOWER.chain)
    stray = decode_certificate(elsewhere.issuer.der)
    anchors = AUTHORITY.trust.subjects
    assert _below_anchors([stray, lower, upper], anchors) == [lower, upper]
    assert _below_anchors([lower, stray], anchors) == []
    assert _below_anchors([upper, stray], anchors) == [upper]
    assert _below_anchors([], anchors) == []


def test_names_to_which_the_leaf_does_not_lead_are_not_shown_to_the_engine() -> None:
    lower, upper = map(decode_certificate, LOWER.chain)
    other = decode_certificate(INTERMEDIATE)
    leaf = decode_certificate(LOWER.issue_leaf())
    assert _above(leaf, [upper, other, lower]) == [upper, lower]
    assert _above(leaf, [upper, other]) == []
    assert _above(leaf, [other, lower]) == [lower]
    assert _above(decode_certificate(LEAF), [lower, upper, other]) == [other]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, ...]]:
    """What the engine got to see beside each leaf."""
    shown: list[tuple[bytes, ...]] = []

    def record(policy: Any, leaf: Any, intermediates: Any, at: datetime) -> Any:
        shown.append(tuple(c.der for c in intermediates))
        return _accepts(policy, leaf, intermediates, at)

    monkeypatch.setattr("appleattest.chain.path._accepts", record)
    return shown


def test_only_what_an_anchor_signed_is_shown_to_the_engine(
    shown: list[tuple[bytes, ...]],
) -> None:
    decoys = [chains.impostor(AUTHORITY).issuer.der, *chains.self_issued(AUTHORITY.issuer, 1)]
    accept(fresh(AUTHORITY.verifier), [LEAF, *decoys, INTERMEDIATE, ROOT])
    assert shown == [(INTERMEDIATE,)]


def test_what_no_authority_signed_is_not_shown_to_the_engine(
    shown: list[tuple[bytes, ...]],
) -> None:
    """Where names leave a choice of issuers: one of the name of the upper, by nobody's key."""
    changes = {"may not": [deviations.NotACA()], "may": []}
    name = authority_name("Test Upper")
    rival = chains.impostor(AUTHORITY).root_issuer.issue_authority(name, path_length=None)
    for may, seen in (("may not", 1), ("may", 2)):
        upper = AUTHORITY.root_issuer.issue_authority(
            name, path_length=None, deviations=changes[may]
        )
        lower = upper.issue_authority(authority_name("Test Lower"))
        verdict(Verifier(trust=AUTHORITY.trust), [*lower.attest(), rival.der])
        assert len(shown.pop()) == seen


def test_where_names_leave_no_choice_the_engine_is_shown_what_came(
    shown: list[tuple[bytes, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two intermediates at first sight cost the engine's three signatures and no others."""
    checked: list[object] = []
    monkeypatch.setattr("appleattest.chain.signatures._verifies", checked.append)
    lower = chains.deeper(AUTHORITY, 1, 0)
    accept(Verifier(trust=AUTHORITY.trust), lower.attest())
    assert shown == [lower.chain]
    assert checked == []


def test_a_name_may_stand_twice_on_one_path() -> None:
    """``root -> A -> B -> A' -> [leaf]``: the upper A has not the key that signed the leaf."""
    upper = AUTHORITY.root_issuer.issue_authority(authority_name("Test A"), path_length=None)
    middle = upper.issue_authority(authority_name("Test B"), path_length=None)
    key = AUTHORITY.keys.key("the lower A")
    lower = middle.issue_authority(authority_name("Test A"), key=key, path_length=None)
    limits = Limits(intermediates=3)
    accept(Verifier(trust=AUTHORITY.trust, limits=limits), lower.attest())
    refuse(
        Verifier(trust=AUTHORITY.trust),
        lower.attest(),
        UntrustedChain,
        Reason.PATH_LENGTH,
        "x5c[3]",
    )
