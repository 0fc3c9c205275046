from __future__ import annotations

import json
import pickle
import plistlib
from array import array
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from hypothesis import given
from hypothesis import strategies as st

from appleattest import (
    Attestation,
    AttestationError,
    Limits,
    MalformedInput,
    NoAttestation,
    Reason,
    TrustStore,
    UnverifiedAttestation,
    Verifier,
    decode_unverified,
)
from appleattest.freshness import UNCHECKED
from appleattest.properties import ClaimedProperties, DeviceProperties
from appleattest.testing import AttestationAuthority, Properties, csr, der, deviations
from appleattest.testing.carriers import (
    attestation_object,
    challenge_response,
    response_plist,
    webhook_event,
)
from appleattest.unverified.found import from_base64
from appleattest.wire import base64url
from hostile_input import MOST_MEMORY, accepted_or_refused, assert_refused, peak_memory
from real_chains import RealChain

AUTHORITY = AttestationAuthority("tests of what nobody verified")
PROPERTIES = Properties.mac()
CHAIN = AUTHORITY.attest(properties=PROPERTIES)
CERTIFICATES = tuple(x509.load_der_x509_certificate(der) for der in CHAIN)
ANCHOR = AUTHORITY.root.public_bytes(Encoding.DER)
NAMED_AS_ISSUER = deviations.SubjectName(AUTHORITY.intermediate.subject.public_bytes())
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
        *further_forms(chain),
    ]


def further_forms(chain: Sequence[bytes]) -> list[Form]:
    """Those that no verifying call takes."""
    cbor = attestation_object(chain)
    p7b = pkcs7(chain)
    payload = challenge_response(cbor)
    flattened = jws(payload)
    compact = ".".join(flattened[part] for part in ("protected", "payload", "signature"))
    x5c = [b64encode(der).decode("ascii") for der in chain]
    in_url = [urlsafe_b64encode(der).decode("ascii").rstrip("=") for der in chain]
    return [
        Form("pkcs7", p7b),
        Form("pkcs7", pem(p7b).replace(" CERTIFICATE", " PKCS7")),
        Form("pkcs7", pem(p7b).replace(" CERTIFICATE", " CMS")),
        Form("pem", "".join(map(pem, chain)).replace(" CERTIFICATE", " X509 CERTIFICATE")),
        Form("jws", json.dumps(flattened)),
        Form("jws", json.dumps(flattened).encode("ascii")),
        Form("jws", flattened),
        Form("jws", compact),
        Form("jws", f"{compact}\n".encode("ascii")),
        Form("jws", "\ufeff" + compact),
        Form("challenge-response", json.loads(payload)),
        Form("webhook-event", json.loads(webhook_event(response_plist(chain)))),
        Form("x5c", json.dumps(x5c)),
        Form("x5c", json.dumps(x5c, indent=2).encode("ascii")),
        Form("x5c", "\ufeff" + json.dumps(x5c)),
        Form("x5c", json.dumps({"alg": "ES256", "x5c": x5c})),
        Form("x5c", {"x5c": tuple(x5c)}),
        Form("x5c", json.dumps(in_url)),
        Form("chain", x5c),
        Form("plist-array", plistlib.dumps(list(chain))),
        Form("plist-array", plistlib.dumps(list(chain), fmt=plistlib.FMT_BINARY)),
        Form("response-plist", plistlib.loads(response_plist(chain))),
        Form("record", json.dumps({"schema": 1, "carrier": "mdm", "chain": x5c})),
        Form("record", {"schema": 1, "carrier": "mdm", "chain": x5c}),
    ]


def jws(payload: bytes) -> dict[str, str]:
    return {
        "payload": base64url.encode(payload),
        "protected": base64url.encode(b'{"alg":"ES256"}'),
        "signature": base64url.encode(bytes(64)),
    }


def pkcs7(chain: Sequence[bytes]) -> bytes:
    """A SignedData of certificates alone (RFC 5652, section 5.1), in the order given."""
    signed = der.sequence(
        der.integer(1),
        der.tlv(der.SET, b""),
        der.sequence(der.oid("1.2.840.113549.1.7.1")),
        der.explicit(0, b"".join(chain)),
        der.tlv(der.SET, b""),
    )
    return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.explicit(0, signed))


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
    for missing in ("device", "freshness", "is_current", "spki", "verified_at"):
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


