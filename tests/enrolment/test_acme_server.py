"""The simulated device enrols at the example's ACME server, or is refused as documented.

Each refusal has its neighbour: the same device and identifier, mended, which is accepted.
"""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("acme.client", reason="needs the packages of the dependency group 'examples'")

from acme import messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from device_client import (
    DeviceClient,
    Issued,
    Refused,
    Step,
    connected,
    enrol,
    hardware_module,
    permanent_identifier,
)
from serving import ADDRESS, Answer, Served, authority_until, serving, tls_files

from appleattest import acme
from appleattest.testing import AttestationAuthority, DeviceModel, SimulatedDevice, chains
from appleattest.testing.device import ChallengeAnswer, Compromise, Relays, Replays
from appleattest.testing.overriding import override
from examples.acme_server.app import ORDER_LIFETIME
from examples.acme_server.authority import LIFETIME, Authority

AUTHORITY: Final = AttestationAuthority("tests of the ACME server")
ROOT: Final = Path(__file__).resolve().parents[2]
BAD_STATEMENT: Final = "badAttestationStatement"

Request = Callable[[ChallengeAnswer], bytes]
_NUMBERS: Final = count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("acme"), AUTHORITY.verifier) as server:
        yield server


@pytest.fixture
def mac(served: Served) -> DeviceModel:
    """A Mac that no other test has, which may enrol once by its serial number."""
    model = DeviceModel.mac(next(_NUMBERS))
    admit(served, model.serial_number)
    return model


def admit(
    served: Served, value: str, devices: list[str] | acme.Answering = acme.Answering.ORDERED
) -> None:
    served.server.store.admit(acme.PermanentIdentifier(value), devices)


def another() -> DeviceModel:
    return DeviceModel.mac(next(_NUMBERS))


def device_at(served: Served, model: DeviceModel, *compromises: Compromise) -> SimulatedDevice:
    return SimulatedDevice(AUTHORITY, model, clock=served.clock, compromises=compromises)


def enrolled(
    served: Served,
    device: SimulatedDevice,
    identifier: str | None = None,
    *,
    attest: bool = True,
    request: Request | None = None,
) -> Issued:
    return enrol(
        served.directory_url,
        device,
        identifier or device.model.serial_number,
        ca=served.certificate,
        attest=attest,
        request=request,
    )


def assert_refused(
    served: Served, call: Callable[[], object], step: Step, kind: str, status: int
) -> None:
    """The call is refused at this step with this problem, which names no device."""
    with pytest.raises(Refused) as refusal:
        call()
    problem = served.answers[-1].problem
    assert (refusal.value.step, refusal.value.problem.typ) == (step, problem["type"])
    assert problem["type"] == f"urn:ietf:params:acme:error:{kind}"
    assert problem["status"] == status
    said = json.dumps(problem)
    numbers = range(1, next(_NUMBERS))
    models = [DeviceModel.mac(number) for number in numbers]
    named = [name for model in models for name in names_of(model) if name in said]
    assert named == []


def names_of(model: DeviceModel) -> list[str]:
    return [model.serial_number, model.udid, model.provisioning_udid or ""]


def names_in(certificate: x509.Certificate) -> list[x509.GeneralName]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return list(found.value)


# --- accepted -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key_size", [256, 384])
@pytest.mark.parametrize("named_by", ["serial_number", "udid"])
@pytest.mark.parametrize("make", [DeviceModel.mac, DeviceModel.iphone, DeviceModel.apple_watch])
def test_a_device_enrols(
    served: Served, make: Callable[[int], DeviceModel], named_by: str, key_size: int
) -> None:
    model = make(next(_NUMBERS))
    identifier: str = getattr(model.properties(), named_by)
    admit(served, identifier)
    device = device_at(served, model)
    issued = enrol(
        served.directory_url, device, identifier, ca=served.certificate, key_size=key_size
    )
    assert issued.certificate.public_key() == issued.answer.public_key
    assert issued.answer.public_key.key_size == key_size
    assert issued.certificate.subject.rfc4514_string() == f"CN={identifier}"
    assert names_in(issued.certificate) == [acme.PermanentIdentifier(identifier).other_name()]


