"""Attacks that once worked, and no longer do.

Each module has tests of its own. These give the whole library the attack as it was made.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any, Final, Literal

import cbor2
import pytest
from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import (
    UNCHECKED,
    AttestationError,
    Reason,
    TrustStore,
    UntrustedChain,
    Verifier,
    decode_unverified,
    exactly,
)
from appleattest.certificates import decode_certificate
from appleattest.testing import AttestationAuthority, carriers, chains, deviations
from chain_cases import AUTHORITY

CHAIN = AUTHORITY.attest()
LEAF, INTERMEDIATE = CHAIN
AT = AUTHORITY.issued_at
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
_FILTERS: Final[tuple[Literal["error", "always"], ...]] = ("error", "always")


def reason_of(chain: Any, verifier: Verifier | None = None) -> Reason | None:
    """Why the chain is refused; None when it is accepted."""
    verifier = verifier or Verifier(trust=AUTHORITY.trust)
    error = verifier.examine_chain(chain, freshness=UNCHECKED, at=AT).error
    return error.reason if error else None


class Chameleon(bytes):
    """Bytes that answer whoever copies them with other bytes."""

    disguise: bytes

    def __bytes__(self) -> bytes:
        return self.disguise


def chameleon(shown: bytes, disguise: bytes) -> Chameleon:
    made = Chameleon(shown)
    made.disguise = disguise
    return made


def test_a_certificate_is_what_its_buffer_holds() -> None:
    other = AUTHORITY.issuer.issue_leaf(deviations=[deviations.WrongSigner()])
    assert reason_of([chameleon(LEAF, other), INTERMEDIATE]) is None
    assert reason_of([chameleon(other, LEAF), INTERMEDIATE]) is Reason.BAD_SIGNATURE


def test_a_nonce_is_what_its_buffer_holds() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    code = AUTHORITY.freshness_code
    assert verifier.verify_mdm(CHAIN, nonce=chameleon(code, b"x"), at=AT).is_current
    with pytest.raises(AttestationError):
        verifier.verify_mdm(CHAIN, nonce=chameleon(b"x", code), at=AT)
    with pytest.raises(AttestationError):
        verifier.verify_chain(CHAIN, freshness=exactly(chameleon(b"x", code)), at=AT)


def key_identifier(serial: bytes) -> deviations.ExtraExtension:
    """An authority key identifier by the issuer's name and serial number (RFC 5280, 4.2.1.1)."""
    named = b"\xa1\x03\x86\x01x\x82" + bytes([len(serial)]) + serial
    value = b"\x30" + bytes([len(named)]) + named
    return deviations.ExtraExtension(AUTHORITY_KEY_IDENTIFIER, value)


@pytest.mark.parametrize("serial", [b"\x00", b"\xff", b"\x80\x01"], ids=bytes.hex)
def test_a_verdict_does_not_depend_on_warning_filters(serial: bytes) -> None:
    good = AUTHORITY.issuer.issue_leaf(deviations=[key_identifier(b"\x01")])
    bad = AUTHORITY.issuer.issue_leaf(deviations=[key_identifier(serial)])
    for action in _FILTERS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter(action)
            assert reason_of([good, INTERMEDIATE]) is None
            assert reason_of([bad, INTERMEDIATE]) is Reason.MALFORMED_CERTIFICATE
            assert reason_of([*CHAIN, bad]) is Reason.MALFORMED_CERTIFICATE
            assert decode_unverified([LEAF, bad]).claims.serial_number is not None
        assert caught == []


def test_nor_on_the_interpreters_flags() -> None:
    """`python -bb` makes an exception of comparing bytes with text."""
    script = (
        "import cbor2, plistlib\n"
        "from appleattest import Verifier, UNCHECKED\n"
        "verifier = Verifier()\n"
        "status = plistlib.dumps({'Status': b'Acknowledged'})\n"
        "print(verifier.examine_mdm(status, nonce=UNCHECKED).error)\n"
        "fmt = cbor2.dumps({'fmt': b'apple', 'attStmt': {'x5c': [b'0']}})\n"
        "print(verifier.examine_acme(fmt, token=UNCHECKED).error)\n"
    )
    said = {
        flag: subprocess.run(
            [sys.executable, *flag, "-c", script], check=True, capture_output=True, text=True
        ).stdout
        for flag in ((), ("-bb",))
    }
    assert (
        said[()]
        == said["-bb",]
        == (
            "the device did not acknowledge the command (not-acknowledged, Status)\n"
            "the attestation statement format is not supported (unsupported-format, fmt)\n"
        )
    )


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_an_anchor_is_one_certificate_under_whatever_label(label: str) -> None:
    pem = AUTHORITY.root.public_bytes(Encoding.PEM)
    other = chains.impostor(AUTHORITY).root.public_bytes(Encoding.PEM)
    assert TrustStore([pem]) == AUTHORITY.trust
    with pytest.raises(ValueError, match="several"):
        TrustStore([pem + other.replace(b"CERTIFICATE", label.encode())])


