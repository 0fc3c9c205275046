"""What the tests of the readers share: how a refusal is asserted, and how memory is measured."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from appleattest import AttestationError, Reason
from appleattest.errors import MalformedInput

MOST_MEMORY: Final = 10 * 1024 * 1024
"""Octets above the baseline that refusing or reading the largest input may take."""


class HostileMapping(Mapping[str, Any]):
    """A mapping that raises whatever it is asked."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getitem__(self, key: str) -> Any:
        raise self.error

    def __iter__(self) -> Iterator[str]:
        raise self.error

    def __len__(self) -> int:
        raise self.error


class PanicException(BaseException):
    """Imitates the panic of a Rust extension, which is no `Exception`."""


class LyingText(str):
    """Text that says other things of itself than it holds."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__

    def __str__(self) -> str:
        return "another"

    def __len__(self) -> int:
        return 0

    def partition(self, sep: str, /) -> tuple[str, str, str]:
        raise ZeroDivisionError


def assert_refused(
    call: Callable[[], object],
    reason: Reason,
    words: str = "",
    *,
    element: str | None = None,
    kind: type[AttestationError] = MalformedInput,
) -> None:
    """The call raises exactly this, and its detail says `words` to the operator."""
    with pytest.raises(AttestationError) as caught:
        call()
    error = caught.value
    assert (type(error), error.reason, error.element) == (kind, reason, element), error.detail
    assert error.detail
    assert words in error.detail, error.detail
    assert error.__suppress_context__ or error.__context__ is None


def accepted_or_refused(call: Callable[[], object]) -> object:
    """What the call returns; None where it raises `AttestationError`. Nothing else gets out."""
    try:
        return call()
    except AttestationError:
        return None


def peak_memory(call: Callable[[], object]) -> int:
    """The most octets that the call held at once, over what was held before."""
    accepted_or_refused(call)  # imports and caches are not what is measured
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        accepted_or_refused(call)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def binary_plist(
    objects: Sequence[bytes],
    *,
    top: int = 0,
    reference_size: int = 1,
    offset_size: int = 2,
    offsets: Callable[[list[int]], list[int]] = list,
    count: int | None = None,
    table: int | None = None,
) -> bytes:
    """A binary property list of encoded objects, with a trailer that may lie about them."""
    body, found = b"bplist00", []
    for encoded in objects:
        found.append(len(body))
        body += encoded
    entries = offsets(found)
    written = b"".join(offset.to_bytes(offset_size, "big") for offset in entries)
    return b"".join(
        (
            body,
            written,
            struct.pack(
                ">6xBBQQQ",
                offset_size,
                reference_size,
                len(entries) if count is None else count,
                top,
                len(body) if table is None else table,
            ),
        )
    )
