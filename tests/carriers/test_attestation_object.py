from __future__ import annotations

from array import array
from functools import partial
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import AttestationError, Limits, NoAttestation, Reason, Verifier
from appleattest.carriers.attestation_object import read_attestation_object, read_usual_object
from appleattest.freshness import UNCHECKED
from appleattest.testing import AttestationAuthority, Properties
from appleattest.testing.carriers import attestation_object, cbor_head, cbor_map
from appleattest.wire import base64url, cbor
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory

LIMITS = Limits()
CHAIN = [b"leaf", b"intermediate"]
GOOD = attestation_object(CHAIN)
MALFORMED = Reason.MALFORMED_ATTESTATION_OBJECT


def read(device: object) -> list[bytes]:
    return read_attestation_object(device, LIMITS)


def refused(device: object, reason: Reason, words: str, element: str | None = None) -> None:
    assert_refused(lambda: read(device), reason, words, element=element)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, base64url.encode])
def test_the_chain_is_read_from_cbor_and_from_base64url(kind: Any) -> None:
    assert read(kind(GOOD)) == CHAIN


def test_unknown_keys_are_ignored() -> None:
    extra = {
        "authData": b"\x00" * 37,
        "": None,
        "x5c": "not here",
        "more": [1.5, float("inf"), cbor2.undefined, {"attStmt": {}}],
    }

    assert read(attestation_object(CHAIN, extra=extra)) == CHAIN
    assert read(attestation_object(CHAIN, extra={"authData": "of any type"})) == CHAIN
    assert (
        read(attestation_object(CHAIN, statement_extra={"alg": -7, "sig": [], "fmt": 1})) == CHAIN
    )


def test_bytes_are_never_taken_for_text_nor_text_for_bytes() -> None:
    text = base64url.encode(GOOD)

    assert read(text) == read(GOOD) == CHAIN
    refused(text.encode("ascii"), Reason.MALFORMED_CBOR, "")
    refused(GOOD.decode("latin-1"), Reason.MALFORMED_BASE64, "canonical base64url")
    refused(text.encode("ascii").hex(), Reason.MALFORMED_CBOR, "")


@pytest.mark.parametrize("damage", ["{}=", "{}==", " {}", "{}\n", "\ufeff{}", "{}+", "{}Ð", "{}\0"])
def test_base64url_that_is_not_canonical_is_refused(damage: str) -> None:
    text = base64url.encode(GOOD)

    assert read(text) == CHAIN
    refused(damage.format(text), Reason.MALFORMED_BASE64, "canonical base64url")


@pytest.mark.parametrize(
    "device",
    [None, 1, 1.5, True, [GOOD], (GOOD,), {"attObj": GOOD}, array("B", GOOD), object()],
    ids=lambda device: type(device).__name__,
)
def test_other_types_are_refused(device: object) -> None:
    refused(device, MALFORMED, "CBOR bytes or base64url text was expected")


@pytest.mark.parametrize("item", [None, 1, "apple", b"apple", [], [GOOD]], ids=repr)
def test_the_object_is_a_map(item: object) -> None:
    refused(cbor2.dumps(item), MALFORMED, "a map was expected")


def test_the_object_has_a_format() -> None:
    statement = {"attStmt": {"x5c": CHAIN}}

    assert read(cbor2.dumps({"fmt": "apple", **statement})) == CHAIN
    refused(cbor2.dumps(statement), MALFORMED, "the map has no fmt", "fmt")
    refused(cbor2.dumps({}), MALFORMED, "the map has no fmt", "fmt")


@pytest.mark.parametrize(
    "fmt",
    [
        *("", "Apple", "apple ", "APPLE", "apple\0", "none", "packed", "android-key"),
        *(b"apple", None, True, 0, ["apple"], {"apple": "apple"}),
    ],
    ids=repr,
)
def test_any_format_but_apple_is_unsupported(fmt: Any) -> None:
    assert read(attestation_object(CHAIN, fmt="apple")) == CHAIN
    refused(
        attestation_object(CHAIN, extra={"fmt": fmt}),
        Reason.UNSUPPORTED_FORMAT,
        "is not supported; 'apple' is",
        "fmt",
    )


def test_the_format_is_judged_before_the_statement() -> None:
    refused(cbor2.dumps({"fmt": "none"}), Reason.UNSUPPORTED_FORMAT, "'none'", "fmt")


@pytest.mark.parametrize("statement", [None, 1, "x", b"x", [], CHAIN], ids=repr)
def test_the_statement_is_a_map(statement: object) -> None:
    refused(
        cbor2.dumps({"fmt": "apple", "attStmt": statement}),
        MALFORMED,
        f"a map was expected, '{type(statement).__name__}' came",
        "attStmt",
    )


