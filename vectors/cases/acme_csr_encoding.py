"""The certificate request as octets: DER (RFC 2986), or its base64url (RFC 8555, 7.4)."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Digest, csr, der
from appleattest.testing.keys import algorithm_identifier, sign, spki_of
from vectors.case import SERIAL, CsrInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.requests import NAMED, SHOWN, request

FILE: Final = "acme_csr_encoding"

_NO_ATTRIBUTES: Final = der.tlv(0xA0, b"")


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


@valid(FILE, Flag.GENUINE_REQUEST)
def octets(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, key=attested``: DER, as Apple's client makes it."""
    return CsrInput(csr=request(authority))


@valid(FILE, Flag.GENUINE_REQUEST, Flag.CARRIER_FORM)
def text(authority: AttestationAuthority) -> CsrInput:
    """``csr: base64url(DER)``: as the client posts it to finalize."""
    return CsrInput(csr=_text(request(authority)))


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.MALFORMED_BASE64,
    each={
        "padding": lambda csr: _text(csr) + "=",
        "line-feed": lambda csr: _text(csr) + "\n",
        "space": lambda csr: " " + _text(csr),
        "standard-alphabet": lambda csr: b64encode(csr + b"\xff\xff\xff").decode("ascii"),
        "pem": lambda csr: (
            f"-----BEGIN CERTIFICATE REQUEST-----\n{b64encode(csr).decode()}\n"
            "-----END CERTIFICATE REQUEST-----\n"
        ),
        "dollar-sign": lambda csr: _text(csr)[:40] + "$" + _text(csr)[40:],
    },
)
def text_with(authority: AttestationAuthority, written: Callable[[bytes], str]) -> CsrInput:
    """``csr: [text]``: RFC 8555, 6.1, has base64url without padding, white space or armour."""
    return CsrInput(csr=written(request(authority)))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST)
def text_of_nothing(_authority: AttestationAuthority) -> CsrInput:
    """``csr: base64url()``: the empty text is base64url of no octets, which are no request."""
    return CsrInput(csr="")


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST)
def text_as_octets(authority: AttestationAuthority) -> CsrInput:
    """``[the octets of base64url(DER)]``: octets are DER; they are never tried as text."""
    return CsrInput(csr=_text(request(authority)).encode())


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_CSR)
def octets_above_8_kib(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's SAN=order's, 300 times``: Apple's client sends 500 octets."""
    return CsrInput(csr=request(authority, csr.alternatives(*[SHOWN] * 300)))


@acceptable(FILE, Flag.TOO_LARGE)
def identifier_shown_100_times(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's SAN=order's, 100 times``: less than 8 KiB, and every name is the order's."""
    return CsrInput(csr=request(authority, csr.alternatives(*[SHOWN] * 100)))


# --- structure ----------------------------------------------------------------------------------

_Parts = tuple[bytes, bytes, bytes]


def _parts(authority: AttestationAuthority, *fields: bytes) -> _Parts:
    """The three parts of a request whose info has these fields, signed by the attested key."""
    key, info = authority.attested_key, der.sequence(*fields)
    signature = der.bit_string(sign(key, Digest.SHA256, info))
    return info, algorithm_identifier(key, Digest.SHA256), signature


def _spki(authority: AttestationAuthority) -> bytes:
    return spki_of(authority.attested_key.public_key())


_FIELDS: Final[dict[str, Callable[[bytes], tuple[bytes, ...]]]] = {
    "version-2": lambda spki: (der.integer(1), NAMED, spki, _NO_ATTRIBUTES),
    "version-negative": lambda spki: (der.integer(-1), NAMED, spki, _NO_ATTRIBUTES),
    "version-of-two-octets": lambda spki: (b"\x02\x02\x00\x00", NAMED, spki, _NO_ATTRIBUTES),
    "version-of-no-octet": lambda spki: (b"\x02\x00", NAMED, spki, _NO_ATTRIBUTES),
    "version-left-out": lambda spki: (NAMED, spki, _NO_ATTRIBUTES),
    "subject-left-out": lambda spki: (der.integer(0), spki, _NO_ATTRIBUTES),
    "key-left-out": lambda _: (der.integer(0), NAMED, _NO_ATTRIBUTES),
    "attributes-left-out": lambda spki: (der.integer(0), NAMED, spki),
    "attributes-twice": lambda spki: (der.integer(0), NAMED, spki, *[_NO_ATTRIBUTES] * 2),
    "attributes-in-a-set": lambda spki: (der.integer(0), NAMED, spki, der.tlv(0x31, b"")),
    "subject-is-a-set": lambda spki: (der.integer(0), der.tlv(0x31, b""), spki, _NO_ATTRIBUTES),
    "key-is-empty": lambda _: (der.integer(0), NAMED, der.sequence(), _NO_ATTRIBUTES),
    "subject-of-long-length": lambda spki: (
        der.integer(0),
        b"\x30" + der.long_length(len(NAMED) - 2, 2) + NAMED[2:],
        spki,
        _NO_ATTRIBUTES,
    ),
    "subject-of-indefinite-length": lambda spki: (
        der.integer(0),
        b"\x30\x80" + NAMED[2:] + b"\x00\x00",
        spki,
        _NO_ATTRIBUTES,
    ),
    "key-with-a-third-field": lambda spki: (
        der.integer(0),
        NAMED,
        der.sequence(der.read(spki)[1], der.null()),
        _NO_ATTRIBUTES,
    ),
    "key-of-a-fraction-of-an-octet": lambda spki: (
        der.integer(0),
        NAMED,
        spki.replace(b"\x03\x62\x00\x04", b"\x03\x62\x01\x04"),
        _NO_ATTRIBUTES,
    ),
}


@valid(FILE, Flag.GENUINE_REQUEST)
def info_of_four_fields(authority: AttestationAuthority) -> CsrInput:
    """``info: version 1, CN=order's, key, no attributes``: the mended twin of those that follow."""
    fields = (der.integer(0), NAMED, _spki(authority), _NO_ATTRIBUTES)
    return CsrInput(csr=der.sequence(*_parts(authority, *fields)))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_FIELDS)
def info_with(
    authority: AttestationAuthority, fields: Callable[[bytes], tuple[bytes, ...]]
) -> CsrInput:
    """``info: [fields]``, signed as it stands: not the four fields of RFC 2986, 4.1, in DER."""
    return CsrInput(csr=der.sequence(*_parts(authority, *fields(_spki(authority)))))


_WHOLES: Final[dict[str, Callable[[bytes, bytes, bytes], bytes]]] = {
    "trailing-octet": lambda *parts: der.sequence(*parts) + b"\x00",
    "trailing-null": lambda *parts: der.sequence(*parts) + der.null(),
    "twice": lambda *parts: der.sequence(*parts) * 2,
    "fourth-part": lambda *parts: der.sequence(*parts, der.null()),
    "two-parts": lambda info, algorithm, _: der.sequence(info, algorithm),
    "one-octet-short": lambda *parts: der.sequence(*parts)[:-1],
    "indefinite-length": lambda *parts: b"\x30\x80" + b"".join(parts) + b"\x00\x00",
    "length-of-three-octets": lambda *parts: (
        b"\x30" + der.long_length(sum(map(len, parts)), 3) + b"".join(parts)
    ),
    "a-set": lambda *parts: der.tlv(0x31, b"".join(parts)),
    "empty-sequence": lambda *_: der.sequence(),
    "empty": lambda *_: b"",
    "signature-is-an-octet-string": lambda info, algorithm, signature: der.sequence(
        info, algorithm, der.octet_string(der.read(signature)[1][1:])
    ),
    "signature-with-unused-bit": lambda info, algorithm, signature: der.sequence(
        info, algorithm, der.bit_string(der.read(signature)[1][1:], 1)
    ),
    "signature-without-content": lambda info, algorithm, _: der.sequence(
        info, algorithm, der.tlv(3, b"")
    ),
    "pem": lambda *parts: (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + b64encode(der.sequence(*parts))
        + b"\n-----END CERTIFICATE REQUEST-----\n"
    ),
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_WHOLES)
def whole(
    authority: AttestationAuthority, written: Callable[[bytes, bytes, bytes], bytes]
) -> CsrInput:
    """``[info, algorithm, signature]``: what no signature covers has one form, too."""
    fields = (der.integer(0), NAMED, _spki(authority), _NO_ATTRIBUTES)
    return CsrInput(csr=written(*_parts(authority, *fields)))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST)
