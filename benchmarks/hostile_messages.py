"""The largest messages that are read at all, in the shapes that cost a parser most."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from typing import Any

from appleattest import Limits
from appleattest.testing.carriers import cbor_head, cbor_map

_OPEN = b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><array>'
_CLOSE = b"</array></plist>"

_DATE = b"<date>2025-07-01T12:00:00Z</date>"
_BOMB = (
    b'<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 10)
        for name in range(ord("b"), ord("i"))
    )
    + b"]><plist><string>&h;</string></plist>"
)


def plists(limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Property lists, XML and binary, of up to `plist_bytes`."""
    size, elements, depth = limits.plist_bytes, limits.plist_elements, limits.plist_depth
    room = size - len(_OPEN) - len(_CLOSE)

    def repeated(element: bytes, count: int = size) -> bytes:
        return _OPEN + element * min(count, room // len(element)) + _CLOSE

    def spread(element: bytes) -> bytes:
        """As many of the element as are read at all, each with white space up to the size."""
        return repeated(element.ljust(room // elements), elements)

    yield "true", repeated(b"<true/>")
    for name, element in {
        "dates": _DATE,
        "integers": b"<integer>9999999999999999999</integer>",
        "reals": b"<real>0.1234567890123456789e-300</real>",
        "strings": b"<string>" + b"&amp;" * 8 + b"</string>",
        "data": b"<data>" + b"AAAA " * 8 + b"</data>",
        "attributes": b'<true a="" b="" c="" d="" e="" f="" g=""/>',
    }.items():
        yield name, spread(element)
    text = b"<string>%s</string>"
    yield "one text of references", repeated(text % (b"&#233;" * (room // 6 - 4)), 1)
    yield "one text of sections", repeated(text % (b"<![CDATA[]]>a" * (room // 13 - 4)), 1)
    yield "one text of lines", repeated(text % (b"\n" * (room - 20)), 1)
    yield "one text of comments", repeated(text % (b"<!---->a" * (room // 8 - 4)), 1)
    yield "one datum", repeated(b"<data>%s</data>" % (b"A" * ((room - 16) // 4 * 4)), 1)
    yield "one datum of lines", repeated(b"<data>%s</data>" % (b"AAAA\n" * (room // 5 - 4)), 1)
    yield "comments", repeated(b"<!---->")
    yield "instructions", repeated(b"<?a?>")
    yield "white space", repeated(b" \n")
    yield "nested", repeated(b"<array>")
    yield (
        "nested as deep as is read",
        repeated(b"<array>" * (depth - 1) + b"</array>" * (depth - 1)),
    )
    yield "entities", _BOMB
    keys = b"".join(b"<key>%04x</key><true/>" % i for i in range(elements // 2 - 1))
    yield "dictionary", _OPEN + b"<dict>" + keys + b"</dict>" + _CLOSE
    yield from _binary_plists(limits)


def _binary_plists(limits: Limits) -> Iterator[tuple[str, bytes]]:
    import datetime

    few = limits.plist_elements // 2 - 2
    moment = datetime.datetime(2025, 7, 1)  # noqa: DTZ001 - plistlib takes no other
    shapes: dict[str, Any] = {
        "integers": [1 << 40 | i for i in range(2 * few)],
        "reals": [i / 7 for i in range(2 * few)],
        "dates": [moment + datetime.timedelta(seconds=i) for i in range(2 * few)],
        "texts": ["é" + f"{i:015}" for i in range(few)] + [f"{i:040}" for i in range(few)],
        "dictionary": {f"{i:05}": i for i in range(few)},
        "one text": "é" * (limits.plist_bytes // 2 - 50),
        "arrays": [[] for _ in range(2 * few)],
    }
    for name, value in shapes.items():
        yield f"binary, {name}", plistlib.dumps(value, fmt=plistlib.FMT_BINARY)
    yield "binary, contains itself", _binary([b"\xa2\x00\x00"])
    levels = [b"\xa2" + bytes([i + 1, i + 1]) for i in range(limits.plist_depth)]
    yield "binary, doubles at each level", _binary([*levels, b"\x09"])
    wide = limits.plist_elements - 2
    yield (
        "binary, one long text many times",
        _binary(
            [b"\xaf\x11" + wide.to_bytes(2, "big") + b"\x01" * wide, _binary_text(60_000)],
        ),
    )


def _binary_text(octets: int) -> bytes:
    return b"\x5f\x11" + octets.to_bytes(2, "big") + b"a" * octets


def _binary(objects: list[bytes]) -> bytes:
    """A binary property list of encoded objects, the first on top, references of one octet."""
    body, offsets = b"bplist00", []
    for each in objects:
        offsets.append(len(body))
        body += each
    table = b"".join(offset.to_bytes(2, "big") for offset in offsets)
    numbers = (len(objects), 0, len(body))
    trailer = bytes(6) + b"\x02\x01" + b"".join(number.to_bytes(8, "big") for number in numbers)
    return body + table + trailer


def cbor_items(limits: Limits) -> Iterator[tuple[str, bytes]]:
    """CBOR of up to `attestation_object_bytes`, in a map whose other key is ignored."""
    size, depth = limits.attestation_object_bytes, limits.cbor_depth
    room = size - 32

    def ignored(item: bytes) -> bytes:
        """An attestation object without a statement, and `item` under a key of no meaning."""
        return cbor_map((_text("fmt"), _text("apple")), (_text("x"), item))

    def repeated(element: bytes) -> bytes:
        count = room // len(element)
        return ignored(cbor_head(4, count) + element * count)

    for name, element in {
        "numbers": b"\x00",
        "long numbers": cbor_head(0, 2**64 - 1),
        "reals": b"\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a",
        "empty texts": b"\x60",
        "texts": _text("é"),
        "octets": cbor_head(2, 1) + b"x",
        "arrays": b"\x80",
        "maps": b"\xa0",
        "maps of one key": cbor_map((_text(""), b"\x00")),
        "simple values": b"\xf8\xff",
        "nested arrays": b"\x81" * (depth - 2) + b"\x00",
        "nested maps": (b"\xa1\x60") * (depth - 2) + b"\x00",
    }.items():
        yield name, repeated(element)
    keys = (b"%c%c" % divmod(i, 128) for i in range(room // 4))
    yield "one map", ignored(cbor_map(*((cbor_head(3, 2) + key, b"\x00") for key in keys)))
    numbers = (cbor_head(0, 256 + i) for i in range(room // 4))
    yield "one map of numbers", ignored(cbor_map(*((number, b"\x00") for number in numbers)))
    yield "nested", ignored(b"\x81" * room)
    yield "tags", repeated(b"\xc0\x00")
    yield "one text", ignored(_text("é" * (room // 2 - 4)))
    yield "a length without content", ignored(cbor_head(4, 2**32))


def _text(text: str) -> bytes:
    encoded = text.encode()
    return cbor_head(3, len(encoded)) + encoded
