"""Where something was measured: the machine, and the versions of what was measured."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

_PACKAGES = ("appleattest", "cryptography", "awscrt", "pyhanko-certvalidator", "pyarrow")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def described() -> dict[str, str | int]:
    """The processor, as its maker or the system names it, and the system."""
    return {"processor": _processor(), "cores": cores(), "system": platform.system()}


def versions() -> dict[str, str]:
    """Of Python, OpenSSL and the packages that are installed."""
    found = {"python": platform.python_version(), "openssl": _openssl()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        found = re.search(r"(?m)^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _openssl() -> str:
    said = re.search(r"\d+\.\d+\.\d+", backend.openssl_version_text())
    return said[0] if said else backend.openssl_version_text()
