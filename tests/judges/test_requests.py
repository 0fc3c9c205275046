"""pyasn1 reads every request and otherName as we do; an obvious CA issues for more of them."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Iterator
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509.oid import NameOID
from pyasn1.codec.der import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import char, namedtype, tag, univ
from vector_cases import Vector, requests_and_identifiers

Required, Optional = namedtype.NamedType, namedtype.OptionalNamedType
Default = namedtype.DefaultedNamedType

PERMANENT_IDENTIFIER: Final = "1.3.6.1.5.5.7.8.3"
EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
SUBJECT_ALT_NAME: Final = "2.5.29.17"


def sequence(*fields: namedtype.NamedType) -> Any:
    return univ.Sequence(componentType=namedtype.NamedTypes(*fields))


def under(number: int, spec: Any, form: int = tag.tagFormatSimple) -> Any:
    """The type with an implicit context tag."""
    return spec.subtype(implicitTag=tag.Tag(tag.tagClassContext, form, number))


ATTRIBUTE_VALUE = univ.Choice(
    componentType=namedtype.NamedTypes(
        Required("utf8", char.UTF8String()),
        Required("printable", char.PrintableString()),
        Required("ia5", char.IA5String()),
    )
)
NAME = univ.SequenceOf(
    componentType=univ.SetOf(
        componentType=sequence(
            Required("type", univ.ObjectIdentifier()), Required("value", ATTRIBUTE_VALUE)
        )
    )
)
ATTRIBUTE = sequence(
    Required("type", univ.ObjectIdentifier()),
    Required("values", univ.SetOf(componentType=univ.Any())),
)
INFO = sequence(
    Required("version", univ.Integer()),
    Required("subject", NAME),
    Required("subjectPKInfo", univ.Any()),
    Required(
        "attributes",
        under(0, univ.SetOf(componentType=ATTRIBUTE)),
    ),
)
REQUEST = sequence(
    Required("info", INFO),
    Required("signatureAlgorithm", univ.Any()),
    Required("signature", univ.BitString()),
)
EXTENSIONS = univ.SequenceOf(
    componentType=sequence(
        Required("extnID", univ.ObjectIdentifier()),
        Default("critical", univ.Boolean(False)),
        Required("extnValue", univ.OctetString()),
    )
)
ANY: Any = univ.Any()
EXPLICIT_ANY = ANY.subtype(explicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatSimple, 0))
OTHER_NAME = sequence(
    Required("type-id", univ.ObjectIdentifier()),
    Required("value", EXPLICIT_ANY),
)
GENERAL_NAMES = univ.SequenceOf(
    componentType=univ.Choice(
        componentType=namedtype.NamedTypes(
            Required("otherName", under(0, OTHER_NAME, tag.tagFormatConstructed)),
            Required("rfc822Name", under(1, char.IA5String())),
            Required("dNSName", under(2, char.IA5String())),
            Required("uniformResourceIdentifier", under(6, char.IA5String())),
        )
    )
)
PERMANENT = sequence(
    Optional("value", char.UTF8String()), Optional("assigner", univ.ObjectIdentifier())
)
HARDWARE_MODULE = sequence(
    Required("hwType", univ.ObjectIdentifier()), Required("value", univ.OctetString())
)


def decoded(octets: bytes, spec: Any) -> Any:
    value, rest = decoder.decode(octets, asn1Spec=spec)
    assert rest == b""
    return value


def of_type(kind: str) -> list[Vector]:
    return [vector for vector in requests_and_identifiers() if vector.fields["type"] == kind]


def accepted_of(kind: str) -> list[Vector]:
    """What we accept: every valid vector, and the acceptable ones that we do not refuse."""
    return [vector for vector in of_type(kind) if "reason" not in vector.fields]


def refused_of(kind: str) -> list[Vector]:
    """What we refuse, whether or not everybody must."""
    return [vector for vector in of_type(kind) if "reason" in vector.fields]


def octets_of(vector: Vector) -> bytes:
    if "csr" in vector.fields:
        return b64decode(vector.fields["csr"])
    text = vector.fields["csrText"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- pyasn1 -------------------------------------------------------------------------------------


def subject_names(name: Any) -> Iterator[dict[str, str]]:
    for rdn in name:
        for each in rdn:
            value = str(each["value"].getComponent())
            yield {"kind": "attribute", "oid": str(each["type"]), "value": value}


def alternative_names(names: Any) -> Iterator[dict[str, str]]:
    for each in names:
        kind, name = each.getName(), each.getComponent()
        if kind == "otherName":
            value = b64encode(bytes(name["value"])).decode()
            yield {"kind": kind, "oid": str(name["type-id"]), "value": value}
        else:
            yield {"kind": kind, "value": str(name)}


def names_by_pyasn1(info: Any) -> list[dict[str, str]]:
    names = list(subject_names(info["subject"]))
    for attribute in info["attributes"]:
        assert str(attribute["type"]) == EXTENSION_REQUEST
        (value,) = attribute["values"]
        for extension in decoded(bytes(value), EXTENSIONS):
            if str(extension["extnID"]) == SUBJECT_ALT_NAME:
                names += alternative_names(decoded(bytes(extension["extnValue"]), GENERAL_NAMES))
    return names


def test_it_reads_every_request_that_we_accept_as_we_do() -> None:
    accepted = accepted_of("CsrValidate")
    for vector in accepted:
        request = decoded(octets_of(vector), REQUEST)
        info = request["info"]
        assert int(info["version"]) == 0
        assert names_by_pyasn1(info) == vector.fields["names"], vector.name
        key = load_der_public_key(bytes(info["subjectPKInfo"])).public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        assert b64encode(key).decode() == vector.fields["attestedKey"]
    assert len(accepted) > 60


def parts_by_pyasn1(oid: str, der: bytes) -> dict[str, str]:
    if oid == PERMANENT_IDENTIFIER:
        found = decoded(der, PERMANENT)
        assigner = {"assigner": str(found["assigner"])} if found["assigner"].isValue else {}
        return {"value": str(found["value"]), **assigner}
    found = decoded(der, HARDWARE_MODULE)
    return {"value": bytes(found["value"]).decode(), "hwType": str(found["hwType"])}


def test_it_reads_every_identifier_that_we_accept_as_we_do() -> None:
    accepted = accepted_of("IdentifierRead")
    for vector in accepted:
        fields = vector.fields
        if vector.name.endswith("-one-arc-of-64-octets"):
            with pytest.raises(PyAsn1Error, match="arc exceeds"):
                decoder.decode(b64decode(fields["der"]))
            continue
        module = "hwType" in fields["parts"]
        oid = "1.3.6.1.5.5.7.8.4" if module else PERMANENT_IDENTIFIER
        assert parts_by_pyasn1(oid, b64decode(fields["der"])) == fields["parts"], vector.name
        assert "otherName" not in fields or fields["otherName"]["value"] == fields["der"]
        assert fields["text"] == "/".join(fields["parts"].values())
    assert len(accepted) > 40


PYASN1_ACCEPTS: Final = {
    # The grammar of the order, which is not the name's own.
    *("value-in-a-name-slash", "value-in-a-name-slash-and-oid-in-the-value"),
    *("value-in-a-name-empty-value", "value-in-a-name-empty-value-and-assigner"),
    *("value-in-a-name-slash-in-the-value-and-assigner",),
    *("hardware-module-in-a-name-empty-serial", "hardware-module-in-a-name-slash"),
    # Our bounds.
    *("assigner-in-a-name-65-octets", "type-in-a-name-65-octets"),
    *("value-in-a-name-1025-octets", "permanent-identifier-in-a-name-above-4096-octets"),
    # What is not DER, and is read all the same.
    *("permanent-identifier-in-a-name-long-length",),
    *("permanent-identifier-in-a-name-long-length-inside",),
    *("permanent-identifier-in-a-name-string-in-pieces",),
    *("hardware-module-in-a-name-serial-in-pieces",),
}
"""Every otherName that we refuse and pyasn1 reads; docs/judges.md says why."""


def test_what_we_refuse_and_it_reads_is_meant() -> None:
    read = set()
    for vector in refused_of("IdentifierRead"):
        if "identifier" in vector.fields:
            continue
        name = vector.fields["otherName"]
        try:
            parts_by_pyasn1(name["oid"], b64decode(name["value"]))
        except (PyAsn1Error, AssertionError, UnicodeDecodeError):
            continue
        read.add(vector.name.removeprefix("identifiers/"))
    assert read == PYASN1_ACCEPTS


# --- an obvious CA ------------------------------------------------------------------------------


def obvious(vector: Vector) -> bool:
    """What a CA says that asks `cryptography` for the signature, the key and the identifier."""
    fields = vector.fields
    try:
        request = x509.load_der_x509_csr(octets_of(vector))
        same_key = request.public_key() == load_der_public_key(b64decode(fields["attestedKey"]))
        return same_key and request.is_signature_valid and shown_so(request, fields)
    except Exception:  # noqa: BLE001 - whatever it stumbles over is a refusal
        return False


def shown_so(request: x509.CertificateSigningRequest, fields: dict[str, Any]) -> bool:
    binding, ordered = fields["binding"], fields["identifier"]["value"]
    if binding in ("optional", "forbidden"):
        return True
    common_names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    in_subject = any(each.value == ordered for each in common_names)
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return in_subject and binding == "cn-or-san"
    parts = [
        parts_by_pyasn1(each.type_id.dotted_string, each.value)
        for each in names
        if isinstance(each, x509.OtherName)
        and each.type_id.dotted_string.startswith("1.3.6.1.5.5.7.8.")
    ]
    return any("/".join(each.values()) == ordered for each in parts) or (
        in_subject and binding == "cn-or-san"
    )


BEYOND_THE_OBVIOUS: Final = {
    *("AnotherIdentifier", "AssignedIdentifier", "UnboundRequest"),
    *("CommonNameForm", "StringType", "UnorderedName", "OtherNameEncoding", "LeftOpen"),
    *("PowerToIssue", "SecondRequest", "UnwantedExtension", "IgnoredAttribute"),
    *("MalformedRequest", "MalformedKey", "MalformedBase64", "TooLarge"),
    *("OtherAlgorithm",),
}
"""The flags of what we refuse and the obvious CA issues; docs/judges.md says why."""

IGNORED_BY_OLD_RELEASES: Final = {"AlgorithmConfusion"}
"""`cryptography` 45 reads ECDSA with NULL parameters, which has been refused since."""


def test_what_we_accept_the_obvious_ca_accepts() -> None:
    accepted = accepted_of("CsrValidate")
    assert [vector.name for vector in accepted if not obvious(vector)] == []


def test_what_we_refuse_and_the_obvious_ca_issues_is_meant() -> None:
    issued = [vector for vector in refused_of("CsrValidate") if obvious(vector)]
    flags = {flag for vector in issued for flag in vector.fields["flags"]}
    assert flags - IGNORED_BY_OLD_RELEASES == BEYOND_THE_OBVIOUS
    never = {"UnattestedKey", "ProofOfPossession"}
    assert not any(never & set(vector.fields["flags"]) for vector in issued)


def test_the_obvious_ca_refuses_too() -> None:
    refused = [vector for vector in refused_of("CsrValidate") if not obvious(vector)]
    assert len(refused) > 60
