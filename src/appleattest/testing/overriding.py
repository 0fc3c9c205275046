"""`typing.override` before Python 3.12, without a dependency that only a type checker needs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):
        """The method as it is."""
        return method


__all__ = ["override"]
