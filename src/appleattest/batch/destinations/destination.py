"""What a destination is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Destination(Protocol):
    """A file or a table that has all verdicts of a run, or none of them."""

    parts: Path
    """The folder beside it where a run keeps what it has done."""

    def exists(self) -> bool:
        """Whether it is there already."""
        ...

    def check(self) -> None:
        """Raise `RunError` where it could not be written later, as far as can be known."""
        ...

    def write(self, verdicts: Iterable[pa.RecordBatch]) -> None:
        """Put these verdicts there at once, in the place of what was there."""
        ...
