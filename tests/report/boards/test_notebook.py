"""A board in a notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from written_runs import write_run

import gxarena
from gxarena.errors import InputError, MissingExtra
from gxarena.results.boards import boards_of, write_board

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(40)] for m in (1.0, 2.0, 0.0))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    run = write_run(tmp_path / "run", {"a": LOW, "b": HIGH, "random": NONE}, {"headline": ["q"]})
    write_board(tmp_path / "board.parquet", boards_of([run])[0])
    return tmp_path / "board.parquet"


def test_a_written_board_and_its_run_are_the_same(path: Path) -> None:
    board = gxarena.read_leaderboard(str(path))
    assert board.table.equals(gxarena.read_leaderboard(path.parent / "run").table)
    assert repr(board) == f"<Leaderboard of {path}: 3 rows>"
    assert "| --- |" in str(board)
    with pytest.raises(InputError, match="expected a board, a bundle or a run"):
        gxarena.read_leaderboard("none.parquet")


def test_a_notebook_shows_its_tables(path: Path) -> None:
    shown = gxarena.read_leaderboard(path)._repr_html_()
    assert shown.startswith('<div class="gxarena-board">')
    assert "<td>a</td>" in shown
    assert "<!doctype" not in shown


def test_as_a_pandas_frame(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = gxarena.read_leaderboard(path)
    frame = board.to_pandas().set_index("explainer")
    assert frame.loc["b", "rank"] == 1
    assert list(frame.reset_index()["explainer"]) == board.table["explainer"].to_pylist()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match="pip install pandas"):
        board.to_pandas()
