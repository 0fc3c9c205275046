"""What is presented is counted, measured, de-duplicated and fully decoded before all else."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import UNCHECKED, Limits, Outcome, Reason, Report, UntrustedChain, Verifier
from appleattest.carriers.certificate_sequence import read_chain
from appleattest.certificates import DecodedCertificate, decode_certificate
from appleattest.chain.presented import decode_presented, element_at
from appleattest.errors import MalformedInput
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Digest,
    KeyKind,
    authority_name,
    chains,
    csr,
    deviations,
)
from chain_cases import AUTHORITY, accept, path_of, refuse

CHAIN = AUTHORITY.attest()
EXTRAS = chains.unrelated(AUTHORITY, 2)


def examine(verifier: Verifier, ders: list[bytes]) -> Report:
    return verifier.examine_chain(ders, freshness=UNCHECKED, at=AUTHORITY.issued_at)


def nothing_known(_encoded: bytes) -> DecodedCertificate | None:
    return None


def broken_extra(*changes: Deviation) -> bytes:
    """A certificate that leads nowhere, and is broken besides."""
    return AUTHORITY.root_issuer.issue_authority(
        authority_name("Test Broken Extra"), deviations=changes
    ).der


def test_elements_are_counted_from_nought() -> None:
    assert [element_at(index) for index in range(3)] == ["x5c[0]", "x5c[1]", "x5c[2]"]


@pytest.mark.parametrize("allowed", [1, 2, 5])
def test_one_certificate_too_many(allowed: int) -> None:
    limits = Limits(certificates=allowed)
    read_chain([b"a"] * allowed, limits)
    with pytest.raises(MalformedInput) as caught:
        read_chain([b"a"] * (allowed + 1), limits)
    assert caught.value.reason is Reason.TOO_LARGE
    assert caught.value.element is None
    assert f"more than the {allowed} certificates" in caught.value.detail


@pytest.mark.parametrize("index", [0, 1, 2])
def test_one_octet_too_many(index: int) -> None:
    ders = [b"a" * 16] * 3
    read_chain(ders, Limits(certificate_bytes=16))
    ders[index] += b"a"
    with pytest.raises(MalformedInput) as caught:
        read_chain(ders, Limits(certificate_bytes=16))
    assert caught.value.reason is Reason.TOO_LARGE
    assert caught.value.element == element_at(index)


def test_one_octet_too_many_together() -> None:
    ders = [b"a" * 16, b"b" * 8, b"b" * 8]
    read_chain(ders, Limits(chain_bytes=32))
    with pytest.raises(MalformedInput) as caught:
        read_chain(ders, Limits(chain_bytes=31))
    assert caught.value.reason is Reason.TOO_LARGE
    assert caught.value.element is None
    assert "32 bytes of certificates; at most 31 are read" in caught.value.detail


def test_the_bound_on_a_chain_holds_for_a_verifier() -> None:
    size = sum(map(len, CHAIN))
    exact = Verifier(trust=AUTHORITY.trust, limits=Limits(chain_bytes=size))
    short = Verifier(trust=AUTHORITY.trust, limits=Limits(chain_bytes=size - 1))
    accept(exact, CHAIN)
    refuse(short, CHAIN, MalformedInput, Reason.TOO_LARGE, None)


def test_too_many_certificates_are_refused_even_as_duplicates(verifier: Verifier) -> None:
    chain = AttestationAuthority("appleattest's own tests").attest()
    accept(verifier, [*chain, *chain[1:] * 3])
    refuse(verifier, [*chain, *chain[1:] * 4], MalformedInput, Reason.TOO_LARGE, None)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_too_large_a_certificate_wherever_it_stands(place: int) -> None:
    ders = [*CHAIN, EXTRAS[0]]
    longest = max(map(len, ders))
    exact = Verifier(trust=AUTHORITY.trust, limits=Limits(certificate_bytes=longest))
    accept(exact, ders)
    ders[place] = ders[place] + bytes(longest + 1 - len(ders[place]))
    refuse(exact, ders, MalformedInput, Reason.TOO_LARGE, element_at(place))


def test_each_certificate_is_decoded_once_and_named_by_its_first_place() -> None:
    leaf, intermediate = CHAIN
    ders = [leaf, intermediate, leaf, EXTRAS[0], intermediate]
    presented = decode_presented(ders, nothing_known)
    assert presented.leaf.der == leaf
    assert [c.der for c in presented.others] == [intermediate, EXTRAS[0]]
    assert presented.elements == {leaf: "x5c[0]", intermediate: "x5c[1]", EXTRAS[0]: "x5c[3]"}


def test_what_is_known_is_not_decoded_again_and_the_leaf_always_is() -> None:
    asked: list[bytes] = []
    known = {der: decode_certificate(der) for der in CHAIN}

    def look_up(encoded: bytes) -> DecodedCertificate | None:
        asked.append(encoded)
        return known.get(encoded)

    presented = decode_presented([*CHAIN, EXTRAS[0]], look_up)
    assert asked == [CHAIN[1], EXTRAS[0]]
    assert presented.leaf is not known[CHAIN[0]]
    assert presented.others[0] is known[CHAIN[1]]
    assert presented.others[1].der == EXTRAS[0]


BROKEN: list[tuple[Deviation, Reason]] = [
    (deviations.ZeroSerial(), Reason.MALFORMED_CERTIFICATE),
    (deviations.UnusedBits(), Reason.MALFORMED_CERTIFICATE),
    (deviations.TrailingBytes(), Reason.MALFORMED_CERTIFICATE),
    (deviations.Truncated(), Reason.MALFORMED_CERTIFICATE),
    (deviations.Replaced(b""), Reason.MALFORMED_CERTIFICATE),
    (deviations.BadTime(), Reason.MALFORMED_CERTIFICATE),
    (
        deviations.KeyPoint(deviations.certified_key.PointForm.OFF_CURVE),
        Reason.MALFORMED_CERTIFICATE,
    ),
    (
        # An attribute whose UTF8String is no UTF-8: nobody would read this name.
        deviations.SubjectName(bytes.fromhex("300d310b300906035504030c02fffe")),
        Reason.MALFORMED_CERTIFICATE,
    ),
    (
        deviations.DoubledExtension("2.5.29.14"),
        Reason.DUPLICATE_EXTENSION,
    ),
]


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize(("change", "reason"), BROKEN, ids=[str(case[0])[:40] for case in BROKEN])
def test_a_defect_in_a_needless_certificate_refuses_all(
    change: Deviation, reason: Reason, place: int
) -> None:
    """Else the verdict would depend on which certificates somebody happens to look at."""
    sound, broken = broken_extra(), broken_extra(change)
    for warm in (False, True):
        verifier = Verifier(trust=AUTHORITY.trust)
        if warm:
            accept(verifier, CHAIN)
        ders = [*CHAIN, EXTRAS[0]]
        ders.insert(place, broken)
        refuse(verifier, ders, MalformedInput, reason, element_at(place))
        ders[place] = sound
        assert path_of(accept(verifier, ders))[:2] == tuple(CHAIN)


@settings(deadline=None, max_examples=30)
@given(
    order=st.permutations(range(4)),
    case=st.sampled_from(BROKEN),
)
def test_the_order_decides_nothing_about_a_defect(
    order: list[int], case: tuple[Deviation, Reason]
) -> None:
    change, reason = case
    others = [CHAIN[1], EXTRAS[0], EXTRAS[1], broken_extra(change)]
    ders = [CHAIN[0], *(others[index] for index in order)]
    place = element_at(order.index(3) + 1)
    refuse(Verifier(trust=AUTHORITY.trust), ders, MalformedInput, reason, place)


OUTSIDE: list[tuple[Deviation, Reason]] = [
    (deviations.CriticalExtension(), Reason.CRITICAL_EXTENSION),
    (deviations.NameConstraints(critical=False), Reason.NAME_CONSTRAINTS),
    (deviations.SignatureHash(Digest.SHA1), Reason.WEAK_ALGORITHM),
    (deviations.CertifiedKey(KeyKind.RSA_2048), Reason.WEAK_ALGORITHM),
    (deviations.CertifiedKey(KeyKind.P224), Reason.WEAK_ALGORITHM),
]
"""What the allowlists refuse: fatal in the leaf and on the only path, and else set aside."""
outside = pytest.mark.parametrize(
    ("change", "reason"), OUTSIDE, ids=[str(case[0])[:40] for case in OUTSIDE]
)


@pytest.mark.parametrize("place", [1, 2, 3])
@outside
def test_a_needless_certificate_outside_the_allowlists_is_set_aside(
    change: Deviation, reason: Reason, place: int
) -> None:
    extra = broken_extra(change)
    plain = accept(Verifier(trust=AUTHORITY.trust), [*CHAIN, EXTRAS[0]])
    for warm in (False, True):
        verifier = Verifier(trust=AUTHORITY.trust)
        if warm:
            accept(verifier, CHAIN)
        ders = [*CHAIN, EXTRAS[0]]
        ders.insert(place, extra)
        assert accept(verifier, ders) == plain
        report = examine(verifier, ders)
        check = report.checks[1]
        assert (check.name, check.outcome) == ("certificates", Outcome.FINDING)
        assert (check.reason, check.element) == (reason, element_at(place))
        assert check.detail
        assert report.error is None
        assert examine(verifier, [*CHAIN, EXTRAS[0]]).checks[1].outcome is Outcome.PASSED


@outside
def test_the_only_path_may_not_go_outside_the_allowlists(change: Deviation, reason: Reason) -> None:
    """root -> [intermediate outside the allowlists] -> leaf"""
    outside_path = [CHAIN[0], AUTHORITY.reissue(deviations=[change]).der]
    verifier = Verifier(trust=AUTHORITY.trust)
    for warm in (False, True):
        if warm:
            accept(verifier, CHAIN)
        refuse(verifier, outside_path, UntrustedChain, reason, "x5c[1]")
        refuse(verifier, [CHAIN[0], EXTRAS[0], outside_path[1]], UntrustedChain, reason, "x5c[2]")
    # The same certificate beside the one that it stands in for, in either order.
    accept(verifier, [CHAIN[0], CHAIN[1], outside_path[1]])
    accept(verifier, [CHAIN[0], outside_path[1], CHAIN[1]])


@outside
def test_a_leaf_outside_the_allowlists_is_refused(change: Deviation, reason: Reason) -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    refuse(verifier, AUTHORITY.attest(deviations=[change]), UntrustedChain, reason, "x5c[0]")


def test_every_certificate_that_is_set_aside_is_named() -> None:
    critical = broken_extra(deviations.CriticalExtension())
    weak = broken_extra(deviations.CertifiedKey(KeyKind.ED25519))
    report = examine(Verifier(trust=AUTHORITY.trust), [*CHAIN, critical, weak, critical])
    assert report.error is None
    assert report.checks[1].element == "x5c[2]"
    assert "; x5c[3]: a key of another kind" in report.checks[1].detail


def test_a_defect_counts_before_what_is_set_aside() -> None:
    """A certificate of another algorithm is decoded all the same."""
    damaged = broken_extra(deviations.CertifiedKey(KeyKind.RSA_2048), deviations.BadTime())
    verifier = Verifier(trust=AUTHORITY.trust)
    refuse(verifier, [*CHAIN, damaged], MalformedInput, Reason.MALFORMED_CERTIFICATE, "x5c[2]")


def test_what_is_outside_and_reaches_no_anchor_explains_nothing() -> None:
    """[another root -> intermediate -> leaf], and beside it a certificate of another algorithm."""
    stranger = AttestationAuthority("a stranger", root_name=authority_name("Stranger Root"))
    weak = broken_extra(deviations.CertifiedKey(KeyKind.RSA_2048))
    verifier = Verifier(trust=AUTHORITY.trust)
    refuse(verifier, [*stranger.attest(), weak], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[1]")


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P384])
def test_what_names_itself_as_its_issuer_explains_nothing(kind: KeyKind) -> None:
    """Whatever its algorithm: it is on no path, and the leaf's issuer is not there."""
    name = AUTHORITY.issuer.subject
    verifier = Verifier(trust=AUTHORITY.trust)
    itself = chains.self_signed_certificate(AUTHORITY, name=name, kind=kind)
    refuse(verifier, [CHAIN[0], itself], UntrustedChain, Reason.UNKNOWN_ISSUER, "x5c[0]")
    weak = chains.cross_certificate(AUTHORITY, name=name, kind=KeyKind.RSA_2048)
    refuse(verifier, [CHAIN[0], weak], UntrustedChain, Reason.WEAK_ALGORITHM, "x5c[1]")
    with pytest.raises(UntrustedChain) as caught:
        verifier.verify_chain([CHAIN[0], weak], freshness=UNCHECKED, at=AUTHORITY.issued_at)
    assert caught.value.detail


