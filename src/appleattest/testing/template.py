"""A certificate before it is signed, and the four steps at which a deviation can change it.

`mint` fills in a `Draft`, encodes its `CertificateTemplate`, signs that, and joins the parts. A
`Deviation` changes the result of one step, so it breaks one thing only: a wrong extension is
signed correctly, and a wrong signature covers a correct certificate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, dataclass_transform

from appleattest.testing import der
from appleattest.testing.keys import (
    Digest,
    KeyRing,
    PrivateKey,
    algorithm_identifier,
    sign,
    spki_of,
)

Moment: TypeAlias = datetime | bytes
"""An aware point in time, or the DER element to put in its place, unchanged."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One X.509 extension: ``value`` is what the OCTET STRING holds.

    ``raw``, when given, is the whole encoded ``Extension``; the other fields are ignored.
    """

    oid: str
    value: bytes
    critical: bool = False
    raw: bytes | None = None

    def dump(self) -> bytes:
        """The extension in DER; a false ``critical`` is the default and left out."""
        if self.raw is not None:
            return self.raw
        critical = der.boolean(True) if self.critical else b""
        return der.sequence(der.oid(self.oid), critical, der.octet_string(self.value))


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """The fields of a ``TBSCertificate`` (RFC 5280, 4.1). None is checked.

    Names, keys and algorithms are DER; ``serial`` is a number, or the content octets of the
    INTEGER; ``version`` is the number encoded (2 for v3), ``None`` leaves it out (v1). ``None``
    leaves ``extensions`` out; an empty tuple is an empty SEQUENCE. ``algorithm`` and
    ``outer_algorithm``, when ``None``, are what the signer's key implies.
    """

    issuer: bytes
    subject: bytes
    not_before: Moment
    not_after: Moment
    spki: bytes
    serial: int | bytes = 1
    extensions: tuple[Extension, ...] | None = ()
    version: int | None = 2
    algorithm: bytes | None = None
    outer_algorithm: bytes | None = None

    def tbs(self, implied_algorithm: bytes) -> bytes:
        """The ``TBSCertificate``, the octets to sign."""
        return der.sequence(
            b"" if self.version is None else der.explicit(0, der.integer(self.version)),
            _integer(self.serial),
            self.algorithm or implied_algorithm,
            self.issuer,
            der.sequence(_time(self.not_before), _time(self.not_after)),
            self.subject,
            self.spki,
            self._extensions(),
        )

    def _extensions(self) -> bytes:
        if self.extensions is None:
            return b""
        return der.explicit(3, der.sequence(*(each.dump() for each in self.extensions)))

    def has(self, oid: str) -> bool:
        """Whether there is an extension of that OID."""
        return any(each.oid == oid for each in self.extensions or ())

    def find(self, oid: str) -> Extension:
        """The first extension of that OID; its absence is a ``ValueError``."""
        for extension in self.extensions or ():
            if extension.oid == oid:
                return extension
        raise ValueError(f"the certificate has no extension {oid}")

    def with_extension(self, new: Extension) -> CertificateTemplate:
        """A copy in which ``new`` takes the place of its OID, or comes last."""
        old = self.extensions or ()
        if not self.has(new.oid):
            return replace(self, extensions=(*old, new))
        return replace(self, extensions=tuple(new if e.oid == new.oid else e for e in old))

    def without_extension(self, oid: str) -> CertificateTemplate:
        """A copy without every extension of that OID; none is a ``ValueError``."""
        self.find(oid)
        return replace(self, extensions=tuple(e for e in self.extensions or () if e.oid != oid))

    def sign(self, key: PrivateKey, digest: Digest = Digest.SHA384) -> bytes:
        """The certificate in DER, signed by ``key``."""
        implied = algorithm_identifier(key, digest)
        return _signed(self, self.tbs(implied), key, digest).dump()


def _integer(serial: int | bytes) -> bytes:
    return der.integer(serial) if isinstance(serial, int) else der.tlv(der.INTEGER, serial)


def _time(moment: Moment) -> bytes:
    return moment if isinstance(moment, bytes) else der.time(moment)


@dataclass(frozen=True, slots=True)
class Draft:
    """A template, and what is needed to sign it.

    ``subject_key`` is the private half of the certified key, ``None`` when it is not known. ``at``
    is when the chain is made, from which deviations of time count. Deviations take keys of their
    own from ``keys``.
    """

    template: CertificateTemplate
    signer: PrivateKey
    subject_key: PrivateKey | None
    keys: KeyRing
    at: datetime
    digest: Digest = Digest.SHA384

    @property
    def implied_algorithm(self) -> bytes:
        """The AlgorithmIdentifier that the signer and the hash imply, in DER."""
        return algorithm_identifier(self.signer, self.digest)

    def changed(self, **fields: Any) -> Draft:
        """A copy with other values of these fields of the template."""
        return replace(self, template=replace(self.template, **fields))

    def extended(self, extension: Extension) -> Draft:
        """A copy in which ``extension`` takes the place of its OID, or comes last."""
        return replace(self, template=self.template.with_extension(extension))

    def certifying(self, key: PrivateKey) -> Draft:
        """A copy that certifies ``key``; a self-signed certificate stays self-signed."""
        signer = key if self.signer is self.subject_key else self.signer
        draft = self.changed(spki=spki_of(key.public_key()))
        return replace(draft, subject_key=key, signer=signer)


@dataclass(frozen=True, slots=True)
class Signed:
    """The three parts of a certificate, signed and not yet joined.

    ``unused_bits`` is the first octet of the outer BIT STRING, which no signature covers.
    """

    tbs: bytes
    algorithm: bytes
    signature: bytes
    signer: PrivateKey
    unused_bits: int = 0

    def dump(self) -> bytes:
        """The certificate in DER."""
        bits = der.bit_string(self.signature, self.unused_bits)
        return der.sequence(self.tbs, self.algorithm, bits)


def _signed(template: CertificateTemplate, tbs: bytes, key: PrivateKey, digest: Digest) -> Signed:
    inner = template.algorithm or algorithm_identifier(key, digest)
    return Signed(tbs, template.outer_algorithm or inner, sign(key, digest, tbs), key)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deliberate difference from a genuine certificate.

    The subclasses in `appleattest.testing.deviations` override some of these steps.
    """

    def draft(self, draft: Draft) -> Draft:
        """Change a field before anything is encoded."""
        return draft

    def tbs(self, tbs: bytes) -> bytes:
        """Change the encoded ``TBSCertificate`` before it is signed."""
        return tbs

    def signed(self, signed: Signed) -> Signed:
        """Change a part after signing."""
        return signed

    def encoded(self, certificate: bytes) -> bytes:
        """Change the whole certificate."""
        return certificate


