"""The outermost fields of a certificate, walked octet by octet.

Here is refused what `cryptography` would accept, or only warn about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from appleattest.wire import der

_ODD_ATTRIBUTE: Final = re.compile(
    rb"\x06\x03\x55\x04\x03(?![\x0c\x13\x14\x16][\x01-\x40])"  # a common name
    rb"|(?:\x06\x03\x55\x04\x06|\x06\x0b\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03)"
    rb"(?![\x0c\x13\x14\x16]\x02)",  # a country, also that of incorporation
)
_EXTENSIONS: Final = b"\xa3"
_VISIBLE_STRING: Final = 0x1A
_AUTHORITY_SERIAL: Final = 0x82
_VISIBLE: Final = re.compile(rb"[ -~]*")
_OCTET_STRING: Final = 0x04
_CONTAINERS: Final = frozenset({der.SEQUENCE, _OCTET_STRING})
_FIRST_GENERALIZED_YEAR: Final = b"2050"
_LONGEST_SERIAL: Final = 20


class Fields(NamedTuple):
    """The outermost fields of a certificate, as the octets that stand in it."""

    serial: bytes
    signature_algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    public_key: bytes
    extensions: bytes
    """What follows the key, its explicit tag included; nothing where there are none."""


def outermost_fields(encoded: bytes) -> Fields:
    """Walk the outermost DER, refusing what `cryptography` would accept or only warn about.

    That is: a serial number that is not positive or too long (RFC 5280, 4.1.2.2), a unique
    identifier of issuer or subject (4.1.2.8), a signature of a fraction of an octet, times in the
    wrong one of the two types (4.1.2.5), two different signature algorithms (4.1.1.2), and, in any
    name, a common name of none or more than 64 octets or a country of other than two (appendix
    A.1, upper bounds). A warning is an exception under some filters, and a verdict must not depend
    on those.
    """
    start, end = der.content(encoded, 0, der.SEQUENCE)
    if end != len(encoded):
        raise ValueError("octets follow the certificate")
    tbs, after_tbs = der.content(encoded, start, der.SEQUENCE)
    if encoded[tbs : tbs + 5] != b"\xa0\x03\x02\x01\x02":
        raise ValueError("not a version 3 certificate")
    fields = []
    offset = tbs + 5
    for tag in (der.INTEGER, *[der.SEQUENCE] * 5):
        _, following = der.content(encoded, offset, tag)
        fields.append(encoded[offset:following])
        offset = following
    fields.append(encoded[offset:after_tbs])
    found = Fields(*fields)
    if found.extensions[:1] not in (b"", _EXTENSIONS):
        raise ValueError("a unique identifier, which no conforming authority writes")
    _check_serial(found.serial)
    _check_validity(found.validity)
    _check_attributes(found.issuer, found.subject, found.extensions)
    check_doubtful_extensions(found.extensions)
    _, after_algorithm = der.content(encoded, after_tbs, der.SEQUENCE)
    if encoded[after_tbs:after_algorithm] != found.signature_algorithm:
        raise ValueError("the two signature algorithms differ")
    signature, after_signature = der.content(encoded, after_algorithm, der.BIT_STRING)
    if after_signature != len(encoded) or encoded[signature : signature + 1] != b"\x00":
        raise ValueError("the signature is not a whole number of octets")
    return found


def _check_serial(serial: bytes) -> None:
    number = serial[2:]
    if not b"\x00" < number < b"\x80" or len(number) > _LONGEST_SERIAL:
        raise ValueError(f"the serial number is not positive, or over {_LONGEST_SERIAL} octets")


def _check_validity(validity: bytes) -> None:
    offset, end = der.content(validity, 0)
    while offset < end:
        start, following = der.content(validity, offset)
        year = validity[start : start + 4]
        if validity[offset] == der.GENERALIZED_TIME and year < _FIRST_GENERALIZED_YEAR:
            raise ValueError("a time before 2050 is not a UTCTime")
        offset = following


def _check_attributes(*parts: bytes) -> None:
    """Refuse what `cryptography` warns about, as it stands in a name or inside an extension."""
    if any(_ODD_ATTRIBUTE.search(part) for part in parts):
        raise ValueError("a common name is not of 1 to 64 octets, or a country not of 2")


def check_doubtful_extensions(extensions: bytes) -> None:
    """Refuse the two extensions of which `cryptography` would only warn."""
    if not _PERHAPS_DOUBTFUL.search(extensions):
        return
    for extension in each_extension(extensions):
        for oid, check in _DOUBTFUL.items():
            if extension.startswith(oid):
                check(extension)


def each_extension(extensions: bytes) -> Iterator[bytes]:
    """The content of every extension."""
    start, _ = der.content(extensions, 0)
    offset, end = der.content(extensions, start, der.SEQUENCE)
    while offset < end:
        extension, offset = der.element(extensions, offset, der.SEQUENCE)
        yield extension


def _check_notices(policies: bytes) -> None:
    """A VisibleString, in whatever notice of a policy, holds visible ASCII and nothing else."""
    for tag, value in _elements(policies):
        if tag == _VISIBLE_STRING and not _VISIBLE.fullmatch(value):
            raise ValueError("a VisibleString with characters that it cannot hold")


def _check_issuer_serial(key_identifier: bytes) -> None:
    """The authority's serial number, where it is named by one, is positive as any other."""
    for tag, value in _elements(key_identifier):
        if tag == _AUTHORITY_SERIAL and not b"\x00" < value < b"\x80":
            raise ValueError("the authority key identifier's serial number is not positive")


def _elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Every element with its content, and those inside it: where one opens, the next begins."""
    offset = 0
    while offset < len(encoded):
        tag = encoded[offset]
        start, following = der.content(encoded, offset)
        yield tag, encoded[start:following]
        offset = start if tag in _CONTAINERS else following


# Not an authority key identifier of twenty octets and nothing else, which nearly all are.
_PERHAPS_DOUBTFUL: Final = re.compile(rb"\x06\x03\x55\x1d(?:\x20|\x23(?!\x04\x18\x30\x16\x80\x14))")
_DOUBTFUL: Final = {
    bytes.fromhex("0603551d20"): _check_notices,  # certificatePolicies
    bytes.fromhex("0603551d23"): _check_issuer_serial,  # authorityKeyIdentifier
}
