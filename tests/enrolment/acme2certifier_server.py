"""A real acme2certifier on the loopback interface, with the subclasses of the example."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appleattest.testing import AttestationAuthority, authority_name

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = ROOT / ".servers" / "acme2certifier" / "bin" / "python"
"""Where `make servers` puts it."""

CA: Final = AttestationAuthority(
    "acme2certifier's own",
    root_name=authority_name("Test Device Root CA"),
    intermediate_name=authority_name("Test Device CA"),
)
"""What its CA handler issues from."""

Clients = Mapping[str, Mapping[str, Sequence[str]]]

EXTENSIONS: Final = """
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@contextmanager
def running(
    folder: Path, attestation_root: x509.Certificate, clients: Clients, further: str = ""
) -> Iterator[str]:
    """Run it in the folder until the end of the context; gives the URL of its directory.

    `further` is added to the configuration.
    """
    if not PYTHON.exists():
        pytest.skip("acme2certifier is not installed: run 'make servers'")
    configuration = _configuration(folder, attestation_root, clients)
    with configuration.open("a", encoding="utf-8") as file:
        file.write(further)
    module = "examples.acme2certifier"
    command: list[str | Path] = [PYTHON, "-m", module, configuration, "--port", "0"]
    log = folder / "log.txt"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        try:
            assert process.stdout is not None
            _, found, url = process.stdout.readline().decode().partition("the directory is ")
            assert found, f"it does not start:\n{log.read_text()}"
            yield url.strip()
        finally:
            process.kill()


def _configuration(folder: Path, attestation_root: x509.Certificate, clients: Clients) -> Path:
    """Write acme_srv.cfg and what it names."""
    issuer = CA.issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {
        "ca.pem": CA.intermediate.public_bytes(Encoding.PEM),
        "ca.key": issuer,
        "trust.pem": attestation_root.public_bytes(Encoding.PEM),
        "clients.toml": _toml(clients).encode(),
        "openssl.cnf": EXTENSIONS.encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "certificates").mkdir()
    configuration = folder / "acme_srv.cfg"
    configuration.write_text(
        f"""
[DEFAULT]
debug: False

[DBhandler]
handler: wsgi
dbfile: {folder}/acme.db

[Account]
contact_check_disable: True

[CAhandler]
handler_module: acme2certifier.cahandlers.openssl_ca_handler
issuing_ca_key: {folder}/ca.key
issuing_ca_cert: {folder}/ca.pem
issuing_ca_crl: {folder}/ca.crl
cert_save_path: {folder}/certificates
cert_validity_days: 30
openssl_conf: {folder}/openssl.cnf

[DeviceAttest]
clients: {folder}/clients.toml
also_trust: {folder}/trust.pem
""",
        encoding="utf-8",
    )
    return configuration


def _toml(clients: Clients) -> str:
    lines = []
    for kind, values in clients.items():
        lines.append(f"[{kind}]")
        lines += [f'"{value}" = {list(devices)}' for value, devices in values.items()]
    return "\n".join(lines)
