"""From a row to its verdict. Whatever a row holds, there is one verdict, and nothing is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from appleattest import acme, mdm
from appleattest.acme.received import attestation_object_in, challenge_response_in
from appleattest.batch import expectations
from appleattest.batch.outcomes import invalid, refused, verified
from appleattest.batch.row import Row, as_row
from appleattest.batch.settings import Settings
from appleattest.batch.verdict import Verdict
from appleattest.boundary import is_parser_failure
from appleattest.carriers.certificate_file import certificates_in
from appleattest.errors import AttestationError
from appleattest.freshness import UNCHECKED
from appleattest.mdm.received import response_in
from appleattest.report import Outcome
from appleattest.text import describe, is_writable

Prepared: TypeAlias = Callable[[], Verdict]
"""A verification whose row has been checked; it raises `AttestationError`."""


def verify_row(row: Row | Mapping[str, Any], settings: Settings) -> Verdict:
    """The verdict about one row; raises nothing for whatever the row is or holds.

    `verified`: every check passed. `refused`: the attestation failed one, with its reason.
    `invalid`: the row itself is wrong, and `message` begins with the name of the column.
    Raises `TypeError` where `settings` is no `Settings`.
    """
    if not isinstance(settings, Settings):
        raise TypeError(f"settings is a Settings, not {type(settings).__name__}")
    given: Row | None = None
    try:
        given = as_row(row)
        return _judged(given, settings)
    except BaseException as error:  # an object of the caller's may raise what it likes
        if not is_parser_failure(error):
            raise
        return invalid(*_known(given), "the row cannot be read", describe(error))


def verify_many(
    rows: Iterable[Row | Mapping[str, Any]], settings: Settings | None = None
) -> Iterator[Verdict]:
    """One verdict for each row, in their order, each when it is asked for.

    Without settings, those of `Settings()`. Raises nothing for a row; what `rows` raises itself
    passes through.
    """
    chosen = Settings() if settings is None else settings
    return (verify_row(row, chosen) for row in rows)


def _judged(row: Row, settings: Settings) -> Verdict:
    try:
        expectations.checked_id(row)
        verify = _PREPARE[expectations.checked_carrier(row)](row, settings)
    except (TypeError, ValueError) as misuse:
        return invalid(*_known(row), str(misuse))
    try:
        return verify()
    except AttestationError as refusal:
        return refused(row, refusal)


def _mdm(row: Row, settings: Settings) -> Prepared:
    content = expectations.checked_attestation(row)
    nonce = expectations.nonce_of(row, settings)
    previous_nonces = expectations.previous_nonces_of(row)
    device = expectations.device_of(row, settings)
    at = expectations.time_of(row, settings)

    def verify() -> Verdict:
        seen = mdm.validate_response(
            response_in(content, settings.limits),
            nonce=nonce,
            previous_nonces=previous_nonces,
            verifier=settings.verifier,
            device=device,
            at=at,
        )
        device_check = Outcome.NOT_REQUESTED if device is UNCHECKED else Outcome.PASSED
        return verified(row, seen.attestation, device_check, seen.discrepancies, settings.policy)

    return verify


def _acme(row: Row, settings: Settings) -> Prepared:
    content = expectations.checked_attestation(row)
    token = expectations.token_of(row, settings)
    identifier = expectations.identifier_of(row, settings)
    at = expectations.time_of(row, settings)

    def verify() -> Verdict:
        if identifier is None or token is UNCHECKED:
            inside = attestation_object_in(content, settings.limits)
            attestation = settings.verifier.verify_acme(inside, token=token, at=at)
            return verified(row, attestation, Outcome.NOT_REQUESTED, None, settings.policy)
        attestation = acme.validate_challenge(
            challenge_response_in(content, settings.limits),
            token=token,
            identifier=identifier,
            verifier=settings.verifier,
            at=at,
        )
        return verified(row, attestation, Outcome.PASSED, None, settings.policy)

    return verify


def _chain(row: Row, settings: Settings) -> Prepared:
    content = expectations.checked_attestation(row)
    freshness = expectations.freshness_of(row, settings)
    at = expectations.time_of(row, settings)

    def verify() -> Verdict:
        chain = certificates_in(content, settings.limits)
        attestation = settings.verifier.verify_chain(chain, freshness=freshness, at=at)
        return verified(row, attestation, Outcome.NOT_REQUESTED, None, settings.policy)

    return verify


_PREPARE: Final[Mapping[str, Callable[[Row, Settings], Prepared]]] = {
    "mdm": _mdm,
    "acme": _acme,
    "chain": _chain,
}
"""Checks what a row of a carrier expects. Raises `TypeError` or `ValueError` for a wrong column."""


def _known(row: Row | None) -> tuple[str | None, str | None]:
    """The id and the carrier of a row that is wrong, where they themselves are right."""
    id_, carrier = (None, None) if row is None else (row.id, row.carrier)
    return (
        id_ if type(id_) is str and is_writable(id_) else None,
        carrier if type(carrier) is str and carrier in _PREPARE else None,
    )
