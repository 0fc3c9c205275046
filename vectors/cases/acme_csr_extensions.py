"""What a certificate request may ask for beside names, and in how many places it may ask."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from appleattest import Reason
from appleattest.acme import DEFAULT_USAGES
from appleattest.testing import AttestationAuthority, csr, der
from vectors.case import CsrInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag
from vectors.requests import SHOWN, asking, request

FILE: Final = "acme_csr_extensions"

_GOOD: Final = csr.alternatives(SHOWN)
_EVIL: Final = csr.alternatives(x509.DNSName("server.example"))
_SECRET: Final = der.sequence(
    der.oid(csr.CHALLENGE_PASSWORD), der.set_of(der.utf8_string("secret"))
)

# --- attributes ---------------------------------------------------------------------------------


@valid(FILE, Flag.GENUINE_REQUEST, Flag.WANTED_EXTENSION)
def one_extension_request(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's}``: one attribute with one value."""
    return asking(authority, _GOOD)


@acceptable(FILE, Flag.LEFT_OPEN)
def extension_request_without_extensions(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, extensionRequest{}``: asks for nothing.

    RFC 5280, A.1, has no list of no extensions; it is harmless.
    """
    return CsrInput(csr=request(authority, attributes=[csr.requested()]))


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.SECOND_REQUEST,
    each={
        "good-and-evil": (_GOOD, _EVIL),
        "evil-and-good": (_EVIL, _GOOD),
        "good-and-good": (_GOOD, _GOOD),
    },
)
def two_extension_requests(authority: AttestationAuthority, asked: tuple[bytes, bytes]) -> CsrInput:
    """``CN=order's, extensionRequest{SAN}, [extensionRequest{SAN}]``: libraries show the first."""
    return CsrInput(csr=request(authority, attributes=[csr.requested(each) for each in asked]))


def _values(*values: bytes) -> bytes:
    return der.sequence(der.oid(csr.EXTENSION_REQUEST), der.tlv(der.SET, b"".join(values)))


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.SECOND_REQUEST,
    each={
        "none": _values(),
        "good-and-evil": _values(der.sequence(_GOOD), der.sequence(_EVIL)),
        "good-and-good": _values(der.sequence(_GOOD), der.sequence(_GOOD)),
    },
)
def values_of_the_extension_request(authority: AttestationAuthority, attribute: bytes) -> CsrInput:
    """``CN=order's, extensionRequest[values]``: RFC 2985, 5.4.2, has exactly one value."""
    return CsrInput(csr=request(authority, attributes=[attribute]))


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.MALFORMED_REQUEST,
    each={
        "a-third-part": der.sequence(
            der.oid(csr.EXTENSION_REQUEST), der.set_of(der.sequence(_GOOD)), der.null()
        ),
        "values-in-a-sequence": der.sequence(
            der.oid(csr.EXTENSION_REQUEST), der.sequence(der.sequence(_GOOD))
        ),
        "a-value-that-is-null": _values(der.null()),
        "no-values": der.sequence(der.oid(csr.EXTENSION_REQUEST)),
    },
)
def attribute_with(authority: AttestationAuthority, attribute: bytes) -> CsrInput:
    """``CN=order's, [attribute]``: not the structure of an extensionRequest."""
    return CsrInput(csr=request(authority, attributes=[attribute]))


_OTHER_ATTRIBUTES: Final[dict[str, bytes]] = {
    "microsoft-extensions": csr.requested(_GOOD, oid=csr.MICROSOFT_EXTENSIONS),
    "microsoft-extensions-evil": csr.requested(_EVIL, oid=csr.MICROSOFT_EXTENSIONS),
    "challenge-password": _SECRET,
    "unstructured-name": der.sequence(
        der.oid("1.2.840.113549.1.9.2"), der.set_of(der.utf8_string("name"))
    ),
    "unknown": der.sequence(der.oid("1.2.3.4"), der.set_of(der.null())),
}
_MICROSOFT: Final = ("microsoft-extensions", "microsoft-extensions-evil")


@acceptable(
    FILE,
    Flag.IGNORED_ATTRIBUTE,
    reason=Reason.UNEXPECTED_EXTENSION,
    each=but(_OTHER_ATTRIBUTES, *_MICROSOFT),
)
@invalid(
    FILE,
    Reason.UNEXPECTED_EXTENSION,
    Flag.SECOND_REQUEST,
    each=only(_OTHER_ATTRIBUTES, *_MICROSOFT),
)
def another_attribute(authority: AttestationAuthority, attribute: bytes) -> CsrInput:
    """``CN=order's, [attribute]``: not extensionRequest.

    Microsoft's clients asked for extensions in an attribute of their own; some servers read it, and
    issue what others have not looked at. The rest asks for nothing in a certificate: RFC 2986
    leaves attributes open, and this library refuses all that it does not read.
    """
    return CsrInput(csr=request(authority, attributes=[attribute]))