def test_the_certificate_is_one_for_a_client_and_comes_with_its_issuer(
    served: Served, mac: DeviceModel
) -> None:
    certificate, issuer = enrolled(served, device_at(served, mac)).chain
    certificate.verify_directly_issued_by(issuer)
    assert issuer == served.server.authority.certificate
    assert certificate.not_valid_before_utc <= served.clock() < certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc == served.clock() + LIFETIME
    found = certificate.extensions
    constraints = found.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.critical) == (False, True)
    usage = found.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purposes = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_what_the_request_validly_asks_for_is_issued(served: Served, mac: DeviceModel) -> None:
    identifier = acme.PermanentIdentifier(mac.serial_number).other_name()

    def request(answer: ChallengeAnswer) -> bytes:
        return answer.certificate_request(x509.Name([]), alternative_names=[identifier])

    certificate = enrolled(served, device_at(served, mac), request=request).certificate
    assert list(certificate.subject) == []
    assert names_in(certificate) == [identifier]
    assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_the_usages_that_the_request_asks_for_are_issued(served: Served, mac: DeviceModel) -> None:
    agreement = x509.KeyUsage(True, False, False, False, True, False, False, False, False)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])

    def request(answer: ChallengeAnswer) -> bytes:
        name = x509.NameAttribute(x509.NameOID.COMMON_NAME, mac.serial_number)
        builder = x509.CertificateSigningRequestBuilder(x509.Name([name]))
        builder = builder.add_extension(agreement, True).add_extension(purpose, False)
        return builder.sign(answer.private_key, hashes.SHA256()).public_bytes(Encoding.DER)

    found = enrolled(served, device_at(served, mac), request=request).certificate.extensions
    assert found.get_extension_for_class(x509.KeyUsage).value == agreement
    assert found.get_extension_for_class(x509.ExtendedKeyUsage).value == purpose


def test_no_certificate_outlives_its_issuer() -> None:
    now = AUTHORITY.issued_at
    authority = authority_until(now + timedelta(days=30))
    key = AUTHORITY.attested_key
    request = ChallengeAnswer(None, key, lambda: True).certificate_request("EXAMPLE001")
    valid = acme.validate_csr(
        request,
        attested_key=AUTHORITY.verified().spki,
        identifier="EXAMPLE001",
        binding=acme.CSRBinding.CN_OR_SAN,
    )
    certificate = authority.issue(valid, now)
    assert certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc < now + LIFETIME


def test_an_authority_has_a_key_of_an_elliptic_curve() -> None:
    authority = authority_until(AUTHORITY.issued_at)
    certificate = authority.certificate.public_bytes(Encoding.PEM)
    another, own = (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for key in (Ed25519PrivateKey.generate(), authority.key)
    )
    with pytest.raises(TypeError):
        Authority.load(certificate + another)
    assert Authority.load(certificate + own).certificate == authority.certificate


def test_a_code_is_redeemed_by_one_of_the_devices_that_it_is_for(
    served: Served, mac: DeviceModel
) -> None:
    code = f"code-for-{mac.serial_number}"
    admit(served, code, [another().serial_number, mac.serial_number])
    stranger = device_at(served, another())
    assert_refused(
        served, lambda: enrolled(served, stranger, code), Step.CHALLENGE, BAD_STATEMENT, 400
    )
    certificate = enrolled(served, device_at(served, mac), code).certificate
    assert names_in(certificate) == [acme.PermanentIdentifier(code).other_name()]


def test_a_code_that_was_vouched_for_is_redeemed_by_a_device_without_a_name(
    served: Served, mac: DeviceModel
) -> None:
    device = SimulatedDevice(AUTHORITY, mac, clock=served.clock, user_enrolled=True)
    assert_refused(served, lambda: enrolled(served, device), Step.CHALLENGE, BAD_STATEMENT, 400)
    code = f"vouched-{mac.serial_number}"
    admit(served, code, acme.VOUCHED_ELSEWHERE)
    enrolled(served, device, code)
    # Nothing tells whether it is the same device that comes again.
    assert_refused(
        served, lambda: enrolled(served, device, code), Step.FINALIZE, "rejectedIdentifier", 400
    )


