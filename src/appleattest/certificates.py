"""Certificates: untrusted until every field is decoded and checked.

`cryptography` decodes lazily, so a broken name or key would show up only when somebody reads
it, or never. Everything is read here, on purpose, before the memory or the path engine sees
the certificate: a verdict must not depend on which of several certificates is looked at.
Then our own allowlists judge it, since the engine alone is made for the web's certificates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from appleattest import oids
from appleattest.errors import MalformedInput, Reason, UntrustedChain
from appleattest.text import describe, quoted, type_name
from appleattest.wire import der

SIGNATURE_ALGORITHMS: Final[Mapping[bytes, str]] = {
    bytes.fromhex("300a06082a8648ce3d040302"): "ecdsa-with-SHA256",
    bytes.fromhex("300a06082a8648ce3d040303"): "ecdsa-with-SHA384",
    bytes.fromhex("300a06082a8648ce3d040304"): "ecdsa-with-SHA512",
}
"""AlgorithmIdentifiers that are accepted, octet for octet (RFC 5758, section 3.2)."""

_P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P384: Final = bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004")
_P521: Final = bytes.fromhex("30819b301006072a8648ce3d020106052b810400230381860004")
KEY_PREFIXES: Final[Mapping[bytes, str]] = {_P256: "P-256", _P384: "P-384", _P521: "P-521"}
"""How an accepted SubjectPublicKeyInfo begins: a named curve and an uncompressed point
(RFC 5480). Whatever begins like this has one encoding, so the octets identify the key."""

_PLAIN_RDN: Final = re.compile(rb"\x31(.)\x30(.)\x06\x03\x55\x04.[\x0c\x13](.)", re.DOTALL)
_ODD_ATTRIBUTE: Final = re.compile(
    rb"\x06\x03\x55\x04\x03(?![\x0c\x13\x14\x16][\x01-\x40])"  # a common name
    rb"|(?:\x06\x03\x55\x04\x06|\x06\x0b\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03)"
    rb"(?![\x0c\x13\x14\x16]\x02)",  # a country, also that of incorporation
)
_NAMED_CURVES: Final = tuple(
    prefix[prefix.index(b"\x06") : prefix.rindex(b"\x03")] for prefix in KEY_PREFIXES
)
_ATTESTED_KEYS: Final = (_P256, _P384)
_CRITICAL: Final = frozenset({oids.BASIC_CONSTRAINTS, oids.KEY_USAGE})
_KEY_USAGE: Final = bytes.fromhex("0603551d0f")
_TRUE: Final = bytes.fromhex("0101ff")
_EXTENSIONS: Final = b"\xa3"
_VISIBLE_STRING: Final = 0x1A
_AUTHORITY_SERIAL: Final = 0x82
_VISIBLE: Final = re.compile(rb"[ -~]*")
_OCTET_STRING: Final = 0x04
_CONTAINERS: Final = frozenset({der.SEQUENCE, _OCTET_STRING})
_FIRST_GENERALIZED_YEAR: Final = b"2050"
_LONGEST_SERIAL: Final = 20


Extensions = Mapping[str, x509.Extension[x509.ExtensionType]]


class Fields(NamedTuple):
    """The outermost fields of a certificate, as the octets that stand in it."""

    serial: bytes
    signature_algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    public_key: bytes
    extensions: bytes
    """What follows the key, its explicit tag included; nothing where there are none."""


class DecodedCertificate:
    """A certificate of which every field has been decoded, and judged by the allowlists.

    `issuer`, `subject` and `spki` are the octets of the certificate; `extensions` maps dotted
    OIDs to `cryptography`'s values.
    """

    __slots__ = (
        "der",
        "extensions",
        "issuer",
        "not_after",
        "not_before",
        "public_key",
        "spki",
        "subject",
        "x509",
    )

    def __init__(
        self, encoded: bytes, fields: Fields, decoded: x509.Certificate, extensions: Extensions
    ) -> None:
        self.der: Final = encoded
        self.x509: Final = decoded
        self.issuer: Final = fields.issuer
        self.subject: Final = fields.subject
        self.spki: Final = fields.public_key
        self.public_key: Final = _ec_key(decoded)
        self.not_before: Final[datetime] = decoded.not_valid_before_utc
        self.not_after: Final[datetime] = decoded.not_valid_after_utc
        self.extensions: Final = extensions

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.issuer == self.subject

    @property
    def basic_constraints(self) -> x509.BasicConstraints | None:
        """The decoded basicConstraints, if there are any."""
        extension = self.extensions.get(oids.BASIC_CONSTRAINTS)
        return extension.value if extension else None  # type: ignore[return-value]

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        """The decoded keyUsage, if there is one."""
        extension = self.extensions.get(oids.KEY_USAGE)
        return extension.value if extension else None  # type: ignore[return-value]

    @property
    def may_issue(self) -> bool:
        """cA is asserted, and keyCertSign wherever there is a keyUsage."""
        constraints, usage = self.basic_constraints, self.key_usage
        return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)

    def properties(self) -> dict[str, bytes]:
        """The raw values of every extension under Apple's attestation arc, by dotted OID."""
        return raw_properties(self.extensions)

    def __repr__(self) -> str:
        return f"<DecodedCertificate of {len(self.der)} bytes>"