def test_what_is_set_aside_is_compared_with_the_other_obstacles() -> None:
    """Two issuers of the leaf: one leads to a weak certificate, the other to none."""
    names = [csr.subject_of(each) for each in ("weak", "unknown")]
    issuers = [AUTHORITY.reissue(deviations=[deviations.IssuerName(each)]).der for each in names]
    weak = chains.cross_certificate(AUTHORITY, name=names[0], kind=KeyKind.RSA_2048)
    verifier = Verifier(trust=AUTHORITY.trust)
    for order in permutations([*issuers, weak]):
        ders = [CHAIN[0], *order]
        element = f"x5c[{ders.index(weak)}]"
        refuse(verifier, ders, UntrustedChain, Reason.WEAK_ALGORITHM, element)


def test_the_order_decides_nothing_about_which_reason_explains() -> None:
    """The leaf's issuer three times, each outside the allowlists for another reason."""
    outside_path = [AUTHORITY.reissue(deviations=[change]).der for change, _ in OUTSIDE[:3]]
    verifier = Verifier(trust=AUTHORITY.trust)
    for order in permutations(outside_path):
        element = element_at(order.index(outside_path[1]) + 1)
        chain = [CHAIN[0], *order]
        refuse(verifier, chain, UntrustedChain, Reason.NAME_CONSTRAINTS, element)
    accept(verifier, [CHAIN[0], *outside_path, CHAIN[1]])


