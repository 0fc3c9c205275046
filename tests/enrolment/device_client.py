"""Apple's ACME client, as a simulated device plays it, on top of the library that certbot uses.

    issued = enrol(directory_url, device, "C02XXXXXXX", ca=ca_file)
    with pytest.raises(Refused) as refusal: ...

`acme` brings directory, nonces, JWS and account; it knows no `device-attest-01` and no
`permanent-identifier`, which are here. The steps are those of Apple's client: a new ES256 account
key for each request, no external account binding, one permanent-identifier, one attestation
object, a CSR signed with SHA-256, and no polling: every answer must come at once.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

pytest.importorskip("acme.client", reason="needs the packages of the dependency group 'examples'")

from acme import challenges, messages
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.interfaces import JSONDeSerializable
from josepy.json_util import field
from josepy.jwa import ES256
from josepy.jwk import JWKEC

if TYPE_CHECKING:
    from appleattest.testing import SimulatedDevice
    from appleattest.testing.device import ChallengeAnswer

SECONDS: Final = 20
"""How long a server may take for one answer."""

PERMANENT_IDENTIFIER: Final = messages.IdentifierType("permanent-identifier")
HARDWARE_MODULE: Final = messages.IdentifierType("hardware-module")


@challenges.Challenge.register
class DeviceAttest01(challenges.Challenge):
    """The challenge, with its token as the text that the device hashes."""

    typ = "device-attest-01"
    token: str = field("token")


class Step(StrEnum):
    """A step of the protocol at which a server may refuse."""

    ACCOUNT = "newAccount"
    ORDER = "newOrder"
    AUTHORIZATION = "authorization"
    CHALLENGE = "challenge"
    FINALIZE = "finalize"
    CERTIFICATE = "certificate"


class Refused(Exception):
    """The server's problem document (RFC 7807), and the step that it answers.

    `problem.typ` is the type's URN; `detail`, `identifier` and `subproblems` are as sent.
    """

    def __init__(self, step: Step, problem: messages.Error) -> None:
        super().__init__(f"{step}: {problem}")
        self.step = step
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Issued:
    """What an enrolment ended with: the certificates, leaf first, and what the device answered."""

    chain: tuple[x509.Certificate, ...]
    answer: ChallengeAnswer

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the device."""
        return self.chain[0]