def _ec_key(certificate: x509.Certificate) -> EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)  # noqa: S101 - the allowlist saw to it
    return key


def der_of(certificate: x509.Certificate) -> bytes:
    """The octets of the certificate."""
    # Here, since it brings in SSH keys and bcrypt, and most chains come as octets.
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def by_oid(certificate: x509.Certificate) -> Extensions:
    """Every extension, decoded, by dotted OID."""
    return {extension.oid.dotted_string: extension for extension in certificate.extensions}


def raw_properties(extensions: Extensions) -> dict[str, bytes]:
    """The values of those of the extensions that lie under Apple's arc, by dotted OID."""
    return {
        oid: extension.value.value
        for oid, extension in extensions.items()
        if oid.startswith(oids.APPLE_ATTESTATION_ARC)
        and isinstance(extension.value, x509.UnrecognizedExtension)
    }


class OutsideCertificate(NamedTuple):
    """A certificate of which every field has been decoded, and which the allowlists refuse.

    It is on no path. A chain that needs it is refused for `reason`.
    """

    der: bytes
    issuer: bytes
    subject: bytes
    reason: Reason
    """`weak-algorithm`, `critical-extension` or `name-constraints`."""
    detail: str

    def refusal(self, element: str | None = None) -> UntrustedChain:
        """The error for a chain that needs this certificate."""
        return UntrustedChain(self.reason, self.detail, element=element)


class _Objection(NamedTuple):
    """Why an allowlist refuses a certificate."""

    reason: Reason
    detail: str


def decode_certificate(encoded: bytes) -> DecodedCertificate:
    """Decode every field of one DER certificate, and judge it by the allowlists.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`) or
    `UntrustedChain` (`weak-algorithm`, `critical-extension`, `name-constraints`).
    """
    decoded = decode_and_judge(encoded)
    if isinstance(decoded, OutsideCertificate):
        raise decoded.refusal()
    return decoded


def decode_and_judge(encoded: bytes) -> DecodedCertificate | OutsideCertificate:
    """Decode every field of one DER certificate, and say whether the allowlists refuse it.

    A key of a kind that the allowlists refuse is not read: which kinds `cryptography` can read
    depends on its release, and the verdict must not.

    Raises `MalformedInput` (`malformed-certificate`, `duplicate-extension`).
    """
    try:
        fields = outermost_fields(encoded)
    except ValueError as error:
        raise _malformed(str(error)) from None
    objection = _outside_algorithms(fields)
    try:
        decoded = _decode(encoded, fields)
        extensions = by_oid(decoded)
        _check_key_usage(extensions.get(oids.KEY_USAGE), fields.extensions)
        objection = objection or _outside_extensions(extensions)
        if objection is None:
            return DecodedCertificate(encoded, fields, decoded, extensions)
        if fields.public_key.startswith(tuple(KEY_PREFIXES)):
            _ec_key(decoded)
    except x509.DuplicateExtension as error:
        raise MalformedInput(
            Reason.DUPLICATE_EXTENSION,
            f"extension {error.oid.dotted_string} stands twice (RFC 5280, section 4.2)",
        ) from None
    except Exception as error:  # noqa: BLE001 - no closed list of what a damaged field raises
        raise _malformed(describe(error)) from None
    return OutsideCertificate(encoded, fields.issuer, fields.subject, *objection)


