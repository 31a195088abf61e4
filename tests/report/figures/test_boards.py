"""Boards as figures: what is drawn is the board's, and one sentence where nothing can be."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from site_pages import synthetic_board
from typer.testing import CliRunner
from written_runs import write_run

from gxarena.cli.app import app
from gxarena.errors import InputError
from gxarena.report.figures.boards import (
    draw_cost,
    draw_estimates,
    draw_ranks,
    front_of,
    told_apart,
    write_board_figure,
)
from gxarena.results.boards import boards_of, write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.results.summary import summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

pytest.importorskip("matplotlib")
LOW, HIGH = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0))


def test_estimates_are_dots_and_intervals_of_the_board_best_on_top() -> None:
    board = synthetic_board(4, 2, 2)
    (axes, *others) = draw_estimates(board, ["metric-1"]).axes
    assert len([one for one in others if one.axison]) == 1
    rows = [
        row
        for row in board.table.to_pylist()
        if (row["metric"], row["dataset"]) == ("metric-1", "set-0")
    ]
    rows.sort(key=lambda row: -row["estimate"])
    assert [label.get_text() for label in axes.get_yticklabels()] == [r["explainer"] for r in rows]
    drawn = [line.get_xdata() for line in axes.lines]
    for i, row in enumerate(rows):
        assert list(drawn[2 * i]) == [row["ci_low"], row["ci_high"]]
        assert list(drawn[2 * i + 1]) == [row["estimate"]]
    assert axes.yaxis_inverted()


def test_no_label_is_cut_or_runs_into_the_next_panel() -> None:
    board = synthetic_board(3, 1, 3)
    long = {
        "metric": "continuous_jaccard_of_scores[vs cnn-planted-positives/lrp-gamma].mean_over_all",
        "aggregator": "equally_distributed", "model": "dnabert2-mini-of-one-more-fine-tuning",
    }  # fmt: skip
    rows = [
        row | long | {"dataset": f"fly-promoters-{row['dataset']}"}
        for row in board.table.to_pylist()
    ]
    figure = draw_estimates(
        replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD)), ["continuous*"]
    )
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.axison]
    texts = [
        part.get_window_extent() for axes in panels for part in (axes.xaxis.label, axes._left_title)
    ]  # type: ignore[attr-defined]
    assert min(box.x0 for box in texts) >= 0
    assert max(box.x1 for box in texts) <= figure.bbox.x1
    for one, other in itertools.combinations(texts, 2):
        assert not one.overlaps(other)


def test_without_patterns_the_first_panels_are_drawn_and_it_is_said_which_are_not() -> None:
    board = synthetic_board(2, 6, 5)
    figure = draw_estimates(board, ())
    assert len([axes for axes in figure.axes if axes.axison]) == 24
    assert caption(figure) == (
        "The first 24 of 30 panels. Choose others by --metric. Left out: metric-4, metric-5 (5 "
        "panels)."
    )
    few = draw_estimates(replace(board, headline=("metric-1", "metric-2")), ())
    assert len([axes for axes in few.axes if axes.axison]) == 10
    assert caption(few) == ""


def test_one_metric_on_one_data_set_is_singular() -> None:
    (axes,) = draw_cost(synthetic_board(2, 1, 1)).axes
    assert axes.get_title(loc="left").endswith("network, 1 metric on 1 data set")
    (axes,) = draw_cost(synthetic_board(2, 1, 2)).axes
    assert axes.get_title(loc="left").endswith("network, 2 metrics x data sets")


def test_every_figure_says_of_how_many_sets_of_weights_it_is() -> None:
    """Intervals of one training say nothing of the next, also to who sees the picture alone."""
    board = synthetic_board(3, 1, 1)
    rows = board.table.to_pylist()
    for replicates, said in ((1, "one set of weights"), (3, "3 sets of weights")):
        table = pa.Table.from_pylist(
            [row | {"replicates": replicates} for row in rows], LEADERBOARD
        )
        of_these = replace(board, table=table)
        (estimates,) = draw_estimates(of_these, ["*"]).axes
        assert " ".join(estimates.get_title(loc="left").split()).endswith(f"set-0, {said}")
        (cost,) = draw_cost(of_these).axes
        assert f"({said})" in cost.get_title(loc="left")
        (part,) = draw_ranks(of_these).subfigs
        assert f"({said})" in part.get_suptitle()


def test_ranks_are_mean_ranks_joined_where_they_are_not_told_apart() -> None:
    pytest.importorskip("scikit_posthocs")
    board = synthetic_board(5, 1, 12)
    figure = draw_ranks(board)
    standings = summary(board.table)
    assert standings[0].critical_difference == np.inf  # the orders are random
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    for one in standings:
        assert f"{one.mean_rank:.2g}" in words
        assert one.names[0] in words


def test_told_apart_takes_intervals_that_do_not_meet_and_the_critical_difference() -> None:
    one, *_, other = summary(synthetic_board(5, 1, 12).table)
    one = replace(one, mean_rank=1.0, rank_low=1.0, rank_high=2.0)
    cases = ((2.5, 1.7, True), (2.0, 1.7, False), (2.5, 3.0, False), (2.5, np.inf, False),
             (2.5, None, False))  # fmt: skip
    for low, difference, expected in cases:
        pair = [
            replace(standing, critical_difference=difference)
            for standing in (one, replace(other, mean_rank=3.0, rank_low=low, rank_high=4.0))
        ]
        assert told_apart(pair).tolist() == [[False, expected], [expected, False]]


@pytest.mark.parametrize(
    ("datasets", "joins"),
    [
        (12, "Bars join mean ranks less than 1.76 apart (Nemenyi), or whose 95% intervals meet."),
        (3, "The bar joins all: below 10 data sets or 3 explainers, no mean ranks are told apart."),
        (None, "The bar joins all: Friedman's test finds no difference of mean ranks."),
    ],
)  # fmt: skip
def test_ranks_say_what_their_bars_join(datasets: int | None, joins: str) -> None:
    """Explainers in one order on all data sets; of None in ever another, so that none is better."""
    pytest.importorskip("scikit_posthocs")
    board = synthetic_board(5, 1, datasets or 10)
    rows = board.table.to_pylist()
    for row in rows:
        shift = 0 if datasets else int(row["dataset"].removeprefix("set-"))
        rank = (int(row["explainer"][-1]) + shift) % 5 + 1
        row |= {"rank": rank, "rank_low": rank, "rank_high": rank}
    board = replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD))
    figure = draw_ranks(board)
    (axes,), (part,) = figure.axes, figure.subfigs
    assert " ".join(part.get_suptitle().splitlines()[2:]) == joins
    figure.draw_without_rendering()
    words = [text.get_window_extent() for text in (*axes.texts, *part.texts)]
    assert min(box.x0 for box in words) >= 0
    assert max(box.x1 for box in words) <= figure.bbox.x1
    bars = [set(line.get_xdata()) for line in axes.lines if len(set(line.get_ydata())) == 1]
    ranks = {one.mean_rank for one in summary(board.table)}
    assert (ranks in bars) is (datasets != 12)
    assert bars


def test_the_front_is_whom_nobody_beats_in_time_and_rank() -> None:
    board = synthetic_board(6, 4, 3)
    (axes, *_) = draw_cost(board).axes
    group = [one for one in summary(board.table) if one.question == "localization"]
    places = np.array([[one.seconds, one.mean_rank] for one in group])
    expected = [
        one.names
        for one, place in zip(group, places, strict=True)
        if not ((places <= place).all(axis=1) & (places < place).any(axis=1)).any()
    ]
    front = front_of(group)
    assert sorted(one.names for one in front) == sorted(expected)
    dashed = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert list(dashed.get_xdata()) == [one.seconds for one in front]
    assert axes.yaxis_inverted()


def test_seconds_of_several_runs_are_not_drawn_which_is_said(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / name, {name: values}, device=device)
        for name, values, device in (("a", LOW, "cpu"), ("b", HIGH, "cuda:0"))
    ]
    (joined,) = boards_of(runs)
    with pytest.raises(InputError, match=r"time is known, got none\. Seconds of .* cuda:0 in"):
        draw_cost(joined)
    (alone,) = boards_of([write_run(tmp_path / "c", {"a": LOW, "b": HIGH})])
    assert caption(draw_cost(alone)) == ""
    assert dashed(draw_cost(alone))


def caption(figure: Figure) -> str:
    """The caption, on one line."""
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def dashed(figure: Figure) -> list[float]:
    """Where the dashed lines of its panels pass."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_linestyle() == "--"]
    return [float(x) for line in lines for x in line.get_xdata()]


