"""How long ten million sample rows take to a board and to a site, and how much memory.

    python benchmarks/speed/board.py [RUNS]

Writes a run of made-up values (50 explainers, 10 metrics of 10 quantities, 2 data sets of 1,000
sequences), or RUNS runs that hold the same, and prints the seconds and the peak memory of a process
that ranks them together, and of one that makes a site of them. Never a test: the numbers are the
machine's.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.identity import digest
from gxarena.results.parquet import write_table
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.schemas import CELLS, SAMPLES, TABLES

EXPLAINERS, METRICS, QUANTITIES, DATASETS, SEQUENCES = 50, 10, 10, 2, 1000
BOARD = """
import sys, time
from pathlib import Path
start = time.perf_counter()
from gxarena.results.boards import boards_of
from gxarena.results.provenance import peak_memory
(board,) = boards_of([Path(run) for run in sys.argv[1:]])
rows, seconds = len(board.table), time.perf_counter() - start
print(f"{rows} rows in {seconds:.1f} s, peak memory {peak_memory() / 2**30:.2f} GiB")
"""
SITE = """
import sys, tempfile, time
from pathlib import Path
start = time.perf_counter()
from gxarena.registry import Registry
from gxarena.results.provenance import peak_memory
from gxarena.site.content import read_content
from gxarena.site.site import Site
from gxarena.site.writing import write_site
with tempfile.TemporaryDirectory() as place:
    content = read_content([Path(run) for run in sys.argv[1:]])
    pages = write_site(Site.of(content, Registry.load()), Path(place) / "site")
seconds = time.perf_counter() - start
print(f"{pages} pages in {seconds:.1f} s, peak memory {peak_memory() / 2**30:.2f} GiB")
"""


def cells() -> Iterator[dict[str, Any]]:
    """Every text that a cell must have, and what boards are made of."""
    required = {f.name: "" for f in CELLS if not f.nullable and pa.types.is_string(f.type)}
    quantities = json.dumps({f"k{i}": {"better": "higher"} for i in range(QUANTITIES)})
    sizes = (DATASETS, METRICS, EXPLAINERS)
    for dataset, metric, explainer in itertools.product(*map(range, sizes)):
        yield {
            **required,
            "cell_id": digest([dataset, metric, explainer]),
            "attempt": 1,
            "suite": "made-up",
            "dataset": f"d{dataset}",
            "dataset_digest": digest(dataset),
            "n_samples": SEQUENCES,
            "model": "m",
            "model_weights_digest": digest("m"),
            "explainer": f"e{explainer}",
            "explainer_role": "method" if explainer else "floor",
            "aggregator": "native",
            "metric": f"q{metric}",
            "metric_name": f"q{metric}",
            "metric_scope": "sample",
            "quantities": quantities,
            "target": "1",
            "objective": "logit",
            "seed": 0,
            "status": "ok",
            "started": datetime(2026, 1, 1, tzinfo=UTC),
            "seconds": 1.0,
            "packages": "{}",
        }


def values(cell: dict[str, Any], rng: np.random.Generator) -> pa.Table:
    """A cell's samples: better explainers have a higher number."""
    n = SEQUENCES * QUANTITIES
    better = int(cell["explainer"][1:]) / 100
    columns = {
        "cell_id": [cell["cell_id"]] * n,
        "sample_id": [f"chr2L:{250 * i}-{250 * i + 250}" for i in range(SEQUENCES)] * QUANTITIES,
        "metric": np.repeat([f"{cell['metric']}.k{i}" for i in range(QUANTITIES)], SEQUENCES),
        "value": rng.normal(better, size=n),
        "reason": pa.nulls(n, pa.string()),
    }
    return pa.table(columns).cast(SAMPLES)


def write(folder: Path) -> None:
    """A finished run."""
    rows, rng = list(cells()), np.random.default_rng(0)
    ids = tuple(row["cell_id"] for row in rows)
    folder.mkdir()
    RunRecord("made-up", digest(ids), ids, {"seed": 0}).write(folder)
    tables = {
        "cells": pa.Table.from_pylist(rows, CELLS),
        "samples": pa.concat_tables(values(row, rng) for row in rows),
    }
    results = RunResults.of(folder)
    for name, schema in TABLES.items():
        table = tables.get(name, schema.empty_table())
        write_table(folder / f"{name}.parquet", table, results.footer(name))


def main(runs: int = 1) -> None:
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / f"run-{i}" for i in range(runs)]
        for folder in folders:
            write(folder)
        for program in (BOARD, SITE):
            subprocess.run([sys.executable, "-c", program, *map(str, folders)], check=True)  # noqa: S603


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
