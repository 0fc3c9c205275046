"""The names of sources and destinations: a file or a directory, or a database and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

SCHEMES: Final = ("sqlite", "duckdb")


class Name(NamedTuple):
    """`scheme:file#asked`, or a `file` alone, whose name may hold any of the two marks."""

    scheme: str
    """`sqlite` or `duckdb`; empty for a file or a directory."""
    file: str
    asked: str
    """The table or the query of a database; empty where none is named."""

    @property
    def path(self) -> Path:
        """The file, without links and in full: two names of one file have one."""
        return Path(self.file).resolve()


def name_of(name: str) -> Name:
    """The parts of a name."""
    scheme, colon, rest = name.partition(":")
    if not (colon and scheme in SCHEMES):
        return Name("", name, "")
    file, _, asked = rest.partition("#")
    return Name(scheme, file, asked)
