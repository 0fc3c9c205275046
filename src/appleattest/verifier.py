"""The verifier: what a server holds on to, and asks about every attestation it receives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from appleattest.attestation import Attestation
from appleattest.carriers.attestation_object import read_attestation_object
from appleattest.carriers.certificate_sequence import read_chain
from appleattest.carriers.device_information import read_device_information
from appleattest.carriers.record import read_record
from appleattest.errors import Reason
from appleattest.freshness import (
    UNCHECKED,
    EarlierNonce,
    ExpectedFreshness,
    Unchecked,
    exactly,
    judge_freshness,
    judge_recorded,
    octets,
    sha256_of,
)
from appleattest.limits import Limits
from appleattest.moment import utc_seconds
from appleattest.pipeline import Pipeline, Request
from appleattest.report import Report
from appleattest.trust import TrustStore

LONGEST_NONCE: Final = 32
"""Octets of a `DeviceAttestationNonce` at most (Apple, "Device Information Command")."""

BytesLike: TypeAlias = bytes | bytearray | memoryview
NoCheck: TypeAlias = Literal[Unchecked.UNCHECKED]
PreviousNonces: TypeAlias = Mapping[bytes, datetime] | Iterable[bytes]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_AUTHORIZATION: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Verifier:
    """Verifies attestations against one trust store under one set of limits.

    Immutable and safe to share between threads; keep one for the life of the process. It
    remembers the intermediates it has validated, which makes the next verification cheaper and
    changes nothing else; a copy or a pickle of it starts without them.

    Everywhere the first argument comes from the device: whatever it is, the answer is an
    `Attestation` or an `AttestationError`. The keyword arguments are the caller's: misuse
    raises `TypeError` or `ValueError`. `at` is the time to judge by, an aware `datetime`, used
    in UTC and whole seconds; by default the present.
    """

    __slots__ = ("_limits", "_pipeline", "_trust")
    _trust: TrustStore
    _limits: Limits
    _pipeline: Pipeline

    def __init__(self, *, trust: TrustStore | None = None, limits: Limits | None = None) -> None:
        if hasattr(self, "_pipeline"):
            raise AttributeError("a verifier does not change: make another")
        trust = TrustStore.apple() if trust is None else trust
        limits = Limits() if limits is None else limits
        if not isinstance(trust, TrustStore):
            raise TypeError(f"trust is a TrustStore, not {type(trust).__name__}")
        if not isinstance(limits, Limits):
            raise TypeError(f"limits is a Limits, not {type(limits).__name__}")
        object.__setattr__(self, "_trust", trust)
        object.__setattr__(self, "_limits", limits)
        object.__setattr__(self, "_pipeline", Pipeline(trust, limits))

    @property
    def trust(self) -> TrustStore:
        """The anchors that this verifier believes."""
        return self._trust

    @property
    def limits(self) -> Limits:
        """The bounds on what it reads."""
        return self._limits

    def verify_mdm(
        self,
        response: object,
        /,
        *,
        nonce: BytesLike | NoCheck,
        previous_nonces: PreviousNonces = (),
        at: datetime | None = None,
    ) -> Attestation:
        """Verify what a device answered to a `DeviceInformation` command.

        `response` is the `DevicePropertiesAttestation` array (a sequence of DER, leaf first), or
        the whole response property list as bytes, XML or binary. `nonce` is the
        `DeviceAttestationNonce` as it was sent, 1 to 32 bytes. `previous_nonces` are those of
        earlier commands to this device, as a mapping to the time each was sent, or without.

        The freshness of the result is `CURRENT`, or `EARLIER` for a cached attestation that
        answers a previous nonce; with `nonce=UNCHECKED` also `UNCHECKED`. A mismatch raises
        `FreshnessMismatch`, whose `attestation` is genuine and made for another request. The
        table of reasons in docs/reasons.md says what else is raised.
        Source: Apple, "Validating a Managed Device Attestation".
        """
        return self._pipeline.verify(self._mdm(response, nonce, previous_nonces, at))

    def examine_mdm(
        self,
        response: object,
        /,
        *,
        nonce: BytesLike | NoCheck,
        previous_nonces: PreviousNonces = (),
        at: datetime | None = None,
    ) -> Report:
        """`verify_mdm`, answered by a report on every check; never raises for bad input."""
        return self._pipeline.examine(self._mdm(response, nonce, previous_nonces, at))

    def verify_acme(
        self,
        attestation_object: object,
        /,
        *,
        token: str | BytesLike | NoCheck,
        at: datetime | None = None,
    ) -> Attestation:
        """Verify the attestation object of an ACME `device-attest-01` challenge response.

        `attestation_object` is the CBOR as bytes, or `attObj` as it came, base64url text.
        `token` is the challenge's token, alone: the leaf must carry the SHA-256 of its ASCII,
        not of the key authorization of RFC 8555.
        Source: draft-ietf-acme-device-attest, section 5; Apple, "Validating a Managed Device
        Attestation".
        """
        return self._pipeline.verify(self._acme(attestation_object, token, at))

    def examine_acme(
        self,
        attestation_object: object,
        /,
        *,
        token: str | BytesLike | NoCheck,
        at: datetime | None = None,
    ) -> Report:
        """`verify_acme`, answered by a report on every check; never raises for bad input."""
        return self._pipeline.examine(self._acme(attestation_object, token, at))

    def verify_chain(
        self,
        chain: object,
        /,
        *,
        freshness: ExpectedFreshness | NoCheck,
        at: datetime | None = None,
    ) -> Attestation:
        """Verify a sequence of DER certificates, leaf first, whatever carried it.

        `freshness` is `exactly(…)`, `sha256_of(…)` or `UNCHECKED`. For Platform SSO it is
        `sha256_of(nonce)`.
        """
        return self._pipeline.verify(self._chain(chain, freshness, at))

    def examine_chain(
        self,
        chain: object,
        /,
        *,
        freshness: ExpectedFreshness | NoCheck,
        at: datetime | None = None,
    ) -> Report:
        """`verify_chain`, answered by a report on every check; never raises for bad input."""
        return self._pipeline.examine(self._chain(chain, freshness, at))

    def reverify(self, record: object, /, *, at: datetime | None = None) -> Attestation:
        """Verify again what `Attestation.to_dict` wrote down.

        Everything but the freshness verdict is derived anew from the chain, as of the time of
        the record or of `at`. That the code once answered a request of the caller's is the
        record's word; that the code is the one in the leaf is checked.

        Raises `MalformedInput` (`malformed-json`) for anything but such a record.
        """
        as_of = None if at is None else _moment(at)
        written = self._pipeline.read(
            lambda: read_record(record, self._limits), Reason.MALFORMED_JSON
        )
        return self._pipeline.verify(
            Request(
                read=lambda: written.chain,
                carrier=written.carrier,
                judge_freshness=lambda code: judge_recorded(code, written.finding),
                at=as_of or written.verified_at,
                keeps_unmatched=False,
                malformed=Reason.MALFORMED_JSON,
            )
        )

    def _mdm(
        self,
        response: object,
        nonce: BytesLike | NoCheck,
        previous_nonces: PreviousNonces,
        at: datetime | None,
    ) -> Request:
        expected = nonce if nonce is UNCHECKED else exactly(_nonce(nonce))
        earlier = _earlier(previous_nonces)
        return Request(
            read=lambda: read_device_information(response, self._limits),
            carrier="mdm",
            judge_freshness=lambda code: judge_freshness(code, expected, earlier),
            at=_moment(at),
            keeps_unmatched=True,
            malformed=Reason.MALFORMED_PLIST,
        )

    def _acme(
        self, attestation_object: object, token: str | BytesLike | NoCheck, at: datetime | None
    ) -> Request:
        expected = token if token is UNCHECKED else sha256_of(_token(token))
        return Request(
            read=lambda: read_attestation_object(attestation_object, self._limits),
            carrier="acme",
            judge_freshness=lambda code: judge_freshness(code, expected),
            at=_moment(at),
            keeps_unmatched=False,
            malformed=Reason.MALFORMED_ATTESTATION_OBJECT,
        )

    def _chain(
        self, chain: object, freshness: ExpectedFreshness | NoCheck, at: datetime | None
    ) -> Request:
        if not (freshness is UNCHECKED or isinstance(freshness, ExpectedFreshness)):
            raise TypeError("freshness is exactly(…), sha256_of(…) or UNCHECKED")
        return Request(
            read=lambda: read_chain(chain, self._limits),
            carrier="chain",
            judge_freshness=lambda code: judge_freshness(code, freshness),
            at=_moment(at),
            keeps_unmatched=False,
            malformed=Reason.MALFORMED_CERTIFICATE,
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a verifier does not change: make another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a verifier does not change: make another")

    def __reduce__(self) -> tuple[Callable[..., Verifier], tuple[Any, ...]]:
        return _from_parts, (self._trust, self._limits)

    def __repr__(self) -> str:
        return f"<Verifier trusting {self._trust!r}>"


def _from_parts(trust: TrustStore, limits: Limits) -> Verifier:
    return Verifier(trust=trust, limits=limits)


def _moment(at: datetime | None) -> datetime:
    return utc_seconds(datetime.now(UTC) if at is None else at)


def _nonce(nonce: object) -> bytes:
    sent = octets(nonce, "a nonce")
    if len(sent) > LONGEST_NONCE:
        raise ValueError(f"a nonce is at most {LONGEST_NONCE} bytes, as it was sent")
    return sent


def _token(token: object) -> bytes:
    if isinstance(token, bytes | bytearray | memoryview):
        token = memoryview(token).tobytes().decode("latin-1")
    if not isinstance(token, str):
        raise TypeError(f"a token is text, not {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        if _KEY_AUTHORIZATION.fullmatch(token):
            raise ValueError("this is a key authorization; the freshness code is of the token")
        raise ValueError("a token is base64url text of at least one character (RFC 8555, 8.3)")
    return token.encode("ascii")


def _earlier(previous_nonces: PreviousNonces) -> tuple[EarlierNonce, ...]:
    if isinstance(previous_nonces, str | bytes | bytearray | memoryview):
        raise TypeError("previous_nonces is several nonces, not one")
    if isinstance(previous_nonces, Mapping):
        return tuple(
            EarlierNonce(_nonce(nonce), utc_seconds(sent_at))
            for nonce, sent_at in previous_nonces.items()
        )
    return tuple(EarlierNonce(_nonce(nonce), None) for nonce in previous_nonces)
