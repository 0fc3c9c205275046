"""What most tests need: an authority of our own, a verifier that trusts it, the real chains."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from appleattest import Verifier
from appleattest.testing import AttestationAuthority
from real_chains import NOT_SET, REAL_CHAINS, RealChain

# The tests run beside each other, and on machines that others use: no time is a property here.
settings.register_profile(
    "beside-others", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("beside-others")


@pytest.fixture(
    scope="session",
    params=REAL_CHAINS or [RealChain("none", [])],
    ids=lambda chain: chain.name,
)
def real_chain(request: pytest.FixtureRequest) -> RealChain:
    """Each of the chains that Apple issued; skips the test where no folder of them is named."""
    if not REAL_CHAINS:
        pytest.skip(NOT_SET)
    chain: RealChain = request.param
    return chain


@pytest.fixture(scope="session")
def authority() -> AttestationAuthority:
    """One authority for the whole run: minting keys is what costs time."""
    return AttestationAuthority("appleattest's own tests")


@pytest.fixture
def verifier(authority: AttestationAuthority) -> Verifier:
    """A verifier that trusts the authority and remembers nothing yet."""
    return Verifier(trust=authority.trust)
