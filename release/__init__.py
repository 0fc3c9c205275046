"""Build what is published, and check it: `make dist`. The checklist is in CONTRIBUTING."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DIST: Final = ROOT / "dist"
