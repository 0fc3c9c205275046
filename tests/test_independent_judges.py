"""Second opinions by code that shares nothing with ours: on paths, on INTEGERs, on warm answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.der import decoder as pyasn1_decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, ValidationError

from appleattest import (
    Reason,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    TrustStore,
    Verifier,
    oids,
)
from appleattest.chain.path import PathBuilder
from appleattest.testing import (
    ISSUED_AT,
    AttestationAuthority,
    Deviation,
    Digest,
    Issuer,
    KeyKind,
    Properties,
    authority_name,
    chains,
    deviations,
)
from appleattest.testing.deviations import KeyUse
from chain_cases import Acceptance, Refusal, accept, fresh, path_of, verdict

AUTHORITY = AttestationAuthority("independent judges")
NEW_ROOT = AttestationAuthority("a new root", root_name=authority_name("Test Root CA G2"))


# pyhanko-certvalidator, which implements RFC 5280 in Python on asn1crypto and oscrypto


def their_path(chain: list[bytes], anchors: TrustStore, at: datetime) -> list[bytes] | None:
    """The path, leaf first, that pyhanko-certvalidator finds; None when it finds none."""
    roots = [asn1_x509.Certificate.load(anchor.der) for anchor in anchors.presented]
    leaf, *others = (asn1_x509.Certificate.load(der) for der in chain)
    context = ValidationContext(
        trust_roots=roots, moment=at, allow_fetching=False, time_tolerance=timedelta(0)
    )
    validator = CertificateValidator(leaf, intermediate_certs=others, validation_context=context)
    try:
        path = asyncio.run(validator.async_validate_path())
    except (PathBuildingError, PathValidationError, ValidationError):
        return None
    return [certificate.dump() for certificate in path][::-1]


class Case(NamedTuple):
    """A chain on which both are asked; `why` they differ, where they are meant to."""

    name: str
    chain: list[bytes]
    at: datetime = ISSUED_AT
    trust: TrustStore = AUTHORITY.trust
    why: str | None = None


def _leaf(name: str, *changes: Deviation, why: str | None = None) -> Case:
    return Case(f"leaf: {name}", AUTHORITY.attest(deviations=changes), why=why)


def _issuer(name: str, *changes: Deviation, why: str | None = None) -> Case:
    return Case(f"issuer: {name}", AUTHORITY.attest(intermediate_deviations=changes), why=why)


_PROFILE = "RFC 5280 lets an end entity be a CA, or say nothing; an attestation leaf may not"
_ALLOWLIST = "our allowlists are narrower than RFC 5280: fewer algorithms, critical extensions"
_KEY_ID = "key identifiers help to find a path and prove nothing: they are no reason to refuse"
_DEPTH = "Limits.intermediates is a bound of ours"

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
CASES: list[Case] = [
    Case("genuine", AUTHORITY.attest()),
    Case("genuine, first second", AUTHORITY.attest(), ISSUED_AT - DAY),
    Case("genuine, a second early", AUTHORITY.attest(), ISSUED_AT - DAY - SECOND),
    Case("genuine, last second", AUTHORITY.attest(), ISSUED_AT + 90 * DAY),
    Case("genuine, a second late", AUTHORITY.attest(), ISSUED_AT + 90 * DAY + SECOND),
    Case("bare leaf", AUTHORITY.attest()[:1]),
    Case("under the root", AUTHORITY.root_issuer.attest()),
    Case("two intermediates", chains.deeper(AUTHORITY, 1, 0).attest()),
    Case("two intermediates, path length 0", chains.deeper(AUTHORITY, 0, 0).attest()),
    Case("three intermediates", chains.deeper(AUTHORITY, None, None, None).attest(), why=_DEPTH),
    Case("by a leaf", chains.by_leaf(AUTHORITY).attest()),
    Case("impostor", chains.impostor(AUTHORITY).attest()),
    Case("re-issued", chains.reissued(AUTHORITY).attest()),
    Case("re-keyed", chains.rekeyed(AUTHORITY).attest()),
    Case(
        "re-keyed beside the issuer",
        [*AUTHORITY.attest(), chains.rekeyed(AUTHORITY).der],
    ),
    Case(
        "expired twin beside the issuer",
        [*AUTHORITY.attest(), chains.reissued(AUTHORITY, not_after=ISSUED_AT - SECOND).der],
    ),
    Case("unrelated extras", [*AUTHORITY.attest(), *chains.unrelated(AUTHORITY, 2)]),
    Case("root included", [*AUTHORITY.attest(), AUTHORITY.root_issuer.der]),
    Case("cross-signed", chains.cross_signed(NEW_ROOT, AUTHORITY).attest()),
    Case(
        "cross-signed, new root",
        chains.cross_signed(NEW_ROOT, AUTHORITY).attest(),
        trust=NEW_ROOT.trust,
    ),
    Case("another trust", AUTHORITY.attest(), trust=NEW_ROOT.trust),
    Case(
        "P-256 issuer and SHA-256",
        chains.rekeyed(AUTHORITY, kind=KeyKind.P256).attest(
            deviations=[deviations.SignatureHash(Digest.SHA256)]
        ),
    ),
    Case("P-521 issuer", chains.rekeyed(AUTHORITY, kind=KeyKind.P521).attest()),
    _leaf("wrong signer", deviations.WrongSigner()),
    _leaf("tampered signature", deviations.TamperedSignature()),
    _leaf("tampered content", deviations.TamperedContent(b"TESTSERIAL01", b"TESTSERIAL99")),
    _leaf("twin signature", deviations.TwinSignature()),
    _leaf("expired", deviations.Expired()),
    _leaf("not yet valid", deviations.NotYetValid()),
    _leaf("other issuer name", deviations.IssuerName(authority_name("Nobody"))),
    _leaf("self-signed", deviations.SelfSigned()),
    _leaf("unknown critical extension", deviations.CriticalExtension()),
    _leaf("unknown extension", deviations.ExtraExtension()),
    _leaf("extended key usage", deviations.ExtendedKeyUsage()),
    _leaf(
        "critical extended key usage", deviations.ExtendedKeyUsage(critical=True), why=_ALLOWLIST
    ),
    _leaf("P-256", deviations.CertifiedKey(KeyKind.P256)),
    _leaf("P-521", deviations.CertifiedKey(KeyKind.P521), why=_ALLOWLIST),
    _leaf("RSA", deviations.CertifiedKey(KeyKind.RSA_2048), why=_ALLOWLIST),
    _leaf("SHA-1", deviations.SignatureHash(Digest.SHA1)),
    _leaf("SHA-512", deviations.SignatureHash(Digest.SHA512)),
    _leaf("mismatched algorithms", deviations.MismatchedAlgorithms()),
    _leaf("cA", deviations.LeafIsCA(), why=_PROFILE),
    _leaf("no basicConstraints", deviations.NoBasicConstraints(), why=_PROFILE),
    _leaf("no keyUsage", deviations.NoKeyUsage(), why=_PROFILE),
    _leaf(
        "keyCertSign",
        deviations.KeyUsage(KeyUse.DIGITAL_SIGNATURE | KeyUse.KEY_CERT_SIGN),
        why=_PROFILE,
    ),
    Case("the intermediate as leaf", list(AUTHORITY.issuer.chain), why=_PROFILE),
    _issuer("not a CA", deviations.NotACA()),
    _issuer("no basicConstraints", deviations.NoBasicConstraints()),
    _issuer("no keyCertSign", deviations.NoKeyCertSign()),
    _issuer("no keyUsage", deviations.NoKeyUsage()),
    _issuer("wrong signer", deviations.WrongSigner()),
    _issuer("expired", deviations.Expired()),
    _issuer("not yet valid", deviations.NotYetValid()),
    _issuer("no key identifiers", deviations.NoKeyIdentifiers()),
    _issuer("other key identifiers", deviations.MismatchedKeyIdentifiers(), why=_KEY_ID),
    _issuer("unknown critical extension", deviations.CriticalExtension()),
    _issuer("name constraints", deviations.NameConstraints(), why=_ALLOWLIST),
    _issuer("RSA", deviations.CertifiedKey(KeyKind.RSA_2048), why=_ALLOWLIST),
    _issuer("self-signed", deviations.SelfSigned()),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_certvalidator_gives_the_same_verdict(case: Case) -> None:
    ours = verdict(Verifier(trust=case.trust), case.chain, case.at)
    theirs = their_path(case.chain, case.trust, case.at)
    differ = isinstance(ours, Acceptance) is not (theirs is not None)
    assert differ is (case.why is not None), (ours[:3], theirs is not None)
    if isinstance(ours, Acceptance) and theirs is not None:
        assert list(ours.path) == theirs


def test_every_deliberate_difference_but_one_is_a_refusal_of_ours() -> None:
    for case in CASES:
        if case.why is not None and case.why is not _KEY_ID:
            assert isinstance(verdict(Verifier(trust=case.trust), case.chain, case.at), Refusal)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_certvalidator_agrees_about_any_order_and_time(data: st.DataObject) -> None:
    issuer: Issuer = data.draw(
        st.sampled_from([AUTHORITY.issuer, chains.deeper(AUTHORITY, 1, 0), AUTHORITY.root_issuer])
    )
    extra = data.draw(
        st.lists(st.sampled_from(["root", "rekeyed", "unrelated"]), unique=True, max_size=2)
    )
    extras = {
        "root": AUTHORITY.root_issuer.der,
        "rekeyed": chains.rekeyed(AUTHORITY).der,
        "unrelated": chains.unrelated(AUTHORITY, 1)[0],
    }
    others = data.draw(st.permutations([*issuer.chain, *(extras[name] for name in extra)]))
    kept = data.draw(st.integers(0, len(others)))
    at = ISSUED_AT + data.draw(st.timedeltas(timedelta(days=-3), timedelta(days=95)))
    at = at.replace(microsecond=0)
    chain = [issuer.issue_leaf(), *others[:kept]]
    ours = verdict(Verifier(trust=AUTHORITY.trust), chain, at)
    theirs = their_path(chain, AUTHORITY.trust, at)
    assert (list(ours.path) if isinstance(ours, Acceptance) else None) == theirs


# The engine itself, asked for the whole path, about what the memory answers


def _engine(verifier: Verifier, chain: list[bytes], at: datetime) -> list[x509.Certificate]:
    """The path by `cryptography`'s engine with nothing of ours but the anchors."""
    leaf, *others = map(x509.load_der_x509_certificate, chain)
    policy = (
        PolicyBuilder()
        .store(Store(list(verifier.trust.anchors)))
        .time(at)
        .extension_policies(
            ca_policy=ExtensionPolicy.permit_all().require_present(
                x509.BasicConstraints, Criticality.AGNOSTIC, None
            ),
            ee_policy=ExtensionPolicy.permit_all(),
        )
    )
    return list(policy.build_client_verifier().verify(leaf, others).chain)


