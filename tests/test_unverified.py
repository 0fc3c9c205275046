from __future__ import annotations

import json
from array import array
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from appleattest import (
    Attestation,
    AttestationError,
    Limits,
    MalformedInput,
    NoAttestation,
    Reason,
    Verifier,
    decode_unverified,
)
from appleattest.attestation import ClaimedProperties, DeviceProperties, UnverifiedAttestation
from appleattest.freshness import UNCHECKED
from appleattest.testing import AttestationAuthority, Properties, deviations
from appleattest.testing.carriers import (
    attestation_object,
    challenge_response,
    response_plist,
    webhook_event,
)
from appleattest.wire import base64url
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory
from real_chains import RealChain

AUTHORITY = AttestationAuthority("tests of what nobody verified")
PROPERTIES = Properties.mac()
CHAIN = AUTHORITY.attest(properties=PROPERTIES)
CERTIFICATES = tuple(x509.load_der_x509_certificate(der) for der in CHAIN)
NO_CERTIFICATE = b"\x30\x03\x02\x01\x00"


def pem(der: bytes, *, line: int = 64, end: str = "\n") -> str:
    text = b64encode(der).decode("ascii")
    lines = [text[start : start + line] for start in range(0, len(text), line)]
    framed = ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
    return end.join(framed)


@dataclass(frozen=True)
class Form:
    """A form, its name, and how a chain is put into it."""

    name: str
    data: Any


def forms(chain: Sequence[bytes]) -> list[Form]:
    cbor = attestation_object(chain)
    xml, binary = response_plist(chain), response_plist(chain, binary=True)
    pems = "".join(map(pem, chain))
    row = b"".join(chain)
    one_line = b64encode(row).decode("ascii")
    return [
        Form("pem", pems),
        Form("pem", pems.encode("ascii")),
        Form("pem", "".join(pem(der, line=76, end="\r\n") for der in chain)),
        Form("pem", "".join(pem(der, line=10_000, end="") for der in chain)),
        Form("pem", "Certificate:\n    Data:\n" + "é comment\n".join(map(pem, chain)) + "end"),
        Form("der", row),
        Form("der", bytearray(row)),
        Form("der", memoryview(row)),
        Form("der", one_line),
        Form("der", "\n".join(one_line[n : n + 76] for n in range(0, len(one_line), 76)) + "\r\n"),
        Form("der", one_line.encode("ascii")),
        Form("attestation-object", cbor),
        Form("attestation-object", base64url.encode(cbor)),
        Form("attestation-object", base64url.encode(cbor).encode("ascii")),
        Form("attestation-object", "\n " + base64url.encode(cbor) + "\r\n"),
        Form("challenge-response", challenge_response(cbor)),
        Form("challenge-response", challenge_response(cbor).decode("ascii")),
        Form("challenge-response", b"\r\n " + challenge_response(cbor, extra={"error": "x"})),
        Form("response-plist", xml),
        Form("response-plist", xml.decode("utf-8")),
        Form("response-plist", b"\xef\xbb\xbf" + xml),
        Form("response-plist", "\ufeff" + xml.decode("utf-8")),
        Form("response-plist", binary),
        Form("webhook-event", webhook_event(xml)),
        Form("webhook-event", webhook_event(binary).decode("ascii")),
        Form("chain", list(chain)),
        Form("chain", tuple(map(memoryview, chain))),
    ]


FORMS = forms(CHAIN)


@pytest.mark.parametrize("form", [pytest.param(f, id=f"{n}-{f.name}") for n, f in enumerate(FORMS)])
def test_every_form_is_told_by_its_content(form: Form) -> None:
    decoded = decode_unverified(form.data)

    assert decoded.carrier == form.name
    assert decoded.chain == CERTIFICATES
    assert decoded.problems == ()
    for name in ("serial_number", "udid", "os_version", "sepos_version", "llb_version"):
        assert getattr(decoded.claims, name) == getattr(PROPERTIES, name)
    assert dict(decoded.claims.raw) == dict(decode_unverified(CHAIN[0]).claims.raw)


