"""AWS-LC in the engine's place: the same verdict, reason and report of every input.

At first sight of an intermediate the engine judges in any case, so a verifier that remembers
nothing stands for the engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from bit_flips import Artefact, flip_all
from hypothesis import event, given, settings
from hypothesis import strategies as st
from vector_cases import Vector, vectors

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    Check,
    Limits,
    Report,
    TrustStore,
    Verifier,
)
from appleattest.pipeline import Pipeline, Request
from appleattest.signatures import AWSLC
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    KeyKind,
    chains,
    strategies,
)
from appleattest.testing.deviations import CertifiedKey
from aws_lc import needs_aws_lc
from chain_cases import AUTHORITY, Acceptance, Verdict, path_of, refusal_of
from real_chains import RealChain
from test_memory_stateful import LongLivedVerifier

pytestmark = needs_aws_lc

Said = tuple[Verdict, tuple[Check, ...]]
"""How a call ended, and its report."""


class Recording:
    """Keeps the report of the last call."""

    def __init__(self) -> None:
        self.checks: tuple[Check, ...] = ()

    def said_of(self, vector: Vector, verifier: Verifier) -> Said:
        self.checks = ()
        try:
            attestation = vector.ask(verifier)
        except AttestationError as error:
            return refusal_of(error), self.checks
        return Acceptance(attestation, path_of(attestation)), self.checks


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    found = Recording()
    run = Pipeline.run

    def record(self: Pipeline, request: Request) -> Report:
        try:
            report = run(self, request)
        except AttestationError as error:
            found.checks = error.report.checks if error.report is not None else ()
            raise
        found.checks = report.checks
        return report

    monkeypatch.setattr(Pipeline, "run", record)
    return found


def test_of_every_vector_warm_and_cold(recording: Recording) -> None:
    """First in order, then backwards, so that each meets the memory that the others left."""
    engine = [recording.said_of(v, Verifier(trust=TrustStore(v.anchors))) for v in vectors()]
    assert {isinstance(verdict, Acceptance) for verdict, _ in engine} == {True, False}
    assert sum(checks != () for _, checks in engine) > len(engine) / 2
    kept = {
        anchors: Verifier(trust=TrustStore(anchors), signatures=AWSLC())
        for anchors in {v.anchors for v in vectors()}
    }
    places = range(len(vectors()))
    for order in (places, reversed(places)):
        differing = []
        for place in order:
            vector = vectors()[place]
            if recording.said_of(vector, kept[vector.anchors]) != engine[place]:
                differing.append(vector.name)
        assert differing == []
    differing = [
        vector.name
        for vector, expected in zip(vectors(), engine, strict=True)
        if recording.said_of(vector, Verifier(trust=TrustStore(vector.anchors), signatures=AWSLC()))
        != expected
    ]
    assert differing == []


# P-256 throughout, whose signatures cost a fifth; and a leaf under Apple's curve.
SMALL = AttestationAuthority("every bit", root_deviations=[CertifiedKey(KeyKind.P256)])


def attacked() -> dict[str, Artefact]:
    chain = chains.rekeyed(SMALL, kind=KeyKind.P256).attest()
    anchors = [SMALL.root_issuer.der]
    leaf = Artefact("leaf", chain[0], chain, anchors, ISSUED_AT, True, AWSLC())
    larger = AUTHORITY.attest()
    return {
        "leaf on P-256": leaf,
        "intermediate on P-256": leaf._replace(form="intermediate", octets=chain[1]),
        "leaf on P-384": leaf._replace(
            octets=larger[0], chain=larger, anchors=[AUTHORITY.root_issuer.der]
        ),
    }


def test_of_every_bit_of_leaf_signature_and_intermediate() -> None:
    artefacts = attacked()
    for name, found in zip(artefacts, flip_all(list(artefacts.values())), strict=True):
        assert found.tried == len(artefacts[name].octets) * 8
        assert (found.harmful, found.harmless, found.disputed) == ([], [], []), name


def test_of_a_real_chain_and_every_bit_of_its_signature(real_chain: RealChain) -> None:
    at = real_chain.leaf.not_valid_before_utc + timedelta(days=7)
    leaf, *above = real_chain.ders
    fast, fresh = Verifier(signatures=AWSLC()), Verifier()
    for _ in range(2):
        assert said(fast, real_chain.ders, at) == said(fresh, real_chain.ders, at)
    for bit in range(8 * (len(leaf) - len(real_chain.leaf.signature)), 8 * len(leaf)):
        octets = bytearray(leaf)
        octets[bit // 8] ^= 1 << bit % 8
        broken = [bytes(octets), *above]
        answer = said(fast, broken, at)
        assert answer == said(fresh, broken, at)
        assert not isinstance(answer[0], Attestation)


def said(verifier: Verifier, chain: Any, at: datetime) -> tuple[Any, ...]:
    report = verifier.examine_chain(chain, freshness=UNCHECKED, at=at)
    if report.error is not None:
        return refusal_of(report.error), report.checks
    return report.attestation, report.checks


GENUINE = strategies.chains(AUTHORITY)
BROKEN = strategies.broken_chains(AUTHORITY)


@cache
def kept() -> tuple[Verifier, Verifier]:
    """A verifier of each kind that has seen all earlier chains."""
    return Verifier(trust=AUTHORITY.trust), Verifier(trust=AUTHORITY.trust, signatures=AWSLC())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_of_generated_chains(data: st.DataObject) -> None:
    """Genuine and broken ones, by the strategies that this library offers to others."""
    minted = data.draw(GENUINE | BROKEN)
    expected = said(Verifier(trust=AUTHORITY.trust), minted.chain, minted.at)
    for verifier in kept():
        assert said(verifier, minted.chain, minted.at) == expected
    event("accepted" if isinstance(expected[0], Attestation) else "refused")


class LongLivedWithAWSLC(LongLivedVerifier):
    """Chains good and bad, put to a verifier with AWS-LC that is kept, and to a new engine."""

    def made(self, trust: TrustStore, limits: Limits) -> Verifier:
        return Verifier(trust=trust, limits=limits, signatures=AWSLC())


TestLongLivedWithAWSLC = LongLivedWithAWSLC.TestCase
TestLongLivedWithAWSLC.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)
