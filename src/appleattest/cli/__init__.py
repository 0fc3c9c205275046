"""The command line, `appleattest` and `python -m appleattest` (extra `cli`).

`app` has the group, and says what an error is. `inputs` reads files within bounds, `output` is the
only way to a terminal, and `options`, `show` and `results` have what several subcommands share.
Every other module is one subcommand, loaded when it runs. Exit codes: 0 verified or fine, 1
refused, 2 misuse or unreadable.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

_MISSING: Final = (
    'appleattest: the command line needs more packages: pip install "appleattest[cli]"\n'
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command with these arguments, by default the process's; the exit code."""
    try:
        from appleattest.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.stderr.write(_MISSING)
        return 2
    return app.run(arguments)
