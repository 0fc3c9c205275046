"""Decode whatever somebody was handed, without verifying any of it.

For research and support: what is this, and what does it claim? The answer has a type of its
own that nothing takes for an `Attestation`.
"""

from appleattest.unverified.decode import decode_unverified
from appleattest.unverified.result import UnverifiedAttestation

__all__ = ["UnverifiedAttestation", "decode_unverified"]
