"""Commands that read a run: what they show, and that they leave the run folder as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.cli.boards import show_rows
from gxarena.results.schemas import LEADERBOARD
from gxarena.run.plan import Plan
from gxarena.run.runner import record_of, run

READING = {
    "leaderboard": ["leaderboard", "RUN", "--out", "OUT/board.parquet"],
    "motifs": ["motifs", "RUN", "--json"],
    "status": ["status", "RUN"],
    "failures": ["failures", "RUN"],
    "report": ["report", "RUN", "--out", "OUT/report"],
    "figure": ["figure", "motifs", "RUN", "--out", "OUT/a.svg"],
}


def _state(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Every file with its inode, time and size: a file written anew has another inode."""
    states = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (s.st_ino, s.st_mtime_ns, s.st_size) for path, s in states.items()}


@pytest.fixture
def at_work(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    """A run folder whose run was taken up with more metrics and has not ended."""
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    run(plan(matrix=[block | {"metrics": ["collection"]}]), tmp_path / "run")
    more = plan(matrix=[block | {"metrics": ["collection", "gini"]}])
    record_of(more).write(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_reading_writes_nothing_into_a_run_folder(
    command: list[str], at_work: Path, tmp_path: Path
) -> None:
    before = _state(at_work)
    words = [w.replace("RUN", str(at_work)).replace("OUT", str(tmp_path / "out")) for w in command]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert _state(at_work) == before


def test_a_board_is_not_written_into_a_run_folder(at_work: Path) -> None:
    before = _state(at_work)
    command = ["leaderboard", str(at_work), "--out", str(at_work / "samples.parquet")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code != 0
    assert "expected a place outside of runs" in str(result.exception)
    assert _state(at_work) == before


INTO = {
    "leaderboard": ["leaderboard", "RUN", "--out", "OTHER/cells.parquet"],
    "report": ["report", "RUN", "--out", "RUN"],
    "report below": ["report", "RUN", "--out", "RUN/report"],
    "figure": ["figure", "motifs", "RUN", "--out", "OTHER/store/a.svg"],
    "motifs": ["motifs", "RUN", "--out", "RUN/a.meme"],
    "motifs drawn": ["motifs", "RUN", "--plot", "OTHER/a.png"],
}


@pytest.mark.parametrize("command", INTO.values(), ids=INTO)
def test_no_reader_writes_into_any_run(command: list[str], at_work: Path, tmp_path: Path) -> None:
    other = shutil.copytree(at_work, tmp_path / "other")
    before = _state(at_work), _state(other)
    words = [w.replace("RUN", str(at_work)).replace("OTHER", str(other)) for w in command]
    result = CliRunner().invoke(app, words)
    assert result.exit_code != 0
    assert "expected a place outside of runs" in str(result.exception)
    assert (_state(at_work), _state(other)) == before


def test_a_reader_that_a_run_overtakes_leaves_what_the_run_wrote(
    at_work: Path, plan: Callable[..., Plan], tmp_path: Path
) -> None:
    """A second process reads while this one finishes the run: what counts is the run's."""
    board = str(tmp_path / "board.parquet")
    command = [sys.executable, "-m", "gxarena", "leaderboard", str(at_work), "--out", board]
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as reader:
        run(plan(matrix=[block | {"metrics": ["collection", "gini"]}]), at_work)
        written = _state(at_work)
    assert reader.returncode == 0
    assert _state(at_work) == written
    assert pq.read_table(at_work / "samples.parquet").num_rows == 1 + 70


def _row(dataset: str, explainer: str, replicates: int) -> dict[str, Any]:
    return dict.fromkeys(LEADERBOARD.names) | {
        "suite": "s", "dataset": dataset, "model": "m", "explainer": explainer, "role": "method",
        "aggregator": "native", "metric": "q", "entry": explainer, "question": "", "ci_method": "",
        "direction": "higher", "estimate": 0.5, "n": 30, "n_undefined": 0, "n_failed": 0,
        "sequences": 30, "replicates": replicates, "rank": 1, "rank_low": 1, "rank_high": 2,
        "tier": 1, "verification": "",
    }  # fmt: skip


def test_data_sets_are_tables_of_their_own_and_say_of_how_many_weights(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [_row("ants", "a", 5), _row("ants", "b", 5), _row("bees", "a", 1), _row("bees", "b", 5)]
    show_rows(pa.Table.from_pylist(rows, schema=LEADERBOARD), [], "")
    ants, bees = capsys.readouterr().out.split("q, native, bees")
    assert "q, native, ants, m (higher is better; n = 30; 5 sets of weights)" in ants
    assert "weights" not in ants.split("sets of weights)")[1]
    assert "(higher is better; n = 30)" in bees
    told = [line.split() for line in bees.splitlines() if line.startswith((" a ", " b "))]
    assert [line[:2] for line in told] == [["a", "1"], ["b", "5"]]