_Kind = TypeVar("_Kind", bound=Deviation)
_Step = TypeVar("_Step")


@dataclass_transform(frozen_default=True)
def deviation(kind: type[_Kind]) -> type[_Kind]:
    """Make a subclass of `Deviation` a frozen dataclass with slots."""
    return dataclass(frozen=True, slots=True)(kind)


@dataclass(frozen=True, slots=True)
class Minted:
    """A certificate in DER, and the draft that it came from, deviations applied."""

    der: bytes
    draft: Draft


def mint(draft: Draft, deviations: Iterable[Deviation] = ()) -> Minted:
    """The certificate of ``draft`` with ``deviations``, each step in the order given.

    Raises ``TypeError`` for anything but a `Deviation`, ``ValueError`` for one that changes
    nothing: the test's certificate would not be broken.
    """
    applied = _checked(deviations)
    idle = set(applied)

    def through(step: str, value: _Step) -> _Step:
        for each in applied:
            changed: _Step = getattr(each, step)(value)
            if changed != value:
                idle.discard(each)
            value = changed
        return value

    draft = through("draft", draft)
    tbs = through("tbs", draft.template.tbs(draft.implied_algorithm))
    signed = through("signed", _signed(draft.template, tbs, draft.signer, draft.digest))
    certificate = through("encoded", signed.dump())
    for each in idle:
        raise ValueError(f"{each} changes nothing in this certificate")
    return Minted(certificate, draft)


def _checked(deviations: Iterable[Deviation]) -> tuple[Deviation, ...]:
    applied = tuple(deviations)
    for each in applied:
        if not isinstance(each, Deviation):
            raise TypeError(f"not a deviation: {each!r}; {known_deviations()}")
    if len(set(applied)) < len(applied):
        raise ValueError("a deviation is given twice: the second may undo the first")
    return applied


def known_deviations() -> str:
    """Which deviations there are, as the end of an error message."""
    from appleattest.testing import deviations  # not above: these import this module

    def is_deviation(name: str) -> bool:
        found = getattr(deviations, name)
        return isinstance(found, type) and issubclass(found, Deviation)

    names = ", ".join(filter(is_deviation, deviations.__all__))
    return f"appleattest.testing.deviations has {names}"
