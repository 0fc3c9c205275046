"""Results that cannot be made by hand, changed, or copied with other contents.

A caller who holds a verified type may rely on it, so only the code that verified may make
one. Python cannot forbid a determined colleague; this forbids the accident and the shortcut:
the constructor, `copy`, `dataclasses.replace`, assignment and inheritance all refuse.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self, TypeVar


class Sealed:
    """Base of results; `seal` is the only way to make one."""

    __slots__ = ("__weakref__",)

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Refuse: results come from `seal`."""
        raise TypeError(
            f"{cls.__name__} is not made by hand, but by the functions that check what it says"
        )

    def __init_subclass__(cls) -> None:
        if not cls.__module__.startswith("appleattest."):
            raise TypeError(f"{cls.__mro__[1].__name__} cannot be extended")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change")

    def __copy__(self) -> Self:
        raise TypeError(f"{type(self).__name__} is immutable: there is no need to copy it")

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError(f"{type(self).__name__} cannot be pickled")


_S = TypeVar("_S", bound=Sealed)


def seal(cls: type[_S], /, **fields: object) -> _S:
    """Make a sealed result; for the code that verified what it says."""
    made = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made