@settings(deadline=None, max_examples=60)
@given(
    order=st.permutations(range(4)),
    cases=st.lists(st.sampled_from(OUTSIDE), min_size=1, max_size=2),
    warm=st.booleans(),
)
def test_the_order_and_the_memory_decide_nothing_about_what_is_set_aside(
    order: list[int], cases: list[tuple[Deviation, Reason]], warm: bool
) -> None:
    extras = [broken_extra(change) for change, _ in cases]
    others = [CHAIN[1], *extras, *EXTRAS][:4]
    verifier = Verifier(trust=AUTHORITY.trust)
    if warm:
        accept(verifier, CHAIN)
    attestation = accept(verifier, [CHAIN[0], *(others[index] for index in order)])
    assert attestation == accept(Verifier(trust=AUTHORITY.trust), CHAIN)


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384])
def test_an_attested_key_that_a_secure_enclave_can_hold(kind: KeyKind, verifier: Verifier) -> None:
    authority = AttestationAuthority("appleattest's own tests")
    key = authority.keys.ec("attested otherwise", kind).public_key()
    attestation = accept(verifier, authority.attest(public_key=key))
    assert attestation.public_key == key


@pytest.mark.parametrize(
    "kind",
    [
        KeyKind.P521,
        KeyKind.P224,
        KeyKind.SECP256K1,
        KeyKind.RSA_1024,
        KeyKind.RSA_2048,
        KeyKind.ED25519,
    ],
)
def test_any_other_attested_key(kind: KeyKind) -> None:
    key = AUTHORITY.keys.key("attested otherwise", kind).public_key()
    verifier = Verifier(trust=AUTHORITY.trust)
    chain = AUTHORITY.attest(public_key=key)
    refuse(verifier, chain, UntrustedChain, Reason.WEAK_ALGORITHM, "x5c[0]")


def test_p521_is_an_issuers_key_and_no_devices() -> None:
    issuer = chains.rekeyed(AUTHORITY, kind=KeyKind.P521)
    verifier = Verifier(trust=AUTHORITY.trust)
    assert path_of(accept(verifier, issuer.attest()))[1] == issuer.der
    presented = decode_presented([CHAIN[0], issuer.der], nothing_known)
    assert len(presented.others) == 1
    with pytest.raises(UntrustedChain) as caught:
        decode_presented([issuer.der, CHAIN[0]], nothing_known)
    assert caught.value.reason is Reason.WEAK_ALGORITHM
    assert caught.value.element == "x5c[0]"
