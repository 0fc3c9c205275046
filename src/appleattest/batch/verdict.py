"""What became of one row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn

from appleattest.batch.columns import OUTPUT_COLUMNS, describe_fields
from appleattest.times import rfc3339
from appleattest.wire import base64

VERIFIED: Final = "verified"
REFUSED: Final = "refused"
INVALID: Final = "invalid"


class Verdict(NamedTuple):
    """What became of one row. The fields are the columns of `OUTPUT_SCHEMA`, in their order.

    Whatever is attested stands in a row whose `verdict` is `"verified"` alone. `bool()` of it is a
    `TypeError`: compare its `verdict`.
    """

    id: str | None
    verdict: str
    reason: str | None = None
    element: str | None = None
    check: str | None = None
    message: str | None = None
    detail: str | None = None
    carrier: str | None = None
    freshness: str | None = None
    requested_at: datetime | None = None
    device_check: str | None = None
    serial_number: str | None = None
    udid: str | None = None
    software_update_device_id: str | None = None
    os_version: str | None = None
    sepos_version: str | None = None
    llb_version: str | None = None
    sip: str | None = None
    secure_boot: str | None = None
    third_party_kexts: str | None = None
    malformed: list[str] | None = None
    freshness_code: bytes | None = None
    spki_sha256: bytes | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    verified_at: datetime | None = None
    anchored_at_apple: bool | None = None
    discrepancies: list[dict[str, Any]] | None = None
    compared: list[str] | None = None
    policy: str | None = None
    policy_findings: list[dict[str, Any]] | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("Verdict is neither true nor false: compare its verdict")

    def __repr__(self) -> str:
        return f"<Verdict {self.verdict}{'' if self.reason is None else f', {self.reason}'}>"

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON types: octets in base64, `spki_sha256` in hex, times in RFC 3339."""
        values = {name: _json(value) for name, value in self._asdict().items()}
        if self.spki_sha256 is not None:
            values["spki_sha256"] = self.spki_sha256.hex()
        return values


describe_fields(Verdict, OUTPUT_COLUMNS)


def _json(value: object) -> Any:
    if isinstance(value, bytes):
        return base64.encode(value)
    return rfc3339(value) if isinstance(value, datetime) else value
