"""`batch.judge_row`: the verdict of a row, and the attestation or the error behind it."""

from __future__ import annotations

import pytest

from appleattest import AttestationError, FreshnessMismatch, batch, mdm
from appleattest.testing import AttestationAuthority


def settings_of(authority: AttestationAuthority) -> batch.Settings:
    return batch.Settings(trust=authority.trust, at=authority.issued_at)


def row_of(authority: AttestationAuthority, nonce: bytes) -> batch.Row:
    return batch.Row(
        id="one",
        carrier="mdm",
        attestation=authority.response_plist(),
        nonce=nonce,
        serial_number="TESTSERIAL01",
    )


def test_a_verified_row_has_its_attestation(authority: AttestationAuthority) -> None:
    settings = settings_of(authority)
    row = row_of(authority, authority.freshness_code)
    judged = batch.judge_row(row, settings)
    assert judged.verdict == batch.verify_row(row, settings)
    assert judged.error is None
    assert judged.attestation is not None
    assert judged.attestation == authority.verifier.verify_mdm(
        row.attestation, nonce=authority.freshness_code, at=authority.issued_at
    )


def test_a_verified_row_of_each_other_carrier_has_it_too(authority: AttestationAuthority) -> None:
    chain = authority.attest()
    row = batch.Row("two", "chain", b"".join(chain), freshness=authority.freshness_code)
    judged = batch.judge_row(row, settings_of(authority))
    assert judged.attestation is not None
    assert judged.attestation.carrier == judged.verdict.carrier == "chain"


def test_a_refused_row_has_its_error_and_the_stale_attestation_in_it(
    authority: AttestationAuthority,
) -> None:
    row = row_of(authority, b"another nonce")
    judged = batch.judge_row(row, settings_of(authority))
    assert judged.verdict == batch.verify_row(row, settings_of(authority))
    assert judged.attestation is None
    assert isinstance(judged.error, FreshnessMismatch)
    assert judged.error.reason.value == judged.verdict.reason == "freshness-mismatch"
    assert judged.error.attestation is not None


def test_a_schedule_takes_both(authority: AttestationAuthority) -> None:
    schedule, at = mdm.AttestationSchedule(), authority.issued_at
    nonce = authority.freshness_code
    state = mdm.DeviceState().asked(command_uuid="u", nonce=nonce, at=at)
    seen = batch.judge_row(row_of(authority, nonce), settings_of(authority)).attestation
    assert seen is not None
    after = schedule.attested(state, seen, command_uuid="u", at=at, randomness=0.5)
    assert schedule.trust(after, at=at) is mdm.Trust.FULL
    error = batch.judge_row(row_of(authority, b"other"), settings_of(authority)).error
    assert isinstance(error, AttestationError)
    after = schedule.failed(state, error, command_uuid="u", at=at)
    assert schedule.trust(after, at=at) is mdm.Trust.NONE


def test_an_invalid_row_has_neither(authority: AttestationAuthority) -> None:
    row = row_of(authority, authority.freshness_code)._replace(serial_number=None)
    judged = batch.judge_row(row, settings_of(authority))
    assert judged.verdict == batch.verify_row(row, settings_of(authority))
    assert judged.verdict.verdict == "invalid"
    assert judged.attestation is None
    assert judged.error is None


def test_a_judged_row_is_neither_true_nor_false(authority: AttestationAuthority) -> None:
    judged = batch.judge_row(row_of(authority, b"another nonce"), settings_of(authority))
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(judged)
    assert repr(judged) == "<JudgedRow <Verdict refused, freshness-mismatch>>"