WARM_ISSUERS: list[Callable[[], Issuer]] = [
    lambda: AUTHORITY.issuer,
    lambda: chains.rekeyed(AUTHORITY),
    lambda: chains.deeper(AUTHORITY, 1, 0),
    lambda: chains.deeper(AUTHORITY, None),
]


@settings(deadline=None, max_examples=60)
@given(
    issuer=st.sampled_from(range(len(WARM_ISSUERS))),
    days=st.integers(-400, 400),
    seconds=st.integers(-3, 3),
    end=st.sampled_from([-DAY, 90 * DAY, timedelta(0)]),
)
def test_every_warm_acceptance_is_the_engines_own(
    issuer: int, days: int, seconds: int, end: timedelta
) -> None:
    made = WARM_ISSUERS[issuer]()
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, made.attest())
    issued = ISSUED_AT + days * DAY
    chain = made.attest(at=issued)
    at = issued + end + seconds * SECOND
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PathBuilder, "_build_cold", _no_cold_path)
        warm = verdict(verifier, chain, at)
    if isinstance(warm, Acceptance):
        assert list(warm.attestation.chain) == _engine(verifier, chain, at)
        assert warm.path == path_of(accept(fresh(verifier), chain, at))
    else:
        assert warm.reason is Reason.UNTRUSTED
        assert isinstance(verdict(fresh(verifier), chain, at), Refusal)


