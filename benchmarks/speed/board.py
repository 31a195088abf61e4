"""How long ten million sample rows take to a board and to a site, and how much memory.

    python benchmarks/speed/board.py [RUNS] [long] [board site bundle verify]

Writes a run of made-up values (50 explainers, 10 metrics of 10 quantities, 2 data sets of 1,000
sequences; `long`: 10 metrics of one quantity, 5 data sets of 4,000), or RUNS runs that hold the
same, and prints the seconds (those of the clock, and those that a core worked) and the peak memory
of a process each: that ranks them together, that makes a site of them, that ranks a bundle of the
first, that verifies it; or of those that are named. Never a test: the numbers are the machine's.
Those of one are in board.csv: two cores that others used too, so that seconds are a core's at work.
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
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from gxarena.identity import digest
from gxarena.results.bundle import write_bundle
from gxarena.results.parquet import write_table
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.schemas import CELLS, SAMPLES, TABLES

EXPLAINERS, METRICS = 50, 10


class Shape(NamedTuple):
    """How ten million values lie."""

    quantities: int
    datasets: int
    sequences: int


WIDE, LONG = Shape(10, 2, 1000), Shape(1, 5, 4000)
BOARD = """
import sys, time
from pathlib import Path
start = time.perf_counter()
from gxarena.results.boards import boards_of
from gxarena.results.provenance import peak_memory
(board,) = boards_of([Path(run) for run in sys.argv[1:]])
rows, seconds = len(board.table), time.perf_counter() - start
print(f"{rows} rows in {seconds:.1f} s ({time.process_time():.1f} of a core), peak memory "
      f"{peak_memory() / 2**30:.2f} GiB")
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
print(f"{pages} pages in {seconds:.1f} s ({time.process_time():.1f} of a core), peak memory "
      f"{peak_memory() / 2**30:.2f} GiB")
"""
VERIFY = """
import sys, time
from pathlib import Path
start = time.perf_counter()
from gxarena.results.provenance import peak_memory
from gxarena.submissions.verifying import verify
verdict = verify(Path(sys.argv[1]))
seconds = time.perf_counter() - start
assert verdict.holds, verdict.findings.listed
print(f"{verdict.counts['values']} values in {seconds:.1f} s "
      f"({time.process_time():.1f} of a core), peak memory "
      f"{peak_memory() / 2**30:.2f} GiB")
"""
PROGRAMS = {"board": BOARD, "site": SITE, "bundle": BOARD, "verify": VERIFY}
OF_A_BUNDLE = {"bundle", "verify"}


def cells(shape: Shape) -> Iterator[dict[str, Any]]:
    """Every text that a cell must have, and what boards are made of."""
    required = {f.name: "" for f in CELLS if not f.nullable and pa.types.is_string(f.type)}
    quantities = json.dumps({f"k{i}": {"better": "higher"} for i in range(shape.quantities)})
    sizes = (shape.datasets, METRICS, EXPLAINERS)
    for dataset, metric, explainer in itertools.product(*map(range, sizes)):
        yield {
            **required,
            "cell_id": digest([dataset, metric, explainer]),
            "attempt": 1,
            "suite": "made-up",
            "dataset": f"d{dataset}",
            "dataset_digest": digest(dataset),
            "n_samples": shape.sequences,
            "model": "m",
            "model_weights_digest": digest("m"),
            "explainer": f"e{explainer}",
            "explainer_component": f"e{explainer}",
            "explainer_role": "method" if explainer else "floor",
            "aggregator": "native",
            "aggregator_component": "native",
            "model_component": "m",
            "metric": f"q{metric}",
            "metric_component": f"q{metric}",
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


def values(cell: dict[str, Any], shape: Shape, rng: np.random.Generator) -> pa.Table:
    """A cell's samples: better explainers have a higher number."""
    n = shape.sequences * shape.quantities
    samples = [f"chr2L:{250 * i}-{250 * i + 250}" for i in range(shape.sequences)]
    metrics = [f"{cell['metric']}.k{i}" for i in range(shape.quantities)]
    better = int(cell["explainer"][1:]) / 100
    columns = {
        "cell_id": [cell["cell_id"]] * n,
        "sample_id": samples * shape.quantities,
        "metric": np.repeat(metrics, shape.sequences),
        "value": rng.normal(better, size=n),
        "reason": pa.nulls(n, pa.string()),
    }
    return pa.table(columns).cast(SAMPLES)


def write(folder: Path, shape: Shape) -> None:
    """A finished run."""
    rows, rng = list(cells(shape)), np.random.default_rng(0)
    ids = tuple(row["cell_id"] for row in rows)
    folder.mkdir()
    block = {
        f"{kind}s": sorted({row[kind] for row in rows})
        for kind in ("dataset", "model", "explainer", "aggregator", "metric")
    }
    suite = {"name": "made-up", "target": 1, "seed": 0, "matrix": [block]}
    RunRecord("made-up", digest(["made-up", list(ids)]), ids, suite).write(folder)
    tables = {
        "cells": pa.Table.from_pylist(rows, CELLS),
        "samples": pa.concat_tables(values(row, shape, rng) for row in rows),
    }
    results = RunResults.of(folder)
    for name, schema in TABLES.items():
        table = tables.get(name, schema.empty_table())
        write_table(folder / f"{name}.parquet", table, results.footer(name))


def main(*words: str) -> None:
    runs = next((int(word) for word in words if word.isdigit()), 1)
    asked = [name for name in PROGRAMS if name in words] or list(PROGRAMS)
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / f"run-{i}" for i in range(runs)]
        for folder in folders:
            write(folder, LONG if "long" in words else WIDE)
        bundle = Path(place) / "bundle.zip"
        if OF_A_BUNDLE & {*asked}:
            write_bundle(RunResults.of(folders[0]), bundle)
            print(f"the bundle: {bundle.stat().st_size / 2**20:.0f} MiB", flush=True)
        for name in asked:
            of = [bundle] if name in OF_A_BUNDLE else folders
            print(f"{name}: ", end="", flush=True)
            subprocess.run([sys.executable, "-c", PROGRAMS[name], *map(str, of)], check=True)  # noqa: S603


if __name__ == "__main__":
    main(*sys.argv[1:])
