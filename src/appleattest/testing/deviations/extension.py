"""Deviations of any extension: missing, doubled, critical, malformed, one too many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from appleattest.testing import der
from appleattest.testing.overriding import override
from appleattest.testing.template import CertificateTemplate, Deviation, Draft, Extension

UNKNOWN_EXTENSION: Final = "1.3.6.1.4.1.32473.1"
"""An OID under the enterprise number that RFC 5612 keeps for examples."""


def with_template(draft: Draft, template: CertificateTemplate) -> Draft:
    """Return the draft with another template."""
    return replace(draft, template=template)


def set_extension(draft: Draft, extension: Extension) -> Draft:
    """Return the draft in which the extension takes its OID's place, or comes last."""
    return with_template(draft, draft.template.with_extension(extension))


@dataclass(frozen=True, slots=True)
class MissingExtension(Deviation):
    """Without the extension of that OID. Where there was none: ``ValueError``."""

    oid: str

    @override
    def draft(self, draft: Draft) -> Draft:
        return with_template(draft, draft.template.without_extension(self.oid))


@dataclass(frozen=True, slots=True)
class NoExtensions(Deviation):
    """Without any extension: the field is absent, or, if ``empty``, a SEQUENCE of nothing."""

    empty: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        return with_template(draft, replace(draft.template, extensions=() if self.empty else None))


@dataclass(frozen=True, slots=True)
class ExtensionValue(Deviation):
    """The extension of that OID holds ``value``; its place and criticality stay.

    Where there is none, it is a ``ValueError``; see `ExtraExtension`.
    """

    oid: str
    value: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return set_extension(draft, replace(draft.template.find(self.oid), value=self.value))


@dataclass(frozen=True, slots=True)
class RawExtension(Deviation):
    """The whole encoding of the extension of that OID is ``encoding``, well formed or not."""

    oid: str
    encoding: bytes

    @override
    def draft(self, draft: Draft) -> Draft:
        return set_extension(draft, replace(draft.template.find(self.oid), raw=self.encoding))


@dataclass(frozen=True, slots=True)
class DoubledExtension(Deviation):
    """A second extension of that OID, last, with the first one's value or another ``value``."""

    oid: str
    value: bytes | None = None

    @override
    def draft(self, draft: Draft) -> Draft:
        first = draft.template.find(self.oid)
        second = first if self.value is None else replace(first, value=self.value)
        extensions = (*(draft.template.extensions or ()), second)
        return with_template(draft, replace(draft.template, extensions=extensions))


@dataclass(frozen=True, slots=True)
class CriticalExtension(Deviation):
    """The extension of that OID is critical; an unknown one is added with the value NULL."""

    oid: str = UNKNOWN_EXTENSION

    @override
    def draft(self, draft: Draft) -> Draft:
        present = any(each.oid == self.oid for each in draft.template.extensions or ())
        old = draft.template.find(self.oid) if present else Extension(self.oid, der.null())
        return set_extension(draft, replace(old, critical=True))


@dataclass(frozen=True, slots=True)
class NonCriticalExtension(Deviation):
    """The extension of that OID is not critical; ``explicit`` writes the default FALSE, not DER."""

    oid: str
    explicit: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        plain = replace(draft.template.find(self.oid), critical=False)
        if not self.explicit:
            return set_extension(draft, plain)
        raw = der.sequence(der.oid(self.oid), der.boolean(False), der.octet_string(plain.value))
        return set_extension(draft, replace(plain, raw=raw))


@dataclass(frozen=True, slots=True)
class ExtraExtension(Deviation):
    """One more extension, last. An OID that is there already is a ``ValueError``."""

    oid: str = UNKNOWN_EXTENSION
    value: bytes = der.null()
    critical: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        if any(each.oid == self.oid for each in draft.template.extensions or ()):
            raise ValueError(f"the certificate has an extension {self.oid}; double or replace it")
        return set_extension(draft, Extension(self.oid, self.value, self.critical))
