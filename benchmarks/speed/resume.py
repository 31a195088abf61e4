"""How long a run of ten thousand cells takes to look at and to take up, and how much memory.

    python benchmarks/speed/resume.py [CELLS]

Plans a suite of cheap built-in components (a network that ships, `random` and `gini` under many
names, four data sets), writes made-up values for each of its cells as a run at work does, prints
what `gxarena status` takes then; joins them, and prints what `gxarena run` takes that finds nothing
due, whether it imported torch, and how many files the folder holds. Never a test: the numbers are
the machine's. Seconds are of the wall and, since others may be at work there, of the processor.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.registry import Registry
from gxarena.results.folder import RunFolder
from gxarena.results.schemas import SAMPLES
from gxarena.results.segments import SEGMENTS, attempt_table, listed, write_segment
from gxarena.run.cell_rows import CellRows
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import record_of
from gxarena.run.suite import read_suite

DATASETS, METRICS, SEQUENCES = 4, 25, 20
COMMAND = """
import resource, sys, time
start = time.perf_counter()
from gxarena.cli.app import app
sys.argv = ["gxarena", *sys.argv[1:]]
try:
    app()
except SystemExit as ended:
    assert not ended.code, ended.code
from gxarena.results.provenance import peak_memory
processor, torch = time.process_time(), "torch" in sys.modules
print(
    f"{time.perf_counter() - start:.2f} s, {processor:.2f} s of the processor, "
    f"{peak_memory() / 1e6:.0f} MB, torch {'imported' if torch else 'not imported'}",
    file=sys.stderr,
)
"""


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


def measured(command: Sequence[str]) -> str:
    """What a command says of itself, in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", COMMAND, *command],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return done.stderr.splitlines()[-1]


def main(cells: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as place:
        suite, folder = write_suite(Path(place), cells), RunFolder(Path(place) / "run")
        plan = make_plan(read_suite(str(suite)), Registry.load(), folder=suite.parent)
        with folder.locked():
            folder.claim(record_of(plan))
            with folder.writer():
                rows = attempts(plan)
                for size in sizes(len(plan.cells)):
                    write_segment(folder.path / SEGMENTS, itertools.islice(rows, size))
            print(f"{len(plan.cells)} cells on {platform.processor()}, {os.cpu_count()} cores")
            print(f"status, of {len(listed(folder.path))} segments:")
            print(" ", measured(["status", str(folder.path)]))
            start = time.perf_counter()
            folder.finish()
            print(f"joined in {time.perf_counter() - start:.1f} s")
        for _ in range(2):
            print("run again:", measured(["run", str(suite), "--out", str(folder.path)]))
        print("status, finished:", measured(["status", str(folder.path)]))
        print(sum(path.is_file() for path in folder.path.rglob("*")), "files")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
