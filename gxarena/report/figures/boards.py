"""Boards as figures: estimates with intervals, mean ranks with who is not told apart, cost."""

from __future__ import annotations

import itertools
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gxarena.data import Bools
from gxarena.errors import InputError, MissingExtra
from gxarena.hookspecs import QUESTIONS
from gxarena.report.boards.tables import TABLE, blocks_in_words, weights_in_words
from gxarena.report.drawing import CONTROL, STYLES, canvas, check_ending, panels, save, tidy
from gxarena.results.boards import Board, boards_of
from gxarena.results.cautions import of_seconds
from gxarena.results.patterns import matches, matching_nothing
from gxarena.results.summary import Standing, summary
from gxarena.statistics.blocks import FEWEST_BLOCKS, FEWEST_METHODS, apart_over_blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
METHOD = str(STYLES[0]["color"])
MOST_PANELS = 24
_PANEL, _NAMES = 4.2, 1.2
"""Width of a panel of estimates and, of it, of the explainers' names, in inches."""
_DIAGRAM = 9
"""Width of a critical-difference diagram."""
_LETTERS_AN_INCH = 17
"""Of the smallest letters."""
_READS = {"higher": "higher is better", "lower": "lower is better", "none": "ranks nobody"}


def write_board_figure(
    name: str, paths: Sequence[Path], patterns: Sequence[str], path: Path
) -> None:
    """Draw the board of runs, bundles or a written one into a file.

    Parameters
    ----------
    name : str
        One of `BOARD_FIGURES`.
    paths : sequence of Path
    patterns : sequence of str
        Of the metrics whose estimates are drawn; those that the suite shows first where none is
        given.
    path : Path
        .png, .svg or .pdf.

    Raises
    ------
    InputError
        They are several boards, the figure has nothing to draw or too much, or another ending.
    MissingExtra
        matplotlib, or for `ranks` scikit-posthocs, is not installed.
    """
    check_ending(path)
    boards = boards_of(paths)
    if len(boards) != 1:
        reasons = " ".join(note for board in boards[1:] for note in board.notes[:1])
        raise InputError(
            f"figure {name}: expected runs that are one board, got {len(boards)}. Draw one at a "
            f"time. {reasons}".strip()
        )
    save(BOARD_FIGURES[name](boards[0], patterns), path)


def draw_estimates(board: Board, patterns: Sequence[str]) -> Figure:
    """Dots with 95% intervals, a panel for those who compete, best on top; controls grey.

    Without patterns no more than the first `MOST_PANELS`, and the caption says what is left out.
    """
    rows = board.shown.to_pylist()
    wanted = patterns or board.headline
    chosen = [row for row in rows if row["estimate"] is not None and matches(row["metric"], wanted)]
    if not chosen:
        known = {row["metric"] for row in rows}
        raise InputError(matching_nothing("figure estimates", ", ".join(wanted), known))
    groups = _grouped(chosen)
    if patterns and len(groups) > MOST_PANELS:
        raise InputError(
            f"figure estimates: expected at most {MOST_PANELS} panels, got {len(groups)}. Choose "
            "metrics by --metric, e.g. --metric auprc."
        )
    drawn, left = groups[:MOST_PANELS], groups[MOST_PANELS:]
    most = max(len(group) for group in drawn)
    figure, grid = panels(len(drawn), 1, width=_PANEL, height=0.8 + 0.22 * most)
    for axes, group in zip(grid[:, 0], drawn, strict=True):
        _draw_rows(axes, group)
    _caption(figure, _left_out(left, len(groups)))
    return figure


def _left_out(left: Sequence[Sequence[Row]], of: int) -> str:
    """Which panels were not drawn; nothing where all were."""
    if not left:
        return ""
    panels_of = Counter(group[0]["metric"] for group in left)
    names = ", ".join(
        metric if many == 1 else f"{metric} ({many} panels)" for metric, many in panels_of.items()
    )
    return (
        f"The first {of - len(left)} of {of} panels. Choose others by --metric. Left out: {names}."
    )


