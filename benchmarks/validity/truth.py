"""Do metrics that know no truth order real explainers as the truth does?

    gxarena run explainers --out runs/explainers
    python benchmarks/validity/truth.py leaderboard docs/images runs/explainers && make docs

Within one model: explainers are put in order by a metric and by how well their maps find the
planted motifs (AUPRC), and the two orders are compared by Spearman's correlation, for each set of
weights and data set. Methods only, each map once. A row says the mean over data sets and weights.
Its interval is over the explainers, of which others might have been taken (a bootstrap, the same of
them for all data sets and weights), crossed with the weights (Student's t) where a model has
several: the distances of the two from the mean add up as squares (Zou and Donner 2008). Data sets
are taken for given. `over` says of what it is: where it is of one set of weights, another training
may say otherwise. `drawn_from` says whose maps the draws of explainers are of.
"""

from __future__ import annotations

import sys
import warnings
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
DRAWS = 2000
"""Of explainers, with replacement."""
EACH = "each set of weights"

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


def beside_the_truth(by_data: Sequence[tuple[Means, Means]]) -> Floats:
    """Both sides' means of all explainers, shape (2, data sets, replicates, explainers).

    NaN where either does not have one, so that both are of the same explainers.
    """
    names = sorted({name for pair in by_data for name in pair[0].keys() & pair[1].keys()})
    replicates = max(
        (len(row) for pair in by_data for of in pair for row in of.values()), default=1
    )
    sides = np.full((2, len(by_data), replicates, len(names)), np.nan)
    for d, pair in enumerate(by_data):
        for side, of in enumerate(pair):
            for n, name in enumerate(names):
                if name in of:
                    sides[side, d, : len(of[name]), n] = of[name]
    sides[:, np.isnan(sides).any(axis=0)] = np.nan
    return sides


def correlations(sides: Floats, fewest: int = FEWEST) -> Floats:
    """Spearman's correlation over the last axis of two sides, shape (2, ..., n).

    NaN where fewer than `fewest` are defined, or either side does not tell any apart.
    """
    ranks = stats.rankdata(sides, axis=-1, nan_policy="omit")
    known = np.isfinite(ranks[0])
    count = known.sum(axis=-1)
    ranks = np.where(known, ranks, 0.0)
    with np.errstate(all="ignore"):
        centred = np.where(known, ranks - (ranks.sum(axis=-1) / count)[..., None], 0.0)
        products = (centred[0] * centred[1]).sum(axis=-1)
        found: Floats = products / np.sqrt((centred**2).sum(axis=-1).prod(axis=0))
    return np.where((count >= fewest) & np.isfinite(found), found, np.nan)


def of_other_explainers(sides: Floats) -> Floats:
    """Mean correlations had others of the same kind been taken, shape (DRAWS,).

    A draw holds some explainers twice, which are ties of both orders, and lacks others.
    """
    n = sides.shape[-1]
    drawn = np.random.default_rng(0).integers(n, size=(DRAWS, n))
    asked = np.isfinite(correlations(sides))  # of the others no draw is taken into the mean
    cells = correlations(np.moveaxis(sides[..., drawn], 3, 1)[:, :, asked], fewest=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw of one explainer has no order
        return np.asarray(np.nanmean(cells, axis=-1))


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
        sides = beside_the_truth([(by_data[data], truths[model, data]) for data in shared])
        if sides.size and np.isfinite(correlations(sides)).any():
            yield {
                "model": model, "metric": metric, "question": question, "data_sets": len(shared),
                "explainers": int(np.isfinite(sides[0]).any(axis=(0, 1)).sum()),
            } | summed(sides)  # fmt: skip


def summed(sides: Floats) -> dict[str, Any]:
    """Mean and interval of the correlations of what `beside_the_truth` gives."""
    table = correlations(sides)
    by_weights = np.array(
        [row[np.isfinite(row)].mean() for row in table.T if np.isfinite(row).any()]
    )
    mean, several = float(by_weights.mean()), len(by_weights) > 1
    below, above = np.nanquantile(of_other_explainers(sides), [0.025, 0.975]) - mean
    half = 0.0
    if several:
        half = float(stats.t.ppf(0.975, len(by_weights) - 1) * stats.sem(by_weights))
    return {
        "replicates": len(by_weights), "rank_correlation": mean,
        "low": max(mean - float(np.hypot(min(below, 0.0), half)), -1.0),
        "high": min(mean + float(np.hypot(max(above, 0.0), half)), 1.0),
        "over": f"explainers and {len(by_weights)} sets of weights" if several
        else "explainers, one set of weights",
        "drawn_from": EACH,
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
