"""What the template shows of each section. It decides nothing: the rows come from `summary`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final, NamedTuple

from appleattest.explain import of_check, of_oid, of_reason
from appleattest.freshness import Freshness
from appleattest.page.chain_tree import Tree, tree
from appleattest.page.section import Section, Source
from appleattest.page.timeline import Timeline, timeline
from appleattest.properties import ClaimedProperties, DeviceProperties
from appleattest.report import Check, Outcome
from appleattest.summary import (
    CertificateRow,
    PropertyRow,
    State,
    certificate_rows,
    distance,
    property_rows,
    verdict,
)
from appleattest.times import rfc3339

_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_REACHED: "not reached",
    Outcome.NOT_REQUESTED: "not requested",
    Outcome.FINDING: "finding",
}
_STATES: Final[Mapping[State, str]] = {
    State.PRESENT: "stated",
    State.GOOD: "good",
    State.BAD: "not good",
    State.UNRECOGNIZED: "not recognised",
    State.ABSENT: "absent",
    State.BLANK: "blank",
    State.MALFORMED: "malformed",
}
_FRESHNESS: Final[Mapping[Freshness, str]] = {
    Freshness.CURRENT: "current: it answers this request",
    Freshness.EARLIER: "earlier: it answers an earlier request",
    Freshness.UNMATCHED: "unmatched: it answers no known request",
    Freshness.UNCHECKED: "not checked: it may be a replay",
}
_OTHER_ROOT: Final = "not Apple's root, but one that the caller named"


class Judgement(NamedTuple):
    """The sentence at the top of a section."""

    tone: str
    """`accepted`, `unchecked` (verified without freshness), `refused` or `unverified`."""
    word: str
    sentence: str
    action: str


class CheckRow(NamedTuple):
    """One check of the report."""

    name: str
    asks: str
    outcome: str
    """The value of the `Outcome`, by which the style chooses."""
    word: str
    reason: str
    element: str
    detail: str


class StatedProperty(NamedTuple):
    """One property, and the word for its state."""

    row: PropertyRow
    word: str
    state: str
    """The value of the `State`, by which the style chooses."""


class Extension(NamedTuple):
    """One extension under Apple's arc, as it stands in the leaf."""

    oid: str
    meaning: str
    size: int
    octets: str
    """Hexadecimal."""
    text: str
    """As ASCII, where all of it is printable; else empty."""


class Content(NamedTuple):
    """One section, ready for the template."""

    id: str
    title: str
    judgement: Judgement
    facts: tuple[tuple[str, str], ...]
    verified: bool
    """Whether the chain and the properties are verified."""
    checks: tuple[CheckRow, ...]
    properties: tuple[StatedProperty, ...]
    certificates: tuple[CertificateRow, ...]
    problems: tuple[str, ...]
    tree: Tree | None
    timeline: Timeline | None
    extensions: tuple[Extension, ...]
    source: Source | None
    command: str
    python: str
    versions: tuple[tuple[str, str], ...]
    at: str


def contents(sections: Sequence[Section]) -> tuple[Content, ...]:
    """The content of each section, numbered from 1."""
    return tuple(_content(number, each) for number, each in enumerate(sections, start=1))


def _content(number: int, section: Section) -> Content:
    rows = certificate_rows(section.chain)
    device = section.device
    return Content(
        id=f"input-{number}",
        title=section.title,
        judgement=_judgement(section),
        facts=tuple(_facts(section)),
        verified=section.attestation is not None,
        checks=tuple(_check_row(each) for each in section.report.checks),
        properties=() if device is None else tuple(_stated(each) for each in property_rows(device)),
        certificates=rows,
        problems=_problems(section),
        tree=tree(rows) if rows else None,
        timeline=timeline(rows, section.at),
        extensions=() if device is None else tuple(_extensions(device)),
        source=section.source,
        command=section.command,
        python=_python(section),
        versions=_versions(),
        at=rfc3339(section.at) or "",
    )