def problems_of(data: Any) -> list[tuple[Reason, str | None]]:
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
    data: Any,
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
        pytest.param("deadbeef", Reason.MALFORMED_CERTIFICATE, id="hexadecimal"),
        pytest.param("é", Reason.MALFORMED_CERTIFICATE, id="not ASCII"),
        pytest.param("\ud800", Reason.MALFORMED_CERTIFICATE, id="lone surrogate"),
        pytest.param(b"\x80\x81\x82", Reason.MALFORMED_CERTIFICATE, id="octets"),
        pytest.param(b"\x9f", Reason.MALFORMED_CERTIFICATE, id="the octet before those of maps"),
        pytest.param(b"\xc0", Reason.MALFORMED_CERTIFICATE, id="the octet after those of maps"),
        pytest.param("\foA", Reason.MALFORMED_BASE64, id="white space of another kind"),
        pytest.param(b"\x30\x82", Reason.MALFORMED_CERTIFICATE, id="a header alone"),
        pytest.param(CHAIN[0][:-1], Reason.MALFORMED_CERTIFICATE, id="truncated DER"),
        pytest.param("MII=", Reason.MALFORMED_CERTIFICATE, id="base64 of a header"),
        pytest.param("MII", Reason.MALFORMED_CERTIFICATE, id="base64 unpadded"),
        pytest.param("MII-_===", Reason.MALFORMED_BASE64, id="base64url of no octets"),
        pytest.param(pem(CHAIN[0])[:27], Reason.MALFORMED_CERTIFICATE, id="PEM that only begins"),
        pytest.param(pem(b""), Reason.MALFORMED_CERTIFICATE, id="PEM of nothing"),
        pytest.param(pem(b"key").replace("CERTIFICATE", "KEY"), Reason.MALFORMED_BASE64, id="key"),
        pytest.param(b"\xa0", Reason.MALFORMED_ATTESTATION_OBJECT, id="an empty map"),
        pytest.param(b"\xbf\xff", Reason.MALFORMED_CBOR, id="an indefinite map"),
        pytest.param("<plist/>", Reason.MALFORMED_PLIST, id="an empty property list"),
        pytest.param("<html></html>", Reason.MALFORMED_PLIST, id="HTML"),
        pytest.param("<plist><true/></plist>", Reason.MALFORMED_PLIST, id="a value"),
        pytest.param(b"bplist00", Reason.MALFORMED_PLIST, id="a binary property list of nothing"),
        pytest.param("{", Reason.MALFORMED_JSON, id="a brace"),
        pytest.param("{}", Reason.MALFORMED_JSON, id="an empty object"),
        pytest.param("\ufeff{}", Reason.MALFORMED_JSON, id="JSON with a byte order mark"),
        pytest.param("[1]", Reason.MALFORMED_BASE64, id="a JSON array of numbers"),
        pytest.param('["a", ]', Reason.MALFORMED_JSON, id="a JSON array that breaks off"),
        pytest.param('{"x5c": "MIIA"}', Reason.MALFORMED_JSON, id="x5c text"),
        pytest.param('{"carrier": "mdm", "chain": {}}', Reason.MALFORMED_JSON, id="chain object"),
        pytest.param('["%%"]', Reason.MALFORMED_CERTIFICATE, id="x5c of no base64"),
        pytest.param('{"attObj": null}', Reason.MALFORMED_JSON, id="attObj null"),
        pytest.param('{"attObj": {}}', Reason.MALFORMED_JSON, id="attObj an object"),
        pytest.param('{"attObj": "oA=="}', Reason.MALFORMED_ATTESTATION_OBJECT, id="attObj padded"),
        pytest.param('{"attObj": "=="}', Reason.MALFORMED_BASE64, id="attObj padding alone"),
        pytest.param('{"checkin_event": {}}', Reason.MALFORMED_JSON, id="a check-in event"),
        pytest.param(json.dumps(jws(b"")), Reason.MALFORMED_JSON, id="a JWS of nothing"),
        pytest.param(json.dumps(jws(b"[]")), Reason.MALFORMED_JSON, id="a JWS of an array"),
        pytest.param(json.dumps(jws(b"{}")), Reason.MALFORMED_JSON, id="a JWS of {}"),
        pytest.param('{"payload": 1, "signature": ""}', Reason.MALFORMED_JSON, id="payload 1"),
        pytest.param("eyJ.%.a", Reason.MALFORMED_BASE64, id="no compact JWS"),
        pytest.param("eyJ.a.a", Reason.MALFORMED_BASE64, id="a compact JWS of no base64"),
        pytest.param(r'{"attObj": "\ud800"}', Reason.MALFORMED_BASE64, id="attObj surrogate"),
        pytest.param('{"attObj": "oA", "attObj": "oA"}', Reason.MALFORMED_JSON, id="attObj twice"),
        pytest.param('{"acknowledge_event": null}', Reason.MALFORMED_JSON, id="event null"),
        pytest.param('{"acknowledge_event": {}}', Reason.MALFORMED_JSON, id="event empty"),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": 1}}', Reason.MALFORMED_JSON, id="raw 1"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "a"}}', Reason.MALFORMED_BASE64, id="raw a"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "é"}}', Reason.MALFORMED_BASE64, id="payload é"
        ),
        pytest.param(
            '{"acknowledge_event": {"raw_payload": "QUJD"}}', Reason.MALFORMED_PLIST, id="payload"
        ),
        pytest.param(None, Reason.MALFORMED_CERTIFICATE, id="None"),
        pytest.param(1, Reason.MALFORMED_CERTIFICATE, id="a number"),
        pytest.param({"attObj": b"oA"}, Reason.MALFORMED_JSON, id="attObj bytes"),
        pytest.param({"a": "b"}, Reason.MALFORMED_JSON, id="a dictionary"),
        pytest.param(pkcs7([])[:-1], Reason.MALFORMED_CERTIFICATE, id="truncated PKCS #7"),
        pytest.param(
            pem(b"x").replace("CERTIFICATE", "CMS"), Reason.MALFORMED_CERTIFICATE, id="CMS"
        ),
        pytest.param({CHAIN[0]}, Reason.MALFORMED_CERTIFICATE, id="a set"),
        pytest.param(object(), Reason.MALFORMED_CERTIFICATE, id="an object"),
    ],
)
def test_where_nothing_is_found_the_reason_says_what_it_looked_like(
    data: Any, reason: Reason
) -> None:
    with pytest.raises(MalformedInput) as caught:
        decode_unverified(data)
    assert caught.value.reason is reason, caught.value.detail
    assert caught.value.detail
    assert "IndexError" not in caught.value.detail


