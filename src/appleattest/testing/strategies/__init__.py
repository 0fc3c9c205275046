"""Hypothesis strategies: what devices, genuine chains, forgeries and messages may look like.

    from hypothesis import given
    from appleattest.testing import AttestationAuthority, strategies

    AUTHORITY = AttestationAuthority("my tests")

    @given(strategies.broken_chains(AUTHORITY))
    def test_my_server_refuses(broken):
        assert not my_server_accepts(broken.chain, at=broken.at)

Needs Hypothesis (the extra ``testing``), which nothing else in this package does. Everything
drawn is verified against a trust store of the authority that was given, as of its own ``at``,
and shrinks towards Apple's ordinary shape.
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
