"""A verification's result, or its refusal, as a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from appleattest.attestation import Attestation
from appleattest.batch.row import Row
from appleattest.batch.verdict import INVALID, REFUSED, VERIFIED, Verdict
from appleattest.errors import AttestationError, FreshnessMismatch
from appleattest.mdm import Discrepancies
from appleattest.policy import Finding, Policy
from appleattest.report import DEVICE, Outcome
from appleattest.text import plain, type_name

_DECODE: Final = "decode"
"""The check of what is refused before the verifier sees it."""
_ENDED: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_REQUESTED)


def verified(
    row: Row,
    attestation: Attestation,
    device_check: Outcome,
    discrepancies: Discrepancies | None,
    policy: Policy | None,
) -> Verdict:
    """The verdict about a row whose attestation is genuine and is what the row expects."""
    device = attestation.device
    values: dict[str, Any] = {name: _plain(value) for name, value in device.values.items()}
    if discrepancies is not None:
        values["discrepancies"] = [
            {**_texts(each.to_dict()), "explained_by_age": each.explained_by_age}
            for each in discrepancies
        ]
        values["compared"] = sorted(each.value for each in discrepancies.compared)
    if policy is not None:
        result = policy.evaluate(attestation, discrepancies, at=attestation.verified_at)
        values["policy"] = "passed" if result.passed else "violated"
        values["policy_findings"] = list(map(_texts, map(Finding.to_dict, result.findings)))
    return Verdict(
        row.id,
        VERIFIED,
        carrier=row.carrier,
        freshness=attestation.freshness.value,
        requested_at=attestation.requested_at,
        device_check=device_check.value,
        malformed=sorted(device.malformed),
        freshness_code=attestation.freshness_code,
        spki_sha256=attestation.spki_sha256,
        not_before=attestation.not_before,
        not_after=attestation.not_after,
        verified_at=attestation.verified_at,
        anchored_at_apple=attestation.anchored_at_apple,
        **values,
    )


def refused(row: Row, refusal: AttestationError) -> Verdict:
    """The verdict about a row whose attestation was refused.

    Nothing that is attested is in it, but for what `detail` tells the operator.
    """
    checks = () if refusal.report is None else refusal.report.checks
    failure = Outcome.FAILED, refusal.reason
    ended = {check.name: check.outcome for check in checks if check.outcome in _ENDED}
    failed = (check.name for check in checks if (check.outcome, check.reason) == failure)
    stale = refusal.attestation if isinstance(refusal, FreshnessMismatch) else None
    device_check = ended.get(DEVICE)
    return Verdict(
        row.id,
        REFUSED,
        reason=refusal.reason.value,
        element=refusal.element,
        check=next(failed, _DECODE),
        message=str(refusal),
        detail=_text(refusal.detail),
        carrier=row.carrier,
        freshness=None if stale is None else stale.freshness.value,
        device_check=None if device_check is None else device_check.value,
    )


def invalid(
    id_: str | None, carrier: str | None, message: str, detail: str | None = None
) -> Verdict:
    """The verdict about a row that is wrong in itself; `message` begins with the column's name."""
    return Verdict(id_, INVALID, message=message, detail=detail, carrier=carrier)


def _plain(value: Any) -> str | None:
    """A property as text: the value of a status."""
    return value if value is None or type(value) is str else value.value


def _texts(found: Mapping[str, Any]) -> dict[str, Any]:
    """A finding or a discrepancy, all of it as text that can be written, or None."""
    return {name: _text(value) for name, value in found.items()}


def _text(value: object) -> str | None:
    """Text without lone surrogates; a rule of the caller's own may hold anything."""
    if value is None:
        return None
    if not isinstance(value, str):
        return f"a value of the type {type_name(value)}"
    return plain(value).encode("utf-8", "backslashreplace").decode()
