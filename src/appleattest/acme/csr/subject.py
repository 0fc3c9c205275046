"""The subject of a certificate request, with the string types that `cryptography` does not tell."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cryptography import x509

from appleattest.wire import der
from appleattest.wire.der import OID, SET, element, elements, only

UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16

_CHARACTERS: Final = {
    PRINTABLE_STRING: re.compile(rb"[A-Za-z0-9 '()+,./:=?-]*"),
    IA5_STRING: re.compile(rb"[\x00-\x7f]*"),
}


class SubjectAttribute(NamedTuple):
    """One attribute of the subject, the tag of its string type, and how many share its RDN."""

    attribute: x509.NameAttribute[str | bytes]
    tag: int
    in_rdn: int


def read_subject(encoded: bytes, decoded: x509.Name) -> tuple[SubjectAttribute, ...]:
    """The attributes in their order.

    Raises `ValueError` or `IndexError` for what is no name, or holds a string with characters
    that its type cannot.
    """
    found: list[tuple[int, int]] = []
    for rdn in elements(encoded, SET):
        attributes = elements(rdn, der.SEQUENCE)
        found += [(_string_type(attribute), len(attributes)) for attribute in attributes]
    return tuple(
        SubjectAttribute(attribute, tag, in_rdn)
        for attribute, (tag, in_rdn) in zip(decoded, found, strict=True)
    )


def _string_type(attribute: bytes) -> int:
    _, offset = element(attribute, 0, OID)
    tag = attribute[offset]
    content = only(attribute[offset:], tag)
    allowed = _CHARACTERS.get(tag)
    if allowed is not None and not allowed.fullmatch(content):
        raise ValueError("a string with characters that its type cannot hold")
    return tag
