"""What a summary says, in a sentence and in groups of counts: the table and the page show these."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from appleattest.batch.counts import DUE_DAYS, NOT_STATED, OTHERS, Summary
from appleattest.errors import Reason
from appleattest.explain import of_reason
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts

_MOST_SHOWN: Final = 20


class Tone(StrEnum):
    """Whether a count is good news."""

    GOOD = "good"
    BAD = "bad"
    DOUBT = "doubt"
    PLAIN = "plain"


class Count(NamedTuple):
    """How many rows have one value."""

    label: str
    rows: int
    remark: str
    tone: Tone


class Group(NamedTuple):
    """The counts of one question, of which there is one at least."""

    title: str
    note: str
    counts: tuple[Count, ...]


_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "reason": ("Why refused", "Of the refused rows, the reason."),
    "message": (
        "Why invalid",
        "These rows are wrong in themselves: mend them and run them again.",
    ),
    "freshness": ("Freshness", "Of the verified rows, the request that they answer."),
    "device_check": ("Device", "Whether the row said which device it must be."),
    "policy": ("Policy", "Whether the verified rows satisfy the policy."),
    "os_version": ("OS versions", "As Apple attests them."),
    "sip": ("System Integrity Protection", "Apple attests it of Macs alone."),
    "secure_boot": ("Secure boot", "Apple attests it of Macs alone."),
    "third_party_kexts": ("Kernel extensions of others", "Apple attests it of Macs alone."),
    "age": (
        "Age in days",
        f"Since the earliest time of making. Of MDM, a new one is due at {DUE_DAYS} days.",
    ),
}
_TONES: Final[Mapping[tuple[str, str], Tone]] = {
    ("freshness", "current"): Tone.GOOD,
    ("freshness", "unchecked"): Tone.DOUBT,
    ("device_check", "passed"): Tone.GOOD,
    ("device_check", "not-requested"): Tone.DOUBT,
    ("policy", "passed"): Tone.GOOD,
    ("policy", "violated"): Tone.BAD,
    ("sip", SystemIntegrityProtection.ENABLED.value): Tone.GOOD,
    ("sip", SystemIntegrityProtection.DISABLED.value): Tone.BAD,
    ("sip", SystemIntegrityProtection.UNRECOGNIZED.value): Tone.DOUBT,
    ("secure_boot", SecureBoot.FULL.value): Tone.GOOD,
    ("secure_boot", SecureBoot.REDUCED.value): Tone.BAD,
    ("secure_boot", SecureBoot.PERMISSIVE.value): Tone.BAD,
    ("secure_boot", SecureBoot.UNRECOGNIZED.value): Tone.DOUBT,
    ("third_party_kexts", ThirdPartyKexts.NONE_ALLOWED.value): Tone.GOOD,
    ("third_party_kexts", ThirdPartyKexts.SOME_ALLOWED.value): Tone.BAD,
}
_CONTRADICTED: Final = (
    "The devices of {} verified rows say other things than Apple: look at their discrepancies."
)
_VIOLATED: Final = "{} verified rows violate the policy: look at their findings."
_UNCHECKED: Final = (
    "The freshness of {} rows was not checked: they may be replays, so grant nothing by them."
)
_DUE: Final = "{} rows are due: ask those devices for a new attestation."
_ALL_OF_IT: Final[Mapping[str, Tone]] = {"reason": Tone.BAD, "message": Tone.DOUBT}


def sentence(summary: Summary) -> str:
    """What the run found, in one sentence."""
    if not summary.rows:
        return "There were no rows."
    if summary.is_clean:
        return f"All {summary.rows:,} rows are verified."
    parts = [
        f"{rows:,} {what}"
        for rows, what in (
            (summary.verified, "verified"),
            (summary.refused, "refused"),
            (summary.invalid, "invalid"),
        )
        if rows
    ]
    return f"Of {summary.rows:,} rows: {', '.join(parts)}."


def actions(summary: Summary) -> str:
    """What to do about it; empty where there is nothing to do."""
    unchecked = summary.counts("freshness").get("unchecked", 0)
    said = (
        (summary.contradicted, _CONTRADICTED),
        (summary.violated, _VIOLATED),
        (unchecked, _UNCHECKED),
        (summary.due, _DUE),
    )
    return " ".join(text.format(f"{rows:,}") for rows, text in said if rows)


def groups(summary: Summary) -> tuple[Group, ...]:
    """The counts in the order in which a person asks for them; a group without rows is left out."""
    verdicts = (
        Count("verified", summary.verified, "", Tone.GOOD),
        Count("refused", summary.refused, "", Tone.BAD),
        Count("invalid", summary.invalid, "", Tone.DOUBT),
    )
    made = [Group("Verdicts", "Each row has one.", verdicts)]
    for name, (title, note) in _TITLES.items():
        found = summary.counts(name)
        if found and set(found) != {NOT_STATED}:
            made.append(Group(title, note, _counts(name, found)))
    return tuple(made)


def _counts(name: str, found: Mapping[str, int]) -> tuple[Count, ...]:
    shown = [each for each in found.items() if each[0] != OTHERS][:_MOST_SHOWN]
    rest = sum(found.values()) - sum(rows for _, rows in shown)
    counts = [_count(name, value, rows) for value, rows in shown]
    if rest:
        counts.append(Count("others", rest, "", Tone.PLAIN))
    return tuple(counts)


def _count(name: str, value: str, rows: int) -> Count:
    if value == NOT_STATED:
        return Count("not stated", rows, "", Tone.DOUBT)
    remark = of_reason(Reason(value)).sentence if name == "reason" else ""
    tone = _ALL_OF_IT.get(name) or _TONES.get((name, value), Tone.PLAIN)
    return Count(value, rows, remark, tone)
