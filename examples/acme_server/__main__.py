"""Run the server: `python -m examples.acme_server --help`."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvicorn

from appleattest import TrustStore, Verifier, acme
from examples.acme_server.app import Server
from examples.acme_server.authority import Authority
from examples.acme_server.store import Store

_ADMIT = "may enrol once: a serial number or UDID; or IDENTIFIER=DEVICE,... which names these"
_ADMIT_ANY = "a one-time code, which any genuine device may redeem"
_ALSO_TRUST = "PEM: a root whose attestations count beside Apple's; for tests alone"


def main() -> None:
    """Serve until interrupted."""
    arguments = _parser().parse_args()
    store = Store(arguments.database)
    for client in arguments.admit:
        identifier, _, devices = client.partition("=")
        answering = devices.split(",") if devices else acme.Answering.ORDERED
        store.admit(acme.PermanentIdentifier.parse(identifier), answering)
    for code in arguments.admit_any:
        store.admit(acme.PermanentIdentifier.parse(code), acme.VOUCHED_ELSEWHERE)
    trust = TrustStore.apple().adding(*(root.read_bytes() for root in arguments.also_trust))
    server = Server(
        base_url=f"https://{arguments.host}:{arguments.port}",
        store=store,
        authority=Authority.load(arguments.authority.read_bytes()),
        verifier=Verifier(trust=trust),
        clock=partial(datetime.now, UTC),
    )
    print(f"the directory is {server.base_url}/directory", flush=True)
    uvicorn.run(
        server.app(),
        host=arguments.host,
        port=arguments.port,
        ssl_certfile=arguments.tls_certificate,
        ssl_keyfile=arguments.tls_key,
        lifespan="off",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m examples.acme_server", description=__doc__)
    add = parser.add_argument
    add("--host", default="localhost", help="name in the URLs, and where to listen")
    add("--port", type=int, default=8443)
    add("--tls-certificate", type=Path, required=True, help="PEM; the device must trust it")
    add("--tls-key", type=Path, required=True, help="PEM")
    add("--authority", type=Path, required=True, help="PEM: the CA's certificate and EC key")
    add("--database", default=":memory:", help="file; default: nothing is kept")
    add("--admit", nargs="+", default=[], metavar="CLIENT", help=_ADMIT)
    add("--admit-any", nargs="+", default=[], metavar="CODE", help=_ADMIT_ANY)
    add("--also-trust", type=Path, nargs="+", default=[], metavar="ROOT", help=_ALSO_TRUST)
    return parser


if __name__ == "__main__":
    main()