def test_a_figure_that_cannot_be_says_why(tmp_path: Path) -> None:
    write_board(tmp_path / "b.parquet", synthetic_board(2, 1, 1))
    runs = [
        write_run(tmp_path / name, {"a": LOW, "b": HIGH}, dataset_digest=digest)
        for name, digest in (("x", "d" * 64), ("y", "e" * 64))
    ]
    with pytest.raises(InputError, match=r"expected runs that are one board, got 2.*data set 'd'"):
        write_board_figure("ranks", runs, (), tmp_path / "a.svg")
    with pytest.raises(InputError, match="at most 24 panels, got 30"):
        draw_estimates(synthetic_board(2, 6, 5), ["metric-*"])
    with pytest.raises(InputError, match="nothing"):
        draw_estimates(synthetic_board(2, 1, 1), ["nothing"])
    alone = synthetic_board(1, 1, 1)
    for draw in (draw_ranks, draw_cost):
        with pytest.raises(InputError, match="on which nobody does"):
            draw(alone)
    timeless = [
        row | {"seconds_per_sequence": None} for row in synthetic_board(2, 1, 1).table.to_pylist()
    ]
    with pytest.raises(InputError, match="whose time is known"):
        draw_cost(replace(alone, table=pa.Table.from_pylist(timeless, LEADERBOARD)))


@pytest.mark.parametrize("name", ["estimates", "ranks", "cost"])
def test_the_command_draws_them(name: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "b": HIGH})
    path = tmp_path / "a.svg"
    result = CliRunner().invoke(app, ["figure", name, str(run), "--out", str(path)])
    assert result.exit_code == 0, result.output
    assert path.read_text().startswith("<?xml")
    assert f"Drawn: {path}" in result.output.replace("\n", "")
