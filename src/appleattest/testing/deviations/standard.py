"""Deviations of the extensions of RFC 5280: constraints, key usage, key identifiers."""

from __future__ import annotations

from enum import IntFlag

from appleattest import oids
from appleattest.testing import apple_shape, der
from appleattest.testing.deviations.extension import ExtraExtension, MissingExtension
from appleattest.testing.keys import spki_of
from appleattest.testing.overriding import override
from appleattest.testing.template import Deviation, Draft, Extension, deviation


@deviation
class NoBasicConstraints(Deviation):
    """Without basicConstraints."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return MissingExtension(oids.BASIC_CONSTRAINTS).draft(draft)


@deviation
class NoKeyUsage(Deviation):
    """Without keyUsage."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return MissingExtension(oids.KEY_USAGE).draft(draft)


@deviation
class NoKeyIdentifiers(Deviation):
    """Without subject and authority key identifier, as RFC 5280 does not allow an issuer."""

    @override
    def draft(self, draft: Draft) -> Draft:
        identifiers = (apple_shape.SUBJECT_KEY_IDENTIFIER, apple_shape.AUTHORITY_KEY_IDENTIFIER)
        kept = tuple(e for e in draft.template.extensions or () if e.oid not in identifiers)
        return draft.changed(extensions=kept)


@deviation
class MismatchedKeyIdentifiers(Deviation):
    """The authority key identifier names a key that is not the issuer's."""

    @override
    def draft(self, draft: Draft) -> Draft:
        other = spki_of(draft.keys.key("mismatched key identifier").public_key())
        return draft.extended(apple_shape.authority_key_identifier(other))


@deviation
class ExtendedKeyUsage(Deviation):
    """The extended key usage of Apple's 2026 leaves, after keyUsage. By default it is *genuine*.

    It is a defect if ``critical`` or with other ``purposes`` (dotted).
    """

    purposes: tuple[str, ...] = ("1.2.840.113635.100.4.24",)
    critical: bool = False

    @override
    def draft(self, draft: Draft) -> Draft:
        value = der.sequence(*(der.oid(purpose) for purpose in self.purposes))
        new = Extension(apple_shape.EXTENDED_KEY_USAGE, value, self.critical)
        old = draft.template.extensions or ()
        place = old.index(draft.template.find(oids.KEY_USAGE)) + 1
        return draft.changed(extensions=(*old[:place], new, *old[place:]))


class KeyUse(IntFlag):
    """The named bits of keyUsage (RFC 5280, 4.2.1.3)."""

    NONE = 0
    DIGITAL_SIGNATURE = 1 << 0
    NON_REPUDIATION = 1 << 1
    KEY_ENCIPHERMENT = 1 << 2
    DATA_ENCIPHERMENT = 1 << 3
    KEY_AGREEMENT = 1 << 4
    KEY_CERT_SIGN = 1 << 5
    CRL_SIGN = 1 << 6
    ENCIPHER_ONLY = 1 << 7
    DECIPHER_ONLY = 1 << 8


@deviation
class KeyUsage(Deviation):
    """keyUsage with other bits, critical."""

    bits: KeyUse

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(apple_shape.key_usage(self.bits))


@deviation
class NoKeyCertSign(Deviation):
    """An issuer that may sign CRLs and no certificates."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return KeyUsage(KeyUse.CRL_SIGN).draft(draft)


@deviation
class LeafIsCA(Deviation):
    """basicConstraints says that this is an authority; keyUsage stays a leaf's."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(apple_shape.basic_constraints(ca=True))


@deviation
class NotACA(Deviation):
    """basicConstraints says that this is not an authority; keyUsage stays an authority's."""

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(apple_shape.basic_constraints(ca=False))


@deviation
class PathLength(Deviation):
    """An authority with another path length, ``None`` for no limit. It may be negative."""

    limit: int | None = None

    @override
    def draft(self, draft: Draft) -> Draft:
        return draft.extended(apple_shape.basic_constraints(ca=True, path_length=self.limit))


@deviation
class NameConstraints(Deviation):
    """Name constraints, by default to DNS names under ``example.org``: no leaf has one.

    ``value`` is the extension value in DER.
    """

    value: bytes = der.sequence(der.tlv(0xA0, der.sequence(der.implicit(2, b"example.org"))))
    critical: bool = True

    @override
    def draft(self, draft: Draft) -> Draft:
        return ExtraExtension(oids.NAME_CONSTRAINTS, self.value, self.critical).draft(draft)
