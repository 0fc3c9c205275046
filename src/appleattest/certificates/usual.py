r"""The quick reader: a leaf or an intermediate of the shape that Apple's have, and nothing else.

For anything else the answer is None, and the general reader decides. What is read here is read
there, with the same result: the values are of kinds that the general reader accepts, and
`tests/test_usual.py` compares the two for whatever could tell them apart.
"""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar, Final

from cryptography import x509

from appleattest import oids
from appleattest.certificates import points
from appleattest.certificates.decoded import DecodedCertificate
from appleattest.certificates.shape import Shape, attribute, element

_SEQUENCE: Final = rb"\x30"
_COUNTRY: Final = rb"\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02[ -~]{2}"
_P256: Final = (
    rb"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    rb"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04(?P<p256>.{64})"
)
_P384: Final = (
    rb"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    rb"\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04(?P<p384>.{96})"
)
_VALIDITY: Final = rb"\x30\x1e\x17\x0d[0-9]{12}Z\x17\x0d[0-9]{12}Z"
_ALGORITHM: Final = rb"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03[\x02-\x04]"


def _authority(name: str) -> bytes:
    """The pattern of the name of an authority: CN, O, C."""
    texts = attribute(f"{name}_cn", rb"\x03") + attribute(f"{name}_o", rb"\x0a")
    return element(name, _SEQUENCE, texts + _COUNTRY)


def _shape(subject: bytes, extensions: bytes) -> Shape:
    to_be_signed = (
        rb"\xa0\x03\x02\x01\x02"
        + element("serial", rb"\x02", rb"[\x01-\x7f].{0,19}?")
        + rb"(?P<algorithm>%b)" % _ALGORITHM
        + _authority("issuer")
        + _VALIDITY
        + subject
        + rb"(?P<spki>%b|%b)" % (_P256, _P384)
        + element("explicit", rb"\xa3", element("extensions", _SEQUENCE, extensions))
    )
    signature = element("signature", rb"\x03", rb"\x00.{1,160}+")
    signed = element("signed", _SEQUENCE, to_be_signed) + rb"(?P=algorithm)" + signature
    return Shape(element("certificate", _SEQUENCE, signed))


_LEAF: Final = _shape(
    element(
        "subject",
        _SEQUENCE,
        attribute("cn", rb"\x03")
        + attribute("ou", rb"\x0b")
        + attribute("o", rb"\x0a")
        + attribute("st", rb"\x08"),
    ),
    re.escape(bytes.fromhex("300c0603551d130101ff04023000"))  # basicConstraints: no CA
    + re.escape(bytes.fromhex("300e0603551d0f0101ff0404030204f0"))  # keyUsage: the first four bits
    + rb"(?:%b)?" % re.escape(bytes.fromhex("30140603551d25040d300b06092a864886f763640418"))
    + rb"(?P<properties>.*)",
)
_INTERMEDIATE: Final = _shape(
    _authority("subject"),
    re.escape(bytes.fromhex("30120603551d130101ff040830060101ff020100"))  # a CA of path length 0
    + rb"\x30\x1f\x06\x03\x55\x1d\x23\x04\x18\x30\x16\x80\x14.{20}"
    + rb"\x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x04\x14.{20}"
    + re.escape(bytes.fromhex("300e0603551d0f0101ff040403020106")),  # keyCertSign, cRLSign
)

_AROUND_VALUE: Final = 14
"""Octets of a property's extension before its value, after the outer length."""
_OUTER_LENGTHS: Final = bytes(min(inner + _AROUND_VALUE, 0xFF) for inner in range(256))
"""The outer length by that of the value. Above 0x7F there is none of one octet."""
_ODD_ATTRIBUTE: Final = bytes.fromhex("06035504")
_ODD_COUNTRY: Final = bytes.fromhex("060b2b0601040182373c")
"""Types of attributes. The general reader looks for odd ones inside extensions too."""


class _Oids(dict[bytes, str]):
    """The dotted OID by its last two octets, of every OID under Apple's arc that has two there."""

    def __missing__(self, last: bytes) -> str:
        return f"{oids.APPLE_ATTESTATION_ARC}{last[0]}.{last[1]}"


