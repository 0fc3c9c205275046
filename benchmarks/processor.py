"""The processor time of a process and of all that it started, from Linux's `/proc`.

What a wall clock shows depends on what else the machine does; this depends on it far less.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class _Process(NamedTuple):
    parent: int
    ticks: int


def seconds_of_tree() -> float | None:
    """Seconds of this process, its descendants, and those that have ended; None without `/proc`."""
    if not (_PROC / "self" / "stat").exists():
        return None
    processes = dict(_processes())
    ours = [each for each in processes if _is_ours(each, processes)]
    return sum(processes[each].ticks for each in ours) / os.sysconf("SC_CLK_TCK")


def _processes() -> list[tuple[int, _Process]]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                # The name, in parentheses, may hold anything: the rest begins after the last one.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            found.append((int(entry.name), _Process(int(fields[1]), sum(map(int, fields[11:15])))))
    return found


def _is_ours(process: int, processes: dict[int, _Process]) -> bool:
    while process in processes:
        if process == os.getpid():
            return True
        process = processes[process].parent
    return False
