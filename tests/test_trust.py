"""Whom to believe: Apple's pinned root, and anchors that somebody named on purpose."""

from __future__ import annotations

import copy
import hashlib
import pickle
from importlib.resources import files
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from appleattest import TrustStore, trust
from appleattest.testing import AttestationAuthority, Digest, KeyKind, authority_name, deviations
from appleattest.trust import APPLE_ROOT_SHA256, is_apple_root, pinned_root

OTHER = AttestationAuthority("another authority", root_name=authority_name("Another Root CA"))
PEM_FILE = files("appleattest").joinpath("anchors", "apple-enterprise-attestation-root-ca.pem")
APPLE_PEM = PEM_FILE.read_bytes()
APPLE_DER = x509.load_pem_x509_certificate(APPLE_PEM).public_bytes(Encoding.DER)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


# Apple's root


def test_the_pin_is_the_published_digest() -> None:
    digest = "ccf59ef8fcb3017d97f8b5fa6fa90e7a3f9283f76b55ac6cf6eda8b8b949f05b"

    assert APPLE_ROOT_SHA256.hex() == digest
    assert hashlib.sha256(APPLE_DER).hexdigest() == digest


def test_apples_store_trusts_apples_root_alone() -> None:
    store = TrustStore.apple()

    assert [each.public_bytes(Encoding.DER) for each in store.anchors] == [APPLE_DER]
    assert len(store) == 1
    assert repr(store) == "<TrustStore of 1, Apple among them>"
    assert store == TrustStore.apple() == TrustStore([APPLE_PEM])