_OIDS: Final = _Oids(
    (bytes(map(int, oid.split(".")[-2:])), oid)
    for oid in vars(oids).values()
    if str(oid).startswith(oids.APPLE_ATTESTATION_ARC) and oid != oids.APPLE_ATTESTATION_ARC
)
"""Those that are documented, made once; any other is made when it is met."""


def _usage(*bits: str) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{bit: bit in bits for bit in every.split()})


class _Usual(DecodedCertificate):
    """A certificate of a usual shape. What its shape says need not be read from it."""

    _CONSTRAINTS: ClassVar[x509.BasicConstraints]
    _USAGE: ClassVar[x509.KeyUsage]

    def __init__(self, loaded: x509.Certificate, found: re.Match[bytes]) -> None:
        super().__init__(found.string, loaded, *found.group("issuer", "subject", "spki"))
        self._found: Final = found

    @property
    def basic_constraints(self) -> x509.BasicConstraints:
        """Those of its shape."""
        return self._CONSTRAINTS

    @property
    def key_usage(self) -> x509.KeyUsage:
        """That of its shape."""
        return self._USAGE

    @property
    def signed(self) -> bytes:
        """The octets that the issuer signed. In DER they are what encoding anew would give."""
        return self._found["signed"]


class UsualLeaf(_Usual):
    """A leaf: no CA, and the four usages of one."""

    _CONSTRAINTS = x509.BasicConstraints(ca=False, path_length=None)
    _USAGE = _usage(
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment"
    )

    def __init__(
        self, loaded: x509.Certificate, found: re.Match[bytes], raw: dict[str, bytes]
    ) -> None:
        super().__init__(loaded, found)
        self._raw: Final = raw

    def properties(self) -> dict[str, bytes]:
        """The raw values of every extension under Apple's attestation arc, by dotted OID."""
        return self._raw


class UsualIntermediate(_Usual):
    """A CA that issues leaves alone, and signs certificates and revocation lists."""

    _CONSTRAINTS = x509.BasicConstraints(ca=True, path_length=0)
    _USAGE = _usage("key_cert_sign", "crl_sign")


def read_usual(encoded: bytes) -> UsualLeaf | UsualIntermediate | None:
    """The decoded certificate; None for one of any other shape, whatever is wrong with it."""
    found = _LEAF.match(encoded)
    if found is not None:
        raw = _properties(found["properties"])
        loaded = None if raw is None else _loaded(found)
        return None if raw is None or loaded is None else UsualLeaf(loaded, found, raw)
    found = _INTERMEDIATE.match(encoded)
    loaded = None if found is None else _loaded(found)
    return None if found is None or loaded is None else UsualIntermediate(loaded, found)


def _loaded(found: re.Match[bytes]) -> x509.Certificate | None:
    """The certificate, if its key is a point of its curve and nothing in it is odd."""
    p256, p384, extensions = found.group("p256", "p384", "extensions")
    is_point = points.P256.has(p256) if p256 else points.P384.has(p384)
    if not is_point or _ODD_ATTRIBUTE in extensions or _ODD_COUNTRY in extensions:
        return None
    try:
        return x509.load_der_x509_certificate(found.string)
    except Exception:  # noqa: BLE001 - the general reader says what: a day that is in no month
        return None


@cache
def _property() -> re.Pattern[bytes]:
    """What stands before the value of a property. Compiled when it is first used."""
    return re.compile(
        rb"\x30([\x0e-\x7f])\x06\x0a\x2a\x86\x48\x86\xf7\x63\x64\x08"
        rb"([\x00-\x7f]{2})\x04(.)",
        re.DOTALL,
    )


def _properties(encoded: bytes) -> dict[str, bytes] | None:
    """The values of a row of extensions under Apple's arc; None for any other row.

    That is where each is not critical, short, and there once.
    """
    before, *parts = _property().split(encoded)
    values = parts[3::4]
    inner = b"".join(parts[2::4])
    if before or [*inner] != [*map(len, values)]:
        return None
    if b"".join(parts[::4]) != inner.translate(_OUTER_LENGTHS):
        return None
    raw = dict(zip(map(_OIDS.__getitem__, parts[1::4]), values, strict=True))
    return raw if len(raw) == len(values) else None
