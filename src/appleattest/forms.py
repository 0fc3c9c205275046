"""Which form an input has, told from how it begins or from which members it has.

People hand the wrong form to the right call more often than devices send a damaged one. So a
refusal says which form came and which call takes it. `decode_unverified` tells the forms apart by
the same rules.

Nothing is decoded here, and no answer is a verdict: an input of a form may hold anything. What is
looked at has a bound, and nothing raises.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from cryptography import x509

from appleattest.boundary import contained, is_parser_failure
from appleattest.errors import AttestationError
from appleattest.text import plain

_T = TypeVar("_T")
Buffer: TypeAlias = bytes | bytearray | memoryview

_LOOKED_AT: Final = 128 * 1024
"""Octets or characters of an input that are looked at."""
_NEAR: Final = 1024
"""Octets in which the beginning of a document is looked for."""
WHITE_SPACE: Final = b" \t\r\n"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Form(StrEnum):
    """What an input is. The value is the `carrier` that `decode_unverified` names."""

    EMPTY = "empty"
    PEM = "pem"
    PEM_REQUEST = "pem-request"
    PEM_OTHER = "pem-other"
    DER = "der"
    PKCS7 = "pkcs7"
    ATTESTATION_OBJECT = "attestation-object"
    CHALLENGE_RESPONSE = "challenge-response"
    JWS = "jws"
    X5C = "x5c"
    FINALIZE = "finalize"
    RESPONSE_PLIST = "response-plist"
    PLIST_ARRAY = "plist-array"
    COMMAND = "command"
    WEBHOOK_EVENT = "webhook-event"
    RECORD = "record"
    CHAIN = "chain"


_HINTS: Final[Mapping[Form, str]] = {
    Form.EMPTY: "it is empty: look at where it was received or stored",
    Form.PEM: "it is PEM: load it with cryptography.x509.load_pem_x509_certificates, and "
    "Verifier.verify_mdm and Verifier.verify_chain take the list",
    Form.PEM_REQUEST: "it is a certificate request in PEM: load it with "
    "cryptography.x509.load_pem_x509_csr, and acme.validate_csr takes the result",
    Form.PEM_OTHER: "it is PEM of something else than a certificate or a certificate request",
    Form.DER: "it is one certificate or several in a row: Verifier.verify_mdm and "
    "Verifier.verify_chain take a list of certificates",
    Form.PKCS7: "it is PKCS #7: decode_unverified shows its certificates, and "
    "Verifier.verify_chain takes a list of them, leaf first",
    Form.ATTESTATION_OBJECT: "it is an attestation object (CBOR): Verifier.verify_acme takes it",
    Form.CHALLENGE_RESPONSE: "it is a challenge response (JSON with attObj): "
    "acme.validate_challenge takes it",
    Form.JWS: "it is a whole JWS: verify its signature, decode its payload from base64url, and "
    "acme.validate_challenge takes the payload",
    Form.X5C: "it is x5c as JSON: decode each item from base64, and Verifier.verify_chain takes "
    "the list",
    Form.FINALIZE: "it is the payload of a finalize: acme.validate_csr takes its member csr",
    Form.RESPONSE_PLIST: "it is a property list: where it is a device's response, "
    "mdm.validate_response takes it as bytes",
    Form.PLIST_ARRAY: "it is a property list of an array: Verifier.verify_mdm takes the array",
    Form.COMMAND: "it is a command to a device, which holds no attestation: "
    "mdm.validate_response takes what the device answers to it",
    Form.WEBHOOK_EVENT: "it is a webhook event: mdm.WebhookEvent.parse takes it, and "
    "mdm.validate_response takes the response of the result",
    Form.RECORD: "it is a record of Attestation.to_dict: Verifier.reverify takes it, as a dict",
    Form.CHAIN: "it is a sequence of certificates: Verifier.verify_mdm and Verifier.verify_chain "
    "take it",
}

_MEMBERS: Final[tuple[tuple[Form, tuple[str, ...]], ...]] = (
    (Form.CHALLENGE_RESPONSE, ("attObj",)),
    (Form.WEBHOOK_EVENT, ("acknowledge_event",)),
    (Form.WEBHOOK_EVENT, ("checkin_event",)),
    (Form.JWS, ("payload", "signature")),
    (Form.JWS, ("payload", "signatures")),
    (Form.X5C, ("x5c",)),
    (Form.RECORD, ("carrier", "chain")),
    (Form.FINALIZE, ("csr",)),
    (Form.RESPONSE_PLIST, ("QueryResponses",)),
    (Form.COMMAND, ("Command",)),
    (Form.COMMAND, ("RequestType",)),
)
"""The members by which an object or a dictionary is known. The first that fits counts."""

_SIGNED_DATA: Final = rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_PKCS7: Final = re.compile(rb"\x30(?:[\0-\x80]|\x81.|\x82..|\x83...)" + _SIGNED_DATA, re.DOTALL)
_COMPACT_JWS: Final = re.compile(rb"eyJ[\w-]*\.[\w-]*\.[\w-]*")
_JSON_ARRAY: Final = re.compile(rb"\[[ \t\r\n]*[\]\"]")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_BARE_ARRAY: Final = re.compile(rb"<plist[^>]{0,100}>[ \t\r\n]*<array")
_PEM: Final = {
    Form.PEM: re.compile(rb"-----BEGIN (?:(?:X509 |TRUSTED )?CERTIFICATE|PKCS7|CMS)-----"),
    Form.PEM_REQUEST: re.compile(rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----"),
    Form.PEM_OTHER: re.compile(rb"-----BEGIN [A-Z0-9 ]{1,40}-----"),
}
_BASE64URL_BEGINNING: Final = re.compile(rb"[o-v][\w-]{15,63}")
"""How base64url of a CBOR map begins."""
_KEYS_OF_AN_OBJECT: Final = (b"\x63fmt", b"\x67attStmt", b"\x68authData")
"""The keys of an attestation object, as CBOR writes them."""


def advice(form: Form) -> str:
    """What an input of this form is, and which call takes it."""
    return _HINTS[form]


def hint(data: object, *expected: Form) -> str:
    """What to tell whoever gave `data` to a call that takes `expected`; empty where unknown."""
    form = recognise(data)
    return "" if form is None or form in expected else advice(form)


def with_hint(refusal: AttestationError, data: object, *expected: Form) -> AttestationError:
    """The refusal of `data`, whose `detail` says which other form it has, if it has one."""
    said = hint(data, *expected)
    if said:
        refusal.detail = f"{refusal.detail}; {said}"
    return refusal


def read_as(
    form: Form,
    data: object,
    read: Callable[[], _T],
    refuse: Callable[[str], AttestationError],
) -> _T:
    """What `read` makes of `data`, inside the boundary (`contained`); a refusal has its hint."""
    try:
        return contained(read, refuse)
    except AttestationError as refusal:
        with_hint(refusal, data, form)
        raise


def recognise(data: object) -> Form | None:
    """The form of whatever a call was given; None where it is not known."""
    try:
        return _recognise(data)
    except BaseException as error:  # an object of the caller's may raise what it likes
        if not is_parser_failure(error):
            raise
        return None


def of_octets(encoded: bytes) -> Form | None:
    """The form of octets, by their beginning; None where they begin like none."""
    text = encoded.removeprefix(BYTE_ORDER_MARK).strip(WHITE_SPACE)
    if not text:
        return Form.EMPTY
    if _PKCS7.match(encoded):
        return Form.PKCS7
    if encoded[0] == 0x30 and encoded[1:2] >= b"\x80":
        return Form.DER
    if 0xA0 <= encoded[0] <= 0xBF:
        return Form.ATTESTATION_OBJECT
    if encoded.startswith((b"bplist", *_UTF_16)) or (
        text[:1] == b"<" and b"<plist" in text[:_NEAR]
    ):
        return _of_plist(encoded)
    if text[:1] == b"{":
        return of_members(lambda name: b'"%b"' % name.encode("ascii") in text)
    if _JSON_ARRAY.match(text):
        return Form.X5C
    return Form.JWS if _COMPACT_JWS.fullmatch(text) else None


def of_members(has: Callable[[str], object]) -> Form | None:
    """The form of an object or dictionary, of which `has` says whether it has a member."""
    return next((form for form, names in _MEMBERS if all(map(has, names))), None)


def of_pem(encoded: bytes) -> Form | None:
    """What a text has in PEM: certificates, else a request, else another thing; None: nothing."""
    return next((form for form, beginning in _PEM.items() if beginning.search(encoded)), None)


def _recognise(data: object) -> Form | None:
    if type(data) is x509.Certificate:
        return Form.DER
    if isinstance(data, Mapping):
        return of_members(data.__contains__)
    if isinstance(data, list | tuple):
        return Form.CHAIN if data and _is_certificate(data[0]) else None
    if isinstance(data, str):
        encoded = plain(data)[:_LOOKED_AT].encode("utf-8", "replace")
    elif isinstance(data, Buffer):
        encoded = memoryview(data)[:_LOOKED_AT].tobytes()
    else:
        return None
    return of_octets(encoded) or of_pem(encoded) or _of_base64url(encoded.strip(WHITE_SPACE))


def _is_certificate(item: object) -> bool:
    return isinstance(item, Buffer) or type(item) is x509.Certificate


def _of_plist(encoded: bytes) -> Form:
    plainly = encoded.replace(b"\0", b"")  # what is left of UTF-16, where it holds ASCII
    if _has_key(plainly, "RequestType") and not _has_key(plainly, "Status"):
        return Form.COMMAND
    return Form.PLIST_ARRAY if _BARE_ARRAY.search(plainly[:_NEAR]) else Form.RESPONSE_PLIST


def _has_key(plist: bytes, name: str) -> bool:
    """Whether a key of under fifteen characters stands somewhere, in XML or in binary."""
    key = name.encode("ascii")
    return b">%b<" % key in plist or b"%c%b" % (0x50 | len(key), key) in plist


def _of_base64url(text: bytes) -> Form | None:
    beginning = _BASE64URL_BEGINNING.match(text)
    if beginning is None:
        return None
    octets = urlsafe_b64decode(beginning[0][: len(beginning[0]) // 4 * 4])
    found = any(key in octets for key in _KEYS_OF_AN_OBJECT)
    return Form.ATTESTATION_OBJECT if found else None
