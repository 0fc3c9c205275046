"""The shape of Apple's root, intermediate and leaf, under names that are not Apple's.

Copied from certificates that Apple issued: string types, the order of attributes and extensions,
criticality, absent extensions. Most of it is not documented, so a verifier must not rely on it;
the deviations show whether one does.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from appleattest import oids
from appleattest.testing import der
from appleattest.testing.keys import KeyRing, PrivateKey, PublicKey, key_bits, spki_of
from appleattest.testing.properties import Properties
from appleattest.testing.template import CertificateTemplate, Draft, Extension, Moment

AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"

ISSUED_AT: Final = datetime(2025, 7, 1, 12, tzinfo=UTC)
"""When an attestation is issued by default. It is not the clock."""

FRESHNESS_CODE: Final = hashlib.sha256(b"appleattest.testing").digest()
"""The default freshness code of an attestation: 32 octets."""

NOT_BEFORE: Final = datetime(2022, 2, 16, 19, 1, 24, tzinfo=UTC)
"""When the minted root and intermediates become valid."""

ROOT_NOT_AFTER: Final = datetime(2047, 2, 20, tzinfo=UTC)
INTERMEDIATE_NOT_AFTER: Final = datetime(2032, 2, 18, tzinfo=UTC)

LEAF_BEFORE: Final = timedelta(hours=24)
LEAF_AFTER: Final = timedelta(days=90)

# digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment; keyCertSign, cRLSign.
LEAF_KEY_USE: Final = 0b0000_1111
AUTHORITY_KEY_USE: Final = 0b0110_0000

_ATTRIBUTES: Final = {
    "CN": ("2.5.4.3", der.utf8_string),
    "O": ("2.5.4.10", der.utf8_string),
    "OU": ("2.5.4.11", der.utf8_string),
    "ST": ("2.5.4.8", der.utf8_string),
    "C": ("2.5.4.6", der.printable_string),
}


def distinguished_name(**attributes: str) -> bytes:
    """A DER name of ``CN``, ``O``, ``OU``, ``ST``, ``C``, in the order given."""
    return der.sequence(*(_attribute(key, text) for key, text in attributes.items()))


def _attribute(key: str, text: str) -> bytes:
    oid, encode = _ATTRIBUTES[key]
    return der.set_of(der.sequence(der.oid(oid), encode(text)))


def authority_name(common_name: str) -> bytes:
    """The DER name ``CN=<common_name>, O=Example, C=US``."""
    return distinguished_name(CN=common_name, O="Example", C="US")


ROOT_NAME: Final = authority_name("Test Enterprise Attestation Root CA")
INTERMEDIATE_NAME: Final = authority_name("Test Enterprise Attestation Sub CA 1")


def leaf_name(spki: bytes) -> bytes:
    """A leaf's DER subject: its CN is the SHA-256 of the key's BIT STRING, in hex."""
    digest = hashlib.sha256(key_bits(spki)).hexdigest()
    return distinguished_name(CN=digest, OU="AAA Certification", O="Example", ST="California")


def key_identifier(spki: bytes) -> bytes:
    """The SHA-1 of the key's BIT STRING (RFC 5280, 4.2.1.2, method 1)."""
    return hashlib.sha1(key_bits(spki)).digest()  # noqa: S324 (a name, not a protection)


def basic_constraints(*, ca: bool, path_length: int | None = None) -> Extension:
    """The critical extension; ``ca`` false, the default, is left out: ``30 00``."""
    length = b"" if path_length is None else der.integer(path_length)
    value = der.sequence(der.boolean(True) if ca else b"", length)
    return Extension(oids.BASIC_CONSTRAINTS, value, critical=True)


def key_usage(bits: int) -> Extension:
    """The critical extension with named bit *i* set where bit *i* of ``bits`` is."""
    return Extension(oids.KEY_USAGE, der.named_bits(bits), critical=True)


def subject_key_identifier(spki: bytes) -> Extension:
    """The extension that names this key."""
    return Extension(SUBJECT_KEY_IDENTIFIER, der.octet_string(key_identifier(spki)))


def authority_key_identifier(spki: bytes) -> Extension:
    """The extension that names this key as the issuer's."""
    value = der.sequence(der.implicit(0, key_identifier(spki)))
    return Extension(AUTHORITY_KEY_IDENTIFIER, value)


def root_draft(keys: KeyRing, name: bytes, key: PrivateKey, at: datetime) -> Draft:
    """The draft of a root: ``key`` signs itself."""
    draft = authority_draft(
        keys,
        issuer=name,
        issuer_key=key,
        subject=name,
        subject_key=key,
        path_length=None,
        not_before=NOT_BEFORE,
        not_after=ROOT_NOT_AFTER,
        at=at,
    )
    template = draft.template.without_extension(AUTHORITY_KEY_IDENTIFIER)
    return replace(draft, template=_numbered(template, keys))


def authority_draft(
    keys: KeyRing,
    *,
    issuer: bytes,
    issuer_key: PrivateKey,
    subject: bytes,
    subject_key: PrivateKey,
    path_length: int | None,
    not_before: Moment,
    not_after: Moment,
    at: datetime,
) -> Draft:
    """The draft of an intermediate."""
    spki = spki_of(subject_key.public_key())
    template = CertificateTemplate(
        issuer=issuer,
        subject=subject,
        not_before=not_before,
        not_after=not_after,
        spki=spki,
        extensions=(
            basic_constraints(ca=True, path_length=path_length),
            authority_key_identifier(spki_of(issuer_key.public_key())),
            subject_key_identifier(spki),
            key_usage(AUTHORITY_KEY_USE),
        ),
    )
    return Draft(_numbered(template, keys), issuer_key, subject_key, keys, at)


def _numbered(template: CertificateTemplate, keys: KeyRing) -> CertificateTemplate:
    """Give an authority's certificate a serial number from its content."""
    return replace(template, serial=keys.serial(replace(template, serial=1).tbs(b"")))


def leaf_draft(
    keys: KeyRing,
    *,
    issuer: bytes,
    issuer_key: PrivateKey,
    public_key: PublicKey,
    subject_key: PrivateKey | None,
    properties: Properties,
    freshness_code: bytes | None,
    at: datetime,
) -> Draft:
    """The draft of a leaf that was issued ``at`` that moment (UTC)."""
    spki = spki_of(public_key)
    values = properties.extension_values()
    if freshness_code is not None:
        values[oids.FRESHNESS_CODE] = freshness_code
    template = CertificateTemplate(
        issuer=issuer,
        subject=leaf_name(spki),
        not_before=at - LEAF_BEFORE,
        not_after=at + LEAF_AFTER,
        spki=spki,
        serial=(at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1),
        extensions=(
            basic_constraints(ca=False),
            key_usage(LEAF_KEY_USE),
            *(Extension(oid, value) for oid, value in values.items()),
        ),
    )
    return Draft(template, issuer_key, subject_key, keys, at)
