"""Problem documents for what the server itself decides (RFC 8555, section 6.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """A request that ends in this problem document. Its text names no device and no client."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document["detail"])
        self.document = dict(document)


def problem(kind: str, detail: str, status: int = 400, **members: object) -> Problem:
    """The problem of that kind in ACME's own namespace."""
    kind = f"urn:ietf:params:acme:error:{kind}"
    return Problem({"type": kind, "status": status, "detail": detail, **members})