def _no_cold_path(*_arguments: object) -> None:
    raise AssertionError("the memory had no answer")


# pyasn1, about the INTEGER properties


def _minted(oid: str, value: bytes) -> list[bytes]:
    return AUTHORITY.attest(properties=Properties(serial_number="TESTSERIAL01", raw={oid: value}))


def _by_pyasn1(value: bytes) -> int | None:
    """The number, where pyasn1 reads the octets as one INTEGER and would write the same."""
    try:
        number, rest = pyasn1_decoder.decode(value, asn1Spec=univ.Integer())
    except PyAsn1Error:
        return None
    return None if rest else int(number)


def _expected_sip(number: int) -> SystemIntegrityProtection:
    known = {0: SystemIntegrityProtection.ENABLED, 1: SystemIntegrityProtection.DISABLED}
    return known.get(number, SystemIntegrityProtection.UNRECOGNIZED)


def _expected_kexts(number: int) -> ThirdPartyKexts:
    return ThirdPartyKexts.NONE_ALLOWED if number == 0 else ThirdPartyKexts.SOME_ALLOWED


def _agrees_with_pyasn1(value: bytes) -> bool:
    """Whether we accept the value; what we accept must be what pyasn1 reads."""
    verifier = AUTHORITY.verifier
    sip = verdict(verifier, _minted(oids.SYSTEM_INTEGRITY_PROTECTION, value))
    kexts = verdict(verifier, _minted(oids.THIRD_PARTY_KEXTS, value))
    assert isinstance(sip, Acceptance) is isinstance(kexts, Acceptance)
    if not (isinstance(sip, Acceptance) and isinstance(kexts, Acceptance)):
        assert isinstance(sip, Refusal)
        assert sip.reason is Reason.MALFORMED_PROPERTY
        return False
    number = _by_pyasn1(value)
    if not value:
        assert sip.attestation.device.sip is None
        return True
    assert number is not None
    assert sip.attestation.device.sip is _expected_sip(number)
    assert kexts.attestation.device.third_party_kexts is _expected_kexts(number)
    return True