@pytest.mark.parametrize(
    "form",
    [pytest.param(f, id=f"{n}-{f.name}") for n, f in enumerate(forms([NO_CERTIFICATE] * 2))],
)
def test_what_holds_no_certificate_is_refused_in_every_form(form: Form) -> None:
    with pytest.raises(AttestationError) as caught:
        decode_unverified(form.data)
    assert caught.value.reason in (Reason.MALFORMED_CERTIFICATE, Reason.MALFORMED_BASE64)
    is_found = caught.value.reason is Reason.MALFORMED_CERTIFICATE
    assert caught.value.element == ("x5c[1]" if is_found else None)


def test_the_real_chains_are_read(real_chain: RealChain) -> None:
    for form in forms(real_chain.ders):
        decoded = decode_unverified(form.data)
        assert decoded.carrier == form.name
        assert decoded.chain[0] == real_chain.leaf
        assert decoded.problems == ()
        assert decoded.claims.serial_number is not None


def test_a_result_is_no_attestation(authority: AttestationAuthority, verifier: Verifier) -> None:
    decoded: Any = decode_unverified(authority.attest())
    verified = authority.verified()

    assert type(decoded) is UnverifiedAttestation
    assert not isinstance(decoded, Attestation)
    assert isinstance(decoded.claims, ClaimedProperties)
    assert not isinstance(decoded.claims, DeviceProperties)
    assert not issubclass(UnverifiedAttestation, Attestation)
    assert not issubclass(ClaimedProperties, DeviceProperties)
    assert decoded != verified
    assert decoded.claims != verified.device
    for missing in ("device", "freshness", "is_current", "spki", "verified_at", "to_dict"):
        assert not hasattr(decoded, missing)
    with pytest.raises(AttestationError):
        verifier.verify_chain(decoded, freshness=UNCHECKED, at=authority.issued_at)  # type: ignore[arg-type]
    with pytest.raises(AttestationError):
        verifier.reverify(decoded, at=authority.issued_at)  # type: ignore[arg-type]


def serial_of(attestation: Attestation, device: DeviceProperties) -> str | None:
    assert attestation.device == device
    return device.serial_number


def test_no_function_that_wants_an_attestation_takes_a_result() -> None:
    """The type checker reports an ignore that nothing needs, so it proves the first half."""
    verified, decoded = AUTHORITY.verified(PROPERTIES), decode_unverified(CHAIN)

    assert serial_of(verified, verified.device) == decoded.claims.serial_number
    with pytest.raises(AttributeError):
        serial_of(decoded, verified.device)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        serial_of(verified, decoded.claims)  # type: ignore[arg-type]


def test_a_result_is_made_by_decoding_only() -> None:
    decoded = decode_unverified(CHAIN)

    with pytest.raises((TypeError, AttributeError)):
        UnverifiedAttestation()  # type: ignore[call-arg]
    with pytest.raises((TypeError, AttributeError)):
        decoded.carrier = "mdm"  # type: ignore[misc,unused-ignore]
    with pytest.raises(TypeError):
        decoded.claims.raw["1.2"] = b""  # type: ignore[index]


def test_a_forged_chain_is_shown_without_being_judged() -> None:
    other = AttestationAuthority("another").attest(properties=PROPERTIES)

    assert decode_unverified(other).problems == ()
    assert decode_unverified([CHAIN[0], other[1]]).problems == ()


def problems_of(data: object) -> list[tuple[Reason, str | None]]:
    decoded = decode_unverified(data)
    assert isinstance(decoded.problems, tuple)
    return [(problem.reason, problem.element) for problem in decoded.problems]


def test_a_status_is_a_problem() -> None:
    assert problems_of(response_plist(CHAIN, status="Acknowledged")) == []
    for status in ("Error", "NotNow"):
        document = response_plist(CHAIN, status=status)
        assert problems_of(document) == [(Reason.NOT_ACKNOWLEDGED, "Status")]
        assert problems_of(webhook_event(document)) == [(Reason.NOT_ACKNOWLEDGED, "Status")]


def test_another_format_is_a_problem() -> None:
    assert problems_of(attestation_object(CHAIN, fmt="apple")) == []
    packed = attestation_object(CHAIN, fmt="packed")
    for data in (packed, base64url.encode(packed), challenge_response(packed)):
        assert problems_of(data) == [(Reason.UNSUPPORTED_FORMAT, "fmt")]