@pytest.mark.parametrize(
    "item",
    ["text", "M" * 8192 + " ", None, array("B", CHAIN[1])],
    ids=lambda item: ascii(item)[:12],
)
def test_an_item_that_is_no_certificate_is_a_problem(item: Any) -> None:
    assert problems_of([CHAIN[0], CHAIN[1]]) == []
    problem = (Reason.MALFORMED_CERTIFICATE, "x5c[1]")
    assert problems_of([CHAIN[0], item]) == [problem]
    assert decode_unverified([CHAIN[0], item]).chain == CERTIFICATES[:1]
    refused([item], Reason.MALFORMED_CERTIFICATE, "", "x5c[0]")


def test_an_item_in_pem_is_named() -> None:
    assert decode_unverified(pem(CHAIN[0])).chain == CERTIFICATES[:1]
    refused([pem(CHAIN[0])], Reason.MALFORMED_CERTIFICATE, "; it is PEM", "x5c[0]")


def test_a_certificate_of_4096_octets_and_no_more() -> None:
    limit = Limits().certificate_bytes
    for item in (bytes(limit + 1), b64encode(bytes(limit + 1)).decode("ascii"), "M" * 2 * limit):
        assert problems_of([CHAIN[0], item]) == [(Reason.TOO_LARGE, "x5c[1]")]
    for item in (bytes(limit), b64encode(bytes(limit)).decode("ascii")):
        assert problems_of([CHAIN[0], item]) == [(Reason.MALFORMED_CERTIFICATE, "x5c[1]")]


