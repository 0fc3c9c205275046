"""Certificates that Apple issued: the intermediate in tests/data, and chains kept elsewhere.

A leaf names a device, so none is in the repository. `APPLEATTEST_REAL_CHAINS` names a folder of
PEM files: each file holds a chain, or a single certificate. A chain needs no intermediate in its
own file: every CA certificate of the folder and of tests/data is looked at.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

VARIABLE: Final = "APPLEATTEST_REAL_CHAINS"
NOT_SET: Final = f"{VARIABLE} is not set: no folder of chains that Apple issued"

_DATA: Final = Path(__file__).resolve().parent / "data"
_INTERMEDIATE: Final = "apple-enterprise-attestation-sub-ca-1.pem"
_INTERMEDIATE_SHA256: Final = "3aa9ef42bca4f3561962ae6ecdc9d5523da5e28ef2bf0909169737812cbc4e1c"


class RealChain(NamedTuple):
    """A complete chain that Apple issued: `[leaf, intermediate]` as DER."""

    name: str
    ders: list[bytes]

    def __repr__(self) -> str:
        """Without the certificates: a test that fails prints its arguments."""
        return f"<the chain {self.name}>"

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.ders[0])


def apple_intermediate() -> bytes:
    """The DER of Apple's intermediate, as tests/data has it."""
    (certificate,) = _certificates(_DATA / _INTERMEDIATE)
    der = certificate.public_bytes(Encoding.DER)
    assert hashlib.sha256(der).hexdigest() == _INTERMEDIATE_SHA256
    return der


def folder() -> Path | None:
    """The folder of real chains, or None where nobody named one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def chains_in(folder: Path) -> list[RealChain]:
    """The chain of every leaf in the folder, in the order of the files' names.

    Raises `ValueError` for a folder without a leaf, and for a leaf whose issuer is not there.
    """
    files = {path.stem: _certificates(path) for path in sorted(folder.glob("*.pem"))}
    known = [x509.load_der_x509_certificate(apple_intermediate())]
    known += [each for found in files.values() for each in found if _may_issue(each)]
    leaves = [
        (name, each) for name, found in files.items() for each in found if not _may_issue(each)
    ]
    if not leaves:
        raise ValueError(f"{VARIABLE} names {str(folder)!r}, and no *.pem file there has a leaf")
    return [RealChain(name, _chain(name, leaf, known)) for name, leaf in leaves]


def _chain(name: str, leaf: x509.Certificate, known: list[x509.Certificate]) -> list[bytes]:
    for issuer in known:
        if issuer.subject == leaf.issuer:
            return [each.public_bytes(Encoding.DER) for each in (leaf, issuer)]
    raise ValueError(f"{VARIABLE}: no certificate there is the issuer of {name}.pem")


def _certificates(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return found.value.ca


FOLDER: Final = folder()
REAL_CHAINS: Final = [] if FOLDER is None else chains_in(FOLDER)