@acceptable(
    FILE,
    Flag.IGNORED_ATTRIBUTE,
    reason=Reason.UNEXPECTED_EXTENSION,
    each=but(_OTHER_ATTRIBUTES, *_MICROSOFT),
)
@invalid(
    FILE,
    Reason.UNEXPECTED_EXTENSION,
    Flag.SECOND_REQUEST,
    each=only(_OTHER_ATTRIBUTES, *_MICROSOFT),
)
def attribute_beside_the_extension_request(
    authority: AttestationAuthority, attribute: bytes
) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's}, [attribute]``: a good one excuses no other."""
    return CsrInput(csr=request(authority, attributes=sorted([csr.requested(_GOOD), attribute])))


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST)
def attributes_that_are_not_in_order(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, [challengePassword after extensionRequest]``: DER sorts a SET OF."""
    unordered = sorted([csr.requested(_GOOD), _SECRET], reverse=True)
    return CsrInput(csr=request(authority, attributes=unordered))


# --- extensions ---------------------------------------------------------------------------------

_USAGES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _key_usage(*asked: str, critical: bool = True) -> bytes:
    usage = x509.KeyUsage(**{each: each in asked for each in _USAGES})
    return csr.extension(csr.KEY_USAGE, usage, critical=critical)


def _constraints(ca: bool, path_length: int | None = None) -> bytes:
    value = x509.BasicConstraints(ca=ca, path_length=path_length)
    return csr.extension(csr.BASIC_CONSTRAINTS, value, critical=True)


def _purposes(*usages: x509.ObjectIdentifier) -> bytes:
    return csr.extension(csr.EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage(usages))


@valid(
    FILE,
    Flag.WANTED_EXTENSION,
    each={
        "no-ca": _constraints(ca=False),
        "digital-signature": _key_usage("digital_signature"),
        "signature-and-encipherment": _key_usage("digital_signature", "key_encipherment"),
        "key-agreement": _key_usage("key_agreement", "decipher_only"),
        "not-critical": _key_usage("digital_signature", critical=False),
        "client": _purposes(ExtendedKeyUsageOID.CLIENT_AUTH),
        "every-purpose-by-default": _purposes(*DEFAULT_USAGES),
    },
)
def allowed_extension(authority: AttestationAuthority, extension: bytes) -> CsrInput:
    """``CN=order's, extensionRequest{extension}``: gives no power over anybody else."""
    return asking(authority, extension)


@valid(FILE, Flag.WANTED_EXTENSION)
def every_kind_of_extension(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, extensionRequest{SAN, keyUsage, extendedKeyUsage, basicConstraints}``

    What Apple's payload can lead to, together.
    """
    usage, purpose = _key_usage("digital_signature"), _purposes(ExtendedKeyUsageOID.CLIENT_AUTH)
    return asking(authority, _GOOD, usage, purpose, _constraints(ca=False))


@invalid(
    FILE,
    Reason.UNEXPECTED_EXTENSION,
    Flag.POWER_TO_ISSUE,
    each={
        "ca": _constraints(ca=True),
        "ca-of-path-length-0": _constraints(ca=True, path_length=0),
        "key-cert-sign": _key_usage("key_cert_sign"),
        "key-cert-sign-among-others": _key_usage("digital_signature", "key_cert_sign"),
        "crl-sign": _key_usage("digital_signature", "crl_sign"),
        "both-signs": _key_usage("key_cert_sign", "crl_sign"),
    },
)
def power(authority: AttestationAuthority, extension: bytes) -> CsrInput:
    """``CN=order's, extensionRequest{[extension]}``: a device is no authority."""
    return asking(authority, extension)


@invalid(FILE, Reason.UNEXPECTED_EXTENSION, Flag.POWER_TO_ISSUE)
def ca_with_the_order_s_names(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's, [cA]}``: right names excuse nothing."""
    return asking(authority, _GOOD, _constraints(ca=True))


@invalid(
    FILE,
    Reason.UNEXPECTED_EXTENSION,
    Flag.UNWANTED_EXTENSION,
    each={
        "any": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
        "ocsp-signing": [ExtendedKeyUsageOID.OCSP_SIGNING],
        "time-stamping": [ExtendedKeyUsageOID.TIME_STAMPING],
        "code-signing": [ExtendedKeyUsageOID.CODE_SIGNING],
        "client-and-any": [
            ExtendedKeyUsageOID.CLIENT_AUTH,
            ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ],
        "unknown": [x509.ObjectIdentifier("1.2.3.4")],
    },
)
def purpose(authority: AttestationAuthority, usages: list[x509.ObjectIdentifier]) -> CsrInput:
    """``CN=order's, extensionRequest{extendedKeyUsage=[purposes]}``: not on the list of purposes.

    With these a device would speak for others, or the purpose would be anybody's guess.
    """
    return asking(authority, _purposes(*usages))


_UNWANTED: Final[dict[str, bytes]] = {
    "name-constraints": csr.extension(
        "2.5.29.30", x509.NameConstraints([x509.DNSName("a.example")], None), critical=True
    ),
    "subject-key-identifier": csr.extension("2.5.29.14", x509.SubjectKeyIdentifier(bytes(20))),
    "authority-key-identifier": csr.extension(
        "2.5.29.35", x509.AuthorityKeyIdentifier(bytes(20), None, None)
    ),
    "issuer-alternative-name": csr.extension(
        "2.5.29.18", x509.IssuerAlternativeName([x509.DNSName("a.example")])
    ),
    "certificate-policies": csr.extension(
        "2.5.29.32",
        x509.CertificatePolicies(
            [x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)]
        ),
    ),
    "ocsp-no-check": csr.extension("1.3.6.1.5.5.7.48.1.5", x509.OCSPNoCheck()),
    "tls-feature": csr.extension(
        "1.3.6.1.5.5.7.1.24", x509.TLSFeature([x509.TLSFeatureType.status_request])
    ),
    "serial-number-of-apple": csr.extension("1.2.840.113635.100.8.9.1", b"TESTSERIAL01"),
    "freshness-of-apple": csr.extension("1.2.840.113635.100.8.11.1", bytes(32)),
    "unknown": csr.extension("1.2.3.4", b"\x05\x00"),
    "unknown-critical": csr.extension("1.2.3.4", b"\x05\x00", critical=True),
    "unknown-empty": csr.extension("1.2.3.4", b""),
}


@invalid(FILE, Reason.UNEXPECTED_EXTENSION, Flag.UNWANTED_EXTENSION, each=_UNWANTED)
def unwanted_extension(authority: AttestationAuthority, extension: bytes) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's, [extension]}``: outside the allowlist.

    An extension under Apple's arc would even read as if Apple had attested it.
    """
    return asking(authority, _GOOD, extension)


@invalid(
    FILE,
    Reason.MALFORMED_CSR,
    Flag.DUPLICATE_EXTENSION,
    each={
        "good-and-evil": (_GOOD, _EVIL),
        "good-and-good": (_GOOD, _GOOD),
        "key-usage": (_key_usage("digital_signature"), _key_usage("key_cert_sign")),
    },
)
def extension_twice(authority: AttestationAuthority, asked: tuple[bytes, bytes]) -> CsrInput:
    """``CN=order's, extensionRequest{extension, [extension]}``: two of one OID."""
    return asking(authority, *asked)


_ENCODINGS: Final[dict[str, tuple[str, bytes]]] = {
    "key-usage-with-zeros-to-spare": (csr.KEY_USAGE, b"\x03\x02\x00\x80"),
    "key-usage-of-a-bit-that-is-unused": (csr.KEY_USAGE, b"\x03\x02\x07\xff"),
    "key-usage-with-trailing-octet": (csr.KEY_USAGE, b"\x03\x02\x07\x80\x00"),
    "key-usage-that-is-an-integer": (csr.KEY_USAGE, b"\x02\x01\x80"),
    "key-usage-of-nothing": (csr.KEY_USAGE, b""),
    "constraints-with-the-default": (csr.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x00"),
    "constraints-with-true-as-1": (csr.BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x01"),
    "constraints-with-trailing-octet": (csr.BASIC_CONSTRAINTS, b"\x30\x00\x00"),
    "purposes-of-nothing": (csr.EXTENDED_KEY_USAGE, b"\x30\x00"),
    "names-of-nothing": (csr.SUBJECT_ALT_NAME, b"\x30\x00"),
    "names-of-indefinite-length": (csr.SUBJECT_ALT_NAME, b"\x30\x80\x82\x01a\x00\x00"),
    "names-not-ascii": (csr.SUBJECT_ALT_NAME, b"\x30\x03\x82\x01\xff"),
    "names-with-trailing-octet": (csr.SUBJECT_ALT_NAME, b"\x30\x03\x82\x01a\x00"),
    "names-of-long-length": (csr.SUBJECT_ALT_NAME, b"\x30\x81\x03\x82\x01a"),
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_ENCODINGS)
def extension_encoding(authority: AttestationAuthority, written: tuple[str, bytes]) -> CsrInput:
    """``CN=order's, extensionRequest{[extension]}``: its value is not DER, or holds nothing."""
    return asking(authority, csr.extension(*written))


_FLAGS: Final[dict[str, bytes]] = {
    "false": b"\x01\x01\x00",
    "true-as-1": b"\x01\x01\x01",
    "of-two-octets": b"\x01\x02\xff\xff",
    "twice": b"\x01\x01\xff" * 2,
}


@invalid(FILE, Reason.MALFORMED_CSR, Flag.MALFORMED_REQUEST, each=_FLAGS)
def critical(authority: AttestationAuthority, flag: bytes) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's [critical]}``: DER writes FF, or nothing."""
    value = x509.SubjectAlternativeName([SHOWN]).public_bytes()
    parts = der.oid(csr.SUBJECT_ALT_NAME), flag, der.octet_string(value)
    return asking(authority, der.sequence(*parts))


@valid(FILE, Flag.WANTED_EXTENSION)
def critical_names(authority: AttestationAuthority) -> CsrInput:
    """``CN=order's, extensionRequest{SAN=order's critical}``: the flag as DER has it."""
    value = x509.SubjectAlternativeName([SHOWN])
    return asking(authority, csr.extension(csr.SUBJECT_ALT_NAME, value, critical=True))
