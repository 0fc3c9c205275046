"""A simulated Apple device, so that a server can be tested without one.

    from appleattest.testing import AttestationAuthority
    from appleattest.testing.device import DeviceModel, SimulatedDevice

    device = SimulatedDevice(AttestationAuthority(seed="my tests"), DeviceModel.iphone())
    response = device.answer(command)              # MDM: property list in, property list out
    answer = device.answer_challenge(token)        # ACME: .response, .certificate_request(...)

It behaves as Apple documents; see docs/guide-test-your-server.md. Its time is its clock's and its
keys are the authority's seed's: nothing is random, and nothing is secret.
"""

from appleattest.testing.device.challenge import ChallengeAnswer
from appleattest.testing.device.clock import Clock, ManualClock
from appleattest.testing.device.command import DeviceInformationCommand
from appleattest.testing.device.compromises import (
    AnswersOlder,
    Compromise,
    Lies,
    Omits,
    Relays,
    RepeatsResponse,
    Replays,
)
from appleattest.testing.device.model import DeviceModel
from appleattest.testing.device.simulated import (
    DeviceArguments,
    SimulatedDevice,
    SimulatedDeviceFactory,
)
from appleattest.testing.properties import AttestedField

__all__ = [
    "AnswersOlder",
    "AttestedField",
    "ChallengeAnswer",
    "Clock",
    "Compromise",
    "DeviceArguments",
    "DeviceInformationCommand",
    "DeviceModel",
    "Lies",
    "ManualClock",
    "Omits",
    "Relays",
    "RepeatsResponse",
    "Replays",
    "SimulatedDevice",
    "SimulatedDeviceFactory",
]
