"""The simulated device enrols at a real acme2certifier, or is refused with the right problem.

Each refusal has its neighbour: the same device and identifier, mended, which is accepted.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

pytest.importorskip("acme.client", reason="needs the packages of the dependency group 'examples'")

from acme import messages
from acme2certifier_server import CA, running
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from device_client import (
    DeviceClient,
    Issued,
    Payload,
    Refused,
    Step,
    connected,
    enrol,
    hardware_module,
    permanent_identifier,
)

from appleattest import acme
from appleattest.testing import AttestationAuthority, DeviceModel, KeyKind, SimulatedDevice
from appleattest.testing.device import ChallengeAnswer, Compromise, Relays, Replays
from appleattest.testing.overriding import override

AUTHORITY: Final = AttestationAuthority("tests of acme2certifier")
STRANGER: Final = AttestationAuthority("another root, whose names are the same")
NO_FILE: Final = Path("no TLS, so no file of certificates")
ERROR: Final = "urn:ietf:params:acme:error:"
SHARED: Final = DeviceModel.mac(900)
MODULE: Final = "0102/1.3.6.1.4.1.32473.1"
LONGEST: Final = 128 * 1024
_NUMBERS: Final = count(1)
_MAKERS: Final = (DeviceModel.mac, DeviceModel.iphone, DeviceModel.apple_watch)


def names_of(model: DeviceModel) -> tuple[str, str]:
    """The serial number, and the UDID that Apple attests."""
    properties = model.properties()
    assert properties.udid is not None
    return model.serial_number, properties.udid


def admitted() -> dict[str, dict[str, list[str]]]:
    """Who may enrol: the first devices of each kind, by both names, and some special ones."""
    models = [make(number) for make in _MAKERS for number in range(1, 60)]
    names = {name for model in models for name in names_of(model)}
    code = {"code-7": [DeviceModel.mac(901).serial_number, SHARED.serial_number]}
    own: dict[str, list[str]] = {SHARED.serial_number: []}
    return {
        "permanent-identifier": {**{name: [] for name in sorted(names)}, **code, **own},
        "hardware-module": {MODULE: [SHARED.serial_number]},
    }


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("acme2certifier")
    with running(folder, AUTHORITY.root, admitted()) as url:
        yield url


@pytest.fixture
def mac() -> DeviceModel:
    """A Mac that no other test has, which is admitted by its serial number."""
    return DeviceModel.mac(next(_NUMBERS))


def now() -> datetime:
    return datetime.now(UTC)


def device(
    model: DeviceModel, *compromises: Compromise, authority: AttestationAuthority = AUTHORITY
) -> SimulatedDevice:
    return SimulatedDevice(authority, model, clock=now, compromises=compromises)


def enrolled(
    directory: str,
    played: SimulatedDevice,
    identifier: str | None = None,
    *,
    key_size: int = 384,
    request: Callable[[ChallengeAnswer], bytes] | None = None,
) -> Issued:
    wanted = identifier or played.model.serial_number
    return enrol(directory, played, wanted, ca=NO_FILE, key_size=key_size, request=request)


def problem_of(call: Callable[[], object], step: Step) -> messages.Error:
    """The problem with which the call is refused at this step; it names no device."""
    with pytest.raises(Refused) as refusal:
        call()
    assert refusal.value.step is step
    said = json.dumps(refusal.value.problem.to_json())
    assert [
        number for number in range(1, 60) if DeviceModel.mac(number).serial_number in said
    ] == []
    return refusal.value.problem


def assert_refused(call: Callable[[], object], step: Step, kind: str, said: str) -> None:
    problem = problem_of(call, step)
    assert problem.typ == ERROR + kind
    assert said in (problem.detail or "")


def answered(
    client: DeviceClient, played: SimulatedDevice
) -> tuple[messages.Order, ChallengeAnswer]:
    """An order whose challenge is valid."""
    client.register()
    order = client.order([permanent_identifier(played.model.serial_number)])
    challenge = client.challenge(order)
    answer = played.answer_challenge(challenge.token)
    client.respond(challenge, answer.response)
    return order, answer


# --- accepted -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key_size", [256, 384])
@pytest.mark.parametrize("named_by", ["serial_number", "udid"])
@pytest.mark.parametrize("make", _MAKERS)
def test_a_device_enrols(
    directory: str, make: Callable[[int], DeviceModel], named_by: str, key_size: int
) -> None:
    model = make(next(_NUMBERS))
    identifier: str = getattr(model.properties(), named_by)
    issued = enrolled(directory, device(model), identifier, key_size=key_size)
    assert issued.certificate.public_key() == issued.answer.public_key
    assert issued.answer.public_key.key_size == key_size
    assert issued.certificate.subject.rfc4514_string() == f"CN={identifier}"


def test_the_certificate_is_what_its_ca_handler_makes(directory: str, mac: DeviceModel) -> None:
    certificate, issuer = enrolled(directory, device(mac)).chain
    assert issuer == CA.intermediate
    certificate.verify_directly_issued_by(issuer)
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert timedelta(days=29) < lifetime <= timedelta(days=30)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_an_identifier_that_the_request_shows_is_issued(directory: str, mac: DeviceModel) -> None:
    name = acme.PermanentIdentifier(mac.serial_number).other_name()

    def request(answer: ChallengeAnswer) -> bytes:
        return answer.certificate_request(x509.Name([]), alternative_names=[name])

    certificate = enrolled(directory, device(mac), request=request).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [name]


def test_a_code_is_for_the_devices_that_it_is_admitted_with(
    directory: str, mac: DeviceModel
) -> None:
    assert_refused(
        lambda: enrolled(directory, device(mac), "code-7"),
        Step.CHALLENGE,
        "badAttestationStatement",
        "identifier-mismatch",
    )
    issued = enrolled(directory, device(SHARED), "code-7")
    assert issued.certificate.subject.rfc4514_string() == "CN=code-7"


def test_a_hardware_module_is_ordered(directory: str) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        order = client.order([hardware_module(MODULE)])
        challenge = client.challenge(order)
        answer = device(SHARED).answer_challenge(challenge.token, key_size=256)
        client.respond(challenge, answer.response)
        name = acme.identifier_from_dict({"type": "hardware-module", "value": MODULE}).other_name()
        request = answer.certificate_request(x509.Name([]), alternative_names=[name])
        leaf, _ = client.download(client.finalize(order, request))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [name]


# --- refused at newOrder ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "kind", "said"),
    [
        pytest.param(
            [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="a.example")],
            "unsupportedIdentifier",
            "unsupported-identifier",
            id="dns",
        ),
        pytest.param([permanent_identifier("")], "malformed", "malformed-identifier", id="empty"),
        pytest.param(
            [permanent_identifier("EXAMPLE001"), permanent_identifier("EXAMPLE002")],
            "rejectedIdentifier",
            "one identifier for an order",
            id="two",
        ),
    ],
)
def test_an_order_for_anything_else_is_refused(
    directory: str, mac: DeviceModel, wanted: list[messages.Identifier], kind: str, said: str
) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        assert_refused(lambda: client.order(wanted), Step.ORDER, kind, said)
        assert client.order([permanent_identifier(mac.serial_number)]).authorizations


@pytest.mark.parametrize("payload", [b'{"identifiers": []}', b"{}", b"[]", b'"text"', b""])
def test_an_order_for_nothing_is_refused(directory: str, payload: bytes) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        url = client._acme.directory["newOrder"]
        with pytest.raises(messages.Error) as refusal:
            client._post(url, Payload(payload))
        assert refusal.value.typ == ERROR + "malformed"
        accepted = b'{"identifiers": [{"type": "permanent-identifier", "value": "EXAMPLE001"}]}'
        assert client._post(url, Payload(accepted))["status"] == "pending"


def test_a_problem_keeps_its_subproblems(directory: str) -> None:
    dns = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="a.example")
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        problem = problem_of(lambda: client.order([dns]), Step.ORDER)
    assert [each.typ for each in problem.subproblems or ()] == [ERROR + "unsupportedIdentifier"]


# --- refused at the challenge -------------------------------------------------------------------


def replayed(model: DeviceModel) -> Compromise:
    earlier = device(model).answer_challenge("the-token-of-an-earlier-challenge")
    return Replays(earlier.attestation_object)


@pytest.mark.parametrize(
    ("dishonest", "reason"),
    [
        pytest.param(lambda model: device(model, authority=STRANGER), "bad-signature", id="forged"),
        pytest.param(
            lambda model: device(model, Relays(device(DeviceModel.mac(800)))),
            "identifier-mismatch",
            id="another-device",
        ),
        pytest.param(
            lambda model: device(model, replayed(model)), "freshness-mismatch", id="replayed"
        ),
    ],
)
def test_a_dishonest_answer_is_refused(
    directory: str,
    mac: DeviceModel,
    dishonest: Callable[[DeviceModel], SimulatedDevice],
    reason: str,
) -> None:
    assert_refused(
        lambda: enrolled(directory, dishonest(mac)),
        Step.CHALLENGE,
        "badAttestationStatement",
        reason,
    )
    enrolled(directory, device(mac))


def test_a_challenge_is_answered_once(directory: str, mac: DeviceModel) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        order = client.order([permanent_identifier(mac.serial_number)])
        challenge = client.challenge(order)
        honest = device(mac).answer_challenge(challenge.token)
        late = device(mac, replayed(mac)).answer_challenge(challenge.token)
        for answer in (late, honest):
            assert_refused(
                partial(client.respond, challenge, answer.response),
                Step.CHALLENGE,
                "badAttestationStatement",
                "freshness-mismatch",
            )
        base, _, name = challenge.uri.rpartition("/")
        found = client._post(f"{base}/{name.swapcase()}", Payload(honest.response))
        assert found["status"] == "invalid"
        assert_refused(
            lambda: client.finalize(order, honest.certificate_request(mac.serial_number)),
            Step.FINALIZE,
            "orderNotReady",
            "",
        )
    enrolled(directory, device(mac))


def test_asking_how_a_challenge_is_does_not_answer_it(directory: str, mac: DeviceModel) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        order = client.order([permanent_identifier(mac.serial_number)])
        challenge = client.challenge(order)
        asked = client._post(challenge.uri)
        assert asked["status"] == "pending"
        client.respond(challenge, device(mac).answer_challenge(challenge.token).response)


# --- refused at finalize ------------------------------------------------------------------------


def test_a_request_for_another_key_is_refused_and_may_be_mended(
    directory: str, mac: DeviceModel
) -> None:
    with connected(directory, ca=NO_FILE) as client:
        order, answer = answered(client, device(mac))
        another = replace(answer, private_key=ec.generate_private_key(ec.SECP384R1()))
        requests = {
            "key-mismatch": another.certificate_request(mac.serial_number),
            "identifier-mismatch": answer.certificate_request("SOMEBODY02"),
            "unexpected-name": answer.certificate_request(
                mac.serial_number, alternative_names=[x509.DNSName("a.example")]
            ),
            "malformed": b"",
        }
        for reason, request in requests.items():
            assert_refused(
                partial(client.finalize, order, request),
                Step.FINALIZE,
                "badCSR",
                reason,
            )
        finalized = client.finalize(order, answer.certificate_request(mac.serial_number))
        leaf, _ = client.download(finalized)
    assert leaf.public_key() == answer.public_key


def test_a_device_that_is_not_admitted_is_told_so_at_the_end(directory: str) -> None:
    stranger = DeviceModel.mac(700)
    assert_refused(
        lambda: enrolled(directory, device(stranger)),
        Step.FINALIZE,
        "rejectedIdentifier",
        "not admitted here",
    )
    enrolled(directory, device(DeviceModel.mac(next(_NUMBERS))))


class KeepsItsKey(Compromise):
    """Has one key attested again and again, where a device makes a new one each time."""

    def __init__(self, model: DeviceModel) -> None:
        self.model = model
        self.key = AUTHORITY.keys.ec("kept", KeyKind.P384)

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        chain = AUTHORITY.attest(
            public_key=self.key.public_key(),
            properties=self.model.properties(),
            freshness_code=hashlib.sha256(token.encode()).digest(),
            at=now(),
        )
        return replace(answer, private_key=self.key, chain=tuple(chain))


def test_a_key_gets_one_certificate(directory: str, mac: DeviceModel) -> None:
    frugal = device(mac, KeepsItsKey(mac))
    enrolled(directory, frugal)
    assert_refused(
        lambda: enrolled(directory, frugal),
        Step.FINALIZE,
        "badCSR",
        "a certificate was ordered for this key before",
    )
    enrolled(directory, device(mac))


def test_nothing_is_issued_before_the_device_has_answered(directory: str, mac: DeviceModel) -> None:
    with connected(directory, ca=NO_FILE) as client:
        client.register()
        order = client.order([permanent_identifier(mac.serial_number)])
        challenge = client.challenge(order)
        answer = device(mac).answer_challenge(challenge.token)
        request = answer.certificate_request(mac.serial_number)
        assert_refused(lambda: client.finalize(order, request), Step.FINALIZE, "orderNotReady", "")
        client.respond(challenge, answer.response)
        client.download(client.finalize(order, request))


def test_whoever_lost_the_answer_to_finalize_asks_for_the_order(
    directory: str, mac: DeviceModel
) -> None:
    with connected(directory, ca=NO_FILE) as client:
        order, answer = answered(client, device(mac))
        request = answer.certificate_request(mac.serial_number)
        client.finalize(order, request)
        assert_refused(lambda: client.finalize(order, request), Step.FINALIZE, "orderNotReady", "")
        found = client._post(order.finalize.removesuffix("/finalize"))
        assert found["status"] == "valid"
        leaf, _ = client.download(messages.Order.from_json(found))
    assert leaf.public_key() == answer.public_key


def test_no_setting_replaces_the_answer_of_the_device(tmp_path: Path) -> None:
    """This one makes every authorization valid at once, as a simulation of another server."""
    mac = DeviceModel.mac(1)
    simulating = "\n[Challenge]\nsectigo_sim: True\n"
    with (
        running(tmp_path, AUTHORITY.root, admitted(), simulating) as url,
        connected(url, ca=NO_FILE) as client,
    ):
        client.register()
        order = client.order([permanent_identifier(mac.serial_number)])
        challenge = client.challenge(order)
        answer = device(mac).answer_challenge(challenge.token)
        request = answer.certificate_request(mac.serial_number)
        assert_refused(
            lambda: client.finalize(order, request),
            Step.FINALIZE,
            "orderNotReady",
            "no device has answered",
        )
        client.respond(challenge, answer.response)
        client.download(client.finalize(order, request))


@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"{}"])
def test_a_finalize_without_a_request_is_refused_and_may_be_mended(
    directory: str, mac: DeviceModel, payload: bytes
) -> None:
    with connected(directory, ca=NO_FILE) as client:
        order, answer = answered(client, device(mac))
        with pytest.raises(messages.Error) as refusal:
            client._post(order.finalize, Payload(payload))
        assert refusal.value.typ == ERROR + "badCSR"
        client.download(client.finalize(order, answer.certificate_request(mac.serial_number)))


# --- the application ----------------------------------------------------------------------------


def posted(url: str, body: bytes, method: str = "POST") -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, data=body or None, method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("resource", ["neworders", "order/a", "authz/a", "chall/a"])
def test_our_resources_are_posted_to(directory: str, resource: str) -> None:
    url = f"{directory.removesuffix('/directory')}/acme/{resource}"
    assert posted(url, b"", "GET")[0] == 405
    status, document = posted(url, b"{}")
    assert (status, document["type"]) == (400, ERROR + "malformed")


@pytest.mark.parametrize("path", ["neworders%0a", "chall/%25", "order/a_b", "cert/%25"])
def test_odd_names_reach_no_class_of_acme2certifier(directory: str, path: str) -> None:
    status, document = posted(f"{directory.removesuffix('/directory')}/acme/{path}", b"{}")
    assert (status, document["type"]) == (404, ERROR + "malformed")


@pytest.mark.parametrize(("octets", "status"), [(LONGEST, 400), (LONGEST + 1, 413)])
def test_the_length_of_a_request_is_bounded(directory: str, octets: int, status: int) -> None:
    """The longer one is refused before its body has been sent."""
    connection = HTTPConnection(urlsplit(directory).netloc, timeout=20)
    with closing(connection):
        connection.putrequest("POST", "/acme/neworders")
        connection.putheader("Content-Length", str(octets))
        connection.endheaders(b" " * octets if status == 400 else None)
        assert connection.getresponse().status == status
