"""What workers are at: rate, time left, and what another process reads of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.run import at_work
from gxarena.run.at_work import AtWork, Work, works_of


def test_rate_and_time_left() -> None:
    work = Work("worker_0", "explain", 128, 256, began=100.0, done_before=64, now=132.0)
    assert work.rate == 2.0
    assert work.left == 64.0
    asked = Work("worker_0", "faithfulness", 300, 0, began=0.0, done_before=0, now=3.0)
    assert (asked.rate, asked.left) == (100.0, None)
    begun = Work("worker_0", "explain", 0, 64, began=0.0, done_before=0, now=5.0)
    assert (begun.rate, begun.left) == (None, None)


def test_who_asks_meanwhile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work, "EVERY", 0.0)
    board = AtWork(tmp_path)
    assert works_of(tmp_path) == []
    board.tell("worker_0", "explain", 64, 256)
    board.tell("worker_1", "faithfulness", 10, 0)
    board.tell("worker_0", "explain", 128, 256)
    first, second = works_of(tmp_path)
    assert (first.worker, first.done, first.done_before) == ("worker_0", 128, 64)
    assert (second.what, second.total) == ("faithfulness", 0)
    # Another thing, or the same from its beginning, is timed anew.
    assert board.tell("worker_0", "explain", 0, 256).done_before == 0
    board.close()
    assert works_of(tmp_path) == []
    board.tell("worker_0", "explain", 192, 256)
    assert works_of(tmp_path) == []


def test_one_cell_is_the_sum_of_its_parts_whoever_is_at_them(tmp_path: Path) -> None:
    board = AtWork(tmp_path)
    told = [
        ("worker_0", "a", 0), ("worker_1", "a", 0), ("worker_0", "a", 30), ("worker_1", "a", 20),
        ("worker_0", "a", 0), ("worker_0", "a", 5), ("worker_1", "b", 0), ("worker_1", "b", 7),
    ]  # fmt: skip
    sums = []
    for worker, what, done in told:
        board.tell(worker, what, done, 0)
        sums.append(board.together("a"))
    assert sums == [0, 0, 30, 50, 50, 55, 55, 55]
    assert board.together("b") == 7


def test_what_a_killed_run_left_is_no_work(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from gxarena.run import at_work; at_work.EVERY = 0\n"
        "at_work.AtWork(pathlib.Path(sys.argv[1])).tell('w', 'explain', 0, 1); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / at_work.FILE).is_file()
    assert works_of(tmp_path) == []
    (tmp_path / at_work.FILE).write_text("{")
    assert works_of(tmp_path) == []
