"""Who checks signatures of leaves: the caller chooses, and a library is asked nothing else."""

from __future__ import annotations

import copy
import hashlib
import pickle
import sys
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from appleattest import Reason, UntrustedChain, Verifier
from appleattest.certificates import decode_certificate
from appleattest.chain.path import PathBuilder
from appleattest.chain.remembered import is_issued_by
from appleattest.signatures import AWSLC, Engine, IssuerKey, Signatures, is_canonical
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    KeyKind,
    authority_name,
    chains,
    der,
    deviations,
)
from appleattest.testing.keys import Digest, sign, spki_of
from aws_lc import needs_aws_lc
from chain_cases import AUTHORITY, Acceptance, accept, fresh, refuse, remembered, verdict
from hostile_input import PanicException

LEAF, INTERMEDIATE = CHAIN = AUTHORITY.attest()
DAYS = timedelta(days=1)
CRYPTO = "awscrt.crypto"
PRETENDED = SimpleNamespace(crypto=SimpleNamespace(EC=None, ECExportFormat=None))


class Answering:
    """A library that gives one answer to every question, and keeps the questions."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.keys: list[bytes] = []
        self.asked: list[tuple[bytes, bytes, str]] = []

    def issuer_key(self, spki: bytes) -> IssuerKey:
        self.keys.append(spki)
        return self

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        self.asked.append((signature, content, digest))
        answer: bool = self.answer()
        return answer


def raising() -> bool:
    raise RuntimeError("the library failed")


def panicking() -> bool:
    raise PanicException("the library failed in Rust")


def interrupted() -> bool:
    raise KeyboardInterrupt


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each cold path."""
    built: list[int] = []
    original = PathBuilder._build_cold

    def count(self: PathBuilder, *arguments: Any) -> Any:
        built.append(1)
        return original(self, *arguments)

    monkeypatch.setattr(PathBuilder, "_build_cold", count)
    return built


def warmed(signatures: Signatures, cold: list[int] | None = None) -> Verifier:
    verifier = Verifier(trust=AUTHORITY.trust, signatures=signatures)
    accept(verifier, CHAIN)
    assert remembered(verifier) == 1
    if cold is not None:
        cold.clear()
    return verifier


# --- the choice


def test_it_is_the_engine_unless_somebody_says_otherwise() -> None:
    assert Verifier().signatures == Engine()
    assert Engine().issuer_key(spki_of(AUTHORITY.intermediate.public_key())) is None  # type: ignore[arg-type, func-returns-value]
    other = Answering(lambda: True)
    assert Verifier(signatures=other).signatures is other


@pytest.mark.parametrize("wrong", [AWSLC, Engine, "AWSLC", 1, False, b"AWSLC"], ids=repr)
def test_anything_else_is_misuse(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"signatures is Engine\(\) or AWSLC\(\)"):
        Verifier(signatures=wrong)
    Verifier(signatures=Engine())


KINDS = [Engine, pytest.param(AWSLC, marks=needs_aws_lc)]


@pytest.mark.parametrize("kind", KINDS)
def test_objects_of_a_kind_are_equal_and_do_not_change(kind: type[Engine | AWSLC]) -> None:
    one = kind()
    assert one == kind()
    assert hash(one) == hash(kind())
    assert one != Answering(lambda: True)
    assert repr(one) == f"{kind.__name__}()"
    assert isinstance(one, Signatures)
    assert copy.copy(one) is copy.deepcopy(one) is one
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    with pytest.raises(AttributeError):
        one.other = 1


@needs_aws_lc
def test_the_two_differ() -> None:
    assert AWSLC() != Engine()
    assert len({AWSLC(), Engine(), AWSLC()}) == 2


@needs_aws_lc
@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda verifier: pickle.loads(pickle.dumps(verifier))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_duplicates_of_a_verifier_keep_the_choice(duplicate: Any) -> None:
    verifier = warmed(AWSLC())
    other = duplicate(verifier)
    assert other.signatures == AWSLC()
    assert remembered(other) == 0
    accept(other, CHAIN)


# --- where it is not to be had


def test_without_awscrt_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, CRYPTO, None)
    monkeypatch.setitem(sys.modules, "awscrt", None)
    with pytest.raises(ImportError, match=r"pip install 'appleattest\[fast\]'") as caught:
        AWSLC()
    assert "\n" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "awscrt", PRETENDED)
    AWSLC()


def test_an_awscrt_that_is_too_old_is_not_replaced_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "awscrt", SimpleNamespace(crypto=SimpleNamespace(RSA=1)))
    with pytest.raises(ImportError, match=r"too old: pip install 'appleattest\[fast\]'"):
        AWSLC()
    monkeypatch.setitem(sys.modules, "awscrt", PRETENDED)
    AWSLC()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_awscrt_is_not_aws_lc(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "awscrt", PRETENDED)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ImportError, match=f"needs Linux: on {platform}"):
        AWSLC()
    monkeypatch.setattr(sys, "platform", "linux")
    AWSLC()


