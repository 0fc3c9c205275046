"""Real servers that some tests talk to: where they are, and how one is run for a while."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

PEERS: Final = Path(__file__).resolve().parents[2] / ".peers"
"""Where `make peers` puts them."""

SECONDS: Final = 30
"""How long one may take to start."""


def peer(program: str) -> Path:
    """The program from .peers, or from PATH; skips the test where it is in neither."""
    found = shutil.which(program, path=PEERS) or shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: run 'make peers', which needs Go")
    return Path(found)


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str | Path],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[None]:
    """Run a server on the port until the end of the context; `folder` is its home and its log's.

    Fails with the log if it ends by itself, or does not answer in time.
    """
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "HOME": str(folder), **environment},
        )
        try:
            _await(process, port, log)
            yield
        finally:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"it does not answer on port {port}:\n{log.read_text()}")
