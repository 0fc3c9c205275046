"""Run in a clean environment: the command `appleattest`, with its extra or, as `missing`, without.

It mints a response, verifies it, and writes a page. Without the extra it says what to install.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

NONCE = "00ff"


def main() -> None:
    """Nothing, or an error."""
    if sys.argv[1:] == ["missing"]:
        said = appleattest("--help", code=2)
        if "appleattest[cli]" not in said.stderr or said.stderr.count("\n") != 1:
            raise SystemExit(f"smoke: expected one line on the extra cli, not {said.stderr!r}")
        return
    with TemporaryDirectory() as name:
        root, response, page = (
            Path(name) / each for each in ("root.pem", "mac.plist", "page.html")
        )
        root.write_text(appleattest("mint", "root").stdout, encoding="utf-8")
        minted = appleattest("mint", "mdm", "--nonce", NONCE).stdout
        response.write_text(minted, encoding="utf-8")
        asked = (str(response), "--nonce", NONCE, "--root", str(root))
        appleattest("verify", "mdm", *asked)
        appleattest("report", *asked, "--out", str(page))
        appleattest("verify", "mdm", str(response), "--nonce", NONCE, code=1)
        if "Content-Security-Policy" not in page.read_text(encoding="utf-8"):
            raise SystemExit("smoke: expected a page")


def appleattest(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command; it must end with this code."""
    command = [sys.executable, "-I", "-m", "appleattest", *words]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode != code:
        raise SystemExit(f"smoke: {words} ended with {said.returncode}: {said.stderr}")
    return said


if __name__ == "__main__":
    main()
