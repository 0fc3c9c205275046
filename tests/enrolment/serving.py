"""The example's ACME server on the loopback interface, for a while, and all that it answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

pytest.importorskip("starlette", reason="needs the packages of the dependency group 'examples'")

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.datastructures import Headers

from appleattest import Verifier
from appleattest.testing import ManualClock
from examples.acme_server.app import Server
from examples.acme_server.authority import Authority
from examples.acme_server.store import Store

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS: Final = "127.0.0.1"


class Answer(NamedTuple):
    """One response of the server; `document` is its JSON, None where it has none."""

    status: int
    headers: Headers
    document: Any

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document that it is, or that its challenge or order ended with."""
        if self.headers["content-type"] == "application/problem+json":
            assert self.document["status"] == self.status
            return dict(self.document)
        return dict(self.document["error"])


@dataclass(frozen=True, eq=False)
class Served:
    """A running server: what it was made of, and what it has answered so far."""

    server: Server
    clock: ManualClock
    certificate: Path
    answers: list[Answer] = field(default_factory=list)

    @property
    def directory_url(self) -> str:
        return f"{self.server.base_url}/directory"


@contextmanager
def serving(folder: Path, verifier: Verifier, clock: ManualClock | None = None) -> Iterator[Served]:
    """Run a server until the end of the context; its time is that of a `ManualClock`."""
    certificate, key = tls_files(folder)
    clock, store = clock or ManualClock(), Store()
    # asyncio sends without delay only where it sees that a socket is one of TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind((ADDRESS, 0))
        listening.listen()
        server = Server(
            base_url=f"https://{ADDRESS}:{listening.getsockname()[1]}",
            store=store,
            authority=authority_until(clock() + timedelta(days=3650)),
            verifier=verifier,
            clock=clock,
        )
        served = Served(server, clock, certificate)
        config = uvicorn.Config(
            recorded(server.app(), served.answers),
            ssl_certfile=certificate,
            ssl_keyfile=key,
            lifespan="off",
            log_config=None,
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listening],))
        thread.start()
        try:
            yield served
        finally:
            # A client whose refusal is in some traceback keeps its connection, and TLS would wait.
            for connection in list(running.server_state.connections):
                connection.loop.call_soon_threadsafe(connection.transport.abort)
            running.should_exit = True
            thread.join()
            store.close()


def recorded(app: ASGIApp, answers: list[Answer]) -> ASGIApp:
    """The application, which writes down its responses before it sends them."""

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        begun: Message = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
            else:
                headers = Headers(raw=begun["headers"])
                is_json = headers.get("content-type", "").endswith("json")
                document = json.loads(message["body"]) if is_json else None
                answers.append(Answer(begun["status"], headers, document))
            await send(message)

        await app(scope, receive, sending)

    return recording


def tls_files(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the loopback interface, by the real clock, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(ADDRESS))])
    certificate = self_signed(key, datetime(2049, 1, 1, tzinfo=UTC), usage, names)
    paths = folder / "tls.pem", folder / "tls.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def authority_until(end: datetime) -> Authority:
    """A certification authority, whose certificate ends then."""
    key = ec.generate_private_key(ec.SECP384R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return Authority(self_signed(key, end, usage), key)


def self_signed(
    key: ec.EllipticCurvePrivateKey, end: datetime, *extensions: x509.ExtensionType
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "appleattest tests")])
    builder = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return builder.sign(key, hashes.SHA256())
