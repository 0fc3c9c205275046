"""The service of examples/mdm_webhook with everything around it in the hands of a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("starlette", reason="needs the packages of the dependency group 'examples'")
pytest.importorskip("httpx2", reason="needs the packages of the dependency group 'examples'")

import httpx2
from starlette.testclient import TestClient

from appleattest import Verifier, policy
from appleattest.testing import AttestationAuthority, DeviceModel, ManualClock, SimulatedDevice
from appleattest.testing.device import Compromise
from examples.mdm_webhook.app import app
from examples.mdm_webhook.store import Store
from examples.mdm_webhook.watch import Watch

AUTHORITY: Final = AttestationAuthority("tests of the webhook")
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "mdm_webhook"
MAC: Final = DeviceModel.mac()
PHONE: Final = DeviceModel.iphone()
INVENTORY: Final = {
    MAC.serial_number: policy.Platform.MACOS,
    DeviceModel.mac(2).serial_number: policy.Platform.MACOS,
    PHONE.serial_number: policy.Platform.IOS,
}
KEY: Final = b"the key of the webhook"


def watch(
    clock: ManualClock,
    send: Callable[[str, bytes], None],
    show: Callable[[str], None],
    store: Store | None = None,
) -> Watch:
    """The example with its own policy, which trusts the authority of these tests alone."""
    return Watch(
        store=Store() if store is None else store,
        verifier=Verifier(trust=AUTHORITY.trust),
        rules=policy.Policy.from_toml((EXAMPLE / "policy.toml").read_bytes(), inventory=INVENTORY),
        inventory=INVENTORY,
        send=send,
        clock=clock,
        chance=lambda: 0.5,
        show=show,
    )


def client(watch: Watch) -> TestClient:
    """Who posts to it, within this process."""
    return TestClient(app(watch, key=KEY))


def post(url: str, content: bytes, headers: Mapping[str, str] | None = None) -> int:
    """Post to a server, and return the status of its answer."""
    return httpx2.post(url, content=content, headers=headers).status_code


@dataclass
class Lines:
    """What was printed, as far as nobody has looked at it yet."""

    unread: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.unread.append(line)

    def read(self) -> list[str]:
        lines, self.unread = self.unread, []
        return lines


def device(
    clock: ManualClock, *compromises: Compromise, model: DeviceModel = MAC
) -> SimulatedDevice:
    """A device of the authority, with the clock of the service."""
    return SimulatedDevice(AUTHORITY, model, clock=clock, compromises=compromises)
