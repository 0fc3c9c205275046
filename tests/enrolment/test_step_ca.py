"""The simulated device at a real step-ca: what both refuse, what only this library refuses.

The first tests prove the device: an ACME server that others wrote takes it for one. The others
send the same octets to both, so each difference is one of verdict and not of input.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from device_client import (
    Issued,
    Refused,
    Step,
    connected,
    enrol,
    hardware_module,
    permanent_identifier,
)
from step_ca import CA, StepCA, running

from appleattest import Attestation, AttestationError, Reason, acme, oids
from appleattest.testing import (
    AttestationAuthority,
    ChainArguments,
    DeviceModel,
    KeyKind,
    LeafArguments,
    SimulatedDevice,
    chains,
    deviations,
)
from appleattest.testing.device import ChallengeAnswer, Compromise, Relays, Replays
from appleattest.testing.overriding import override

if TYPE_CHECKING:
    from acme import messages

AUTHORITY: Final = AttestationAuthority("tests of step-ca")
MAC: Final = DeviceModel.mac()
SERIAL: Final = MAC.serial_number

Respond = Callable[[ChallengeAnswer], bytes]


@pytest.fixture(scope="module")
def step_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StepCA]:
    with running(tmp_path_factory.mktemp("step-ca"), AUTHORITY.root) as server:
        yield server


def now() -> datetime:
    return datetime.now(UTC)


class Witness(SimulatedDevice):
    """A device of the present, step-ca's clock being the real one; it keeps what it was asked."""

    token: str
    answer_given: ChallengeAnswer

    def __init__(self, *compromises: Compromise, model: DeviceModel = MAC) -> None:
        super().__init__(AUTHORITY, model, clock=now, compromises=compromises)

    @override
    def answer_challenge(
        self, token: str, *, key_size: int = 384, attest: bool = True
    ) -> ChallengeAnswer:
        self.token = token
        self.answer_given = super().answer_challenge(token, key_size=key_size, attest=attest)
        return self.answer_given


class Mints(Compromise):
    """Has a chain made that departs from the genuine one in the source, or in its arguments."""

    def __init__(
        self,
        source: Callable[..., list[bytes]] = AUTHORITY.attest,
        **arguments: Unpack[ChainArguments],
    ) -> None:
        self.source = source
        self.arguments = arguments

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        arguments: ChainArguments = {
            "public_key": answer.public_key,
            "properties": MAC.properties(),
            "freshness_code": hashlib.sha256(token.encode()).digest(),
            "at": now(),
        }
        arguments.update(self.arguments)
        return replace(answer, chain=tuple(self.source(**arguments)))


class HasKey(Compromise):
    """Wants the certificate for another key than a Secure Enclave has."""

    def __init__(self, kind: KeyKind) -> None:
        self.key = AUTHORITY.keys.ec("chosen", kind)

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        return Mints().challenge(replace(answer, private_key=self.key), token, key_size)


def signed_by_a_leaf(**arguments: Unpack[LeafArguments]) -> list[bytes]:
    """A chain that the owner of a genuine device makes: its attested key signs another leaf."""
    leaf = AUTHORITY.issuer.issue_leaf(at=now())
    issuer = replace(chains.by_leaf(AUTHORITY), der=leaf, chain=(leaf, *AUTHORITY.issuer.chain))
    return issuer.attest(**arguments)


def at_step_ca(server: StepCA, device: Witness, respond: Respond | None = None) -> Issued:
    return enrol(server.directory_url, device, SERIAL, ca=server.root, respond=respond)


def here(device: Witness, respond: Respond | None = None) -> Attestation:
    """What we say to the octets that the device has just sent to step-ca."""
    answer = device.answer_given
    return acme.validate_challenge(
        answer.response if respond is None else respond(answer),
        token=device.token,
        identifier=SERIAL,
        verifier=AUTHORITY.verifier,
    )


# --- a device in the eyes of others -------------------------------------------------------------


