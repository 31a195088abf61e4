"""The distributions behind Table 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gxarena.report.drawing import Ridge, canvas, draw_ridges, tidy
from gxarena.report.evidence import Evidence
from gxarena.report.table1 import HEADINGS, METRICS, table_1

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_complexity(evidence: Evidence) -> Figure:
    """Distributions behind Table 1: Gini index and entropy by model and granularity."""
    rows = table_1(evidence)
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    figure = canvas(11, 0.55 * len(rows) + 1.4 * len(datasets))
    grid = figure.subplots(len(datasets), len(METRICS), squeeze=False)
    for dataset, axes_of_row in zip(datasets, grid, strict=True):
        here = [row for row in rows if row.dataset == dataset]
        for metric, axes in zip(METRICS, axes_of_row, strict=True):
            ridges = [
                Ridge(f"{row.explanation}\n{row.scores}", row.entries[metric].values, np.zeros(0))
                for row in here
            ]
            draw_ridges(axes, ridges, HEADINGS[metric])
            tidy(axes, dataset)
    return figure
