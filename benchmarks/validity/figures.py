"""The figures of docs/metrics.md: who is to be trusted, and which metrics disagree.

python benchmarks/validity/figures.py leaderboard docs/images
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow.parquet as pq
from matplotlib.figure import Figure

SHOWN = (
    "auprc", "auprc-magnitude", "auroc", "relevance_mass", "relevance_rank", "pointing_game",
    "grammar_satisfiability", "decoy_precision",
    "faithfulness-unknown.mif_drop_logit@10", "faithfulness-unknown.lif_drop_logit@10",
    "faithfulness-complement.mif_drop_logit@10", "faithfulness-complement.lif_drop_logit@10",
    "comprehensiveness.logit", "sufficiency.logit", "infidelity", "gini", "entropy",
)  # fmt: skip
"""One or two of each family; the tables have all."""
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"


def trust(rows: Sequence[dict[str, Any]]) -> Figure:
    """The share of steps that each metric tells, with its interval, for each model."""
    models = sorted({row["model"] for row in rows})
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    by_key = {(row["model"], row["metric"]): row for row in rows}
    for offset, (model, colour) in enumerate(zip(models, (BLUE, ORANGE), strict=True)):
        for place, metric in enumerate(SHOWN):
            row = by_key[model, metric]
            at = place + 0.3 * offset
            axes.plot([row["told_low"], row["told_high"]], [at, at], color=colour, lw=2)
            # Filled where the truth is told from every control.
            face = colour if row["trusted"] else "white"
            label = model if not place else None
            axes.plot(row["told"], at, "o", mec=colour, mfc=face, color=colour, label=label)
    axes.set_yticks(np.arange(len(SHOWN)) + 0.15, SHOWN)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the steps told (95% interval); open: not told from every control")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def conflicts(rows: Sequence[dict[str, Any]]) -> Figure:
    """Rank correlations of metrics, a square a model."""
    models = sorted({row["model"] for row in rows})
    figure = Figure(figsize=(11, 7.4), layout="constrained")
    found = {(r["model"], r["metric"], r["other"]): r["rank_correlation"] for r in rows}
    squares = figure.subplots(1, len(models), sharey=True)
    for axes, model in zip(squares, models, strict=True):
        table = np.array([[found[model, one, other] for other in SHOWN] for one in SHOWN])
        image = axes.imshow(table, cmap="RdBu", vmin=-1, vmax=1)
        for (i, j), value in np.ndenumerate(table + 0.0):
            shade = "white" if abs(value) > 0.7 else "black"
            axes.text(j, i, f"{value:z.1f}", ha="center", va="center", size=6, color=shade)
        axes.set_xticks(range(len(SHOWN)), SHOWN, rotation=90)
        axes.set_title(model)
    squares[0].set_yticks(range(len(SHOWN)), SHOWN)
    figure.colorbar(image, ax=squares, shrink=0.6, label="Spearman's correlation of their orders")
    return figure


if __name__ == "__main__":
    boards, images = map(Path, sys.argv[1:])
    mpl.rcParams.update({"font.size": 8, "svg.hashsalt": "gxarena"})
    for name, draw in (("metric-trust", trust), ("metric-conflicts", conflicts)):
        drawn = draw(pq.read_table(boards / f"{name}.parquet").to_pylist())
        drawn.savefig(images / f"{name}.png", dpi=110)