@pytest.mark.parametrize("key_size", [256, 384])
@pytest.mark.parametrize(
    "model", [MAC, DeviceModel.iphone(), DeviceModel.apple_watch()], ids=["mac", "iphone", "watch"]
)
@pytest.mark.parametrize("named_by", ["serial_number", "udid"])
def test_the_simulated_device_enrols(
    step_ca: StepCA, model: DeviceModel, named_by: str, key_size: int
) -> None:
    device = Witness(model=model)
    identifier: str = getattr(model.properties(), named_by)
    issued = enrol(step_ca.directory_url, device, identifier, ca=step_ca.root, key_size=key_size)
    issued.certificate.verify_directly_issued_by(CA.intermediate)
    assert issued.chain[1:] == (CA.intermediate,)
    assert issued.certificate.public_key() == issued.answer.public_key
    assert issued.answer.public_key.key_size == key_size
    names = issued.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [acme.PermanentIdentifier(identifier).other_name()]


def test_what_step_ca_accepts_of_it_we_accept(step_ca: StepCA) -> None:
    device = Witness()
    issued = at_step_ca(step_ca, device)
    attestation = here(device)
    assert attestation.is_current
    assert attestation.public_key == issued.certificate.public_key()
    valid = acme.validate_csr(
        issued.answer.certificate_request(SERIAL),
        attestation=attestation,
        identifier=SERIAL,
        binding=acme.CSRBinding.CN_OR_SAN,
    )
    assert valid.public_key == issued.certificate.public_key()


# --- what both refuse ---------------------------------------------------------------------------


def replayed() -> Compromise:
    earlier = Witness().answer_challenge("the-token-of-an-earlier-challenge")
    return Replays(earlier.attestation_object)


def relayed() -> Compromise:
    return Relays(Witness(model=DeviceModel.mac(2)))


def duplicated() -> Compromise:
    return Mints(deviations=[deviations.DoubledExtension(oids.SERIAL_NUMBER, b"ANOTHERONE")])


@pytest.mark.parametrize(
    ("compromise", "reason"),
    [
        pytest.param(
            lambda: Mints(chains.impostor(AUTHORITY).attest), Reason.BAD_SIGNATURE, id="forged"
        ),
        pytest.param(lambda: Mints(signed_by_a_leaf), Reason.ISSUER_NOT_CA, id="leaf-as-issuer"),
        pytest.param(lambda: Mints(at=now() - timedelta(days=91)), Reason.EXPIRED, id="expired"),
        pytest.param(replayed, Reason.FRESHNESS_MISMATCH, id="replayed"),
        pytest.param(relayed, Reason.IDENTIFIER_MISMATCH, id="relayed"),
        pytest.param(duplicated, Reason.DUPLICATE_EXTENSION, id="duplicate-extension"),
    ],
)
def test_both_refuse(step_ca: StepCA, compromise: Callable[[], Compromise], reason: Reason) -> None:
    device = Witness(compromise())
    with pytest.raises(Refused) as refusal:
        at_step_ca(step_ca, device)
    assert refusal.value.step is Step.CHALLENGE
    with pytest.raises(AttestationError) as ours:
        here(device)
    assert ours.value.reason is reason
    assert ours.value.problem()["type"] == refusal.value.problem.typ


def test_both_refuse_a_certificate_request_for_another_key(step_ca: StepCA) -> None:
    device = Witness()
    stranger = ec.generate_private_key(ec.SECP384R1())

    def request(answer: ChallengeAnswer) -> bytes:
        return replace(answer, private_key=stranger).certificate_request(SERIAL)

    with pytest.raises(Refused) as refusal:
        enrol(step_ca.directory_url, device, SERIAL, ca=step_ca.root, request=request)
    assert refusal.value.step is Step.FINALIZE
    with pytest.raises(AttestationError) as ours:
        request_here(device, request)
    assert ours.value.reason is Reason.KEY_MISMATCH
    # Apple asks for badCSR ("Validating a Managed Device Attestation"): here the two differ.
    assert refusal.value.problem.typ == "urn:ietf:params:acme:error:unauthorized"
    assert ours.value.problem()["type"] == "urn:ietf:params:acme:error:badCSR"


