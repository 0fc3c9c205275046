"""The verifier: what a server holds on to, and asks about every attestation it receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from cryptography import x509

from appleattest.arguments import (
    BytesLike,
    checked_limits,
    checked_nonce,
    checked_time,
    checked_token,
)
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
    NoCheck,
    expecting,
    judge_freshness,
    judge_recorded,
    sha256_of,
)
from appleattest.limits import Limits
from appleattest.pipeline import DeviceJudge, Pipeline, Request
from appleattest.report import CHECKS, DEVICE, Report, examined
from appleattest.sealed import Immutable
from appleattest.signatures import Engine, Signatures
from appleattest.times import utc_seconds
from appleattest.trust import TrustStore

CertificateLike: TypeAlias = BytesLike | x509.Certificate
PreviousNonces: TypeAlias = Mapping[bytes, datetime | None] | Iterable[bytes]

DerReader = Callable[[], Sequence[bytes]]
"""Gets the DER certificates out of what the device sent."""


class Verifier(Immutable):
    """Verifies attestations against one trust store under one set of limits.

    Immutable and safe to share between threads; keep one for the life of the process. It
    remembers the intermediates it has validated, which makes the next verification cheaper and
    changes nothing else; a copy or a pickle of it starts without them.

    `signatures` checks the leaves of those intermediates: by default the path engine, or
    `appleattest.signatures.AWSLC()`, which is faster and gives the same verdicts.

    Everywhere the first argument comes from the device: whatever it is, the answer is an
    `Attestation` or an `AttestationError`. The keyword arguments are the caller's: misuse
    raises `TypeError` or `ValueError`. `at` is the time to judge by, an aware `datetime`, used
    in UTC and whole seconds; by default the present.
    """

    __slots__ = ("_limits", "_pipeline", "_signatures", "_trust")
    _trust: TrustStore
    _limits: Limits
    _signatures: Signatures
    _pipeline: Pipeline

    def __init__(
        self,
        *,
        trust: TrustStore | None = None,
        limits: Limits | None = None,
        signatures: Signatures | None = None,
    ) -> None:
        trust = TrustStore.apple() if trust is None else trust
        if not isinstance(trust, TrustStore):
            raise TypeError(f"trust is a TrustStore, not {type(trust).__name__}")
        limits = checked_limits(limits)
        signatures = _checked_signatures(signatures)
        self._fill(
            _trust=trust,
            _limits=limits,
            _signatures=signatures,
            _pipeline=Pipeline(trust, limits, signatures),
        )

    @property
    def trust(self) -> TrustStore:
        """The anchors that this verifier believes."""
        return self._trust

    @property
    def limits(self) -> Limits:
        """The bounds on what it reads."""
        return self._limits

    @property
    def signatures(self) -> Signatures:
        """What checks the signature of a leaf whose intermediate is remembered."""
        return self._signatures

    def verify_mdm(
        self,
        response: BytesLike | Sequence[CertificateLike],
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
        earlier commands to this device, as a mapping to the time each was sent (None where it is
        not known), or without.

        The freshness of the result is `CURRENT`, or `EARLIER` for a cached attestation that
        answers a previous nonce; with `nonce=UNCHECKED` also `UNCHECKED`. A mismatch raises
        `FreshnessMismatch`, whose `attestation` is genuine and made for another request. The
        table of reasons in docs/reasons.md says what else is raised.
        Source: Apple, "Validating a Managed Device Attestation".
        """
        return self._pipeline.verify(self._mdm(response, nonce, previous_nonces, at))

    def examine_mdm(
        self,
        response: BytesLike | Sequence[CertificateLike],
        /,
        *,
        nonce: BytesLike | NoCheck,
        previous_nonces: PreviousNonces = (),
        at: datetime | None = None,
    ) -> Report:
        """`verify_mdm`, answered by a report on every check; never raises for bad input."""
        request = self._mdm(response, nonce, previous_nonces, at)
        return examined(lambda: self._pipeline.run(request))

    def verify_acme(
        self,
        attestation_object: BytesLike | str,
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
        attestation_object: BytesLike | str,
        /,
        *,
        token: str | BytesLike | NoCheck,
        at: datetime | None = None,
    ) -> Report:
        """`verify_acme`, answered by a report on every check; never raises for bad input."""
        request = self._acme(attestation_object, token, at)
        return examined(lambda: self._pipeline.run(request))

    def verify_chain(
        self,
        chain: Sequence[CertificateLike],
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
        chain: Sequence[CertificateLike],
        /,
        *,
        freshness: ExpectedFreshness | NoCheck,
        at: datetime | None = None,
    ) -> Report:
        """`verify_chain`, answered by a report on every check; never raises for bad input."""
        request = self._chain(chain, freshness, at)
        return examined(lambda: self._pipeline.run(request))

    def reverify(self, record: Mapping[str, Any], /, *, at: datetime | None = None) -> Attestation:
        """Verify again what `Attestation.to_dict` wrote down.

        Everything but the freshness verdict is derived anew from the chain, as of the time of
        the record or of `at`. That the code once answered a request of the caller's is the
        record's word; that the code is the one in the leaf is checked.

        Raises `MalformedInput` (`malformed-json`) for anything but such a record, and what
        verifying raises.
        """
        as_of = None if at is None else checked_time(at)
        written = self._pipeline.read(lambda: read_record(record, self._limits))
        below_anchors = [der for der in written.path if der not in self._trust]
        request = Request(
            read=lambda: read_chain(below_anchors or written.path, self._limits),
            carrier=written.carrier,
            judge_freshness=lambda code: judge_recorded(code, written.answers),
            at=as_of or written.verified_at,
            keeps_unmatched=False,
            malformed=Reason.MALFORMED_JSON,
        )
        return self._pipeline.verify(request)

    def _mdm(
        self,
        response: object,
        nonce: BytesLike | NoCheck,
        previous_nonces: PreviousNonces,
        at: datetime | None,
    ) -> Request:
        return mdm_request(
            lambda: read_device_information(response, self._limits), nonce, previous_nonces, at
        )

    def _acme(
        self, attestation_object: object, token: str | BytesLike | NoCheck, at: datetime | None
    ) -> Request:
        return acme_request(
            lambda: read_attestation_object(attestation_object, self._limits), token, at
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
            at=checked_time(at),
            keeps_unmatched=False,
            malformed=Reason.MALFORMED_CERTIFICATE,
        )

    def __reduce__(self) -> tuple[Callable[..., Verifier], tuple[Any, ...]]:
        return _from_parts, (self._trust, self._limits, self._signatures)

    def __repr__(self) -> str:
        return f"<Verifier trusting {self._trust!r}>"


