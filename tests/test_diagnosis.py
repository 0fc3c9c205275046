"""Why a path is refused: the precise reason, within a budget, in words that are safe to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import AttestationError, Limits, OutsideValidity, Reason, UntrustedChain, Verifier
from appleattest.certificates import DecodedCertificate, decode_certificate
from appleattest.chain import signatures
from appleattest.chain.diagnosis import diagnose
from appleattest.chain.presented import decode_presented
from appleattest.chain.signatures import SignatureLedger
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Issuer,
    authority_name,
    chains,
    deviations,
    distinguished_name,
)
from chain_cases import AUTHORITY, Refusal, accept, refuse, verdict

LEAF, INTERMEDIATE = CHAIN = AUTHORITY.attest()
FILTER_AND_DIAGNOSIS = 6 + 2
"""Signature checks of ours at most, where one anchor has each name."""


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(trust=AUTHORITY.trust)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Every single signature check that is made outside the engine."""
    made: list[tuple[bytes, bytes]] = []
    verifies = signatures._verifies

    def count(child: DecodedCertificate, issuer: DecodedCertificate) -> bool:
        made.append((child.der, issuer.der))
        return verifies(child, issuer)

    monkeypatch.setattr(signatures, "_verifies", count)
    return made


# The ledger


def test_each_signature_is_checked_once_and_no_more_than_the_budget(
    checked: list[tuple[bytes, bytes]],
) -> None:
    leaf, intermediate = map(decode_certificate, CHAIN)
    root = decode_certificate(AUTHORITY.root_issuer.der)
    ledger = SignatureLedger(2)
    for _ in range(2):
        assert ledger.verifies(leaf, intermediate) is True
        assert ledger.verifies(intermediate, leaf) is False
        assert ledger.verifies(intermediate, root) is None
    ledger.allow(1)
    assert ledger.verifies(intermediate, root) is True
    assert ledger.verifies(root, root) is None
    assert ledger.verifies(leaf, intermediate) is True
    assert len(checked) == 3


@pytest.mark.parametrize(
    "change",
    [
        deviations.ReplacedSignature(b""),
        deviations.ReplacedSignature(b"\x00"),
        deviations.ReplacedSignature(),
        deviations.TamperedSignature(),
    ],
    ids=str,
)
def test_a_signature_that_cannot_be_checked_does_not_verify(change: Deviation) -> None:
    issuer = decode_certificate(INTERMEDIATE)
    broken = decode_certificate(AUTHORITY.issuer.issue_leaf(deviations=[change]))
    assert SignatureLedger(1).verifies(broken, issuer) is False
    assert SignatureLedger(1).verifies(decode_certificate(LEAF), issuer) is True


# Which reason wins


def test_structure_comes_before_time(verifier: Verifier) -> None:
    """`expired` says that it is genuine and was valid once, so it must be."""
    expired = deviations.Expired()
    cases: list[tuple[list[bytes], Reason, str]] = [
        (
            AUTHORITY.attest(deviations=[expired, deviations.WrongSigner()]),
            Reason.BAD_SIGNATURE,
            "x5c[0]",
        ),
        (
            AUTHORITY.attest(intermediate_deviations=[expired, deviations.NotACA()]),
            Reason.ISSUER_NOT_CA,
            "x5c[1]",
        ),
        (
            AUTHORITY.attest(
                deviations=[expired], intermediate_deviations=[deviations.WrongSigner()]
            ),
            Reason.BAD_SIGNATURE,
            "x5c[1]",
        ),
    ]
    for chain, reason, element in cases:
        refuse(verifier, chain, UntrustedChain, reason, element)
    chain = AUTHORITY.attest(deviations=[expired])
    refuse(verifier, chain, OutsideValidity, Reason.EXPIRED, "x5c[0]")
    accept(verifier, CHAIN)


def test_of_several_defects_of_time_the_one_nearest_to_the_leaf(verifier: Verifier) -> None:
    chain = AUTHORITY.attest(
        deviations=[deviations.NotYetValid()], intermediate_deviations=[deviations.Expired()]
    )
    refuse(verifier, chain, OutsideValidity, Reason.NOT_YET_VALID, "x5c[0]")
    chain = AUTHORITY.attest(
        deviations=[deviations.Expired()], intermediate_deviations=[deviations.NotYetValid()]
    )
    refuse(verifier, chain, OutsideValidity, Reason.EXPIRED, "x5c[0]")
    accept(verifier, CHAIN)


