"""Answer conformance vectors with appleattest's public interface: what a user's adapter looks like.

    python -m appleattest.testing.vectors run -- python examples/vector_consumers/python_adapter.py

Each line of standard input is one test; each line of standard output is the answer to it.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from datetime import datetime
from typing import Any

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    TrustStore,
    Verifier,
    exactly,
    sha256_of,
)


def verify(test: dict[str, Any]) -> Attestation:
    verifier = Verifier(trust=TrustStore(map(b64decode, test["anchors"])))
    at = datetime.fromisoformat(test["time"])
    if test["type"] == "MdmVerify":
        nonce = b64decode(test["nonce"]) if test["nonce"] else UNCHECKED
        earlier = {
            b64decode(each["nonce"]): datetime.fromisoformat(each["sentAt"])
            for each in test["previousNonces"]
        }
        response = b64decode(test["response"])
        return verifier.verify_mdm(response, nonce=nonce, previous_nonces=earlier, at=at)
    if test["type"] == "AcmeVerify":
        sent = test["attObj"] if "attObj" in test else b64decode(test["cbor"])
        return verifier.verify_acme(sent, token=test["token"], at=at)
    code = exactly(b64decode(test["exactly"])) if test["exactly"] else UNCHECKED
    code = sha256_of(b64decode(test["sha256Of"])) if test["sha256Of"] else code
    return verifier.verify_chain(list(map(b64decode, test["chain"])), freshness=code, at=at)


def answer(test: dict[str, Any]) -> dict[str, Any]:
    try:
        attestation = verify(test)
    except AttestationError as error:
        return {"result": "invalid", "reason": error.reason.value}
    device = attestation.device.to_dict()
    del device["raw"]
    sent_at = attestation.requested_at
    return {
        "result": "valid",
        "freshness": attestation.freshness.value,
        **({"requestedAt": f"{sent_at:%Y-%m-%dT%H:%M:%SZ}"} if sent_at else {}),
        "spkiSha256": attestation.spki_sha256.hex(),
        "device": {name: value for name, value in device.items() if value is not None},
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