def test_each_certificate_has_its_problem() -> None:
    sound = CHAIN[0]
    critical = AUTHORITY.attest(deviations=[deviations.CriticalExtension()])[0]
    weak = AUTHORITY.attest(deviations=[deviations.SignatureHash()])[0]

    assert problems_of([sound, CHAIN[1]]) == []
    assert problems_of([critical, sound, weak, NO_CERTIFICATE]) == [
        (Reason.CRITICAL_EXTENSION, "x5c[0]"),
        (Reason.WEAK_ALGORITHM, "x5c[2]"),
        (Reason.MALFORMED_CERTIFICATE, "x5c[3]"),
    ]


def test_a_certificate_that_cannot_be_read_leaves_the_others() -> None:
    decoded = decode_unverified([NO_CERTIFICATE, CHAIN[1]])

    assert decoded.chain == CERTIFICATES[1:]
    assert decoded.claims.serial_number is None, "the leaf's claims are nobody else's"
    assert dict(decoded.claims.raw) == {}
    assert [problem.element for problem in decoded.problems] == ["x5c[0]"]


def test_a_malformed_property_is_a_problem_and_no_claim() -> None:
    oid = "1.2.840.113635.100.8.9.1"
    wrapped = AUTHORITY.attest(properties=PROPERTIES, deviations=[deviations.Utf8StringText()])
    bad = AUTHORITY.attest(properties=Properties(udid="U", raw={oid: b"two words"}))
    mended = AUTHORITY.attest(properties=Properties(udid="U", raw={oid: b"two-words"}))

    assert problems_of(mended) == []
    assert problems_of(bad) == [(Reason.MALFORMED_PROPERTY, oid)]
    assert decode_unverified(bad).claims.serial_number is None
    assert decode_unverified(bad).claims.udid == "U"
    assert decode_unverified(bad).claims.raw[oid] == b"two words"
    assert {reason for reason, _ in problems_of(wrapped)} == {Reason.MALFORMED_PROPERTY}


def test_the_problems_of_all_kinds_come_in_order() -> None:
    oid = "1.2.840.113635.100.8.9.1"
    leaf = AUTHORITY.attest(
        properties=Properties(raw={oid: b"\xff"}), deviations=[deviations.CriticalExtension()]
    )[0]

    assert problems_of(attestation_object([leaf, CHAIN[1]], fmt="none")) == [
        (Reason.UNSUPPORTED_FORMAT, "fmt"),
        (Reason.CRITICAL_EXTENSION, "x5c[0]"),
        (Reason.MALFORMED_PROPERTY, oid),
    ]


SAN = "2.5.29.17"
X400_ADDRESS = bytes.fromhex("3002a300")


@pytest.mark.parametrize(
    ("deviation", "reason"),
    [
        pytest.param(
            deviations.DoubledExtension(oid="1.2.840.113635.100.8.9.1"),
            Reason.DUPLICATE_EXTENSION,
            id="an extension twice",
        ),
        pytest.param(
            deviations.ExtraExtension(oid=SAN, value=b"\x05\x00"),
            Reason.MALFORMED_CERTIFICATE,
            id="an extension that cannot be decoded",
        ),
        pytest.param(
            deviations.ExtraExtension(oid=SAN, value=X400_ADDRESS),
            Reason.MALFORMED_CERTIFICATE,
            id="a name that cryptography does not know",
        ),
    ],
)
def test_extensions_that_cannot_be_read_are_a_problem(
    deviation: deviations.ExtraExtension | deviations.DoubledExtension, reason: Reason
) -> None:
    assert decode_unverified(AUTHORITY.attest()).problems == ()
    chain = AUTHORITY.attest(deviations=[deviation])
    decoded = decode_unverified(chain)

    assert len(decoded.chain) == 2
    assert dict(decoded.claims.raw) == {}
    assert [(p.reason, p.element) for p in decoded.problems] == [(reason, "x5c[0]")]


