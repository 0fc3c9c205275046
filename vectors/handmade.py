"""Property lists and CBOR items written by hand, for what no encoder would write."""

from __future__ import annotations

import plistlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

from appleattest.testing.carriers import COMMAND_UUID, DEVICE_UDID, cbor_head, cbor_map

KEY: Final = "DevicePropertiesAttestation"
DOCTYPE: Final = (
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"'
    ' "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'
)


def xml(body: str, *, doctype: str = DOCTYPE, declared: str = "UTF-8") -> str:
    """A property list in XML around the one value in `body`."""
    head = f'<?xml version="1.0" encoding="{declared}"?>\n{doctype}\n'
    return f'{head}<plist version="1.0">\n{body}\n</plist>\n'


def data(octets: bytes) -> str:
    """A `<data>` element."""
    return f"<data>{b64encode(octets).decode()}</data>"


def answer(chain: Sequence[bytes]) -> str:
    """The key `DevicePropertiesAttestation` and its array, in XML."""
    return f"<key>{KEY}</key><array>{''.join(map(data, chain))}</array>"


def response(answers: str, *, more: str = "", status: str = "Acknowledged") -> str:
    """The dictionary of a response in XML; `answers` and `more` stand in it as they are."""
    return (
        f"<dict><key>CommandUUID</key><string>{COMMAND_UUID}</string>"
        f"<key>Status</key><string>{status}</string>"
        f"<key>UDID</key><string>{DEVICE_UDID}</string>{more}"
        f"<key>QueryResponses</key><dict>{answers}</dict></dict>"
    )


def plist(value: Any, *, binary: bool = False) -> bytes:
    """Any value as `plistlib` writes it."""
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML)


def binary_plist(
    objects: Sequence[bytes],
    *,
    top: int = 0,
    count: int | None = None,
    table: int | None = None,
    offset_size: int = 4,
    reference_size: int = 1,
) -> bytes:
    """A binary property list of encoded objects; the trailer says what it is told to."""
    body, offsets = b"bplist00", []
    for each in objects:
        offsets.append(len(body))
        body += each
    place = len(body)
    body += b"".join(offset.to_bytes(4, "big") for offset in offsets)
    numbers = (len(objects) if count is None else count, top, place if table is None else table)
    trailer = bytes(6) + bytes([offset_size, reference_size])
    return body + trailer + b"".join(number.to_bytes(8, "big") for number in numbers)


def ascii_object(text: str) -> bytes:
    """A text object of a binary property list."""
    return _sized(0x50, len(text)) + text.encode("ascii")


def data_object(octets: bytes) -> bytes:
    """A data object of a binary property list."""
    return _sized(0x40, len(octets)) + octets


def _sized(kind: int, count: int) -> bytes:
    if count < 15:
        return bytes([kind | count])
    return bytes([kind | 15, 0x11]) + count.to_bytes(2, "big")


def binary_response(chain: Sequence[bytes], *ignored: bytes) -> bytes:
    """A response in binary whose key `Ignored` holds the first of the objects in `ignored`.

    That object is number 9; those after it are 10, 11, … for it to refer to.
    """
    leaf, intermediate = chain
    objects = [
        bytes([0xD3, 1, 2, 3, 4, 5, 9]),
        ascii_object("Status"),
        ascii_object("QueryResponses"),
        ascii_object("Ignored"),
        ascii_object("Acknowledged"),
        bytes([0xD1, 6, 10 + len(ignored) - 1]),
        ascii_object(KEY),
        data_object(leaf),
        data_object(intermediate),
        *ignored,
        bytes([0xA2, 7, 8]),
    ]
    return binary_plist(objects)


def text_item(text: str) -> bytes:
    """A CBOR text string."""
    return cbor_head(3, len(text.encode())) + text.encode()


def bytes_item(octets: bytes) -> bytes:
    """A CBOR byte string."""
    return cbor_head(2, len(octets)) + octets


def array_item(*items: bytes) -> bytes:
    """A CBOR array of encoded items."""
    return cbor_head(4, len(items)) + b"".join(items)


def tagged(tag: int, item: bytes) -> bytes:
    """An encoded item under a CBOR tag."""
    return cbor_head(6, tag) + item


def x5c_item(chain: Sequence[bytes]) -> bytes:
    """The array of certificates, in CBOR."""
    return array_item(*map(bytes_item, chain))


def statement_item(x5c: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """The map `attStmt` around an encoded `x5c`, in CBOR."""
    return cbor_map((text_item("x5c"), x5c), *more)


def object_item(
    statement: bytes, *more: tuple[bytes, bytes], fmt: bytes = text_item("apple")
) -> bytes:
    """The attestation object around an encoded statement and format, in CBOR."""
    return cbor_map((text_item("fmt"), fmt), (text_item("attStmt"), statement), *more)