def test_five_certificates_are_shown_and_of_more_there_is_a_problem() -> None:
    for five, six in zip(forms(CHAIN[:1] * 5), forms(CHAIN[:1] * 6), strict=True):
        assert len(decode_unverified(five.data).chain) == 5
        assert problems_of(five.data) == []
        assert decode_unverified(six.data).chain == CERTIFICATES[:1] * 5
        assert problems_of(six.data) == [(Reason.TOO_LARGE, None)]


def test_no_more_is_asked_for_than_is_read() -> None:
    class Endless(Sequence[bytes]):
        def __len__(self) -> int:
            return 10**9

        def __getitem__(self, index: Any) -> Any:
            assert index <= 5
            return CHAIN[0]

    assert len(decode_unverified(Endless()).chain) == 5


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
    class Raising(list[bytes]):
        def __iter__(self) -> Any:
            raise RuntimeError("never mind")

    refused(Raising(CHAIN), Reason.MALFORMED_CERTIFICATE, "RuntimeError: 'never mind'")
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
def test_whatever_the_data_only_a_refusal_comes_out(data: Any) -> None:
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


LAYERS: dict[str, Any] = {
    "hex": lambda octets: octets.hex(),
    "capitals": lambda octets: octets.hex().upper(),
    "colons": lambda octets: octets.hex(":"),
    "spaces": lambda octets: octets.hex(" ", 4),
    "lines": lambda octets: "\r\n".join(wrapped(octets.hex(":", 1).upper() + ":", 48)),
    "base64": lambda octets: b64encode(octets).decode("ascii"),
    "base64, unpadded": lambda octets: b64encode(octets).decode("ascii").rstrip("="),
    "base64, wrapped": lambda octets: "\n".join(wrapped(b64encode(octets).decode("ascii"), 76)),
    "base64url": lambda octets: base64url.encode(octets),
    "base64url, padded": lambda octets: urlsafe_b64encode(octets).decode("ascii"),
}