class Payload(JSONDeSerializable):
    """A payload whose octets are signed as they are given: JSON, or whatever a test puts there."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def json_dumps(self, **kwargs: Any) -> str:
        return self.octets.decode()

    def to_partial_json(self) -> Any:
        raise NotImplementedError("sent as it is")

    @classmethod
    def from_json(cls, jobj: object) -> Payload:
        raise NotImplementedError("only sent")


class DeviceClient:
    """One enrolment: one account with a key of its own, and the requests in Apple's order.

    Each method is one step. A problem is raised as `Refused`, anything that the protocol does not
    know as the exception of `acme`.
    """

    def __init__(self, directory_url: str, *, ca: Path) -> None:
        key = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
        network = ClientNetwork(
            key,
            alg=ES256,
            verify_ssl=str(ca),  # type: ignore[arg-type] # requests takes a file of certificates
            user_agent="appleattest tests",
            timeout=SECONDS,
        )
        network.session.trust_env = False
        self._network = network
        self._acme = ClientV2(ClientV2.get_directory(directory_url, network), network)

    def close(self) -> None:
        self._network.session.close()

    def register(self) -> None:
        """Make the account."""
        wanted = messages.NewRegistration.from_data(terms_of_service_agreed=True)
        with _at(Step.ACCOUNT):
            self._acme.new_account(wanted)

    def order(self, identifiers: Sequence[messages.Identifier]) -> messages.Order:
        """Order a certificate for the identifiers: Apple's client has exactly one."""
        with _at(Step.ORDER):
            found = self._post(
                self._acme.directory["newOrder"], messages.NewOrder(identifiers=list(identifiers))
            )
        order: messages.Order = messages.Order.from_json(found)
        return order

    def challenge(self, order: messages.Order) -> messages.ChallengeBody:
        """Fetch the one authorization of the order, and of its challenges the one to answer."""
        with _at(Step.AUTHORIZATION):
            (authorization,) = order.authorizations
            found = messages.Authorization.from_json(self._post(authorization))
        challenge: messages.ChallengeBody
        (challenge,) = (c for c in found.challenges if isinstance(c.chall, DeviceAttest01))
        return challenge

    def respond(self, challenge: messages.ChallengeBody, response: bytes) -> None:
        """Answer the challenge, which must be valid at once."""
        with _at(Step.CHALLENGE):
            found = messages.ChallengeBody.from_json(self._post(challenge.uri, Payload(response)))
            _done(found.status, found.error)

    def finalize(self, order: messages.Order, csr: bytes) -> messages.Order:
        """Send the CSR in DER; the certificate must be there at once."""
        encoded = base64.urlsafe_b64encode(csr).rstrip(b"=")
        payload = Payload(b'{"csr": "%s"}' % encoded)
        with _at(Step.FINALIZE):
            finalized: messages.Order = messages.Order.from_json(
                self._post(order.finalize, payload)
            )
            _done(finalized.status, finalized.error)
        return finalized

    def download(self, order: messages.Order) -> tuple[x509.Certificate, ...]:
        """Fetch the chain of the finalized order, leaf first."""
        assert order.certificate is not None
        with _at(Step.CERTIFICATE):
            sent = self._acme.net.post(
                order.certificate,
                None,
                new_nonce_url=self._acme.directory["newNonce"],
                headers={
                    "Content-Type": ClientNetwork.JOSE_CONTENT_TYPE,
                    "Accept": "application/pem-certificate-chain",
                },
            )
        return tuple(x509.load_pem_x509_certificates(sent.content))

    def _post(self, url: str, payload: JSONDeSerializable | None = None) -> dict[str, Any]:
        """Post a payload, or POST-as-GET; return the JSON of the answer."""
        sent = self._acme.net.post(url, payload, new_nonce_url=self._acme.directory["newNonce"])
        answer: dict[str, Any] = sent.json()
        return answer


def permanent_identifier(value: str) -> messages.Identifier:
    return messages.Identifier(typ=PERMANENT_IDENTIFIER, value=value)


def hardware_module(value: str) -> messages.Identifier:
    return messages.Identifier(typ=HARDWARE_MODULE, value=value)


@contextmanager
def connected(directory_url: str, *, ca: Path) -> Iterator[DeviceClient]:
    """A client, without an account as yet, whose connections are closed afterwards."""
    client = DeviceClient(directory_url, ca=ca)
    try:
        yield client
    finally:
        client.close()


def enrol(
    directory_url: str,
    device: SimulatedDevice,
    client_identifier: str,
    *,
    ca: Path,
    key_size: int = 384,
    attest: bool = True,
    respond: Callable[[ChallengeAnswer], bytes] | None = None,
    request: Callable[[ChallengeAnswer], bytes] | None = None,
) -> Issued:
    """Enrol the device as its profile's `com.apple.security.acme` payload says.

    `client_identifier`, `key_size` and `attest` are the payload's `ClientIdentifier`, `KeySize` and
    `Attest`; the subject is the identifier as common name. `ca` is a file of PEM certificates that
    the server's TLS certificate must lead to. Dishonesty is given to the device as a compromise;
    for the rest `respond` chooses the JSON of the challenge response and `request` the CSR in DER,
    from what the device would have answered. Raises `Refused` where the server refuses.
    """
    with connected(directory_url, ca=ca) as client:
        client.register()
        order = client.order([permanent_identifier(client_identifier)])
        challenge = client.challenge(order)
        answer = device.answer_challenge(challenge.token, key_size=key_size, attest=attest)
        client.respond(challenge, answer.response if respond is None else respond(answer))
        csr = answer.certificate_request(client_identifier) if request is None else request(answer)
        return Issued(client.download(client.finalize(order, csr)), answer)


@contextmanager
def _at(step: Step) -> Iterator[None]:
    try:
        yield
    except messages.Error as problem:
        raise Refused(step, problem) from None


def _done(status: messages.Status, error: messages.Error | None) -> None:
    """Raise the error of a challenge or an order; without one, it must have become valid."""
    if error is not None:
        raise error
    assert status == messages.STATUS_VALID, f"it is {status.name}, and Apple's client never polls"
