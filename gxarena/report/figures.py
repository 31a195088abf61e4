"""The paper's figures (Kurth et al. 2026), each from a run's Parquet alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gxarena.data import Attribution, Floats
from gxarena.errors import InputError, suggest, unknown
from gxarena.report.drawing import (
    AGAINST,
    FOR,
    STYLES,
    Ridge,
    canvas,
    check_ending,
    common_limits,
    draw_band,
    draw_ridges,
    save,
    tidy,
)
from gxarena.report.evidence import STRATEGIES, Cell, ClassOfSamples, Curves, Evidence, groups
from gxarena.report.stored import attributions_of
from gxarena.report.table1 import HEADINGS, LETTER, METRICS, table_1
from gxarena.results.statistics import bootstrap_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDERS = {"mif": "most important first", "lif": "least important first"}
MOST_PATTERNS = 8
"""Rows of the figure of motifs: letters take a second a row to draw."""
ACROSS = 3
"""Panels side by side."""
ALL: tuple[ClassOfSamples, ...] = ("positive", "negative", "all")


@dataclass(frozen=True)
class Drawing:
    """One figure: its name, what it shows, and how it is drawn.

    Attributes
    ----------
    name : str
        What `gxarena figure` calls it.
    title : str
    caption : str
    write : callable
        Draws it into a file; InputError, naming what to add to the suite, where the runs do not
        hold it.
    """

    name: str
    title: str
    caption: str
    write: Callable[[Evidence, Path], None]


def drawing(name: str) -> Drawing:
    """A figure by its name or its number in the paper: ``similarity``, ``2``, ``figure-2``.

    Raises
    ------
    InputError
        There is none of that name.
    """
    numbered = re.fullmatch(r"(?:fig(?:ure)?[-_ ]?)?(\d+)", name.lower())
    number = int(numbered[1]) - 1 if numbered else -1
    names = list(DRAWINGS)
    if numbered and 0 <= number < PAPERS:
        return DRAWINGS[names[number]]
    if name not in DRAWINGS:
        raise unknown("figure", name, names)
    return DRAWINGS[name]


def write_figure(name: str, evidence: Evidence, path: Path) -> None:
    """Draw a figure into a file: ``.png``, ``.svg`` or ``.pdf``."""
    check_ending(path)
    drawing(name).write(evidence, path)


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
        raise _missing(evidence, "attributions", "metric special_share on a model with tokens")
    cell = cells[0]
    found = attributions_of(evidence, cell)
    name = sample or _typical(evidence, cell, list(found))
    if name not in found:
        raise InputError(f"figure attributions: unknown sample '{name}'. {suggest(name, found)}")
    other = _opponent(evidence, cell)
    nucleotides = attributions_of(evidence, other)[name] if other else None
    figure = canvas(10, 8 if other else 6.2)
    axes = figure.subplots(4 if other else 3, 1, squeeze=False)[:, 0]
    _draw_with_special(axes[0], found[name], f"{name}: {cell.explanation}, as it is")
    _draw_tokens(axes[1], found[name])
    scores = _renormalised(found[name])[found[name].spans.owner]
    _draw_nucleotides(axes[2], scores, "passed on to nucleotides (c)")
    if other is not None and nucleotides is not None:
        scores = _renormalised(nucleotides)[nucleotides.spans.owner]
        _draw_nucleotides(axes[3], scores, f"{other.explanation}, re-normalised")
    return figure


def draw_similarity(evidence: Evidence) -> Figure:
    """Figure 2: distribution of the similarity of two models' explanations, by strategy."""
    cells = evidence.cells("continuous_jaccard", strategies=STRATEGIES, classes=ALL)
    same = ("dataset", "model", "explainer", "metric_name")
    panels = list(groups(cells, *same))
    if not panels:
        raise _missing(
            evidence, "similarity",
            "metric continuous_jaccard with aggregators sum, mean, passed_on, equally_distributed "
            "and against = [\"model/explainer\"]",
        )  # fmt: skip
    controls = [
        c for c in evidence.cells("continuous_jaccard", controls=True, classes=ALL) if c.is_control
    ]
    figure, grid = _panels(len(panels), 1, width=5.2, height=4)
    ridges = [_ridges(panel, controls) for panel in panels]
    limits = common_limits([one for panel in ridges for one in panel])
    for axes, panel, drawn in zip(grid[:, 0], panels, ridges, strict=True):
        draw_ridges(axes, drawn, "continuous Jaccard similarity (−1 to 1)", limits)
        tidy(axes, f"{panel[0].dataset}\n{panel[0].explanation} vs {panel[0].against}")
    return figure


def draw_faithfulness(evidence: Evidence) -> Figure:
    """Figure 3: drop of the predicted probability, MIF above LIF, a column for each fill."""
    cells = [
        cell
        for cell in evidence.cells("faithfulness", strategies=["native"], classes=ALL)
        if cell.curves("mif_drop_probability") is not None
    ]
    if not cells:
        raise _missing(evidence, "faithfulness", "metric faithfulness with aggregator native")
    explanations = list(dict.fromkeys(cell.explanation for cell in cells))
    styles = {name: STYLES[i % len(STYLES)] for i, name in enumerate(explanations)}
    panels = list(groups(cells, "dataset", "metric"))
    figure, grid = _panels(len(panels), len(ORDERS), width=3.8, height=2.4)
    for panel, column in zip(panels, grid, strict=True):
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


