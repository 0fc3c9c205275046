"""ios-acme-simulator, a device that others wrote for tests, enrols at the example's ACME server.

It comes with an ACME client of its own (acmez), and attests with an authority that it is given.
Its leaves have neither basicConstraints nor keyUsage, and its certificate request has no subject.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("starlette", reason="needs the packages of the dependency group 'examples'")

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from peers import SECONDS, peer
from serving import Served, serving

from appleattest import acme
from appleattest.testing import AttestationAuthority, DeviceModel, ManualClock

AUTHORITY: Final = AttestationAuthority("tests with ios-acme-simulator")
PHONE: Final = DeviceModel.iphone()
SERIAL: Final = PHONE.serial_number


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The server, which trusts the simulator's authority, a little later than now.

    What the simulator attests is valid from the second in which it is made.
    """
    clock = ManualClock(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5))
    with serving(tmp_path, AUTHORITY.verifier, clock) as server:
        yield server


def simulate(served: Served, folder: Path, client_identifier: str) -> str:
    """Run the simulator in the folder, where it leaves its certificates; what it has logged."""
    program = peer("ios-acme-simulator")
    pem = {
        "root": AUTHORITY.root.public_bytes(Encoding.PEM),
        "intermediate": AUTHORITY.intermediate.public_bytes(Encoding.PEM),
        "key": AUTHORITY.issuer.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    }
    options = {
        "directory": served.directory_url,
        "client-identifier": client_identifier,
        "serial": SERIAL,
        "udid": PHONE.udid,
    }
    for name, content in pem.items():
        (folder / f"{name}.pem").write_bytes(content)
        options[name] = f"{name}.pem"
    arguments = [part for name, value in options.items() for part in (f"-{name}", value)]
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.stderr


def admit(served: Served, identifier: str) -> None:
    served.server.store.admit(acme.PermanentIdentifier(identifier), acme.Answering.ORDERED)


@pytest.mark.parametrize("identifier", [SERIAL, PHONE.udid], ids=["serial number", "UDID"])
def test_it_enrols(served: Served, tmp_path: Path, identifier: str) -> None:
    admit(served, identifier)
    log = simulate(served, tmp_path, identifier)
    assert (tmp_path / "certs.pem").exists(), log
    leaf, issuer = x509.load_pem_x509_certificates((tmp_path / "certs.pem").read_bytes())
    assert issuer == served.server.authority.certificate
    leaf.verify_directly_issued_by(issuer)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [acme.PermanentIdentifier(identifier).other_name()]
    # Seconds later it wants another certificate for the same key, and there is one already.
    assert "a certificate has been issued for this key before" in log
    assert not (tmp_path / "certs-renew.pem").exists()


def test_it_is_refused_for_the_identifier_of_another_device(served: Served, tmp_path: Path) -> None:
    another = DeviceModel.iphone(2).serial_number
    admit(served, another)
    log = simulate(served, tmp_path, another)
    assert "badAttestationStatement" in log
    assert "identifier-mismatch" in log
    assert SERIAL not in log
    assert not (tmp_path / "certs.pem").exists()
