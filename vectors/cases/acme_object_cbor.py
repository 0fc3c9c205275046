"""Attestation objects whose CBOR a strict reader refuses, each around a genuine chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority
from appleattest.testing.carriers import attestation_object, cbor_head, cbor_map
from vectors.case import AcmeInput, acceptable, but, invalid, only
from vectors.cases.acme_object import FILE, Chain, chain_of
from vectors.flags import Flag
from vectors.handmade import (
    array_item,
    bytes_item,
    object_item,
    statement_item,
    tagged,
    text_item,
    x5c_item,
)

_FMT: Final = text_item("fmt")
_STATEMENT: Final = text_item("attStmt")
_X5C: Final = text_item("x5c")
_MORE: Final = text_item("more")
_APPLE: Final = text_item("apple")
_NULL: Final = b"\xf6"


def _object(chain: Chain, *more: tuple[bytes, bytes]) -> bytes:
    return object_item(statement_item(x5c_item(chain)), *more)


def _ignored(authority: AttestationAuthority, item: bytes) -> AcmeInput:
    """A genuine object with an item under a key that is ignored."""
    return AcmeInput(_object(chain_of(authority), (_MORE, item)))


_TAGS: Final = {
    "0-date-text": tagged(0, text_item("2025-07-01T12:00:00Z")),
    "0-of-no-date": tagged(0, text_item("x")),
    "1-epoch": tagged(1, b"\x00"),
    "2-bignum": tagged(2, bytes_item(b"\x01")),
    "3-negative-bignum": tagged(3, bytes_item(b"\x01")),
    "4-decimal-fraction": tagged(4, b"\x82\x01\x02"),
    "4-huge-exponent": tagged(4, b"\x82\x1a\x7f\xff\xff\xff\x02"),
    "5-bigfloat": tagged(5, b"\x82\x01\x02"),
    "21-base64url-later": tagged(21, bytes_item(b"x")),
    "24-cbor-in-octets": tagged(24, bytes_item(b"\xa0")),
    "25-string-reference": tagged(25, b"\x00"),
    "28-shared": tagged(28, b"\x80"),
    "28-that-holds-itself": tagged(28, array_item(tagged(29, b"\x00"))),
    "29-reference": tagged(29, b"\x00"),
    "30-rational": tagged(30, b"\x82\x01\x02"),
    "30-rational-by-zero": tagged(30, b"\x82\x01\x00"),
    "32-uri": tagged(32, text_item("http://example.org")),
    "35-regular-expression": tagged(35, text_item("(a+)+$")),
    "36-mime": tagged(36, text_item("Content-Type: text/plain\r\n\r\n")),
    "37-uuid": tagged(37, bytes_item(bytes(16))),
    "52-ipv4": tagged(52, bytes_item(bytes(4))),
    "100-days": tagged(100, b"\x00"),
    "256-string-name-space": tagged(256, b"\x80"),
    "258-set": tagged(258, b"\x80"),
    "260-address": tagged(260, bytes_item(bytes(4))),
    "1004-date": tagged(1004, text_item("2025-07-01")),
    "43000-complex": tagged(43000, b"\x82\x01\x02"),
    "55799-self-described": tagged(55799, b"\x00"),
    "65536-unassigned": tagged(65536, b"\x00"),
    "2-to-the-64-minus-1": tagged(2**64 - 1, b"\x00"),
    "in-an-array": array_item(tagged(1, b"\x00")),
    "in-a-map": cbor_map((text_item("x"), tagged(1, b"\x00"))),
    "within-a-tag": tagged(6, tagged(7, b"\x00")),
}


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=_TAGS)
def ignored_tag(authority: AttestationAuthority, item: bytes) -> AcmeInput:
    """``{fmt, attStmt, more: an item with a tag}``

    An attestation object has no tag (WebAuthn, 2: the canonical form of CTAP2), and decoders
    SHOULD refuse one. Some compile, parse, compute or refer to whatever it asks for; who steps
    over it does no harm.
    """
    return _ignored(authority, item)


_PLACES: Final[dict[str, Callable[[Chain], bytes]]] = {
    "object-self-described": lambda chain: tagged(55799, _object(chain)),
    "object-of-unknown-tag": lambda chain: tagged(65536, _object(chain)),
    "fmt": lambda chain: object_item(statement_item(x5c_item(chain)), fmt=tagged(32, _APPLE)),
    "statement": lambda chain: object_item(tagged(28, statement_item(x5c_item(chain)))),
    "statement-in-octets": lambda chain: object_item(
        tagged(24, bytes_item(statement_item(x5c_item(chain))))
    ),
    "x5c-as-a-set": lambda chain: object_item(statement_item(tagged(258, x5c_item(chain)))),
    "leaf": lambda chain: object_item(
        statement_item(array_item(tagged(24, bytes_item(chain[0])), bytes_item(chain[1])))
    ),
    "leaf-as-a-bignum": lambda chain: object_item(
        statement_item(array_item(tagged(2, bytes_item(chain[0])), bytes_item(chain[1])))
    ),
    "key-fmt": lambda chain: cbor_map(
        (tagged(32, _FMT), _APPLE), (_STATEMENT, statement_item(x5c_item(chain)))
    ),
    "ignored-key": lambda chain: _object(chain, (tagged(32, _MORE), b"\x00")),
    "in-the-statement": lambda chain: object_item(
        statement_item(x5c_item(chain), (_MORE, tagged(1, b"\x00")))
    ),
}
_HARMLESS: Final = ("object-self-described", "ignored-key", "in-the-statement")


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=only(_PLACES, *_HARMLESS))
@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=but(_PLACES, *_HARMLESS))
def tag_on(authority: AttestationAuthority, written: Callable[[Chain], bytes]) -> AcmeInput:
    """A genuine object with a tag on one of its parts: no part has one.

    A tag makes another type of a text, an array or a map. RFC 8949, 3.4.6, has one that says
    "this is CBOR" and nothing else.
    """
    return AcmeInput(written(chain_of(authority)))


_TWICE: Final[dict[str, Callable[[Chain], bytes]]] = {
    "fmt-same": lambda chain: _object(chain, (_FMT, _APPLE)),
    "fmt-other-last": lambda chain: _object(chain, (_FMT, text_item("none"))),
    "fmt-other-first": lambda chain: cbor_map(
        (_FMT, text_item("none")),
        (_FMT, _APPLE),
        (_STATEMENT, statement_item(x5c_item(chain))),
    ),
    "fmt-with-a-longer-head": lambda chain: _object(chain, (b"\x78\x03fmt", text_item("none"))),
    "statement-empty": lambda chain: _object(chain, (_STATEMENT, cbor_map())),
    "statement-same": lambda chain: _object(chain, (_STATEMENT, statement_item(x5c_item(chain)))),
    "x5c-empty-last": lambda chain: object_item(
        statement_item(x5c_item(chain), (_X5C, array_item()))
    ),
    "x5c-empty-first": lambda chain: object_item(
        statement_item(array_item(), (_X5C, x5c_item(chain)))
    ),
    "ignored": lambda chain: _object(chain, (_MORE, b"\x00"), (_MORE, b"\x00")),
    "within-an-ignored": lambda chain: _object(
        chain, (_MORE, cbor_map((_MORE, b"\x00"), (_MORE, b"\x01")))
    ),
}
_ALIKE: Final = ("fmt-same", "statement-same", "ignored", "within-an-ignored")


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=only(_TWICE, *_ALIKE))
@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=but(_TWICE, *_ALIKE))
def key_twice(authority: AttestationAuthority, written: Callable[[Chain], bytes]) -> AcmeInput:
    """A genuine object with one key twice: one reader takes the first, another the last.

    Such a map is not valid (RFC 8949, 5.6). Where both values are equal, or ignored, no reader
    sees anything else.
    """
    return AcmeInput(written(chain_of(authority)))


def _chunks(major: int, *chunks: bytes) -> bytes:
    return cbor_head(major, None) + b"".join(chunks) + b"\xff"


_INDEFINITE: Final[dict[str, Callable[[Chain], bytes]]] = {
    "object": lambda chain: cbor_map(
        (_FMT, _APPLE), (_STATEMENT, statement_item(x5c_item(chain))), indefinite=True
    ),
    "statement": lambda chain: object_item(cbor_map((_X5C, x5c_item(chain)), indefinite=True)),
    "x5c": lambda chain: object_item(statement_item(_chunks(4, *map(bytes_item, chain)))),
    "leaf-in-one-chunk": lambda chain: object_item(
        statement_item(array_item(_chunks(2, bytes_item(chain[0])), bytes_item(chain[1])))
    ),
    "leaf-in-two-chunks": lambda chain: object_item(
        statement_item(
            array_item(
                _chunks(2, bytes_item(chain[0][:40]), bytes_item(chain[0][40:])),
                bytes_item(chain[1]),
            )
        )
    ),
    "fmt": lambda chain: object_item(
        statement_item(x5c_item(chain)), fmt=_chunks(3, text_item("app"), text_item("le"))
    ),
    "key": lambda chain: _object(chain, (_chunks(3, _MORE), b"\x00")),
    "ignored-array": lambda chain: _object(chain, (_MORE, _chunks(4))),
    "ignored-map": lambda chain: _object(chain, (_MORE, _chunks(5))),
    "ignored-text-of-no-chunks": lambda chain: _object(chain, (_MORE, _chunks(3))),
    "octets-of-text-chunks": lambda chain: _object(chain, (_MORE, _chunks(2, _MORE))),
    "never-ending": lambda chain: _object(chain, (_MORE, cbor_head(4, None) + b"\x00")),
}
_ILL_FORMED: Final = ("octets-of-text-chunks", "never-ending")


@acceptable(
    FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=but(_INDEFINITE, *_ILL_FORMED)
)
@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=only(_INDEFINITE, *_ILL_FORMED))
def indefinite(authority: AttestationAuthority, written: Callable[[Chain], bytes]) -> AcmeInput:
    """A genuine object with an indefinite length: one item would have many encodings.

    The canonical form of CTAP2 has none, which is the encoder's duty; RFC 8949, 3.2, reads them.
    Two of these are not well-formed.
    """
    return AcmeInput(written(chain_of(authority)))


_KEYS: Final = {
    "octets": bytes_item(b"more"),
    "octets-of-fmt": bytes_item(b"fmt"),
    "integer": b"\x01",
    "negative": b"\x20",
    "null": _NULL,
    "true": b"\xf5",
    "undefined": b"\xf7",
    "not-a-number": b"\xf9\x7e\x00",
    "array": b"\x80",
    "array-of-an-array": b"\x81\x80",
    "map": b"\xa0",
}


_INNER_KEYS: Final = {kind: _KEYS[kind] for kind in ("octets", "integer", "null", "array")}


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=_KEYS)
def key_that_is(authority: AttestationAuthority, key: bytes) -> AcmeInput:
    """``{fmt, attStmt, a key that is no text: 0}``: an ignored key of another type.

    RFC 8949 has keys of any type. This library reads text alone.
    """
    return AcmeInput(_object(chain_of(authority), (key, b"\x00")))


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=_INNER_KEYS)
def inner_key_that_is(authority: AttestationAuthority, key: bytes) -> AcmeInput:
    """``{fmt, attStmt, more: {a key that is no text: 0}}``: the same inside of what is ignored."""
    return _ignored(authority, cbor_map((key, b"\x00")))


_DEEP: Final = {
    "arrays-9": b"\x81" * 8 + b"\x00",
    "maps-9": b"\xa1\x61x" * 8 + b"\x00",
    "arrays-100": b"\x81" * 99 + b"\x00",
    "arrays-1000": b"\x81" * 999 + b"\x00",
    "maps-1000": b"\xa1\x61x" * 999 + b"\x00",
    "arrays-unfinished": b"\x81" * 2000,
    "arrays-9-the-last-empty": b"\x81" * 7 + b"\x80",
    "arrays-9-the-last-an-empty-map": b"\x81" * 7 + b"\xa0",
}


@acceptable(
    FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_CBOR, each=but(_DEEP, "arrays-unfinished")
)
@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=only(_DEEP, "arrays-unfinished"))
def depth_of(authority: AttestationAuthority, item: bytes) -> AcmeInput:
    """``{fmt, attStmt, more: containers in containers}``: deeper than eight, which none needs.

    Each reader bounds the depth for itself. Arrays without an end are not well-formed.
    """
    return _ignored(authority, item)


_DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "trailing-nul": lambda cbor: cbor + b"\0",
    "trailing-line-feed": lambda cbor: cbor + b"\n",
    "trailing-null": lambda cbor: cbor + _NULL,
    "trailing-break": lambda cbor: cbor + b"\xff",
    "twice": lambda cbor: cbor + cbor,
    "leading-octet": lambda cbor: b"\0" + cbor,
    "last-octet-missing": lambda cbor: cbor[:-1],
    "first-octet-missing": lambda cbor: cbor[1:],
    "cut-in-half": lambda cbor: cbor[: len(cbor) // 2],
    "head-alone": lambda cbor: cbor[:1],
    "nothing": lambda _: b"",
    "one-entry-too-few": lambda cbor: b"\xa1" + cbor[1:],
    "one-entry-too-many": lambda cbor: b"\xa3" + cbor[1:],
    "2-to-the-64-entries": lambda cbor: b"\xbb" + b"\xff" * 8 + cbor[1:],
}


@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=_DAMAGES)
def cbor(authority: AttestationAuthority, damaged: Callable[[bytes], bytes]) -> AcmeInput:
    """A genuine object with octets too many or too few: it is one item and nothing else."""
    return AcmeInput(damaged(attestation_object(chain_of(authority))))


_ITEMS: Final = {
    "reserved-information-28": b"\x1c",
    "reserved-information-30": b"\x1e",
    "integer-of-indefinite-length": b"\x1f",
    "tag-of-indefinite-length": b"\xdf\x00",
    "break": b"\xff",
    "break-in-an-array": b"\x81\xff",
    "text-that-is-not-utf-8": b"\x61\xff",
    "text-that-ends-in-a-character": b"\x61\xc3",
    "text-with-a-surrogate": b"\x63\xed\xa0\x80",
    "simple-value-of-two-octets-below-32": b"\xf8\x14",
    "octets-of-2-to-the-63": b"\x5b\x7f" + b"\xff" * 7,
    "text-of-2-to-the-64": b"\x7b" + b"\xff" * 8,
    "array-of-2-to-the-32": b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00",
    "array-of-2-to-the-64": b"\x9b" + b"\xff" * 8,
    "map-of-2-to-the-64": b"\xbb" + b"\xff" * 8,
    "tag-of-nothing": b"\xc0",
}
_NOT_UTF8: Final = (
    *("text-that-is-not-utf-8", "text-that-ends-in-a-character", "text-with-a-surrogate"),
)


@acceptable(FILE, Flag.STRICT_READING, reason=Reason.MALFORMED_CBOR, each=only(_ITEMS, *_NOT_UTF8))
@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=but(_ITEMS, *_NOT_UTF8))
def ignored_item(authority: AttestationAuthority, item: bytes) -> AcmeInput:
    """``{fmt, attStmt, more: an item that is not well-formed}``, or that claims to be huge.

    Text that is not UTF-8 is well-formed (RFC 8949, 5.3.1), and here nobody reads it.
    """
    return _ignored(authority, item)
