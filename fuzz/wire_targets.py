"""The readers of encodings, each beside another that somebody else wrote."""

from __future__ import annotations

import json
import plistlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import cbor2

from appleattest import Limits
from appleattest.testing.der import read as read_element
from appleattest.wire import base64url, cbor, der, plist, strict_json
from fuzz.oracle import require, returned

_LIMITS: Final = Limits()
_CONTAINER: Final = (dict, list)
_LOW_TAG: Final = 0x1F


def read_cbor(data: bytes) -> None:
    """CBOR: cbor2 by itself reads the same, and written again it reads the same."""

    def decode(octets: bytes) -> object:
        return cbor.decode(octets, limit=_LIMITS.attestation_object_bytes, depth=_LIMITS.cbor_depth)

    found = returned(lambda: [decode(data)])
    if found is None:
        return
    _check_tree(found[0], _LIMITS.cbor_depth)
    stream = BytesIO(data)
    judge = cbor2.CBORDecoder(stream).decode()
    require(stream.tell() == len(data), "octets were left over")
    require(_same(judge, found[0]), "cbor2 reads something else")
    again = cbor2.dumps(found[0])
    if len(again) <= _LIMITS.attestation_object_bytes:
        require(_same(decode(again), found[0]), "another value when written again")


def read_plist(data: bytes) -> None:
    """A property list: where plistlib reads it at all it reads the same, and so it does again."""
    found = returned(lambda: [plist.decode(data, _LIMITS)])
    if found is None:
        return
    value = found[0]
    _check_tree(value, _LIMITS.plist_depth)
    require(_count(value) <= _LIMITS.plist_elements, "more elements than are read")
    try:
        judge = _in_utc(plistlib.loads(data))
    except Exception:  # noqa: BLE001 - what it refuses is its own affair
        judge = value
    require(_same(judge, value), f"plistlib reads {judge!r}")
    try:
        again = plistlib.dumps(_naive(value), fmt=plistlib.FMT_BINARY, sort_keys=False)
    except (OverflowError, UnicodeEncodeError):  # beyond 64 bits; half of a pair
        return
    if len(again) <= _LIMITS.plist_bytes:
        require(_same(plist.decode(again, _LIMITS), value), "another value when written again")


def read_json(data: bytes) -> None:
    """JSON, as octets and as text: the standard decoder reads the same."""
    found = returned(lambda: [strict_json.decode(data, _LIMITS)])
    if found is None:
        return
    text = data.decode("utf-8")
    as_text = returned(lambda: [strict_json.decode(text, _LIMITS)])
    require(as_text is not None and _same(as_text[0], found[0]), "text reads differently")
    require(_same(json.loads(text), found[0]), "json reads something else")
    _check_tree(found[0], _LIMITS.json_depth)


def read_base64url(data: bytes) -> None:
    """base64url: one text for any octets, so what was read is written as it came."""
    text = data.decode("latin-1")
    found = returned(lambda: base64url.decode(text, _LIMITS.attestation_object_bytes))
    require(found is None or base64url.encode(found) == text, "two texts for the same octets")
    if len(data) <= _LIMITS.attestation_object_bytes:
        again = base64url.decode(base64url.encode(data), _LIMITS.attestation_object_bytes)
        require(again == data, "octets are lost on the way")


def read_der(data: bytes) -> None:
    """DER: the element is inside the octets, and its header has the shortest form."""
    for offset in range(min(len(data), 8)):
        try:
            start, end = der.content(data, offset)
        except ValueError:
            continue
        require(offset < start <= end <= len(data), "outside the octets")
        require(end - start < 1 << 16, "a length that is not read")
        tag, content, rest = read_element(data[offset:])
        require((content, rest) == (data[start:end], data[end:]), "another content")
        require(tag == data[offset], "another tag")
        shortest = (end - start).bit_length()
        octets = 0 if end - start < 0x80 else (shortest + 7) // 8
        require(start == offset + 2 + octets, "not the shortest length")


def _check_tree(value: Any, depth: int) -> None:
    """Keys are text, containers are not nested deeper, and nothing is of a surprising type."""
    if isinstance(value, _CONTAINER):
        require(depth > 0, "nested deeper than is read")
        keys = value if isinstance(value, dict) else ()
        require(all(type(key) is str for key in keys), "a key that is not text")
        for each in value.values() if isinstance(value, dict) else value:
            _check_tree(each, depth - 1)
    else:
        require(_is_plain(value), f"a value of type {type(value).__name__}")


def _is_plain(value: object) -> bool:
    if value is None or value is cbor2.undefined or isinstance(value, cbor2.CBORSimpleValue):
        return True
    return type(value) in (str, bytes, bool, int, float, datetime)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _count(each) for each in value.values())
    return 1 + (sum(map(_count, value)) if isinstance(value, list) else 0)


def _same(one: Any, other: Any) -> bool:
    """Equal, with NaN equal to itself and 1 not equal to True or 1.0; order of keys included."""
    return repr(one) == repr(other)


def _in_utc(value: Any) -> Any:
    return _with_dates(value, lambda date: date.replace(tzinfo=UTC))


def _naive(value: Any) -> Any:
    return _with_dates(value, lambda date: date.replace(tzinfo=None))


def _with_dates(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_dates(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_dates(each, change) for each in value]
    return change(value) if isinstance(value, datetime) else value
