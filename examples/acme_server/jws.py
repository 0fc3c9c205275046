"""The signature around every POST (RFC 8555, section 6.2).

joserfc verifies it: which algorithms it takes is an argument of the call, and it is not josepy,
with which certbot's client signs, so that in the tests two readings of the RFC meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import ECKey, GuestProtocol

from examples.acme_server.problems import Problem, problem

ALGORITHMS: Final = ["ES256"]
"""What every server must take (section 6.2), and what Apple's client signs with."""

_REGISTRY: Final = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.max_header_length = 4096  # by default 512, and an RSA key is to be refused for what it is


@dataclass(frozen=True, slots=True)
class Message:
    """What a client has signed, and with which key. The nonce is still to be redeemed."""

    payload: bytes = field(repr=False)
    key: ECKey
    nonce: str = field(repr=False)

    @property
    def account(self) -> str:
        """The name of the key's account: its thumbprint (RFC 7638)."""
        return self.key.thumbprint()

    def members(self) -> dict[str, Any]:
        """The payload as the JSON object that it must be."""
        try:
            payload = json.loads(self.payload)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            raise problem("malformed", "the payload is not a JSON object")
        return payload


def read_message(body: bytes, *, url: str, key_of: Callable[[str], ECKey] | None) -> Message:
    """Verify a request to `url`, or raise a `Problem`.

    `key_of` finds the key of an account by its URL; without it, the request brings its own key, as
    newAccount does.
    """

    def key_for(signature: GuestProtocol) -> ECKey:
        header = signature.headers()
        if header.get("url") != url:
            raise problem("unauthorized", "the request was signed for another URL", 401)
        nonce = header.get("nonce")
        if not (isinstance(nonce, str) and nonce.isascii()):
            raise problem("badNonce", "the request has no nonce")
        if {"crit", "b64"} & header.keys():
            raise problem("malformed", "the request has an extension that is not understood")
        if ("jwk" in header, "kid" in header) != (key_of is None, key_of is not None):
            raise problem("malformed", "newAccount is signed with a jwk, all else with a kid")
        return load_key(header["jwk"]) if key_of is None else key_of(header["kid"])

    try:
        flattened = json.loads(body)
        if flattened.keys() != {"payload", "protected", "signature"}:
            raise problem("malformed", "not one signature with a protected header alone")
        signed = jws.deserialize_json(flattened, key_for, registry=_REGISTRY)
    except Problem:
        raise
    except UnsupportedAlgorithmError:
        text = "this algorithm is not accepted"
        raise problem("badSignatureAlgorithm", text, algorithms=ALGORITHMS) from None
    except Exception:  # noqa: BLE001 - joserfc lets through what its decoders raise
        raise problem("malformed", "the request is not a JWS that verifies") from None
    return Message(signed.payload, key_for(signed.member), signed.headers()["nonce"])


def load_key(jwk: Any) -> ECKey:
    """The public key of a JWK, if it is one on P-256; or `badPublicKey`.

    Nothing but its public members is looked at. It is read twice, the second time as we write it,
    so that one key has one thumbprint.
    """
    try:
        public = {member: jwk[member] for member in ("kty", "crv", "x", "y")}
        if public["kty"] == "EC" and public["crv"] == "P-256":
            return ECKey.import_key(ECKey.import_key(public).public_key)
    except Exception:  # noqa: BLE001, S110 - whatever is wrong with it, it is no key for us
        pass
    raise problem("badPublicKey", "the key is none on P-256")
