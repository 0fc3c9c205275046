"""Every bit of an artefact flipped, one after the other: run in processes of its own."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from itertools import chain
from typing import Literal, NamedTuple

from appleattest import UNCHECKED, Attestation, TrustStore, Verifier
from appleattest.signatures import Engine, Signatures
from chain_cases import Acceptance, Verdict, ended

PROCESSES = max(2, min(os.cpu_count() or 2, 8))


class Artefact(NamedTuple):
    """Octets that are attacked, and the chain and the trust with which they are genuine."""

    form: Literal["leaf", "intermediate", "object", "response"]
    octets: bytes
    chain: list[bytes]
    anchors: list[bytes]
    at: datetime
    also_fresh: bool = False
    """Whether a verifier that remembers nothing is asked about every flip as well."""
    signatures: Signatures = Engine()
    """What checks leaves of the intermediate. At first sight it is the engine."""

    def verifier(self) -> Verifier:
        return Verifier(trust=TrustStore(self.anchors), signatures=self.signatures)

    def verdict(self, verifier: Verifier, octets: bytes) -> Verdict:
        return ended(lambda: self._verify(verifier, octets))

    def _verify(self, verifier: Verifier, octets: bytes) -> Attestation:
        if self.form == "object":
            return verifier.verify_acme(octets, token=UNCHECKED, at=self.at)
        if self.form == "response":
            return verifier.verify_mdm(octets, nonce=UNCHECKED, at=self.at)
        place = ("leaf", "intermediate").index(self.form)
        ders = [*self.chain[:place], octets, *self.chain[place + 1 :]]
        return verifier.verify_chain(ders, freshness=UNCHECKED, at=self.at)


class Found(NamedTuple):
    """How many bits were flipped, and which of them are not simply refused."""

    tried: int
    harmless: list[int]
    """Accepted: nothing that is read differs from the original."""
    harmful: list[int]
    """Accepted: something differs."""
    disputed: list[int]
    """A fresh verifier says something else than the one that was kept."""


def flipped(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def flip_some(artefact: Artefact, part: int) -> Found:
    """Flip every bit whose number leaves `part` when divided by the number of processes.

    One verifier lives through all of it and remembers the intermediate from the beginning. What
    is not an `AttestationError` comes out of here as it is.
    """
    kept = artefact.verifier()
    original = artefact.verdict(kept, artefact.octets)
    assert isinstance(original, Acceptance)
    bits = range(part, len(artefact.octets) * 8, PROCESSES)
    found = Found(len(bits), [], [], [])
    for bit in bits:
        octets = flipped(artefact.octets, bit)
        verdict = artefact.verdict(kept, octets)
        if isinstance(verdict, Acceptance):
            (found.harmless if verdict == original else found.harmful).append(bit)
        if artefact.also_fresh and artefact.verdict(artefact.verifier(), octets) != verdict:
            found.disputed.append(bit)
    assert artefact.verdict(kept, artefact.octets) == original
    return found


def flip_all(artefacts: list[Artefact]) -> list[Found]:
    """Flip every bit of each. The processes are started afresh, so nothing traces them."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context) as pool:
        running = [
            [pool.submit(flip_some, artefact, part) for part in range(PROCESSES)]
            for artefact in artefacts
        ]
        return [_together([future.result() for future in futures]) for futures in running]


def _together(parts: list[Found]) -> Found:
    tried, *lists = zip(*parts, strict=True)
    return Found(sum(tried), *(sorted(chain.from_iterable(each)) for each in lists))
