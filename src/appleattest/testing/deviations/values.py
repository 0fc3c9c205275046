"""Deviations of the encoding in which a property or the freshness code is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appleattest import oids
from appleattest.testing import der
from appleattest.testing.deviations.extension import ExtensionValue
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft

TEXT_PROPERTIES: Final = (
    oids.SERIAL_NUMBER,
    oids.UDID,
    oids.SOFTWARE_UPDATE_DEVICE_ID,
    oids.OS_VERSION,
    oids.SEPOS_VERSION,
    oids.LLB_VERSION,
    oids.SECURE_BOOT,
)


@dataclass(frozen=True, slots=True)
class WrappedValue(Deviation):
    """The value of that OID is wrapped in an element of ``tag``, by default a UTF8String."""

    oid: str
    tag: int = der.UTF8_STRING

    @override
    def draft(self, draft: Draft) -> Draft:
        """Wrap the value."""
        value = der.tlv(self.tag, draft.template.find(self.oid).value)
        return ExtensionValue(self.oid, value).draft(draft)


@dataclass(frozen=True, slots=True)
class NestedFreshnessCode(Deviation):
    """The freshness code sits in an OCTET STRING of its own inside the extension value."""

    @override
    def draft(self, draft: Draft) -> Draft:
        """Wrap the value."""
        return WrappedValue(oids.FRESHNESS_CODE, der.OCTET_STRING).draft(draft)


@dataclass(frozen=True, slots=True)
class Utf8StringText(Deviation):
    """Every text property is wrapped in a UTF8String, as other verifiers' test chains have it."""

    @override
    def draft(self, draft: Draft) -> Draft:
        """Wrap the values."""
        for oid in TEXT_PROPERTIES:
            if any(each.oid == oid for each in draft.template.extensions or ()):
                draft = WrappedValue(oid).draft(draft)
        return draft
