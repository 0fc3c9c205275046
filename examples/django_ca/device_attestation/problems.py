"""Problem documents (RFC 7807) as django-ca's responses."""

from collections.abc import Mapping
from typing import Any

from django_ca.acme.responses import AcmeResponse


class Problem(Exception):
    """A refusal whose problem document is made already."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document["detail"])
        self.document = document


def response(document: Mapping[str, Any]) -> AcmeResponse:
    """The document as a response. django-ca's own has neither subproblems nor our types."""
    kind = "application/problem+json"
    return AcmeResponse(dict(document), status=document["status"], content_type=kind)
