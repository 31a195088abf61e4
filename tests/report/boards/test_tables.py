"""A board as tables, from rows by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from written_runs import write_run

from gxarena.report.boards.tables import (
    as_text,
    is_numeric,
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
        "q, native, d, m (higher is better; n = 40; one set of weights; coverage 100%)"
    )
    assert table.columns == ("explainer", "mean", "95% CI", "rank", "tier")
    assert [row[0] for row in table.rows] == ["b", "a", "random"]
    assert [row[3:] for row in table.rows] == [("1 (1 … 1)", 1), ("2 (2 … 2)", 2), ("floor", None)]
    assert table.rows[1][1] == pytest.approx(1.195)
    assert table.notes == ()
    assert list(row_tables(board, ["r*"])) == []


def test_rows_stand_under_their_model_by_rank(tmp_path: Path) -> None:
    one = _board(tmp_path / "one", {"a": LOW, "b": HIGH, "random": NONE})
    other = _board(tmp_path / "two", {"a": LOW, "b": HIGH, "z": NONE}, model="n")
    (table,) = row_tables(pa.concat_tables([one, other]), [])
    assert [row[0] for row in table.rows] == [
        "m", "  b", "  a", "  random", "n", "  b", "  a", "  z",
    ]  # fmt: skip
    assert table.rows[0][1:] == ("",) * 4
    assert is_numeric(row[1] for row in table.rows)
    assert not is_numeric(row[0] for row in table.rows)


def test_a_late_rank_in_an_early_tier_is_said_in_words(tmp_path: Path) -> None:
    """What varies much is not told apart from the best, however far behind it is."""
    rng = np.random.default_rng(0)
    steady = [1.0 + 0.01 * x for x in rng.normal(size=40)]
    noise = rng.normal(size=40)
    wild = (0.5 + 9 * (noise - noise.mean())).tolist()
    behind = [x - 0.1 + 0.01 * y for x, y in zip(steady, rng.normal(size=40), strict=True)]
    board = _board(tmp_path / "run", {"good": steady, "behind": behind, "wild": wild})
    by_name = {row["explainer"]: row for row in board.to_pylist()}
    assert [by_name[name]["tier"] for name in ("good", "behind", "wild")] == [1, 2, 1]
    assert by_name["wild"]["rank"] == 3
    (table,) = row_tables(board, [])
    assert table.notes == (
        "m: a tier holds all that the data do not tell apart from its first, whatever their rank: "
        "wild (rank 3, tier 1) varies too much to be told apart from it.",
    )


def test_an_order_within_one_tier_may_be_luck(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(2, 40)).tolist()
    (table,) = row_tables(_board(tmp_path / "run", dict(zip("ab", values, strict=True))), [])
    assert table.notes == ("m: nobody is told apart from the first, so the order may be luck.",)
    (same,) = row_tables(_board(tmp_path / "same", {"a": LOW, "b": LOW}), [])
    assert same.notes == ()
    (alone,) = row_tables(_board(tmp_path / "alone", {"a": LOW, "random": NONE}), [])
    assert alone.notes == ()


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
    assert table.columns == ("explainer", "mean", "95% CI", "rank")
    assert [row[3] for row in table.rows] == ["not ranked", "floor"]
    assert table.notes == ("Nobody is ranked here for m: it is blind.",)


def test_the_only_pair_of_weights_is_said_to_be_one(tmp_path: Path) -> None:
    """Two replicates compared with each other say nothing of how far a third would move it."""
    board = _board(tmp_path / "run", {"a": LOW, "random": NONE})
    method = "skew-corrected t over samples of the only pair of weights, 95%"
    rows = [row | {"replicates": 2, "ci_method": method} for row in board.to_pylist()]
    (table,) = row_tables(pa.Table.from_pylist(rows), [])
    said = "2 sets of weights; intervals over sequences alone, of the only pair of weights"
    assert said in table.about
    (table,) = row_tables(board, [])
    assert "pair" not in table.about


def test_the_summary_is_a_table_a_model_and_question(tmp_path: Path) -> None:
    board = _board(tmp_path / "run", {"a": LOW, "b": HIGH})
    (table,) = summary_tables(board)
    assert (table.title, [row[:2] for row in table.rows]) == ("m", [(1, "b"), (2, "a")])
    assert table.about == (
        ": Where does the model look? (1 metric on 1 data set; one set of weights). Ranked by q."
    )
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
