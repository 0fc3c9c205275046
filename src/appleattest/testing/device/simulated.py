"""The simulated device."""

from __future__ import annotations

import hashlib
import plistlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypedDict, Unpack

from cryptography.hazmat.primitives.asymmetric import ec

from appleattest.mdm import ATTESTATION_INTERVAL
from appleattest.policy import Platform
from appleattest.testing import der
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.device.challenge import ChallengeAnswer, kind_of_size
from appleattest.testing.device.clock import Clock, ManualClock
from appleattest.testing.device.command import ATTESTATION, DeviceInformationCommand
from appleattest.testing.device.compromises import Compromise
from appleattest.testing.device.model import DeviceModel
from appleattest.testing.properties import Properties


@dataclass(frozen=True, slots=True)
class _Cached:
    chain: tuple[bytes, ...]
    nonce: bytes | None
    made_at: datetime


class DeviceArguments(TypedDict, total=False):
    """The keyword arguments of a `SimulatedDevice`."""

    clock: Clock
    user_enrolled: bool
    may_query: bool
    answers: Mapping[str, Any]
    compromises: Iterable[Compromise]


class SimulatedDevice:
    """One device of one enrolment, which answers as Apple documents.

    ``model`` is by default a Mac, ``clock`` a `ManualClock` of its own that begins at
    `appleattest.testing.ISSUED_AT`. ``user_enrolled`` is BYOD: neither answers nor attestations
    have a serial number or a UDID. ``may_query`` is false for an MDM without the right to query
    device information. ``answers`` are further answers by query: ``{"DeviceName": "…"}``.
    ``compromises`` make it dishonest.

    What it sends depends on the authority's seed, the model, and what it was asked and when. Not
    safe to share between threads.
    """

    model: DeviceModel
    """What it is now; set another to change it. An attestation keeps what it attests."""
    busy: bool = False
    """While true, every command is answered ``NotNow``."""
    attestation_fails: bool = False
    """While true no new attestation can be made, as without a network; the cached one stays."""

    def __init__(
        self,
        authority: AttestationAuthority,
        model: DeviceModel | None = None,
        *,
        clock: Clock | None = None,
        user_enrolled: bool = False,
        may_query: bool = True,
        answers: Mapping[str, Any] | None = None,
        compromises: Iterable[Compromise] = (),
    ) -> None:
        self.model = DeviceModel.mac() if model is None else model
        self.clock: Clock = ManualClock() if clock is None else clock
        self.user_enrolled: Final = user_enrolled
        self.may_query = may_query
        self.compromises = tuple(compromises)
        self._authority = authority
        self._further_answers = dict(answers or {})
        self._keys = authority.keys.other(f"device {self.model.serial_number}")
        self._erased = 0
        self._requests = 0
        self._cached: _Cached | None = None

    @property
    def enrolment_key(self) -> ec.EllipticCurvePublicKey:
        """The key that every MDM attestation of this enrolment certifies."""
        return self._keys.ec(f"enrolment {self._erased}").public_key()

    @property
    def enrollment_id(self) -> str:
        """The ``EnrollmentID`` of its answers under user enrolment."""
        digest = hashlib.sha256(f"{self.model.serial_number} {self._erased}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-8{digest[15:18]}-{digest[18:30]}"

    @property
    def attested_properties(self) -> Properties:
        """What the next new attestation says of it."""
        properties = self.model.properties()
        if self.user_enrolled:
            properties = properties.user_enrolled()
        for each in self.compromises:
            properties = each.properties(properties)
        return properties

    def update_os(self, version: str) -> None:
        """Update to another OS ``version`` (dotted decimal, or ``ValueError``).

        Its answers change at once, what is attested with the next new attestation.
        """
        self.model = self.model.updated(version)

    def erase(self) -> None:
        """Erase and enrol it again: keys and cached attestation are gone."""
        self._erased += 1
        self._cached = None

    def answer(self, command: bytes) -> bytes:
        """The response (XML property list) to a ``DeviceInformation`` command.

        ``command`` is the property list ``{Command: {RequestType, Queries,
        DeviceAttestationNonce}, CommandUUID}``; anything else is a ``ValueError``. The status is

        - ``NotNow`` while it is `busy`;
        - ``CommandFormatError``, without answers, for ``Queries`` that are not at least one
          string, and for a nonce that is not 1 to 32 bytes of data (a Mac only leaves the
          attestation out);
        - else ``Acknowledged``, with what was queried and it can answer; without an attestation
          that failed or is not supported.
        """
        for each in self.compromises:
            command = each.command(command)
        response = self._answer(DeviceInformationCommand.parse(command))
        for each in self.compromises:
            response = each.response(response)
        return response

    def _answer(self, command: DeviceInformationCommand) -> bytes:
        identity = {"UDID": self.model.udid}
        if self.user_enrolled:
            identity = {"EnrollmentID": self.enrollment_id}
        response: dict[str, Any] = {"CommandUUID": command.uuid, **identity}
        if self.busy:
            response["Status"] = "NotNow"
        elif not command.well_formed or self._refuses_nonce(command):
            response["Status"] = "CommandFormatError"
        else:
            response |= {"Status": "Acknowledged", "QueryResponses": dict(self._answers(command))}
        return plistlib.dumps(response)

    def _refuses_nonce(self, command: DeviceInformationCommand) -> bool:
        knows_nonces = self.model.attests_in_mdm and self.model.platform is not Platform.MACOS
        return knows_nonces and not command.nonce_acceptable

    def _answers(self, command: DeviceInformationCommand) -> Mapping[str, Any]:
        own = self._further_answers | self.model.answers(user_enrolled=self.user_enrolled)
        answers: Mapping[str, Any] = {
            query: answer
            for query, answer in own.items()
            if command.asks_for(query) and (self.may_query or query == "UDID")
        }
        for each in self.compromises:
            answers = each.answers(answers)
        if not (self.may_query and command.asks_for(ATTESTATION)):
            return answers
        chain = self._chain_for(command)
        return answers if chain is None else {**answers, ATTESTATION: list(chain)}

    def _chain_for(self, command: DeviceInformationCommand) -> tuple[bytes, ...] | None:
        chain = self.attest(command.nonce) if command.nonce_acceptable else None
        for each in self.compromises:
            chain = each.chain(chain, command.nonce)
        return chain

    def attest(self, nonce: bytes | None) -> tuple[bytes, ...] | None:
        """The chain (DER, leaf first) for an MDM request with this nonce, or ``None``.

        It is the cached one if ``nonce`` is ``None`` or the nonce in it, or if it was made less
        than seven days ago; else a new one, then cached. ``None`` if the device cannot attest or
        the new one failed. Without a nonce there is no freshness code.
        """
        if not self.model.attests_in_mdm:
            return None
        now = der.in_utc(self.clock())
        if self._cached is None or self._wants_new(self._cached, nonce, now):
            if self.attestation_fails:
                return None
            chain = self._new_chain(self.enrolment_key, nonce, now)
            self._cached = _Cached(chain, nonce, now)
        return self._cached.chain

    def _new_chain(
        self, key: ec.EllipticCurvePublicKey, code: bytes | None, now: datetime
    ) -> tuple[bytes, ...]:
        says = self.attested_properties
        return tuple(
            self._authority.attest(public_key=key, properties=says, freshness_code=code, at=now)
        )

    @staticmethod
    def _wants_new(cached: _Cached, nonce: bytes | None, now: datetime) -> bool:
        if nonce is None or nonce == cached.nonce:
            return False
        return now - cached.made_at >= ATTESTATION_INTERVAL

    def answer_challenge(
        self, token: str, *, key_size: int = 384, attest: bool = True
    ) -> ChallengeAnswer:
        """Make a Secure Enclave key and answer a ``device-attest-01`` challenge for it.

        ``token`` is the challenge's token alone, in ASCII (or ``ValueError``); the leaf carries
        its SHA-256. ``key_size`` and ``attest`` are the payload's ``KeySize`` (256 or 384, or
        ``ValueError``) and ``Attest``. Key and attestation are new each time: nothing is cached.
        """
        self._requests += 1
        erased = self._erased
        answer = ChallengeAnswer(
            chain=None,
            private_key=self._keys.ec(f"request {self._requests}", kind_of_size(key_size)),
            key_survives=lambda: self._erased == erased,
        )
        if attest and self.model.attests:
            answer = self._attested(answer, token)
        if attest:
            for each in self.compromises:
                answer = each.challenge(answer, token, key_size)
        return answer

    def _attested(self, answer: ChallengeAnswer, token: str) -> ChallengeAnswer:
        if self.attestation_fails:
            return replace(answer, chain=())
        code = hashlib.sha256(token.encode("ascii")).digest()
        now = der.in_utc(self.clock())
        return replace(answer, chain=self._new_chain(answer.public_key, code, now))

    def __repr__(self) -> str:
        model = self.model
        return f"<SimulatedDevice {model.serial_number}, {model.platform} {model.os_version}>"


class SimulatedDeviceFactory:
    """Makes devices of one authority with one clock.

    Called without a ``model`` it makes a new Mac. The arguments are those of `SimulatedDevice`.
    """

    def __init__(self, authority: AttestationAuthority, clock: Clock) -> None:
        self.authority = authority
        self.clock = clock
        self._made = 0

    def __call__(
        self, model: DeviceModel | None = None, **arguments: Unpack[DeviceArguments]
    ) -> SimulatedDevice:
        """A new device."""
        self._made += 1
        arguments.setdefault("clock", self.clock)
        chosen = DeviceModel.mac(self._made) if model is None else model
        return SimulatedDevice(self.authority, chosen, **arguments)
