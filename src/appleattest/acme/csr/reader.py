"""A certificate request (PKCS #10, RFC 2986), which is untrusted input.

`cryptography` shows the extensions of the first extensionRequest and says nothing of a second,
and it does not tell in which string type a name came. So the outer DER is walked here, and what
`cryptography` decodes is used only where the two agree on what there is.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.acme.csr.subject import SubjectAttribute, read_subject
from appleattest.acme.othernames import LONGEST_OID
from appleattest.carriers.certificate_sequence import octets
from appleattest.certificates import SIGNATURE_ALGORITHMS
from appleattest.errors import InvalidCSR, MalformedInput, Reason
from appleattest.forms import Form, with_hint
from appleattest.text import describe, type_name
from appleattest.wire import base64url, der
from appleattest.wire.der import OID, SET, element, elements, only

LARGEST_CSR: Final = 8 * 1024
"""Octets of a CSR at most. One of Apple's client has some 300 to 500."""

_BOOLEAN: Final = 0x01
_OCTET_STRING: Final = 0x04
_ATTRIBUTES: Final = 0xA0
_VERSION_1: Final = b"\x02\x01\x00"

EC_PUBLIC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
"""The algorithm of a key on an elliptic curve, as it stands before the curve."""
_POINT_FORMS: Final = (b"\x00\x02", b"\x00\x03", b"\x00\x04")

EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
_EXTENSION_REQUEST: Final = bytes.fromhex("2a864886f70d01090e")
_ECDSA: Final = tuple(known[2:] for known in SIGNATURE_ALGORITHMS)
_ALLOWED_EXTENSIONS: Final = frozenset(
    (
        bytes.fromhex("551d11"),  # subjectAltName
        bytes.fromhex("551d0f"),  # keyUsage
        bytes.fromhex("551d25"),  # extendedKeyUsage
        bytes.fromhex("551d13"),  # basicConstraints
    )
)
_WARNED_OF: Final = re.compile(
    rb"\x06\x03\x55\x04\x03(?!.[\x01-\x40])"  # a common name
    rb"|(?:\x06\x03\x55\x04\x06|\x06\x0b\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03)"
    rb"(?!.\x02)",  # a country, also that of incorporation
    re.DOTALL,
)


class RequestedExtension(NamedTuple):
    """One extension, decoded, and the octets of its value as they stand in the request."""

    decoded: x509.Extension[x509.ExtensionType]
    value: bytes


class RequestFields(NamedTuple):
    """A certificate request, decoded and not yet judged."""

    csr: x509.CertificateSigningRequest
    subject: tuple[SubjectAttribute, ...]
    extensions: tuple[RequestedExtension, ...]
    signature_algorithm: bytes
    """The AlgorithmIdentifier, as it stands."""
    key_algorithm: bytes
    """The content of the key's AlgorithmIdentifier, as it stands."""


class _Outer(NamedTuple):
    subject: bytes
    key_algorithm: bytes
    attributes: bytes
    signature_algorithm: bytes


def read_csr(csr: object) -> RequestFields:
    """Decode a certificate request: DER as bytes, base64url as text, or `cryptography`'s object.

    Raises `InvalidCSR` (`malformed-csr`, also for one that is too large or not canonical
    base64url; `unexpected-name`; `unexpected-extension`, the element an OID, for an extension
    outside the allowlist, or an attribute other than extensionRequest, also the old one of
    Microsoft's).
    """
    try:
        encoded = _encoded(csr)
        outer = _walk(encoded)
        if _WARNED_OF.search(outer.subject) or _WARNED_OF.search(outer.attributes):
            raise ValueError("a common name is not of 1 to 64 octets, or a country not of 2")
        decoded = x509.load_der_x509_csr(encoded)
        raw = _extension_values(_requested(outer.attributes))
        return RequestFields(
            decoded,
            read_subject(outer.subject, decoded.subject),
            _extensions(raw, decoded),
            outer.signature_algorithm,
            outer.key_algorithm,
        )
    except InvalidCSR as refusal:
        with_hint(refusal, csr, Form.DER)
        raise
    except x509.UnsupportedGeneralNameType as error:
        raise InvalidCSR(
            Reason.UNEXPECTED_NAME, describe(error), element="subjectAltName"
        ) from None
    except Exception as error:  # noqa: BLE001 - no closed list of what a damaged field raises
        raise with_hint(malformed(describe(error)), csr, Form.DER) from None


