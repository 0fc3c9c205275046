"""The files in vectors/, for the tests of them and of the runner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from appleattest.testing.vectors.runner import vector_files

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors"
FILES: Final = [path.name for path in vector_files(VECTORS)]
PATHS: Final = [VECTORS / name for name in FILES]


def loaded(name: str) -> dict[str, Any]:
    """One file."""
    value: dict[str, Any] = json.loads((VECTORS / name).read_text("utf-8"))
    return value
