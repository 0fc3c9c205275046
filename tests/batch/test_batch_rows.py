"""One row, and the one verdict that it gets: every verdict, and every invalid row's mended twin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from batch_rows import (
    ACME,
    AT,
    AUTHORITY,
    BASE64URL,
    CBOR,
    CHAIN,
    CHALLENGE_RESPONSE,
    EARLIER,
    EVENT,
    GOOD,
    MAC,
    MDM,
    NONCE,
    OF_CHAIN,
    PEM,
    PLIST,
    SERIAL,
    SETTINGS,
    TOKEN,
    event_without_response,
)
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appleattest import UNCHECKED, Freshness, Reason, Verifier, mdm, policy
from appleattest.batch import PreviousNonce, Row, Settings, Verdict, verify_many, verify_row
from appleattest.oids import FRESHNESS_CODE, OS_VERSION, SERIAL_NUMBER
from appleattest.policy import Facts, Finding
from appleattest.testing import AttestationAuthority, Properties, carriers
from appleattest.wire import base64url
from hostile_input import HostileMapping, LyingText, PanicException
from real_chains import RealChain

LENIENT = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True, any_device=True)
ATTESTED = AUTHORITY.verified(MAC)
AUTHENTICATED = bytes([CBOR[0] + 1]) + b"\x68authData\x58\x3c" + bytes(60)
"""How an attestation object begins that has authenticator data, and has them first."""


def judged(row: Any, settings: Settings = SETTINGS) -> Verdict:
    return verify_row(row, settings)


def with_column(row: Row, column: str, value: Any) -> Row:
    return row._replace(**{column: value})


# --- verified -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row.carrier)
def test_a_good_row_is_verified(row: Row) -> None:
    verdict = judged(row)
    assert (verdict.id, verdict.carrier, verdict.verdict) == (row.id, row.carrier, "verified")
    assert verdict.freshness == "current"
    assert (verdict.reason, verdict.element, verdict.check) == (None, None, None)
    assert (verdict.message, verdict.detail, verdict.requested_at) == (None, None, None)


def test_everything_that_is_attested_is_in_its_column() -> None:
    verdict = judged(MDM)
    seen = mdm.validate_response(
        PLIST,
        nonce=NONCE,
        verifier=SETTINGS.verifier,
        device=mdm.KnownDevice(serial_number=SERIAL),
        at=AT,
    ).attestation
    recorded = seen.device.to_dict()
    del recorded["raw"]
    assert {name: getattr(verdict, name) for name in recorded} == recorded
    assert (verdict.sip, verdict.secure_boot, verdict.third_party_kexts) == (
        "enabled",
        "full",
        "none-allowed",
    )
    for name in (
        "freshness_code",
        "spki_sha256",
        "not_before",
        "not_after",
        "verified_at",
        "anchored_at_apple",
    ):
        assert getattr(verdict, name) == getattr(seen, name), name
    assert verdict.verified_at == AT
    assert verdict.anchored_at_apple is False


@pytest.mark.parametrize(
    ("row", "attestation"),
    [
        (MDM, EVENT),
        (MDM, b" \n" + EVENT),
        (MDM, carriers.response_plist(CHAIN, binary=True)),
        (MDM, PLIST.decode()),
        (MDM, bytearray(PLIST)),
        (MDM, memoryview(PLIST)),
        (ACME, BASE64URL),
        (ACME, b" " + BASE64URL + b"\n"),
        (ACME, base64url.encode(AUTHENTICATED + CBOR[1:])),
        (ACME, BASE64URL.decode()),
        (ACME, CHALLENGE_RESPONSE),
        (OF_CHAIN, b"".join(CHAIN)),
        (OF_CHAIN, PEM.decode()),
    ],
)
def test_an_attestation_comes_in_several_forms(row: Row, attestation: Any) -> None:
    verdict = judged(row._replace(attestation=attestation))
    assert verdict == judged(row)
    assert verdict.verdict == "verified"


@pytest.mark.parametrize("attestation", [CBOR, BASE64URL, CHALLENGE_RESPONSE])
def test_without_an_identifier_any_device_may_answer_if_the_settings_say_so(
    attestation: bytes,
) -> None:
    row = ACME._replace(identifier=None, attestation=attestation)
    assert judged(row).verdict == "invalid"
    verdict = judged(row, LENIENT)
    assert (verdict.verdict, verdict.freshness) == ("verified", "current")
    assert verdict.device_check == "not-requested"


@pytest.mark.parametrize(
    ("row", "device_check"), [(MDM, "passed"), (ACME, "passed"), (OF_CHAIN, "not-requested")]
)
def test_the_check_of_the_device_is_told(row: Row, device_check: str) -> None:
    assert judged(row).device_check == device_check


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("serial_number", SERIAL, "identifier-mismatch"),
        ("provisioning_udid", MAC.udid, "identifier-mismatch"),
        ("udid", MAC.udid, "identifier-mismatch"),
        ("spki", ATTESTED.spki, "key-mismatch"),
    ],
)
def test_the_device_is_known_by_any_of_four_columns(column: str, value: Any, reason: str) -> None:
    row = MDM._replace(serial_number=None)
    row = with_column(row, column, value)
    assert judged(row).device_check == "passed"
    other = AttestationAuthority("another device's key")
    relayed = AUTHORITY.attest(
        properties=Properties(serial_number="OTHER", udid="OTHER"),
        public_key=other.attested_key.public_key(),
        freshness_code=NONCE,
    )
    verdict = judged(row._replace(attestation=carriers.response_plist(relayed)))
    assert (verdict.reason, verdict.device_check) == (reason, "failed")


SENT_AT = AT - timedelta(days=3)


@pytest.mark.parametrize(
    ("previous", "requested_at"),
    [
        ([PreviousNonce(NONCE, SENT_AT)], SENT_AT),
        ([PreviousNonce(NONCE)], None),
        ([(NONCE, SENT_AT)], SENT_AT),
        ([{"nonce": NONCE, "sent_at": SENT_AT}], SENT_AT),
        ([{"nonce": NONCE, "sent_at": None}], None),
        ([{"nonce": NONCE}], None),
        ([NONCE], None),
        ((PreviousNonce(b"older"), PreviousNonce(NONCE, SENT_AT)), SENT_AT),
    ],
)
def test_a_cached_attestation_answers_an_earlier_nonce(
    previous: Any, requested_at: datetime | None
) -> None:
    verdict = judged(MDM._replace(nonce=EARLIER, previous_nonces=previous))
    assert (verdict.verdict, verdict.freshness) == ("verified", "earlier")
    assert verdict.requested_at == requested_at
    assert judged(MDM._replace(nonce=EARLIER, previous_nonces=[])).verdict == "refused"


def test_the_time_of_a_row_goes_before_that_of_the_settings() -> None:
    expired = MDM._replace(at=AT + timedelta(days=365))
    assert judged(expired).reason == "expired"
    assert judged(MDM._replace(at=AT + timedelta(days=1))).verdict == "verified"
    now = datetime.now(UTC)
    minted = AUTHORITY.attest(properties=MAC, freshness_code=NONCE, at=now)
    present = Settings(trust=AUTHORITY.trust)
    row = MDM._replace(attestation=carriers.response_plist(minted))
    assert judged(row, present).verdict == "verified"
    assert judged(MDM, present).reason == "expired"


def test_a_device_that_lies_is_found() -> None:
    answers = {"SerialNumber": SERIAL, "OSVersion": "99.0"}
    plist = AUTHORITY.response_plist(properties=MAC, freshness_code=NONCE, query_responses=answers)
    verdict = judged(MDM._replace(attestation=plist))
    assert verdict.verdict == "verified"
    assert verdict.discrepancies == [
        {"kind": "OSVersion", "said": "99.0", "attested": "14.2", "explained_by_age": False}
    ]
    assert verdict.compared == ["OSVersion", "SerialNumber"]
    assert (judged(MDM).discrepancies, judged(MDM).compared) == ([], [])
    assert (judged(ACME).discrepancies, judged(ACME).compared) == (None, None)


def test_a_malformed_property_is_named_and_is_none() -> None:
    odd = Properties(serial_number=SERIAL, raw={OS_VERSION: b"\xff"})
    plist = AUTHORITY.response_plist(properties=odd, freshness_code=NONCE)
    verdict = judged(MDM._replace(attestation=plist))
    assert (verdict.verdict, verdict.os_version) == ("verified", None)
    assert verdict.malformed == [OS_VERSION]
    assert judged(MDM).malformed == []


# --- the policy ---------------------------------------------------------------------------------


def with_policy(*rules: policy.Rule) -> Settings:
    return Settings(trust=AUTHORITY.trust, at=AT, policy=policy.Policy(*rules))


def test_the_policy_has_columns_of_its_own() -> None:
    passed = judged(MDM, with_policy(policy.SIPEnabled()))
    violated = judged(MDM, with_policy(policy.SIPEnabled(), policy.MinimumOSVersion("99.0")))
    assert (passed.verdict, passed.policy) == ("verified", "passed")
    assert (violated.verdict, violated.policy) == ("verified", "violated")
    assert violated.policy_findings is not None
    assert [each["verdict"] for each in violated.policy_findings] == ["satisfied", "violated"]
    assert (judged(MDM).policy, judged(MDM).policy_findings) == (None, None)


def test_the_policy_is_told_what_was_compared() -> None:
    rules = with_policy(policy.NoDiscrepancies())
    answers = {"SerialNumber": SERIAL}
    plist = AUTHORITY.response_plist(properties=MAC, freshness_code=NONCE, query_responses=answers)
    assert judged(MDM._replace(attestation=plist), rules).policy == "passed"
    assert judged(MDM, rules).policy == "violated"
    assert judged(ACME, rules).policy == "violated"


def test_the_policy_judges_as_of_the_row() -> None:
    rules = with_policy(policy.MaximumAge(timedelta(days=10)))
    assert judged(MDM, rules).policy == "passed"
    assert judged(MDM._replace(at=AT + timedelta(days=30)), rules).policy == "violated"


def test_a_refused_row_meets_no_policy() -> None:
    verdict = judged(MDM._replace(nonce=EARLIER), with_policy(policy.SIPEnabled()))
    assert (verdict.verdict, verdict.policy, verdict.policy_findings) == ("refused", None, None)


@dataclass(frozen=True)
class OddRule:
    """A rule whose finding holds what Arrow cannot write as text."""

    found: Any
    name: str = "odd"

    def check(self, _facts: Facts) -> Finding:
        return Finding(
            rule=self.name,
            verdict=policy.Verdict.SATISFIED,
            expected="\ud800",
            found=self.found,
        )


@pytest.mark.parametrize(
    ("found", "written"),
    [
        (7, "a value of the type 'int'"),
        (True, "a value of the type 'bool'"),
        (LyingText("fine"), "fine"),
        ("\udfff", "\\udfff"),
        ("grün", "grün"),
        (None, None),
    ],
)
def test_whatever_a_rule_finds_can_be_written(found: Any, written: str | None) -> None:
    verdict = judged(MDM, with_policy(OddRule(found)))
    assert verdict.policy == "passed"
    assert verdict.policy_findings is not None
    (finding,) = verdict.policy_findings
    assert (finding["expected"], finding["found"]) == ("\\ud800", written)
    assert all(value is None or type(value) is str for value in finding.values())


class OddFinding(Finding):
    """A finding that cannot be made a dictionary."""

    def to_dict(self) -> dict[str, Any]:
        raise RuntimeError("no dictionary")


@dataclass(frozen=True)
class OddlyFinding:
    """A rule that gives one."""

    name: str = "odd"

    def check(self, _facts: Facts) -> Finding:
        return OddFinding(rule=self.name, verdict=policy.Verdict.VIOLATED, expected="more")


def test_a_finding_of_the_callers_own_changes_no_verdict() -> None:
    verdict = judged(MDM, with_policy(OddlyFinding()))
    assert (verdict.verdict, verdict.policy) == ("verified", "violated")
    assert verdict.policy_findings is not None
    assert verdict.policy_findings[0]["expected"] == "more"


# --- refused ------------------------------------------------------------------------------------

ATTESTED_COLUMNS = tuple(Verdict._fields[Verdict._fields.index("serial_number") :])


def assert_refused(verdict: Verdict, reason: Reason, check: str) -> None:
    """A refusal for this reason, with nothing in it that is attested."""
    assert (verdict.verdict, verdict.reason, verdict.check) == ("refused", reason.value, check)
    assert str(verdict.message).startswith(reason.description)
    assert {name: getattr(verdict, name) for name in ATTESTED_COLUMNS} == dict.fromkeys(
        ATTESTED_COLUMNS
    )
    assert verdict.requested_at is None


def test_a_stale_attestation_of_mdm_is_refused_and_tells_nothing() -> None:
    verdict = judged(MDM._replace(nonce=EARLIER))
    assert_refused(verdict, Reason.FRESHNESS_MISMATCH, "freshness")
    assert (verdict.freshness, verdict.device_check) == ("unmatched", "passed")
    assert verdict.element == FRESHNESS_CODE


@pytest.mark.parametrize(
    "row", [ACME._replace(token="A" * 22), OF_CHAIN._replace(freshness=EARLIER)]
)
def test_a_stale_attestation_elsewhere_is_refused(row: Row) -> None:
    verdict = judged(row)
    assert_refused(verdict, Reason.FRESHNESS_MISMATCH, "freshness")
    assert verdict.freshness is None


def test_another_device_is_refused() -> None:
    verdict = judged(MDM._replace(serial_number="OTHER"))
    assert_refused(verdict, Reason.IDENTIFIER_MISMATCH, "device")
    assert (verdict.device_check, verdict.element) == ("failed", SERIAL_NUMBER)
    assert "OTHER" in str(verdict.detail)
    assert "OTHER" not in str(verdict.message)
    verdict = judged(ACME._replace(identifier="OTHER"))
    assert_refused(verdict, Reason.IDENTIFIER_MISMATCH, "device")


def test_the_check_of_another_device_that_is_stale_as_well_is_that_of_the_reason() -> None:
    verdict = judged(MDM._replace(serial_number="OTHER", nonce=EARLIER))
    assert_refused(verdict, Reason.IDENTIFIER_MISMATCH, "device")
    assert (verdict.device_check, verdict.freshness) == ("failed", None)


def test_a_chain_that_leads_nowhere_is_refused() -> None:
    for row in GOOD:
        verdict = judged(row, Settings(at=AT))
        assert_refused(verdict, Reason.UNKNOWN_ISSUER, "path")
        assert verdict.device_check is None


@pytest.mark.parametrize(
    ("row", "attestation", "reason"),
    [
        (MDM, b"", Reason.MALFORMED_PLIST),
        (MDM, PEM, Reason.MALFORMED_PLIST),
        (MDM, CHALLENGE_RESPONSE, Reason.MALFORMED_PLIST),
        (MDM, PLIST.replace(b"Acknowledged", b"NotNow"), Reason.NOT_ACKNOWLEDGED),
        (MDM, EVENT[:-1], Reason.MALFORMED_JSON),
        (MDM, event_without_response(), Reason.MALFORMED_JSON),
        (MDM, carriers.webhook_event(b"no property list"), Reason.MALFORMED_PLIST),
        (MDM, "\ud800", Reason.MALFORMED_PLIST),
        (ACME, b"", Reason.MALFORMED_JSON),
        (ACME, b"{}", Reason.NO_ATTESTATION),
        (ACME, PLIST, Reason.MALFORMED_JSON),
        (ACME, CBOR[:-1], Reason.MALFORMED_CBOR),
        (ACME, b"\xa0" + bytes(16 * 1024), Reason.TOO_LARGE),
        (ACME, BASE64URL + b"=", Reason.MALFORMED_BASE64),
        (ACME, BASE64URL + b"\x0b", Reason.MALFORMED_BASE64),
        (ACME, BASE64URL + b"\x1c", Reason.MALFORMED_BASE64),
        (OF_CHAIN, b"", Reason.MALFORMED_CERTIFICATE),
        (OF_CHAIN, PLIST, Reason.MALFORMED_CERTIFICATE),
        (OF_CHAIN, PEM.replace(b"END", b"DNE"), Reason.MALFORMED_CERTIFICATE),
        (OF_CHAIN, b"\x30\0" * 100_000, Reason.TOO_LARGE),
        (OF_CHAIN, PEM * 3, Reason.TOO_LARGE),
        (OF_CHAIN, PEM + b"#" * 20 * 1024, Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_refused(row: Row, attestation: Any, reason: Reason) -> None:
    verdict = judged(row._replace(attestation=attestation))
    assert_refused(verdict, reason, "decode")
    assert judged(row).verdict == "verified"


@pytest.mark.parametrize(
    ("attestation", "reason"),
    [
        (b'{"error": "attObj"}', Reason.NO_ATTESTATION),
        (b'{"attObj": 1}', Reason.MALFORMED_JSON),
        (b'{"x": {"attObj": ""}}', Reason.NO_ATTESTATION),
        (b"\xa0" + bytes(16 * 1024), Reason.TOO_LARGE),
        (b"nothing", Reason.MALFORMED_CBOR),
    ],
)
def test_what_cannot_be_read_is_refused_where_any_device_may_answer(
    attestation: bytes, reason: Reason
) -> None:
    row = ACME._replace(identifier=None)
    assert_refused(judged(row._replace(attestation=attestation), LENIENT), reason, "decode")
    assert judged(row, LENIENT).verdict == "verified"


def test_the_hint_says_which_form_came() -> None:
    assert "property list" in str(judged(OF_CHAIN._replace(attestation=PLIST)).detail)


def test_the_leaf_comes_first() -> None:
    reversed_chain = b"".join(reversed(CHAIN))
    verdict = judged(OF_CHAIN._replace(attestation=reversed_chain))
    assert_refused(verdict, Reason.LEAF_PROFILE, "leaf")


def test_octets_after_the_last_certificate_are_refused() -> None:
    verdict = judged(OF_CHAIN._replace(attestation=b"".join(CHAIN) + b"\0"))
    assert_refused(verdict, Reason.MALFORMED_CERTIFICATE, "certificates")
    assert verdict.element == "x5c[2]"
    assert judged(OF_CHAIN._replace(attestation=b"".join(CHAIN))).verdict == "verified"


# --- invalid ------------------------------------------------------------------------------------

RSA = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
NOT_EC = RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
NAIVE = AT.replace(tzinfo=None)

INVALID: tuple[tuple[Row, str, Any, str], ...] = (
    (MDM, "id", 7, "id"),
    (MDM, "id", LyingText("x"), "id"),
    (MDM, "id", "\ud800", "id"),
    (MDM, "carrier", None, "carrier"),
    (MDM, "carrier", "MDM", "carrier"),
    (MDM, "carrier", [], "carrier"),
    (MDM, "carrier", LyingText("mdm"), "carrier"),
    (MDM, "attestation", None, "attestation"),
    (MDM, "attestation", 7, "attestation"),
    (MDM, "attestation", [PLIST], "attestation"),
    (ACME, "attestation", {"attObj": ""}, "attestation"),
    (MDM, "nonce", None, "nonce"),
    (MDM, "nonce", b"", "nonce"),
    (MDM, "nonce", bytes(33), "nonce"),
    (MDM, "nonce", "n" * 32, "nonce"),
    (MDM, "previous_nonces", "text", "previous_nonces"),
    (MDM, "previous_nonces", b"", "previous_nonces"),
    (MDM, "previous_nonces", {}, "previous_nonces"),
    (MDM, "previous_nonces", 0, "previous_nonces"),
    (MDM, "previous_nonces", [None], "previous_nonces"),
    (MDM, "previous_nonces", [(NONCE,)], "previous_nonces"),
    (MDM, "previous_nonces", [[NONCE, AT]], "previous_nonces"),
    (MDM, "previous_nonces", [b""], "previous_nonces"),
    (MDM, "previous_nonces", [{}], "previous_nonces"),
    (MDM, "previous_nonces", [PreviousNonce(b"")], "previous_nonces"),
    (MDM, "previous_nonces", [PreviousNonce(EARLIER, NAIVE)], "previous_nonces"),
    (MDM, "previous_nonces", [(EARLIER, "2025-06-01")], "previous_nonces"),
    (MDM, "serial_number", None, "serial_number"),
    (MDM, "serial_number", "", "serial_number"),
    (MDM, "serial_number", " ", "serial_number"),
    (MDM, "serial_number", b"x", "serial_number"),
    (MDM, "provisioning_udid", "", "provisioning_udid"),
    (MDM, "udid", 7, "udid"),
    (MDM, "spki", b"", "spki"),
    (MDM, "spki", "text", "spki"),
    (MDM, "spki", b"no key", "spki"),
    (MDM, "spki", NOT_EC, "spki"),
    (MDM, "at", NAIVE, "at"),
    (MDM, "at", "2025-06-01", "at"),
    (MDM, "token", TOKEN, "token"),
    (MDM, "token", "", "token"),
    (MDM, "freshness", NONCE, "freshness"),
    (MDM, "identifier", SERIAL, "identifier"),
    (ACME, "token", None, "token"),
    (ACME, "token", "", "token"),
    (ACME, "token", "short", "token"),
    (ACME, "token", TOKEN + ".thumbprint", "token"),
    (ACME, "token", 7, "token"),
    (ACME, "identifier", None, "identifier"),
    (ACME, "identifier", "", "identifier"),
    (ACME, "identifier", "a/b/c", "identifier"),
    (ACME, "identifier", {"type": "permanent-identifier", "value": SERIAL}, "identifier"),
    (ACME, "nonce", NONCE, "nonce"),
    (ACME, "previous_nonces", [NONCE], "previous_nonces"),
    (ACME, "serial_number", SERIAL, "serial_number"),
    (ACME, "at", NAIVE, "at"),
    (OF_CHAIN, "freshness", None, "freshness"),
    (OF_CHAIN, "freshness", b"", "freshness"),
    (OF_CHAIN, "freshness", "text", "freshness"),
    (OF_CHAIN, "nonce", NONCE, "nonce"),
    (OF_CHAIN, "spki", b"", "spki"),
    (OF_CHAIN, "at", NAIVE, "at"),
)


@pytest.mark.parametrize(
    ("row", "column", "value", "named"),
    INVALID,
    ids=[f"{case[0].carrier}-{case[1]}-{number}" for number, case in enumerate(INVALID)],
)
def test_a_wrong_column_makes_the_row_invalid(
    row: Row, column: str, value: Any, named: str
) -> None:
    verdict = judged(with_column(row, column, value))
    assert verdict.verdict == "invalid"
    assert re.match(rf"{named}\b", str(verdict.message))
    assert verdict == Verdict(
        verdict.id, "invalid", message=verdict.message, carrier=verdict.carrier
    )
    assert judged(row).verdict == "verified"


def test_an_invalid_row_keeps_its_id_and_its_carrier_where_they_are_right() -> None:
    verdict = judged(MDM._replace(nonce=b""))
    assert (verdict.id, verdict.carrier) == (MDM.id, "mdm")
    verdict = judged(MDM._replace(id=7, carrier="other"))  # type: ignore[arg-type]
    assert (verdict.id, verdict.carrier) == (None, None)
    assert judged(MDM._replace(id=None)).verdict == "verified"
    assert judged(MDM._replace(id="ключ")).id == "ключ"


def test_an_invalid_row_is_invalid_whatever_the_device_sent() -> None:
    for row in GOOD:
        column = {"mdm": "nonce", "acme": "token", "chain": "freshness"}[row.carrier]
        broken = with_column(row._replace(attestation=b"{"), column, b"")
        assert judged(broken).verdict == "invalid"


def test_the_message_about_an_identifier_does_not_show_it() -> None:
    verdict = judged(ACME._replace(identifier="SECRET/SERIAL/X"))
    assert verdict.message == "identifier is not one that an order can hold"
    assert "SECRET" not in str(verdict.to_dict())


@pytest.mark.parametrize(
    ("row", "column"), [(MDM, "nonce"), (ACME, "token"), (OF_CHAIN, "freshness")]
)
def test_only_the_settings_let_freshness_be_unchecked(row: Row, column: str) -> None:
    without = with_column(row._replace(identifier=None), column, None)
    assert judged(without).verdict == "invalid"
    verdict = judged(without, LENIENT)
    assert (verdict.verdict, verdict.freshness) == ("verified", Freshness.UNCHECKED.value)
    other = {"mdm": EARLIER, "acme": "A" * 22, "chain": EARLIER}[row.carrier]
    assert judged(with_column(row, column, other), LENIENT).reason == "freshness-mismatch"


def test_an_unchecked_nonce_still_tells_a_cached_attestation() -> None:
    row = MDM._replace(nonce=None, previous_nonces=[(NONCE, SENT_AT)])
    verdict = judged(row, LENIENT)
    assert (verdict.freshness, verdict.requested_at) == ("earlier", SENT_AT)


def test_only_the_settings_let_any_device_answer() -> None:
    row = MDM._replace(serial_number=None)
    assert str(judged(row).message).startswith("serial_number, provisioning_udid, udid or spki ")
    verdict = judged(row, LENIENT)
    assert (verdict.verdict, verdict.device_check) == ("verified", "not-requested")
    assert judged(MDM._replace(serial_number="OTHER"), LENIENT).reason == "identifier-mismatch"


def test_the_two_leniencies_are_two() -> None:
    unchecked = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True)
    any_device = Settings(trust=AUTHORITY.trust, at=AT, any_device=True)
    assert judged(MDM._replace(nonce=None), unchecked).verdict == "verified"
    assert judged(MDM._replace(serial_number=None), unchecked).verdict == "invalid"
    assert judged(MDM._replace(nonce=None), any_device).verdict == "invalid"
    assert judged(MDM._replace(serial_number=None), any_device).verdict == "verified"


def test_an_identifier_is_judged_only_with_a_token() -> None:
    row = ACME._replace(token=None)
    assert judged(row, LENIENT).message == "identifier needs the token of the challenge"
    assert judged(row._replace(identifier=None), LENIENT).verdict == "verified"


# --- rows that are mappings, or nothing at all --------------------------------------------------


def test_a_mapping_is_a_row() -> None:
    for row in GOOD:
        assert judged(row._asdict()) == judged(row)
        given = {name: value for name, value in row._asdict().items() if value is not None}
        assert judged({**given, "colour": "red"}) == judged(row)
        del given["id"]
        assert judged(given) == judged(row._replace(id=None))


@pytest.mark.parametrize("row", [None, 7, "text", b"octets", [], (), tuple(MDM), object()])
def test_what_is_no_row_is_invalid(row: Any) -> None:
    verdict = judged(row)
    assert (verdict.verdict, verdict.id, verdict.carrier) == ("invalid", None, None)
    assert verdict.message == "the row cannot be read"
    assert "a row is a Row or a mapping, not " in str(verdict.detail)
    assert judged({}).message == 'carrier is "mdm", "acme" or "chain"'


@pytest.mark.parametrize("error", [LookupError("x"), PanicException("x"), RecursionError()])
def test_a_mapping_that_raises_is_invalid(error: BaseException) -> None:
    verdict = judged(HostileMapping(error))
    assert (verdict.verdict, verdict.message) == ("invalid", "the row cannot be read")
    assert str(verdict.detail).startswith(type(error).__name__)


def test_an_interrupt_is_no_row() -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(HostileMapping(KeyboardInterrupt()))


# --- chains that Apple issued -------------------------------------------------------------------


def test_a_chain_that_apple_issued_has_the_verdict_of_the_verifier(real_chain: RealChain) -> None:
    at = real_chain.leaf.not_valid_before_utc
    seen = Verifier().verify_chain(real_chain.ders, freshness=UNCHECKED, at=at)
    row = Row("real", "chain", b"".join(real_chain.ders), freshness=seen.freshness_code, at=at)
    verdict = verify_row(row, Settings())
    assert (verdict.verdict, verdict.freshness) == ("verified", "current")
    assert verdict.anchored_at_apple is True
    assert verdict.spki_sha256 == seen.spki_sha256
    assert verdict.serial_number == seen.device.serial_number
    assert verdict.sip == (None if seen.device.sip is None else seen.device.sip.value)


# --- many, and the values themselves ------------------------------------------------------------


def test_many_rows_have_as_many_verdicts_in_their_order() -> None:
    rows = [MDM, None, ACME._replace(token="A" * 22), OF_CHAIN._asdict()]
    verdicts = list(verify_many(rows, SETTINGS))  # type: ignore[arg-type]
    assert [each.verdict for each in verdicts] == ["verified", "invalid", "refused", "verified"]
    assert [each.id for each in verdicts] == [MDM.id, None, ACME.id, OF_CHAIN.id]
    assert list(verify_many([], SETTINGS)) == []


def test_without_settings_apple_alone_is_trusted() -> None:
    (verdict,) = verify_many([MDM._replace(at=AT)])
    assert verdict.reason == "unknown-issuer"


def test_many_rows_are_verified_one_by_one() -> None:
    def rows() -> Iterator[Row]:
        yield MDM
        raise LookupError("the source is exhausted")

    verdicts = verify_many(rows(), SETTINGS)
    assert next(verdicts).verdict == "verified"
    with pytest.raises(LookupError):
        next(verdicts)


@pytest.mark.parametrize("settings", [None, {}, AUTHORITY.trust])
def test_settings_are_settings(settings: Any) -> None:
    with pytest.raises(TypeError, match=r"^settings is a Settings, not "):
        verify_row(MDM, settings)


def test_rows_and_verdicts_have_no_truth() -> None:
    for each in (MDM, judged(MDM)):
        with pytest.raises(TypeError, match="neither true nor false"):
            bool(each)


def test_what_is_shown_of_a_row_holds_no_secret() -> None:
    shown = repr(MDM._replace(previous_nonces=[PreviousNonce(EARLIER, AT)])) + repr(ACME)
    assert "nnnn" not in shown
    assert TOKEN not in shown
    assert "eeee" not in repr(PreviousNonce(EARLIER, AT))
    assert repr(judged(MDM)) == "<Verdict verified>"
    assert repr(judged(MDM._replace(nonce=EARLIER))) == "<Verdict refused, freshness-mismatch>"


def test_a_verdict_can_be_written_as_json() -> None:
    written = json.loads(json.dumps(judged(MDM).to_dict()))
    assert list(written) == list(Verdict._fields)
    assert written["freshness_code"] == "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="
    assert written["spki_sha256"] == bytes(judged(MDM).spki_sha256 or b"").hex()
    assert written["verified_at"].endswith("Z")
    refused = judged(MDM._replace(nonce=EARLIER)).to_dict()
    assert (refused["spki_sha256"], refused["verdict"]) == (None, "refused")
