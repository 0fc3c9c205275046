from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from mint_tools import AUTHORITY, accepts, tbs

from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Digest,
    KeyKind,
    authority_name,
    chains,
    deviations,
    keys,
)


@pytest.mark.parametrize(
    ("path_lengths", "valid"),
    [((0,), True), ((1, 0), True), ((0, 0), False), ((None, None, None), True), ((2, 0, 0), False)],
    ids=str,
)
def test_deeper(path_lengths: tuple[int | None, ...], valid: bool) -> None:
    chain = chains.deeper(AUTHORITY, *path_lengths).attest()

    assert len(chain) == 1 + len(path_lengths)
    assert accepts(chain) is valid


def test_reissued_certifies_the_same_name_and_key_for_another_time() -> None:
    end = ISSUED_AT + timedelta(days=1)
    other = chains.reissued(AUTHORITY, not_after=end)

    assert other.der != AUTHORITY.issuer.der
    assert other.certificate.serial_number != AUTHORITY.intermediate.serial_number
    assert other.issue_leaf() == AUTHORITY.issuer.issue_leaf()
    assert accepts(other.attest())
    assert not accepts(other.attest(), end + timedelta(seconds=1))


@pytest.mark.parametrize("kind", [KeyKind.P384, KeyKind.RSA_2048])
def test_rekeyed_has_the_name_and_another_key(kind: KeyKind) -> None:
    other = chains.rekeyed(AUTHORITY, kind=kind)
    leaf, _ = AUTHORITY.attest()

    assert other.certificate.subject == AUTHORITY.intermediate.subject
    assert accepts(other.attest())
    assert not accepts([leaf, other.der])
    assert accepts([leaf, other.der, AUTHORITY.issuer.der])


def test_self_issued_certificates_differ_and_verify_each_other() -> None:
    certificates = chains.self_issued(AUTHORITY.issuer, 4)

    assert len(set(certificates)) == 4
    for der in certificates:
        certificate = x509.load_der_x509_certificate(der)
        assert certificate.issuer == certificate.subject
        certificate.verify_directly_issued_by(AUTHORITY.intermediate)


def test_cross_signed_is_accepted_under_both_roots() -> None:
    new = AttestationAuthority("new", root_name=authority_name("Test Root, next"))

    chain = chains.cross_signed(new, by=AUTHORITY).attest()

    assert len(chain) == 3
    assert accepts(chain)
    assert accepts(chain, root=new.root)
    assert not accepts(chain[:2])
    assert accepts(chain[:2], root=new.root)


def test_an_impostor_has_every_name_and_no_key() -> None:
    other = chains.impostor(AUTHORITY)

    assert other.root.subject == AUTHORITY.root.subject
    assert other.intermediate.subject == AUTHORITY.intermediate.subject
    assert accepts(other.attest(), root=other.root)
    assert not accepts(other.attest())


def test_unrelated_intermediates_reach_no_known_root() -> None:
    certificates = chains.unrelated(AUTHORITY, 3)
    leaf, intermediate = AUTHORITY.attest()

    assert len(set(certificates)) == 3
    assert not accepts([leaf, *certificates])
    assert accepts([leaf, *certificates, intermediate])


EXTRA_DEVIATIONS = [
    deviations.CriticalExtension(),
    deviations.NameConstraints(),
    deviations.SignatureHash(Digest.SHA256),
]


@pytest.mark.parametrize("kind", KeyKind)
def test_a_cross_certificate_is_the_roots_about_any_key(kind: KeyKind) -> None:
    der = chains.cross_certificate(AUTHORITY, kind=kind)
    certificate = x509.load_der_x509_certificate(der)

    certificate.verify_directly_issued_by(AUTHORITY.root)
    assert certificate.issuer != certificate.subject
    assert tbs(der)["subject_public_key_info"].dump() == keys.spki_of(
        AUTHORITY.keys.key("cross-certified", kind).public_key()
    )


@pytest.mark.parametrize("kind", KeyKind)
def test_a_self_signed_certificate_has_any_key(kind: KeyKind) -> None:
    der = chains.self_signed_certificate(AUTHORITY, kind=kind)
    certificate = x509.load_der_x509_certificate(der)

    assert certificate.issuer == certificate.subject
    certificate.verify_directly_issued_by(certificate)
    ring = AUTHORITY.keys.other("self-signed")
    assert tbs(der)["subject_public_key_info"].dump() == keys.spki_of(
        ring.key("self-signed", kind).public_key()
    )


@pytest.mark.parametrize("build", [chains.cross_certificate, chains.self_signed_certificate])
@pytest.mark.parametrize("deviation", EXTRA_DEVIATIONS, ids=lambda each: type(each).__name__)
def test_an_extra_certificate_can_be_broken_and_named(
    build: Callable[..., bytes], deviation: Deviation
) -> None:
    name = AUTHORITY.root_issuer.subject
    plain, broken = build(AUTHORITY, name=name), build(AUTHORITY, name=name, deviations=[deviation])

    assert plain != broken
    for der in (plain, broken):
        assert x509.load_der_x509_certificate(der).subject == AUTHORITY.root.subject


@pytest.mark.parametrize("build", [chains.cross_certificate, chains.self_signed_certificate])
def test_an_extra_certificate_harms_no_path(build: Callable[..., bytes]) -> None:
    extra = build(AUTHORITY)
    leaf, intermediate = AUTHORITY.attest()

    assert accepts([leaf, intermediate, extra])
    assert not accepts([leaf, extra])


def test_a_leaf_that_issues_is_refused() -> None:
    chain = chains.by_leaf(AUTHORITY).attest(freshness_code=b"forged")

    forged, leaf, intermediate = (x509.load_der_x509_certificate(der) for der in chain)
    forged.verify_directly_issued_by(leaf)
    leaf.verify_directly_issued_by(intermediate)
    assert not accepts(chain)


def test_a_root_can_issue_a_leaf_itself() -> None:
    chain = chains.by_root(AUTHORITY).attest(at=datetime(2024, 1, 1, tzinfo=UTC))

    assert len(chain) == 1
    assert accepts(chain, datetime(2024, 1, 1, tzinfo=UTC))
