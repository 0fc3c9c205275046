"""Run the service beside a NanoMDM server."""

from __future__ import annotations

import argparse
import logging
import os
import random
import tomllib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

import uvicorn

from appleattest import Verifier, policy
from examples.mdm_webhook.app import app
from examples.mdm_webhook.nanomdm import NanoMDM
from examples.mdm_webhook.store import Store
from examples.mdm_webhook.watch import Watch

HERE: Final = Path(__file__).parent
HOUR: Final = 3600
_LOG: Final = logging.getLogger(__name__)


def main() -> None:
    """Serve until the process ends; the two secrets are in the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.mdm_webhook",
        epilog="NANOMDM_API and NANOMDM_WEBHOOK_HMAC_KEY are in the environment, as NanoMDM's are.",
    )
    parser.add_argument("--nanomdm", default="http://127.0.0.1:9000", metavar="URL")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--database", type=Path, default=Path("devices.sqlite"))
    parser.add_argument("--inventory", type=Path, default=HERE / "inventory.toml")
    parser.add_argument("--policy", type=Path, default=HERE / "policy.toml")
    options = parser.parse_args()
    devices = tomllib.loads(options.inventory.read_text(encoding="utf-8"))["devices"]
    inventory = {serial: policy.Platform(name) for serial, name in devices.items()}
    key = os.environ["NANOMDM_WEBHOOK_HMAC_KEY"].encode()
    ended = Event()
    with (
        closing(Store(options.database)) as store,
        closing(NanoMDM(options.nanomdm, api_key=os.environ["NANOMDM_API"])) as nanomdm,
    ):
        watch = Watch(
            store=store,
            verifier=Verifier(),
            rules=policy.Policy.from_toml(options.policy.read_bytes(), inventory=inventory),
            inventory=inventory,
            send=nanomdm.send,
            clock=lambda: datetime.now(UTC),
            chance=random.SystemRandom().random,
        )
        hourly = Thread(target=look_after_all, args=[watch, ended.wait], daemon=True)
        hourly.start()
        try:
            uvicorn.run(app(watch, key=key), host="127.0.0.1", port=options.port)
        finally:
            ended.set()
            hourly.join(timeout=30)


def look_after_all(watch: Watch, wait: Callable[[float], bool]) -> None:
    """Every hour, also look at the devices that nothing was heard of.

    `wait` waits for so many seconds, and says whether that was the last time. No exception ends
    this: nobody would notice that silent devices are no longer asked.
    """
    while True:
        try:
            watch.look_after_all()
        except Exception:  # noqa: BLE001 - see above
            _LOG.exception("the hourly round has failed; the next one is in an hour")
        if wait(HOUR):
            return


if __name__ == "__main__":
    main()