def test_both_refuse_a_certificate_request_of_another_name(step_ca: StepCA) -> None:
    device = Witness()

    def request(answer: ChallengeAnswer) -> bytes:
        return answer.certificate_request("SOMEBODY02")

    with pytest.raises(Refused) as refusal:
        enrol(step_ca.directory_url, device, SERIAL, ca=step_ca.root, request=request)
    with pytest.raises(AttestationError) as ours:
        request_here(device, request)
    assert ours.value.reason is Reason.IDENTIFIER_MISMATCH
    assert refusal.value.step is Step.FINALIZE
    assert refusal.value.problem.typ == ours.value.problem()["type"]


def request_here(device: Witness, request: Callable[[ChallengeAnswer], bytes]) -> acme.ValidatedCSR:
    return acme.validate_csr(
        request(device.answer_given),
        attestation=here(device),
        identifier=SERIAL,
        binding=acme.CSRBinding.CN_OR_SAN,
    )


@pytest.mark.parametrize(
    "identifier",
    [permanent_identifier(""), hardware_module("serial/1.2.3/4")],
    ids=["empty", "hardware-module"],
)
def test_both_refuse_the_order(step_ca: StepCA, identifier: messages.Identifier) -> None:
    with connected(step_ca.directory_url, ca=step_ca.root) as client:
        client.register()
        with pytest.raises(Refused) as refusal:
            client.order([identifier])
    with pytest.raises(AttestationError) as ours:
        acme.parse_identifier(identifier.to_json())
    assert refusal.value.step is Step.ORDER
    assert refusal.value.problem.typ == ours.value.problem()["type"]


# --- what step-ca accepts -----------------------------------------------------------------------


def minted(**arguments: Unpack[ChainArguments]) -> Callable[[], Compromise]:
    return lambda: Mints(**arguments)


ISSUED: Final = [
    pytest.param(minted(freshness_code=None), Reason.FRESHNESS_MISSING, id="no-freshness"),
    pytest.param(minted(freshness_code=b""), Reason.FRESHNESS_MISSING, id="blank-freshness"),
    pytest.param(
        minted(deviations=[deviations.LeafIsCA()]), Reason.LEAF_PROFILE, id="leaf-is-a-ca"
    ),
    pytest.param(
        minted(intermediate_deviations=[deviations.CertifiedKey(KeyKind.RSA_2048)]),
        Reason.WEAK_ALGORITHM,
        id="rsa-issuer",
    ),
    pytest.param(
        minted(intermediate_deviations=[deviations.NameConstraints()]),
        Reason.NAME_CONSTRAINTS,
        id="name-constraints",
    ),
    pytest.param(
        minted(deviations=[deviations.ExtensionValue(oids.UDID, b"\xff")]),
        Reason.MALFORMED_PROPERTY,
        id="udid-that-is-no-text",
    ),
    pytest.param(lambda: HasKey(KeyKind.P521), Reason.WEAK_ALGORITHM, id="no-enclave-key"),
]


@pytest.mark.parametrize(("compromise", "reason"), ISSUED)
def test_step_ca_issues_for_what_we_refuse(
    step_ca: StepCA, compromise: Callable[[], Compromise], reason: Reason
) -> None:
    device = Witness(compromise())
    issued = at_step_ca(step_ca, device)
    assert issued.certificate.public_key() == device.answer_given.public_key
    with pytest.raises(AttestationError) as ours:
        here(device)
    assert ours.value.reason is reason


def with_line_break(answer: ChallengeAnswer) -> bytes:
    return answer.response.replace(b'"attObj": "', b'"attObj": "\\n')


