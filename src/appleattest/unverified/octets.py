"""Certificates in octets: DER, PKCS #7, PEM, and each form again in hexadecimal or base64."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from appleattest.errors import MalformedInput, Reason
from appleattest.forms import BYTE_ORDER_MARK, WHITE_SPACE, Form, advice, of_octets, of_pem
from appleattest.unverified.documents import (
    in_attestation_object,
    in_compact_jws,
    in_json_array,
    in_json_object,
    in_plist,
)
from appleattest.unverified.found import Found, collected, from_base64
from appleattest.wire import der

_MOST_LAYERS: Final = 3
"""Encodings as text, one around the other: base64 of hexadecimal of PEM has two."""
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_EXPLICIT_0: Final = 0xA0
_PEM_BLOCK: Final = re.compile(
    rb"-----BEGIN (?:(?:X509 |TRUSTED )?CERTIFICATE|(PKCS7|CMS))-----([^-]*)"
)
_HEX_SEPARATORS: Final = WHITE_SPACE + b":"


def _certificates_of(encoded: bytes) -> Iterator[bytes]:
    """The certificates of a SignedData, in the order in which they stand (RFC 5652, 5.1)."""
    try:
        content_info, _ = der.element(encoded, 0, der.SEQUENCE)
        content_type, offset = der.element(content_info, 0, der.OID)
        if content_type != _SIGNED_DATA:
            raise ValueError("not a SignedData")
        signed = der.only(der.only(content_info[offset:], _EXPLICIT_0), der.SEQUENCE)
        offset = 0
        for tag in (der.INTEGER, der.SET, der.SEQUENCE):  # version, algorithms, content
            _, offset = der.element(signed, offset, tag)
        certificates, _ = der.element(signed, offset, _EXPLICIT_0)
    except ValueError as error:
        raise MalformedInput(
            Reason.MALFORMED_CERTIFICATE,
            f"PKCS #7 with certificates, in DER, was expected: {error}",
        ) from None
    return der.row(certificates)


def _in_pem(encoded: bytes) -> Found:
    blocks = _PEM_BLOCK.finditer(encoded)
    items = (item for block in blocks for item in _of_block(block))
    is_pkcs7 = _PEM_BLOCK.search(encoded)
    return collected(Form.PKCS7 if is_pkcs7 and is_pkcs7[1] else Form.PEM, items)


def _of_block(block: re.Match[bytes]) -> Iterator[bytes | MalformedInput]:
    """The certificates of one block. One that cannot be read keeps its place."""
    octets = from_base64(block[2]) or b""
    if block[1]:
        try:
            return _certificates_of(octets)
        except MalformedInput as problem:
            return iter((problem,))
    return der.row(octets) if octets else iter((b"",))


def _in_text(text: bytes, layers: int) -> Found:
    octets = _from_hex(text) or from_base64(text)
    if octets and layers:
        return in_octets(octets, layers - 1)
    if octets:
        detail = f"encoded as text more than {_MOST_LAYERS} times"
    else:
        detail = "it begins like no form that holds certificates"
    reason = Reason.MALFORMED_BASE64 if text.isascii() else Reason.MALFORMED_CERTIFICATE
    raise MalformedInput(reason, detail)


def _from_hex(text: bytes) -> bytes | None:
    try:
        return bytes.fromhex(text.translate(None, _HEX_SEPARATORS).decode("ascii"))
    except ValueError:
        return None


_READERS: Final[Mapping[Form, Callable[[bytes], Found]]] = {
    Form.DER: lambda encoded: collected(Form.DER, der.row(encoded)),
    Form.PKCS7: lambda encoded: collected(Form.PKCS7, _certificates_of(encoded)),
    Form.PEM: _in_pem,
    Form.ATTESTATION_OBJECT: in_attestation_object,
    Form.RESPONSE_PLIST: in_plist,
    Form.PLIST_ARRAY: in_plist,
    Form.COMMAND: in_plist,
    Form.X5C: in_json_array,
    Form.JWS: in_compact_jws,
}
_BY_FIRST_OCTET: Final[Mapping[bytes, Callable[[bytes], Found]]] = {
    b"{": in_json_object,
    b"<": in_plist,
}
"""What an input is by its first octet, whatever its members or elements are."""
_WITHOUT_CERTIFICATES: Final = {
    Form.EMPTY: Reason.MALFORMED_CBOR,
    Form.PEM_REQUEST: Reason.MALFORMED_BASE64,
    Form.PEM_OTHER: Reason.MALFORMED_BASE64,
}


def in_octets(encoded: bytes, layers: int = _MOST_LAYERS) -> Found:
    """The certificates in octets, whose form is told by how they begin.

    PEM alone may begin with anything. It is looked for late, or it could hide in a key that the
    reader of another form ignores, and be shown instead of what a verifier would read.

    Raises `AttestationError` where there is none.
    """
    text = encoded.removeprefix(BYTE_ORDER_MARK).strip(WHITE_SPACE)
    reader = _BY_FIRST_OCTET.get(text[:1])
    if reader is not None:
        return reader(encoded)
    form = of_octets(encoded) or of_pem(encoded)
    if form is not None and form in _READERS:
        return _READERS[form](encoded)
    if form is not None:
        raise MalformedInput(_WITHOUT_CERTIFICATES[form], advice(form))
    return _in_text(text, layers)
