"""What form an input has, and that a refusal names the call which takes it."""

from __future__ import annotations

import json
import plistlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from hypothesis import given
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    MalformedInput,
    Reason,
    acme,
    decode_unverified,
    mdm,
)
from appleattest.forms import Form, advice, hint, recognise, with_hint
from appleattest.testing import AttestationAuthority, Properties
from appleattest.testing.carriers import (
    attestation_object,
    challenge_response,
    response_plist,
    webhook_event,
)
from appleattest.testing.csr import request, subject_of
from appleattest.wire import base64url
from hostile_input import MOST_MEMORY, peak_memory

AUTHORITY = AttestationAuthority("tests of forms")
TOKEN = acme.new_token()
NONCE = b"tests of forms"
MAC = Properties.mac()
SERIAL = "TESTSERIAL01"
CHAIN = AUTHORITY.attest(properties=MAC, freshness_code=NONCE)
CERTIFICATES = [x509.load_der_x509_certificate(der) for der in CHAIN]
OBJECT = attestation_object(CHAIN)
PAYLOAD = challenge_response(OBJECT)
REQUEST = request(AUTHORITY.attested_key, subject=subject_of(SERIAL))


def jws(payload: bytes, protected: bytes = b'{"alg":"ES256"}') -> dict[str, str]:
    """A flattened JWS (RFC 7515, section 7.2.2), of which nobody looks at the signature."""
    return {
        "payload": base64url.encode(payload),
        "protected": base64url.encode(protected),
        "signature": base64url.encode(bytes(64)),
    }


def compact(message: Mapping[str, str]) -> str:
    return ".".join(message[part] for part in ("protected", "payload", "signature"))


def command(binary: bool = False) -> bytes:
    xml = mdm.device_information_command(command_uuid="1", nonce=NONCE)
    return plistlib.dumps(plistlib.loads(xml), fmt=plistlib.FMT_BINARY) if binary else xml


CERTIFICATE_PEM = CERTIFICATES[0].public_bytes(Encoding.PEM)
REQUEST_PEM = x509.load_der_x509_csr(REQUEST).public_bytes(Encoding.PEM)
ROW = b"".join(CHAIN)
X5C = [b64encode(der).decode() for der in CHAIN]
RESPONSE = response_plist(CHAIN)
EVENT = webhook_event(RESPONSE)
ARRAY = plistlib.dumps(CHAIN)
VERIFIED = AUTHORITY.verified(MAC)
JWS = jws(PAYLOAD)