@pytest.mark.parametrize("after", [b"\n", b"\0", b"junk", b"\x30\x82\xff\xff", NO_CERTIFICATE])
def test_what_follows_a_certificate_is_a_problem(after: bytes) -> None:
    row = b"".join(CHAIN)

    assert problems_of(row) == []
    assert decode_unverified(row + after).chain == CERTIFICATES
    assert problems_of(row + after) == [(Reason.MALFORMED_CERTIFICATE, "x5c[2]")]


def test_from_the_first_octet_that_begins_no_certificate_all_is_one_problem() -> None:
    row = b"".join(CHAIN)

    assert problems_of(row + b"\x30\x00\x30\x00") == [
        (Reason.MALFORMED_CERTIFICATE, "x5c[2]"),
        (Reason.MALFORMED_CERTIFICATE, "x5c[3]"),
    ]
    for after in (b"\x05\x00\x05\x00", b"\x31\x00\x31\x00"):
        assert problems_of(row + after) == [(Reason.MALFORMED_CERTIFICATE, "x5c[2]")]
        assert problems_of(row + b"\x30\x00" + after) == [
            (Reason.MALFORMED_CERTIFICATE, "x5c[2]"),
            (Reason.MALFORMED_CERTIFICATE, "x5c[3]"),
        ]


@pytest.mark.parametrize("damage", ["*", "A", "=", "é"])
def test_a_damaged_pem_block_is_a_problem_of_its_own(damage: str) -> None:
    leaf, intermediate = map(pem, CHAIN)
    damaged = leaf.replace("-----\nM", f"-----\n{damage}M", 1)

    assert decode_unverified(leaf + intermediate).claims.serial_number == PROPERTIES.serial_number
    decoded = decode_unverified(damaged + intermediate)
    assert decoded.chain == CERTIFICATES[1:]
    assert decoded.claims.serial_number is None
    assert [(p.reason, p.element) for p in decoded.problems] == [
        (Reason.MALFORMED_CERTIFICATE, "x5c[0]")
    ]


def test_pem_in_a_key_that_is_ignored_is_not_what_is_shown() -> None:
    decoy = pem(AttestationAuthority("decoy").attest()[0])
    hiding = [
        attestation_object(CHAIN, extra={"comment": decoy}),
        challenge_response(attestation_object(CHAIN), extra={"comment": decoy}),
        response_plist(CHAIN, extra={"comment": decoy}),
        response_plist(CHAIN, extra={"comment": decoy}, binary=True),
    ]

    assert decode_unverified(decoy).carrier == "pem"
    for data in hiding:
        assert decode_unverified(data).chain == CERTIFICATES


def refused(
    data: object,
    reason: Reason,
    words: str = "",
    element: str | None = None,
    kind: type[AttestationError] = MalformedInput,
) -> None:
    assert_refused(lambda: decode_unverified(data), reason, words, element=element, kind=kind)


FAILED = challenge_response(attestation_object([]), extra={"error": "-25293"})


