"""The signature around every POST (RFC 8555, section 6.2).

joserfc verifies it: which algorithms it takes is an argument of the call, and it is not josepy,
with which certbot's client signs, so that in the tests two readings of the RFC meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from joserfc import jws
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import ECKey, GuestProtocol, RSAKey

from examples.acme_server.problems import Problem, problem

Key: TypeAlias = ECKey | RSAKey

ALGORITHMS: Final = ("ES256", "RS256")
"""Apple's client signs with the first; the second is what certbot begins with."""

_PUBLIC: Final = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}
"""The members of a JWK that are its key (RFC 7638, section 3.2)."""


class _Registry(jws.JWSRegistry):
    max_header_length = 4096  # an RSA key takes more than joserfc's 512


_REGISTRY: Final = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What a client has signed, and with which key. The nonce is still to be redeemed."""

    payload: bytes
    key: Key
    nonce: str

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


def read_message(body: bytes, *, url: str, key_of: Callable[[str], Key] | None) -> Message:
    """Verify a request to `url`, or raise a `Problem`.

    `key_of` finds the key of an account by its URL; without it, the request brings its own key, as
    newAccount does.
    """

    def key_for(signature: GuestProtocol) -> Key:
        header = signature.headers()
        if header.get("url") != url:
            raise problem("unauthorized", "the request was signed for another URL", 401)
        if not isinstance(header.get("nonce"), str):
            raise problem("badNonce", "the request has no nonce")
        if {"crit", "b64"} & header.keys():
            raise problem("malformed", "the request has an extension that is not understood")
        if ("jwk" in header, "kid" in header) != (key_of is None, key_of is not None):
            raise problem("malformed", "newAccount is signed with a jwk, all else with a kid")
        return load_key(header["jwk"]) if key_of is None else key_of(header["kid"])

    try:
        signed = jws.deserialize_json(_flattened(body), key_for, registry=_REGISTRY)
    except Problem:
        raise
    except UnsupportedAlgorithmError:
        text = "this algorithm is not accepted"
        raise problem("badSignatureAlgorithm", text, algorithms=list(ALGORITHMS)) from None
    except Exception:  # noqa: BLE001 - joserfc lets through what its decoders raise
        raise problem("malformed", "the request is not a JWS that verifies") from None
    return Message(signed.payload, key_for(signed.member), signed.headers()["nonce"])


def load_key(jwk: Any) -> Key:
    """The public key of a JWK, if it can make one of the `ALGORITHMS`; or `badPublicKey`.

    Nothing but its public members is looked at. It is read twice, the second time as we write it,
    so that one key has one thumbprint.
    """
    try:
        public = {member: jwk[member] for member in _PUBLIC[jwk["kty"]]}
        if public["kty"] == "EC" and public["crv"] == "P-256":
            return ECKey.import_key(ECKey.import_key(public).public_key)
        number = RSAKey.import_key(public).public_key
        if 2048 <= number.key_size <= 4096 and number.public_numbers().e < 2**32:
            return RSAKey.import_key(number)
    except Exception:  # noqa: BLE001, S110 - whatever is wrong with it, it is no key for us
        pass
    raise problem("badPublicKey", "the key is neither P-256 nor RSA of 2048 to 4096 bits")


def _flattened(body: bytes) -> jws.FlattenedJSONSerialization:
    """A JWS of three members: without an unprotected header, and with one signature."""
    message: jws.FlattenedJSONSerialization = json.loads(body)
    if message.keys() != {"payload", "protected", "signature"}:
        raise ValueError("another serialisation, or an unprotected header")
    return message
