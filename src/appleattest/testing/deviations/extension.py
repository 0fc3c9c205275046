"""Deviations of any extension: missing, doubled, critical, malformed, one too many."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appleattest.testing import der
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, Extension, deviation

UNKNOWN_EXTENSION: Final = "1.3.6.1.4.1.32473.1"
"""An OID under the enterprise number that RFC 5612 keeps for examples."""


@deviation
class MissingExtension(Deviation):
    """Without the extension of that OID. Where there was none: ``ValueError``."""

    oid: str

    @override
    def draft(self, draft: Draft) -> Draft:
        return replace(draft, template=draft.template.without_extension(self.oid))


@deviation
class NoExtensions(Deviation):
    """Without any extension: the field is absent, or, if ``empty``, a SEQUENCE of nothing."""

    empty: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.changed(extensions=() if self.empty else None)


@deviation
class ExtensionValue(Deviation):
    """The extension of that OID holds ``value``; its place and criticality stay.

    Where there is none: ``ValueError``; see `ExtraExtension`.
    """

    oid: str
    value: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(replace(draft.template.find(self.oid), value=self.value))


@deviation
class RawExtension(Deviation):
    """The whole extension of that OID is ``encoding``, well formed or not."""

    oid: str
    encoding: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(replace(draft.template.find(self.oid), raw=self.encoding))


@deviation
class DoubledExtension(Deviation):
    """A second extension of that OID, last, with the first one's value or another ``value``."""

    oid: str
    value: bytes | None = None

    @override
    def draft(self, draft: Draft) -> Draft:
        first = draft.template.find(self.oid)
        second = first if self.value is None else replace(first, value=self.value)
        return draft.changed(extensions=(*(draft.template.extensions or ()), second))


@deviation
class CriticalExtension(Deviation):
    """The extension of that OID is critical; an unknown one is added with the value NULL."""

    oid: str = UNKNOWN_EXTENSION

    @override
    def draft(self, draft: Draft) -> Draft:
        old = Extension(self.oid, der.null())
        if draft.template.has(self.oid):
            old = draft.template.find(self.oid)
        return draft.extended(replace(old, critical=True))


@deviation
class NonCriticalExtension(Deviation):
    """The extension of that OID is not critical; ``explicit`` writes the default FALSE, not DER."""

    oid: str
    explicit: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        plain = replace(draft.template.find(self.oid), critical=False)
        if not self.explicit:
            return draft.extended(plain)
        raw = der.sequence(der.oid(self.oid), der.boolean(False), der.octet_string(plain.value))
        return draft.extended(replace(plain, raw=raw))


@deviation
class ExtraExtension(Deviation):
    """One more extension, last. An OID that is there already is a ``ValueError``."""

    oid: str = UNKNOWN_EXTENSION
    value: bytes = der.null()
    critical: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        if draft.template.has(self.oid):
            raise ValueError(f"the certificate has an extension {self.oid}; double or replace it")
        return draft.extended(Extension(self.oid, self.value, self.critical))
