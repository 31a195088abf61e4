"""A board as data of the table's page, and as files to take away: from one table of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.files import write_text
from gxarena.report.boards.writing import write
from gxarena.results.boards import Board
from gxarena.results.leaderboard import NORMALISED
from gxarena.site import addresses
from gxarena.site.numbers import rank
from gxarena.site.rendering import script

Row = Mapping[str, Any]
_DIGITS = 6
"""Significant digits of what a page draws and rounds further; the files have all of them."""
_TEXT = ("dataset", "model", "explainer", "aggregator", "metric", "role", "question", "direction",
         "not_ranked", "verification")  # fmt: skip
_NUMBERS = (
    "estimate", "ci_low", "ci_high", "sequences", "replicates", "n_undefined", "n_failed",
    "coverage", "estimate_filled", "rank", "rank_low", "rank_high", "tier", "behind_best",
    "rank_filled", "seconds_per_sequence",
)  # fmt: skip


def write_rows(folder: Path, board: Board, number: int) -> None:
    """Write ``data/board-<number>`` as .parquet, .csv and .js."""
    stem = folder / "data" / f"board-{number}"
    for ending in (".parquet", ".csv"):
        write(stem.with_suffix(ending), board, ())
    write_text(stem.with_suffix(".js"), script(stem.name, columns(board.shown, number)))


def columns(table: pa.Table, number: int) -> dict[str, Any]:
    """A board's columns, text by its levels, with the addresses that each row leads to."""
    rows = table.to_pylist()
    made: dict[str, Any] = {name: _levels([row[name] or "" for row in rows]) for name in _TEXT}
    made |= {name: [_short(row[name]) for row in rows] for name in _NUMBERS}
    made["place"] = _levels([rank(row) for row in rows])
    pages: dict[str, Callable[[Row], str]] = {
        "explainer_page": lambda row: addresses.explainer_page(row["explainer"]),
        "model_page": lambda row: addresses.model_page(row["model"]),
        "metric_page": lambda row: addresses.metric_page(row["metric"]),
        "dossier": lambda row: addresses.dossier(number, row),
    }
    made |= {name: _levels([page(row) for row in rows]) for name, page in pages.items()}
    return {"length": len(rows), "columns": made}


def _levels(values: Sequence[str]) -> dict[str, Any]:
    """Text as what there is of it, and which stands where."""
    at = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return {"levels": list(at), "codes": [at[value] for value in values]}


def _short(value: float | None) -> float | None:
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def is_plain(row: Row) -> bool:
    """Whether a row is in the metric's own unit, not between floor and ceiling."""
    return not row["metric"].endswith(NORMALISED)
