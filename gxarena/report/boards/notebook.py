"""A board in a notebook: shown as tables, as a pandas frame, as a chart."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from gxarena.errors import MissingExtra
from gxarena.report.boards.writing import context
from gxarena.report.rendering import rendered
from gxarena.results.boards import Board, boards_of

if TYPE_CHECKING:
    import altair
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """A board, as `read_leaderboard` gives it; a notebook shows its tables.

    Attributes
    ----------
    board : gxarena.results.boards.Board
        Its rows, what they were measured on, and what to know of them.
    """

    board: Board

    @property
    def table(self) -> pa.Table:
        """Its rows, with the schema `gxarena.results.schemas.LEADERBOARD`."""
        return self.board.table

    def __repr__(self) -> str:
        return f"<Leaderboard of {', '.join(self.board.names)}: {len(self.table)} rows>"

    def __str__(self) -> str:
        """Its tables as Markdown, for `print` in a script."""
        return rendered("board.md", context(self.board, self.board.headline))

    def _repr_html_(self) -> str:
        return rendered("board_tables.html", context(self.board, self.board.headline))

    def to_pandas(self) -> pd.DataFrame:
        """Its rows as a pandas frame.

        Raises
        ------
        MissingExtra
            pandas is not installed.
        """
        try:
            import pandas  # noqa: F401  (pyarrow asks for it, with a traceback)
        except ModuleNotFoundError as error:
            raise MissingExtra(
                "to_pandas: expected pandas to be installed. pip install pandas"
            ) from error
        return self.table.to_pandas()

    def plot(self, metrics: str | Sequence[str] = ()) -> altair.FacetChart:
        """Estimates with their intervals, a panel for those who compete.

        Parameters
        ----------
        metrics : str or sequence of str
            Patterns; the board's headline where not given.

        Raises
        ------
        InputError
            No row matches.
        MissingExtra
            altair is not installed.
        """
        from gxarena.report.boards.chart import chart

        patterns = [metrics] if isinstance(metrics, str) else list(metrics)
        return chart(self.board.shown, patterns or self.board.headline)


def read_leaderboard(path: str | os.PathLike[str]) -> Leaderboard:
    """Read a board: one that was written, or that of a run's folder or a bundle.

    Parameters
    ----------
    path : path-like
        As `gxarena leaderboard` takes it.

    Raises
    ------
    InputError
        It is none of these.
    """
    (board,) = boards_of([Path(path)])
    return Leaderboard(board)
