"""Objects that do not change, and results that nobody makes by hand.

docs/decisions/0018-immutability.md says which kind of immutable class is right where. Python
cannot forbid a determined colleague; this forbids the accident and the shortcut.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping
from typing import Any, ClassVar, NoReturn, ParamSpec, Self, TypeVar, dataclass_transform

_K = TypeVar("_K")
_V = TypeVar("_V")
_P = ParamSpec("_P")


class Immutable:
    """Base of objects that refuse every change after `__init__` has called `_fill`, once."""

    __slots__ = ("__weakref__",)

    def _fill(self, **fields: object) -> None:
        """Set every field; for `__init__`. Refuses to do it a second time."""
        if hasattr(self, next(iter(fields))):
            raise _change(self)
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise _change(self)

    def __delattr__(self, name: str) -> NoReturn:
        raise _change(self)


def _change(changed: Immutable) -> AttributeError:
    return AttributeError(f"{type(changed).__name__} does not change: make another")


class OwnCopy:
    """Base of immutable objects: `copy.copy` and `copy.deepcopy` return the object itself.

    So `dataclasses.asdict` of an object that holds one does not copy it.
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class Sealed(OwnCopy, Immutable):
    """Base of results. `seal` makes them; the constructor, and inheritance elsewhere, refuse.

    The annotated slots of a class are its fields, of which a type checker makes the signature of
    `__init__`, as for a dataclass. It is none: `dataclasses.asdict` would take it apart.

    A copy is the object itself. A pickle is for handing a result to a worker process of the same
    release: loading it verifies nothing.
    """

    __slots__ = ()

    _fields: ClassVar[frozenset[str]]

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Refuse: results come from `seal`."""
        raise TypeError(
            f"{cls.__name__} is not made by hand, but by the functions that check what it says"
        )

    def __init__(self, **fields: object) -> None:
        if fields.keys() != self._fields:
            raise TypeError(f"{type(self).__name__} has the fields {sorted(self._fields)}")
        self._fill(**fields)

    def __init_subclass__(cls) -> None:
        slots = (name for each in cls.__mro__ for name in getattr(each, "__slots__", ()))
        cls._fields = frozenset(slots) - {"__weakref__"}
        if not cls.__module__.startswith("appleattest."):
            raise TypeError(f"{cls.__mro__[1].__name__} cannot be extended")

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _restored, (type(self), {name: getattr(self, name) for name in self._fields})


_S = TypeVar("_S", bound=Sealed)


def seal(cls: Callable[_P, _S], /, *args: _P.args, **kwargs: _P.kwargs) -> _S:
    """Make a sealed result; for the code that verified what it says.

    The arguments are those of the class's `__init__`, and a type checker compares them.
    """
    made: _S = object.__new__(cls)  # type: ignore[arg-type]
    made.__init__(*args, **kwargs)  # type: ignore[misc]
    return made


def _restored(cls: type[_S], fields: dict[str, Any]) -> _S:
    made: _S = object.__new__(cls)
    made._fill(**fields)
    return made


class FrozenMapping(OwnCopy, Immutable, Mapping[_K, _V]):
    """A read-only mapping that can be pickled and is its own copy; values are shared, not copied.

    Equal to any mapping of the same items.
    """

    __slots__ = ("_items",)
    _items: dict[_K, _V]

    def __init__(self, items: Mapping[_K, _V]) -> None:
        self._fill(_items=dict(items))

    def __getitem__(self, key: _K) -> _V:
        return self._items[key]

    def __iter__(self) -> Iterator[_K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> ItemsView[_K, _V]:
        """The items; faster than what `Mapping` makes of `__iter__` and `__getitem__`."""
        return self._items.items()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._items),)

    def __repr__(self) -> str:
        return repr(self._items)
