"""Devices on numbered days, for the tests of the schedule: what was asked, what came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from fleet import START, attestation_like

from appleattest import AttestationError, FreshnessMismatch, Reason, mdm
from appleattest.errors import NoAttestation, UntrustedChain
from appleattest.freshness import Freshness, FreshnessResult

SCHEDULE: Final = mdm.AttestationSchedule()
BLANK: Final = mdm.DeviceState()
OS: Final = {"OSVersion": "17.2"}
SILENT: Final = NoAttestation(Reason.NO_ATTESTATION)
FORGED: Final = UntrustedChain(Reason.BAD_SIGNATURE)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def found(freshness: Freshness, requested: float | None = None, code: bytes = b"a") -> Any:
    matched = code if freshness in (Freshness.CURRENT, Freshness.EARLIER) else None
    return FreshnessResult(freshness, code, matched, None if requested is None else at(requested))


def asked(state: mdm.DeviceState = BLANK, day: float = 0, **arguments: Any) -> mdm.DeviceState:
    return state.asked(**{"command_uuid": "u", "nonce": b"a", "at": at(day), **arguments})


def attested(
    state: mdm.DeviceState | None = None,
    day: float = 0,
    finding: Any = None,
    not_before: float | None = None,
    os_version: str | None = "17.2",
    **arguments: Any,
) -> mdm.DeviceState:
    finding = found(Freshness.CURRENT) if finding is None else finding
    begins = at(day - 1 if not_before is None else not_before)
    return SCHEDULE.attested(
        asked(day=day) if state is None else state,
        attestation_like(finding, begins, os_version),
        **{"command_uuid": "u", "at": at(day), "reported": OS, "randomness": 0.9999, **arguments},
    )


def failed(
    state: mdm.DeviceState | None = None, error: AttestationError = SILENT, day: float = 0
) -> mdm.DeviceState:
    state = asked(day=day) if state is None else state
    return SCHEDULE.failed(state, error, command_uuid="u", at=at(day))


def decide(state: mdm.DeviceState, day: float, **reported: Any) -> mdm.Decision:
    return SCHEDULE.decide(state, at=at(day), reported=reported or None)


KNOWN: Final = replace(attested(), place=0)
"""Attested on day 0, at the place that comes due last."""


def replayed(not_before: float = -2, os_version: str = "17.1") -> FreshnessMismatch:
    """What `validate_response` raises for a genuine attestation made for no request of ours."""
    error = FreshnessMismatch(Reason.FRESHNESS_MISMATCH)
    error.attestation = attestation_like(found(Freshness.UNMATCHED), at(not_before), os_version)
    return error