def test_the_last_second_of_a_leaf_is_not_its_fault(verifier: Verifier) -> None:
    day = timedelta(days=1)
    for end, by, change, reason in (
        (90 * day, -day, deviations.Validity(not_after=ISSUED_AT), Reason.EXPIRED),
        (-day, day, deviations.Validity(not_before=ISSUED_AT), Reason.NOT_YET_VALID),
    ):
        at = ISSUED_AT + end
        chain = AUTHORITY.attest(intermediate_deviations=[change])
        refuse(verifier, chain, OutsideValidity, reason, "x5c[1]", at)
        accept(verifier, chain, ISSUED_AT)
        accept(verifier, CHAIN, at + by)


def test_the_candidate_that_leads_furthest_explains(verifier: Verifier) -> None:
    rekeyed = chains.rekeyed(AUTHORITY).der
    expired = chains.reissued(AUTHORITY, not_after=ISSUED_AT - timedelta(seconds=1)).der
    for others, element in (([rekeyed, expired], "x5c[2]"), ([expired, rekeyed], "x5c[1]")):
        refuse(verifier, [LEAF, *others], OutsideValidity, Reason.EXPIRED, element)


def test_of_two_that_are_valid_at_other_times_the_expired_one_explains(verifier: Verifier) -> None:
    """One name and one key, so both lead to the anchor: it was valid once is what to say."""
    second = timedelta(seconds=1)
    expired = chains.reissued(AUTHORITY, not_after=ISSUED_AT - second).der
    early = chains.reissued(AUTHORITY, not_before=ISSUED_AT + second).der
    for others, element in (([early, expired], "x5c[2]"), ([expired, early], "x5c[1]")):
        refuse(verifier, [LEAF, *others], OutsideValidity, Reason.EXPIRED, element)
    refuse(verifier, [LEAF, early], OutsideValidity, Reason.NOT_YET_VALID, "x5c[1]")
    accept(verifier, [LEAF, early], ISSUED_AT + second)


def test_of_two_ways_up_the_one_that_holds_longer_explains(verifier: Verifier) -> None:
    """Of one name: a rival that did not sign the leaf, beside one that did and fails above."""
    name, key = AUTHORITY.issuer.subject, AUTHORITY.issuer.key
    rekeyed = chains.rekeyed(AUTHORITY).der
    elsewhere = Issuer.root(AUTHORITY.keys.other("elsewhere"), name=authority_name("Elsewhere"))
    strange = elsewhere.issue_authority(name, key=key).der
    powerless = AUTHORITY.root_issuer.issue_authority(
        name, key=key, deviations=[deviations.NotACA()]
    ).der
    for other, reason in (
        (strange, Reason.UNKNOWN_ISSUER),
        (powerless, Reason.ISSUER_NOT_CA),
    ):
        refuse(verifier, [LEAF, rekeyed, other], UntrustedChain, reason, "x5c[2]")
        refuse(verifier, [LEAF, other, rekeyed], UntrustedChain, reason, "x5c[1]")
    accept(verifier, [LEAF, rekeyed, strange, INTERMEDIATE])


def test_the_anchor_at_fault_is_named_as_the_anchor() -> None:
    late = datetime(2030, 1, 1, tzinfo=UTC)
    authority = AttestationAuthority("late", root_deviations=[deviations.Validity(not_before=late)])
    error = refuse(
        authority.verifier, authority.attest(), OutsideValidity, Reason.NOT_YET_VALID, "anchor"
    )
    assert "2030-01-01T00:00:00Z" in error.detail
    chain = authority.attest(at=late)
    accept(authority.verifier, chain, late)
    # Also where it was presented, it is blamed by its place.
    presented = [*authority.attest(), authority.root_issuer.der]
    refuse(authority.verifier, presented, OutsideValidity, Reason.NOT_YET_VALID, "x5c[2]")