RECOGNISED: dict[str, tuple[object, Form]] = {
    "nothing": (b"", Form.EMPTY),
    "no text": ("", Form.EMPTY),
    "white space": (" \r\n\t", Form.EMPTY),
    "a byte order mark": (b"\xef\xbb\xbf", Form.EMPTY),
    "PEM": (CERTIFICATE_PEM, Form.PEM),
    "PEM as text": (CERTIFICATE_PEM.decode(), Form.PEM),
    "PEM after a comment": (b"Bag Attributes\n" + CERTIFICATE_PEM, Form.PEM),
    "PEM of old": (CERTIFICATE_PEM.replace(b" CERT", b" X509 CERT"), Form.PEM),
    "PEM of OpenSSL": (CERTIFICATE_PEM.replace(b" CERT", b" TRUSTED CERT"), Form.PEM),
    "PEM of PKCS #7": (b"-----BEGIN PKCS7-----", Form.PEM),
    "PEM of CMS": (b"-----BEGIN CMS-----", Form.PEM),
    "PEM of a request": (REQUEST_PEM, Form.PEM_REQUEST),
    "PEM of a request, as of old": (REQUEST_PEM.replace(b"N C", b"N NEW C"), Form.PEM_REQUEST),
    "a request before a certificate": (REQUEST_PEM + CERTIFICATE_PEM, Form.PEM),
    "PEM of a key": (b"-----BEGIN EC PRIVATE KEY-----", Form.PEM_OTHER),
    "DER": (CHAIN[0], Form.DER),
    "a row": (bytearray(ROW), Form.DER),
    "a view": (memoryview(ROW), Form.DER),
    "a certificate": (CERTIFICATES[0], Form.DER),
    "BER": (b"\x30\x80", Form.DER),
    "PKCS #7": (serialize_certificates(CERTIFICATES, Encoding.DER), Form.PKCS7),
    "PKCS #7 in BER": (b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", Form.PKCS7),
    "CBOR": (OBJECT, Form.ATTESTATION_OBJECT),
    "base64url of CBOR": (base64url.encode(OBJECT), Form.ATTESTATION_OBJECT),
    "base64url of CBOR, indented": (f"\n {base64url.encode(OBJECT)}", Form.ATTESTATION_OBJECT),
    "base64url of CBOR with a long format": (
        base64url.encode(attestation_object(CHAIN, fmt="f" * 60)),
        Form.ATTESTATION_OBJECT,
    ),
    "base64url of 14 octets": (
        base64url.encode(b"\xa2\x63fmt\x65apple\x61x\x00"),
        Form.ATTESTATION_OBJECT,
    ),
    "base64url of a statement": (
        base64url.encode(b"\xa1\x67attStmt\xa1\x63x5c\x80"),
        Form.ATTESTATION_OBJECT,
    ),
    "another order of keys": (
        base64url.encode(b"\xa2\x67attStmt\xa1\x63x5c\x80\x63fmt\x65apple"),
        Form.ATTESTATION_OBJECT,
    ),
    "its keys after others": (
        base64url.encode(b"\xa2\x68authData\x58\x18" + bytes(24) + b"\x63fmt\x65apple"),
        Form.ATTESTATION_OBJECT,
    ),
    "its keys after long authenticator data": (
        base64url.encode(b"\xa2\x68authData\x58\x3c" + bytes(60) + b"\x63fmt\x65apple"),
        Form.ATTESTATION_OBJECT,
    ),
    "a challenge response": (PAYLOAD, Form.CHALLENGE_RESPONSE),
    "a challenge response as a dict": (json.loads(PAYLOAD), Form.CHALLENGE_RESPONSE),
    "a JWS": (json.dumps(JWS), Form.JWS),
    "a JWS as a dict": (JWS, Form.JWS),
    "a compact JWS": (compact(JWS), Form.JWS),
    "a general JWS": ({"payload": "", "signatures": []}, Form.JWS),
    "x5c": (json.dumps(X5C), Form.X5C),
    "x5c of nothing": ("[ ]", Form.X5C),
    "x5c as a member": (json.dumps({"x5c": X5C}), Form.X5C),
    "a finalize": ({"csr": base64url.encode(REQUEST)}, Form.FINALIZE),
    "a response": (RESPONSE, Form.RESPONSE_PLIST),
    "a binary response": (response_plist(CHAIN, binary=True), Form.RESPONSE_PLIST),
    "a response in UTF-16": (RESPONSE.decode().encode("utf-16"), Form.RESPONSE_PLIST),
    "the same, the other way round": (
        b"\xfe\xff" + RESPONSE.decode().encode("utf-16-be"),
        Form.RESPONSE_PLIST,
    ),
    "the same, without a mark": (RESPONSE.decode().encode("utf-16-le"), Form.RESPONSE_PLIST),
    "both": (RESPONSE.decode().encode("utf-16-be"), Form.RESPONSE_PLIST),
    "a decoded response": (plistlib.loads(RESPONSE), Form.RESPONSE_PLIST),
    "a response that says RequestType": (
        response_plist(CHAIN, extra={"RequestType": "DeviceInformation"}),
        Form.RESPONSE_PLIST,
    ),
    "a binary response that says RequestType": (
        response_plist(CHAIN, extra={"RequestType": "DeviceInformation"}, binary=True),
        Form.RESPONSE_PLIST,
    ),
    "an array": (ARRAY, Form.PLIST_ARRAY),
    "a command": (command(), Form.COMMAND),
    "a binary command": (command(binary=True), Form.COMMAND),
    "a command in UTF-16": (command().decode().encode("utf-16"), Form.COMMAND),
    "a decoded command": (plistlib.loads(command()), Form.COMMAND),
    "what is in a command": ({"RequestType": "DeviceInformation"}, Form.COMMAND),
    "an event": (EVENT, Form.WEBHOOK_EVENT),
    "a check-in event": ({"topic": "mdm.TokenUpdate", "checkin_event": {}}, Form.WEBHOOK_EVENT),
    "a record": (VERIFIED.to_dict(), Form.RECORD),
    "a list": (CHAIN, Form.CHAIN),
    "a list of one": (CHAIN[:1], Form.CHAIN),
    "what is no UTF-8": ('{"attObj": "\ud800"}', Form.CHALLENGE_RESPONSE),
    "a tuple of certificates": (tuple(CERTIFICATES), Form.CHAIN),
}


@pytest.mark.parametrize(("data", "form"), RECOGNISED.values(), ids=RECOGNISED)
def test_a_form_is_recognised(data: object, form: Form) -> None:
    assert recognise(data) is form
    if isinstance(data, bytes) and data.isascii():
        assert recognise(data.decode()) is form


@pytest.mark.parametrize(
    "data",
    [
        *(None, 1, object(), [], (), ["text"], {}, {"a": 1}, {CHAIN[0]}, x509.load_der_x509_csr),
        *("hello", "{}", '{"a": 1}', "[1]", "[x", "<html>", "a.b.c", "eyJ.a", "eyJ.a.b.c", "oA"),
        *(b"\x80", b"\x30\x7f", b"0", "\ud800", "-----BEGIN", "-----BEGIN x-----"),
        *("\v" + PAYLOAD.decode(), "\v" + base64url.encode(OBJECT)),
        *("o" * 40, base64url.encode(b"\xa1\x63abc" + bytes(40)), "pppppppppppppppp$"),
    ],
    ids=lambda data: type(data).__name__ if type(data) is object else ascii(data)[:30],
)
def test_what_is_of_no_form_is_of_none(data: object) -> None:
    assert recognise(data) is None
    assert hint(data) == ""


def test_every_form_has_its_advice_and_is_recognised() -> None:
    assert {form for _, form in RECOGNISED.values()} == set(Form)
    assert len({advice(form) for form in Form}) == len(Form)
    for form in Form:
        assert advice(form).startswith("it is ")


def test_no_hint_where_the_form_is_the_expected_one() -> None:
    assert hint(OBJECT) == hint(OBJECT, Form.PEM) == advice(Form.ATTESTATION_OBJECT)
    assert hint(OBJECT, Form.PEM, Form.ATTESTATION_OBJECT) == ""
    error = MalformedInput(Reason.MALFORMED_CBOR, "why")
    assert with_hint(error, OBJECT, Form.ATTESTATION_OBJECT) is error
    assert error.detail == "why"
    assert with_hint(error, b"", Form.ATTESTATION_OBJECT) is error
    assert error.detail == "why; it is empty: look at where it was received or stored"


def test_an_object_that_raises_is_of_no_form() -> None:
    class Raising(dict[str, str]):
        def __contains__(self, _: object) -> bool:
            raise ZeroDivisionError

    released = memoryview(b"")
    released.release()
    assert recognise(Raising()) is recognise(released) is None


def test_a_panic_is_of_no_form_and_an_interrupt_goes_on() -> None:
    class PanicException(BaseException):
        pass

    class Raising(dict[str, str]):
        def __init__(self, error: type[BaseException]) -> None:
            self.error = error

        def __contains__(self, _: object) -> bool:
            raise self.error

    assert recognise(Raising(PanicException)) is None
    with pytest.raises(KeyboardInterrupt):
        recognise(Raising(KeyboardInterrupt))


def test_only_the_beginning_of_a_long_input_is_looked_at() -> None:
    limit = 128 * 1024
    member = '"attObj"'
    for huge in ("{" + " " * (limit - 1 - len(member)) + member, "{" + " " * (limit - 8) + member):
        found = Form.CHALLENGE_RESPONSE if len(huge) == limit else None
        assert recognise(huge) is recognise(huge.encode()) is found
    enormous: list[object] = [" " * (64 << 20), b"{" * (64 << 20), bytearray(64 << 20)]
    for each in enormous:
        assert peak_memory(partial(recognise, each)) < MOST_MEMORY // 10


@given(st.binary(max_size=80) | st.text(max_size=80) | st.dictionaries(st.text(), st.none()))
def test_whatever_is_looked_at_nothing_raises(data: object) -> None:
    assert isinstance(hint(data), str)


# --- what a call says of the wrong form, and that the advice is good


def accepted(attestation: object) -> None:
    assert isinstance(attestation, Attestation)


def challenge(response: Any) -> Attestation:
    return acme.validate_challenge(
        response,
        token=TOKEN,
        identifier=SERIAL,
        verifier=AUTHORITY.verifier,
        at=AUTHORITY.issued_at,
    )


def by_acme(given: Any) -> Attestation:
    return AUTHORITY.verifier.verify_acme(given, token=TOKEN, at=AUTHORITY.issued_at)


def by_mdm(given: Any) -> Attestation:
    return AUTHORITY.verifier.verify_mdm(given, nonce=NONCE, at=AUTHORITY.issued_at)


def by_chain(given: Any) -> Attestation:
    return AUTHORITY.verifier.verify_chain(given, freshness=UNCHECKED, at=AUTHORITY.issued_at)


def response(given: Any) -> Attestation:
    return mdm.validate_response(
        given,
        nonce=NONCE,
        verifier=AUTHORITY.verifier,
        device=mdm.KnownDevice(serial_number=SERIAL),
        at=AUTHORITY.issued_at,
    ).attestation


def parsed(given: Any) -> mdm.DeviceInformationResponse:
    return mdm.DeviceInformationResponse.parse(given)


TOKEN_OBJECT = AUTHORITY.attestation_object(
    properties=MAC, freshness_code=sha256(TOKEN.encode()).digest()
)
TOKEN_PAYLOAD = challenge_response(TOKEN_OBJECT)
CALLS: dict[str, Callable[[Any], object]] = {
    "validate_challenge": challenge,
    "verify_acme": by_acme,
    "verify_mdm": by_mdm,
    "verify_chain": by_chain,
    "validate_response": response,
    "parse": parsed,
    "WebhookEvent.parse": mdm.WebhookEvent.parse,
    "reverify": AUTHORITY.verifier.reverify,
    "decode_unverified": decode_unverified,
}
_ACME = "it is a challenge response (JSON with attObj): acme.validate_challenge takes it"
_EVENT = "it is a webhook event: mdm.WebhookEvent.parse takes it"
_PEM = "it is PEM: load it with cryptography.x509.load_pem_x509_certificates"
_CBOR = "it is an attestation object (CBOR): Verifier.verify_acme takes it"
_JWS = "it is a whole JWS: verify its signature, decode its payload from base64url"
_COMMAND = "it is a command to a device, which holds no attestation"
_EMPTY = "it is empty"
_LIST = "it is one certificate or several in a row"
_X5C = "it is x5c as JSON: decode each item from base64"

WRONG = [
    *(("validate_challenge", data, Reason.NO_ATTESTATION, _JWS) for data in (JWS, json.dumps(JWS))),
    ("validate_challenge", compact(JWS), Reason.MALFORMED_JSON, _JWS),
    ("validate_challenge", compact(JWS).encode(), Reason.MALFORMED_JSON, _JWS),
    ("validate_challenge", OBJECT, Reason.MALFORMED_JSON, _CBOR),
    ("validate_challenge", base64url.encode(OBJECT), Reason.MALFORMED_JSON, _CBOR),
    ("validate_challenge", CERTIFICATE_PEM, Reason.MALFORMED_JSON, _PEM),
    ("validate_challenge", b"", Reason.MALFORMED_JSON, _EMPTY),
    ("verify_acme", PAYLOAD, Reason.MALFORMED_CBOR, _ACME),
    ("verify_acme", PAYLOAD.decode(), Reason.MALFORMED_BASE64, _ACME),
    ("verify_acme", json.loads(PAYLOAD), Reason.MALFORMED_ATTESTATION_OBJECT, _ACME),
    ("verify_acme", EVENT, Reason.MALFORMED_CBOR, _EVENT),
    ("verify_acme", CERTIFICATE_PEM, Reason.MALFORMED_CBOR, _PEM),
    ("verify_acme", CERTIFICATE_PEM.decode(), Reason.MALFORMED_BASE64, _PEM),
    ("verify_acme", CHAIN, Reason.MALFORMED_ATTESTATION_OBJECT, "it is a sequence of certificates"),
    ("verify_acme", "", Reason.MALFORMED_CBOR, _EMPTY),
    ("verify_mdm", PAYLOAD, Reason.MALFORMED_PLIST, _ACME),
    ("verify_mdm", PAYLOAD.decode(), Reason.MALFORMED_CERTIFICATE, _ACME),
    ("verify_mdm", EVENT, Reason.MALFORMED_PLIST, _EVENT),
    ("verify_mdm", json.loads(EVENT), Reason.MALFORMED_CERTIFICATE, _EVENT),
    ("verify_mdm", CERTIFICATE_PEM, Reason.MALFORMED_PLIST, _PEM),
    ("verify_mdm", [CERTIFICATE_PEM.decode()], Reason.MALFORMED_CERTIFICATE, _PEM),
    ("verify_mdm", CHAIN[0], Reason.MALFORMED_PLIST, _LIST),
    ("verify_mdm", CERTIFICATES[0], Reason.MALFORMED_CERTIFICATE, _LIST),
    ("verify_mdm", command(), Reason.NOT_ACKNOWLEDGED, _COMMAND),
    ("verify_mdm", ARRAY, Reason.MALFORMED_PLIST, "it is a property list of an array"),
    ("verify_mdm", b"", Reason.MALFORMED_PLIST, _EMPTY),
    ("verify_chain", ROW, Reason.MALFORMED_CERTIFICATE, _LIST),
    ("verify_chain", CERTIFICATE_PEM, Reason.MALFORMED_CERTIFICATE, _PEM),
    ("verify_chain", json.dumps(X5C), Reason.MALFORMED_CERTIFICATE, _X5C),
    ("verify_chain", VERIFIED.to_dict(), Reason.MALFORMED_CERTIFICATE, "Verifier.reverify takes"),
    *(
        (call, data, Reason.MALFORMED_PLIST, says)
        for call in ("validate_response", "parse")
        for data, says in [
            (PAYLOAD, _ACME),
            (EVENT, _EVENT),
            (CERTIFICATE_PEM, _PEM),
            (OBJECT, _CBOR),
            (b"", _EMPTY),
        ]
    ),
    ("parse", PAYLOAD.decode(), Reason.MALFORMED_PLIST, _ACME),
    ("parse", command(), Reason.MALFORMED_PLIST, _COMMAND),
    ("WebhookEvent.parse", RESPONSE, Reason.MALFORMED_JSON, "it is a property list"),
    ("WebhookEvent.parse", PAYLOAD, Reason.MALFORMED_JSON, _ACME),
    ("WebhookEvent.parse", b"", Reason.MALFORMED_JSON, _EMPTY),
    ("reverify", json.loads(EVENT), Reason.MALFORMED_JSON, _EVENT),
    ("reverify", CHAIN, Reason.MALFORMED_JSON, "it is a sequence of certificates"),
    ("reverify", OBJECT, Reason.MALFORMED_JSON, _CBOR),
    ("decode_unverified", command(), Reason.NO_ATTESTATION, _COMMAND),
    ("decode_unverified", command(binary=True), Reason.NO_ATTESTATION, _COMMAND),
    ("decode_unverified", b64encode(command()), Reason.NO_ATTESTATION, _COMMAND),
    ("decode_unverified", plistlib.loads(command()), Reason.NO_ATTESTATION, _COMMAND),
    ("decode_unverified", b"", Reason.MALFORMED_CBOR, _EMPTY),
    ("decode_unverified", " \n", Reason.MALFORMED_CBOR, _EMPTY),
    (
        "decode_unverified",
        REQUEST_PEM,
        Reason.MALFORMED_BASE64,
        "it is a certificate request in PEM",
    ),
    ("decode_unverified", '{"csr": "MIIB"}', Reason.MALFORMED_JSON, "it is the payload of a final"),
    ("decode_unverified", json.dumps(jws(b'{"csr": ""}')), Reason.MALFORMED_JSON, "of a finalize"),
]


@pytest.mark.parametrize(
    ("call", "data", "reason", "says"),
    [pytest.param(*each, id=f"{number}-{each[0]}") for number, each in enumerate(WRONG)],
)
def test_the_wrong_form_is_named_with_the_call_that_takes_it(
    call: str, data: object, reason: Reason, says: str
) -> None:
    with pytest.raises(AttestationError) as caught:
        CALLS[call](data)
    assert (caught.value.reason, says in caught.value.detail) == (reason, True), caught.value.detail
    assert caught.value.detail.count(says) == 1
    assert "it is " not in str(caught.value)


def test_the_advice_is_good() -> None:
    """Each mistake of the table above, mended as its hint says."""
    accepted(challenge(base64url.decode(jws(TOKEN_PAYLOAD)["payload"], 100_000)))
    accepted(challenge(TOKEN_PAYLOAD))
    accepted(by_acme(TOKEN_OBJECT))
    event = mdm.WebhookEvent.parse(EVENT)
    accepted(response(event.response))
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in CERTIFICATES)
    accepted(by_mdm(x509.load_pem_x509_certificates(pem)))
    accepted(by_chain(x509.load_pem_x509_certificates(pem)))
    accepted(by_mdm(plistlib.loads(ARRAY)))
    accepted(by_mdm(CERTIFICATES))
    accepted(response(RESPONSE))
    accepted(AUTHORITY.verifier.reverify(VERIFIED.to_dict()))
    assert parsed(RESPONSE).acknowledged
    decoded = decode_unverified(serialize_certificates(CERTIFICATES, Encoding.DER))
    accepted(by_chain(decoded.chain))


def test_the_right_form_gets_no_hint_whatever_is_wrong_with_it() -> None:
    broken: list[tuple[str, object]] = [
        ("validate_challenge", b'{"attObj": 1}'),
        ("validate_challenge", b'{"attObj": "x y"}'),
        ("verify_acme", OBJECT[:-1]),
        ("verify_acme", base64url.encode(OBJECT) + "="),
        ("verify_acme", attestation_object([])),
        ("verify_mdm", RESPONSE[:-9]),
        ("verify_mdm", response_plist(None, status="Error")),
        ("verify_mdm", response_plist(None, status="Error", binary=True)),
        ("verify_mdm", CHAIN[:1]),
        ("parse", RESPONSE[:-9]),
        ("WebhookEvent.parse", EVENT[:-9]),
        ("reverify", VERIFIED.to_dict() | {"schema": 0}),
    ]
    for call, data in broken:
        with pytest.raises(AttestationError) as caught:
            CALLS[call](data)
        assert "it is " not in caught.value.detail, (call, caught.value.detail)
