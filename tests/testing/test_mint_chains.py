from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from mint_tools import AUTHORITY, accepts

from appleattest.testing import ISSUED_AT, AttestationAuthority, KeyKind, authority_name, chains


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
