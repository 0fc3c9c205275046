"""Simulated devices enrol at a stock django-ca with the app of examples/django_ca beside it.

Each refusal has its neighbour: the same device, or the same order, mended, which is accepted.
The last tests show where django-ca alone stops, which the README there tells its maintainers.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("acme.client", reason="needs the packages of the dependency group 'examples'")

from acme import messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
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
from peers import free_port, serving

from appleattest import acme
from appleattest.testing import AttestationAuthority, DeviceModel, SimulatedDevice, chains
from appleattest.testing.device import ChallengeAnswer, Compromise, Relays, Replays
from appleattest.testing.overriding import override

ROOT: Final = Path(__file__).resolve().parents[2]
PROJECT: Final = ROOT / "examples" / "django_ca"
PYTHON: Final = ROOT / ".servers" / "django_ca" / "bin" / "python"
AUTHORITY: Final = AttestationAuthority("tests of django-ca")
NO_CA: Final = Path(os.devnull)
"""The tests speak HTTP on the loopback interface: no certificate is looked at."""

BAD_STATEMENT: Final = "badAttestationStatement"
_NUMBERS: Final = count(1)


@dataclass(frozen=True)
class Server:
    """One database, with a CA in it: `run` gives commands, `directory_url` is what it serves."""

    home: Path
    directory_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "DEVICE_CA_HOME": str(self.home),
            "DEVICE_CA_SECRET": "of the tests",
            "DEVICE_CA_HOSTS": "127.0.0.1",
            "DEVICE_CA_ALSO_TRUST": str(self.home / "root.pem"),
        }

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=PROJECT,
            env={**self.environment, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, program: str) -> Any:
        """What the program, which has Django and its models, prints as JSON."""
        return json.loads(self.run("shell", "-v0", "-c", program))


@contextmanager
def served(server: Server, urls: str) -> Iterator[Server]:
    """The server, with these URLs, until the end of the context."""
    port = free_port()
    command: list[str | Path] = [PYTHON, PROJECT / "manage.py", "runserver", "--noreload"]
    command.append(f"127.0.0.1:{port}")
    environment = {**server.environment, "DEVICE_CA_URLS": urls, "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(command, port=port, folder=server.home, environment=environment):
        yield replace(server, directory_url=f"http://127.0.0.1:{port}/django_ca/acme/directory/")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Server:
    if not PYTHON.exists():
        pytest.skip("django-ca is not installed here: run make servers")
    server = Server(tmp_path_factory.mktemp("django_ca"))
    (server.home / "root.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    server.run("migrate", "-v0")
    options = ["--key-type", "EC", "--acme-enable", "--acme-contact-optional"]
    server.run("init_ca", *options, "--acme-profile", "client", "Devices", "CN=Example Device CA")
    return server


@pytest.fixture(scope="module")
def server(database: Server) -> Iterator[Server]:
    with served(database, "device_ca.urls") as running:
        yield running


@pytest.fixture(scope="module")
def stock(database: Server) -> Iterator[Server]:
    """The same database, behind django-ca's own URLs."""
    with served(database, "device_ca.stock_urls") as running:
        yield running


@pytest.fixture
def mac(database: Server) -> DeviceModel:
    """A Mac that no other test has, and that is admitted by its serial number."""
    model = another()
    admit(database, model.serial_number)
    return model


def another() -> DeviceModel:
    return DeviceModel.mac(next(_NUMBERS))


def admit(database: Server, identifier: str, *devices: str) -> None:
    database.run("admit", identifier, *devices)


def device(model: DeviceModel, *compromises: Compromise) -> SimulatedDevice:
    return SimulatedDevice(
        AUTHORITY, model, clock=lambda: datetime.now(UTC), compromises=compromises
    )


def enrolled(server: Server, device: SimulatedDevice, identifier: str | None = None) -> Issued:
    identifier = identifier or device.model.serial_number
    return enrol(server.directory_url, device, identifier, ca=NO_CA)


