"""What a command of its own process takes, and where such numbers are written down.

Imports little: a process counts as having held what the one that started it holds.
"""

from __future__ import annotations

import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """What a process and all that it started took together.

    Attributes
    ----------
    wall, processor : float
        Seconds; the processor's are the user's and the system's. On a busy machine only these
        mean anything.
    peak, own, children : int
        Bytes that the largest of these processes held, the command itself, and the largest that it
        started.
    """

    wall: float
    processor: float
    peak: int
    own: int
    children: int


COMMAND = """
import atexit, pathlib, resource, runpy, sys
note = pathlib.Path(sys.argv.pop(1))
whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
tell = lambda: " ".join(str(resource.getrusage(one).ru_maxrss) for one in whose)
atexit.register(lambda: note.write_text(tell()))
runpy.run_module("gxarena", run_name="__main__", alter_sys=True)
"""
"""`gxarena`, which leaves a note of what it and those that it started held at most."""


def taken(*arguments: str) -> Taken:
    """What `gxarena` takes with these arguments, on one thread."""
    with tempfile.TemporaryDirectory() as place:
        note = Path(place, "note")
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 (this Python, gxarena)
            [sys.executable, "-c", COMMAND, str(note), *arguments],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        own, children = map(int, note.read_text().split()) if note.exists() else (0, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"gxarena {' '.join(arguments)}: exit status {process.returncode}.")
    unit = 1 if sys.platform == "darwin" else 1024
    used = usage.ru_utime + usage.ru_stime
    return Taken(wall, used, usage.ru_maxrss * unit, own * unit, children * unit)


def machine() -> str:
    """As it is named in tables."""
    load = os.getloadavg()[0]
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"


def written(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of the same columns as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
