"""How long a run of ten thousand cells takes to look at and to take up, and how much memory.

    python benchmarks/speed/resume.py [CELLS] [--out FILE.csv]

Plans a suite of cheap built-in components (a network that ships, `random` and `gini` under many
names, four data sets), writes made-up values for each of its cells as a run at work does, prints
what `gxarena status` takes then; joins them, and prints what `gxarena run` takes that finds nothing
due, what heavy it imported, and how many files the folder holds. Never a test: the numbers are
the machine's. Seconds are of the wall and, since others may be at work there, of the processor.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from measuring import machine, written

from gxarena.registry import Registry
from gxarena.results.folder import RunFolder
from gxarena.results.schemas import SAMPLES
from gxarena.results.segments import SEGMENTS, attempt_table, write_segment
from gxarena.run.cell_rows import CellRows
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import record_of
from gxarena.run.suite import read_suite

DATASETS, METRICS, SEQUENCES = 4, 25, 20
COMMAND = """
import json, sys, time
start = time.perf_counter()
from gxarena.cli.app import app
sys.argv = ["gxarena", *sys.argv[1:]]
try:
    app()
except SystemExit as ended:
    assert not ended.code, ended.code
from gxarena.results.provenance import peak_memory
processor, wall = time.process_time(), time.perf_counter() - start
named = ("torch", "scipy.special", "scipy.stats", "pandas")
heavy = [name for name in named if name in sys.modules]
print(json.dumps([wall, processor, peak_memory() / 1e6, heavy]), file=sys.stderr)
"""


class Said(NamedTuple):
    """What a command says of itself: seconds of the wall and of the processor, memory, imports."""

    wall: float
    processor: float
    megabytes: float
    heavy: list[str]


def write_suite(folder: Path, cells: int) -> Path:
    """A suite of so many cells, and its data."""
    rng = np.random.default_rng(0)
    explainers = [f"e{i}" for i in range(cells // (DATASETS * METRICS))]
    metrics, datasets = [f"m{i}" for i in range(METRICS)], [f"d{i}" for i in range(DATASETS)]
    lines = ['name = "many"']
    for name in datasets:
        letters = rng.choice(list("ACGT"), (SEQUENCES, 100))
        rows = [f"s{i},{''.join(row)},{i % 2}" for i, row in enumerate(letters)]
        (folder / f"{name}.csv").write_text("\n".join(["id,sequence,label", *rows]) + "\n")
        lines += [f"[datasets.{name}]", f'path = "{name}.csv"']
    lines += ["[explainers]", *(f'{name} = {{ name = "random" }}' for name in explainers)]
    lines += ["[metrics]", *(f'{name} = {{ name = "gini" }}' for name in metrics)]
    lines += ["[[matrix]]", 'models = ["cnn"]']
    for kind, names in (("datasets", datasets), ("explainers", explainers), ("metrics", metrics)):
        lines.append(f"{kind} = {json.dumps(names)}")
    path = folder / "many.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def attempts(plan: Plan) -> Iterator[pa.Table]:
    """Each cell with made-up values, as the row of a segment."""
    rows, rng = CellRows(plan), np.random.default_rng(0)
    for cell in plan.cells:
        row: dict[str, Any] = rows.of(cell) | {
            "attempt": 1, "status": "ok", "started": datetime.now(UTC), "seconds": 0.1,
            "quantities": '{"": {"better": "higher", "bounds": [0, 1]}}', "explain_seconds": 0.1,
        }  # fmt: skip
        samples = plan.datasets[cell.dataset].samples
        columns = {
            "cell_id": [cell.id] * len(samples),
            "sample_id": [sample.id for sample in samples],
            "metric": [cell.metric] * len(samples),
            "value": rng.random(len(samples)),
            "reason": pa.nulls(len(samples), pa.string()),
        }
        yield attempt_table(row, {"samples": pa.table(columns).cast(SAMPLES)})


def sizes(cells: int) -> Iterator[int]:
    """Of the segments that a writer has after so many cells: at most fifteen of each size."""
    size = 16 ** (len(f"{cells:x}") - 1)
    while cells:
        yield from itertools.repeat(size, cells // size)
        cells, size = cells % size, size // 16


def at_work(place: Path, cells: int) -> tuple[Path, RunFolder]:
    """A suite, and a folder where a run of it has just finished its last cell."""
    suite, folder = write_suite(place, cells), RunFolder(place / "run")
    plan = make_plan(read_suite(str(suite)), Registry.load(), folder=place)
    with folder.locked():
        folder.claim(record_of(plan))
        with folder.writer():
            rows = attempts(plan)
            for size in sizes(len(plan.cells)):
                write_segment(folder.path / SEGMENTS, itertools.islice(rows, size))
    return suite, folder


def measured(*command: str) -> Said:
    """What a command says of itself, in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", COMMAND, *command],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return Said(*json.loads(done.stderr.splitlines()[-1]))


def files(folder: RunFolder) -> int:
    """How many there are outside of the store."""
    held = (path for path in folder.path.rglob("*") if path.is_file())
    return sum("store" not in path.relative_to(folder.path).parts for path in held)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cells", nargs="?", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows: list[dict[str, object]] = []

    def row(what: str, said: Said) -> None:
        rows.append(
            {
                "what": what,
                "cells": given.cells,
                "files": files(folder),
                "seconds": round(said.wall, 2),
                "processor_seconds": round(said.processor, 2),
                "megabytes": round(said.megabytes),
                "imported": " ".join(said.heavy) or "nothing heavy",
                "machine": machine(),
            }
        )
        print(rows[-1], flush=True)

    with tempfile.TemporaryDirectory() as place:
        suite, folder = at_work(Path(place), given.cells)
        row("status, at work", measured("status", str(folder.path)))
        start = time.process_time()
        with folder.locked():
            folder.finish()
        print(f"joined in {time.process_time() - start:.1f} s of the processor", flush=True)
        for _ in range(2):
            row("run again", measured("run", str(suite), "--out", str(folder.path)))
        row("status, finished", measured("status", str(folder.path)))
    if given.out:
        written(given.out, rows)


if __name__ == "__main__":
    main()
