"""Figure 1: one sequence's relevance with and without special tokens, and on nucleotides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gxarena.data import Attribution, Floats
from gxarena.errors import unknown
from gxarena.metrics.renormalisation import renormalised_scores
from gxarena.report.drawing import AGAINST, FOR, canvas, tidy
from gxarena.report.evidence import Evidence
from gxarena.report.runs import ALL, Cell
from gxarena.report.table1 import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_attributions(evidence: Evidence, sample: str = "") -> Figure:
    """Figure 1: one sequence's relevance with and without special tokens, and on nucleotides.

    Parameters
    ----------
    evidence : Evidence
    sample : str
        A sample's id; where empty, the one whose explanations' similarity is the median, so that
        the example is neither the best nor the worst.
    """
    cells = [c for c in evidence.cells("special_share", classes=ALL) if c.strategy == "native"]
    if not cells:
        needs = "metric special_share on a model with tokens"
        raise evidence.missing("figure attributions", needs)
    cell = cells[0]
    found = cell.attributions()
    name = sample or _typical(evidence, cell, list(found))
    if name not in found:
        raise unknown("figure attributions", name, found, what="sample")
    other = _opponent(evidence, cell)
    nucleotides = other.attributions()[name] if other else None
    figure = canvas(10, 8 if other else 6.2)
    axes = figure.subplots(4 if other else 3, 1, squeeze=False)[:, 0]
    _draw_with_special(axes[0], found[name], f"{name}: {cell.explanation}, as it is")
    _draw_tokens(axes[1], found[name])
    scores = renormalised_scores(found[name])[found[name].spans.owner]
    _draw_nucleotides(axes[2], scores, "passed on to nucleotides (c)")
    if other is not None and nucleotides is not None:
        scores = renormalised_scores(nucleotides)[nucleotides.spans.owner]
        _draw_nucleotides(axes[3], scores, f"{other.explanation}, re-normalised")
    return figure


def _draw_with_special(axes: Axes, attribution: Attribution, title: str) -> None:
    """Bars of every token, special ones at the ends where they stand."""
    special = dict(attribution.special)
    # [SEP] ends a sequence; whatever else there is begins it.
    first = [name for name in special if "SEP" not in name]
    last = [name for name in special if name not in first]
    names = [*first, *[""] * len(attribution.scores), *last]
    ends = ([special[name] for name in part] for part in (first, last))
    heights = np.concatenate([next(ends), attribution.scores, next(ends)])
    _draw_bars(axes, heights, title, "relevance")
    ticks = [i for i, name in enumerate(names) if name]
    axes.set_xticks(ticks, [names[i] for i in ticks], fontsize=8)
    axes.set_xlabel("token")


def _draw_tokens(axes: Axes, attribution: Attribution) -> None:
    title = "without special tokens, re-normalised to [−1, 1]"
    _draw_bars(axes, renormalised_scores(attribution), title, "relevance (relative)")
    axes.set_xlabel("token")
    axes.set_ylim(-1.05, 1.05)


def _draw_nucleotides(axes: Axes, scores: Floats, title: str) -> None:
    _draw_bars(axes, scores, title, "relevance (relative)")
    axes.set_xlabel("position (bp)")
    axes.set_ylim(-1.05, 1.05)


def _draw_bars(axes: Axes, heights: Floats, title: str, label: str) -> None:
    """Bars that speak for the target in one colour, against it in another; the sign tells too."""
    colours = np.where(heights >= 0, FOR, AGAINST)
    axes.bar(np.arange(len(heights)), heights, width=1.0, color=colours.tolist(), linewidth=0)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlim(-0.5, len(heights) - 0.5)
    axes.set_ylabel(label)
    tidy(axes, title)


def _typical(evidence: Evidence, cell: Cell, names: Sequence[str]) -> str:
    """The sample of median similarity; the first one where no similarity was measured."""
    for pair in evidence.cells("continuous_jaccard", strategies=["passed_on"], classes=ALL):
        column = pair.column()
        if pair.run is cell.run and _same(pair, cell) and column is not None:
            defined = np.flatnonzero(np.isfinite(column.values))
            if len(defined):
                order = defined[np.argsort(column.values[defined], kind="stable")]
                return str(column.ids[order[len(order) // 2]])
    return names[0]


def _opponent(evidence: Evidence, cell: Cell) -> Cell | None:
    """A contestant on nucleotides in the same run and data set, with a measured explanation."""
    for metric in METRICS:
        for other in evidence.cells(metric, strategies=["native"], classes=ALL):
            if (
                other.run is cell.run
                and other.dataset == cell.dataset
                and other.level == "nucleotide"
            ):
                return other
    return None


def _same(one: Cell, other: Cell) -> bool:
    return all(one.facts[f] == other.facts[f] for f in ("dataset", "model", "explainer"))
