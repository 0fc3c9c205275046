"""Hypothesis strategies: devices, genuine chains, broken chains, and messages.

    from hypothesis import given
    from appleattest.testing import AttestationAuthority, strategies

    AUTHORITY = AttestationAuthority("my tests")

    @given(strategies.broken_chains(AUTHORITY))
    def test_my_server_refuses(broken):
        assert not my_server_accepts(broken.chain, at=broken.at)

Needs Hypothesis (the extra ``testing``). Verify what is drawn with the verifier of the authority
that you gave, at its own ``at``. It shrinks towards the ordinary shape of Apple's chains.
"""

try:
    import hypothesis  # noqa: F401 - asked for here, so that its absence is explained
except ImportError as error:
    raise ImportError(
        "appleattest.testing.strategies needs Hypothesis: install appleattest[testing]"
    ) from error

from appleattest.testing.strategies.broken import Defect, broken_chains, deviations
from appleattest.testing.strategies.devices import devices, freshness_codes, malformed_devices
from appleattest.testing.strategies.genuine import MintedChain, chains
from appleattest.testing.strategies.messages import (
    MintedObject,
    MintedResponse,
    attestation_objects,
    responses,
)

__all__ = [
    "Defect",
    "MintedChain",
    "MintedObject",
    "MintedResponse",
    "attestation_objects",
    "broken_chains",
    "chains",
    "deviations",
    "devices",
    "freshness_codes",
    "malformed_devices",
    "responses",
]
