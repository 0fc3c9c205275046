"""The bill of materials, in CycloneDX: what is at work when the package runs, as pinned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from release import ROOT
from release.environments import PINNED, environment, pip

_VERSION: Final = "1.6"


def write(wheel: Path) -> Path:
    """The bill beside the wheel, new and valid. A different second one is a ValueError."""
    path = wheel.with_name("appleattest.cdx.json")
    with environment(wheel, PINNED) as python:
        # Once more, so that it records no path of this machine.
        offline = ("--no-index", "--no-deps", "--force-reinstall")
        pip(python, "install", *offline, "--find-links", str(wheel.parent), "appleattest")
        text, again = _bill(python), _bill(python)
    if text != again:
        raise ValueError("two bills of materials differ")
    text = with_version(text, wheel.name.split("-")[1])
    require_valid(text)
    path.write_text(text, "utf-8", newline="\n")
    return path


def with_version(text: str, version: str) -> str:
    """The bill with our version, which is not in pyproject.toml, where cyclonedx-py looks."""
    bill = json.loads(text)
    bill["metadata"]["component"]["version"] = version
    return json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def require_valid(text: str) -> None:
    """A ValueError if the text does not follow the schema of CycloneDX."""
    # Of the group dist; the rest of this file is tested without it.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        raise ValueError(f"the bill of materials is not valid: {error}")


def _bill(python: Path) -> str:
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    project = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library"]
    form = ["--spec-version", _VERSION, "--output-format", "JSON"]
    done = subprocess.run(
        [*command, *project, *form, str(python)], check=True, capture_output=True, text=True
    )
    return done.stdout