def with_two_members(answer: ChallengeAnswer) -> bytes:
    return answer.response.replace(b"{", b'{"attObj": "", ')


READ: Final = [
    pytest.param(with_line_break, Reason.MALFORMED_BASE64, id="line-break"),
    pytest.param(with_two_members, Reason.MALFORMED_JSON, id="duplicate-member"),
]


@pytest.mark.parametrize(("respond", "reason"), READ)
def test_step_ca_reads_what_we_refuse(step_ca: StepCA, respond: Respond, reason: Reason) -> None:
    device = Witness()
    at_step_ca(step_ca, device, respond)
    with pytest.raises(AttestationError) as ours:
        here(device, respond)
    assert ours.value.reason is reason


def test_an_mdm_attestation_without_a_nonce_answers_the_challenge_of_step_ca(
    step_ca: StepCA,
) -> None:
    """Genuine leaves without a freshness code exist: an MDM server that sends no nonce gets one."""
    device = Witness()
    chain = device.attest(None)
    assert chain is not None

    def respond(answer: ChallengeAnswer) -> bytes:
        return replace(answer, chain=chain).response

    with connected(step_ca.directory_url, ca=step_ca.root) as client:
        client.register()
        challenge = client.challenge(client.order([permanent_identifier(SERIAL)]))
        client.respond(challenge, respond(device.answer_challenge(challenge.token)))
    with pytest.raises(AttestationError) as ours:
        here(device, respond)
    assert ours.value.reason is Reason.FRESHNESS_MISSING


def test_step_ca_tells_the_client_which_device_was_attested(step_ca: StepCA) -> None:
    device = Witness(relayed())
    with pytest.raises(Refused) as refusal:
        at_step_ca(step_ca, device)
    with pytest.raises(AttestationError) as ours:
        here(device)
    attested = DeviceModel.mac(2).serial_number
    assert attested in str(refusal.value.problem)
    assert attested not in str(ours.value.problem())
    assert attested in ours.value.detail


def test_step_ca_ignores_a_name_that_was_not_ordered_and_we_refuse_it(step_ca: StepCA) -> None:
    device = Witness()
    name = x509.DNSName("unordered.example")

    def request(answer: ChallengeAnswer) -> bytes:
        return answer.certificate_request(SERIAL, alternative_names=[name])

    issued = enrol(step_ca.directory_url, device, SERIAL, ca=step_ca.root, request=request)
    names = issued.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert name not in list(names.value)
    with pytest.raises(AttestationError) as ours:
        request_here(device, request)
    assert ours.value.reason is Reason.UNEXPECTED_NAME


def test_step_ca_takes_an_order_that_the_draft_does_not_allow(step_ca: StepCA) -> None:
    identifier = permanent_identifier("a/b/c")
    with connected(step_ca.directory_url, ca=step_ca.root) as client:
        client.register()
        client.order([identifier])
    with pytest.raises(AttestationError) as ours:
        acme.parse_identifier(identifier.to_json())
    assert ours.value.reason is Reason.MALFORMED_IDENTIFIER


def test_a_failed_attestation_is_refused_with_another_problem(step_ca: StepCA) -> None:
    device = Witness()
    device.attestation_fails = True
    with pytest.raises(Refused) as refusal:
        at_step_ca(step_ca, device)
    with pytest.raises(AttestationError) as ours:
        here(device)
    assert ours.value.reason is Reason.NO_ATTESTATION
    assert refusal.value.problem.typ == "urn:ietf:params:acme:error:rejectedIdentifier"
    assert ours.value.problem()["type"] == "urn:ietf:params:acme:error:badAttestationStatement"


def test_the_documentation_lists_what_step_ca_issues_for() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "peers.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| the device sends | we answer |")
    documented = re.findall(r"(?m)^\| .+ \| `([a-z0-9-]+)` \|$", table)
    assert documented == [case.values[1] for case in (*ISSUED, *READ)]
