"""A real NanoMDM on the loopback interface, with the example's webhook beside it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

pytest.importorskip("uvicorn", reason="needs the packages of the dependency group 'examples'")

import uvicorn
from mdm_client import Identities, MDMClient
from peers import SECONDS, free_port, peer, serving
from watched import KEY, watch

from examples.mdm_webhook.app import app
from examples.mdm_webhook.nanomdm import NanoMDM

if TYPE_CHECKING:
    from appleattest.testing import ManualClock, SimulatedDevice
    from examples.mdm_webhook.watch import Watch

API_KEY: Final = "the key of the API"


@dataclass
class Printed:
    """What the service has printed: NanoMDM tells it of an event when the device has its answer."""

    lines: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def until(self, last: str) -> list[str]:
        """The lines up to this one, which is waited for; the test fails if it does not come."""
        lines: list[str] = []
        while last not in lines:
            try:
                lines.append(self.lines.get(timeout=SECONDS))
            except queue.Empty:
                raise AssertionError(f"{last!r} was not printed, but {lines}") from None
        return lines


class Running:
    """NanoMDM and the service, both running."""

    def __init__(self, url: str, identities: Identities, service: Watch, printed: Printed) -> None:
        self.url = url
        self.service = service
        self.printed = printed
        self._identities = identities

    def client(self, device: SimulatedDevice) -> MDMClient:
        """The device as a client of this NanoMDM."""
        return MDMClient(f"{self.url}/mdm", device, self._identities)


@contextmanager
def running(folder: Path, clock: ManualClock) -> Iterator[Running]:
    """Run both until the end of the context; the service has the time of this clock."""
    program = peer("nanomdm")
    identities = Identities()
    (folder / "ca.pem").write_bytes(identities.pem())
    port, webhook_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        program,
        *("-listen", f"127.0.0.1:{port}"),
        *("-storage", "inmem", "-storage-dsn", ""),
        *("-ca", folder / "ca.pem"),
        *("-api", API_KEY),
        *("-webhook-url", f"http://127.0.0.1:{webhook_port}/webhook"),
        *("-webhook-hmac-key", KEY.decode()),
    ]
    nanomdm = NanoMDM(url, api_key=API_KEY)
    printed = Printed()
    service = watch(clock, nanomdm.send, printed.lines.put)
    with serving(command, port=port, folder=folder), _served(service, webhook_port):
        yield Running(url, identities, service, printed)
    nanomdm.close()
    service.store.close()


@contextmanager
def _served(service: Watch, port: int) -> Iterator[None]:
    configuration = uvicorn.Config(
        app(service, key=KEY), host="127.0.0.1", port=port, log_config=None, ws="none"
    )
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + SECONDS
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < deadline, "the service did not start in time"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