@contextmanager
def refused(step: Step, kind: str, *texts: str) -> Iterator[None]:
    """What is within is refused at this step with this problem, whose detail has these texts."""
    with pytest.raises(Refused) as refusal:
        yield
    problem = refusal.value.problem
    expected = (step, f"urn:ietf:params:acme:error:{kind}")
    assert (refusal.value.step, problem.typ) == expected, problem
    assert [text for text in texts if text not in (problem.detail or "")] == []
    models = [DeviceModel.mac(number) for number in range(1, next(_NUMBERS))]
    told = json.dumps(problem.to_json())
    names = [(each.serial_number, str(each.properties().udid)) for each in models]
    assert [each for pair in names for each in pair if each in told] == []


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


# --- accepted -----------------------------------------------------------------------------------


@pytest.mark.parametrize("named_by", ["serial_number", "udid"])
def test_a_device_enrols(server: Server, named_by: str) -> None:
    model = another()
    identifier: str = getattr(model.properties(), named_by)
    admit(server, identifier)
    certificate, issuer = (issued := enrolled(server, device(model), identifier)).chain
    certificate.verify_directly_issued_by(issuer)
    assert certificate.public_key() == issued.answer.public_key
    assert certificate.subject.rfc4514_string() == f"CN={identifier}"
    found = certificate.extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [acme.PermanentIdentifier(identifier).other_name()]
    purposes = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not found.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_a_code_is_redeemed_by_one_of_its_devices(server: Server, mac: DeviceModel) -> None:
    code = f"code-for-{mac.serial_number}"
    admit(server, code, another().serial_number, str(mac.properties().udid))
    with refused(Step.CHALLENGE, BAD_STATEMENT, "identifier-mismatch"):
        enrolled(server, device(another()), code)
    enrolled(server, device(mac), code)


def test_an_order_for_a_domain_is_still_django_ca_s(server: Server) -> None:
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        domain = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="host.example")
        order = client.order([domain])
        (url,) = order.authorizations
        authorization = client._post(url)
    assert authorization["identifier"] == {"type": "dns", "value": "host.example"}
    offered = {each["type"] for each in authorization["challenges"]}
    assert offered == {"http-01", "dns-01"}


def test_a_certificate_is_revoked_by_its_account(server: Server, mac: DeviceModel) -> None:
    """What django-ca does for its own certificates, it does for a device's."""
    with connected(server.directory_url, ca=NO_CA) as client:
        order, answer = answered(client, device(mac))
        request = answer.certificate_request(mac.serial_number)
        certificate, _ = client.download(client.finalize(order, request))
        client._acme.revoke(certificate, 0)
    revoked = server.query(REVOKED)
    assert f"{certificate.serial_number:X}" in revoked


REVOKED: Final = """
import json
from django_ca.models import Certificate
print(json.dumps([each.serial for each in Certificate.objects.filter(revoked=True)]))
"""


# --- refused ------------------------------------------------------------------------------------


class Forges(Compromise):
    """Has a chain of Apple's shape made by somebody who is not Apple."""

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        chain = chains.impostor(AUTHORITY).attest(
            public_key=answer.public_key, freshness_code=hashlib.sha256(token.encode()).digest()
        )
        return replace(answer, chain=tuple(chain))


def stale(mac: DeviceModel) -> Compromise:
    earlier = device(mac).answer_challenge("the-token-of-another-challenge")
    return Replays(earlier.attestation_object)


@pytest.mark.parametrize(
    ("compromise", "reason"),
    [
        pytest.param(lambda _: Forges(), "bad-signature", id="forged"),
        pytest.param(stale, "freshness-mismatch", id="stale"),
        pytest.param(lambda _: Relays(device(another())), "identifier-mismatch", id="another"),
    ],
)
def test_an_attestation_is_refused(
    server: Server,
    mac: DeviceModel,
    compromise: Callable[[DeviceModel], Compromise],
    reason: str,
) -> None:
    with refused(Step.CHALLENGE, BAD_STATEMENT, reason):
        enrolled(server, device(mac, compromise(mac)))
    enrolled(server, device(mac))


