"""Immutable objects that are their own copies."""

from __future__ import annotations

from typing import Any, Self


class OwnCopy:
    """Base of immutable objects: `copy.copy` and `copy.deepcopy` return the object itself.

    So `dataclasses.asdict` of an object that holds one neither fails nor copies it.
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self