def _from_parts(trust: TrustStore, limits: Limits, signatures: Signatures) -> Verifier:
    return Verifier(trust=trust, limits=limits, signatures=signatures)


def _checked_signatures(signatures: Signatures | None) -> Signatures:
    if signatures is None:
        return Engine()
    # A class has the attribute too, and is a mistake for its object.
    if isinstance(signatures, type) or not isinstance(signatures, Signatures):
        raise TypeError(f"signatures is Engine() or AWSLC(), not {signatures!r}")
    return signatures


def run_checks(verifier: Verifier, request: Request) -> Report:
    """Run the checks of a protocol's own request; for `acme` and `mdm`.

    Raises `AttestationError` with its report, as `Pipeline.run` does.
    """
    return verifier._pipeline.run(request)


def require_verifier(verifier: object) -> Verifier:
    """The caller's verifier; `TypeError` for anything else."""
    if not isinstance(verifier, Verifier):
        raise TypeError(f"verifier is a Verifier, not {type(verifier).__name__}")
    return verifier


def mdm_request(
    read: DerReader, nonce: object, previous_nonces: PreviousNonces, at: datetime | None
) -> Request:
    """What is asked of an MDM attestation; raises for the caller's misuse alone."""
    expected = UNCHECKED if nonce is UNCHECKED else expecting(checked_nonce(nonce))
    earlier = _earlier(previous_nonces)
    return Request(
        read=read,
        carrier="mdm",
        judge_freshness=lambda code: judge_freshness(code, expected, earlier),
        at=checked_time(at),
        keeps_unmatched=True,
        malformed=Reason.MALFORMED_PLIST,
    )


def acme_request(read: DerReader, token: object, at: datetime | None) -> Request:
    """What is asked of an ACME attestation; raises for the caller's misuse alone."""
    if token is UNCHECKED:
        expected: ExpectedFreshness | NoCheck = UNCHECKED
    else:
        expected = sha256_of(checked_token(token).encode("ascii"))
    return Request(
        read=read,
        carrier="acme",
        judge_freshness=lambda code: judge_freshness(code, expected),
        at=checked_time(at),
        keeps_unmatched=False,
        malformed=Reason.MALFORMED_ATTESTATION_OBJECT,
    )


def answered_by(request: Request, judge_device: DeviceJudge | None) -> Request:
    """The same request, whose answer must be of the device that `judge_device` knows."""
    return request._replace(checks=(*CHECKS, DEVICE), judge_device=judge_device)


def _earlier(previous_nonces: PreviousNonces) -> tuple[EarlierNonce, ...]:
    if type(previous_nonces) is tuple and not previous_nonces:
        return ()
    name = "previous_nonces"
    given: object = previous_nonces
    if isinstance(given, str | BytesLike) or not isinstance(given, Iterable):
        raise TypeError(f"{name} is several nonces, not {type(given).__name__}")
    if isinstance(previous_nonces, Mapping):
        return tuple(
            EarlierNonce(checked_nonce(nonce, name), _sent_at(sent_at, f"a time of {name}"))
            for nonce, sent_at in previous_nonces.items()
        )
    return tuple(EarlierNonce(checked_nonce(nonce, name), None) for nonce in previous_nonces)


def _sent_at(sent_at: datetime | None, name: str) -> datetime | None:
    return None if sent_at is None else utc_seconds(sent_at, name)
