"""A board as tables, from rows by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from written_runs import write_run

from gxarena.report.boards.tables import (
    as_text,
    row_tables,
    summary_tables,
    without_competitors,
)
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.places import without_ranks_of_the_lone
from gxarena.results.reading import RunResults

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(40)] for m in (1.0, 2.0, 0.0))


def _board(folder: Path, values: Any, **changes: Any) -> pa.Table:
    return leaderboard_of(RunResults.of(write_run(folder, values, **changes)))


def test_a_table_says_what_its_rows_share(tmp_path: Path) -> None:
    board = _board(tmp_path / "run", {"a": LOW, "b": HIGH, "random": NONE})
    (table,) = row_tables(board, ["q"])
    assert table.title + table.about == (
        "q, native, d (higher is better; n = 40; one set of weights; coverage 100%)"
    )
    assert table.columns == ("model / explainer", "mean", "95% CI", "rank", "tier")
    assert [row[0] for row in table.rows] == ["m / a", "m / b", "m / random"]
    assert [row[3:] for row in table.rows] == [("2 (2 … 2)", 2), ("1 (1 … 1)", 1), ("floor", None)]
    assert table.rows[0][1] == pytest.approx(1.195)
    assert list(row_tables(board, ["r*"])) == []


def test_where_somebody_abstains_each_row_says_how_often(tmp_path: Path) -> None:
    most = [None if i == 0 else 3.0 for i in range(1000)]
    board = _board(tmp_path / "run", {"a": most, "random": [1.0] * 1000})
    (table,) = row_tables(without_ranks_of_the_lone(board), [])
    assert table.columns[3:] == ("coverage", "rank", "tier", "with the floor's")
    assert [row[3] for row in table.rows] == ["99%", "100%"]
    assert [row[-1] for row in table.rows] == ["3", "1"]
    assert [row[4] for row in table.rows] == ["nobody competed", "floor"]


def test_a_metric_that_ranks_nobody_says_why(tmp_path: Path) -> None:
    board = _board(tmp_path / "run", {"a": LOW, "random": NONE})
    rows = [row | {"not_ranked": "it is blind", "rank": None} for row in board.to_pylist()]
    (table,) = row_tables(pa.Table.from_pylist(rows), [])
    assert [row[3] for row in table.rows] == ["not ranked", "floor"]
    assert table.notes == ("Nobody is ranked here for m: it is blind.",)


def test_the_summary_is_a_table_a_model_and_question(tmp_path: Path) -> None:
    board = _board(tmp_path / "run", {"a": LOW, "b": HIGH})
    (table,) = summary_tables(board)
    assert (table.title, [row[:2] for row in table.rows]) == ("m", [(1, "b"), (2, "a")])
    assert without_competitors(board) == []


def test_who_competes_with_nobody_or_here_and_there_is_said(tmp_path: Path) -> None:
    alone = _board(tmp_path / "one", {"a": LOW})
    assert without_competitors(alone) == [
        "m: a competes with nobody here; the rows show it beside the controls."
    ]
    other = _board(tmp_path / "two", {"b": HIGH}, metric="r", metric_name="r")
    assert without_competitors(pa.concat_tables([alone, other])) == [
        "m: a, b meet under some metrics, in no question's all; the rows rank them."
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.123456, "0.1235"), (12345, "12345"), ("a", "a")]
)
def test_values_as_text(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_who_is_not_in_a_summary_is_said_beside_it(tmp_path: Path) -> None:
    both = _board(tmp_path / "one", {"a": LOW, "b": HIGH, "mine": HIGH})
    more = _board(tmp_path / "two", {"a": LOW, "b": HIGH}, metric="r", metric_name="r")
    (table,) = summary_tables(pa.concat_tables([both, more]))
    assert [row[1] for row in table.rows] == ["b", "a"]
    assert table.notes == ("mine is not among them: 1 of the 2 ask about it.",)