def test_the_program_serves(tmp_path: Path) -> None:
    certificate, key = tls_files(tmp_path)
    authority = authority_until(datetime.now(UTC) + timedelta(days=365))
    kept = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "authority.pem").write_bytes(authority.chain(authority.certificate).encode() + kept)
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    model = DeviceModel.mac()
    device = SimulatedDevice(AUTHORITY, model, clock=lambda: datetime.now(UTC))
    options: dict[str, list[str | Path]] = {
        "--host": [ADDRESS],
        "--port": [str(port := free_port())],
        "--tls-certificate": [certificate],
        "--tls-key": [key],
        "--authority": [tmp_path / "authority.pem"],
        "--database": [tmp_path / "database"],
        "--admit": [model.serial_number, f"code={model.serial_number},{model.udid}"],
        "--admit-any": ["any"],
        "--also-trust": [tmp_path / "root.pem"],
    }
    arguments = [part for name, values in options.items() for part in (name, *values)]
    url = f"https://{ADDRESS}:{port}/directory"
    with program(*arguments, log=tmp_path / "log", port=port):
        for identifier in (model.serial_number, "code", "any"):
            issued = enrol(url, device, identifier, ca=certificate)
            issued.certificate.verify_directly_issued_by(authority.certificate)
    assert url in (tmp_path / "log").read_text()


@contextmanager
def program(*arguments: str | Path, log: Path, port: int) -> Iterator[None]:
    """Run the example as its README says, until the end of the context."""
    command = [sys.executable, "-m", "examples.acme_server", *arguments]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process,
    ):
        try:
            deadline = time.monotonic() + 30
            while not listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection((ADDRESS, port)).close()
    except OSError:
        return False
    return True


# --- refused attestations -----------------------------------------------------------------------


class Forges(Compromise):
    """Has a chain of Apple's shape made by somebody who is not Apple."""

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        chain = chains.impostor(AUTHORITY).attest(
            public_key=answer.public_key, freshness_code=hashlib.sha256(token.encode()).digest()
        )
        return replace(answer, chain=tuple(chain))


def stale(served: Served, mac: DeviceModel) -> Compromise:
    earlier = device_at(served, mac).answer_challenge("the-token-of-another-challenge")
    return Replays(earlier.attestation_object)


def relayed(served: Served, mac: DeviceModel) -> Compromise:
    return Relays(device_at(served, another()))


@pytest.mark.parametrize(
    ("compromise", "reason"),
    [
        pytest.param(lambda *_: Forges(), "bad-signature", id="forged"),
        pytest.param(stale, "freshness-mismatch", id="stale"),
        pytest.param(relayed, "identifier-mismatch", id="another-device"),
    ],
)
def test_an_attestation_is_refused(
    served: Served,
    mac: DeviceModel,
    compromise: Callable[[Served, DeviceModel], Compromise],
    reason: str,
) -> None:
    dishonest = device_at(served, mac, compromise(served, mac))
    assert_refused(served, lambda: enrolled(served, dishonest), Step.CHALLENGE, BAD_STATEMENT, 400)
    assert reason in served.answers[-1].problem["detail"]
    enrolled(served, device_at(served, mac))


def test_no_attestation_is_refused(served: Served, mac: DeviceModel) -> None:
    device = device_at(served, mac)

    def without() -> None:
        enrolled(served, device, attest=False)

    assert device.answer_challenge("any", attest=False).response == b"{}"
    assert_refused(served, without, Step.CHALLENGE, BAD_STATEMENT, 400)
    assert "no-attestation" in served.answers[-1].problem["detail"]
    device.attestation_fails = True
    assert b'"error"' in device.answer_challenge("any").response
    assert_refused(served, lambda: enrolled(served, device), Step.CHALLENGE, BAD_STATEMENT, 400)
    assert "no-attestation" in served.answers[-1].problem["detail"]
    device.attestation_fails = False
    enrolled(served, device)


# --- refused certificate requests ---------------------------------------------------------------


