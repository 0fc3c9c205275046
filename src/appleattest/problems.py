"""Problem documents (RFC 8555, section 6.7): what an ACME server tells a client about a refusal.

They name the reason and the element at fault, and no device unless the caller discloses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, Protocol

PREFIX: Final = "urn:ietf:params:acme:error:"


class ProblemContext(StrEnum):
    """The ACME request that is refused: the same defect is another problem in each."""

    NEW_ORDER = "new-order"
    CHALLENGE = "challenge"
    FINALIZE = "finalize"


_BY_CONTEXT: Final = {
    None: "badAttestationStatement",
    ProblemContext.NEW_ORDER: "malformed",
    ProblemContext.CHALLENGE: "badAttestationStatement",
    ProblemContext.FINALIZE: "badCSR",
}
"""The problem type of a reason that has none of its own."""

_BY_REASON: Final[Mapping[str, str]] = {
    "malformed-json": "malformed",
    "malformed-base64": "malformed",
    "unsupported-identifier": "unsupportedIdentifier",
    "key-mismatch": "badCSR",
    "malformed-csr": "badCSR",
    "bad-csr-signature": "badCSR",
    "unexpected-name": "badCSR",
    "unexpected-extension": "badCSR",
    "policy": "unauthorized",
}
"""The problem type of a reason that has the same one in every context."""

_STATUS: Final[Mapping[str, int]] = {"policy": 403}
_DEFAULT_STATUS: Final = 400


class Refusal(Protocol):
    """What a document is made of. Every `AttestationError` is one."""

    reason: Any
    """A `Reason`, which is also its text."""
    detail: str
    context: ProblemContext | None

    def __str__(self) -> str:
        """The sentence for the client."""


class RefusedIdentifier(Refusal, Protocol):
    """A refusal that is about an identifier of an order."""

    identifier: Mapping[str, str] | None


def problem(refusal: Refusal, *, disclose: bool) -> dict[str, Any]:
    """The document of one refusal: `type`, `status`, `detail`.

    `disclose` adds the operator's detail, which may name the device
    (draft-ietf-acme-device-attest, section 5: the reason may be told unless that is a privacy
    concern).
    """
    text = str(refusal)
    if disclose and refusal.detail:
        text = f"{text}: {refusal.detail}"
    kind = _BY_REASON.get(refusal.reason) or _BY_CONTEXT[refusal.context]
    status = _STATUS.get(refusal.reason, _DEFAULT_STATUS)
    return {"type": f"{PREFIX}{kind}", "status": status, "detail": text}


def identifier_problem(
    refusal: RefusedIdentifier, others: Iterable[RefusedIdentifier], *, disclose: bool
) -> dict[str, Any]:
    """The document of a refusal that is about identifiers of an order.

    It has one subproblem for each identifier at fault (RFC 8555, section 6.7.1), which names the
    identifier where `disclose`.
    """
    document = _about_identifier(refusal, disclose=disclose)
    if refusal.identifier is not None:
        document["subproblems"] = [
            _subproblem(each, disclose=disclose) for each in (refusal, *others)
        ]
    return document


def _about_identifier(refusal: RefusedIdentifier, *, disclose: bool) -> dict[str, Any]:
    document = problem(refusal, disclose=disclose)
    if refusal.context is None and refusal.reason == "malformed-identifier":
        document["type"] = f"{PREFIX}malformed"
    return document


def _subproblem(refusal: RefusedIdentifier, *, disclose: bool) -> dict[str, Any]:
    document = _about_identifier(refusal, disclose=disclose)
    del document["status"]
    if disclose and refusal.identifier:
        document["identifier"] = dict(refusal.identifier)
    return document