def wrapped(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_every_form_in_hexadecimal_and_in_base64(layer: Any) -> None:
    for form in FORMS:
        if isinstance(form.data, str | bytes):
            octets = form.data.encode("utf-8") if isinstance(form.data, str) else form.data
            for data in (layer(octets), f" {layer(octets)}\n".encode("ascii")):
                decoded = decode_unverified(data)
                assert (decoded.carrier, decoded.chain) == (form.name, CERTIFICATES)
                assert decoded.problems == ()


def test_base64_of_either_alphabet_is_read() -> None:
    assert set(urlsafe_b64encode(CHAIN[0])) & set(b"-_"), "or this test would say nothing"
    for encoded in (b64encode(CHAIN[0]), urlsafe_b64encode(CHAIN[0])):
        assert decode_unverified(encoded).chain == CERTIFICATES[:1]


@pytest.mark.parametrize("layer", [LAYERS["hex"], LAYERS["base64"]], ids=["hex", "base64"])
def test_three_layers_of_text_and_no_more(layer: Any) -> None:
    data = b"".join(CHAIN)
    for _ in range(3):
        data = layer(data).encode("ascii")
        assert decode_unverified(data).chain == CERTIFICATES
    refused(layer(data), Reason.MALFORMED_BASE64, "encoded as text more than 3 times")


def test_a_representation_spills_no_certificate() -> None:
    shown = repr(decode_unverified(CHAIN))

    assert shown.startswith("<UnverifiedAttestation chain, ClaimedProperties(")
    assert "chain of 2" in shown
    assert len(shown) < 1000
    assert json.dumps(shown).isascii()


# --- PKCS #7


def test_pkcs7_of_another_encoder_is_read() -> None:
    for encoding in (Encoding.DER, Encoding.PEM):
        decoded = decode_unverified(serialize_certificates(list(CERTIFICATES), encoding))
        assert decoded.carrier == "pkcs7"
        assert set(decoded.chain) == set(CERTIFICATES)


def test_of_pkcs7_only_certificates_in_der_are_read() -> None:
    whole = pkcs7(CHAIN)
    data = der.oid("1.2.840.113549.1.7.1")
    without = der.sequence(
        der.oid("1.2.840.113549.1.7.2"),
        der.explicit(
            0,
            der.sequence(
                der.integer(1), der.tlv(der.SET, b""), der.sequence(data), der.tlv(der.SET, b"")
            ),
        ),
    )
    framed = pem(der.sequence(data, der.explicit(0, der.octet_string(b"x"))))
    says = "PKCS #7 with certificates, in DER, was expected"

    assert decode_unverified(whole).chain == CERTIFICATES
    refused(without, Reason.MALFORMED_CERTIFICATE, says)
    framed = framed.replace("CERTIFICATE", "PKCS7")
    refused(framed, Reason.MALFORMED_CERTIFICATE, "not a SignedData", "x5c[0]")
    assert decode_unverified(pem(CHAIN[0]) + framed).chain == CERTIFICATES[:1]
    assert problems_of(pem(CHAIN[0]) + framed) == [(Reason.MALFORMED_CERTIFICATE, "x5c[1]")]
    refused(b"\x30\x80" + whole[4:] + b"\0\0", Reason.MALFORMED_CERTIFICATE, says)
    refused(pkcs7([]), Reason.NO_ATTESTATION, "no certificate in it", kind=NoAttestation)


def test_what_openssl_appends_to_a_certificate_is_a_problem() -> None:
    """`TRUSTED CERTIFICATE` has settings of OpenSSL's own after the certificate."""
    trusted = pem(CHAIN[0] + b"\x30\x00").replace(" CERT", " TRUSTED CERT")

    assert decode_unverified(trusted + pem(CHAIN[1])).chain == CERTIFICATES
    assert problems_of(trusted) == [(Reason.MALFORMED_CERTIFICATE, "x5c[1]")]


# --- what is said of the order


def reversed_forms() -> list[Form]:
    return forms(CHAIN[::-1])


def test_a_reversed_chain_is_told_and_shown_leaf_first() -> None:
    straight = decode_unverified(CHAIN)
    for form in reversed_forms():
        decoded = decode_unverified(form.data)
        assert (decoded.carrier, decoded.chain) == (form.name, CERTIFICATES)
        assert dict(decoded.claims.raw) == dict(straight.claims.raw)
        (problem,) = decoded.problems
        assert (problem.reason, problem.element) == (Reason.LEAF_PROFILE, "x5c[0]")
        assert "the chain is reversed" in problem.detail
        assert "leaf first to Verifier.verify_mdm or Verifier.verify_chain" in problem.detail


def test_a_whole_path_is_told_to_be_reversed() -> None:
    ders = [*CHAIN, ANCHOR]

    assert problems_of(ders) == []
    assert problems_of(ders[::-1]) == [(Reason.LEAF_PROFILE, "x5c[0]")]
    assert problems_of(ders[:0:-1]) == [(Reason.LEAF_PROFILE, "x5c[0]")]
    assert decode_unverified(ders[::-1]).chain[0] == CERTIFICATES[0]


def test_only_a_chain_that_is_a_path_from_its_end_is_called_reversed() -> None:
    leaf, intermediate = CHAIN
    other = AUTHORITY.attest(properties=Properties.iphone())[0]

    for chain in ([leaf], [intermediate], [leaf, leaf], [ANCHOR, ANCHOR], [leaf, other]):
        assert problems_of(chain) == []
    for chain in ([intermediate, leaf, other], [leaf, intermediate, leaf], [intermediate] * 2):
        assert problems_of(chain) == []
    assert problems_of([intermediate, NO_CERTIFICATE, leaf]) == [
        (Reason.MALFORMED_CERTIFICATE, "x5c[1]")
    ]


def test_the_elements_of_a_reversed_chain_count_as_it_came() -> None:
    critical = AUTHORITY.attest(deviations=[deviations.CriticalExtension()])

    assert problems_of(critical) == [(Reason.CRITICAL_EXTENSION, "x5c[0]")]
    assert problems_of(critical[::-1]) == [
        (Reason.LEAF_PROFILE, "x5c[0]"),
        (Reason.CRITICAL_EXTENSION, "x5c[1]"),
    ]


# --- what is wrong beside the certificates


@pytest.mark.parametrize(
    ("data", "element", "detail"),
    [
        ({"x5c": "text"}, "x5c", "an array was expected, 'str' came"),
        ({"attObj": 1}, "attObj", "text was expected, 'int' came"),
    ],
    ids=["x5c", "attObj"],
)
def test_a_member_of_another_type_is_named(data: object, element: str, detail: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        decode_unverified(data)  # type: ignore[arg-type]
    error = caught.value
    assert (error.reason, error.element) == (Reason.MALFORMED_JSON, element)
    assert error.detail.startswith(detail)


def test_an_array_in_an_event_keeps_the_problem_of_its_base64() -> None:
    event = json.loads(webhook_event(response_plist(CHAIN)))
    document = plistlib.dumps(CHAIN) + b"\n"
    event["acknowledge_event"]["raw_payload"] = base64url.encode(document)
    assert problems_of(event) == [(Reason.MALFORMED_BASE64, "acknowledge_event.raw_payload")]


def test_an_unreadable_item_hides_no_later_problem() -> None:
    found = decode_unverified([*CHAIN, "no base64!", b"\x30\x00"]).problems
    assert [(each.reason, each.element) for each in found] == [
        (Reason.MALFORMED_CERTIFICATE, "x5c[2]"),
        (Reason.MALFORMED_CERTIFICATE, "x5c[3]"),
    ]


def test_a_text_that_is_no_base64_keeps_its_place() -> None:
    pem = x509.load_der_x509_certificate(CHAIN[0]).public_bytes(Encoding.PEM).decode()
    for text in (pem, f"{pem} ", f"{pem}AA", "\ud800"):
        (problem,) = decode_unverified([*CHAIN, text]).problems
        assert (problem.reason, problem.element) == (Reason.MALFORMED_CERTIFICATE, "x5c[2]")
        assert ("it is PEM" in problem.detail) is (text != "\ud800")


def test_base64_may_end_with_any_character() -> None:
    for octets in (b"\0\0\x17", b"\0\0\x3f", b"\0"):
        assert from_base64(b64encode(octets)) == octets


@pytest.mark.parametrize("payload", [1, None, [], "text"], ids=repr)
def test_the_payload_of_a_jws_is_an_object(payload: object) -> None:
    with pytest.raises(MalformedInput) as caught:
        decode_unverified(jws(json.dumps(payload).encode()))
    assert (caught.value.reason, caught.value.element) == (Reason.MALFORMED_JSON, "payload")


def pkcs7_pem(encoded: bytes) -> bytes:
    return b"-----BEGIN PKCS7-----\n%b\n-----END PKCS7-----\n" % b64encode(encoded)


def test_pkcs7_has_the_tags_of_a_signed_data() -> None:
    sound = serialize_certificates(list(CERTIFICATES), Encoding.DER)
    _, content_info, _ = der.read(sound)
    _, _, explicit = der.read(content_info)
    _, signed, _ = der.read(explicit)
    _, version, _ = der.read(der.read(signed)[1])
    places = [0, sound.index(content_info), sound.index(explicit), sound.index(signed)]
    places += [sound.index(signed) + signed.index(der.read(signed)[1])]
    assert len(version) == 1
    assert decode_unverified(pkcs7_pem(sound)).chain == CERTIFICATES
    for place in places:
        changed = bytearray(sound)
        changed[place] ^= 1
        with pytest.raises(MalformedInput) as caught:
            decode_unverified(pkcs7_pem(bytes(changed)))
        assert "PKCS #7 with certificates" in caught.value.detail


def test_two_that_name_each_other_are_not_reversed() -> None:
    names = [csr.subject_of(each) for each in "ab"]
    first, second = (
        AUTHORITY.attest(deviations=[deviations.SubjectName(ours), deviations.IssuerName(theirs)])[
            0
        ]
        for ours, theirs in (names, names[::-1])
    )
    assert Reason.LEAF_PROFILE not in [reason for reason, _ in problems_of([first, second])]


def test_a_leaf_that_bears_its_issuers_name_is_shown_first() -> None:
    """A leaf issues nothing, so the certificate after it is not its own, whatever the names."""
    leaf = AUTHORITY.attest(properties=PROPERTIES, deviations=[NAMED_AS_ISSUER])[0]
    chain = [leaf, AUTHORITY.attest(properties=Properties.iphone())[0]]
    verifier = Verifier(trust=TrustStore([AUTHORITY.intermediate]))

    verified = verifier.verify_chain(chain, freshness=UNCHECKED, at=AUTHORITY.issued_at)
    decoded = decode_unverified(chain)
    assert decoded.chain[0] == verified.leaf
    assert decoded.problems == ()
    issuer = AUTHORITY.attest(deviations=[NAMED_AS_ISSUER, deviations.LeafIsCA()])[0]
    assert decode_unverified([issuer, chain[1]]).chain[1] == x509.load_der_x509_certificate(issuer)


def test_an_issuer_whose_extensions_do_not_decode_is_not_looked_behind() -> None:
    garbled = AUTHORITY.attest(
        deviations=[
            NAMED_AS_ISSUER,
            deviations.ExtensionValue("2.5.29.19", b"\x05\x00"),
        ]
    )[0]
    chain = [garbled, CHAIN[0]]
    assert decode_unverified(chain).chain[0] == x509.load_der_x509_certificate(garbled)
    assert problems_of(chain) == [(Reason.MALFORMED_CERTIFICATE, "x5c[0]")]


def test_the_schema_that_was_expected_is_told() -> None:
    record = AUTHORITY.verified(PROPERTIES).to_dict() | {"schema": 9}
    (problem,) = decode_unverified(record).problems
    assert problem.detail == "schema 1 was expected"


def test_base64_of_another_kind_is_a_problem_in_a_message() -> None:
    cbor = attestation_object(CHAIN)
    payload = {"attObj": b64encode(cbor).decode("ascii")}
    event = json.loads(webhook_event(response_plist(CHAIN)))
    event["acknowledge_event"]["raw_payload"] = base64url.encode(response_plist(CHAIN) + b"\n")
    padded = jws(challenge_response(cbor))
    padded["payload"] += "=" * (-len(padded["payload"]) % 4 or 4)
    assert "=" in payload["attObj"] + event["acknowledge_event"]["raw_payload"] + "="

    assert problems_of(payload) == [(Reason.MALFORMED_BASE64, "attObj")]
    assert problems_of(event) == [(Reason.MALFORMED_BASE64, "acknowledge_event.raw_payload")]
    assert problems_of(padded) == [(Reason.MALFORMED_BASE64, "payload")]
    assert problems_of(jws(json.dumps(payload).encode())) == [(Reason.MALFORMED_BASE64, "attObj")]


def test_text_in_a_mapping_is_bounded() -> None:
    """A mapping comes from no document whose size was bounded."""
    huge = "A" * (64 << 20)
    for message, element in (
        ({"attObj": huge}, "attObj"),
        ({"payload": huge, "signature": ""}, "payload"),
        ({"acknowledge_event": {"raw_payload": huge}}, "acknowledge_event.raw_payload"),
    ):
        refused(message, Reason.TOO_LARGE, "", element)
        assert peak_memory(partial(decode_unverified, message)) < MOST_MEMORY // 10
    refused({"x5c": [huge]}, Reason.MALFORMED_CERTIFICATE, "'str' came", "x5c[0]")


def test_the_record_of_a_verified_attestation_is_read() -> None:
    record = AUTHORITY.verified(PROPERTIES).to_dict()

    for data in (record, json.dumps(record), json.dumps(record, indent=1).encode()):
        decoded = decode_unverified(data)
        assert (decoded.carrier, len(decoded.chain), decoded.problems) == ("record", 3, ())
        assert decoded.claims.serial_number == PROPERTIES.serial_number
    for schema in (2, "1", None):
        assert problems_of({**record, "schema": schema}) == [(Reason.MALFORMED_JSON, "schema")]


def test_decoded_certificates_are_read() -> None:
    assert decode_unverified(CERTIFICATES[0]).chain == CERTIFICATES[:1]
    assert decode_unverified(CERTIFICATES[0]).carrier == "der"
    assert decode_unverified(CERTIFICATES).chain == CERTIFICATES
    assert decode_unverified([CHAIN[0], CERTIFICATES[1]]).carrier == "chain"


def test_a_message_inside_another_is_not_looked_for() -> None:
    """A JWS holds a challenge response and nothing else; JSON is not unwrapped without end."""
    inner = json.dumps(jws(challenge_response(attestation_object(CHAIN))))

    assert decode_unverified(inner).carrier == "jws"
    refused(json.dumps(jws(inner.encode())), Reason.MALFORMED_JSON, "whole JWS", "payload")


# --- what a result is good for


def test_a_result_is_json() -> None:
    oid = "1.2.840.113635.100.8.9.1"
    leaf = AUTHORITY.attest(properties=Properties(udid="U", raw={oid: b"two words"}))[0]
    decoded = decode_unverified([leaf, CHAIN[1]])
    shown = json.loads(json.dumps(decoded.to_dict()))

    assert list(shown) == ["verified", "carrier", "chain", "claims", "problems"]
    assert (shown["verified"], shown["carrier"]) == (False, "chain")
    assert [b64decode(each) for each in shown["chain"]] == [leaf, CHAIN[1]]
    assert shown["claims"]["udid"] == "U"
    assert shown["claims"]["serial_number"] is shown["claims"]["sip"] is None
    assert b64decode(shown["claims"]["raw"][oid]) == b"two words"
    (problem,) = shown["problems"]
    assert set(problem) == {"reason", "element", "detail"}
    assert (problem["reason"], problem["element"]) == ("malformed-property", oid)
    assert "no spaces was expected" in problem["detail"]
    mac = decode_unverified(CHAIN).to_dict()
    assert mac["problems"] == []
    assert (mac["claims"]["sip"], mac["claims"]["secure_boot"]) == ("enabled", "full")
    assert set(mac["claims"]) == {*AUTHORITY.verified(PROPERTIES).device.to_dict()}


def test_what_a_result_gave_is_no_record_and_is_read_again() -> None:
    shown = decode_unverified(CHAIN).to_dict()

    with pytest.raises(AttestationError) as caught:
        AUTHORITY.verifier.reverify(shown, at=AUTHORITY.issued_at)
    assert caught.value.reason is Reason.MALFORMED_JSON
    assert decode_unverified(shown).chain == CERTIFICATES
    assert problems_of(shown) == [(Reason.MALFORMED_JSON, "schema")]


def test_a_result_survives_a_process_pool() -> None:
    critical = AUTHORITY.attest(deviations=[deviations.CriticalExtension()])
    given: list[Any] = [CHAIN, CHAIN[::-1], attestation_object(critical, fmt="none")]
    for data in (*given, [CHAIN[0], "x"]):
        decoded = decode_unverified(data)
        again = pickle.loads(pickle.dumps(decoded))
        assert type(again) is UnverifiedAttestation
        assert again.to_dict() == decoded.to_dict()
        assert again.chain == decoded.chain


# --- what it costs

MOST_SECONDS = 0.02
"""Far more than it takes (under 1 ms), and less than half of what it took before it was bounded."""


def row_in_pkcs7() -> bytes:
    """60 kB of empty elements where certificates belong; more than `der` reads at once."""
    return pkcs7([b"\x30\x00"] * 30_000)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x30\x00" * 65_000, id="empty elements"),
        pytest.param(b"\x30\x82\x01\x00" + bytes(256) + b"\x30\x00" * 60_000, id="in a row"),
        pytest.param(b64encode(b"\x30\x81\x80" + bytes(128)) * 700, id="in base64"),
        pytest.param(row_in_pkcs7(), id="in PKCS #7"),
        pytest.param(pem(b"").encode() * 2_000, id="PEM of nothing"),
        pytest.param(b"-" * 131_072, id="dashes"),
        pytest.param(b"30" * 65_536, id="hexadecimal"),
    ],
)
def test_many_elements_cost_little_time(data: bytes) -> None:
    def once() -> float:
        started = perf_counter()
        accepted_or_refused(lambda: decode_unverified(data))
        return perf_counter() - started

    assert min(once() for _ in range(5)) < MOST_SECONDS


class PanicException(BaseException):
    """As pyo3's: of no class that `except Exception` catches."""


def test_a_panic_over_one_certificate_is_one_of_the_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = decode_unverified(CHAIN)
    assert list(shown.problems) == []

    def panic(_encoded: bytes) -> None:
        raise PanicException("odd")

    monkeypatch.setattr("appleattest.unverified.result.decode_certificate", panic)
    problems = [(each.reason, each.element, each.detail) for each in shown.problems]
    assert problems == [
        (Reason.MALFORMED_CERTIFICATE, f"x5c[{index}]", "PanicException: 'odd'")
        for index in range(len(CHAIN))
    ]
