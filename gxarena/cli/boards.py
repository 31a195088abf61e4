"""`gxarena leaderboard`: from runs to one board."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pyarrow as pa

    from gxarena.results.reading import RunResults


def leaderboard(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs.", metavar="DIR...")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.parquet", help="The board.")],
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
    """Make one leaderboard of one or more runs, write it as Parquet and show it.

    First, for each model, one table per question: mean ranks over all data sets and metrics that
    ask it, between what chance of the sequences and weights leaves them, how places move when one
    data set, metric or replicate is left out, and tiers that are not told apart.
    Then the rows themselves.
    """
    from gxarena.results.leaderboard import leaderboard_of_runs
    from gxarena.results.parquet import write_table
    from gxarena.results.reading import RunResults, check_outside_runs

    runs = [RunResults.of(folder) for folder in folders]
    check_outside_runs(out)
    board = _stratum(runs, only) if only else leaderboard_of_runs(runs)
    write_table(out, board, {"table": "leaderboard", "runs": [run.record.digest for run in runs]})
    show(board, metrics or [pattern for run in runs for pattern in run.record.headline])


def _stratum(runs: Sequence[RunResults], only: str) -> pa.Table:
    """The board of the samples of one run that are in a stratum; says what is left out."""
    from gxarena.cli.console import err
    from gxarena.errors import InputError
    from gxarena.registry import Registry
    from gxarena.results.strata import Stratum, leaderboard_of_stratum
    from gxarena.run.labels import labels_of_run

    stratum = Stratum.of(only)
    if len(runs) != 1:
        raise InputError(f"--only {only}: expected one run, got {len(runs)}. Name one at a time.")
    (run,) = runs
    classes = {} if stratum.label is None else labels_of_run(run, Registry.load())
    tables, record = (run.table("cells"), run.table("samples")), run.record
    board, left_out = leaderboard_of_stratum(
        stratum, *tables, record.seed, record.groupings, classes
    )
    for sentence in left_out:
        err().print(sentence, markup=False, highlight=False)
    return board


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

    rows: list[dict[str, Any]] = board.to_pylist()
    shown = [r for r in rows if not patterns or any(fnmatchcase(r["metric"], p) for p in patterns)]
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
        print_table(
            "",
            [
                "model / explainer",
                *(["weights"] if several else []),
                "mean",
                "95% CI",
                "rank",
                "tier",
            ],
            [
                (
                    f"{row['model']} / {row['explainer']}",
                    *([row["replicates"]] if several else []),
                    row["estimate"],
                    _interval(row),
                    _rank(row),
                    row["tier"],
                )
                for row in group
            ],
        )
    if len(shown) < len(rows):
        err().print(f"{len(shown)} of {len(rows)} rows shown; the table has them all.")


_TABLE = ("suite", "metric", "aggregator", "dataset")
"""What the rows of one printed table share."""


def _sizes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Of how many sequences, and of how many sets of weights: what an interval is over."""
    from gxarena.results.leaderboard import OF_THE_OTHER

    n, r = ({row[key] for row in rows} for key in ("sequences", "replicates"))
    sizes = [f"n = {_range(n)}"]
    if max(n) > 1 and len(r) == 1:
        others = any(OF_THE_OTHER in row["ci_method"] for row in rows)
        whose = " of the other model" if others else ""
        sizes.append("one set of weights" if max(r) <= 1 else f"{max(r)} sets of weights{whose}")
    return sizes


def _range(numbers: set[int]) -> str:
    return " to ".join(map(str, sorted({min(numbers), max(numbers)})))


def _rank(row: dict[str, Any]) -> str:
    if row["rank"] is None:
        return "–" if row["role"] == "method" else row["role"]
    return f"{row['rank']} ({row['rank_low']} … {row['rank_high']})"


_DIRECTIONS = {"higher": ["higher is better"], "lower": ["lower is better"], "none": []}


def _interval(row: dict[str, Any]) -> str:
    if row["n_failed"]:
        return f"{row['n_failed']} failed"
    return "–" if row["ci_low"] is None else f"{row['ci_low']:.3g} … {row['ci_high']:.3g}"