@pytest.mark.parametrize(
    ("data", "element"),
    [
        pytest.param([], None, id="no sequence"),
        pytest.param(attestation_object([]), "x5c", id="attestation object"),
        pytest.param(FAILED, "x5c", id="challenge response"),
        pytest.param(response_plist(None), "DevicePropertiesAttestation", id="response"),
        pytest.param(
            webhook_event(response_plist([])), "DevicePropertiesAttestation", id="webhook event"
        ),
    ],
)
def test_no_certificate_is_no_attestation(data: object, element: str | None) -> None:
    refused(data, Reason.NO_ATTESTATION, "", element, NoAttestation)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", Reason.MALFORMED_CBOR, id="nothing"),
        pytest.param("", Reason.MALFORMED_CBOR, id="no text"),
        pytest.param(" \r\n", Reason.MALFORMED_CBOR, id="white space"),
        pytest.param("hello, world", Reason.MALFORMED_BASE64, id="prose"),
        pytest.param("deadbeef", Reason.MALFORMED_CBOR, id="hexadecimal"),
        pytest.param("é", Reason.MALFORMED_CERTIFICATE, id="not ASCII"),
        pytest.param("\ud800", Reason.MALFORMED_CERTIFICATE, id="lone surrogate"),
        pytest.param(b"\x80\x81\x82", Reason.MALFORMED_CERTIFICATE, id="octets"),
        pytest.param(b"\x9f", Reason.MALFORMED_CERTIFICATE, id="the octet before those of maps"),
        pytest.param(b"\xc0", Reason.MALFORMED_CERTIFICATE, id="the octet after those of maps"),
        pytest.param("\foA", Reason.MALFORMED_BASE64, id="white space of another kind"),
        pytest.param(b"\x30\x82", Reason.MALFORMED_CERTIFICATE, id="a header alone"),
        pytest.param(CHAIN[0][:-1], Reason.MALFORMED_CERTIFICATE, id="truncated DER"),
        pytest.param("MII=", Reason.MALFORMED_CERTIFICATE, id="base64 of a header"),
        pytest.param("MII", Reason.MALFORMED_BASE64, id="base64 unpadded"),
        pytest.param("MII-_===", Reason.MALFORMED_BASE64, id="base64url of DER"),
        pytest.param(pem(CHAIN[0])[:27], Reason.MALFORMED_CERTIFICATE, id="PEM that only begins"),
        pytest.param(pem(b""), Reason.MALFORMED_CERTIFICATE, id="PEM of nothing"),
        pytest.param(pem(b"key").replace("CERTIFICATE", "KEY"), Reason.MALFORMED_BASE64, id="key"),
        pytest.param(b"\xa0", Reason.MALFORMED_ATTESTATION_OBJECT, id="an empty map"),
        pytest.param(b"\xbf\xff", Reason.MALFORMED_CBOR, id="an indefinite map"),
        pytest.param("<plist/>", Reason.MALFORMED_PLIST, id="an empty property list"),
        pytest.param("<html></html>", Reason.MALFORMED_PLIST, id="HTML"),
        pytest.param("<plist><array/></plist>", Reason.MALFORMED_PLIST, id="an array"),
        pytest.param(b"bplist00", Reason.MALFORMED_PLIST, id="a binary property list of nothing"),
        pytest.param("{", Reason.MALFORMED_JSON, id="a brace"),
        pytest.param("{}", Reason.MALFORMED_JSON, id="an empty object"),
        pytest.param("\ufeff{}", Reason.MALFORMED_JSON, id="JSON with a byte order mark"),
        pytest.param("[]", Reason.MALFORMED_BASE64, id="a JSON array"),
        pytest.param('{"attObj": null}', Reason.MALFORMED_JSON, id="attObj null"),
        pytest.param('{"attObj": {}}', Reason.MALFORMED_JSON, id="attObj an object"),
        pytest.param('{"attObj": "oA=="}', Reason.MALFORMED_BASE64, id="attObj padded"),
        pytest.param(r'{"attObj": "\ud800"}', Reason.MALFORMED_BASE64, id="attObj surrogate"),
        pytest.param('{"attObj": "oA", "attObj": "oA"}', Reason.MALFORMED_JSON, id="attObj twice"),
        pytest.param('{"acknowledge_event": null}', Reason.MALFORMED_JSON, id="event null"),
        pytest.param('{"acknowledge_event": {}}', Reason.MALFORMED_JSON, id="event empty"),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": 1}}', Reason.MALFORMED_JSON, id="payload 1"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "a"}}', Reason.MALFORMED_BASE64, id="payload a"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "é"}}', Reason.MALFORMED_BASE64, id="payload é"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "QUJD"}}', Reason.MALFORMED_PLIST, id="payload"
        ),
        pytest.param(None, Reason.MALFORMED_CERTIFICATE, id="None"),
        pytest.param(1, Reason.MALFORMED_CERTIFICATE, id="a number"),
        pytest.param({"attObj": "oA"}, Reason.MALFORMED_CERTIFICATE, id="a dictionary"),
        pytest.param({CHAIN[0]}, Reason.MALFORMED_CERTIFICATE, id="a set"),
        pytest.param(object(), Reason.MALFORMED_CERTIFICATE, id="an object"),
    ],
)
def test_where_nothing_is_found_the_reason_says_what_it_looked_like(
    data: object, reason: Reason
) -> None:
    with pytest.raises(MalformedInput) as caught:
        decode_unverified(data)
    assert caught.value.reason is reason, caught.value.detail
    assert caught.value.detail
    assert "IndexError" not in caught.value.detail


