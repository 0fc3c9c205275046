"""Problem documents for what the server itself decides (RFC 8555, section 6.7).

Those of an `AttestationError` come from its `problem()`.
"""

from __future__ import annotations

from typing import Any, Final

from appleattest.acme.order_identifiers import OrderIdentifier, ordered_identifier

_REJECTED: Final = "urn:ietf:params:acme:error:rejectedIdentifier"


def rejected_identifiers(
    *identifiers: OrderIdentifier, detail: str, disclose: bool = False
) -> dict[str, Any]:
    """The problem for well-formed identifiers that this server will not certify.

    `detail` is told to the client: it says why, in the caller's words. There is a subproblem for
    each identifier (RFC 8555, section 6.7.1), which names it where `disclose`. Raises `TypeError`
    or `ValueError` for what is no identifier, for none, and for a detail that says nothing.
    """
    ordered = [ordered_identifier(each) for each in identifiers]
    if not isinstance(detail, str):
        raise TypeError(f"a detail is text, not {type(detail).__name__}")
    if not ordered or not detail:
        raise ValueError("a rejection is of at least one identifier, and says why")
    named = [{"identifier": each.to_dict()} if disclose else {} for each in ordered]
    subproblems = [{"type": _REJECTED, "detail": detail, **each} for each in named]
    return {"type": _REJECTED, "status": 400, "detail": detail, "subproblems": subproblems}