# --- what is asked of a library, and what is not


def test_it_is_asked_about_leaves_of_a_remembered_intermediate_alone(cold: list[int]) -> None:
    library = Answering(lambda: True)
    verifier = Verifier(trust=AUTHORITY.trust, signatures=library)
    accept(verifier, CHAIN)
    assert library.asked == []
    assert library.keys == [spki_of(AUTHORITY.intermediate.public_key())]  # type: ignore[arg-type]
    cold.clear()
    attestation = accept(verifier, CHAIN)
    leaf = attestation.leaf
    assert library.asked == [(leaf.signature, leaf.tbs_certificate_bytes, "sha384")]
    assert cold == []
    assert library.keys == library.keys[:1]


@pytest.mark.parametrize("digest", [Digest.SHA256, Digest.SHA512])
def test_it_is_told_the_hash_that_the_leaf_names(digest: Digest) -> None:
    library = Answering(lambda: True)
    verifier = warmed(library)
    accept(verifier, AUTHORITY.attest(deviations=[deviations.SignatureHash(digest)]))
    assert [name for _, _, name in library.asked] == [digest.value]


LIES: list[tuple[str, list[Deviation], Reason]] = [
    (
        "another issuer's name",
        [deviations.IssuerName(authority_name("Nobody"))],
        Reason.UNKNOWN_ISSUER,
    ),
    ("expired", [deviations.Expired()], Reason.EXPIRED),
    ("not yet valid", [deviations.NotYetValid()], Reason.NOT_YET_VALID),
    ("a CA", [deviations.LeafIsCA()], Reason.LEAF_PROFILE),
    ("critical extension", [deviations.CriticalExtension()], Reason.CRITICAL_EXTENSION),
    ("name constraints", [deviations.NameConstraints()], Reason.NAME_CONSTRAINTS),
    ("SHA-1", [deviations.SignatureHash(Digest.SHA1)], Reason.WEAK_ALGORITHM),
    ("RSA key", [deviations.CertifiedKey(KeyKind.RSA_2048)], Reason.WEAK_ALGORITHM),
    ("serial number of zero", [deviations.ZeroSerial()], Reason.MALFORMED_CERTIFICATE),
    ("bits unused", [deviations.UnusedBits()], Reason.MALFORMED_CERTIFICATE),
    ("twice", [deviations.DoubledExtension("2.5.29.15")], Reason.DUPLICATE_EXTENSION),
]


@pytest.mark.parametrize(
    ("changes", "reason"), [case[1:] for case in LIES], ids=[case[0] for case in LIES]
)
def test_a_library_that_says_yes_decides_about_signatures_only(
    changes: list[Deviation], reason: Reason
) -> None:
    """What else the engine would check of a leaf is checked without it."""
    verifier = warmed(Answering(lambda: True))
    chain = AUTHORITY.attest(deviations=changes)
    found = verdict(verifier, chain)
    assert found == verdict(fresh(verifier), chain)
    assert not isinstance(found, Acceptance)
    assert found.reason is reason
    accept(verifier, CHAIN)


