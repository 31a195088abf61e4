"""Figure 3: drop of the predicted probability, MIF above LIF, a column for each fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gxarena.data import Floats
from gxarena.report.budgets import met
from gxarena.report.columns import Curves
from gxarena.report.drawing import draw_band, panels, style, tidy
from gxarena.report.evidence import Evidence, groups
from gxarena.report.runs import ALL, Cell
from gxarena.statistics.intervals import mean_intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BELOW = "empty: less than one unit"
ORDERS = {"mif": "most important first", "lif": "least important first"}


def draw_faithfulness(evidence: Evidence) -> Figure:
    """Figure 3: drop of the predicted probability, MIF above LIF, a column for each fill."""
    cells = [
        cell
        for cell in evidence.cells("faithfulness", strategies=["native"], classes=ALL)
        if cell.curves("mif_drop_probability") is not None
    ]
    if not cells:
        needs = "metric faithfulness with aggregator native"
        raise evidence.missing("figure faithfulness", needs)
    explanations = list(dict.fromkeys(cell.explanation for cell in cells))
    styles = {name: style(i) for i, name in enumerate(explanations)}
    fills = list(groups(cells, "dataset", "metric"))
    figure, grid = panels(len(fills), len(ORDERS), width=3.8, height=2.4)
    for panel, column in zip(fills, grid, strict=True):
        for (order, words), axes in zip(ORDERS.items(), column, strict=True):
            _draw_drops(axes, panel, order, styles)
            what = f"{panel[0].dataset}, {panel[0].facts['metric']}"
            tidy(axes, f"{what}\n{order.upper()}: {words}")
            axes.set_ylabel("drop of the probability")
        column[-1].set_xlabel("nucleotides replaced (%)")
    for row in grid.T:
        _share_height(row)
    handles = {
        str(line.get_label()): line
        for axes in grid.flat
        for line in axes.get_lines()
        if not str(line.get_label()).startswith("_")
    }
    figure.legend(
        list(handles.values()), list(handles), loc="outside upper center", ncols=2, fontsize=8
    )
    return figure


def _draw_drops(
    axes: Axes, cells: Sequence[Cell], order: str, styles: Mapping[str, Mapping[str, object]]
) -> None:
    """Mean drops with bands, and the random order on the same units."""
    for cell in cells:
        style = styles[cell.explanation]
        curves, random = (cell.curves(f"{o}_drop_probability") for o in (order, "random"))
        if curves is not None:
            x, mean, interval = _mean_curve(curves)
            draw_band(axes, x, mean, interval, {**style, "label": cell.explanation})
            _hollow(axes, cell, x, mean, style)
        if random is not None:
            x, mean, _ = _mean_curve(random)
            axes.plot(
                x, mean, color=str(style["color"]), linestyle=":", linewidth=1,
                label=f"{cell.explanation}, random order",
            )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.6, zorder=0)


def _hollow(axes: Axes, cell: Cell, x: Floats, mean: Floats, style: Mapping[str, object]) -> None:
    """Empty markers where budgets are less than one unit; the curve's first point is no budget."""
    below = [0, *(one.marked for one in met(cell))]
    if not any(below) or len(below) != len(x):
        return
    axes.plot(
        x[np.flatnonzero(below)], mean[np.flatnonzero(below)], color=str(style["color"]),
        marker=str(style["marker"]), linestyle="none", markersize=4, markerfacecolor="white",
        label=BELOW, zorder=3,
    )  # fmt: skip


def _mean_curve(curves: Curves) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """Percent really replaced, mean drop, and its 95% interval over samples: none below 20."""
    found = mean_intervals(curves.y.T[:, None])
    return 100 * curves.x.mean(axis=0), found.mean, (found.low, found.high)


def _share_height(row: Sequence[Axes]) -> None:
    lows, highs = zip(*(axes.get_ylim() for axes in row), strict=True)
    for axes in row:
        axes.set_ylim(min(lows), max(highs))
