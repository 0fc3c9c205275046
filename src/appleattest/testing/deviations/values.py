"""Deviations of the encoding in which a property or the freshness code is given."""

from __future__ import annotations

from enum import StrEnum

from appleattest import oids
from appleattest.testing import der
from appleattest.testing.deviations.extension import ExtensionValue
from appleattest.testing.overriding import override
from appleattest.testing.properties import NUMBER_PROPERTIES, TEXT_PROPERTIES
from appleattest.testing.template import Deviation, Draft, deviation


class Malformation(StrEnum):
    """A way in which the value of a property is not in its documented encoding."""

    UNREADABLE = "the octet FF: no UTF-8, and no DER"
    WRAPPED = "text in a UTF8String, a number in an OCTET STRING"
    PADDED = "text after a space, a number after an octet of its sign that it does not need"
    TOO_LONG = "more text, or a greater number, than any property holds"
    OTHER_TYPE = "text with a line feed in it, a BOOLEAN in place of the INTEGER"


@deviation
class MalformedProperty(Deviation):
    """The property of that OID has a value that is neither blank nor well formed.

    Raises ``ValueError`` for an OID of none of the nine properties, and for an absent or blank
    property. The freshness code is no property: all its values are well formed.
    """

    oid: str
    how: Malformation = Malformation.UNREADABLE

    @override
    def draft(self, draft: Draft) -> Draft:
        value = draft.template.find(self.oid).value
        if not value.strip(b" "):
            raise ValueError(f"the property {self.oid} is blank")
        if self.oid in TEXT_PROPERTIES.values():
            malformed = _malformed_text(value)
        elif self.oid in NUMBER_PROPERTIES.values():
            malformed = _malformed_number(value)
        else:
            raise ValueError(f"{self.oid} is the OID of no property")
        return ExtensionValue(self.oid, malformed[self.how]).draft(draft)


def _malformed_text(value: bytes) -> dict[Malformation, bytes]:
    return {
        Malformation.UNREADABLE: b"\xff",
        Malformation.WRAPPED: der.tlv(der.UTF8_STRING, value),
        Malformation.PADDED: b" " + value,
        Malformation.TOO_LONG: b"x" * 300,
        Malformation.OTHER_TYPE: value + b"\nx",
    }


def _malformed_number(value: bytes) -> dict[Malformation, bytes]:
    sign = b"\xff" if value[2] & 0x80 else b"\x00"
    return {
        Malformation.UNREADABLE: b"\xff",
        Malformation.WRAPPED: der.octet_string(value),
        Malformation.PADDED: der.tlv(der.INTEGER, sign + value[2:]),
        Malformation.TOO_LONG: der.integer(1 << 300),
        Malformation.OTHER_TYPE: der.boolean(False),
    }


@deviation
class WrappedValue(Deviation):
    """The value of that OID is wrapped in an element of ``tag``, by default a UTF8String."""

    oid: str
    tag: int = der.UTF8_STRING

    @override
    def draft(self, draft: Draft) -> Draft:
        value = der.tlv(self.tag, draft.template.find(self.oid).value)
        return ExtensionValue(self.oid, value).draft(draft)


@deviation
class NestedFreshnessCode(Deviation):
    """The freshness code sits in an OCTET STRING of its own inside the extension value."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return WrappedValue(oids.FRESHNESS_CODE, der.OCTET_STRING).draft(draft)


@deviation
class Utf8StringText(Deviation):
    """Every text property is wrapped in a UTF8String, as other verifiers' test chains have it."""

    @override
    def draft(self, draft: Draft) -> Draft:
        for oid in TEXT_PROPERTIES.values():
            if draft.template.has(oid):
                draft = WrappedValue(oid).draft(draft)
        return draft
