"""What each reason means, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from appleattest.errors import Reason
from appleattest.explain.tables import plain, rows


class ReasonText(NamedTuple):
    """What there is to say of one reason, in plain text."""

    reason: Reason
    sentence: str
    """`Reason.description`."""
    error_class: str
    """The name of the class of `AttestationError` that has it."""
    checks: tuple[str, ...]
    """The checks that give it; `newOrder` and `policy` are no checks, but stand here too."""
    happened: str
    action: str
    problem: str
    """The type of the ACME problem of an error without context."""
    source: str
    """The documents, with their sections."""


def of_reason(reason: Reason) -> ReasonText:
    """The text of a reason."""
    row = rows("reasons")[reason.value]
    return ReasonText(
        reason,
        reason.description,
        row["class"],
        tuple(row["checks"]),
        plain(row["happened"]),
        plain(row["action"]),
        row["problem"],
        row["source"],
    )