def certificate_of_the_attestation(authority: AttestationAuthority) -> CsrInput:
    """``[the leaf]``: the attestation's own certificate, where a request is due."""
    return CsrInput(csr=authority.attest()[0])


# --- the subject --------------------------------------------------------------------------------

_SUBJECTS: Final[dict[str, bytes]] = {
    "an-rdn-that-is-a-sequence": der.sequence(der.sequence(csr.attribute(csr.COMMON_NAME, SERIAL))),
    "an-rdn-of-nothing": der.sequence(csr.rdn(), csr.rdn(csr.attribute(csr.COMMON_NAME, SERIAL))),
    "an-attribute-without-value": der.sequence(csr.rdn(der.sequence(der.oid(csr.COMMON_NAME)))),
    "an-attribute-of-three-parts": der.sequence(
        csr.rdn(
            der.sequence(der.oid(csr.COMMON_NAME), der.utf8_string(SERIAL), der.utf8_string("B"))
        )
    ),
    "an-attribute-without-type": der.sequence(csr.rdn(der.sequence(der.utf8_string(SERIAL)))),
    "one-type-twice-in-an-rdn": der.sequence(
        csr.rdn(
            csr.attribute(csr.COMMON_NAME, SERIAL),
            csr.attribute(csr.COMMON_NAME, SERIAL, der.PRINTABLE_STRING),
        )
    ),
    "an-rdn-that-is-not-in-order": der.sequence(
        der.tlv(
            der.SET,
            csr.attribute(csr.SERIAL_NUMBER, SERIAL) + csr.attribute(csr.COMMON_NAME, SERIAL),
        )
    ),
    "an-empty-common-name": csr.subject_of(""),
    "a-country-of-three-letters": csr.subject(csr.attribute("2.5.4.6", "DEU")),
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_SUBJECTS)
def subject_with(authority: AttestationAuthority, subject: bytes) -> CsrInput:
    """``subject: [defect]``: not the structure of a Name, or a name that nobody ordered.

    RFC 5280, A.1, bounds a common name and a country, too.
    """
    return CsrInput(csr=request(authority, subject=subject))


@valid(FILE, Flag.IDENTIFIER_FORM)
def common_name_of_64_octets(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's``, 64 octets: as long as a common name may be."""
    value = "x" * 64
    return CsrInput(
        csr=request(authority, subject=csr.subject_of(value)),
        identifier={"type": "permanent-identifier", "value": value},
    )


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_CSR)
def common_name_of_65_octets(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's``, 65 octets: one more than RFC 5280, A.1, has, as many deployed names have."""
    value = "x" * 65
    return CsrInput(
        csr=request(authority, subject=csr.subject_of(value)),
        identifier={"type": "permanent-identifier", "value": value},
    )
