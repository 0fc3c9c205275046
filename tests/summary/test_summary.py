"""What people read of a report: rows and sentences, true and safe for a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from appleattest import UNCHECKED, TrustStore, Verifier, exactly, summary
from appleattest.errors import Reason
from appleattest.oids import OS_VERSION, SERIAL_NUMBER
from appleattest.properties import (
    ClaimedProperties,
    LeafProperties,
    sealed_properties,
)
from appleattest.property_values import SecureBoot, SystemIntegrityProtection, ThirdPartyKexts
from appleattest.summary import State, certificates
from appleattest.summary.properties import _STATUSES
from appleattest.testing import AttestationAuthority, Properties
from real_chains import NOT_SET, REAL_CHAINS

if TYPE_CHECKING:
    from appleattest import Report

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> AttestationAuthority:
    return AttestationAuthority(seed=b"summary")


# --- printable ----------------------------------------------------------------------------------


@given(st.text())
def test_whatever_is_shown_is_one_line_of_printable_ascii(text: str) -> None:
    assert all(" " <= each <= "~" for each in summary.printable(text))


@given(st.text(), st.text())
def test_two_texts_never_look_the_same(one: str, other: str) -> None:
    assert (summary.printable(one) == summary.printable(other)) is (one == other)


def test_what_commands_a_terminal_is_escaped() -> None:
    assert summary.printable("a\x1b[31m\n\u202e\U0001f600\\é") == (
        r"a\x1b[31m\x0a\u202e\U0001f600\\\xe9"
    )


@given(st.text())
def test_what_is_escaped_may_be_escaped_again(text: str) -> None:
    once = summary.escaped(text)
    assert all(" " <= each <= "~" for each in once)
    assert summary.escaped(once) == once


# --- distances ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (1, "in 1 second"),
        (-59, "59 seconds ago"),
        (60, "in 1 minute"),
        (-7_200, "2 hours ago"),
        (86_400 * 12 + 5, "in 12 days"),
        (-86_400 * 729, "729 days ago"),
        (86_400 * 730, "in 2 years"),
    ],
)
def test_a_distance_is_in_words(seconds: int, words: str) -> None:
    assert summary.distance(AT + timedelta(seconds=seconds), AT) == words


# --- properties ---------------------------------------------------------------------------------


def properties(raw: dict[str, bytes]) -> LeafProperties:
    return sealed_properties(ClaimedProperties, raw)


def states(rows: tuple[summary.PropertyRow, ...]) -> dict[str, State]:
    return {row.name: row.state for row in rows}


def test_every_property_and_every_status_has_its_words() -> None:
    rows = summary.property_rows(properties({}))
    assert all(row.label for row in rows)
    assert len({row.label for row in rows}) == len(rows)
    statuses = {*SystemIntegrityProtection, *SecureBoot, *ThirdPartyKexts}
    known = {each for each in statuses if each.name != "UNRECOGNIZED"}
    assert set(_STATUSES) == known


def test_a_property_without_an_explanation_is_shown_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(_: str) -> None:
        return None

    monkeypatch.setattr("appleattest.summary.properties.of_oid", nothing)
    row = summary.property_rows(properties({OS_VERSION: b"15.5"}))[3]
    assert (row.label, row.value) == ("os version", "15.5")
    assert row.meaning == "A property that Apple attests."


def test_an_absent_property_is_never_good() -> None:
    for row in summary.property_rows(properties({})):
        assert (row.state, row.value) == (State.ABSENT, None)
        assert row.meaning == "Apple did not say. That is never good."


def test_blank_malformed_and_present_are_told_apart() -> None:
    rows = summary.property_rows(properties({SERIAL_NUMBER: b" ", OS_VERSION: b"\xff"}))
    assert states(rows)["serial_number"] is State.BLANK
    assert states(rows)["os_version"] is State.MALFORMED
    rows = summary.property_rows(properties({SERIAL_NUMBER: b"C02", OS_VERSION: b"15\\5"}))
    shown = {row.name: row.value for row in rows}
    assert (shown["serial_number"], shown["os_version"]) == ("C02", r"15\\5")


@pytest.mark.parametrize(
    ("sip", "secure_boot", "kexts", "expected"),
    [
        (0, "Full Security", 0, State.GOOD),
        (1, "Permissive Security", 1, State.BAD),
    ],
)
def test_only_the_good_status_is_good(
    authority: AttestationAuthority, sip: int, secure_boot: str, kexts: int, expected: State
) -> None:
    mac = Properties(sip=sip, secure_boot=secure_boot, third_party_kexts=kexts)
    rows = states(summary.property_rows(authority.verified(properties=mac).device))
    assert [rows[name] for name in ("sip", "secure_boot", "third_party_kexts")] == [expected] * 3


def test_an_undocumented_status_is_unrecognized(authority: AttestationAuthority) -> None:
    device = authority.verified(properties=Properties(sip=7, secure_boot="None")).device
    rows = states(summary.property_rows(device))
    assert (rows["sip"], rows["secure_boot"]) == (State.UNRECOGNIZED, State.UNRECOGNIZED)


def test_undocumented_oids_are_listed() -> None:
    odd = {"1.2.840.113635.100.8.9.3": b"x", SERIAL_NUMBER: b"C02"}
    assert summary.unknown_oids(properties(odd)) == (("1.2.840.113635.100.8.9.3", b"x"),)


# --- certificates -------------------------------------------------------------------------------


def test_a_chain_is_shown_from_leaf_to_root(authority: AttestationAuthority) -> None:
    chain = authority.verified().chain
    rows = summary.certificate_rows(chain)
    assert [row.role for row in rows] == ["leaf", "intermediate", "root"]
    assert [row.key for row in rows][1:] == ["P-384", "P-384"]
    assert {row.signature for row in rows} == {"ECDSA with SHA-384"}
    assert rows[0].issuer == rows[1].subject
    assert (rows[0].not_before, rows[0].not_after) == (
        chain[0].not_valid_before_utc,
        chain[0].not_valid_after_utc,
    )
    assert [row.is_apple_root for row in rows] == [False] * 3
    assert [row.is_apple_root for row in summary.certificate_rows(TrustStore.apple().anchors)] == [
        True
    ]


def test_names_are_shown_safely_and_another_key_is_said() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "\x1b[2J\u202eevil")])
    made = x509.CertificateBuilder(name, x509.Name([]), key.public_key(), 1, AT, AT).sign(
        key, SHA256()
    )
    (row,) = summary.certificate_rows([made])
    assert "\x1b" not in row.issuer + row.subject
    assert (row.issuer, row.subject) == (r"CN=\x1b[2J\u202eevil", "(no name)")
    assert (row.key, row.signature) == ("not on an elliptic curve", "1.2.840.113549.1.1.11")


def test_a_field_that_does_not_decode_is_unreadable(authority: AttestationAuthority) -> None:
    der = authority.attest()[0]
    curve = bytes.fromhex("06052b81040022")
    assert curve in der
    broken = x509.load_der_x509_certificate(der.replace(curve, curve[:-1] + b"\x7f"))
    (row,) = summary.certificate_rows([broken])
    assert row.key == "unreadable"


def test_what_is_no_failure_of_a_parser_is_raised(authority: AttestationAuthority) -> None:
    def stop(_: x509.Certificate) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certificates._read(stop, authority.verified().leaf, "")


# --- the verdict --------------------------------------------------------------------------------


def examined(authority: AttestationAuthority, code: bytes | None, **attested: object) -> Report:
    freshness = UNCHECKED if code is None else exactly(code)
    chain = authority.attest(**attested)  # type: ignore[arg-type]
    return authority.verifier.examine_chain(chain, freshness=freshness, at=authority.issued_at)


def test_an_accepted_report_names_the_device_and_the_authority(
    authority: AttestationAuthority,
) -> None:
    said = summary.verdict(examined(authority, authority.freshness_code))
    assert said.accepted
    assert said.sentence.startswith("Verified: The authority that you named attests device ")
    assert said.action.startswith("It answers this request. ")
    assert "not Apple's root" in said.action


def test_unchecked_freshness_and_an_unnamed_device_are_said(
    authority: AttestationAuthority,
) -> None:
    said = summary.verdict(examined(authority, None, properties=Properties()))
    assert "a device that Apple does not name" in said.sentence
    assert "may be a replay" in said.action
    assert said.action.endswith("Find out by other means which device it is.")


def test_a_refusal_says_why_and_what_to_do(authority: AttestationAuthority) -> None:
    said = summary.verdict(examined(authority, b"another"))
    assert not said.accepted
    assert said.sentence == f"Refused: {Reason.FRESHNESS_MISMATCH.description}."
    assert said.action.startswith("In ACME it is a replay")


@pytest.mark.skipif(not REAL_CHAINS, reason=NOT_SET)
def test_apples_own_root_is_named() -> None:
    genuine = REAL_CHAINS[0]
    report = Verifier().examine_chain(
        genuine.ders, freshness=UNCHECKED, at=genuine.leaf.not_valid_before_utc
    )
    said = summary.verdict(report)
    assert said.sentence.startswith("Verified: Apple attests device ")
    assert "not Apple's root" not in said.action
