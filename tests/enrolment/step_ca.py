"""A real step-ca on the loopback interface, whose ACME provisioner attests Apple devices."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from peers import free_port, peer, serving

from appleattest.testing import AttestationAuthority, authority_name

CA: Final = AttestationAuthority(
    "step-ca's own",
    root_name=authority_name("Test Device Root CA"),
    intermediate_name=authority_name("Test Device CA"),
)
"""What step-ca issues from: it attests nothing, but a root and an intermediate are what it has."""


class StepCA(NamedTuple):
    """Where a running step-ca is, and the root that its TLS certificate leads to, in PEM."""

    directory_url: str
    root: Path


@contextmanager
def running(folder: Path, attestation_root: x509.Certificate) -> Iterator[StepCA]:
    """Run step-ca in the folder until the end of the context; it trusts this root of devices."""
    program = peer("step-ca")
    port = free_port()
    (folder / "ca.json").write_text(json.dumps(_configuration(folder, attestation_root, port)))
    with serving([program, folder / "ca.json"], port=port, folder=folder):
        yield StepCA(f"https://localhost:{port}/acme/devices/directory", folder / "root.pem")


def _configuration(folder: Path, attestation_root: x509.Certificate, port: int) -> dict[str, Any]:
    """Write the certificates and the key of the CA; return the ca.json that names them."""
    pem = {
        "root": CA.root.public_bytes(Encoding.PEM),
        "crt": CA.intermediate.public_bytes(Encoding.PEM),
        "key": CA.issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for name, content in pem.items():
        (folder / f"{name}.pem").write_bytes(content)
    attestation_roots = attestation_root.public_bytes(Encoding.PEM)
    provisioner = {
        "type": "ACME",
        "name": "devices",
        "challenges": ["device-attest-01"],
        "attestationFormats": ["apple"],
        "attestationRoots": base64.b64encode(attestation_roots).decode(),
    }
    return {
        **{name: str(folder / f"{name}.pem") for name in pem},
        "address": f"127.0.0.1:{port}",
        "dnsNames": ["localhost"],
        "db": {"type": "bbolt", "dataSource": str(folder / "database")},
        "authority": {"provisioners": [provisioner]},
    }
