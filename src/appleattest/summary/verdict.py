"""The verdict of a report: one sentence on what it means, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from appleattest.attestation import Attestation
from appleattest.explain import of_reason
from appleattest.freshness import Freshness
from appleattest.mdm import Discrepancies
from appleattest.report import DEVICE, Outcome, Report
from appleattest.summary.printable import printable


class Conclusion(NamedTuple):
    """What to tell a person."""

    accepted: bool
    sentence: str
    action: str
    """What to do now."""


_ANSWERS: Final[Mapping[Freshness, str]] = {
    Freshness.CURRENT: "It answers this request.",
    Freshness.EARLIER: "It answers an earlier request: rely on it as of that request.",
    Freshness.UNCHECKED: "Its freshness was not checked: it may be a replay, so do not grant "
    "anything by it.",
}
_OTHER_ROOT: Final = "The trust anchor is not Apple's root, but one that you named."
_NAMELESS: Final = "Find out by other means which device it is."
_NOT_COMPARED: Final = "It was not compared with the device that you asked."
_CONTRADICTED: Final = Conclusion(
    False,
    "Genuine, and refused: the device says something else of itself than Apple attests.",
    "Another device may have sent this attestation. Compare both with the device that you asked.",
)


def verdict(report: Report, discrepancies: Discrepancies | None = None) -> Conclusion:
    """The verdict of a report, and of what the device says of itself, where that is known.

    A discrepancy refuses, unless an honest device of an older attestation would have it too.
    """
    if report.attestation is not None:
        if any(not each.explained_by_age for each in discrepancies or ()):
            return _CONTRADICTED
        return _accepted(report, report.attestation)
    assert report.error is not None  # noqa: S101 - a report has one of the two
    text = of_reason(report.error.reason)
    return Conclusion(False, f"Refused: {text.sentence}.", text.action)


def _accepted(report: Report, attestation: Attestation) -> Conclusion:
    device = attestation.device
    name = device.serial_number or device.udid
    about = f"device {printable(name)}" if name else "a device that Apple does not name"
    by = "Apple" if attestation.anchored_at_apple else "The authority that you named"
    actions = (
        _ANSWERS[attestation.freshness],
        "" if attestation.anchored_at_apple else _OTHER_ROOT,
        "" if _is_compared(report) else _NOT_COMPARED if device.identifies_device else _NAMELESS,
    )
    return Conclusion(True, f"Verified: {by} attests {about}.", " ".join(filter(None, actions)))


def _is_compared(report: Report) -> bool:
    """Whether the caller said which device it must be."""
    return any(
        each.name == DEVICE and each.outcome is not Outcome.NOT_REQUESTED for each in report.checks
    )
