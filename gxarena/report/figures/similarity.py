"""Figure 2: distribution of the similarity of two models' explanations, by strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gxarena.data import Floats
from gxarena.report.drawing import Ridge, common_limits, draw_ridges, panels, tidy
from gxarena.report.evidence import Evidence, groups
from gxarena.report.runs import ALL, LETTERS, STRATEGIES, Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OTHERWISE = {
    "after": ", re-normalised after the projection",
    "never": ", never re-normalised",
    "l1": ", re-normalised to L1",
}
"""What a panel says where scores are not re-normalised as in the paper, before the projection."""


def similarity_ridges(evidence: Evidence) -> list[tuple[Cell, list[Ridge]]]:
    """Each pair of explanations, as one of its cells, with a ridge for each strategy."""
    cells = evidence.cells("continuous_jaccard", strategies=STRATEGIES, classes=ALL)
    every = evidence.cells("continuous_jaccard", controls=True, classes=ALL)
    floors = [cell for cell in every if cell.role == "floor"]
    pairs = groups(cells, "dataset", "model", "explainer", "metric_name")
    return [(pair[0], _ridges(pair, floors)) for pair in pairs]


def draw_similarity(evidence: Evidence) -> Figure:
    """Figure 2: distribution of the similarity of two models' explanations, by strategy."""
    pairs = similarity_ridges(evidence)
    if not pairs:
        raise evidence.missing(
            "figure similarity",
            "metric continuous_jaccard with aggregators sum, mean, passed_on, equally_distributed "
            'and against = ["model/explainer"]',
        )
    figure, grid = panels(len(pairs), 1, width=5.2, height=4)
    limits = common_limits([one for _, ridges in pairs for one in ridges])
    for axes, (cell, ridges) in zip(grid[:, 0], pairs, strict=True):
        draw_ridges(axes, ridges, "continuous Jaccard similarity (−1 to 1)", limits)
        how = OTHERWISE.get(cell.parameters.get("renormalise", ""), "")
        tidy(axes, f"{cell.dataset}{how}\n{cell.explanation} vs {cell.against}")
    return figure


def _ridges(panel: Sequence[Cell], controls: Sequence[Cell]) -> list[Ridge]:
    """The similarities of one pair of explanations, a ridge for each strategy."""
    by_strategy = {cell.strategy: cell for cell in panel}
    return [
        Ridge(
            f"({LETTERS[strategy]}) {strategy.replace('_', ' ')}",
            _values(by_strategy[strategy]),
            _control(controls, by_strategy[strategy]),
        )
        for strategy in STRATEGIES
        if strategy in by_strategy
    ]


def _values(cell: Cell) -> Floats:
    column = cell.column()
    return np.zeros(0) if column is None else column.defined


def _control(controls: Sequence[Cell], cell: Cell) -> Floats:
    """The same similarity of the same model under a control explainer."""
    same = ("dataset", "model", "metric_name", "aggregator")
    for control in controls:
        if control.run is cell.run and all(control.facts[f] == cell.facts[f] for f in same):
            return _values(control)
    return np.zeros(0)