def test_an_item_that_is_not_bytes_is_refused() -> None:
    assert decode_unverified(CHAIN).chain == CERTIFICATES
    for item in ("text", None, array("B", CHAIN[1])):
        refused([CHAIN[0], item], Reason.MALFORMED_CERTIFICATE, "DER bytes were expected", "x5c[1]")


def test_five_certificates_and_no_more_in_any_form() -> None:
    for five, six in zip(forms(CHAIN[:1] * 5), forms(CHAIN[:1] * 6), strict=True):
        assert len(decode_unverified(five.data).chain) == 5
        refused(six.data, Reason.TOO_LARGE, "more than the 5 certificates")


def test_128_kibibytes_and_no_more() -> None:
    limit = Limits().json_bytes
    padding = "x" * (limit - len(pem(CHAIN[0])))

    for data in (padding + pem(CHAIN[0]), (padding + pem(CHAIN[0])).encode("ascii")):
        assert decode_unverified(data).chain == CERTIFICATES[:1]
    for data in ("x" + padding + pem(CHAIN[0]), ("x" + padding + pem(CHAIN[0])).encode("ascii")):
        refused(data, Reason.TOO_LARGE, f"at most {limit} are read")
    refused("é" * limit, Reason.TOO_LARGE, f"at most {limit} are read")


@pytest.mark.parametrize(
    "unit",
    [
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----",
        "MIIA",
        "<plist>",
        '{"a":[',
        '{"attObj":"',
        "oA",
        "gYGB",
        "é",
        " ",
    ],
)
def test_the_largest_input_costs_little_memory(unit: str) -> None:
    largest = (unit * Limits().json_bytes)[: Limits().json_bytes]

    assert peak_memory(lambda: decode_unverified(largest)) < MOST_MEMORY
    assert peak_memory(lambda: decode_unverified(largest.encode("utf-8"))) < MOST_MEMORY
    huge = largest * 100
    refused(huge, Reason.TOO_LARGE)
    assert peak_memory(lambda: decode_unverified(huge)) < MOST_MEMORY // 10


def test_a_sequence_that_raises_is_refused() -> None:
    class Hostile(list[bytes]):
        def __iter__(self) -> Any:
            raise RuntimeError("never mind")

    refused(Hostile(CHAIN), Reason.MALFORMED_CERTIFICATE, "RuntimeError: 'never mind'")
    released = memoryview(b"".join(CHAIN))
    released.release()
    refused(released, Reason.MALFORMED_CERTIFICATE, "released memoryview")


STARTS = [b"\x30\x82", b"MII", b"<plist>", b"bplist00", b'{"attObj":"', b"\xa2\x63fmt", b"oA", b""]
STARTS += [
    b"-----BEGIN CERTIFICATE-----",
    b'{"acknowledge_event":{"raw_payload":"',
    b"\xef\xbb\xbf",
]


@given(
    st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), st.binary(max_size=60))
    | st.text(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
        lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=8,
    )
)
def test_whatever_the_data_only_a_refusal_comes_out(data: object) -> None:
    assert accepted_or_refused(lambda: decode_unverified(data)) is None


@given(st.data())
def test_a_damaged_form_is_read_or_refused(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from([f for f in FORMS if isinstance(f.data, bytes)]))
    mutated = bytearray(form.data)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))

    decoded = accepted_or_refused(lambda: decode_unverified(bytes(mutated)))
    if decoded is not None:
        assert isinstance(decoded, UnverifiedAttestation)
        assert all(isinstance(problem, AttestationError) for problem in decoded.problems)


def test_base64url_of_der_is_told_from_base64() -> None:
    assert decode_unverified(b64encode(CHAIN[0])).chain == CERTIFICATES[:1]
    assert set(urlsafe_b64encode(CHAIN[0])) & set(b"-_"), "or this test would say nothing"
    refused(urlsafe_b64encode(CHAIN[0]), Reason.MALFORMED_BASE64, "RFC 4648, section 4")


def test_a_representation_spills_no_certificate() -> None:
    shown = repr(decode_unverified(CHAIN))

    assert shown.startswith("<UnverifiedAttestation chain, ClaimedProperties(")
    assert "chain of 2" in shown
    assert len(shown) < 1000
    assert json.dumps(shown).isascii()
