"""What the tests of paths share: how a call ended, and the chains that come up again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from appleattest import UNCHECKED, Attestation, AttestationError, Limits, Reason, Verifier
from appleattest.testing import ISSUED_AT, AttestationAuthority

AUTHORITY = AttestationAuthority("tests of the path")
"""For what must exist before a fixture does: parameters, strategies, pools."""


ROOMY = Limits(certificates=12, chain_bytes=12 * 4096)


class Refusal(NamedTuple):
    """Everything that an error says, in a form that can be compared."""

    kind: type[AttestationError]
    reason: Reason
    element: str | None
    detail: str


class Acceptance(NamedTuple):
    """The attestation, and its path as DER, which is what its equality is about."""

    attestation: Attestation
    path: tuple[bytes, ...]


Verdict = Acceptance | Refusal


def refusal_of(error: AttestationError) -> Refusal:
    return Refusal(type(error), error.reason, error.element, error.detail)


def path_of(attestation: Attestation) -> tuple[bytes, ...]:
    return tuple(certificate.der for certificate in attestation._path)


def ended(call: Callable[[], Attestation]) -> Verdict:
    """How the call ended, whichever way."""
    try:
        attestation = call()
    except AttestationError as error:
        return refusal_of(error)
    return Acceptance(attestation, path_of(attestation))


def verdict(verifier: Verifier, chain: Any, at: datetime = ISSUED_AT) -> Verdict:
    """How verifying this chain, without freshness, ends."""
    return ended(lambda: verifier.verify_chain(chain, freshness=UNCHECKED, at=at))


def accept(verifier: Verifier, chain: Any, at: datetime = ISSUED_AT) -> Attestation:
    """The attestation of a chain that must be accepted."""
    return verifier.verify_chain(chain, freshness=UNCHECKED, at=at)


def refuse(
    verifier: Verifier,
    chain: Any,
    kind: type[AttestationError],
    reason: Reason,
    element: str | None,
    at: datetime = ISSUED_AT,
) -> AttestationError:
    """The error of a chain that must be refused for exactly this reason."""
    with pytest.raises(AttestationError) as caught:
        verifier.verify_chain(chain, freshness=UNCHECKED, at=at)
    error = caught.value
    assert (type(error), error.reason, error.element) == (kind, reason, element), error.detail
    return error


def fresh(verifier: Verifier) -> Verifier:
    """A verifier of the same trust and limits that remembers nothing."""
    return Verifier(trust=verifier.trust, limits=verifier.limits)


def roomy(authority: AttestationAuthority) -> Verifier:
    """A verifier that reads more certificates than usual, for cases with many extras."""
    return Verifier(trust=authority.trust, limits=ROOMY)


def remembered(verifier: Verifier) -> int:
    """How many intermediates the verifier remembers."""
    return verifier._pipeline.remembered
