"""`gxarena leaderboard`: from runs, bundles and written boards to what may be compared."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pyarrow as pa

    from gxarena.results.boards import Board


def leaderboard(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of runs, bundles (.zip), boards (.parquet).", metavar="DIR..."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.parquet", help="The board; further ones beside it."),
    ] = None,
    metrics: Annotated[
        list[str],
        typer.Option("--metric", metavar="PATTERN", help="Show only these, e.g. '*gain_logit@20'."),
    ] = [],  # noqa: B006 (typer reads the default, nobody edits it)
    only: Annotated[
        str,
        typer.Option(
            "--only",
            metavar="STRATUM",
            help="The board on a part of the samples: 'correct' (every set of the model's weights "
            "gets them right, by the metric accuracy), 'wrong' (none does), or 'label=1'.",
        ),
    ] = "",
) -> None:
    """Rank what runs and bundles hold on one leaderboard, write it as Parquet and show it.

    Runs are ranked together where data set, model, target, objective, seed and metrics are the
    same; each that differs is a board of its own, with the reason. A written board holds no samples
    and is shown beside.

    First, for each model, one table per question: mean ranks over all data sets and metrics that
    ask it, between what chance of the sequences and weights leaves them, how places move when one
    data set, metric or replicate is left out, and tiers that are not told apart.
    Then the rows themselves.
    """
    from gxarena.cli.console import say
    from gxarena.results.boards import boards_of, write_board
    from gxarena.results.reading import check_outside_runs

    if out is not None:
        check_outside_runs(out)
    boards = [_stratum(sources, only)] if only else boards_of(sources)
    if out is not None:
        for path, board in _places(out, boards):
            write_board(path, board)
            say(f"Written: {path}")
    _say_unmatched("--metric", metrics, boards)
    for number, board in enumerate(boards, 1):
        if not metrics:
            _say_unmatched("headline", board.headline, [board])
        show_heading(board, number, len(boards))
        show(board.table, metrics or board.headline)


def _places(out: Path, boards: Sequence[Board]) -> Iterator[tuple[Path, Board]]:
    """Where each board is written: those made here, or else those that were given."""
    made = [board for board in boards if not board.written] or boards
    for number, board in enumerate(made, 1):
        yield out if number == 1 else out.with_stem(f"{out.stem}-{number}"), board


def _say_unmatched(where: str, patterns: Sequence[str], boards: Sequence[Board]) -> None:
    """Say which patterns match no metric of any board."""
    from gxarena.cli.console import say
    from gxarena.results.patterns import matching_nothing, unmatched

    known = {metric for board in boards for metric in board.table["metric"].unique().to_pylist()}
    for pattern in unmatched(patterns, known):
        say(matching_nothing(where, pattern, known))


def show_heading(board: Board, number: int, boards: int) -> None:
    """Of what a board is, where there are several; what to know of it; how far it is checked."""
    from rich.markup import escape

    from gxarena.cli.console import out
    from gxarena.results.verification import explained

    if boards > 1:
        names = escape(", ".join(board.names))
        out().print(f"[bold]Board {number} of {boards}[/]: {names}", highlight=False)
    levels = sorted(set(board.table["verification"].to_pylist()))
    for sentence in (*board.notes, *(f"{explained(level)}." for level in levels)):
        out().print(sentence, markup=False, highlight=False)


def _stratum(sources: Sequence[Path], only: str) -> Board:
    """The board of the samples of one run or bundle that are in a stratum."""
    from contextlib import ExitStack

    from gxarena.errors import InputError
    from gxarena.registry import Registry
    from gxarena.results.boards import Board
    from gxarena.results.bundle import is_bundle, opened
    from gxarena.results.reading import RunResults
    from gxarena.results.schemas import VALUES
    from gxarena.results.strata import Stratum, leaderboard_of_stratum, terms_of_stratum
    from gxarena.results.terms import terms_of
    from gxarena.run.labels import labels_of_run

    stratum = Stratum.of(only)
    if len(sources) != 1:
        raise InputError(
            f"--only {only}: expected one run, got {len(sources)}. Name one at a time."
        )
    (path,) = sources
    with ExitStack() as stack:
        run = stack.enter_context(opened(path)) if is_bundle(path) else RunResults.of(path)
        record = run.record
        classes = {} if stratum.label is None else labels_of_run(run, Registry.load())
        table, left_out = leaderboard_of_stratum(
            stratum,
            run.table("cells"),
            run.table("samples", VALUES, encode=True),
            record.seed,
            record.groupings,
            classes,
        )
        return Board(
            (str(path),),
            table,
            terms_of_stratum(stratum, terms_of(run)),
            tuple(record.headline),
            (record.digest,),
            tuple(left_out),
        )


def show(board: pa.Table, patterns: Sequence[str]) -> None:
    """Print the summary, then the rows whose metric matches a pattern; all where there is none."""
    show_summary(board)
    show_rows(board, patterns)


def show_summary(board: pa.Table) -> None:
    """One table a model and question; a line for a model whose methods do not meet."""
    from rich.markup import escape

    from gxarena.cli.console import out, print_table
    from gxarena.hookspecs import QUESTIONS
    from gxarena.results.strata import stratum_of
    from gxarena.results.summary import alone, summary

    standings, stratum = summary(board), stratum_of(board)
    stated = f"; {stratum}" if stratum else ""
    for (model, question), group in itertools.groupby(
        standings, key=lambda one: (one.model, one.question)
    ):
        listed = list(group)
        print_table(
            f"{model}: {QUESTIONS[question]} ({listed[0].blocks} metrics x data sets{stated})",
            ["", "explainer", "mean rank", "95% ranks", "place", "tier", "leads", "s / sequence"],
            [
                (
                    one.place,
                    " = ".join(one.names),
                    one.mean_rank,
                    f"{one.rank_low:.1f} … {one.rank_high:.1f}",
                    f"{one.low} … {one.high}",
                    one.tier,
                    f"{one.leads} of {one.blocks}",
                    one.seconds,
                )
                for one in listed
            ],
        )
    for model, names in alone(board).items():
        out().print(
            f"[bold]{escape(model)}[/]: {escape(', '.join(names))} competes with nobody here; the "
            "rows show it beside the controls.",
            highlight=False,
        )


def show_rows(board: pa.Table, patterns: Sequence[str]) -> None:
    """Print the rows whose metric matches one of the patterns; all where there are none.

    One line a contestant under its metric, so that an 80-column terminal is wide enough.
    """
    from rich.markup import escape

    from gxarena.cli.console import err, out, print_table
    from gxarena.results.patterns import matches

    rows: list[dict[str, Any]] = board.to_pylist()
    shown = [row for row in rows if matches(row["metric"], patterns)]
    shown.sort(key=lambda row: tuple(row[name] for name in _TABLE))  # stable: else as on the board
    for _, rows_of_group in itertools.groupby(shown, key=lambda row: [row[n] for n in _TABLE]):
        group = list(rows_of_group)
        one = group[0]
        facts = [*_DIRECTIONS[one["direction"]], *_sizes(group)]
        out().print(
            f"[bold]{escape(one['metric'])}[/], {escape(one['aggregator'])}, "
            f"{escape(one['dataset'])} ({'; '.join(facts)})",
            highlight=False,
        )
        several = len({row["replicates"] for row in group}) > 1
        # Said in the line above where all are alike.
        gaps = len({row["coverage"] for row in group}) > 1
        print_table(
            "",
            [
                "model / explainer",
                *(["weights"] if several else []),
                "mean",
                "95% CI",
                *(["coverage"] if gaps else []),
                "rank",
                "tier",
                *(["with the floor's"] if gaps else []),
            ],
            [
                (
                    f"{row['model']} / {row['explainer']}",
                    *([row["replicates"]] if several else []),
                    row["estimate"],
                    _interval(row),
                    *([_percent(row["coverage"])] if gaps else []),
                    _rank(row),
                    row["tier"],
                    *([_filled(row)] if gaps else []),
                )
                for row in group
            ],
        )
        for model, why in _not_ranked(group).items():
            out().print(f"Nobody is ranked here for {escape(model)}: {why}.", highlight=False)
    if len(shown) < len(rows):
        err().print(f"{len(shown)} of {len(rows)} rows shown; the table has them all.")


_TABLE = ("suite", "metric", "aggregator", "dataset")
"""What the rows of one printed table share."""


def _not_ranked(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Models whose methods the metric does not rank, each with why."""
    return {row["model"]: row["not_ranked"] for row in rows if row["not_ranked"]}


