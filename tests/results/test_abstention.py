"""What stands for missing answers, by hand; boards on which somebody abstains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_runs import Values, write_run

from gxarena.results.abstention import coverage, filled
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults

NAN = np.nan


def _rows(folder: Path, values: Mapping[str, Values]) -> dict[str, dict[str, Any]]:
    """Rows by explainer, and by explainer and metric where they are between floor and ceiling."""
    board = leaderboard_of(RunResults.of(write_run(folder / "run", values))).to_pylist()
    return {row["explainer"] + row["metric"].removeprefix("q"): row for row in board}


def _about(mean: float, n: int = 24, seed: int = 0) -> list[float]:
    drawn = np.random.default_rng(seed).normal(size=n)
    return list(mean + 0.1 * (drawn - drawn.mean()))


def test_coverage_is_the_share_of_what_was_asked() -> None:
    values = np.array([[[1.0, NAN, 3.0, 4.0], [NAN] * 4], [[1.0] * 4, [2.0] * 4]])
    every = np.ones((2, 2), dtype=bool)
    assert coverage(values, every).tolist() == [3 / 8, 1.0]
    assert coverage(values, np.array([[True, False], [True, True]])).tolist() == [3 / 4, 1.0]


def test_the_first_floor_answers_for_who_does_not() -> None:
    values = np.array([[[1.0, NAN, NAN]], [[5.0, 6.0, NAN]], [[7.0, 8.0, 9.0]]])
    asked = np.ones((3, 1), dtype=bool)
    whole = filled(values, ["method", "floor", "floor"], asked)
    assert whole is not None
    assert np.array_equal(whole[0, 0], [1.0, 6.0, NAN], equal_nan=True)
    assert np.array_equal(whole[1:], values[1:], equal_nan=True)


def test_without_a_floor_nothing_stands_for_what_is_missing() -> None:
    values = np.array([[[1.0, NAN]], [[5.0, 6.0]]])
    asked = np.ones((2, 1), dtype=bool)
    assert filled(values, ["method", "control"], asked) is None
    assert filled(values[1:], ["method"], asked[1:]) is not None


def test_weights_that_were_never_run_are_no_answers_kept_back() -> None:
    values = np.array([[[1.0, NAN], [NAN, NAN]], [[5.0, 6.0], [7.0, 8.0]]])
    whole = filled(values, ["method", "floor"], np.array([[True, False], [True, True]]))
    assert whole is not None
    assert np.array_equal(whole[0], [[1.0, 6.0], [NAN, NAN]], equal_nan=True)
    alone = np.array([[[1.0, 2.0], [NAN, NAN]]])
    assert filled(alone, ["method"], np.array([[True, False]])) is not None


def test_who_answers_where_it_is_sure_leads_on_those_alone(tmp_path: Path) -> None:
    """.5 better where it answers; a guess, 2 worse, on the 16 of 40 where it does not."""
    steady = _about(1.0, 40)
    unsure = [value + 0.5 if i < 24 else None for i, value in enumerate(steady)]
    guess = [value - 2.0 for value in steady]
    rows = _rows(tmp_path, {"unsure": unsure, "steady": steady, "random": guess})
    three = ("unsure", "steady", "random")
    assert [rows[e]["coverage"] for e in three] == [0.6, 1.0, 1.0]
    assert [rows[e]["rank"] for e in three] == [1, 2, None]
    assert [rows[e]["rank_filled"] for e in three] == [2, 1, None]
    instead = [g if u is None else u for u, g in zip(unsure, guess, strict=True)]
    assert rows["unsure"]["estimate_filled"] == pytest.approx(np.mean(instead))
    assert rows["steady"]["estimate_filled"] == pytest.approx(rows["steady"]["estimate"])


def test_who_answers_seldom_has_a_rank_with_the_floors_answers(tmp_path: Path) -> None:
    seldom = [9.0 if i < 14 else None for i in range(40)]
    values = {"seldom": seldom, "steady": _about(1.0, 40), "random": _about(0.0, 40, seed=1)}
    rows = _rows(tmp_path, values)
    assert (rows["seldom"]["rank"], rows["steady"]["rank"]) == (None, 1)
    assert (rows["seldom"]["coverage"], rows["seldom"]["rank_filled"]) == (0.35, 1)


def test_where_all_answer_both_readings_are_one(tmp_path: Path) -> None:
    for row in _rows(tmp_path, {"a": _about(2.0), "b": _about(6.0)}).values():
        assert row["coverage"] == 1
        assert row["estimate_filled"] == pytest.approx(row["estimate"])
        assert row["rank_filled"] == row["rank"]


def test_without_a_floor_there_is_no_second_reading(tmp_path: Path) -> None:
    rows = _rows(tmp_path, {"a": _about(2.0), "b": [None, *_about(6.0, 23)]})
    assert [rows[e]["rank_filled"] for e in "ab"] == [None, None]
    assert [rows[e]["estimate_filled"] for e in "ab"] == [None, None]
    assert [rows[e]["coverage"] for e in "ab"] == [1.0, 23 / 24]


def test_who_has_no_answer_at_all_is_no_guess(tmp_path: Path) -> None:
    rows = _rows(tmp_path, {"a": _about(2.0), "never": [None] * 24, "random": _about(0.0)})
    assert (rows["never"]["coverage"], rows["never"]["rank_filled"]) == (0.0, None)
    assert rows["never"]["estimate_filled"] is None
    assert rows["a"]["rank_filled"] == 1


def test_a_share_between_floor_and_ceiling_is_not_filled(tmp_path: Path) -> None:
    unsure = [None, *_about(0.5, 23)]
    rows = _rows(tmp_path, {"a": unsure, "random": _about(0.0), "oracle": _about(1.0, seed=3)})
    assert rows["a"]["estimate_filled"] is not None
    assert rows["a.normalised"]["estimate_filled"] is None
    assert rows["a.normalised"]["coverage"] == 23 / 24
