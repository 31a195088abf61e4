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


def leaderboard(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs.", metavar="DIR...")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.parquet", help="The board.")],
    metrics: Annotated[
        list[str],
        typer.Option("--metric", metavar="PATTERN", help="Show only these, e.g. '*gain_logit@20'."),
    ] = [],  # noqa: B006 (typer reads the default, nobody edits it)
) -> None:
    """Make one leaderboard of one or more runs, write it as Parquet and show it."""
    from gxarena.results.leaderboard import leaderboard_of_runs
    from gxarena.results.parquet import write_table
    from gxarena.results.reading import RunResults

    runs = [RunResults.of(folder) for folder in folders]
    board = leaderboard_of_runs(runs)
    write_table(out, board, {"table": "leaderboard", "runs": [run.record.digest for run in runs]})
    show(board, metrics or [pattern for run in runs for pattern in run.record.headline])


def show(board: pa.Table, patterns: Sequence[str]) -> None:
    """Print the rows whose metric matches one of the patterns; all where there are none.

    One line a contestant under its metric, so that an 80-column terminal is wide enough.
    """
    from rich.markup import escape

    from gxarena.cli.console import err, out, print_table

    rows: list[dict[str, Any]] = board.to_pylist()
    shown = [r for r in rows if not patterns or any(fnmatchcase(r["metric"], p) for p in patterns)]
    for (metric, units), rows_of_group in itertools.groupby(
        shown, key=lambda row: (row["metric"], row["aggregator"])
    ):
        group = list(rows_of_group)
        defined = sorted({row["n"] for row in group})
        facts = [*_DIRECTIONS[group[0]["direction"]], f"n = {' to '.join(map(str, defined))}"]
        out().print(f"[bold]{escape(metric)}[/], {units} ({', '.join(facts)})", highlight=False)
        print_table(
            "",
            ["model / explainer", "mean", "95% CI", "rank"],
            [
                (
                    f"{row['model']} / {row['explainer']}",
                    row["estimate"],
                    _interval(row),
                    row["rank"],
                )
                for row in group
            ],
        )
    if len(shown) < len(rows):
        err().print(f"{len(shown)} of {len(rows)} rows shown; the table has them all.")


_DIRECTIONS = {"higher": ["higher is better"], "lower": ["lower is better"], "none": []}


def _interval(row: dict[str, Any]) -> str:
    if row["n_failed"]:
        return f"{row['n_failed']} failed"
    return "–" if row["ci_low"] is None else f"{row['ci_low']:.3g} … {row['ci_high']:.3g}"
