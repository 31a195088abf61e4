"""What children cost, and what a second one saves: the quickstart by engine and workers.

    python benchmarks/speed/engines.py [--limit N] [--repeats R]

Prints wall and processor seconds of each, children's included, medians of repeats in turn, over
those of the engine without children; and whether all boards are equal. Never a test: the numbers
are the machine's, and on a busy one only the processor's mean anything.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq

ENGINES = (("inline",), ("local", "--workers", "1"), ("local", "--workers", "2"))


def timed(engine: tuple[str, ...], limit: int, out: Path) -> tuple[float, float]:
    """Wall and processor seconds of a run of its own process."""
    arguments = ["run", "quickstart", "--limit", str(limit), "--out", str(out), "--engine", *engine]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 (this Python, gxarena)
        [sys.executable, "-m", "gxarena", *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, used


def board(out: Path) -> object:
    """A board, but for what it took."""
    table = pq.read_table(out / "leaderboard.parquet")
    return table.drop_columns(["seconds_per_sequence"]).to_pylist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    taken: dict[tuple[str, ...], list[tuple[float, float]]] = {one: [] for one in ENGINES}
    boards = []
    with tempfile.TemporaryDirectory() as place:
        for repeat in range(given.repeats):
            for position, engine in enumerate(ENGINES):
                out = Path(place, f"{repeat}-{position}")
                taken[engine].append(timed(engine, given.limit, out))
                boards.append(board(out))
    load = psutil.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, quickstart --limit {given.limit}")
    base = [statistics.median(column) for column in zip(*taken[ENGINES[0]], strict=True)]
    for engine, seconds in taken.items():
        wall, used = (statistics.median(column) for column in zip(*seconds, strict=True))
        ratios = f"{wall / base[0]:.2f} and {used / base[1]:.2f} of inline"
        print(f"{' '.join(engine):20} {wall:7.1f} s, {used:7.1f} s of processors; {ratios}")
    print("boards equal:", all(one == boards[0] for one in boards))


if __name__ == "__main__":
    main()