def _grouped(rows: Sequence[Row]) -> list[list[Row]]:
    def what(row: Row) -> tuple[str, ...]:
        return tuple(row[name] for name in (*TABLE, "model"))

    return [list(group) for _, group in itertools.groupby(sorted(rows, key=what), key=what)]


def _draw_rows(axes: Axes, rows: Sequence[Row]) -> None:
    direction = next((row["direction"] for row in rows if row["direction"] != "none"), "none")
    sign = 1 if direction == "lower" else -1
    ordered = sorted(rows, key=lambda row: (row["role"] != "method", sign * row["estimate"]))
    for place, row in enumerate(ordered):
        method = row["role"] == "method"
        colour = METHOD if method else CONTROL
        if row["ci_low"] is not None and row["ci_high"] is not None:
            axes.plot([row["ci_low"], row["ci_high"]], [place, place], color=colour, linewidth=1.6)
        axes.plot(row["estimate"], place, "o", color=colour, markersize=5,
                  markerfacecolor=colour if method else "white")  # fmt: skip
    axes.set_yticks(range(len(ordered)), [row["explainer"] for row in ordered], fontsize=7)
    axes.set_ylim(len(ordered) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=7)
    one = ordered[0]
    strategy = "" if one["aggregator"] == "native" else f", {one['aggregator']}"
    label = f"{one['metric']}{strategy} ({_READS[direction]})"
    axes.set_xlabel(_wrapped(label, _PANEL - _NAMES), fontsize=7)
    weights = weights_in_words(row["replicates"] for row in rows)
    title = f"{one['model']}, {one['dataset']}, {weights}"
    tidy(axes, _wrapped(title, 0.75 * (_PANEL - _NAMES)))


def draw_ranks(board: Board, _patterns: Sequence[str] = ()) -> Figure:
    """Critical-difference diagrams, one for each model and question (Demšar 2006, Figure 1).

    A bar joins who is not told apart by the summary's rule, which stands above it: everybody where
    data sets are too few, or where Friedman's test does not find that any differ; else by Nemenyi's
    critical difference and by intervals of the mean ranks that overlap. By scikit-posthocs.
    """
    try:
        import pandas as pd
        from scikit_posthocs import critical_difference_diagram
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"figure ranks: expected module '{error.name}' to be installed. "
            "pip install 'gxarena[plot]'"
        ) from error
    groups = _standings(board, "ranks")
    heights = [1.2 + 0.16 * len(group) for group in groups]
    figure = canvas(_DIAGRAM, sum(heights))
    parts = figure.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, group in zip(parts, groups, strict=True):
        names = [" = ".join(one.names) for one in group]
        alike = np.where(told_apart(group), 0.0, 1.0)
        critical_difference_diagram(
            dict(zip(names, (one.mean_rank for one in group), strict=True)),
            pd.DataFrame(alike, names, names),
            ax=part.subplots(),
            label_props={"fontsize": 7},
            color_palette=dict.fromkeys(names, METHOD),
        )
        said = _wrapped(_what_joins(group), 0.75 * _DIAGRAM)
        part.suptitle(f"{_heading(group)}\n{said}", x=0.01, ha="left", fontsize=9)
    return figure


def told_apart(group: Sequence[Standing]) -> Bools:
    """Whom of one model and question the ranks tell apart, as the summary's tiers do."""
    means, low, high = (
        np.array([getattr(one, name) for one in group])
        for name in ("mean_rank", "rank_low", "rank_high")
    )
    difference = group[0].critical_difference
    return apart_over_blocks(means, np.nan if difference is None else difference, low, high)