def test_a_library_that_says_yes_is_believed_about_the_signature() -> None:
    """So the tests above could fail."""
    verifier = warmed(Answering(lambda: True))
    forged = AUTHORITY.attest(deviations=[deviations.TamperedSignature()])
    accept(verifier, forged)
    refuse(warmed(Engine()), forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")


@pytest.mark.parametrize(
    "answer",
    [lambda: False, lambda: None, lambda: 1, lambda: "yes", raising, panicking],
    ids=["no", "none", "one", "text", "raises", "panics"],
)
def test_whatever_is_not_yes_leads_to_the_engine(
    answer: Callable[[], Any], cold: list[int]
) -> None:
    verifier = warmed(Answering(answer), cold)
    accept(verifier, CHAIN)
    assert cold == [1]
    forged = AUTHORITY.attest(deviations=[deviations.TamperedSignature()])
    refuse(verifier, forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")


def test_another_issuers_name_is_refused_whatever_led_to_that_issuer() -> None:
    """The filter of names comes before; this rule does not rely on it."""
    yes = Answering(lambda: True)
    leaf = decode_certificate(LEAF)
    namesake = decode_certificate(INTERMEDIATE)
    other = decode_certificate(
        AUTHORITY.root_issuer.issue_authority(
            authority_name("Test Other"), key=AUTHORITY.issuer.key
        ).der
    )
    assert other.spki == namesake.spki
    assert is_issued_by(leaf, namesake, yes, ISSUED_AT)
    yes.asked.clear()
    assert not is_issued_by(leaf, other, yes, ISSUED_AT)
    assert yes.asked == []


class Unable(Answering):
    """A library that has no answer to the question for a key."""

    def issuer_key(self, spki: bytes) -> IssuerKey:
        self.answer()
        raise MemoryError("no key")


def test_an_interrupt_passes(cold: list[int]) -> None:
    """It is no answer of the library's."""
    answering = warmed(Answering(interrupted), cold)
    unable = Verifier(trust=AUTHORITY.trust, signatures=Unable(interrupted))
    for verifier in (answering, unable):
        with pytest.raises(KeyboardInterrupt):
            accept(verifier, CHAIN)


@pytest.mark.parametrize("answer", [lambda: True, panicking], ids=["raises", "panics"])
def test_a_library_that_cannot_read_a_key_refuses_nothing(
    answer: Callable[[], Any], cold: list[int]
) -> None:
    verifier = Verifier(trust=AUTHORITY.trust, signatures=Unable(answer))
    for _ in range(2):
        accept(verifier, CHAIN)
    assert cold == [1]
    assert remembered(verifier) == 1
    forged = AUTHORITY.attest(deviations=[deviations.TamperedSignature()])
    refuse(verifier, forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")


def test_the_ends_of_the_leafs_validity_belong_to_it(cold: list[int]) -> None:
    verifier = warmed(Answering(lambda: True), cold)
    for at in (ISSUED_AT - 1 * DAYS, ISSUED_AT + 90 * DAYS):
        accept(verifier, CHAIN, at)
    assert cold == []
    second = timedelta(seconds=1)
    for at in (ISSUED_AT - 1 * DAYS - second, ISSUED_AT + 90 * DAYS + second):
        assert not isinstance(verdict(verifier, CHAIN, at), Acceptance)
    assert cold == [1, 1]


# --- AWS-LC


@needs_aws_lc
def test_aws_lc_needs_no_cold_path_and_finds_a_forgery(cold: list[int]) -> None:
    verifier = warmed(AWSLC(), cold)
    accept(verifier, CHAIN)
    assert cold == []
    forged = AUTHORITY.attest(deviations=[deviations.TamperedSignature()])
    refuse(verifier, forged, UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    assert cold == [1]


@needs_aws_lc
@pytest.mark.parametrize(
    ("kind", "reads"), [(KeyKind.P256, True), (KeyKind.P384, True), (KeyKind.P521, False)]
)
def test_what_aws_lc_cannot_read_stays_with_the_engine(
    kind: KeyKind, reads: bool, cold: list[int]
) -> None:
    issuer = chains.rekeyed(AUTHORITY, f"AWS-LC {kind}", kind)
    key = AWSLC().issuer_key(spki_of(issuer.key.public_key()))
    assert (key is not None) is reads
    verifier = Verifier(trust=AUTHORITY.trust, signatures=AWSLC())
    for _ in range(2):
        accept(verifier, issuer.attest())
    assert cold == [1]
    assert remembered(verifier) == 1


@needs_aws_lc
def test_a_key_that_is_read_as_another_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from awscrt import crypto

    spki = spki_of(AUTHORITY.intermediate.public_key())  # type: ignore[arg-type]
    other = crypto.EC.new_key_from_der_data(
        spki_of(AttestationAuthority("another").intermediate.public_key())  # type: ignore[arg-type]
    )
    assert AWSLC().issuer_key(spki) is not None
    monkeypatch.setattr(crypto.EC, "new_key_from_der_data", staticmethod(lambda _: other))
    assert AWSLC().issuer_key(spki) is None


def test_a_signature_has_one_encoding() -> None:
    key = AUTHORITY.keys.key("any")
    signature = sign(key, Digest.SHA384, b"content")
    r, s = (each for each in _integers_of(signature))
    assert is_canonical(signature)
    assert is_canonical(der.sequence(r, s))
    for odd in (
        der.sequence(b"\x02" + der.length(len(r) - 1) + b"\0" + r[2:], s),
        der.sequence(der.integer(-1), s),
        der.sequence(r, s, s),
        b"\x30\x81" + signature[1:],
        signature + b"\0",
        b"",
    ):
        assert not is_canonical(odd)


def _integers_of(signature: bytes) -> list[bytes]:
    _, content, _ = der.read(signature)
    _, _, rest = der.read(content)
    return [content[: len(content) - len(rest)], rest]


@needs_aws_lc
def test_aws_lc_is_not_asked_about_a_signature_in_another_encoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would refuse it too: this holds for whatever stands in its place."""
    asked: list[bytes] = []

    class Careless:
        def verify(self, hashed: bytes, signature: bytes) -> bool:
            asked.append(hashed)
            return True

        def export_key(self, _form: object) -> bytes:
            return b"key"

    from awscrt import crypto

    monkeypatch.setattr(crypto.EC, "new_key_from_der_data", staticmethod(lambda _: Careless()))
    key = AWSLC().issuer_key(b"key")
    assert key is not None
    signature = sign(AUTHORITY.keys.key("any"), Digest.SHA384, b"content")
    assert key.verifies(signature, b"content", "sha384")
    assert asked == [hashlib.sha384(b"content").digest()]
    assert not key.verifies(signature + b"\0", b"content", "sha384")
    assert len(asked) == 1
