from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from mint_tools import AUTHORITY, accepts, tbs, value

from appleattest import Attestation, Freshness, TrustStore, Verifier, oids
from appleattest.testing import (
    FRESHNESS_CODE,
    AttestationAuthority,
    Deviation,
    KeyKind,
    Properties,
    authority_name,
    deviations,
    keys,
)

SEEDS = st.one_of(st.binary(max_size=40), st.text(st.characters(codec="utf-8")), st.integers())
MOMENTS = st.datetimes(
    min_value=datetime(2022, 2, 18),  # noqa: DTZ001
    max_value=datetime(2032, 2, 17),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def test_a_seed_gives_the_same_chain_for_ever() -> None:
    authority = AttestationAuthority("pinned")
    octets = b"".join([*authority.attest(), authority.root_issuer.der])

    assert (
        hashlib.sha256(octets).hexdigest()
        == "64a22731d1c08fc984d6a2e035765ad3562e0c66465e9cfbc8b91efc5389e7e5"
    )


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.binary(min_size=1, max_size=32), MOMENTS)
def test_a_chain_is_a_function_of_its_arguments_and_verifies(
    seed: bytes | str | int, code: bytes, at: datetime
) -> None:
    first, second = AttestationAuthority(seed), AttestationAuthority(seed)

    chain = first.attest(freshness_code=code, at=at)

    assert chain == second.attest(freshness_code=code, at=at)
    assert value(chain[0], oids.FRESHNESS_CODE) == code
    assert accepts(chain, at, first.root)
    assert not accepts(chain, at, AUTHORITY.root)


def test_without_a_seed_every_authority_is_another() -> None:
    assert AttestationAuthority().attest() != AttestationAuthority(None).attest()


def test_names_can_be_chosen() -> None:
    authority = AttestationAuthority(
        1, root_name=authority_name("Root"), intermediate_name=authority_name("Middle")
    )

    assert authority.root.subject.rfc4514_string() == "C=US,O=Example,CN=Root"
    assert authority.intermediate.subject.rfc4514_string() == "C=US,O=Example,CN=Middle"
    assert accepts(authority.attest(), root=authority.root)


def test_the_attested_key_is_the_authoritys_unless_given() -> None:
    other = AUTHORITY.keys.ec("another", KeyKind.P256).public_key()

    by_default, given_one = (
        tbs(AUTHORITY.attest(public_key=key)[0])["subject_public_key_info"].dump()
        for key in (None, other)
    )

    assert by_default == keys.spki_of(AUTHORITY.attested_key.public_key())
    assert given_one == keys.spki_of(other)
    assert isinstance(AUTHORITY.attested_key.curve, ec.SECP384R1)


@pytest.mark.parametrize("kind", KeyKind)
def test_any_kind_of_key_can_be_attested(kind: KeyKind) -> None:
    key = AUTHORITY.keys.key("attested", kind).public_key()

    chain = AUTHORITY.attest(public_key=key)

    assert tbs(chain[0])["subject_public_key_info"].dump() == keys.spki_of(key)


def test_no_freshness_code_is_no_extension_and_a_blank_one_is_blank() -> None:
    absent, blank = (AUTHORITY.attest(freshness_code=code)[0] for code in (None, b""))

    assert oids.FRESHNESS_CODE.encode() not in absent
    assert oids.FRESHNESS_CODE not in [e["extn_id"].dotted for e in tbs(absent)["extensions"]]
    assert value(blank, oids.FRESHNESS_CODE) == b""


def test_a_time_in_another_zone_is_the_same_time() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)

    moved = at.astimezone(timezone(timedelta(hours=-7)))

    assert AUTHORITY.attest(at=moved) == AUTHORITY.attest(at=at)


@pytest.mark.parametrize("at", ["2026-01-01", 0, datetime(2026, 1, 1).date()])  # noqa: DTZ001
def test_a_time_that_is_none_is_a_type_error(at: Any) -> None:
    with pytest.raises(TypeError, match="at must be a datetime"):
        AUTHORITY.attest(at=at)


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 1, 1), datetime(1969, 12, 31, tzinfo=UTC)],  # noqa: DTZ001
    ids=["naive", "before 1970"],
)
def test_a_time_that_cannot_be_is_a_value_error(at: datetime) -> None:
    with pytest.raises(ValueError, match=r"time zone|1970"):
        AUTHORITY.attest(at=at)


@pytest.mark.parametrize("method", ["attest", "attestation_object", "response_plist"])
def test_an_unknown_keyword_is_a_type_error(method: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'expired'") as refusal:
        getattr(AUTHORITY, method)(expired=True)
    assert "freshness_code" in str(refusal.value)
    assert listed_in(refusal.value) == every_deviation()


@pytest.mark.parametrize("deviation", ["expired", deviations.Expired, None, 1])
@pytest.mark.parametrize("where", ["deviations", "intermediate_deviations"])
def test_an_unknown_deviation_is_a_type_error(where: str, deviation: Any) -> None:
    arguments: dict[str, Any] = {where: [deviation]}
    with pytest.raises(TypeError, match="not a deviation") as refusal:
        AUTHORITY.attest(**arguments)
    assert str(refusal.value).startswith(f"not a deviation: {deviation!r}; ")
    assert listed_in(refusal.value) == every_deviation()


def listed_in(error: TypeError) -> set[str]:
    """Return the names after the last words of the message."""
    _, _, names = str(error).partition("appleattest.testing.deviations has ")
    return set(names.split(", "))


def every_deviation() -> set[str]:
    """Return what of `deviations` is one, and no constant or option of one."""
    return {
        name
        for name, each in vars(deviations).items()
        if isinstance(each, type) and issubclass(each, Deviation)
    }


@pytest.mark.parametrize("key", [b"", "key", AUTHORITY.attested_key])
def test_a_key_that_is_none_is_a_type_error(key: Any) -> None:
    with pytest.raises(TypeError, match="not a public key"):
        AUTHORITY.attest(public_key=key)


def test_trust_and_verifier_believe_this_root_alone() -> None:
    assert isinstance(AUTHORITY.trust, TrustStore)
    assert isinstance(AUTHORITY.verifier, Verifier)
    assert AUTHORITY.verifier is AUTHORITY.verifier


def test_verified_is_a_verified_attestation() -> None:
    attestation = AUTHORITY.verified(Properties.iphone())

    assert isinstance(attestation, Attestation)
    assert attestation.device.serial_number == Properties.iphone().serial_number
    assert attestation.freshness is Freshness.CURRENT
    assert attestation.freshness_code == FRESHNESS_CODE
    assert attestation.verified_at == AUTHORITY.issued_at


def test_verified_without_a_freshness_code_is_unchecked() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    attestation = AUTHORITY.verified(freshness_code=None, at=at)

    assert attestation.freshness is Freshness.UNCHECKED
    assert attestation.verified_at == at
    assert attestation.device.serial_number == Properties.mac().serial_number
