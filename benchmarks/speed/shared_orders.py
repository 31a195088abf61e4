"""What a suite costs before and after its random orders are asked once for all explainers.

    python benchmarks/speed/shared_orders.py [SUITE] [--limit N] [--explainers NAME...]
        [--set KEY=VALUE]... [--out FILE.parquet]

Runs the suite both ways in one process, the way that asks each time first, after a smaller run
that warms up. Prints forwards and seconds of `faithfulness` for each explainer (over models and
data sets, in the order in which they are run), those of the whole suite, and their ratios; values
are the same to the last bit. Seconds are the machine's; forwards are not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite, find_suite, read_suite

WHOLE = "the whole suite"
METRIC = "faithfulness"


def restricted(suite: Suite, explainers: Sequence[str]) -> Suite:
    """The suite with no other explainers; all of them where none are named."""
    if not explainers:
        return suite
    blocks = []
    for block in suite.matrix:
        kept = [name for name in block.explainers if name in explainers]
        # What pairs are compared with is one of those that are left, or is not there to compare.
        others = {other.rpartition("/")[2] for other in block.against}
        if kept and others <= set(explainers):
            blocks.append(block.model_copy(update={"explainers": kept}))
    return suite.model_copy(update={"matrix": blocks})


def costs(suite: Suite, folder: Path, limit: int | None, *, shared: bool) -> dict[str, Any]:
    """Of each explainer and of the whole suite, [forwards, seconds]; the values under "values".

    Not shared: a metric finds nobody who could keep an answer, and asks itself.
    """
    plan = make_plan(suite, Registry.load(), folder=folder, limit=limit)
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        if shared:
            run(plan, Path(place))
        else:
            nobody = type("Nobody", (), {})
            with mock.patch("gxarena.metrics.faithfulness.SharingProbe", nobody):
                run(plan, Path(place))
        seconds = time.perf_counter() - begin
        results = RunResults.of(Path(place))
        rows = sorted(results.last_rows(), key=lambda row: str(row["started"]))
        found: dict[str, Any] = defaultdict(lambda: [0, 0.0])
        for row in rows:
            if row["metric_component"] == METRIC and row["status"] == "ok":
                found[row["explainer"]][0] += row["forwards"]
                found[row["explainer"]][1] += row["seconds"]
        found[WHOLE] = [sum(row["forwards"] or 0 for row in rows), seconds]
        samples = results.table("samples", ("cell_id", "sample_id", "metric", "value"))
        found["values"] = sorted(map(str, samples.to_pylist()))
    return found


def compared(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each explainer of `faithfulness`, in the order in which they ran, and the whole."""
    if before.pop("values") != after.pop("values"):
        raise SystemExit("expected the same values both ways, got others: see test_shared.py.")
    return [
        {
            "explainer": name,
            "forwards_before": before[name][0],
            "forwards_after": after[name][0],
            "seconds_before": before[name][1],
            "seconds_after": after[name][1],
        }
        for name in before
    ]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", nargs="?", default="explainers")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--explainers", nargs="+", default=[])
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    suite = restricted(read_suite(given.suite, given.changes), given.explainers)
    folder = find_suite(given.suite).parent
    costs(suite, folder, 1, shared=True)
    before, after = (costs(suite, folder, given.limit, shared=shared) for shared in (False, True))
    rows = compared(before, after)
    print(f"{'forwards, seconds':24s} {'before':>18s} {'after':>18s} {'after / before':>18s}")
    for row in rows:
        forwards, seconds = (
            [row[f"{what}_{when}"] for when in ("before", "after")]
            for what in ("forwards", "seconds")
        )
        sides = "".join(f"{n:10d} {s:7.1f} " for n, s in zip(forwards, seconds, strict=True))
        ratios = f"{forwards[1] / forwards[0]:10.2f} {seconds[1] / seconds[0]:7.2f}"
        print(f"{row['explainer']:24s} {sides}{ratios}", flush=True)
    if given.out:
        pq.write_table(pa.Table.from_pylist(rows), given.out)


if __name__ == "__main__":
    main(sys.argv[1:])
