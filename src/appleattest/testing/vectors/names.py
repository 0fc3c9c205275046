"""Names of a certificate request in the JSON: `kind`, `value`, and `oid` where due."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final, TypeAlias

from cryptography import x509

Name: TypeAlias = "x509.GeneralName | x509.NameAttribute[Any]"

_ATTRIBUTE: Final = "attribute"
_OTHER_NAME: Final = "otherName"
_TEXTS: Final[dict[str, type[Any]]] = {
    "dNSName": x509.DNSName,
    "rfc822Name": x509.RFC822Name,
    "uniformResourceIdentifier": x509.UniformResourceIdentifier,
}


def written(name: Name) -> dict[str, str]:
    """The name as JSON; `ValueError` for a kind of name that no vector has."""
    if isinstance(name, x509.NameAttribute):
        return {"kind": _ATTRIBUTE, "oid": name.oid.dotted_string, "value": name.value}
    if isinstance(name, x509.OtherName):
        value = b64encode(name.value).decode("ascii")
        return {"kind": _OTHER_NAME, "oid": name.type_id.dotted_string, "value": value}
    for kind, text in _TEXTS.items():
        if isinstance(name, text):
            return {"kind": kind, "value": name.value}
    raise ValueError(f"a {type(name).__name__} has no form in the vectors")


def read(name: dict[str, str]) -> Name:
    """The name of which this is the JSON."""
    kind, value = name["kind"], name["value"]
    if kind == _ATTRIBUTE:
        return x509.NameAttribute(x509.ObjectIdentifier(name["oid"]), value)
    if kind == _OTHER_NAME:
        return x509.OtherName(x509.ObjectIdentifier(name["oid"]), b64decode(value))
    made: x509.GeneralName = _TEXTS[kind](value)
    return made
