"""Requests signed by hand, for what no client library would send."""

from __future__ import annotations

import json
from typing import Any, Final

import requests
from josepy.b64 import b64encode
from josepy.jwa import ES256, JWASignature
from josepy.jwk import JWK, JWKEC
from serving import Served

from appleattest.testing import KeyKind, KeyRing

KEYS: Final = KeyRing("accounts")
JOSE: Final = "application/jose+json"
ABSENT: Final = object()
"""As the value of a member: leave it out."""


class Signer:
    """One account, or a key that has none yet; `header` and `members` of a request override."""

    def __init__(self, served: Served, label: str = "", *, key: JWK | None = None) -> None:
        self.served = served
        self.key = key or JWKEC(key=KEYS.ec(label, KeyKind.P256))
        self.kid: str | None = None

    def register(self) -> requests.Response:
        response = self.post("account", {})
        self.kid = response.headers["Location"]
        return response

    def nonce(self) -> str:
        with self.session() as session:
            return session.head(self.url("nonce")).headers["Replay-Nonce"]

    def url(self, path: str) -> str:
        return path if path.startswith("https:") else f"{self.served.server.base_url}/{path}"

    def body(
        self,
        path: str,
        payload: object,
        *,
        alg: JWASignature = ES256,
        header: dict[str, Any] | None = None,
        members: dict[str, Any] | None = None,
    ) -> bytes:
        """The JWS; a payload of bytes is signed as it is."""
        given = {"alg": alg.name, "url": self.url(path), "nonce": ABSENT}
        who = {"jwk": self.key.public_key().to_json()} if self.kid is None else {"kid": self.kid}
        protected = {**given, **who, **(header or {})}
        if "nonce" not in (header or {}):
            protected["nonce"] = self.nonce()
        octets = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        parts = b64encode(json.dumps(present(protected)).encode()), b64encode(octets)
        signature = b64encode(alg.sign(self.key.key, b".".join(parts)))
        names = ("protected", "payload", "signature")
        flattened = {
            name: part.decode() for name, part in zip(names, (*parts, signature), strict=True)
        }
        return json.dumps(present({**flattened, **(members or {})})).encode()

    def send(self, path: str, body: bytes, content_type: str = JOSE) -> requests.Response:
        with self.session() as session:
            return session.post(self.url(path), data=body, headers={"Content-Type": content_type})

    def post(self, path: str, payload: object = b"", **deviations: Any) -> requests.Response:
        return self.send(path, self.body(path, payload, **deviations))

    def session(self) -> requests.Session:
        session = requests.Session()
        session.verify = str(self.served.certificate)
        session.trust_env = False
        return session


def present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}
