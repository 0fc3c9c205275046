"""What a page is made of: one section for each input."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

from cryptography import x509

from appleattest.attestation import Attestation
from appleattest.errors import FreshnessMismatch
from appleattest.mdm import Discrepancies
from appleattest.properties import ClaimedProperties, DeviceProperties
from appleattest.report import Report
from appleattest.times import utc_seconds
from appleattest.unverified import UnverifiedAttestation


class Source(NamedTuple):
    """The input as it came, so that a reader can find the same one."""

    name: str
    size: int
    """In octets."""
    sha256: str
    """Hexadecimal."""

    @classmethod
    def of(cls, name: str, octets: bytes) -> Self:
        """The source of these octets."""
        return cls(name, len(octets), hashlib.sha256(octets).hexdigest())


class Section:
    """One input: the report on it, and what else is known.

    `inspected` is the input, decoded without trust: a refusal shows its chain and its claims.
    `at` is the aware time that the checks judged by; by default the attestation's. `command` is
    the line that makes the report again.

    `discrepancies` are those between what is attested and what the device says of itself
    (`mdm.find_discrepancies`); the page refuses where the attestation's age explains one not.

    `unverified` says that nobody asked for a verification. `report` then says whether the chain
    leads to Apple's root as of its notBefore, and the page accepts nothing.

    Raises `TypeError` where `report` is no `Report`, or where `unverified` comes without
    `inspected`; `TypeError` or `ValueError` for a time without an offset from UTC.
    """

    __slots__ = (
        *("_at", "command", "discrepancies", "inspected"),
        *("report", "source", "title", "unverified"),
    )

    def __init__(
        self,
        title: str,
        report: Report,
        *,
        inspected: UnverifiedAttestation | None = None,
        unverified: bool = False,
        source: Source | None = None,
        at: datetime | None = None,
        command: str = "",
        discrepancies: Discrepancies | None = None,
    ) -> None:
        if not isinstance(report, Report):
            raise TypeError(f"report is a Report, not {type(report).__name__}")
        if unverified and inspected is None:
            raise TypeError("inspected is needed where unverified is set")
        self.title = title
        self.report = report
        self.inspected = inspected
        self.unverified = unverified
        self.source = source
        self.command = command
        self.discrepancies = discrepancies
        self._at = None if at is None else utc_seconds(at)

    @property
    def attestation(self) -> Attestation | None:
        """What is verified: also what is genuine, and was made for another request."""
        if self.unverified:
            return None
        error = self.report.error
        stale = error.attestation if isinstance(error, FreshnessMismatch) else None
        return self.report.attestation or stale

    @property
    def at(self) -> datetime | None:
        """The time that the checks judged by, in UTC; None where it is not known."""
        verified = self.report.attestation or self.attestation
        return self._at if verified is None else verified.verified_at

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """The verified path, else the certificates as they came; leaf first."""
        if self.attestation is not None:
            return self.attestation.chain
        return () if self.inspected is None else self.inspected.chain

    @property
    def device(self) -> DeviceProperties | ClaimedProperties | None:
        """The verified properties, else the claimed ones; None where there are none."""
        if self.attestation is not None:
            return self.attestation.device
        return None if self.inspected is None else self.inspected.claims
