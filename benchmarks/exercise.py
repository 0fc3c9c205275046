"""The attestations that every verifier is timed on: one object each for many devices."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.testing import AttestationAuthority, Properties, carriers

_DEVICES = 64


class Sample(NamedTuple):
    """One device's attestation, in each form that somebody reads."""

    serial: str
    token: str
    chain: list[bytes]
    attestation_object: bytes
    response: bytes
    """The response to an ACME challenge, in JSON."""


class Exercise(NamedTuple):
    """Genuine attestations of one intermediate, and the root to be trusted."""

    root: bytes
    samples: list[Sample]

    @classmethod
    def mint(cls, devices: int = _DEVICES) -> Exercise:
        """Macs with all ten properties and keys of their own; P-384 throughout, valid now."""
        authority = AttestationAuthority("benchmarks")
        root = authority.root.public_bytes(Encoding.DER)
        return cls(root, [_sample(authority, number) for number in range(devices)])

    def for_go(self) -> Mapping[str, Any]:
        """What the Go program reads first, for JSON."""
        return {
            "root": _base64(self.root),
            "attestations": [
                {
                    "object": _base64(each.attestation_object),
                    "token": each.token,
                    "serial": each.serial,
                }
                for each in self.samples
            ],
        }


def _sample(authority: AttestationAuthority, number: int) -> Sample:
    serial, token = f"BENCHMARK{number:03}", f"a-token-of-at-least-128-bits-{number:03}"
    chain = authority.attest(
        public_key=ec.generate_private_key(ec.SECP384R1()).public_key(),
        properties=replace(Properties.mac(), serial_number=serial),
        freshness_code=hashlib.sha256(token.encode()).digest(),
        at=datetime.now(UTC),
    )
    attestation_object = carriers.attestation_object(chain)
    response = carriers.challenge_response(attestation_object)
    return Sample(serial, token, chain, attestation_object, response)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