def for_another_key(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    stranger = replace(answer, private_key=ec.generate_private_key(ec.SECP384R1()))
    return stranger.certificate_request(mac.serial_number)


def for_another_device(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    return answer.certificate_request(another().serial_number)


def with_another_name(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    names = [x509.DNSName("server.example")]
    return answer.certificate_request(mac.serial_number, alternative_names=names)


def without_the_identifier(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    return answer.certificate_request(x509.Name([]))


@pytest.mark.parametrize(
    "request_for",
    [for_another_key, for_another_device, with_another_name, without_the_identifier],
)
def test_a_certificate_request_is_refused_and_a_better_one_accepted(
    served: Served, mac: DeviceModel, request_for: Callable[[ChallengeAnswer, DeviceModel], bytes]
) -> None:
    with connected(served.directory_url, ca=served.certificate) as client:
        order, answer = answered(client, device_at(served, mac))
        assert_refused(
            served,
            lambda: client.finalize(order, request_for(answer, mac)),
            Step.FINALIZE,
            "badCSR",
            400,
        )
        client.finalize(order, answer.certificate_request(mac.serial_number))


def test_a_key_is_certified_once(served: Served, mac: DeviceModel) -> None:
    code = f"second-{mac.serial_number}"
    admit(served, code, [mac.serial_number])
    enrolled(served, device_at(served, mac))
    with connected(served.directory_url, ca=served.certificate) as client:
        # Another simulation of the same device begins with the same keys.
        order, answer = answered(client, device_at(served, mac), code)
        request = answer.certificate_request(code)
        assert_refused(
            served, lambda: client.finalize(order, request), Step.FINALIZE, "badCSR", 400
        )
    third = f"third-{mac.serial_number}"
    admit(served, third, [mac.serial_number])
    device = device_at(served, mac)
    assert device.answer_challenge("any").public_key == answer.public_key
    enrolled(served, device, third)


def test_what_fails_half_way_has_not_happened(
    served: Served, mac: DeviceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise LookupError("between recording the certificate and handing it out")

    with connected(served.directory_url, ca=served.certificate) as client:
        order, answer = answered(client, device_at(served, mac))
        request = answer.certificate_request(mac.serial_number)
        with monkeypatch.context() as broken:
            broken.setattr(Authority, "chain", fail)
            assert_refused(
                served,
                lambda: client.finalize(order, request),
                Step.FINALIZE,
                "serverInternal",
                500,
            )
        client.close()  # the server has hung up, and the next request is on a new connection
        client.finalize(order, request)


def answered(
    client: DeviceClient, device: SimulatedDevice, identifier: str | None = None
) -> tuple[messages.Order, ChallengeAnswer]:
    """An order whose challenge the device has answered well."""
    client.register()
    order = client.order([permanent_identifier(identifier or device.model.serial_number)])
    challenge = client.challenge(order)
    answer = device.answer_challenge(challenge.token)
    client.respond(challenge, answer.response)
    return order, answer


# --- refused orders -----------------------------------------------------------------------------


def test_an_identifier_is_its_device_s(served: Served, mac: DeviceModel) -> None:
    """The device may come again, since any answer of the server may have been lost."""
    other = another()
    code = f"shared-{mac.serial_number}"
    admit(served, code, [mac.serial_number, other.serial_number])
    device, late = device_at(served, mac), device_at(served, other)
    for _ in range(2):
        enrolled(served, device, code)
    assert_refused(
        served, lambda: enrolled(served, late, code), Step.FINALIZE, "rejectedIdentifier", 400
    )
    admit(served, other.serial_number)
    enrolled(served, late)


def test_of_two_orders_at_once_the_first_that_is_finalized_uses_the_identifier(
    served: Served, mac: DeviceModel
) -> None:
    other = another()
    code = f"race-{mac.serial_number}"
    admit(served, code, [mac.serial_number, other.serial_number])
    with (
        connected(served.directory_url, ca=served.certificate) as first,
        connected(served.directory_url, ca=served.certificate) as late,
    ):
        late_order, late_answer = answered(late, device_at(served, other), code)
        order, answer = answered(first, device_at(served, mac), code)
        first.finalize(order, answer.certificate_request(code))
        assert_refused(
            served,
            lambda: late.finalize(late_order, late_answer.certificate_request(code)),
            Step.FINALIZE,
            "rejectedIdentifier",
            400,
        )


def test_a_finalize_whose_answer_was_lost_is_repeated(served: Served, mac: DeviceModel) -> None:
    with connected(served.directory_url, ca=served.certificate) as client:
        order, answer = answered(client, device_at(served, mac))
        request = answer.certificate_request(mac.serial_number)
        issued = client.download(client.finalize(order, request))
        served.clock.advance(ORDER_LIFETIME)
        for again in (request, answer.certificate_request(mac.serial_number)):
            assert client.download(client.finalize(order, again)) == issued
        assert_refused(
            served,
            lambda: client.finalize(order, for_another_key(answer, mac)),
            Step.FINALIZE,
            "badCSR",
            400,
        )
        assert client.download(client.finalize(order, request)) == issued


def test_a_finalize_whose_answer_was_lost_does_not_lock_the_device_out(
    served: Served, mac: DeviceModel
) -> None:
    """Apple's client does not repeat a request: it begins anew, with another key and account."""
    device = device_at(served, mac)
    with connected(served.directory_url, ca=served.certificate) as client:
        order, answer = answered(client, device)
        client.finalize(order, answer.certificate_request(mac.serial_number))
    issued = enrolled(served, device)
    assert issued.answer.public_key != answer.public_key


def test_a_device_that_is_not_admitted_is_told_so_when_it_has_attested(
    served: Served, mac: DeviceModel
) -> None:
    model = another()
    with connected(served.directory_url, ca=served.certificate) as client:
        order, answer = answered(client, device_at(served, model))
        request = answer.certificate_request(model.serial_number)
        assert_refused(
            served,
            lambda: client.finalize(order, request),
            Step.FINALIZE,
            "rejectedIdentifier",
            400,
        )
        admit(served, model.serial_number)
        client.finalize(order, request)


def test_a_stranger_does_not_learn_which_identifiers_are_known(
    served: Served, mac: DeviceModel
) -> None:
    """With a genuine device of its own, and an account that anybody may have."""
    used, code = another(), f"known-{mac.serial_number}"
    admit(served, used.serial_number)
    enrolled(served, device_at(served, used))
    admit(served, code, [mac.serial_number])
    stranger = device_at(served, another())
    seen = []
    for value in (mac.serial_number, used.serial_number, code, "UNKNOWN", another().serial_number):
        before = len(served.answers)
        enrolling = partial(enrolled, served, stranger, value)
        assert_refused(served, enrolling, Step.CHALLENGE, BAD_STATEMENT, 400)
        seen.append([(each.status, problem_of(each)) for each in served.answers[before:]])
    assert seen[1:] == seen[:-1]


def problem_of(answer: Answer) -> object:
    """The problem in it, which names no identifier and no URL; None if there is none."""
    return answer.document.get("error") if isinstance(answer.document, dict) else None


def test_a_hardware_module_is_answered_for_by_no_device(served: Served, mac: DeviceModel) -> None:
    device = device_at(served, mac)
    with connected(served.directory_url, ca=served.certificate) as client:
        client.register()
        challenge = client.challenge(client.order([hardware_module(f"{mac.serial_number}/1.2")]))
        answer = device.answer_challenge(challenge.token)
        assert_refused(
            served,
            lambda: client.respond(challenge, answer.response),
            Step.CHALLENGE,
            BAD_STATEMENT,
            400,
        )
    enrolled(served, device)


@pytest.mark.parametrize(
    ("identifiers", "kind"),
    [
        pytest.param([permanent_identifier("a/b")], "malformed", id="malformed"),
        pytest.param([permanent_identifier("")], "malformed", id="empty"),
        pytest.param(
            [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="a.example")],
            "unsupportedIdentifier",
            id="dns",
        ),
    ],
)
def test_an_order_is_refused(
    served: Served, mac: DeviceModel, identifiers: list[messages.Identifier], kind: str
) -> None:
    with connected(served.directory_url, ca=served.certificate) as client:
        client.register()
        assert_refused(served, lambda: client.order(identifiers), Step.ORDER, kind, 400)
        both = [permanent_identifier(mac.serial_number), *identifiers]
        assert_refused(served, lambda: client.order(both), Step.ORDER, kind, 400)
        client.order([permanent_identifier(mac.serial_number)])
