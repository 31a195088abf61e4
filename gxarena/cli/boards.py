"""`gxarena leaderboard`: from runs, bundles and written boards to what may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

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
        typer.Option(
            "--out",
            metavar="FILE",
            help=".parquet, .csv, .md, .tex or .html; further boards beside it.",
        ),
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
    """Rank what runs and bundles hold on one leaderboard, write it and show it.

    Runs are ranked together where data set, model, target, objective, seed and metrics are the
    same; each that differs is a board of its own, with the reason. A written board holds no samples
    and is shown beside.

    First, for each model, one table per question: mean ranks over all data sets and metrics that
    ask it, between what chance of the sequences and weights leaves them, how places move when one
    data set, metric or replicate is left out, and tiers that are not told apart.
    Then the rows themselves.
    """
    from gxarena.cli.console import say
    from gxarena.report.boards.writing import OF_ALL_ROWS, check_ending, write
    from gxarena.results.boards import boards_of
    from gxarena.results.reading import check_outside_runs

    if out is not None:
        check_ending(out)
        check_outside_runs(out)
    boards = [_stratum(sources, only)] if only else boards_of(sources)
    whole: dict[tuple[str, ...], str] = {}
    if out is not None:
        for path, board in _places(out, boards):
            write(path, board, metrics or board.headline)
            say(f"Written: {path}")
            if path.suffix in OF_ALL_ROWS:
                whole[board.names] = f"{path} has them all"
    _say_unmatched("--metric", metrics, boards)
    for number, board in enumerate(boards, 1):
        if not metrics:
            _say_unmatched("headline", board.headline, [board])
        show_heading(board, number, len(boards))
        rest = whole.get(board.names, "--out FILE.parquet writes them all")
        show(board.shown, metrics or board.headline, rest, components=board.metrics)


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
    from gxarena.report.boards.writing import sentences

    if boards > 1:
        names = escape(", ".join(board.names))
        out().print(f"[bold]Board {number} of {boards}[/]: {names}", highlight=False)
    for sentence in sentences(board):
        out().print(sentence, markup=False, highlight=False)


def _stratum(sources: Sequence[Path], only: str) -> Board:
    """The board of the samples of one run or bundle that are in a stratum."""
    from contextlib import ExitStack

    from gxarena.errors import InputError
    from gxarena.registry import Registry
    from gxarena.results.attestation import checked_by
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
        bundle = is_bundle(path)
        run = stack.enter_context(opened(path)) if bundle else RunResults.of(path)
        levels, notes = checked_by(path, run) if bundle else ({}, [])
        record = run.record
        classes = {} if stratum.label is None else labels_of_run(run, Registry.load())
        table, left_out = leaderboard_of_stratum(
            stratum,
            run.table("cells"),
            run.table("samples", VALUES, encode=True),
            record.seed,
            record.groupings,
            classes,
            levels,
        )
        return Board(
            (str(path),),
            table,
            terms_of_stratum(stratum, terms_of(run)),
            tuple(record.headline),
            (record.digest,),
            (*notes, *left_out),
        )


def show(
    board: pa.Table,
    patterns: Sequence[str],
    rest: str,
    most: int | None = None,
    components: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print the summary, then the rows whose metric matches a pattern; all where there is none.

    Parameters
    ----------
    board : pyarrow.Table
    patterns : sequence of str
    rest : str
        Where the rows are that are not shown.
    most : int, optional
        No more rows than these: ten thousand take a minute to lay out, and nobody reads them.
    components : mapping of label to str
        Of its metrics.
    """
    show_summary(board, components)
    show_rows(board, patterns, rest, most)


def show_summary(board: pa.Table, components: Mapping[str, str]) -> None:
    """One table a model and question; a line for a model whose methods do not meet."""
    from gxarena.cli.console import out, print_table
    from gxarena.report.boards.tables import (
        SUMMARY_IN_WORDS,
        summary_tables,
        without_competitors,
    )

    tables = list(summary_tables(board, components))
    for table in tables:
        print_table(table.title + table.about, table.columns, table.rows)
        for sentence in table.notes:
            out().print(sentence, markup=False, highlight=False)
    explained = [SUMMARY_IN_WORDS] if tables else []
    for sentence in (*explained, *without_competitors(board, components)):
        out().print(sentence, markup=False, highlight=False)


def show_rows(board: pa.Table, patterns: Sequence[str], rest: str, most: int | None = None) -> None:
    """Print the rows whose metric matches one of the patterns; all where there are none.

    Parameters are those of `show`.
    """
    from rich.markup import escape

    from gxarena.cli.console import out, print_table, say
    from gxarena.report.boards.tables import ROWS_IN_WORDS, row_tables

    shown = 0
    for table in row_tables(board, patterns):
        rows = table.rows if most is None else table.rows[: most - shown]
        if not rows:
            break
        if not shown:
            out().print(ROWS_IN_WORDS, markup=False, highlight=False)
        out().print(f"[bold]{escape(table.title)}[/]{escape(table.about)}", highlight=False)
        print_table("", table.columns, rows)
        for sentence in table.notes:
            out().print(sentence, markup=False, highlight=False)
        shown += len(rows)
    if shown < len(board):
        say(f"{shown} of {len(board)} rows shown; {rest}.")