def _what_joins(group: Sequence[Standing]) -> str:
    """What a bar of a critical-difference diagram says."""
    difference = group[0].critical_difference
    if difference is None:
        return (
            f"The bar joins all: below {FEWEST_BLOCKS} data sets or {FEWEST_METHODS} explainers, "
            "no mean ranks are told apart."
        )
    if np.isinf(difference):
        return "The bar joins all: Friedman's test finds no difference of mean ranks."
    return (
        f"Bars join mean ranks less than {difference:.2f} apart (Nemenyi), or whose 95% intervals "
        "meet."
    )


def draw_cost(board: Board, _patterns: Sequence[str] = ()) -> Figure:
    """Seconds a sequence against the mean rank, a panel for each model and question.

    The dashed line joins those whom nobody beats in both.
    """
    groups = [
        timed
        for group in _standings(board, "cost")
        if (timed := [one for one in group if one.seconds])
    ]
    if not groups:
        raise InputError(
            "figure cost: expected explanations whose time is known, got none. "
            + (of_seconds(board.notes) or "Run the suite again.")
        )
    figure, grid = panels(len(groups), 1, width=4.6, height=3.2)
    for axes, group in zip(grid[:, 0], groups, strict=True):
        for one in group:
            axes.plot([one.seconds] * 2, [one.rank_low, one.rank_high], color=METHOD, linewidth=1.4)
            axes.plot(one.seconds, one.mean_rank, "o", color=METHOD, markersize=5)
            axes.annotate(
                " = ".join(one.names), (one.seconds or 0, one.mean_rank), (5, 4),
                textcoords="offset points", fontsize=7,
            )  # fmt: skip
        front = front_of(group)
        axes.step(
            [one.seconds for one in front], [one.mean_rank for one in front],
            where="post", color=METHOD, linestyle="--", linewidth=0.8,
        )  # fmt: skip
        axes.set_xscale("log")
        axes.invert_yaxis()
        axes.set_xlabel("seconds a sequence", fontsize=8)
        axes.set_ylabel("mean rank (up is better)", fontsize=8)
        tidy(axes, _heading(group))
    return figure


def _caption(figure: Figure, text: str) -> None:
    """Sentences below the panels."""
    if lines := _wrapped(text, figure.get_figwidth()):
        figure.supxlabel(lines, x=0.01, ha="left", fontsize=7)


def _wrapped(text: str, inches: float) -> str:
    """Lines of small letters that are no wider; only a word that is wider itself is broken."""
    return textwrap.fill(text, int(inches * _LETTERS_AN_INCH), break_on_hyphens=False)


def front_of(group: Sequence[Standing]) -> list[Standing]:
    """Those whom no other beats in time and mean rank, the fastest first."""

    def beaten(one: Standing) -> bool:
        place = one.seconds or 0, one.mean_rank
        return any(
            (o.seconds or 0) <= place[0] and o.mean_rank <= place[1]
            and (o.seconds, o.mean_rank) != (one.seconds, one.mean_rank)
            for o in group
        )  # fmt: skip

    return sorted((one for one in group if not beaten(one)), key=lambda one: one.seconds or 0)


def _standings(board: Board, name: str) -> list[list[Standing]]:
    """By model and question, as the summary has them."""
    groups = [
        list(group)
        for _, group in itertools.groupby(
            summary(board.shown, board.metrics), key=lambda one: (one.model, one.question)
        )
    ]
    if not groups:
        raise InputError(
            f"figure {name}: expected explainers that compete, got a board on which nobody does. "
            "Give several explainers of one model, or draw estimates."
        )
    return groups


def _heading(group: Sequence[Standing]) -> str:
    one = group[0]
    weights = weights_in_words(other.weights for other in group)
    return f"{QUESTIONS[one.question]} ({weights})\n{one.model}, {blocks_in_words(one.blocks)}"


BOARD_FIGURES: Mapping[str, Callable[[Board, Sequence[str]], Figure]] = {
    "estimates": draw_estimates,
    "ranks": draw_ranks,
    "cost": draw_cost,
}
"""By the name that `gxarena figure` takes."""
