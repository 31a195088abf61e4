"""A board as a file: all of it as Parquet or CSV; as tables in Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from gxarena.errors import InputError
from gxarena.files import write_text, writing
from gxarena.report.boards.tables import (
    ROWS_IN_WORDS,
    SUMMARY_IN_WORDS,
    Table,
    as_text,
    is_numeric,
    row_tables,
    summary_tables,
    without_competitors,
)
from gxarena.report.rendering import rendered
from gxarena.results.boards import Board, write_board
from gxarena.results.verification import explained

ENDINGS = (".parquet", ".csv", ".md", ".tex", ".html")


OF_ALL_ROWS = (".parquet", ".csv")
"""Formats that hold all rows, whatever is asked for."""


def check_ending(path: Path) -> None:
    """InputError where a board cannot be written under a name."""
    if path.suffix not in ENDINGS:
        raise InputError(
            f"--out {path}: expected {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, "
            f"got '{path.suffix or path.name}'."
        )


def write(path: Path, board: Board, patterns: Sequence[str]) -> None:
    """Write a board in the format that the path ends on.

    Parameters
    ----------
    path : Path
    board : Board
    patterns : sequence of str
        Metrics whose rows Markdown, LaTeX and HTML hold; all where there are none. Parquet and CSV
        hold all rows.

    Raises
    ------
    InputError
        Another ending.
    StorageError
        The disk is full or read-only.
    """
    check_ending(path)
    if path.suffix == ".parquet":
        write_board(path, board)
    elif path.suffix == ".csv":
        with writing(path) as file:
            pa.csv.write_csv(_flat(board.table), file)
    else:
        write_text(path, rendered(f"board{path.suffix}", context(board, patterns)))


def sentences(board: Board) -> list[str]:
    """What to know of a board before its tables."""
    levels = sorted(set(board.shown["verification"].to_pylist()))
    return [*board.notes, *(f"{explained(level)}." for level in levels)]


def context(board: Board, patterns: Sequence[str]) -> dict[str, Any]:
    """What the templates of boards are given."""
    summaries = list(summary_tables(board.shown, board.metrics))
    return {
        "names": board.names,
        "sentences": [
            *sentences(board),
            *([SUMMARY_IN_WORDS] if summaries else []),
            ROWS_IN_WORDS,
            *without_competitors(board.shown, board.metrics),
        ],
        "tables": [*summaries, *row_tables(board.shown, patterns)],
        "numeric": _numeric,
        "text": as_text,
    }


def _numeric(table: Table, column: int) -> bool:
    return is_numeric(row[column] for row in table.rows)


def _flat(board: pa.Table) -> pa.Table:
    """Lists as text, which CSV can hold: a blank between numbers, a dash for none."""
    for at, field in enumerate(board.schema):
        if pa.types.is_list(field.type):
            lists = board[field.name].to_pylist()
            texts = [None if one is None else " ".join(map(as_text, one)) for one in lists]
            board = board.set_column(at, field.name, pa.array(texts, pa.string()))
    return board
