"""Verify the examples in vectors/demo and show what comes of each: `make demo`.

An example is what a device sent, as it came. `demo.json` beside it says what the server had asked
for, the time to judge by, and the root to trust: that of a test authority, since no
attestation of a real device can be published. With a real one, `Verifier()` trusts Apple.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from appleattest import (
    Attestation,
    AttestationError,
    DeviceProperties,
    Freshness,
    FreshnessMismatch,
    TrustStore,
    Verifier,
    decode_unverified,
    summary,
)

FOLDER: Final = Path(__file__).resolve().parent.parent / "vectors" / "demo"

MEANING: Final = {
    Freshness.CURRENT: "made for this request",
    Freshness.EARLIER: "made for an earlier request",
}


def main() -> int:
    """Run every example; 1 if one of them did not end as demo.json says."""
    index = json.loads((FOLDER / "demo.json").read_bytes())
    root = (FOLDER / index["trust_anchor"]).read_bytes()
    verifier = Verifier(trust=TrustStore([root]))
    at = datetime.fromisoformat(index["at"])
    surprises = 0
    for number, example in enumerate(index["examples"], start=1):
        print(f"\n{number}. {example['title']}")
        sent = (FOLDER / example["file"]).read_bytes()
        line("received", f"{example['file']}, {len(sent)} bytes")
        outcome = run(verifier, example, sent, at)
        if outcome != example["expected"]:
            surprises += 1
            print(f"   UNEXPECTED: {outcome} instead of {example['expected']}")
    print(f"\n{len(index['examples'])} examples, {surprises} surprises")
    return 1 if surprises else 0


def run(verifier: Verifier, example: dict[str, Any], sent: bytes, at: datetime) -> str:
    """Verify one example and show the result; the freshness or the reason."""
    try:
        attestation = verify(verifier, example, sent, at)
    except AttestationError as error:
        show_refusal(error, sent)
        return error.reason.value
    show_attestation(attestation)
    return attestation.freshness.value


def verify(verifier: Verifier, example: dict[str, Any], sent: bytes, at: datetime) -> Attestation:
    """What a server does with the message, for either carrier."""
    if example["carrier"] == "acme":
        attestation_object = json.loads(sent)["attObj"]
        return verifier.verify_acme(attestation_object, token=example["token"], at=at)
    previous = {
        b64decode(nonce): datetime.fromisoformat(sent_at)
        for nonce, sent_at in example.get("previous_nonces", {}).items()
    }
    nonce = b64decode(example["nonce"])
    return verifier.verify_mdm(sent, nonce=nonce, previous_nonces=previous, at=at)


def show_attestation(attestation: Attestation) -> None:
    """Everything that was attested."""
    line("VERIFIED", MEANING[attestation.freshness])
    if attestation.requested_at is not None:
        line("asked for at", f"{attestation.requested_at:%Y-%m-%d %H:%M} UTC")
    show_device(attestation.device)
    line("attested key", f"{attestation.public_key.curve.name}, {attestation.spki_sha256.hex()}")
    line("valid until", f"{attestation.not_after:%Y-%m-%d %H:%M} UTC")


def show_device(device: DeviceProperties) -> None:
    """Each property that Apple attests. One that is not there is not good, but unknown."""
    if not device.identifies_device:
        line("device", "not identified: no serial number, no UDID")
    for row in summary.property_rows(device):
        if row.value is not None:
            line(row.label, row.value)


def show_refusal(error: AttestationError, sent: bytes) -> None:
    """What the operator sees, and what the client is told."""
    line("REFUSED", str(error))
    line("reason", error.reason)
    line("element", error.element or "the whole")
    line("detail", error.detail)
    if error.report is not None:
        line("checks", ", ".join(f"{check.name} {check.outcome}" for check in error.report.checks))
    line("problem", json.dumps(error.problem()))
    if isinstance(error, FreshnessMismatch) and error.attestation is not None:
        line("all the same", f"genuine, of device {error.attestation.device.serial_number}")
    else:
        claims = decode_unverified(sent).claims
        line("claims to be", f"{claims.serial_number}, which nobody has verified")


def line(label: str, text: object) -> None:
    """One labelled line."""
    print(f"   {label:<17} {text}")


if __name__ == "__main__":
    sys.exit(main())
