"""The levels of checking, and where a board says one."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_runs import write_run

from gxarena.results.boards import read_board
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.verification import LEVELS, explained, weakest

ROOT = Path(__file__).parents[2]


def test_a_run_reports_itself(tmp_path: Path) -> None:
    board = leaderboard_of(RunResults.of(write_run(tmp_path / "run", {"a": [1.0, 2.0]})))
    assert board["verification"].to_pylist() == ["self-reported"]


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_explained_here_and_in_the_pages(level: str) -> None:
    assert explained(level).startswith(f"{level}: ")
    assert f"`{level}`" in (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_an_unknown_level_stands_for_itself() -> None:
    assert explained("certified") == "certified"


@pytest.mark.parametrize("name", ["quickstart", "planted"])
def test_boards_that_ship_say_a_level_that_is_explained(name: str) -> None:
    board = read_board(ROOT / "leaderboard" / f"{name}.parquet")
    assert set(board.table["verification"].to_pylist()) <= LEVELS.keys()


def test_a_chain_is_as_checked_as_its_weakest_link() -> None:
    assert weakest(["replayed", "recomputed"]) == "recomputed"
    assert weakest(["replayed", "self-reported", "recomputed"]) == "self-reported"
    assert weakest([]) == "self-reported"
