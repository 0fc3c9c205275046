"""What identifies a file that is read, and may be read again to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file_identity(path: Path) -> Mapping[str, Any]:
    """The name of a file, its size, and when it was changed."""
    found = path.stat()
    return {"file": str(path.absolute()), "size": found.st_size, "changed": found.st_mtime_ns}
