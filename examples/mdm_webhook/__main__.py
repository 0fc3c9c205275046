"""Run the service beside a NanoMDM server."""

from __future__ import annotations

import argparse
import os
import random
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn

from appleattest import Verifier, policy
from examples.mdm_webhook.app import app
from examples.mdm_webhook.nanomdm import NanoMDM
from examples.mdm_webhook.store import Store
from examples.mdm_webhook.watch import Watch

HERE: Final = Path(__file__).parent


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
    watch = Watch(
        store=Store(options.database),
        verifier=Verifier(),
        rules=policy.Policy.from_toml(options.policy.read_bytes(), inventory=inventory),
        inventory=inventory,
        send=NanoMDM(options.nanomdm, api_key=os.environ["NANOMDM_API"]).send,
        clock=lambda: datetime.now(UTC),
        chance=random.SystemRandom().random,
    )
    key = os.environ["NANOMDM_WEBHOOK_HMAC_KEY"].encode()
    Thread(target=look_after_all, args=[watch], daemon=True).start()
    uvicorn.run(app(watch, key=key), host="127.0.0.1", port=options.port)


def look_after_all(watch: Watch) -> None:
    """Every hour, also look at the devices that nothing was heard of."""
    while True:
        watch.look_after_all()
        time.sleep(3600)


if __name__ == "__main__":
    main()
