"""The pytest plugin: attestations for the tests of an MDM or ACME server, without a Mac.

Every run of pytest loads it, in an environment that has appleattest. Importing the package takes
time, so this module is outside the package and imports it only in the fixtures.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from appleattest import TrustStore, Verifier
    from appleattest.testing import AttestationAuthority
    from appleattest.testing.device import ManualClock, SimulatedDevice, SimulatedDeviceFactory

SEED = "the attestation_authority of pytest"


@pytest.fixture(scope="session")
def attestation_authority() -> AttestationAuthority:
    """What signs in place of Apple's attestation servers, with the same keys in every run.

    An `appleattest.testing.AttestationAuthority`: it makes chains of any content, and broken
    ones. It is immutable, so the whole session shares one.
    """
    from appleattest.testing import AttestationAuthority

    return AttestationAuthority(SEED)


@pytest.fixture(scope="session")
def attestation_trust(attestation_authority: AttestationAuthority) -> TrustStore:
    """A trust store of `attestation_authority`'s root alone, without Apple's."""
    return attestation_authority.trust


@pytest.fixture
def attestation_verifier(attestation_trust: TrustStore) -> Verifier:
    """A new verifier that trusts `attestation_authority` alone: hand it to your server."""
    from appleattest import Verifier

    return Verifier(trust=attestation_trust)


@pytest.fixture
def attestation_clock() -> ManualClock:
    """The clock of the simulated devices. It shows the second at which the test began.

    ``attestation_clock.advance(timedelta(days=7))`` moves it, and nothing else does.
    ``attestation_clock()`` is its time, for the ``at`` of a verifier. A server that reads the
    machine's clock finds attestations that were just made. For the same bytes in every run,
    override this fixture with one that returns ``appleattest.testing.ManualClock()``, a fixed
    moment.
    """
    from appleattest.testing.device import ManualClock

    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def make_simulated_device(
    attestation_authority: AttestationAuthority, attestation_clock: ManualClock
) -> SimulatedDeviceFactory:
    """Make simulated devices: ``make_simulated_device(DeviceModel.iphone(), user_enrolled=True)``.

    Without a model, a new Mac each time. The keyword arguments are those of
    `appleattest.testing.SimulatedDevice`; the clock is `attestation_clock`.
    """
    from appleattest.testing.device import SimulatedDeviceFactory

    return SimulatedDeviceFactory(attestation_authority, attestation_clock)


@pytest.fixture
def simulated_device(make_simulated_device: SimulatedDeviceFactory) -> SimulatedDevice:
    """A Mac that answers a DeviceInformation command and an ACME challenge as Apple documents.

    ``simulated_device.answer(command)`` takes and returns property lists;
    ``simulated_device.answer_challenge(token).response`` is the JSON of a challenge response.
    """
    return make_simulated_device()
