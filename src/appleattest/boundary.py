"""The one boundary between a parser and its caller: whatever is raised inside is a refusal.

pyo3's PanicException is a BaseException: refuse it, and re-raise every other one (an interrupt,
a scheduler's time-out).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from appleattest.errors import AttestationError
from appleattest.text import describe

_T = TypeVar("_T")
_PANIC: Final = "PanicException"


def contained(read: Callable[[], _T], refuse: Callable[[str], AttestationError]) -> _T:
    """What `read` returns. Whatever it raises becomes an `AttestationError`.

    An `AttestationError` stays as it is. `refuse` makes one of the description of any other
    exception. The error has no context: what a parser raised may quote the device's octets.
    """
    try:
        return read()
    except AttestationError as error:
        refusal = error
    except BaseException as error:
        if not is_parser_failure(error):
            raise
        refusal = refuse(describe(error))
    refusal.__context__ = None
    raise refusal


def is_parser_failure(error: BaseException) -> bool:
    """Whether this is an exception, or a panic of a parser that is written in Rust."""
    return isinstance(error, Exception) or type(error).__name__ == _PANIC