def write_motifs(evidence: Evidence, path: Path) -> None:
    """Figure 4: the patterns with most seqlets of each explanation, each beside its match."""
    from gxarena.report.logos import plot_motifs
    from gxarena.results.motifs import KeptMotif, motifs_of_run

    kept: dict[tuple[str, ...], list[KeptMotif]] = {}
    for run in evidence.runs:
        # Without its parts a run's tables are all there is, and reading motifs joins parts.
        if len(run.table("motifs")) and (run.folder.path / "parts").is_dir():
            for motif in motifs_of_run(run.folder):
                kept.setdefault((run.digest, *motif.cell), []).append(motif)
    if not kept:
        raise _missing(evidence, "motifs", "metric modisco, with patterns found")
    path.parent.mkdir(parents=True, exist_ok=True)
    share = max(1, MOST_PATTERNS // len(kept))
    chosen = [motif for motifs in kept.values() for motif in motifs[:share]]
    plot_motifs(chosen[:MOST_PATTERNS], path)


def _panels(n: int, rows: int, width: float, height: float) -> tuple[Figure, NDArray[Any]]:
    """A figure of n panels, each a column of `rows` axes, at most `ACROSS` side by side.

    Returns
    -------
    figure, axes of shape (n, rows)
    """
    across = min(n, ACROSS)
    down = -(-n // across)
    # One panel alone leaves room for a legend.
    figure = canvas(max(width * across, 6.0), height * rows * down + 0.6)
    grid = figure.subplots(down * rows, across, squeeze=False)
    columns = grid.reshape(down, rows, across).transpose(0, 2, 1).reshape(-1, rows)
    for axes in columns[n:].flat:
        axes.set_axis_off()
    return figure, columns[:n]


def _ridges(panel: Sequence[Cell], controls: Sequence[Cell]) -> list[Ridge]:
    """The similarities of one pair of explanations, a ridge for each strategy."""
    by_strategy = {cell.strategy: cell for cell in panel}
    return [
        Ridge(
            f"({LETTER[strategy]}) {strategy.replace('_', ' ')}",
            _values(by_strategy[strategy]),
            _control(controls, by_strategy[strategy]),
        )
        for strategy in STRATEGIES
        if strategy in by_strategy
    ]


def _draw_drops(
    axes: Axes, cells: Sequence[Cell], order: str, styles: Mapping[str, Mapping[str, object]]
) -> None:
    """Mean drops with bootstrap bands, and the random order on the same units."""
    for cell in cells:
        style = styles[cell.explanation]
        curves, random = (cell.curves(f"{o}_drop_probability") for o in (order, "random"))
        if curves is not None:
            x, mean, interval = _mean_curve(curves)
            draw_band(axes, x, mean, interval, {**style, "label": cell.explanation})
        if random is not None:
            x, mean, _ = _mean_curve(random)
            axes.plot(
                x, mean, color=str(style["color"]), linestyle=":", linewidth=1,
                label=f"{cell.explanation}, random order",
            )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.6, zorder=0)


def _mean_curve(curves: Curves) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """Percent really replaced, mean drop, and its 95% bootstrap interval over samples."""
    mean, low, high = bootstrap_mean(curves.y, seed=0)
    return 100 * curves.x.mean(axis=0), mean, (low, high)


def _share_height(row: Sequence[Axes]) -> None:
    lows, highs = zip(*(axes.get_ylim() for axes in row), strict=True)
    for axes in row:
        axes.set_ylim(min(lows), max(highs))


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
    _draw_bars(axes, _renormalised(attribution), title, "relevance (relative)")
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


def _renormalised(attribution: Attribution) -> Floats:
    """Scores divided by the largest magnitude (section 5); special tokens do not count."""
    largest = float(np.abs(attribution.scores).max(initial=0.0)) or 1.0
    scaled: Floats = attribution.scores / largest
    return scaled


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
                and evidence.level(other) == "nucleotide"
            ):
                return other
    return None


def _same(one: Cell, other: Cell) -> bool:
    return all(one.facts[f] == other.facts[f] for f in ("dataset", "model", "explainer"))


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


def _saved(draw: Callable[[Evidence], Figure]) -> Callable[[Evidence, Path], None]:
    return lambda evidence, path: save(draw(evidence), path)


def _missing(evidence: Evidence, figure: str, needs: str) -> InputError:
    return InputError(
        f"figure {figure}, {evidence.where}: expected {needs}, got a run without. Add it to the "
        "suite and run it again."
    )


DRAWINGS = {
    one.name: one
    for one in (
        Drawing(
            "attributions",
            "Relevance of one sequence",
            "Relevance of one sequence (the one of median similarity): with [CLS] and [SEP], "
            "without them and re-normalised, passed on to nucleotides, and the other model's. "
            "After Figure 1 of the paper.",
            _saved(draw_attributions),
        ),
        Drawing(
            "similarity",
            "Similarity by strategy",
            "Distribution over sequences of the continuous Jaccard similarity of two models' "
            "explanations, by strategy; black tick: mean, dotted outline: random scores in place "
            "of the first. After Figure 2 of the paper.",
            _saved(draw_similarity),
        ),
        Drawing(
            "faithfulness",
            "Faithfulness",
            "Mean drop of the target's probability when units are replaced, most important first "
            "(upper) and least important first (lower); bands: 95% bootstrap over sequences, "
            "dotted: a random order on the same units. After Figure 3 of the paper.",
            _saved(draw_faithfulness),
        ),
        Drawing(
            "motifs",
            "Patterns and their matches",
            "Patterns of TF-MoDISco with most seqlets, beside the entry of JASPAR that each "
            "resembles most. After Figure 4 of the paper.",
            write_motifs,
        ),
        Drawing(
            "complexity",
            "Sparsity and complexity",
            "Distribution over sequences of the Gini index and the entropy, by model and "
            "granularity; black tick: mean. The numbers of Table 1.",
            _saved(draw_complexity),
        ),
    )
}
PAPERS = 4
"""The first so many are the paper's, in its order."""
