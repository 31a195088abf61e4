"""What `faithfulness` costs before and after its random orders are asked once for all explainers.

    python benchmarks/speed/shared_orders.py [SUITE] [--limit N] [--explainers NAME...]
        [--metrics NAME...] [--datasets NAME...] [--set KEY=VALUE]... [--out FILE.parquet]
        [--forwards] [--times N]

Runs the suite, or the part of it that is named, both ways in one process: each explainer explains
once, then the metrics are asked the one way and the other.
Prints for each explainer of each model, in the order in which they are run, the forwards of
explaining and those of `faithfulness` before and after, with seconds; then the sums. Explaining
takes what `gini` takes, which asks no model: name it too where metrics are named. Values are the
same, but for last bits where a transformer is asked in other batches. Seconds are the machine's,
forwards are not: with `--forwards` the file has these alone.

With `--times N` it says instead what the whole takes, explaining and all: N turns, in each of which
the same is run from the beginning both ways, the one first in every other turn, after one run that
does not count. A row a turn, in seconds of the clock and of the processor, and one of medians;
`ratio` is after over before within the turn. On a busy machine only the processor's mean anything.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite, find_suite, read_suite

WHOLE = "all of them"
METRIC = "faithfulness"
ASKS_NOTHING = "gini"
Row = dict[str, Any]
Who = tuple[str, str]
"""Model, explainer."""


def restricted(suite: Suite, **named: Sequence[str]) -> Suite:
    """The suite with no other explainers, metrics, datasets; all of them where none are named."""
    blocks = []
    for block in suite.matrix:
        kept = {
            what: [name for name in getattr(block, what) if name in names]
            for what, names in named.items()
            if names
        }
        # What pairs are compared with is one of those that are left, or is not there to compare.
        others = {other.rpartition("/")[2] for other in block.against}
        if all(kept.values()) and others <= set(kept.get("explainers", others)):
            blocks.append(block.model_copy(update=kept))
    return suite.model_copy(update={"matrix": blocks})


def _each_time() -> contextlib.AbstractContextManager[Any]:
    """As it was: a metric finds nobody who could keep an answer, and asks itself."""
    nobody = type("Nobody", (), {})
    return mock.patch("gxarena.metrics.faithfulness.SharingProbe", nobody)


def costs(plan: Plan, place: Path, *, shared: bool) -> tuple[dict[Who, Row], dict[str, float]]:
    """By model and explainer what was asked and how long it took; and the values."""
    with contextlib.nullcontext() if shared else _each_time():
        run(plan, place)
    results = RunResults.of(place)
    rows = [row for row in results.last_rows() if row["status"] == "ok"]
    found: dict[Who, Row] = defaultdict(lambda: defaultdict(int))
    for row in sorted(rows, key=lambda row: str(row["started"])):
        one = found[row["model"], row["explainer"]]
        if row["metric_component"] == METRIC:
            one["forwards"] += row["forwards"]
            one["seconds"] += row["seconds"]
        elif row["metric_component"] == ASKS_NOTHING:
            one["explaining"] += row["forwards"]
            one["explaining_seconds"] += row["explain_seconds"]
    samples = results.table("samples", ("cell_id", "sample_id", "metric", "value"))
    rows = samples.to_pylist()
    values = {" ".join((r["cell_id"], r["sample_id"], r["metric"])): r["value"] for r in rows}
    return found, values


def compared(before: dict[Who, Row], after: dict[Who, Row]) -> list[Row]:
    """A row for each explainer of a model, in the order in which they ran, and one of the sums.

    A cell's forwards are those of its explanation too, which are the same both ways.
    """
    rows = [
        {
            "model": model,
            "explainer": explainer,
            "forwards_explaining": one["explaining"],
            "forwards_before": before[model, explainer]["forwards"] - one["explaining"],
            "forwards_after": one["forwards"] - one["explaining"],
            "seconds_explaining": float(one["explaining_seconds"]),
            "seconds_before": before[model, explainer]["seconds"],
            "seconds_after": one["seconds"],
        }
        for (model, explainer), one in after.items()
        if one["forwards"]
    ]
    names = [name for name in rows[0] if name.startswith(("forwards", "seconds"))]
    sums = {name: sum(row[name] for row in rows) for name in names}
    return [*rows, {"model": "", "explainer": WHOLE} | sums]


def measured(suite: Suite, folder: Path, limit: int | None) -> list[Row]:
    """The suite both ways, once all is explained."""
    plan = make_plan(suite, Registry.load(), folder=folder, limit=limit)
    found = []
    with tempfile.TemporaryDirectory() as place:
        explained = Path(place) / "explained"
        run(plan, explained)
        for shared in (False, True):
            # As if it had been stopped when all was explained and nothing asked by a metric.
            again = Path(place) / str(shared)
            kept = shutil.ignore_patterns("shared")
            shutil.copytree(explained / "store", again / "store", ignore=kept)
            shutil.copy(explained / "run.json", again)
            found.append(costs(plan, again, shared=shared))
    (each, values), (once, same) = found
    alike = values.keys() == same.keys() and np.allclose(
        *(np.array([one[name] for name in same], dtype=float) for one in (values, same)),
        rtol=0,
        atol=1e-5,
        equal_nan=True,
    )
    if not alike:
        raise SystemExit("expected the same values both ways, got others: see test_shared.py.")
    return compared(each, once)


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def timed(plan: Plan, turns: int) -> list[Row]:
    """What all of the plan takes both ways, a row a turn, and the medians of the rows."""
    _taken(plan, shared=True)  # what is loaded at the first run only
    rows: list[Row] = []
    for turn in range(turns):
        first = turn % 2 == 1
        took = {shared: _taken(plan, shared=shared) for shared in (first, not first)}
        row: Row = {"turn": str(turn + 1)}
        for clock in CLOCKS:
            before, after = took[False][clock], took[True][clock]
            row |= {f"{clock}_before": before, f"{clock}_after": after}
            row[f"{clock}_ratio"] = after / before
        rows.append(row)
    medians = {name: median(row[name] for row in rows) for name in rows[0] if name != "turn"}
    return [*rows, {"turn": "median"} | medians]


def _taken(plan: Plan, *, shared: bool) -> dict[str, float]:
    """Seconds by each clock of one run from the beginning."""
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.nullcontext() if shared else _each_time(),
    ):
        start = {name: clock() for name, clock in CLOCKS.items()}
        run(plan, Path(place) / "run")
        return {name: clock() - start[name] for name, clock in CLOCKS.items()}


def _print(rows: Sequence[Row]) -> None:
    """Forwards and seconds of each explainer both ways."""
    print(f"{'forwards, seconds':40s} {'explaining':>18s} {'before':>18s} {'after':>18s}")
    for row in rows:
        sides = (
            f"{row[f'forwards_{when}']:10,d} {row[f'seconds_{when}']:7.1f} "
            for when in ("explaining", "before", "after")
        )
        print(f"{row['model']:15s} {row['explainer']:24s} {''.join(sides)}", flush=True)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", nargs="?", default="explainers")
    parser.add_argument("--limit", type=int)
    for name in ("--explainers", "--metrics", "--datasets"):
        parser.add_argument(name, nargs="+", default=[])
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--forwards", action="store_true")
    parser.add_argument("--times", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    suite = restricted(
        read_suite(given.suite, given.changes),
        explainers=given.explainers,
        metrics=given.metrics,
        datasets=given.datasets,
    )
    folder = find_suite(given.suite).parent
    if given.times:
        plan = make_plan(suite, Registry.load(), folder=folder, limit=given.limit)
        rows = timed(plan, given.times)
        for row in rows:
            print(
                {name: value if name == "turn" else round(value, 3) for name, value in row.items()}
            )
    else:
        rows = measured(suite, folder, given.limit)
        _print(rows)
    if given.forwards:
        rows = [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in rows]
    if given.out:
        pq.write_table(pa.Table.from_pylist(rows), given.out)


if __name__ == "__main__":
    main(sys.argv[1:])