def _sizes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Of how many sequences, and of how many sets of weights: what an interval is over."""
    from gxarena.results.leaderboard import OF_THE_OTHER

    n, r = ({row[key] for row in rows} for key in ("sequences", "replicates"))
    sizes = [f"n = {_range(n)}"]
    if max(n) > 1 and len(r) == 1:
        others = any(OF_THE_OTHER in row["ci_method"] for row in rows)
        whose = " of the other model" if others else ""
        sizes.append("one set of weights" if max(r) <= 1 else f"{max(r)} sets of weights{whose}")
    coverages = {row["coverage"] for row in rows}
    if len(coverages) == 1 and (coverage := coverages.pop()) is not None:
        sizes.append(f"coverage {_percent(coverage)}")
    return sizes


def _percent(share: float | None) -> str:
    """Rounded down: what is not whole never reads 100%."""
    return "–" if share is None else f"{math.floor(100 * share)}%"


def _range(numbers: set[int]) -> str:
    return " to ".join(map(str, sorted({min(numbers), max(numbers)})))


def _rank(row: dict[str, Any]) -> str:
    if row["not_ranked"] and row["role"] == "method":
        return "not ranked"
    if row["rank"] is None:
        return "–" if row["role"] == "method" else row["role"]
    return f"{row['rank']} ({row['rank_low']} … {row['rank_high']})"


def _filled(row: dict[str, Any]) -> str:
    """Mean and rank were the floor's values in the place of those that are missing."""
    if row["estimate_filled"] is None:
        return "–"
    rank = "" if row["rank_filled"] is None else f", rank {row['rank_filled']}"
    return f"{row['estimate_filled']:.3g}{rank}"


_DIRECTIONS = {"higher": ["higher is better"], "lower": ["lower is better"], "none": []}


def _interval(row: dict[str, Any]) -> str:
    if row["n_failed"]:
        return f"{row['n_failed']} failed"
    return "–" if row["ci_low"] is None else f"{row['ci_low']:.3g} … {row['ci_high']:.3g}"
