"""This library's answer to one test of the JSON: also the adapter that shows how to write one.

An adapter reads a test (one JSON object, the group's shared fields included) and answers with
one: `{"result": "valid"}` or `{"result": "invalid", "reason": …}`. What a valid answer says beside
its result (`device`, `freshness`, `requestedAt`, `spkiSha256`) is compared where it is given.
"""

from __future__ import annotations

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


def judge(test: dict[str, Any]) -> dict[str, Any]:
    """Verify one test, and answer in the terms of the vectors."""
    try:
        attestation = _verify(test)
    except AttestationError as error:
        return {"result": "invalid", "reason": error.reason.value}
    requested = attestation.requested_at
    return {
        "result": "valid",
        "freshness": attestation.freshness.value,
        **({"requestedAt": f"{requested:%Y-%m-%dT%H:%M:%SZ}"} if requested else {}),
        "spkiSha256": attestation.spki_sha256.hex(),
        "device": device_of(attestation),
    }


def device_of(attestation: Attestation) -> dict[str, Any]:
    """The decoded properties, without those that are absent."""
    device = attestation.device.to_dict()
    del device["raw"]
    return {name: value for name, value in device.items() if value is not None}


def _verify(test: dict[str, Any]) -> Attestation:
    verifier = Verifier(trust=TrustStore(map(b64decode, test["anchors"])))
    at = datetime.fromisoformat(test["time"])
    if test["type"] == "MdmVerify":
        return verifier.verify_mdm(
            b64decode(test["response"]),
            nonce=UNCHECKED if test["nonce"] is None else b64decode(test["nonce"]),
            previous_nonces={
                b64decode(earlier["nonce"]): datetime.fromisoformat(earlier["sentAt"])
                for earlier in test["previousNonces"]
            },
            at=at,
        )
    if test["type"] == "AcmeVerify":
        sent = test["attObj"] if "attObj" in test else b64decode(test["cbor"])
        return verifier.verify_acme(sent, token=test["token"], at=at)
    chain = [b64decode(der) for der in test["chain"]]
    if test["sha256Of"] is not None:
        return verifier.verify_chain(chain, freshness=sha256_of(b64decode(test["sha256Of"])), at=at)
    code = test["exactly"]
    freshness = UNCHECKED if code is None else exactly(b64decode(code))
    return verifier.verify_chain(chain, freshness=freshness, at=at)