def _judgement(section: Section) -> Judgement:
    if section.unverified:
        return _inspected(section)
    told = verdict(section.report, section.discrepancies)
    attestation = section.report.attestation
    if attestation is None or not told.accepted:
        return Judgement("refused", "Refused", told.sentence, told.action)
    tone = "unchecked" if attestation.freshness is Freshness.UNCHECKED else "accepted"
    return Judgement(tone, "Verified", told.sentence, told.action)


def _inspected(section: Section) -> Judgement:
    error = section.report.error
    as_of = f"as of its notBefore, {rfc3339(section.at)}" if section.at else "as of its notBefore"
    if error is None:
        found = f"The chain verifies to Apple's root {as_of}."
    else:
        found = f"The chain does not verify to Apple's root {as_of}: {error}."
    return Judgement(
        "unverified",
        "Unverified",
        "Unverified: this page shows what the input claims.",
        f"{found} Rely on none of it. To verify it, say which request it has to answer.",
    )


def _facts(section: Section) -> Iterator[tuple[str, str]]:
    attestation = section.attestation
    if section.inspected is not None:
        yield "Form of the input", section.inspected.carrier
    elif attestation is not None:
        yield "Carrier", attestation.carrier
    if section.at is not None:
        yield "Judged as of", rfc3339(section.at)
    if attestation is not None:
        yield "Freshness", _FRESHNESS[attestation.freshness]
        yield "Trust anchor", "Apple's root" if attestation.anchored_at_apple else _OTHER_ROOT
        yield "Leaf expires", _when(attestation.not_after, attestation.verified_at)
        yield "Attested key (SHA-256 of its SPKI)", attestation.spki_sha256.hex()
    for each in section.discrepancies or ():
        age = "; its age explains it" if each.explained_by_age else ""
        yield f"The device says of {each.kind}", f"{each.said} (attested: {each.attested}{age})"


def _when(moment: datetime, at: datetime) -> str:
    return f"{rfc3339(moment)} ({distance(moment, at)})"


def _stated(row: PropertyRow) -> StatedProperty:
    return StatedProperty(row, _STATES[row.state], row.state.value)


def _check_row(check: Check) -> CheckRow:
    return CheckRow(
        check.name,
        of_check(check.name),
        check.outcome.value,
        _OUTCOMES[check.outcome],
        "" if check.reason is None else f"{check.reason}: {of_reason(check.reason).sentence}",
        check.element or "",
        check.detail,
    )


def _problems(section: Section) -> tuple[str, ...]:
    """What no verifier would accept in the input, where it was not accepted."""
    if section.inspected is None or section.attestation is not None:
        return ()
    return tuple(f"{each}: {each.detail}" for each in section.inspected.problems)


def _extensions(device: DeviceProperties | ClaimedProperties) -> Iterator[Extension]:
    for oid, octets in device.raw.items():
        known = of_oid(oid)
        text = octets.decode("ascii", "replace")
        yield Extension(
            oid,
            "not documented" if known is None else known.meaning,
            len(octets),
            octets.hex(" ") or "(no octets)",
            text if text.isascii() and text.isprintable() else "",
        )


_CALLS: Final = {
    "mdm": ("examine_mdm(octets, nonce=", "nonce"),
    "acme": ("examine_acme(attestation_object, token=", "token"),
    "chain": ("examine_chain(chain, freshness=", "exactly(code)"),
}
"""The call for each carrier, and what it was given where the freshness was checked."""


def _python(section: Section) -> str:
    """The call that makes the report again. What the request was is for its reader to fill in."""
    if section.unverified:
        return "decode_unverified(octets)"
    attestation = section.attestation
    if attestation is None:
        return ""
    trust = "" if attestation.anchored_at_apple else "trust=TrustStore([root])"
    at = f"datetime.fromisoformat('{rfc3339(attestation.verified_at)}')"
    call, expected = _CALLS[attestation.carrier]
    if attestation.freshness is Freshness.UNCHECKED:
        expected = "UNCHECKED"
    return f"Verifier({trust}).{call}{expected}, at={at})"


def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in ("appleattest", "cryptography"))
