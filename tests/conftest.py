"""What most tests need: an authority of our own, a verifier that trusts it, the real chains."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import Verifier
from appleattest.testing import AttestationAuthority

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class RealChain(NamedTuple):
    """A complete chain that Apple issued: `[leaf, intermediate]` as DER."""

    name: str
    ders: list[bytes]

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.ders[0])


def real_der(name: str) -> bytes:
    """The DER of a certificate in ../shared/data; skips the test where the folder is absent."""
    path = REAL_DATA / f"{name}.pem"
    if not path.exists():
        pytest.skip(f"the real certificates are not here: no {path.name} in ../shared/data")
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


@pytest.fixture(params=["macos-15.5", "macos-26.2"])
def real_chain(request: pytest.FixtureRequest) -> RealChain:
    """Each of the two complete chains that Apple issued."""
    intermediate = real_der("apple-enterprise-attestation-sub-ca-1")
    return RealChain(request.param, [real_der(f"apple-mda-leaf-{request.param}"), intermediate])


@pytest.fixture(scope="session")
def authority() -> AttestationAuthority:
    """One authority for the whole run: minting keys is what costs time."""
    return AttestationAuthority("appleattest's own tests")


@pytest.fixture
def verifier(authority: AttestationAuthority) -> Verifier:
    """A verifier that trusts the authority and remembers nothing yet."""
    return Verifier(trust=authority.trust)