def unexpected(detail: str, element: str) -> InvalidCSR:
    """The refusal of a request for an extension, or use of one, that is not allowed."""
    return InvalidCSR(Reason.UNEXPECTED_EXTENSION, f"asks for {detail}", element=element)


def malformed(detail: str, element: str | None = None) -> InvalidCSR:
    """The refusal of a request that is not well formed."""
    return InvalidCSR(Reason.MALFORMED_CSR, detail, element=element)


def _encoded(csr: object) -> bytes:
    if type(csr) is x509.CertificateSigningRequest:  # not isinstance, which asks the object
        csr = csr.public_bytes(Encoding.DER)
    try:
        encoded = (
            base64url.decode(csr, LARGEST_CSR) if isinstance(csr, str) else octets(csr, LARGEST_CSR)
        )
    except MalformedInput as refusal:
        raise malformed(refusal.detail) from None
    if encoded is None:
        raise malformed(f"DER bytes or base64url text was expected, {type_name(csr)} came")
    return encoded


def _walk(encoded: bytes) -> _Outer:
    request = only(encoded, der.SEQUENCE)
    info, offset = element(request, 0, der.SEQUENCE)
    algorithm_start = offset
    _, offset = element(request, offset, der.SEQUENCE)
    signature = only(request[offset:], der.BIT_STRING)
    if not info.startswith(_VERSION_1) or not signature.startswith(b"\x00"):
        raise ValueError("not version 1, or a signature that is not a whole number of octets")
    subject, after_subject = element(info, len(_VERSION_1), der.SEQUENCE)
    key, after_key = element(info, after_subject, der.SEQUENCE)
    key_algorithm, after_algorithm = element(key, 0, der.SEQUENCE)
    point = only(key[after_algorithm:], der.BIT_STRING)
    if key_algorithm.startswith(EC_PUBLIC_KEY):
        only(key_algorithm[len(EC_PUBLIC_KEY) :], OID)
        if not point.startswith(_POINT_FORMS):
            raise ValueError("a point that is neither compressed nor uncompressed (RFC 5480, 2.2)")
    attributes = only(info[after_key:], _ATTRIBUTES)
    algorithm = request[algorithm_start:offset]
    if algorithm not in SIGNATURE_ALGORITHMS and algorithm[2:].startswith(_ECDSA):
        raise ValueError("an ECDSA signature algorithm with parameters")
    return _Outer(subject, key_algorithm, attributes, algorithm)


def _requested(attributes: bytes) -> bytes:
    """The content of the one value of the one extensionRequest; nothing where there is none."""
    found = []
    for attribute in elements(attributes, der.SEQUENCE):
        oid, offset = element(attribute, 0, OID)
        if oid != _EXTENSION_REQUEST:
            raise unexpected("an attribute beside extensionRequest", _dotted(oid))
        values = elements(only(attribute[offset:], SET), der.SEQUENCE)
        if len(values) != 1:
            raise malformed(f"{len(values)} values; extensionRequest has one", EXTENSION_REQUEST)
        found += values
    if len(found) > 1:
        raise malformed(f"extensionRequest stands {len(found)} times", EXTENSION_REQUEST)
    return found[0] if found else b""


def _extension_values(requested: bytes) -> list[bytes]:
    """The value of each extension, as it stands, if all of them may be there at all.

    Of others, `cryptography` would decode some and warn of what it finds in them.
    """
    values = []
    for extension in elements(requested, der.SEQUENCE):
        oid, offset = element(extension, 0, OID)
        if oid not in _ALLOWED_EXTENSIONS:
            raise unexpected("an extension that is not allowed", _dotted(oid))
        if extension[offset : offset + 1] == bytes([_BOOLEAN]):
            _, offset = element(extension, offset, _BOOLEAN)
        values.append(only(extension[offset:], _OCTET_STRING))
    return values


def _dotted(oid: bytes) -> str:
    if len(oid) > LONGEST_OID:
        raise ValueError(f"an OID of {len(oid)} octets; at most {LONGEST_OID} are read")
    dotted: str = core.ObjectIdentifier(contents=oid).dotted
    return dotted


def _extensions(
    values: list[bytes], decoded: x509.CertificateSigningRequest
) -> tuple[RequestedExtension, ...]:
    try:
        extensions = tuple(decoded.extensions)
    except x509.DuplicateExtension as error:
        raise malformed("an extension that stands twice", error.oid.dotted_string) from None
    return tuple(RequestedExtension(*found) for found in zip(extensions, values, strict=True))