def test_maps_are_counted() -> None:
    def refused(maps: int) -> Reason | None:
        extra: dict[str, Any] = {"other": [{}] * (maps - 2)}
        packed = carriers.attestation_object(CHAIN, extra=extra)
        verifier = Verifier(trust=AUTHORITY.trust)
        error = verifier.examine_acme(packed, token=UNCHECKED, at=AT).error
        return error.reason if error else None

    assert cbor2.loads(carriers.attestation_object(CHAIN))
    assert refused(64) is None
    assert refused(65) is Reason.MALFORMED_CBOR


class Watchdog(BaseException):
    """What a scheduler raises in the midst of whatever runs: no doing of the device's."""


def test_a_schedulers_timeout_is_no_verdict() -> None:
    class Interrupted(list[Any]):
        def __iter__(self) -> Any:
            raise Watchdog

    verifier = Verifier(trust=AUTHORITY.trust)
    with pytest.raises(Watchdog):
        verifier.verify_chain(Interrupted(CHAIN), freshness=UNCHECKED, at=AT)
    assert reason_of(list(CHAIN)) is None


def checks_of(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    from appleattest.chain import signatures

    bare = signatures._verifies
    made: list[object] = []

    def counted(child: Any, issuer: Any) -> bool:
        made.append((child, issuer))
        return bare(child, issuer)

    monkeypatch.setattr(signatures, "_verifies", counted)
    return made


def test_junk_that_names_the_intermediate_as_issuer_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = checks_of(monkeypatch)
    bad = AUTHORITY.issuer.issue_leaf(deviations=[deviations.WrongSigner()])
    twin = AUTHORITY.reissue(deviations=[deviations.TwinSignature()]).der
    elsewhere = AttestationAuthority("elsewhere").keys.key("junk")
    junk = [
        AUTHORITY.issuer.issue_authority(
            bytes.fromhex(f"300d310b3009060355040a0c02{n}"), key=elsewhere
        )
        for n in ("4a31", "4a32")
    ]
    chain = [bad, INTERMEDIATE, twin, *(issuer.der for issuer in junk)]
    assert reason_of(chain) is Reason.BAD_SIGNATURE
    assert len(made) == 1  # the leaf by the one key of both
    assert reason_of([LEAF, *chain[1:]]) is None


def test_many_anchors_of_one_name_cost_a_budget_to_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    roots = [AttestationAuthority(f"root {n}").root for n in range(6)]
    trust = AUTHORITY.trust.adding(*roots)
    bad = AUTHORITY.root_issuer.issue_leaf(deviations=[deviations.WrongSigner()])
    made = checks_of(monkeypatch)
    with pytest.raises(UntrustedChain) as caught:
        Verifier(trust=trust).verify_chain([bad], freshness=UNCHECKED, at=AT)
    assert caught.value.reason is Reason.BAD_SIGNATURE
    assert len(made) == 4
    assert reason_of([AUTHORITY.root_issuer.issue_leaf()], Verifier(trust=trust)) is None


def test_a_record_is_read_to_the_letter() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    record = verifier.verify_chain(CHAIN, freshness=UNCHECKED, at=AT).to_dict()
    assert verifier.reverify(record).to_dict() == record
    tail = record["freshness_code"]
    assert tail.endswith("4=")
    changes: list[dict[str, object]] = [
        {"schema": True},
        {"schema": 1.0},
        {"chain": [*record["chain"][:-1], "!!"]},
        {"freshness_code": tail[:-2] + "5="},
        {"requested_at": record["verified_at"]},
    ]
    for change in changes:
        with pytest.raises(AttestationError):
            verifier.reverify({**record, **change})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_what_a_verifier_accepts_can_be_shown(encoding: str) -> None:
    """Found by fuzzing: a response in UTF-16 was accepted, and shown as no certificate."""
    text = (
        carriers.response_plist(CHAIN).decode().replace("UTF-8", encoding[:6].upper().rstrip("-"))
    )
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    response = (mark + text).encode(encoding)
    verifier = Verifier(trust=AUTHORITY.trust)
    accepted = verifier.verify_mdm(response, nonce=AUTHORITY.freshness_code, at=AT)
    shown = decode_unverified(response)
    assert shown.carrier == "response-plist"
    assert shown.chain[0] == accepted.leaf


@pytest.mark.parametrize("field", ["issuer_unique_id", "subject_unique_id"])
def test_a_unique_identifier_is_refused_whatever_stands_beside_it(field: str) -> None:
    """Beside certificate policies it was refused, alone it was not (RFC 5280, 4.1.2.8)."""
    policies = deviations.ExtraExtension("2.5.29.32", bytes.fromhex("3006300406022a03"))
    for beside in ((), (policies,)):
        encoded = AUTHORITY.issuer.issue_leaf(deviations=beside)
        decode_certificate(encoded)
        certificate = Asn1Certificate.load(encoded)
        certificate["tbs_certificate"][field] = b"\x05"
        with pytest.raises(AttestationError) as caught:
            decode_certificate(certificate.dump(force=True))
        assert caught.value.reason is Reason.MALFORMED_CERTIFICATE
        assert "unique identifier" in caught.value.detail
