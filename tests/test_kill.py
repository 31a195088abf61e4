"""kill -9 at any moment: the same command then finishes, and what was finished is not redone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

TOYS = Path(__file__).parent / "toys"
SUITE = """
name = "killed"
target = 1
[datasets.mine]
path = "{data}"
[[matrix]]
datasets = ["mine"]
models = ["toy"]
explainers = ["exact", "random"]
metrics = ["gini", "entropy", "faithfulness", "total"]
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The toys as an installed distribution, for a process of its own."""
    info = tmp_path / "site" / "toys-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[gxarena]\ntoys = toy_plugin\n")
    path = os.pathsep.join([str(info.parent), str(TOYS)])
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _command(suite: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "gxarena", "run", str(suite), "--out", str(out)]


def _board(out: Path) -> list[dict[str, object]]:
    table = pq.read_table(out / "leaderboard.parquet")
    return table.drop_columns(["seconds_per_sequence"]).to_pylist()  # type: ignore[no-any-return]


@pytest.mark.slow
def test_killed_ten_times(data: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    suite = tmp_path / "killed.toml"
    suite.write_text(SUITE.format(data=data))
    undisturbed, killed, log = tmp_path / "undisturbed", tmp_path / "killed", tmp_path / "log"
    start = time.monotonic()
    subprocess.run(_command(suite, undisturbed), env=environment, check=True, capture_output=True)
    whole = time.monotonic() - start

    slowed = environment | {"TOY_DELAY": "0.3", "TOY_LOG": str(log)}
    moments = np.random.default_rng(0).uniform(0.3, 1.3, size=10) * whole
    for moment in moments.tolist():
        process = subprocess.Popen(
            _command(suite, killed),
            env=slowed,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(_command(suite, killed), env=slowed, check=True, capture_output=True)

    assert _board(killed) == _board(undisturbed)
    for table in ("samples", "curves"):
        assert pq.read_table(killed / f"{table}.parquet").equals(
            pq.read_table(undisturbed / f"{table}.parquet")
        )
    # A cell that was settled has one attempt; a chunk that was explained is explained once more
    # only where the kill fell between the work and its file.
    attempts = Counter(pq.read_table(killed / "cells.parquet")["cell_id"].to_pylist())
    assert set(attempts.values()) == {1}
    explained = [line for line in log.read_text().splitlines() if line.startswith("explain")]
    assert len(explained) <= 2 + len(moments)
