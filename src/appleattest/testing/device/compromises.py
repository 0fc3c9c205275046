"""What a compromised device may do: lie about itself, replay, relay, leave properties out.

It cannot forge what Apple signs. It sends a genuine chain that it should not send, which only the
server's own checks can notice. A `SimulatedDevice` takes any number; they act in that order.
"""

# ruff: noqa: ARG002 - a hook gets every argument, and few need all of them

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import decode_unverified
from appleattest.testing.overriding import override
from appleattest.testing.properties import (
    NUMBER_PROPERTIES,
    TEXT_PROPERTIES,
    AttestedField,
    Properties,
)

if TYPE_CHECKING:
    from appleattest.testing.device.challenge import ChallengeAnswer
    from appleattest.testing.device.simulated import SimulatedDevice

Chain: TypeAlias = tuple[bytes, ...]
"""A chain in DER, leaf first."""


class Compromise:
    """What a compromised device does. Each subclass overrides what it needs."""

    def command(self, command: bytes) -> bytes:
        """Choose the command that is answered."""
        return command

    def answers(self, answers: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change what the device says of itself, by query. It holds what was queried."""
        return answers

    def properties(self, properties: Properties) -> Properties:
        """Choose what is asked for when a new attestation is made."""
        return properties

    def chain(self, chain: Chain | None, nonce: bytes | None) -> Chain | None:
        """Choose the chain of an MDM response; ``None`` is none."""
        return chain

    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        """Choose the answer to an ACME challenge."""
        return answer

    def response(self, response: bytes) -> bytes:
        """Choose the MDM response that is sent."""
        return response


@dataclass(frozen=True, slots=True)
class Lies(Compromise):
    """Says something untrue of itself: ``Lies({"OSVersion": "26.0"})``, by the name of the query.

    What is attested stays true, so the server can see the discrepancy.
    """

    about: Mapping[str, Any]

    @override
    def answers(self, answers: Mapping[str, Any]) -> Mapping[str, Any]:
        return {query: self.about.get(query, truth) for query, truth in answers.items()}


class Omits(Compromise):
    """Leaves properties out of every attestation that it makes: ``Omits("sip", "secure_boot")``.

    The OS chooses which properties Apple attests, so a compromised one can hide a bad value. A
    cached attestation keeps what it has. Another name than a property's is a ``ValueError``.
    """

    def __init__(self, *names: AttestedField) -> None:
        if unknown := set(names) - {*TEXT_PROPERTIES, *NUMBER_PROPERTIES}:
            raise ValueError(f"not attested properties: {sorted(unknown)}")
        self.names = frozenset(names)

    @override
    def properties(self, properties: Properties) -> Properties:
        nothing: dict[str, Any] = dict.fromkeys(self.names)
        return replace(properties, **nothing)

    def __repr__(self) -> str:
        return f"Omits({', '.join(map(repr, sorted(self.names)))})"


@dataclass(frozen=True, slots=True)
class Replays(Compromise):
    """Sends an old chain as the answer to every new request, MDM or ACME.

    ``earlier`` has the chain: a response plist, a challenge response, an attestation object, or
    a sequence of DER. In ACME the device signs the CSR with its own key, not the chain's. Raises
    ``AttestationError`` when used if ``earlier`` holds no certificate.
    """

    earlier: bytes | Sequence[bytes]

    @override
    def chain(self, chain: Chain | None, nonce: bytes | None) -> Chain | None:
        return self._chain()

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        return replace(answer, chain=self._chain())

    def _chain(self) -> Chain:
        found = decode_unverified(self.earlier).chain
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)


@dataclass(frozen=True, slots=True)
class Relays(Compromise):
    """Has another, genuine device answer this request, and sends the chain of ``other``.

    In MDM ``other`` may return its cached attestation; else the freshness matches, and only the
    identifiers show the relay. In ACME ``other`` signs the CSR too. Never relay from the device
    itself: that recurses without end.
    """

    other: SimulatedDevice

    @override
    def chain(self, chain: Chain | None, nonce: bytes | None) -> Chain | None:
        return self.other.attest(nonce)

    @override
    def challenge(self, answer: ChallengeAnswer, token: str, key_size: int) -> ChallengeAnswer:
        return self.other.answer_challenge(token, key_size=key_size)


@dataclass(frozen=True, slots=True)
class AnswersOlder(Compromise):
    """Answers an older ``command`` (a property list) in place of the one it got.

    An honest device may do so with a queued command. A server finds the nonce by the
    ``CommandUUID``.
    """

    older: bytes

    @override
    def command(self, command: bytes) -> bytes:
        return self.older


@dataclass(frozen=True, slots=True)
class RepeatsResponse(Compromise):
    """Sends an old MDM response again unchanged, with its ``CommandUUID``."""

    earlier: bytes

    @override
    def response(self, response: bytes) -> bytes:
        return self.earlier
