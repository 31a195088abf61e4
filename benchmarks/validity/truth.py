"""Do metrics that know no truth order real explainers as the truth does?

    gxarena run explainers --out runs/explainers
    python benchmarks/validity/truth.py leaderboard docs/images runs/explainers && make docs

Within one model: explainers are put in order by a metric and by how well their maps find the
planted motifs (AUPRC), and the two orders are compared by Spearman's correlation, for each set of
weights and data set. Methods only, each map once. A row says the mean over data sets and weights
with Student's t interval over the weights or, where a model is one set of weights, over the data
sets (`over`): the same explainers then meet the same weights again, and another training may say
otherwise.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure
from scipy import stats

from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena.files import writing
from gxarena.results.contestants import Contestant, groups_of_contestants
from gxarena.results.reading import RunResults
from gxarena.results.same_maps import entries

TRUTH = "auprc"
FEWEST = 5
"""Explainers that an order is of."""

Means = Mapping[str, Floats]
"""By explainer: its mean over the samples with each set of weights, higher better, shape (R,)."""


def means_of(group: list[Contestant]) -> Means:
    """Of the methods of one quantity, the first of those that give the same maps; none without a
    direction."""
    direction = next((one.direction for one in group if one.direction != "none"), "none")
    if direction == "none" or group[0].whole or group[0].among_replicates:
        return {}
    sign = 1.0 if direction == "higher" else -1.0
    methods = [one for one in group if one.role == "method" and np.isfinite(one.values).any()]
    first = entries([one.fingerprints for one in methods])
    longest = max((len(one.values) for one in methods), default=0)
    return {
        one.labels["explainer"]: sign * _padded(one.values, longest)
        for i, one in enumerate(methods)
        if first[i] == i
    }


def _padded(values: Floats, replicates: int) -> Floats:
    found = np.full(replicates, np.nan)
    for i, row in enumerate(values):
        if np.isfinite(row).any():
            found[i] = np.nanmean(row)
    return found


def agreements(means: Means, truth: Means) -> Floats:
    """Spearman's correlation with each set of weights, over explainers that both have, shape (R,).

    NaN where these are fewer than `FEWEST`, or either does not tell any apart.
    """
    names = sorted(means.keys() & truth.keys())
    if not names:
        return np.full(1, np.nan)
    sides = [np.array([of[name] for name in names]) for of in (means, truth)]
    replicates = min(side.shape[1] for side in sides)
    found = np.full(replicates, np.nan)
    for r in range(replicates):
        one, other = (side[:, r] for side in sides)
        both = np.isfinite(one) & np.isfinite(other)
        if min(len(np.unique(side[both])) for side in (one, other)) > 1 and both.sum() >= FEWEST:
            found[r] = stats.spearmanr(one[both], other[both]).statistic
    return found


def judged(groups: Iterable[list[Contestant]]) -> Iterator[dict[str, Any]]:
    """One row a model and metric, of metrics that do not ask for the truth themselves."""
    truths: dict[tuple[str, str], Means] = {}
    others: dict[tuple[str, str, str], dict[str, Means]] = defaultdict(dict)
    for group in groups:
        labels = group[0].labels
        if labels["aggregator"] != "native" or not (means := means_of(group)):
            continue
        model, data, metric = labels["model"], labels["dataset"], labels["metric"]
        if metric == TRUTH:
            truths[model, data] = means
        elif group[0].question != "localization":
            others[model, metric, group[0].question][data] = means
    for (model, metric, question), by_data in others.items():
        shared = [data for data in by_data if (model, data) in truths]
        table = [agreements(by_data[data], truths[model, data]) for data in shared]
        if table and np.isfinite(np.concatenate(table)).any():
            explainers = [len(by_data[d].keys() & truths[model, d].keys()) for d in shared]
            yield {
                "model": model, "metric": metric, "question": question,
                "data_sets": len(shared), "explainers": max(explainers),
            } | summed(np.array(table))  # fmt: skip


def summed(table: Floats) -> dict[str, Any]:
    """Mean and interval of correlations, shape (data sets, replicates), NaN where undefined."""
    replicates = table.shape[1]
    parts = np.array([np.nanmean(part) for part in (table.T if replicates > 1 else table)])
    mean = float(np.nanmean(parts))
    low, high = np.nan, np.nan
    known = parts[np.isfinite(parts)]
    if len(known) > 1:
        error = float(known.std(ddof=1) / np.sqrt(len(known)))
        half = float(stats.t.ppf(0.975, len(known) - 1)) * error
        low, high = max(mean - half, -1.0), min(mean + half, 1.0)
    return {
        "replicates": replicates, "rank_correlation": mean, "low": low, "high": high,
        "over": "sets of weights" if replicates > 1 else "data sets, one set of weights",
    }  # fmt: skip


def drawn(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Each metric's correlation with the truth and its interval, a panel a model."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    size = (4 * len(models) + 2, 1 + 0.16 * len(metrics))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        mine = [row for row in rows if row["model"] == model]
        places = [metrics.index(row["metric"]) for row in mine]
        for row, at in zip(mine, places, strict=True):
            axes.plot([row["low"], row["high"]], [at, at], color="#0072b2", lw=2)
        axes.plot([row["rank_correlation"] for row in mine], places, "o", color="#0072b2")
        axes.axvline(0, color="#777777", lw=0.8)
        axes.set_xlim(-1, 1)
        axes.set_title(f"{model}, over {mine[0]['over']}")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(metrics)), metrics)
    panels[0].invert_yaxis()
    figure.supxlabel("Spearman's correlation with the order by AUPRC (95% interval)")
    return figure


def main(arguments: Sequence[str]) -> None:
    """Write the table and its figure.

    Raises
    ------
    InputError
        No metric of the runs has an order of enough explainers.
    """
    boards, images, *folders = map(Path, arguments)
    rows: list[dict[str, Any]] = []
    for results in map(RunResults.of, folders):
        groups = groups_of_contestants(results.table("cells"), results.table("samples"))
        rows += judged(groups)
    if not rows:
        raise InputError(
            f"{', '.join(map(str, folders))}: expected {TRUTH} and another metric of at least "
            f"{FEWEST} explainers, got none. Run the suite explainers."
        )
    with writing(boards / "metric-truth.parquet") as file:
        pq.write_table(pa.Table.from_pylist(rows), file)
    with mpl.rc_context({"font.size": 8, "svg.hashsalt": "gxarena"}):
        drawn(rows).savefig(images / "metric-truth.png", dpi=110)


if __name__ == "__main__":
    main(sys.argv[1:])
