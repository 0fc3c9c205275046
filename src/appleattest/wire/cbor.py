"""CBOR (RFC 8949), of which an attestation object needs very little.

`cbor2` builds whatever a tag asks for: it compiles regular expressions, parses MIME, makes
lists that contain themselves. An attestation object has no use for any tag, so every tag is
refused wherever it stands, under keys that are ignored too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final, NoReturn

from cbor2 import CBORDecoder

from appleattest.errors import MalformedInput, Reason
from appleattest.text import describe

_MOST_MAPS: Final = 64


def decode(octets: bytes, *, limit: int, depth: int) -> object:
    """The one data item that `octets` hold.

    Refused are tags, duplicate keys, keys that are not text, indefinite lengths, containers
    nested deeper than `depth`, and octets that follow the item.

    Raises `MalformedInput` with `too-large` or `malformed-cbor`.
    """
    if len(octets) > limit:
        raise MalformedInput(
            Reason.TOO_LARGE, f"{len(octets)} bytes of CBOR; at most {limit} are read"
        )
    stream = BytesIO(octets)
    try:
        item: object = CBORDecoder(
            stream,
            tag_hook=_refuse_tag,
            object_hook=_Maps(),
            semantic_decoders=_EveryTag(),
            max_depth=depth,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        ).decode()
    except Exception as error:  # noqa: BLE001 - hooks and decoder raise what they like
        raise _malformed(describe(error.__cause__ or error)) from None
    if stream.tell() != len(octets):
        raise _malformed(f"{len(octets) - stream.tell()} bytes follow the data item")
    if _is_deeper(item, depth):
        raise _malformed(f"containers nested deeper than {depth}")
    return item


def _is_deeper(item: object, depth: int) -> bool:
    """Whether containers are nested deeper. cbor2 lets an empty one stand a level below.

    Level by level, in one expression each: there may be thousands of containers.
    """
    level = [item]
    for _ in range(depth):
        if not level:
            return False
        level = [
            inner
            for each in filter(None, level)
            if type(each) is list or type(each) is dict
            for inner in (each if isinstance(each, list) else each.values())
        ]
    return any(isinstance(each, list | dict) for each in level)


class _EveryTag(Mapping[int, Any]):
    """Claims a decoder for every tag there is, and whichever is asked for refuses.

    An empty mapping leaves the decoders of cbor2 in place, and a list of them would be
    outdated by its next release.
    """

    def __getitem__(self, tag: int) -> Any:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a tag; an attestation object has none")


class _Maps:
    """Looks at each map of one object: not too many, and their keys are text."""

    def __init__(self) -> None:
        self._left = _MOST_MAPS

    def __call__(self, item: Mapping[Any, Any], _immutable: bool) -> Mapping[Any, Any]:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"more than {_MOST_MAPS} maps")
        if not all(isinstance(key, str) for key in item):
            raise ValueError("a key that is not text")
        return item


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_CBOR, detail)
