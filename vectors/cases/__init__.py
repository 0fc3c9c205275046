"""The cases, one module per file of vectors."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module of cases, in the order of their names."""
    for module in sorted(info.name for info in iter_modules(__path__)):
        import_module(f"{__name__}.{module}")
