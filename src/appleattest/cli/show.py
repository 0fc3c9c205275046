"""What `inspect` and `verify` both show: properties, the chain, the checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from appleattest.cli.output import Line, Style
from appleattest.explain import of_check
from appleattest.properties import LeafProperties
from appleattest.report import Check, Outcome
from appleattest.summary import (
    CertificateRow,
    State,
    certificate_rows,
    distance,
    property_rows,
    unknown_oids,
)

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: Style.GOOD,
    Outcome.FAILED: Style.BAD,
    Outcome.NOT_REACHED: Style.FAINT,
    Outcome.NOT_REQUESTED: Style.FAINT,
    Outcome.FINDING: Style.DOUBT,
}
_STATES: Final[Mapping[State, str]] = {
    State.PRESENT: Style.PLAIN,
    State.GOOD: Style.GOOD,
    State.BAD: Style.BAD,
    State.UNRECOGNIZED: Style.DOUBT,
    State.ABSENT: Style.FAINT,
    State.BLANK: Style.DOUBT,
    State.MALFORMED: Style.BAD,
}
_MOST_SHOWN: Final = 32
"""Octets of an unknown extension that are shown."""


def check_lines(checks: Iterable[Check]) -> Iterator[Line]:
    """A line for each check, and one more for why it failed or what was found."""
    for check in checks:
        yield Line(check.name, check.outcome.value, of_check(check.name), OUTCOMES[check.outcome])
        if check.reason is not None:
            element = "" if check.element is None else f"{check.element}: "
            yield Line("", check.reason.value, f"{element}{check.detail}", OUTCOMES[check.outcome])


def property_lines(device: LeafProperties) -> Iterator[Line]:
    """A line for each documented property, and for each extension that has no meaning here."""
    for row in property_rows(device):
        value = row.state.value if row.value is None else row.value
        yield Line(row.label, value, row.meaning, _STATES[row.state])
    for oid, octets in unknown_oids(device):
        shown = octets[:_MOST_SHOWN].hex() + ("..." if len(octets) > _MOST_SHOWN else "")
        yield Line(oid, shown or "(blank)", "This OID is not documented.", Style.DOUBT)


def chain_nodes(chain: Sequence[x509.Certificate], at: datetime) -> list[tuple[str, Sequence[str]]]:
    """The certificates from the one nearest to the root down to the leaf."""
    return [_node(row, at) for row in reversed(certificate_rows(chain))]


def _node(row: CertificateRow, at: datetime) -> tuple[str, Sequence[str]]:
    role = "Apple's root" if row.is_apple_root else row.role
    return f"{role}: {row.subject}", (
        f"issued by {row.issuer}",
        f"valid from {dated(row.not_before, at)}",
        f"valid until {dated(row.not_after, at)}",
        f"{row.key}, signed with {row.signature}, serial number {row.serial_number}",
        f"SHA-256 {row.sha256}",
    )


def dated(moment: datetime | None, at: datetime) -> str:
    """A moment as date, time and distance from `at`."""
    return (
        "unreadable" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC, {distance(moment, at)}"
    )


def chain_json(chain: Sequence[x509.Certificate]) -> list[dict[str, Any]]:
    """The certificates as JSON types, leaf first."""
    return [
        {
            **row._asdict(),
            "not_before": _time(row.not_before),
            "not_after": _time(row.not_after),
        }
        for row in certificate_rows(chain)
    ]


def properties_json(device: LeafProperties) -> list[dict[str, Any]]:
    """The properties as JSON types, in the order of the table."""
    return [{**row._asdict(), "state": row.state.value} for row in property_rows(device)]


def unknown_json(device: LeafProperties) -> list[dict[str, str]]:
    """The extensions without a documented meaning, as JSON types."""
    return [{"oid": oid, "hex": octets.hex()} for oid, octets in unknown_oids(device)]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