def test_a_packaged_root_that_is_not_the_pinned_one_is_refused(
    authority: AttestationAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (pem(authority.root), APPLE_DER[:-1], APPLE_DER + b"\x00"):
        with pytest.raises(ValueError, match="is not the one that is pinned"):
            pinned_root(wrong)
    assert pinned_root(APPLE_PEM) == pinned_root(APPLE_DER) == APPLE_DER

    monkeypatch.setattr(trust, "APPLE_ROOT_SHA256", bytes(32))
    trust._apple_root.cache_clear()
    with pytest.raises(ValueError, match="is not the one that is pinned"):
        TrustStore.apple()


@given(st.binary(max_size=64))
def test_nothing_else_is_apples_root(encoded: bytes) -> None:
    assert not is_apple_root(encoded)
    assert not is_apple_root(APPLE_DER[:-1])
    assert is_apple_root(APPLE_DER)


# What an anchor may be


def test_an_anchor_is_a_certificate_its_der_or_its_pem(authority: AttestationAuthority) -> None:
    root = authority.root
    der = authority.root_issuer.der
    forms: list[Any] = [root, der, bytearray(der), memoryview(der), pem(root), pem(root).decode()]
    with_a_comment = "Subject: a root, é\n" + pem(root).decode()

    for form in (*forms, with_a_comment):
        store = TrustStore([form])
        assert store.anchors == (root,)
        assert store == authority.trust


def test_a_pem_bundle_given_as_one_item_is_an_error(authority: AttestationAuthority) -> None:
    bundle = pem(authority.root) + pem(OTHER.root)

    for item in (bundle, bundle.decode()):
        with pytest.raises(ValueError, match="this PEM text holds several certificates"):
            TrustStore([item])
    assert len(TrustStore([pem(authority.root), pem(OTHER.root)])) == 2


@pytest.mark.parametrize(
    "one", [b"", bytearray(), memoryview(b""), ""], ids=lambda one: type(one).__name__
)
def test_one_certificate_is_not_an_iterable_of_them(one: Any) -> None:
    with pytest.raises(TypeError, match="an iterable of certificates, not one certificate"):
        TrustStore(one)


def test_a_single_certificate_object_is_a_type_error(authority: AttestationAuthority) -> None:
    root: Any = authority.root

    with pytest.raises(TypeError):
        TrustStore(root)
    assert TrustStore([root])


@pytest.mark.parametrize("item", [None, 5, [b"x"], object()], ids=lambda i: type(i).__name__)
def test_an_item_of_another_type_is_a_type_error(item: Any) -> None:
    with pytest.raises(TypeError, match=f"or its bytes, not {type(item).__name__}$"):
        TrustStore([item])


def test_a_store_without_anchors_is_an_error() -> None:
    empty: list[list[bytes] | tuple[bytes, ...]] = [[], ()]
    for nothing in (*empty, iter(empty[0])):
        with pytest.raises(ValueError, match="without anchors trusts nothing"):
            TrustStore(nothing)


def test_only_an_authority_is_an_anchor(authority: AttestationAuthority) -> None:
    leaf, intermediate = authority.attest()

    with pytest.raises(ValueError, match=r"^not a CA certificate, so not acceptable"):
        TrustStore([leaf])
    assert TrustStore([intermediate]).anchors == (authority.intermediate,)


@pytest.mark.parametrize(
    "deviation", [deviations.NotACA(), deviations.NoKeyCertSign(), deviations.NoBasicConstraints()]
)
def test_an_authority_that_may_not_issue_is_no_anchor(deviation: Any) -> None:
    root = AttestationAuthority("a root", root_deviations=[deviation]).root_issuer.der

    with pytest.raises(ValueError, match=r"^not a CA certificate"):
        TrustStore([root])
    assert TrustStore([AttestationAuthority("a root").root_issuer.der])


@pytest.mark.parametrize(
    ("deviation", "reason"),
    [
        (deviations.CertifiedKey(KeyKind.RSA_2048), "weak-algorithm: signed with"),
        (deviations.CertifiedKey(KeyKind.P224), "weak-algorithm: a key of another kind"),
        (deviations.SignatureHash(Digest.SHA1), "weak-algorithm: signed with"),
        (deviations.NameConstraints(), "name-constraints: constrains names"),
        (deviations.CriticalExtension(), "critical-extension: critical extension"),
        (deviations.Truncated(), "malformed-certificate: element at octet 0 is truncated"),
        (deviations.Serial(b""), "malformed-certificate: the serial number"),
        (deviations.UnusedBits(), "malformed-certificate: the signature"),
        (
            deviations.DoubledExtension("2.5.29.15"),
            "duplicate-extension: extension 2.5.29.15 stands twice",
        ),
    ],
    ids=repr,
)
def test_the_allowlists_hold_for_anchors_too(deviation: Any, reason: str) -> None:
    root = AttestationAuthority("a root", root_deviations=[deviation]).root_issuer.der

    with pytest.raises(ValueError, match=f"^not acceptable as a trust anchor: {reason}") as caught:
        TrustStore([root])
    assert type(caught.value) is ValueError
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "item",
    [b"", "", b"nonsense", "nonsense", "é", b"-----BEGIN CERTIFICATE-----"],
    ids=ascii,
)
def test_a_damaged_item_is_a_value_error(item: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TrustStore([item])


@given(st.binary(max_size=100) | st.text(max_size=100))
def test_no_item_raises_anything_else(item: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TrustStore([item])


# The set


def test_anchors_keep_their_order_and_stand_once(authority: AttestationAuthority) -> None:
    store = TrustStore([OTHER.root, authority.root, pem(OTHER.root)])

    assert store.anchors == (OTHER.root, authority.root)
    assert len(store) == 2
    assert tuple(each.x509 for each in store.decoded) == store.anchors
    assert store.subjects == {OTHER.root_issuer.subject, authority.root_issuer.subject}
    assert repr(store) == "<TrustStore of 2>"


def test_adding_makes_another_store(authority: AttestationAuthority) -> None:
    apple = TrustStore.apple()

    both = apple.adding(authority.root)
    three = apple.adding(authority.root, pem(OTHER.root))

    assert apple.anchors == TrustStore.apple().anchors
    assert both.anchors == (*apple.anchors, authority.root)
    assert three.anchors == (*apple.anchors, authority.root, OTHER.root)
    assert repr(both) == "<TrustStore of 2, Apple among them>"
    assert both.adding(authority.root) == both
    assert apple.adding() == apple
    with pytest.raises(ValueError, match="not a CA"):
        apple.adding(authority.attest()[0])


def test_a_store_contains_its_anchors(authority: AttestationAuthority) -> None:
    store = authority.trust

    assert authority.root in store
    assert authority.root_issuer.der in store
    assert authority.intermediate not in store
    assert authority.issuer.der not in store
    assert None not in store
    assert pem(authority.root) not in store


def test_stores_are_equal_when_their_anchors_are(authority: AttestationAuthority) -> None:
    one = TrustStore([authority.root, OTHER.root])
    two = TrustStore([OTHER.root, authority.root])

    assert one == two
    assert hash(one) == hash(two)
    assert one != authority.trust
    assert len({hash(store) for store in (one, authority.trust, TrustStore.apple())}) > 1
    assert one != {authority.root, OTHER.root}
    assert {one, two, authority.trust} == {two, authority.trust}


def test_a_store_does_not_change(authority: AttestationAuthority) -> None:
    store = TrustStore([authority.root])

    for attribute in ("_anchors", "_by_der", "_subjects", "anchors", "other"):
        with pytest.raises(AttributeError, match=r"does not change: make another"):
            setattr(store, attribute, ())
        with pytest.raises(AttributeError, match=r"does not change: make another"):
            delattr(store, attribute)
    with pytest.raises(AttributeError, match=r"does not change: make another"):
        store.__init__([OTHER.root])  # type: ignore[misc]
    assert isinstance(store.subjects, frozenset)
    assert store == authority.trust


def test_a_store_can_be_copied_and_pickled(authority: AttestationAuthority) -> None:
    store = TrustStore([OTHER.root, authority.root])

    for again in (copy.copy(store), copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert type(again) is TrustStore
        assert again == store
        assert again.anchors == store.anchors
        assert again.subjects == store.subjects


def test_a_pickle_is_judged_like_any_other_anchor(authority: AttestationAuthority) -> None:
    make, arguments = authority.trust.__reduce__()

    assert make(*arguments) == authority.trust
    with pytest.raises(ValueError, match="not a CA certificate"):
        make([authority.attest()[0]])
