"""The vectors of this repository, as the judges need them: questions, and distinct chains.

Of the vectors that present a chain, that is; `requests_and_identifiers` has the others.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    Limits,
    TrustStore,
    Verifier,
    exactly,
    sha256_of,
)
from appleattest.acme import Answering, validate_challenge
from appleattest.acme.responses import read_response
from appleattest.carriers.attestation_object import read_attestation_object
from appleattest.carriers.device_information import read_device_information
from appleattest.mdm import validate_response
from appleattest.testing.vectors.devices import known_read
from chain_cases import Verdict, ended

DIRECTORY = Path(__file__).resolve().parents[2] / "vectors"


class Vector(NamedTuple):
    """One test of the vectors, with what its group shares."""

    name: str
    fields: dict[str, Any]

    @property
    def anchors(self) -> tuple[bytes, ...]:
        return tuple(map(b64decode, self.fields["anchors"]))

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.fields["time"])

    @property
    def sent(self) -> Any:
        """What the device sent: octets, text, or a list of certificates."""
        if "chain" in self.fields:
            return [b64decode(der) for der in self.fields["chain"]]
        for text in ("attObj", "payloadText"):
            if text in self.fields:
                return self.fields[text]
        (octets,) = (
            self.fields[key] for key in ("cbor", "payload", "response") if key in self.fields
        )
        return b64decode(octets)

    def put_to(self, verifier: Verifier) -> Verdict:
        """How the verifier answers it."""
        return ended(lambda: self.ask(verifier))

    def ask(self, verifier: Verifier) -> Attestation:
        """The verifier's attestation; raises what it raises."""
        ask = {
            "MdmVerify": _mdm,
            "AcmeVerify": _acme,
            "ChainVerify": _chain,
            "ChallengeValidate": _challenge,
            "MdmValidate": _device,
        }
        attestation: Attestation = ask[self.fields["type"]](self, verifier)
        return attestation

    def certificates(self) -> list[bytes]:
        """The certificates in it, if there is a way to get at them; else `AttestationError`."""
        read: dict[str, Callable[[Any, Limits], list[bytes]]] = {
            "MdmVerify": read_device_information,
            "AcmeVerify": read_attestation_object,
            "ChainVerify": lambda chain, _: chain,
            "ChallengeValidate": _answered,
            "MdmValidate": read_device_information,
        }
        return read[self.fields["type"]](self.sent, Limits())


def _answered(response: Any, limits: Limits) -> list[bytes]:
    attestation_object, _ = read_response(response, limits)
    return read_attestation_object(attestation_object, limits)


def _nonces(vector: Vector) -> dict[str, Any]:
    nonce = vector.fields["nonce"]
    earlier = {
        b64decode(each["nonce"]): datetime.fromisoformat(each["sentAt"])
        for each in vector.fields["previousNonces"]
    }
    return {"nonce": b64decode(nonce) if nonce else UNCHECKED, "previous_nonces": earlier}


def _mdm(vector: Vector, verifier: Verifier) -> Any:
    return verifier.verify_mdm(vector.sent, **_nonces(vector), at=vector.at)


def _device(vector: Vector, verifier: Verifier) -> Any:
    known = vector.fields["knownDevice"]
    device = UNCHECKED if known is None else known_read(known)
    validated = validate_response(
        vector.sent, **_nonces(vector), device=device, verifier=verifier, at=vector.at
    )
    return validated.attestation


def _challenge(vector: Vector, verifier: Verifier) -> Any:
    who = vector.fields["mayAnswer"]
    return validate_challenge(
        vector.sent,
        token=vector.fields["token"],
        identifier=vector.fields["identifier"],
        device=Answering(who) if isinstance(who, str) else who,
        verifier=verifier,
        at=vector.at,
    )


def _acme(vector: Vector, verifier: Verifier) -> Any:
    return verifier.verify_acme(vector.sent, token=vector.fields["token"], at=vector.at)


def _chain(vector: Vector, verifier: Verifier) -> Any:
    code, preimage = vector.fields["exactly"], vector.fields["sha256Of"]
    if preimage is not None:
        freshness: Any = sha256_of(b64decode(preimage))
    else:
        freshness = UNCHECKED if code is None else exactly(b64decode(code))
    return verifier.verify_chain(vector.sent, freshness=freshness, at=vector.at)


@cache
def vectors() -> list[Vector]:
    """Every test about a chain, of every file, in order."""
    return [vector for vector in _read() if "anchors" in vector.fields]


@cache
def requests_and_identifiers() -> list[Vector]:
    """Every other test."""
    return [vector for vector in _read() if "anchors" not in vector.fields]


def _read() -> Iterator[Vector]:
    for path in sorted(DIRECTORY.glob("*.json")):
        for group in json.loads(path.read_text("utf-8")).get("testGroups", ()):
            shared = {key: value for key, value in group.items() if key != "tests"}
            for test in group["tests"]:
                yield Vector(f"{path.stem}/{test['name']}", {**shared, **test})


class Presented(NamedTuple):
    """Certificates that a vector presents, to these anchors at that time."""

    chain: tuple[bytes, ...]
    anchors: tuple[bytes, ...]
    at: datetime

    @property
    def trust(self) -> TrustStore:
        return TrustStore(self.anchors)


@cache
def presented() -> dict[Presented, str]:
    """Every distinct chain, and the name of the first vector that presents it."""
    found: dict[Presented, str] = {}
    for vector in vectors():
        try:
            chain = tuple(vector.certificates())
        except AttestationError:
            continue
        if chain:
            found.setdefault(Presented(chain, vector.anchors, vector.at), vector.name)
    return found