def _decode(encoded: bytes, fields: Fields) -> x509.Certificate:
    """The certificate; its names and times have been read, which refuses malformed ones."""
    decoded = x509.load_der_x509_certificate(encoded)
    _ = decoded.not_valid_before_utc, decoded.not_valid_after_utc
    if not (_is_plain(fields.subject) and _is_plain(fields.issuer)):
        _ = decoded.subject, decoded.issuer
    return decoded


def _check_key_usage(usage: x509.Extension[x509.ExtensionType] | None, extensions: bytes) -> None:
    """A list of named bits ends with a one (X.690, 11.2.2), which `cryptography` does not ask."""
    if usage is None:
        return
    value = usage.value.public_bytes()
    critical = _TRUE if usage.critical else b""
    encoded = _KEY_USAGE + critical + b"\x04" + bytes([len(value)]) + value
    # The octets of one can stand in the value of another extension. Rarely, so look only then.
    among = extensions if extensions.count(_KEY_USAGE) == 1 else list(_each(extensions))
    if encoded not in among:
        raise ValueError("keyUsage is not in its one encoding")


def attested_key_is_accepted(certificate: DecodedCertificate) -> bool:
    """Whether the key is on P-256 or P-384, which is what a Secure Enclave can be asked for."""
    return certificate.spki.startswith(_ATTESTED_KEYS)


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_CERTIFICATE, detail)


def outermost_fields(encoded: bytes) -> Fields:
    """Walk the outermost DER, refusing what `cryptography` would accept or only warn about.

    That is: a serial number that is not positive or too long (RFC 5280, 4.1.2.2), a unique
    identifier of issuer or subject (4.1.2.8), a signature of a fraction of an octet, times in the
    wrong one of the two types (4.1.2.5), two different signature algorithms (4.1.1.2), and, in any
    name, a common name of none or more than 64 octets or a country of other than two (appendix
    A.1, upper bounds). A warning is an exception under some filters, and a verdict must not depend
    on those.
    """
    start, end = der.content(encoded, 0, der.SEQUENCE)
    if end != len(encoded):
        raise ValueError("octets follow the certificate")
    tbs, after_tbs = der.content(encoded, start, der.SEQUENCE)
    if encoded[tbs : tbs + 5] != b"\xa0\x03\x02\x01\x02":
        raise ValueError("not a version 3 certificate")
    fields = []
    offset = tbs + 5
    for tag in (der.INTEGER, *[der.SEQUENCE] * 5):
        _, following = der.content(encoded, offset, tag)
        fields.append(encoded[offset:following])
        offset = following
    fields.append(encoded[offset:after_tbs])
    found = Fields(*fields)
    if found.extensions[:1] not in (b"", _EXTENSIONS):
        raise ValueError("a unique identifier, which no conforming authority writes")
    _check_serial(found.serial)
    _check_validity(found.validity)
    _check_attributes(found.issuer, found.subject, found.extensions)
    _check_doubtful_extensions(found.extensions)
    _, after_algorithm = der.content(encoded, after_tbs, der.SEQUENCE)
    if encoded[after_tbs:after_algorithm] != found.signature_algorithm:
        raise ValueError("the two signature algorithms differ")
    signature, after_signature = der.content(encoded, after_algorithm, der.BIT_STRING)
    if after_signature != len(encoded) or encoded[signature : signature + 1] != b"\x00":
        raise ValueError("the signature is not a whole number of octets")
    return found


def _is_plain(name: bytes) -> bool:
    """Whether a name that has the structure of one can hold nothing that fails to decode.

    That is where it is a row of sets of one attribute each, whose type is 2.5.4.x and whose
    value is ASCII in a UTF8String or PrintableString. Reading both names would cost as much as
    reading everything else.
    """
    offset, end = (3 if name[1] == 0x81 else 2), len(name)
    while offset < end:
        rdn = _PLAIN_RDN.match(name, offset)
        if rdn is None:
            return False
        outer, inner, value = rdn.groups()
        if not outer[0] - 2 == inner[0] == value[0] + 7:
            return False
        offset += 2 + outer[0]
    return name[3:].isascii()


def _check_serial(serial: bytes) -> None:
    number = serial[2:]
    if not b"\x00" < number < b"\x80" or len(number) > _LONGEST_SERIAL:
        raise ValueError(f"the serial number is not positive, or over {_LONGEST_SERIAL} octets")