def test_the_statement_is_there() -> None:
    refused(cbor2.dumps({"fmt": "apple"}), MALFORMED, "a map was expected", "attStmt")
    refused(cbor2.dumps({"fmt": "apple", "x5c": CHAIN}), MALFORMED, "a map was", "attStmt")
    refused(cbor2.dumps({"fmt": "apple", "attStmt": {}}), MALFORMED, "an array was", "x5c")


@pytest.mark.parametrize("chain", [None, 1, "x", b"x", {}, {"0": b"leaf"}, True], ids=repr)
def test_the_chain_is_an_array(chain: object) -> None:
    refused(
        attestation_object([], statement_extra={"x5c": chain}),
        MALFORMED,
        f"an array was expected, '{type(chain).__name__}' came",
        "x5c",
    )


def test_an_empty_chain_is_what_a_client_sends_whose_attestation_failed() -> None:
    for device in (attestation_object([]), base64url.encode(attestation_object([]))):
        assert_refused(
            partial(read, device),
            Reason.NO_ATTESTATION,
            "x5c is empty",
            element="x5c",
            kind=NoAttestation,
        )


@pytest.mark.parametrize("item", [None, 1, "leaf", [], [b"leaf"], {}, 1.5], ids=repr)
@pytest.mark.parametrize("index", [0, 1])
def test_each_certificate_is_bytes(item: object, index: int) -> None:
    chain: list[Any] = list(CHAIN)
    chain[index] = item

    refused(attestation_object(chain), MALFORMED, "DER bytes were expected", f"x5c[{index}]")


def test_the_bounds_of_the_chain() -> None:
    assert read(attestation_object([b"leaf"] * 5)) == [b"leaf"] * 5
    refused(attestation_object([b"leaf"] * 6), Reason.TOO_LARGE, "more than the 5 certificates")
    assert read(attestation_object([b"leaf", bytes(4096)])) == [b"leaf", bytes(4096)]
    refused(attestation_object([b"leaf", bytes(4097)]), Reason.TOO_LARGE, "4097 bytes", "x5c[1]")


def test_the_bound_of_the_object() -> None:
    limit = LIMITS.attestation_object_bytes
    spare = limit - len(attestation_object(CHAIN, extra={"pad": bytes(1000)})) + 1000
    largest = attestation_object(CHAIN, extra={"pad": bytes(spare)})
    larger = attestation_object(CHAIN, extra={"pad": bytes(spare + 1)})

    assert len(largest) == limit
    assert read(largest) == read(base64url.encode(largest)) == CHAIN
    refused(larger, Reason.TOO_LARGE, f"{limit + 1} bytes were presented")
    refused(base64url.encode(larger), Reason.TOO_LARGE, f"hold more than {limit} bytes")
    refused(memoryview(larger), Reason.TOO_LARGE, f"{limit + 1} bytes were presented")


def test_a_key_twice_never_chooses_between_two_chains() -> None:
    fmt, statement = cbor2.dumps("fmt"), cbor2.dumps("attStmt")
    apple = cbor2.dumps("apple")
    one, other = (cbor2.dumps({"x5c": [der]}) for der in (b"one", b"other"))

    assert read(cbor_map((fmt, apple), (statement, one))) == [b"one"]
    refused(
        cbor_map((fmt, apple), (statement, one), (statement, other)),
        Reason.MALFORMED_CBOR,
        "Duplicate map key",
    )
    twice = cbor_map((cbor2.dumps("x5c"), b"\x80"), (cbor2.dumps("x5c"), b"\x81\x41a"))
    refused(cbor_map((fmt, apple), (statement, twice)), Reason.MALFORMED_CBOR, "Duplicate map key")


def test_a_tag_around_any_part_is_refused() -> None:
    fmt, statement, x5c = (cbor2.dumps(key) for key in ("fmt", "attStmt", "x5c"))
    apple, leaf, tag = cbor2.dumps("apple"), cbor2.dumps(b"leaf"), cbor_head(6, 24)

    def built(*tagged: int) -> bytes:
        parts = [tag if place in tagged else b"" for place in range(5)]
        chain = parts[0] + b"\x81" + parts[1] + leaf
        map_ = parts[2] + cbor_map((x5c, chain))
        return parts[4] + cbor_map((fmt, parts[3] + apple), (statement, map_))

    assert read(built()) == [b"leaf"]
    for place in range(5):
        refused(built(place), Reason.MALFORMED_CBOR, "a tag; an attestation object has none")