def test_a_circle_of_issuers_is_walked_once(verifier: Verifier) -> None:
    """A is issued by B and B by A; no anchor in sight."""
    names = authority_name("Test A"), authority_name("Test B")
    keys = [AUTHORITY.keys.key(f"circle {i}") for i in range(2)]
    root = AUTHORITY.root_issuer
    b_unsigned = root.issue_authority(names[1], key=keys[1], path_length=None)
    a = b_unsigned.issue_authority(names[0], key=keys[0], path_length=None)
    b = a.issue_authority(names[1], key=keys[1], path_length=None)
    leaf = a.issue_leaf()
    refuse(verifier, [leaf, a.der, b.der], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[2]")
    accept(verifier, [leaf, a.der, b_unsigned.der])


# What it costs


def _decoys(count: int) -> list[bytes]:
    """Intermediates of the right name that the root has signed, with other keys."""
    return [chains.rekeyed(AUTHORITY, f"decoy {i}").der for i in range(count)]


def test_more_candidates_than_are_looked_into(
    verifier: Verifier, checked: list[tuple[bytes, bytes]]
) -> None:
    decoys = _decoys(4)
    error = refuse(verifier, [LEAF, *decoys], UntrustedChain, Reason.BAD_SIGNATURE, "x5c[0]")
    assert len(checked) == 4
    assert "signature" in error.detail
    accept(verifier, [LEAF, *decoys[:3], INTERMEDIATE])


def test_the_budget_itself_is_a_finding(
    verifier: Verifier, checked: list[tuple[bytes, bytes]]
) -> None:
    """A long way up spends the budget, and what is left unlooked at is said to be so."""
    levels = chains.deeper(AUTHORITY, None, None, None)
    expired = AUTHORITY.root_issuer.issue_authority(
        authority_name("Test Level 1"),
        path_length=None,
        not_after=ISSUED_AT - timedelta(seconds=1),
    )
    chain = [*levels.attest()[:3], expired.der]
    error = refuse(verifier, chain, UntrustedChain, Reason.PATH_LENGTH, "x5c[3]")
    assert len(set(checked)) == len(checked) <= FILTER_AND_DIAGNOSIS
    assert "intermediates" in error.detail


def test_a_way_longer_than_the_budget_is_not_walked_to_its_end(
    checked: list[tuple[bytes, bytes]],
) -> None:
    limits = Limits(certificates=8, chain_bytes=8 * 4096, intermediates=6)
    patient = Verifier(trust=AUTHORITY.trust, limits=limits)
    levels = chains.deeper(AUTHORITY, *[None] * 5)
    chain = levels.attest(deviations=[deviations.Expired()])
    error = refuse(patient, chain, UntrustedChain, Reason.UNTRUSTED, "x5c[4]")
    assert len(checked) == 4
    assert error.detail.startswith("more candidates for an issuer than are looked into")
    # Four checks are enough for four levels less one.
    chain = chains.deeper(AUTHORITY, *[None] * 3).attest(deviations=[deviations.Expired()])
    refuse(patient, chain, OutsideValidity, Reason.EXPIRED, "x5c[0]")
    accept(patient, levels.attest())


def diagnosis(chain: list[bytes], checks: int) -> AttestationError:
    """What is said of the chain, sound or not, when no more than so many signatures are checked."""
    presented = decode_presented(chain, lambda _: None)
    return diagnose(presented, AUTHORITY.trust, Limits(), ISSUED_AT, SignatureLedger(checks))


def test_what_was_looked_into_explains_more_than_what_was_not() -> None:
    (decoy,) = _decoys(1)
    error = diagnosis([LEAF, decoy, INTERMEDIATE], 1)
    assert (error.reason, error.element) == (Reason.BAD_SIGNATURE, "x5c[0]")
    error = diagnosis([LEAF, INTERMEDIATE], 0)
    assert (error.reason, error.element) == (Reason.UNTRUSTED, "x5c[0]")


def test_a_path_without_a_defect_is_refused_by_the_engine_for_its_own_reasons() -> None:
    """It explains more than a rival that did not sign the leaf."""
    (decoy,) = _decoys(1)
    for chain in (CHAIN, [LEAF, decoy, INTERMEDIATE], [LEAF, INTERMEDIATE, decoy]):
        error = diagnosis(chain, 9)
        assert (error.reason, error.element) == (Reason.UNTRUSTED, "x5c[0]")
        assert "engine" in error.detail


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_input_buys_more_signature_checks(data: st.DataObject) -> None:
    made = 0
    verifies = signatures._verifies

    def count(child: DecodedCertificate, issuer: DecodedCertificate) -> bool:
        nonlocal made
        made += 1
        return verifies(child, issuer)

    others = data.draw(st.lists(st.sampled_from(HOSTILE), max_size=4))
    leaf = data.draw(st.sampled_from([LEAF, *LEAVES]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signatures, "_verifies", count)
        verdict(Verifier(trust=AUTHORITY.trust), [leaf, *others])
    assert made <= FILTER_AND_DIAGNOSIS


def _interlinked() -> list[bytes]:
    """Authorities of two names that certify each other, each with several keys."""
    root = AUTHORITY.root_issuer
    a_name, root_name = authority_name("Test A"), root.subject
    keys = [AUTHORITY.keys.key(f"interlinked {i}") for i in range(4)]
    a1 = root.issue_authority(a_name, key=keys[0], path_length=None)
    r1 = a1.issue_authority(root_name, key=keys[1], path_length=None)
    a2 = r1.issue_authority(a_name, key=keys[2], path_length=None)
    r2 = a2.issue_authority(root_name, key=keys[3], path_length=None)
    return [a1.der, r1.der, a2.der, r2.der]


HOSTILE = [
    *_interlinked(),
    *_decoys(3),
    *chains.self_issued(AUTHORITY.issuer, 2),
    chains.impostor(AUTHORITY).issuer.der,
    *chains.deeper(AUTHORITY, None, None, None).chain,
]
LEAVES = [
    AUTHORITY.issuer.issue_leaf(deviations=[deviations.WrongSigner()]),
    AUTHORITY.issuer.issue_leaf(deviations=[deviations.IssuerName(authority_name("Test A"))]),
    AUTHORITY.issuer.issue_leaf(deviations=[deviations.IssuerName(AUTHORITY.root_issuer.subject)]),
    chains.deeper(AUTHORITY, None, None, None).issue_leaf(),
]


# What it says, and to whom

EVIL = "Evil\nCA\x1b[2J\u202e\u2028"
EVIL_NAME = distinguished_name(CN=EVIL, O="Example", C="US")


def _harmless(text: str) -> bool:
    return text.isprintable() and EVIL not in text and "\n" not in text


def test_names_are_escaped_wherever_they_are_told(verifier: Verifier) -> None:
    unknown = AUTHORITY.attest(deviations=[deviations.IssuerName(EVIL_NAME)])
    not_ca = AUTHORITY.root_issuer.issue_authority(
        EVIL_NAME, deviations=[deviations.NotACA()]
    ).attest()
    genuine = AUTHORITY.root_issuer.issue_authority(EVIL_NAME)
    unsigned = genuine.attest(deviations=[deviations.WrongSigner()])
    for chain, reason, element in (
        (unknown, Reason.UNKNOWN_ISSUER, "x5c[0]"),
        (not_ca, Reason.ISSUER_NOT_CA, "x5c[1]"),
        (unsigned, Reason.BAD_SIGNATURE, "x5c[0]"),
    ):
        error = refuse(verifier, chain, UntrustedChain, reason, element)
        assert "Evil" in error.detail
        assert _harmless(error.detail)
        assert _harmless(str(error))
        assert _harmless(error.problem(disclose=True)["detail"])
    accept(verifier, genuine.attest())


def test_a_long_name_is_cut(verifier: Verifier) -> None:
    name = distinguished_name(O="A" * 900)
    chain = AUTHORITY.attest(deviations=[deviations.IssuerName(name)])
    error = refuse(verifier, chain, UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    assert len(error.detail) < 200
    assert "A" * 70 in error.detail
    assert "A" * 81 not in error.detail


REFUSED: list[list[bytes]] = [
    [LEAF],
    chains.by_leaf(AUTHORITY).attest(),
    [*chains.by_leaf(AUTHORITY).attest()[:2]],
    AUTHORITY.attest(deviations=[deviations.WrongSigner()]),
    AUTHORITY.attest(deviations=[deviations.Expired()]),
    AUTHORITY.attest(deviations=[deviations.NotYetValid()]),
    AUTHORITY.attest(deviations=[deviations.SelfSigned()]),
    AUTHORITY.attest(deviations=[deviations.LeafIsCA()]),
    AUTHORITY.attest(deviations=[deviations.CriticalExtension()]),
    AUTHORITY.attest(deviations=[deviations.Truncated()]),
    AUTHORITY.attest(deviations=[deviations.ZeroSerial()]),
    AUTHORITY.attest(deviations=[deviations.DoubledExtension("1.2.840.113635.100.8.9.1")]),
    AUTHORITY.attest(deviations=[deviations.ExtensionValue("1.2.840.113635.100.8.9.1", b"\2\0")]),
    AUTHORITY.attest(deviations=[deviations.Utf8StringText()]),
    AUTHORITY.attest(intermediate_deviations=[deviations.NotACA()]),
    AUTHORITY.attest(intermediate_deviations=[deviations.Expired()]),
    chains.deeper(AUTHORITY, 0, 0).attest(),
    chains.impostor(AUTHORITY).attest(),
    [INTERMEDIATE],
]


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_what_others_may_read_names_no_device(index: int) -> None:
    chain = REFUSED[index]
    ended = verdict(Verifier(trust=AUTHORITY.trust), chain)
    assert isinstance(ended, Refusal)
    error = refuse(Verifier(trust=AUTHORITY.trust), chain, ended.kind, ended.reason, ended.element)
    public = " ".join([str(error), repr(error), str(error.problem())])
    device = decode_certificate(LEAF)
    common_name = device.x509.subject.rfc4514_string().split("CN=")[1].split(",")[0]
    hidden = ["TESTSERIAL", "TESTUDID", common_name, "Test Enterprise", "Test Level", "Example"]
    assert [name for name in hidden if name in public] == []
    assert ended.reason in str(error)
    assert error.detail == ended.detail != ""