def _check_validity(validity: bytes) -> None:
    offset, end = der.content(validity, 0)
    while offset < end:
        start, following = der.content(validity, offset)
        year = validity[start : start + 4]
        if validity[offset] == der.GENERALIZED_TIME and year < _FIRST_GENERALIZED_YEAR:
            raise ValueError("a time before 2050 is not a UTCTime")
        offset = following


def _check_attributes(*parts: bytes) -> None:
    """Refuse what `cryptography` warns about, as it stands in a name or inside an extension."""
    if any(_ODD_ATTRIBUTE.search(part) for part in parts):
        raise ValueError("a common name is not of 1 to 64 octets, or a country not of 2")


def _outside_algorithms(fields: Fields) -> _Objection | None:
    algorithm, key = fields.signature_algorithm, fields.public_key
    if algorithm not in SIGNATURE_ALGORITHMS:
        if algorithm[2:].startswith(tuple(known[2:] for known in SIGNATURE_ALGORITHMS)):
            raise _malformed("an ECDSA signature algorithm with parameters")
        return _Objection(
            Reason.WEAK_ALGORITHM,
            f"signed with {_algorithm_name(algorithm)}; accepted are "
            + ", ".join(SIGNATURE_ALGORITHMS.values()),
        )
    if not key.startswith(tuple(KEY_PREFIXES)):
        if any(curve in key[:32] for curve in _NAMED_CURVES):
            raise _malformed("an EC key that is not an uncompressed point on its named curve")
        return _Objection(
            Reason.WEAK_ALGORITHM,
            f"a key of another kind; accepted are {', '.join(KEY_PREFIXES.values())}",
        )
    return None


def _algorithm_name(algorithm: bytes) -> str:
    return quoted(algorithm[:24].hex())


def _check_doubtful_extensions(extensions: bytes) -> None:
    """Refuse the two extensions of which `cryptography` would only warn."""
    if not _PERHAPS_DOUBTFUL.search(extensions):
        return
    for extension in _each(extensions):
        for oid, check in _DOUBTFUL.items():
            if extension.startswith(oid):
                check(extension)


def _each(extensions: bytes) -> Iterator[bytes]:
    """The content of every extension."""
    start, _ = der.content(extensions, 0)
    offset, end = der.content(extensions, start, der.SEQUENCE)
    while offset < end:
        extension, offset = der.element(extensions, offset, der.SEQUENCE)
        yield extension


def _check_notices(policies: bytes) -> None:
    """A VisibleString, in whatever notice of a policy, holds visible ASCII and nothing else."""
    for tag, value in _elements(policies):
        if tag == _VISIBLE_STRING and not _VISIBLE.fullmatch(value):
            raise ValueError("a VisibleString with characters that it cannot hold")


def _check_issuer_serial(key_identifier: bytes) -> None:
    """The authority's serial number, where it is named by one, is positive as any other."""
    for tag, value in _elements(key_identifier):
        if tag == _AUTHORITY_SERIAL and not b"\x00" < value < b"\x80":
            raise ValueError("the authority key identifier's serial number is not positive")


def _elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Every element with its content, and those inside it: where one opens, the next begins."""
    offset = 0
    while offset < len(encoded):
        tag = encoded[offset]
        start, following = der.content(encoded, offset)
        yield tag, encoded[start:following]
        offset = start if tag in _CONTAINERS else following


# Not an authority key identifier of twenty octets and nothing else, which nearly all are.
_PERHAPS_DOUBTFUL: Final = re.compile(rb"\x06\x03\x55\x1d(?:\x20|\x23(?!\x04\x18\x30\x16\x80\x14))")
_DOUBTFUL: Final = {
    bytes.fromhex("0603551d20"): _check_notices,  # certificatePolicies
    bytes.fromhex("0603551d23"): _check_issuer_serial,  # authorityKeyIdentifier
}


def _outside_extensions(extensions: Extensions) -> _Objection | None:
    for oid, extension in extensions.items():
        if oid == oids.NAME_CONSTRAINTS:
            return _Objection(
                Reason.NAME_CONSTRAINTS,
                "constrains names; validators differ about what that means, so none is accepted",
            )
        if extension.critical and oid not in _CRITICAL:
            return _Objection(
                Reason.CRITICAL_EXTENSION,
                f"critical extension {oid} ({type_name(extension.value)}); critical may be only "
                "basicConstraints and keyUsage",
            )
    return None