def test_a_token_is_answered_once(server: Server, mac: DeviceModel) -> None:
    """A refused challenge stays refused, and its token opens no other challenge."""
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        first, second = (
            client.challenge(client.order([permanent_identifier(mac.serial_number)]))
            for _ in range(2)
        )
        assert first.token != second.token
        honest = device(mac).answer_challenge(first.token)
        with refused(Step.CHALLENGE, BAD_STATEMENT, "no-attestation"):
            client.respond(first, b"{}")
        with refused(Step.CHALLENGE, BAD_STATEMENT, "no-attestation"):
            client.respond(first, honest.response)
        with refused(Step.CHALLENGE, BAD_STATEMENT, "freshness-mismatch"):
            client.respond(second, honest.response)
    enrolled(server, device(mac))


def for_another_key(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    stranger = replace(answer, private_key=ec.generate_private_key(ec.SECP384R1()))
    return stranger.certificate_request(mac.serial_number)


def for_another_device(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    return answer.certificate_request(another().serial_number)


def with_another_name(answer: ChallengeAnswer, mac: DeviceModel) -> bytes:
    names = [x509.DNSName("server.example")]
    return answer.certificate_request(mac.serial_number, alternative_names=names)


@pytest.mark.parametrize(
    ("request_for", "reason"),
    [
        (for_another_key, "key-mismatch"),
        (for_another_device, "identifier-mismatch"),
        (with_another_name, "unexpected-name"),
    ],
)
def test_a_certificate_request_is_refused_and_a_better_one_accepted(
    server: Server,
    mac: DeviceModel,
    request_for: Callable[[ChallengeAnswer, DeviceModel], bytes],
    reason: str,
) -> None:
    with connected(server.directory_url, ca=NO_CA) as client:
        order, answer = answered(client, device(mac))
        with refused(Step.FINALIZE, "badCSR", reason):
            client.finalize(order, request_for(answer, mac))
        request = answer.certificate_request(mac.serial_number)
        issued = client.download(client.finalize(order, request))
        assert client.download(client.finalize(order, request)) == issued  # its answer was lost


def test_finalize_waits_for_the_challenge(server: Server, mac: DeviceModel) -> None:
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        order = client.order([permanent_identifier(mac.serial_number)])
        challenge = client.challenge(order)
        answer = device(mac).answer_challenge(challenge.token)
        request = answer.certificate_request(mac.serial_number)
        with refused(Step.FINALIZE, "orderNotReady"):
            client.finalize(order, request)
        client.respond(challenge, answer.response)
        client.finalize(order, request)


def test_a_key_is_certified_once(server: Server, mac: DeviceModel) -> None:
    enrolled(server, first := device(mac))
    with connected(server.directory_url, ca=NO_CA) as client:
        # Another simulation of the same device begins with the same keys.
        order, answer = answered(client, device(mac))
        with refused(Step.FINALIZE, "badCSR", "for this key before"):
            client.finalize(order, answer.certificate_request(mac.serial_number))
    enrolled(server, first)


def test_a_device_that_is_not_admitted_is_refused(server: Server) -> None:
    model = another()
    with connected(server.directory_url, ca=NO_CA) as client:
        order, answer = answered(client, device(model))
        request = answer.certificate_request(model.serial_number)
        with refused(Step.FINALIZE, "rejectedIdentifier", "not admitted"):
            client.finalize(order, request)
        admit(server, model.serial_number)
        client.finalize(order, request)


EMAIL: Final = messages.IdentifierType("email")


def test_an_order_is_refused_and_a_better_one_accepted(server: Server, mac: DeviceModel) -> None:
    identifier = permanent_identifier(mac.serial_number)
    email = messages.Identifier(typ=EMAIL, value="somebody@host.example")
    domain = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="host.example")
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        for unsupported in ([email], [identifier, email], [identifier, domain]):
            with refused(Step.ORDER, "unsupportedIdentifier"):
                client.order(unsupported)
        with refused(Step.ORDER, "rejectedIdentifier", "one identifier"):
            client.order([identifier, permanent_identifier("another")])
        with refused(Step.ORDER, "malformed"):
            client.order([permanent_identifier("")])
        assert client.order([identifier]).status == messages.STATUS_PENDING


def test_no_device_is_a_hardware_module(server: Server, mac: DeviceModel) -> None:
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        with refused(Step.ORDER, "malformed"):
            client.order([hardware_module(mac.serial_number)])
        client.order([permanent_identifier(mac.serial_number)])


def test_an_order_is_its_account_s(server: Server, mac: DeviceModel) -> None:
    with (
        connected(server.directory_url, ca=NO_CA) as owner,
        connected(server.directory_url, ca=NO_CA) as stranger,
    ):
        order, answer = answered(owner, device(mac))
        stranger.register()
        request = answer.certificate_request(mac.serial_number)
        with refused(Step.FINALIZE, "unauthorized"):
            stranger.finalize(order, request)
        with refused(Step.AUTHORIZATION, "unauthorized"):
            stranger.challenge(order)
        owner.finalize(order, request)


# --- where django-ca alone stops ----------------------------------------------------------------


def test_stock_views_read_no_order_for_a_device(
    stock: Server, server: Server, mac: DeviceModel
) -> None:
    identifier = permanent_identifier(mac.serial_number)
    with connected(stock.directory_url, ca=NO_CA) as client:
        client.register()
        with pytest.raises(Refused) as refusal:
            client.order([identifier])
    assert refusal.value.step == Step.ORDER
    assert refusal.value.problem.typ == "urn:ietf:params:acme:error:malformed"
    assert "identifiers" in (refusal.value.problem.detail or "")
    with connected(server.directory_url, ca=NO_CA) as client:
        client.register()
        client.order([identifier])


def test_stock_views_certify_nothing_for_a_device(
    stock: Server, server: Server, mac: DeviceModel
) -> None:
    """Were both served from one database, an order that a device has made ready stays safe."""
    with (
        connected(server.directory_url, ca=NO_CA) as client,
        connected(stock.directory_url, ca=NO_CA) as at_stock,
    ):
        order, answer = answered(client, device(mac))
        request = answer.certificate_request(mac.serial_number)
        at_stock._network.key, at_stock._network.account = (
            client._network.key,
            client._network.account,
        )
        finalize = order.finalize.replace(origin(server), origin(stock))
        with refused(Step.FINALIZE, "serverInternal"):
            at_stock.finalize(order.update(finalize=finalize), request)
        client.finalize(order, request)


def origin(server: Server) -> str:
    return server.directory_url.partition("/django_ca/")[0]


OBSTACLES: Final = """
import json
from django_ca.acme.responses import AcmeResponseError
from django_ca.models import AcmeAuthorization, AcmeChallenge

def refuses(attempt):
    try:
        attempt()
    except ValueError as error:
        return str(error)

device = AcmeAuthorization(type="permanent-identifier", value="EXAMPLE001")
challenge = AcmeChallenge(type="device-attest-01")
models = (AcmeAuthorization, AcmeChallenge)
print(json.dumps({
    "room": [model._meta.get_field("type").max_length for model in models],
    "refusals": [
        refuses(lambda: device.identifier),
        refuses(lambda: device.general_name),
        refuses(lambda: challenge.acme_challenge),
        refuses(lambda: AcmeResponseError(code="badAttestationStatement")),
        refuses(lambda: AcmeResponseError(code="badCSR")),
    ],
}))
"""


def test_the_models_have_no_room_for_another_type(database: Server) -> None:
    found = database.query(OBSTACLES)
    authorization, challenge = found["room"]
    assert authorization < len("permanent-identifier")
    assert challenge < len(acme.CHALLENGE_TYPE)
    assert found["refusals"] == [
        "Unknown identifier type: permanent-identifier",
        "permanent-identifier: Unsupported type.",
        "device-attest-01: Unsupported challenge type.",
        "badAttestationStatement: Invalid error code.",
        None,
    ]


def test_the_migrations_are_those_of_the_models(database: Server) -> None:
    database.run("makemigrations", "--check", "device_attestation")
    database.run("check", "--fail-level", "ERROR")
