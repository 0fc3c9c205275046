"""Write what `make demo` verifies: `python examples/make_demo_vectors.py`.

Everything is minted by a test authority from a fixed seed, so a run writes the same octets every
time. No device of these names exists. `tests/test_demo.py` compares the files with what this
makes, and says which expectation belongs to which.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.testing import AttestationAuthority, Properties, carriers, chains

FOLDER: Final = Path(__file__).resolve().parent.parent / "vectors" / "demo"

AUTHORITY: Final = AttestationAuthority("appleattest demo")
ISSUED: Final = AUTHORITY.issued_at
NOW: Final = ISSUED + timedelta(minutes=5)
ASKED_BEFORE: Final = ISSUED - timedelta(days=3)

NONCE: Final = hashlib.sha256(b"demo: the nonce of this request").digest()
EARLIER_NONCE: Final = hashlib.sha256(b"demo: the nonce of three days ago").digest()
LOST_NONCE: Final = hashlib.sha256(b"demo: a nonce that nobody kept").digest()
TOKEN: Final = "demo-token-2uO9Yz0bJkqQm1sVtXwA4g"  # noqa: S105 - a demo has no secrets

MAC: Final = Properties(
    serial_number="EXAMPLE001",
    udid="00006030-EXAMPLE000000001",
    software_update_device_id="J514sAP",
    os_version="15.5",
    sepos_version="15.5",
    llb_version="15.5",
    sip=0,
    secure_boot="Full Security",
    third_party_kexts=0,
)
IPHONE: Final = Properties(
    serial_number="EXAMPLE002",
    udid="00008120-EXAMPLE000000002",
    software_update_device_id="D73AP",
    os_version="18.5",
    sepos_version="18.5",
    llb_version="18.5",
)
VICTIM: Final = replace(MAC, serial_number="EXAMPLE003", udid="00006030-EXAMPLE000000003")
"""The device that the forger has not got, and would like to be."""


def key(device: Properties) -> ec.EllipticCurvePublicKey:
    """The key of this device. In MDM it is the same for the whole enrolment."""
    return AUTHORITY.keys.ec(f"demo: the key of {device.serial_number}").public_key()


def response(
    device: Properties,
    nonce: bytes,
    *,
    at: datetime = ISSUED,
    binary: bool = False,
    by_user: bool = False,
) -> bytes:
    """The response property list of a device that was asked with this nonce."""
    return AUTHORITY.response_plist(
        public_key=key(device),
        properties=device.user_enrolled() if by_user else device,
        freshness_code=nonce,
        at=at,
        binary=binary,
        enrollment_id="00000000-0000-4000-8000-0000000000E1" if by_user else None,
    )


def challenge_response(device: Properties) -> bytes:
    """The JSON that a device posts to the URL of its device-attest-01 challenge."""
    attestation_object = AUTHORITY.attestation_object(
        public_key=key(device),
        properties=device,
        freshness_code=hashlib.sha256(TOKEN.encode("ascii")).digest(),
        at=ISSUED,
    )
    return carriers.challenge_response(attestation_object)


def forgery() -> bytes:
    """A leaf of the forger's own making, signed by the key of the forger's own, genuine leaf."""
    forger = chains.by_leaf(AUTHORITY)
    chain = forger.attest(
        public_key=key(VICTIM), properties=VICTIM, freshness_code=NONCE, at=ISSUED
    )
    return carriers.response_plist(chain)


def example(title: str, carrier: str, file: str, expected: str, **request: Any) -> dict[str, Any]:
    """One entry of demo.json."""
    return {"title": title, "carrier": carrier, "file": file, "expected": expected, **request}


def index() -> dict[str, Any]:
    """What demo.json says: the time, the trust anchor, and what was asked of which device."""
    nonce = base64_text(NONCE)
    earlier = {base64_text(EARLIER_NONCE): rfc3339(ASKED_BEFORE)}
    return {
        "at": rfc3339(NOW),
        "trust_anchor": "root.pem",
        "examples": [
            example("MDM: a Mac", "mdm", "mac.plist", "current", nonce=nonce),
            example("ACME: an iPhone", "acme", "iphone.json", "current", token=TOKEN),
            example(
                "MDM: the same Mac, within seven days: it returns what it has in its cache",
                "mdm",
                "mac-cached.plist",
                "earlier",
                nonce=nonce,
                previous_nonces=earlier,
            ),
            example(
                "MDM: an iPhone under user enrolment, which names no device",
                "mdm",
                "iphone-user-enrolled.plist",
                "current",
                nonce=nonce,
            ),
            example(
                "MDM: a forgery, signed by the key of somebody's genuine leaf",
                "mdm",
                "forgery.plist",
                "issuer-not-ca",
                nonce=nonce,
            ),
            example(
                "MDM: a genuine attestation that answers no request we know of",
                "mdm",
                "mac-stale.plist",
                "freshness-mismatch",
                nonce=nonce,
                previous_nonces=earlier,
            ),
        ],
    }


def base64_text(octets: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(octets).decode("ascii")


def rfc3339(time: datetime) -> str:
    """UTC with a Z."""
    return time.isoformat().replace("+00:00", "Z")


def files() -> dict[str, bytes]:
    """The name and the octets of every file in the folder."""
    return {
        "root.pem": AUTHORITY.root.public_bytes(Encoding.PEM),
        "mac.plist": response(MAC, NONCE),
        "mac-cached.plist": response(MAC, EARLIER_NONCE, at=ASKED_BEFORE, binary=True),
        "mac-stale.plist": response(MAC, LOST_NONCE, at=ASKED_BEFORE - timedelta(days=30)),
        "iphone.json": challenge_response(IPHONE),
        "iphone-user-enrolled.plist": response(IPHONE, NONCE, by_user=True),
        "forgery.plist": forgery(),
        "demo.json": json.dumps(index(), indent=2).encode("ascii") + b"\n",
    }


def main() -> int:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)
        print(f"{len(content):5} bytes  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
