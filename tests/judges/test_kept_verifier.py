"""A verifier that is kept answers every vector as a new one does, whatever came before it."""

from __future__ import annotations

from vector_cases import vectors

from appleattest import TrustStore, Verifier
from chain_cases import Acceptance, Verdict, remembered


def test_a_kept_verifier_answers_every_vector_twice_as_a_fresh_one() -> None:
    """First in order, then backwards, so that each meets the memory that the others left."""
    fresh: list[Verdict] = [
        vector.put_to(Verifier(trust=TrustStore(vector.anchors))) for vector in vectors()
    ]
    kept = {
        anchors: Verifier(trust=TrustStore(anchors)) for anchors in {v.anchors for v in vectors()}
    }
    places = range(len(vectors()))
    for order in (places, reversed(places)):
        differing = []
        for place in order:
            vector = vectors()[place]
            if vector.put_to(kept[vector.anchors]) != fresh[place]:
                differing.append(vector.name)
        assert differing == []
    assert {isinstance(each, Acceptance) for each in fresh} == {True, False}
    assert max(remembered(verifier) for verifier in kept.values()) == 16