@settings(deadline=None, max_examples=80)
@given(number=st.one_of(st.integers(-3, 3), st.integers(-(2**100), 2**100)))
def test_pyasn1_reads_every_integer_as_we_do(number: int) -> None:
    length = max(1, (number + (number < 0)).bit_length() // 8 + 1)
    content = number.to_bytes(length, "big", signed=True)
    value = bytes([2, length]) + content
    assert _by_pyasn1(value) == number
    assert _agrees_with_pyasn1(value)


@settings(deadline=None, max_examples=150)
@given(
    value=st.one_of(
        st.binary(max_size=6),
        st.binary(max_size=4).map(lambda content: bytes([2, len(content)]) + content),
        st.sampled_from(
            [bytes.fromhex(text) for text in ("0200", "02020000", "02810100", "020100ff", "0a0100")]
        ),
    )
)
def test_what_we_accept_as_an_integer_pyasn1_reads_so(value: bytes) -> None:
    content = value[2:]
    minimal = (
        value[:2] == bytes([2, len(content)])
        and len(content) > 0
        and not (len(content) > 1 and content[0] == 0 and content[1] < 0x80)
        and not (len(content) > 1 and content[0] == 0xFF and content[1] >= 0x80)
    )
    assert _agrees_with_pyasn1(value) is (minimal or value == b"")
