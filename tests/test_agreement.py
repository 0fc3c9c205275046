"""`python -m fuzz.agreement`: what it generates, and that it notices two verdicts that differ."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from appleattest import UNCHECKED, AttestationError, Verifier
from appleattest.signatures import IssuerKey, Signatures
from aws_lc import needs_aws_lc
from fuzz import agreement, world
from fuzz.agreement import Counting, Judges, compare, judges, printed, total
from fuzz.generated_chains import Source, bases, issuers

ROOT: Final = Path(__file__).resolve().parent.parent
MANY: Final = 1500


class Lying:
    """Signatures, and a key, with one answer to every question."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def issuer_key(self, spki: bytes) -> IssuerKey:
        return self

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        return self.answer


def judged_by(signatures: Signatures) -> Judges:
    verifier = Verifier(trust=world.AUTHORITY.trust, signatures=signatures)
    for base in bases():
        verifier.verify_chain(base.chain, freshness=UNCHECKED, at=world.AT)
    return judges()._replace(aws_lc=verifier)


def test_the_same_seed_gives_the_same_chains() -> None:
    one, again, other = (list(Source(seed).chains(60)) for seed in ("1/0", "1/0", "1/1"))
    assert one == again != other


def test_what_it_begins_with_is_genuine_and_of_every_kind() -> None:
    verifier = world.fresh()
    signed = Counter[tuple[int, str]]()
    for base in bases():
        found = verifier.verify_chain(base.chain, freshness=UNCHECKED, at=world.AT)
        digest = found.leaf.signature_hash_algorithm
        assert digest is not None
        assert len(base.signers) == len(base.chain)
        assert len(found.chain) == len(base.chain) + 1
        key = found.chain[1].public_key()
        signed[key.key_size, digest.name] += 1  # type: ignore[union-attr]
    names = ("sha256", "sha384", "sha512")
    assert signed.keys() == {(size, name) for size in (256, 384, 521) for name in names}
    assert len(issuers()) == 6


def test_it_reaches_what_stands_behind_the_signature() -> None:
    verifier = world.fresh()
    reasons = Counter[str]()
    accepted = Counter[str]()
    for kind, chain, at in Source("reach").chains(MANY):
        try:
            verifier.verify_chain(chain, freshness=UNCHECKED, at=at)
            accepted[kind] += 1
        except AttestationError as error:
            reasons[error.reason.value] += 1
    assert accepted["genuine"] > MANY / 5
    assert accepted["leaf changed, signed again"] > MANY / 30
    assert accepted["intermediate changed, signed again"] > 0
    assert accepted["signature changed"] > 0
    assert accepted["one bit flipped"] == 0
    for reason in ("bad-signature", "critical-extension", "expired", "not-yet-valid"):
        assert reasons[reason] > 0, reason
    assert reasons["leaf-profile"] > 0


@needs_aws_lc
def test_both_say_the_same_and_aws_lc_was_asked() -> None:
    tally = compare(judges(), Source("agree").chains(MANY))
    assert tally.differing == []
    assert tally.accepted.total() + tally.refused.total() == MANY
    assert tally.reasons.total() == tally.refused.total()
    assert tally.said[True] > MANY / 5
    assert tally.said[False] > MANY / 50
    whole = total([tally, tally])
    assert whole.accepted.total() == 2 * tally.accepted.total()
    assert whole.said == {answer: 2 * count for answer, count in tally.said.items()}
    text = printed(whole)
    assert "verdicts that differ: 0" in text
    assert f"{2 * tally.said[True]:,}" in text


@needs_aws_lc
def test_a_library_that_says_yes_is_found_and_one_that_says_no_changes_nothing() -> None:
    generated = list(Source("lies").chains(200))
    assert compare(judged_by(Lying(False)), generated).differing == []
    differing = compare(judged_by(Lying(True)), generated).differing
    assert differing
    assert "engine: (<class 'appleattest.errors.UntrustedChain'>" in differing[0]
    assert compare(judges(), generated).differing == []


@needs_aws_lc
def test_what_counts_answers_as_aws_lc_does() -> None:
    counting = Counting()
    assert counting.issuer_key(b"no key") is None
    assert agreement.judges().counting.issuer_key(b"no key") is None


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuzz.agreement", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_aws_lc
def test_the_program_counts_and_ends_well() -> None:
    done = program("--chains", 1, "--seed", 3)
    assert done.returncode == 0, done.stderr
    assert "verdicts that differ: 0" in done.stdout
    assert " in 1 processes; seed 3; Python " in done.stdout


def test_without_awscrt_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["agreement"])
    monkeypatch.setitem(sys.modules, "awscrt", None)
    assert agreement.main() == 0
    assert capsys.readouterr().out.startswith("skipped: AWSLC needs")
