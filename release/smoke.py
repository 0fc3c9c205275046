"""Run in a clean environment, where only the package is installed; it imports nothing of ours else.

It verifies a minted attestation, refuses it for another nonce, and reads the packaged files.
"""

from __future__ import annotations

import json
from importlib.resources import files

from appleattest import AttestationError, Reason, Verifier, mdm
from appleattest.policy import DeviceIdentified, Policy
from appleattest.testing import AttestationAuthority, SimulatedDevice


def main() -> None:
    """Nothing, or an error."""
    Verifier()  # reads Apple's root
    schema = json.loads(files("appleattest.policy").joinpath("policy.schema.json").read_bytes())
    expect(schema["$schema"].startswith("https://json-schema.org/"), "the schema of a policy")
    apple = AttestationAuthority()
    mac = SimulatedDevice(apple)
    nonce = mdm.new_nonce()
    response = mac.answer(mdm.device_information_command(command_uuid="1", nonce=nonce))
    seen = apple.verifier.verify_mdm(response, nonce=nonce, at=mac.clock())
    expect(seen.is_current, "an attestation for this nonce")
    Policy(DeviceIdentified()).require(seen)
    try:
        apple.verifier.verify_mdm(response, nonce=mdm.new_nonce(), at=mac.clock())
    except AttestationError as error:
        expect(error.reason is Reason.FRESHNESS_MISMATCH, "a refusal for another nonce")
    else:
        expect(False, "a refusal for another nonce")


def expect(holds: bool, what: str) -> None:
    """An error unless it holds; `assert` would be silent under -O."""
    if not holds:
        raise SystemExit(f"smoke: expected {what}")


if __name__ == "__main__":
    main()
