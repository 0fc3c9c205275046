"""The requests of a client, in the order in which it makes them (RFC 8555, section 7).

Apple's client does not poll: a challenge is judged, and a certificate issued, within the request.
Nothing is awaited between reading a request and answering it, so a process answers one after the
other; against other processes, each request is one transaction.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appleattest import AttestationError, Verifier, acme
from examples.acme_server.authority import Authority
from examples.acme_server.jws import Message, load_key, read_message
from examples.acme_server.problems import Problem, problem
from examples.acme_server.store import Order, Store

NONCE_LIFETIME: Final = timedelta(minutes=15)
ORDER_LIFETIME: Final = timedelta(minutes=15)
LONGEST_REQUEST: Final = 128 * 1024
"""Octets of a request. An attestation with its chain takes about three thousand."""

_LOG: Final = logging.getLogger(__name__)
"""For the operator, who may know which device it was. The client may not."""

Handle: TypeAlias = Callable[[Message, str], Response]


@dataclass(frozen=True, kw_only=True, eq=False)
class Server:
    """One ACME server, of the parts that it is given; `app` is what to serve.

    `base_url` is what its URLs begin with: https, and no slash at the end. `clock` tells the time,
    aware.
    """

    base_url: str
    store: Store
    authority: Authority
    verifier: Verifier
    clock: Callable[[], datetime]

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/directory", self.directory),
            Route("/nonce", self.new_nonce),
            self._post("/account", self.new_account, by_account=False),
            self._post("/account/{name}", self.account),
            self._post("/order", self.new_order),
            self._post("/order/{name}", self.order),
            self._post("/authorization/{name}", self.authorization),
            self._post("/challenge/{name}", self.challenge),
            self._post("/order/{name}/finalize", self.finalize),
            self._post("/certificate/{name}", self.certificate),
        ]
        refused = (Problem, AttestationError, HTTPException, Exception)
        return Starlette(routes=routes, exception_handlers=dict.fromkeys(refused, self._refused))

    async def directory(self, _: Request) -> Response:
        """Section 7.1.1. No revocation and no change of keys: Apple's client knows neither."""
        places = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order"}
        return JSONResponse({name: self._url(place) for name, place in places.items()})

    async def new_nonce(self, request: Request) -> Response:
        """Section 7.2."""
        status = 200 if request.method == "HEAD" else 204
        return self._sent(Response(status_code=status, headers={"Cache-Control": "no-store"}))

    def new_account(self, message: Message, _: str) -> Response:
        """Section 7.3. Anybody may have an account: what counts is the attestation."""
        exists = self.store.account(message.account) is not None
        if not exists:
            if message.members().get("onlyReturnExisting") is True:
                raise problem("accountDoesNotExist", "this key has no account")
            self.store.add_account(message.account, dict(message.key.as_dict(private=False)))
        place = {"Location": self._url("account", message.account)}
        return JSONResponse({"status": "valid"}, 200 if exists else 201, place)

    def account(self, message: Message, name: str) -> Response:
        """Section 7.3.2, without anything that could be updated."""
        _require_owner(message, name)
        return JSONResponse({"status": "valid"})

    def new_order(self, message: Message, _: str) -> Response:
        """Section 7.4. Apple's client orders for one identifier.

        Whether it is admitted, finalize tells its device alone: anybody may have an account.
        """
        wanted = message.members()
        identifier, *further = acme.parse_identifiers(wanted.get("identifiers", []))
        if further:
            raise Problem(acme.rejected_identifiers(*further, detail="one identifier for an order"))
        if {"notBefore", "notAfter"} & wanted.keys():
            raise problem("malformed", "this server itself chooses how long a certificate is valid")
        name = secrets.token_urlsafe(16)
        order = Order(
            id=name,
            account=message.account,
            identifier=identifier,
            challenge=acme.Challenge.new(self._url("challenge", name)),
            expires=self.clock() + ORDER_LIFETIME,
        )
        self.store.save(order)
        return self._described(order, 201)

    def order(self, message: Message, name: str) -> Response:
        """Section 7.1.3."""
        return self._described(self._order(message, name), 200)

    def authorization(self, message: Message, name: str) -> Response:
        """Section 7.5."""
        order = self._order(message, name)
        authorization = {
            "identifier": order.identifier.to_dict(),
            "status": order.authorization_status(self.clock()),
            "expires": order.expires.isoformat(),
            "challenges": [order.challenge.to_dict()],
        }
        return JSONResponse(authorization)

    def challenge(self, message: Message, name: str) -> Response:
        """Section 7.5.1. The first answer counts; ever after the challenge is as it is."""
        order = self._order(message, name, fetched=False)
        if message.payload and order.status(self.clock()) == "pending":
            order = self._judged(order, message.payload)
            self.store.save(order)
        up = {"Link": f'<{self._url("authorization", name)}>;rel="up"'}
        return JSONResponse(order.challenge.to_dict(), headers=up)

    def _judged(self, order: Order, answer: bytes) -> Order:
        """The order with its challenge valid, and what is attested; or invalid."""
        try:
            attestation = acme.validate_challenge(
                answer,
                token=order.challenge.token,
                identifier=order.identifier,
                device=self.store.devices(order.identifier),
                verifier=self.verifier,
                at=self.clock(),
            )
        except AttestationError as refusal:
            _LOG.warning("refused: %s: %s", refusal, refusal.detail)
            return replace(order, challenge=order.challenge.invalid(refusal))
        challenge = order.challenge.valid(attestation.verified_at)
        named = attestation.device.serial_number or attestation.device.udid or order.id
        return replace(order, challenge=challenge, device=named, spki=attestation.spki)

    def finalize(self, message: Message, name: str) -> Response:
        """Section 7.4. A bad request may be mended, and a good one repeated: answers get lost."""
        order, now = self._order(message, name, fetched=False), self.clock()
        if order.status(now) not in ("ready", "valid"):
            raise problem("orderNotReady", f"the order is {order.status(now)}", 403)
        valid = acme.validate_csr(
            message.members().get("csr", ""),
            attested_key=order.spki,
            identifier=order.identifier,
            binding=acme.CSRBinding.CN_OR_SAN,
        )
        if order.chain is None:
            order = replace(order, chain=self._issued(order, valid))
            self.store.save(order)
        return self._described(order, 200)

    def _issued(self, order: Order, valid: acme.ValidatedCSR) -> str:
        """A new certificate and its issuer; from now on, the identifier is this device's."""
        if not self.store.use_client(order.identifier, order.device or order.id):
            text = "not admitted here, or for another device that has enrolled with it"
            raise Problem(acme.rejected_identifiers(order.identifier, detail=text))
        certificate = self.authority.issue(valid, self.clock())
        if not self.store.add_certificate(certificate.serial_number, valid.spki_sha256):
            raise problem("badCSR", "a certificate has been issued for this key before")
        return self.authority.chain(certificate)

    def certificate(self, message: Message, name: str) -> Response:
        """Section 7.4.2."""
        order = self._order(message, name)
        if order.chain is None:
            raise HTTPException(404)
        return Response(order.chain, media_type="application/pem-certificate-chain")

    def _post(self, path: str, handle: Handle, *, by_account: bool = True) -> Route:
        """A route for signed requests: of an account, or with a key of their own."""
        key_of = self._key_of if by_account else None

        async def endpoint(request: Request) -> Response:
            if request.headers.get("Content-Type") != "application/jose+json":
                raise problem("malformed", "the content is not application/jose+json", 415)
            url = self.base_url + request.url.path
            message = read_message(await _body(request), url=url, key_of=key_of)
            if not self.store.redeem_nonce(message.nonce, self.clock()):
                raise problem("badNonce", "the nonce is not one of ours, or has been used")
            with self.store.transaction():
                response = handle(message, request.path_params.get("name", ""))
            return self._sent(response)

        return Route(path, endpoint, methods=["POST"])

    async def _refused(self, _: Request, error: Exception) -> Response:
        if isinstance(error, AttestationError):
            _LOG.warning("refused: %s: %s", error, error.detail)
            document = error.problem()
        elif isinstance(error, Problem):
            document = error.document
        elif isinstance(error, HTTPException):
            document = problem("malformed", error.detail, error.status_code).document
        else:
            document = problem("serverInternal", "the fault is not the client's", 500).document
        kind = "application/problem+json"
        return self._sent(JSONResponse(document, document["status"], media_type=kind))

    def _sent(self, response: Response) -> Response:
        """The response, with a nonce for the next request (section 6.5)."""
        now = self.clock()
        response.headers["Replay-Nonce"] = self.store.add_nonce(now + NONCE_LIFETIME, now)
        response.headers.append("Link", f'<{self._url("directory")}>;rel="index"')
        return response

    def _described(self, order: Order, status: int) -> Response:
        description: dict[str, Any] = {
            "status": order.status(self.clock()),
            "expires": order.expires.isoformat(),
            "identifiers": [order.identifier.to_dict()],
            "authorizations": [self._url("authorization", order.id)],
            "finalize": self._url("order", order.id, "finalize"),
        }
        if order.challenge.error is not None:
            description["error"] = dict(order.challenge.error)
        if order.chain is not None:
            description["certificate"] = self._url("certificate", order.id)
        return JSONResponse(description, status, {"Location": self._url("order", order.id)})

    def _key_of(self, kid: str) -> ECKey:
        prefix, _, name = kid.rpartition("/")
        jwk = self.store.account(name) if prefix == self._url("account") else None
        if jwk is None:
            raise problem("accountDoesNotExist", "the request names no account of this server")
        return load_key(jwk)

    def _order(self, message: Message, name: str, *, fetched: bool = True) -> Order:
        """The order, for its owner alone; `fetched` (section 6.3) with an empty payload."""
        order = self.store.order(name)
        if order is None:
            raise HTTPException(404)
        _require_owner(message, order.account)
        if fetched and message.payload:
            raise problem("malformed", "this can only be fetched, with an empty payload")
        return order

    def _url(self, *path: str) -> str:
        return "/".join((self.base_url, *path))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_REQUEST:
            raise problem("malformed", "the request is too large", 413)
    return bytes(body)


def _require_owner(message: Message, account: str) -> None:
    if message.account != account:
        raise problem("unauthorized", "this belongs to another account", 403)
