"""The verdict of a report: one sentence on what it means, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from appleattest.attestation import Attestation
from appleattest.explain import of_reason
from appleattest.freshness import Freshness
from appleattest.report import Report
from appleattest.summary.printable import printable


class Verdict(NamedTuple):
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


def verdict(report: Report) -> Verdict:
    """The verdict of a report."""
    if report.attestation is not None:
        return _accepted(report.attestation)
    assert report.error is not None  # noqa: S101 - a report has one of the two
    text = of_reason(report.error.reason)
    return Verdict(False, f"Refused: {text.sentence}.", text.action)


def _accepted(attestation: Attestation) -> Verdict:
    device = attestation.device
    name = device.serial_number or device.udid
    about = f"device {printable(name)}" if name else "a device that Apple does not name"
    by = "Apple" if attestation.anchored_at_apple else "The authority that you named"
    actions = (
        _ANSWERS[attestation.freshness],
        "" if attestation.anchored_at_apple else _OTHER_ROOT,
        "" if device.identifies_device else _NAMELESS,
    )
    return Verdict(True, f"Verified: {by} attests {about}.", " ".join(filter(None, actions)))
