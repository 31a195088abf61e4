"""Which metric measures what it says? Judges the metrics of runs of `metric-validity`.

    gxarena run metric-validity --out runs/metric-validity
    python benchmarks/validity/metrics.py leaderboard/metric-validity.parquet runs/metric-validity

For every metric that has a direction, and each way in which the truth is made worse: in how many of
the four steps the metric tells the worse from the better (paired over samples and replicates, 5%
without correction), whether its means fall at every step, and how often it turns a step round. And
for each control whether the metric tells the truth from it. One row a data set, model, metric and
way; `against` rows are for controls.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.results.contestants import Contestant, groups_of_contestants
from gxarena.results.reading import RunResults
from gxarena.statistics.differences import pairwise_differences, told_apart

TRUTH = "oracle"
STEP = re.compile(r"(?P<way>[a-z]+)-(?P<level>\d+)")
"""How the suite calls a degraded truth: its way and its level in percent."""


def judged(group: list[Contestant]) -> Iterator[dict[str, Any]]:
    """The rows of contestants that one quantity of one metric was asked about."""
    direction = next((one.direction for one in group if one.direction != "none"), "none")
    by_name = {one.labels["explainer"]: one for one in group}
    if direction == "none" or TRUTH not in by_name or group[0].whole:
        return
    sign = 1.0 if direction == "higher" else -1.0
    labels = group[0].labels
    shared = {name: labels[name] for name in ("dataset", "model", "metric")}
    shared |= {"question": group[0].question}
    for way, steps in ways(by_name).items():
        leads = [_lead(better, worse, sign) for better, worse in pairwise(steps)]
        yield shared | {
            "way": way,
            "against": None,
            "steps": len(leads),
            "told": sum(mean > 0 and apart for mean, apart in leads),
            "turned": sum(mean < 0 and apart for mean, apart in leads),
            "monotone": all(mean > 0 for mean, _ in leads),
        }
    for name, one in by_name.items():
        if one.role in ("floor", "control") and not STEP.fullmatch(name):
            mean, apart = _lead(by_name[TRUTH], one, sign)
            yield shared | {
                "way": None,
                "against": name,
                "steps": 1,
                "told": int(mean > 0 and apart),
                "turned": int(mean < 0 and apart),
                "monotone": mean > 0,
            }


def ways(by_name: Mapping[str, Contestant]) -> dict[str, list[Contestant]]:
    """The truth, then its degraded versions as the level rises, for each way."""
    levels: dict[str, dict[int, Contestant]] = {}
    for name, one in by_name.items():
        if found := STEP.fullmatch(name):
            levels.setdefault(found["way"], {})[int(found["level"])] = one
    return {
        way: [by_name[TRUTH], *(of[level] for level in sorted(of))] for way, of in levels.items()
    }


def _lead(better: Contestant, worse: Contestant, sign: float) -> tuple[float, bool]:
    """By how much one is ahead on average, and whether they are told apart."""
    values = np.stack([better.values, worse.values], axis=-1)
    found = pairwise_differences(values)
    mean = float(np.nan_to_num(sign * found.mean[0, 1]))
    return mean, bool(told_apart(found)[0, 1])


def table(runs: list[Path]) -> pa.Table:
    """The rows of all runs."""
    rows = []
    for path in runs:
        results = RunResults.of(path)
        for group in groups_of_contestants(results.table("cells"), results.table("samples")):
            rows += list(judged(group))
    return pa.Table.from_pylist(rows)


if __name__ == "__main__":
    out, *folders = map(Path, sys.argv[1:])
    pq.write_table(table(folders), out)
