from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Freshness, Limits, MalformedInput, Reason, UntrustedChain, Verifier
from appleattest.carriers.record import read_record
from appleattest.testing import AttestationAuthority
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory

LIMITS = Limits()
MISSING = ...


def base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")


GOOD: dict[str, Any] = {
    "schema": 1,
    "carrier": "mdm",
    "verified_at": "2025-07-01T12:00:00Z",
    "chain": [base64(b"leaf"), base64(b"intermediate"), base64(b"anchor")],
    "freshness": "earlier",
    "freshness_code": base64(b"nonce"),
    "matched_freshness": base64(b"nonce"),
    "requested_at": "2025-06-30T12:00:00Z",
}


def changed(member: str, value: object) -> dict[str, Any]:
    record = copy.deepcopy(GOOD)
    if value is MISSING:
        del record[member]
    else:
        record[member] = value
    return record


def refused(
    record: object, words: str, reason: Reason = Reason.MALFORMED_JSON, element: str | None = None
) -> None:
    assert_refused(lambda: read_record(record, LIMITS), reason, words, element=element)


def test_what_a_record_says() -> None:
    record = read_record(GOOD, LIMITS)

    assert record.path == [b"leaf", b"intermediate", b"anchor"]
    assert record.carrier == "mdm"
    assert record.verified_at == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert record.answers.freshness is Freshness.EARLIER
    assert record.answers.code == record.answers.matched == b"nonce"
    assert record.answers.requested_at == datetime(2025, 6, 30, 12, tzinfo=UTC)


def test_any_mapping_is_read_and_what_is_unknown_is_ignored() -> None:
    plain = read_record(GOOD, LIMITS)

    assert read_record(MappingProxyType(GOOD), LIMITS) == plain
    assert read_record({**GOOD, "device": {"serial_number": object()}}, LIMITS) == plain
    assert read_record(json.loads(json.dumps(GOOD)), LIMITS) == plain


def test_times_are_brought_to_utc_and_whole_seconds() -> None:
    record = read_record(changed("verified_at", "2025-07-01T14:00:00.999+02:00"), LIMITS)

    assert record.verified_at == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert record.verified_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("member", ["freshness_code", "matched_freshness", "requested_at"])
@pytest.mark.parametrize("absent", [None, MISSING], ids=["null", "absent"])
def test_what_was_not_known_is_none(member: str, absent: object) -> None:
    finding = read_record(changed(member, absent), LIMITS).answers
    field = {"freshness_code": "code", "matched_freshness": "matched"}.get(member, member)

    assert getattr(finding, field) is None


def test_what_an_attestation_wrote_is_read(authority: AttestationAuthority) -> None:
    attestation = authority.verified()
    record = read_record(json.loads(json.dumps(attestation.to_dict())), LIMITS)

    root = authority.root.public_bytes(Encoding.DER)
    assert record.path == [*authority.attest(), root]
    assert record.carrier == attestation.carrier
    assert record.verified_at == attestation.verified_at
    assert record.answers.code == attestation.freshness_code
    assert record.answers.freshness is attestation.freshness


@pytest.mark.parametrize(
    "record",
    [None, 1, "{}", b"{}", [], [GOOD], tuple(GOOD.items()), set(GOOD)],
    ids=["null", "number", "text", "bytes", "list", "list of one", "pairs", "keys"],
)
def test_a_record_is_a_mapping(record: object) -> None:
    refused(record, "what to_dict() gave was expected")


@pytest.mark.parametrize("schema", [MISSING, None, 0, 2, "1", [1]], ids=repr)
def test_another_schema_is_refused(schema: object) -> None:
    refused(changed("schema", schema), "schema 1 was expected")
    refused({}, "schema 1 was expected, 'None' came")


@pytest.mark.parametrize("carrier", [MISSING, None, "", "MDM", "der", 1, ["mdm"], {}], ids=repr)
def test_another_carrier_is_refused(carrier: object) -> None:
    for known in ("mdm", "acme", "chain"):
        assert read_record(changed("carrier", known), LIMITS).carrier == known
    refused(changed("carrier", carrier), "carrier ")


@pytest.mark.parametrize(
    "chain", [MISSING, None, "", base64(b"leaf"), {}, (base64(b"leaf"),), 1], ids=repr
)
def test_the_chain_is_a_list(chain: object) -> None:
    came = "NoneType" if chain is MISSING else type(chain).__name__
    refused(changed("chain", chain), f"an array was expected, '{came}' came", element="chain")


def test_the_chain_is_no_longer_than_a_path() -> None:
    longest = [base64(b"leaf")] * (LIMITS.intermediates + 2)

    assert len(read_record(changed("chain", longest), LIMITS).path) == LIMITS.intermediates + 2
    refused(changed("chain", [*longest, longest[0]]), "of at most 2 cert", element="chain")
    longer = Limits(intermediates=3)
    assert len(read_record(changed("chain", [*longest, longest[0]]), longer).path) == 5


@pytest.mark.parametrize("chain", [[], [base64(b"anchor")]], ids=["nothing", "an anchor alone"])
def test_a_chain_that_was_cut_is_named(chain: list[str]) -> None:
    refused(
        changed("chain", chain),
        f"{len(chain)} certificates: a record holds the whole path, from the leaf to the anchor",
        element="chain",
    )


def test_a_record_without_its_anchor_verifies_as_well(authority: AttestationAuthority) -> None:
    """Anchors are the verifier's to choose. What is cut below the anchor is missed."""
    attestation = authority.verified()
    record = attestation.to_dict()
    whole = record["chain"]

    assert authority.verifier.reverify({**record, "chain": whole[:2]}) == attestation
    with pytest.raises(UntrustedChain) as caught:
        authority.verifier.reverify({**record, "chain": [whole[0], whole[2]]})
    assert caught.value.reason is Reason.UNKNOWN_ISSUER


