from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Limits, MalformedInput, NoAttestation, Reason
from appleattest.carriers.certificate_sequence import octets, read_chain
from appleattest.testing import AttestationAuthority
from hostile_input import accepted_or_refused, assert_refused

LIMITS = Limits()


@pytest.mark.parametrize("container", [list, tuple, deque])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_sequence_of_bytes_like_objects_is_copied(container: Any, kind: Any) -> None:
    read = read_chain(container([kind(b"one"), kind(b"two")]), LIMITS)

    assert read == [b"one", b"two"]
    assert {type(item) for item in read} == {bytes}


def test_what_was_read_does_not_change_any_more() -> None:
    item = bytearray(b"one")
    read = read_chain([item], LIMITS)
    item[0] = 0

    assert read == [b"one"]


@pytest.mark.parametrize(
    "device",
    [
        None,
        True,
        0,
        1.5,
        "text",
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        {b"one"},
        {b"one": b"two"},
        iter([b"one"]),
        object(),
        array,
    ],
    ids=lambda device: type(device).__name__,
)
def test_anything_that_is_no_such_sequence_is_refused(device: object) -> None:
    assert read_chain([b"one"], LIMITS) == [b"one"]
    words = f"a sequence of DER certificates was expected, '{type(device).__name__}' came"
    assert_refused(lambda: read_chain(device, LIMITS), Reason.MALFORMED_CERTIFICATE, words)
    assert_refused(
        lambda: read_chain(device, LIMITS, Reason.MALFORMED_PLIST), Reason.MALFORMED_PLIST, words
    )


@pytest.mark.parametrize("item", [None, "text", 1, [b"one"], array("B", b"one")], ids=repr)
@pytest.mark.parametrize("index", [0, 1])
def test_an_item_that_is_not_bytes_is_refused(item: object, index: int) -> None:
    chain: list[object] = [b"one", b"two"]
    assert read_chain(chain, LIMITS) == chain
    chain[index] = item

    for reason in (Reason.MALFORMED_CERTIFICATE, Reason.MALFORMED_ATTESTATION_OBJECT):
        assert_refused(
            partial(read_chain, chain, LIMITS, reason),
            reason,
            f"DER bytes were expected, '{type(item).__name__}' came",
            element=f"x5c[{index}]",
        )


def test_a_decoded_certificate_is_welcome() -> None:
    ders = AttestationAuthority("tests of the sequence").attest()
    leaf, intermediate = map(x509.load_der_x509_certificate, ders)

    assert read_chain([leaf, intermediate], LIMITS) == ders
    assert read_chain((ders[0], intermediate), LIMITS) == ders
    assert_refused(
        lambda: read_chain([leaf], Limits(certificate_bytes=100)),
        Reason.TOO_LARGE,
        "at most 100 are read",
        element="x5c[0]",
    )


def test_what_only_says_that_it_is_a_certificate_is_refused() -> None:
    class Pretender:
        __class__ = x509.Certificate  # type: ignore[assignment]

        def public_bytes(self, _: object) -> bytes:
            raise ZeroDivisionError

    assert isinstance(Pretender(), x509.Certificate)
    assert_refused(
        lambda: read_chain([Pretender()], LIMITS),
        Reason.MALFORMED_CERTIFICATE,
        "DER bytes were expected, 'Pretender' came",
        element="x5c[0]",
    )


@pytest.mark.parametrize("device", [[], ()])
def test_no_certificate_is_no_attestation(device: object) -> None:
    assert_refused(
        lambda: read_chain(device, LIMITS),
        Reason.NO_ATTESTATION,
        "the chain has no certificate",
        kind=NoAttestation,
    )


def test_five_certificates_and_no_more() -> None:
    assert len(read_chain([b"one"] * 5, LIMITS)) == 5
    assert_refused(
        lambda: read_chain([b"one"] * 6, LIMITS), Reason.TOO_LARGE, "more than the 5 certificates"
    )
    assert_refused(lambda: read_chain(range(10**12), LIMITS), Reason.TOO_LARGE, "more than the 5")
    assert read_chain([b"one"] * 6, Limits(certificates=6)) == [b"one"] * 6


def test_of_more_than_five_the_sixth_is_the_last_that_is_asked_for() -> None:
    class Counting(Sequence[bytes]):
        def __init__(self) -> None:
            self.asked: list[int] = []

        def __len__(self) -> int:
            return 100

        def __getitem__(self, index: Any) -> Any:
            self.asked.append(index)
            return b"one"

    chain = Counting()
    assert_refused(lambda: read_chain(chain, LIMITS), Reason.TOO_LARGE, "more than the 5")
    assert chain.asked == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_4096_octets_and_no_more(kind: Any) -> None:
    assert read_chain([b"one", kind(bytes(4096))], LIMITS) == [b"one", bytes(4096)]
    assert_refused(
        lambda: read_chain([b"one", kind(bytes(4097))], LIMITS),
        Reason.TOO_LARGE,
        "4097 bytes were presented; at most 4096 are read",
        element="x5c[1]",
    )


def test_octets_of_wide_items_are_what_is_counted() -> None:
    wide = memoryview(array("Q", [0] * 512))

    assert octets(wide, 4096) == bytes(4096)
    with pytest.raises(MalformedInput) as caught:
        octets(wide, 4095)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_view_that_skips_is_copied() -> None:
    assert octets(memoryview(b"a-b-c")[::2], 3) == b"abc"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
        lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=8,
    )
)
def test_whatever_comes_only_certificates_or_a_refusal_come_out(device: object) -> None:
    read = accepted_or_refused(lambda: read_chain(device, LIMITS))

    assert read is None or read == device
