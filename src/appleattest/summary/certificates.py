"""The certificates of a chain as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import SignatureAlgorithmOID

from appleattest.boundary import is_parser_failure
from appleattest.certificates import der_of
from appleattest.summary.printable import printable
from appleattest.trust import is_apple_root

_T = TypeVar("_T")

_UNREADABLE: Final = "unreadable"
_NAMELESS: Final = "(no name)"
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_SIGNATURES: Final = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ECDSA with SHA-256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ECDSA with SHA-384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ECDSA with SHA-512",
}


class CertificateRow(NamedTuple):
    """One certificate. A field that does not decode says `unreadable`, or is None."""

    role: str
    """`leaf`, `intermediate` or `root`, by its place and its names: nothing is verified here."""
    subject: str
    issuer: str
    serial_number: str
    """Hexadecimal."""
    not_before: datetime | None
    not_after: datetime | None
    sha256: str
    """Of the DER, hexadecimal."""
    key: str
    signature: str
    is_apple_root: bool
    """Whether it is the pinned root, octet for octet."""


def certificate_rows(chain: Sequence[x509.Certificate]) -> tuple[CertificateRow, ...]:
    """A row for each certificate, leaf first. A certificate may be as broken as it likes."""
    return tuple(_row(index, certificate) for index, certificate in enumerate(chain))


def _row(index: int, certificate: x509.Certificate) -> CertificateRow:
    def read(reader: Callable[[x509.Certificate], str]) -> str:
        return printable(_read(reader, certificate, _UNREADABLE))

    return CertificateRow(
        "leaf" if index == 0 else _read(_role, certificate, "intermediate"),
        read(_subject),
        read(_issuer),
        read(_serial_number),
        _read(_not_before, certificate, None),
        _read(_not_after, certificate, None),
        certificate.fingerprint(hashes.SHA256()).hex(),
        read(_key),
        read(_signature),
        is_apple_root(der_of(certificate)),
    )


def _read(reader: Callable[[x509.Certificate], _T], certificate: x509.Certificate, bad: _T) -> _T:
    """One field, or `bad`: `cryptography` decodes lazily, so any field may fail to decode."""
    try:
        return reader(certificate)
    except BaseException as error:
        if not is_parser_failure(error):
            raise
        return bad


def _role(certificate: x509.Certificate) -> str:
    return "root" if certificate.subject == certificate.issuer else "intermediate"


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or _NAMELESS


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string() or _NAMELESS


def _serial_number(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


def _not_before(certificate: x509.Certificate) -> datetime | None:
    return certificate.not_valid_before_utc


def _not_after(certificate: x509.Certificate) -> datetime | None:
    return certificate.not_valid_after_utc


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    return "not on an elliptic curve"


def _signature(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    return _SIGNATURES.get(oid, oid.dotted_string)