def test_a_record_of_another_anchor_is_not_trusted(authority: AttestationAuthority) -> None:
    other = AttestationAuthority("the anchors of another verifier").verifier
    with pytest.raises(UntrustedChain):
        other.reverify(authority.verified().to_dict())


def test_the_bound_on_a_certificate_holds_for_a_record(authority: AttestationAuthority) -> None:
    record = authority.verified().to_dict()
    size = max(map(len, authority.attest()))
    exact = Verifier(trust=authority.trust, limits=Limits(certificate_bytes=size))
    short = Verifier(trust=authority.trust, limits=Limits(certificate_bytes=size - 1))
    assert exact.reverify(record).chain
    with pytest.raises(MalformedInput):
        short.reverify(record)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "base64 text was expected, "),
        (1, "base64 text was expected, "),
        (b"bGVhZg==", "base64 text was expected, "),
        (["bGVhZg=="], "base64 text was expected, "),
        ("bGVhZg", "not canonical base64 with padding"),
        ("bGVhZg==\n", "not canonical"),
        ("bGV hZg==", "not canonical"),
        ("bGVh-_==", "not canonical"),
        ("bGVhZé==", "not canonical"),
        ("b\ud800", "not canonical"),
    ],
)
def test_certificates_and_codes_are_base64(text: object, words: str) -> None:
    good = base64(b"leaf")

    assert read_record(changed("chain", [good, good]), LIMITS).path == [b"leaf", b"leaf"]
    refused(changed("chain", [text, good]), words)
    if text is not None:
        refused(changed("freshness_code", text), words)
        refused(changed("matched_freshness", text), words)


def test_the_bounds_of_certificates_and_codes() -> None:
    def chain_of(size: int) -> dict[str, Any]:
        return changed("chain", [base64(b"leaf"), base64(bytes(size)), base64(b"anchor")])

    assert read_record(chain_of(4096), LIMITS).path == [b"leaf", bytes(4096), b"anchor"]
    refused(chain_of(10_000), "hold more than 4096 bytes")
    for member in ("freshness_code", "matched_freshness"):
        read_record(changed(member, base64(bytes(4096))), LIMITS)
        refused(changed(member, base64(bytes(4097))), "hold more than 4096 bytes")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_texts_have_no_more_characters_than_the_largest_certificate(limit: int) -> None:
    largest, more = base64(bytes(limit)), "A" * (len(base64(bytes(limit))) + 4)
    limits = Limits(certificate_bytes=limit)
    record = {**GOOD, "chain": [largest] * 2, "matched_freshness": None}

    read = read_record({**record, "freshness_code": largest}, limits)
    assert read.answers.code == bytes(limit)
    assert_refused(
        lambda: read_record({**record, "freshness_code": more}, limits),
        Reason.MALFORMED_JSON,
        f"hold more than {limit} bytes",
    )


@pytest.mark.parametrize("freshness", [MISSING, None, "", "CURRENT", "fresh", 1, []], ids=repr)
def test_an_unknown_freshness_is_refused(freshness: object) -> None:
    for known in Freshness:
        assert read_record(changed("freshness", known.value), LIMITS).answers.freshness is known
    refused(changed("freshness", freshness), "Error: ")


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (1, "a time in RFC 3339 was expected, 'int' came"),
        (datetime(2025, 7, 1, tzinfo=UTC), "a time in RFC 3339 was expected, 'datetime' came"),
        ("", "isoformat"),
        ("yesterday", "isoformat"),
        ("2025-07-01T12:00:00", "ValueError"),
        ("2025-02-29T12:00:00Z", "ValueError"),
        ("0001-01-01T00:00:00+23:59", "Error"),
    ],
)
def test_times_are_rfc_3339(time: object, words: str) -> None:
    for member in ("verified_at", "requested_at"):
        read_record(changed(member, "2025-07-01T12:00:00+00:00"), LIMITS)
        refused(changed(member, time), words)


@pytest.mark.parametrize("absent", [None, MISSING], ids=["null", "absent"])
def test_a_record_says_when_it_was_made(absent: object) -> None:
    refused(changed("verified_at", absent), "a time in RFC 3339 was expected, 'NoneType' came")


def test_a_mapping_that_raises_is_refused() -> None:
    class Hostile(dict[str, Any]):
        def get(self, *_: object) -> Any:
            raise RuntimeError("never mind\x1b[2J")

    refused(Hostile(GOOD), "RuntimeError: 'never mind\\x1b[2J'")


def test_a_number_of_more_digits_than_python_shows_is_refused() -> None:
    refused(changed("schema", 10**5000), "ValueError")


@pytest.mark.parametrize(
    "make",
    [
        lambda: changed("chain", ["A" * (1 << 26)] * 2),
        lambda: changed("chain", ["A"] * (1 << 20)),
        lambda: changed("freshness_code", "A" * (1 << 26)),
        lambda: changed("verified_at", "2" * (1 << 20)),
    ],
    ids=["certificate", "chain", "code", "time"],
)
def test_a_record_of_any_size_costs_little_memory(make: Callable[[], dict[str, Any]]) -> None:
    record = make()

    assert peak_memory(lambda: read_record(record, LIMITS)) < MOST_MEMORY


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(GOOD)), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(ANYTHING, st.sampled_from(sorted(GOOD)))
def test_whatever_the_record_only_a_refusal_comes_out(value: object, member: str) -> None:
    accepted_or_refused(lambda: read_record(value, LIMITS))
    accepted_or_refused(lambda: read_record(changed(member, value), LIMITS))
