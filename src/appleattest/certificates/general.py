"""The general reader: any certificate, decoded field by field, and judged by the allowlists.

`cryptography` decodes lazily, so a broken name or key would show up only when somebody reads
it, or never. Everything is read here, on purpose, before the memory or the path engine sees
the certificate: a verdict must not depend on which of several certificates is looked at.
Then our own allowlists judge it, since the engine alone is made for the web's certificates.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cryptography import x509

from appleattest import oids
from appleattest.certificates.algorithms import KEY_PREFIXES, NAMED_CURVES, SIGNATURE_ALGORITHMS
from appleattest.certificates.decoded import DecodedCertificate, Extensions, OutsideCertificate
from appleattest.certificates.fields import Fields, each_extension, outermost_fields
from appleattest.errors import MalformedInput, Reason
from appleattest.text import describe, quoted, type_name

_PLAIN_RDN: Final = re.compile(rb"\x31(.)\x30(.)\x06\x03\x55\x04.[\x0c\x13](.)", re.DOTALL)
_CRITICAL: Final = frozenset({oids.BASIC_CONSTRAINTS, oids.KEY_USAGE})
_KEY_USAGE: Final = bytes.fromhex("0603551d0f")
_TRUE: Final = bytes.fromhex("0101ff")


class _Objection(NamedTuple):
    """Why an allowlist refuses a certificate."""

    reason: Reason
    detail: str


def read_general(encoded: bytes) -> DecodedCertificate | OutsideCertificate:
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
        _check_key_usage(decoded.extensions.get(oids.KEY_USAGE), fields.extensions)
        objection = objection or _outside_extensions(decoded.extensions)
        if fields.public_key.startswith(tuple(KEY_PREFIXES)):
            _ = decoded.public_key
    except x509.DuplicateExtension as error:
        raise MalformedInput(
            Reason.DUPLICATE_EXTENSION,
            f"extension {error.oid.dotted_string} stands twice (RFC 5280, section 4.2)",
        ) from None
    except Exception as error:  # noqa: BLE001 - no closed list of what a damaged field raises
        raise _malformed(describe(error)) from None
    if objection is not None:
        return OutsideCertificate(encoded, fields.issuer, fields.subject, *objection)
    return decoded


def _decode(encoded: bytes, fields: Fields) -> DecodedCertificate:
    """The certificate; its names and times have been read, which refuses malformed ones."""
    loaded = x509.load_der_x509_certificate(encoded)
    decoded = DecodedCertificate(
        encoded, loaded, issuer=fields.issuer, subject=fields.subject, spki=fields.public_key
    )
    _ = decoded.not_before, decoded.not_after
    if not (is_plain(fields.subject) and is_plain(fields.issuer)):
        _ = loaded.subject, loaded.issuer
    return decoded


def _check_key_usage(usage: x509.Extension[x509.ExtensionType] | None, extensions: bytes) -> None:
    """A list of named bits ends with a one (X.690, 11.2.2), which `cryptography` does not ask."""
    if usage is None:
        return
    value = usage.value.public_bytes()
    critical = _TRUE if usage.critical else b""
    encoded = _KEY_USAGE + critical + b"\x04" + bytes([len(value)]) + value
    # The octets of one can stand in the value of another extension. Rarely, so look only then.
    among = extensions if extensions.count(_KEY_USAGE) == 1 else list(each_extension(extensions))
    if encoded not in among:
        raise ValueError("keyUsage is not in its one encoding")


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_CERTIFICATE, detail)


def is_plain(name: bytes) -> bool:
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
        if any(curve in key[:32] for curve in NAMED_CURVES):
            raise _malformed("an EC key that is not an uncompressed point on its named curve")
        return _Objection(
            Reason.WEAK_ALGORITHM,
            f"a key of another kind; accepted are {', '.join(KEY_PREFIXES.values())}",
        )
    return None


def _algorithm_name(algorithm: bytes) -> str:
    return quoted(algorithm[:24].hex())


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