def test_a_minted_object_verifies_in_either_form(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    minted = authority.attestation_object(properties=Properties.mac())

    for device in (minted, base64url.encode(minted)):
        chain = read(device)
        attestation = verifier.verify_chain(chain, freshness=UNCHECKED, at=authority.issued_at)
        assert attestation.device.serial_number == Properties.mac().serial_number


@pytest.mark.parametrize(
    "unit", [b"\x81", b"\xa1\x61a", b"\x80", b"\xa0", b"\x40", b"\xc1", b"\x60"]
)
def test_the_largest_input_costs_little_memory(unit: bytes) -> None:
    size = LIMITS.attestation_object_bytes - 20
    count = size // len(unit)
    array_ = cbor_head(4, count, width=4) + unit * count
    apple = (cbor2.dumps("fmt"), cbor2.dumps("apple"))
    for device in (
        cbor_map((cbor2.dumps("fmt"), array_)),
        cbor_map(apple, (cbor2.dumps("a"), array_)),
        array_,
    ):
        assert peak_memory(partial(read, device)) < MOST_MEMORY


def test_the_largest_text_costs_little_memory() -> None:
    for text in ("A" * 43691, base64url.encode(b"\x58" + bytes(32_000)), "A" * 10_000_000):
        assert peak_memory(partial(read, text)) < MOST_MEMORY


ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.binary(max_size=5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["fmt", "attStmt", "x5c", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.binary(max_size=60)
    | st.text(max_size=60)
    | ITEMS.map(cbor2.dumps)
    | ITEMS.map(lambda item: cbor2.dumps({"fmt": "apple", "attStmt": item}))
    | ITEMS.map(lambda item: cbor2.dumps({"fmt": "apple", "attStmt": {"x5c": item}}))
    | ITEMS
)
def test_whatever_comes_only_certificates_or_a_refusal_come_out(device: object) -> None:
    chain = accepted_or_refused(lambda: read(device))

    assert chain is None or (isinstance(chain, list) and all(type(der) is bytes for der in chain))


def test_no_refusal_names_the_device(authority: AttestationAuthority) -> None:
    serial = Properties.mac().serial_number
    assert serial is not None
    minted = authority.attestation_object(extra={"fmt": serial}, properties=Properties.mac())

    with pytest.raises(AttestationError) as caught:
        read(minted)
    assert serial in caught.value.detail
    assert serial not in str(caught.value)
    assert serial not in str(caught.value.problem())


# The quick reader of the usual form

LONG = [b"leaf" * 70, b"intermediate" * 30]
USUAL = attestation_object(LONG)


def agree(encoded: bytes, limits: Limits = LIMITS) -> bool:
    """Whether the quick reader reads it. Then the general one must, with the same items."""
    items = read_usual_object(encoded, limits)
    if items is None:
        return False
    bounds = {"limit": limits.attestation_object_bytes, "depth": limits.cbor_depth}
    assert cbor.decode(encoded, **bounds) == {"fmt": "apple", "attStmt": {"x5c": items}}
    return True


def test_what_the_client_sends_is_usual() -> None:
    assert agree(USUAL)
    assert read_usual_object(USUAL, LIMITS) == read(USUAL) == LONG
    assert agree(attestation_object([bytes(256)] * 23))


def test_every_bit_every_cut_and_every_doubled_octet() -> None:
    short = attestation_object([bytes(256)] * 2)
    assert agree(short)
    for place in range(len(short)):
        for bit in range(8):
            octet = bytes([short[place] ^ 1 << bit])
            agree(short[:place] + octet + short[place + 1 :])
        agree(short[:place])
        agree(short[:place] + short[place + 1 :])
        agree(short[: place + 1] + short[place:])


@settings(max_examples=300)
@given(
    lengths=st.lists(st.integers(0, 300), max_size=6),
    head=st.integers(0x78, 0x9F),
    tail=st.binary(max_size=3),
)
def test_any_row_of_byte_strings(lengths: list[int], head: int, tail: bytes) -> None:
    items = b"".join(b"\x59" + length.to_bytes(2, "big") + bytes(length) for length in lengths)
    beginning = USUAL[: USUAL.index(b"\x82\x59")]
    read_it = agree(beginning + bytes([head]) + items + tail)
    assert read_it is (bool(lengths) and head == 0x80 + len(lengths) and not tail)


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (
            Limits(attestation_object_bytes=len(USUAL)),
            Limits(attestation_object_bytes=len(USUAL) - 1),
        ),
        (Limits(cbor_depth=3), Limits(cbor_depth=2)),
    ],
    ids=["size", "depth"],
)
def test_the_limits_hold_for_the_usual_form_too(within: Limits, beyond: Limits) -> None:
    assert agree(USUAL, within)
    assert read_usual_object(USUAL, beyond) is None
    assert_refused(lambda: read_attestation_object(USUAL, beyond), *_reason_beyond(beyond))


def _reason_beyond(limits: Limits) -> tuple[Reason, str]:
    if limits.cbor_depth == 2:
        return Reason.MALFORMED_CBOR, "nest"
    return Reason.TOO_LARGE, "at most"
