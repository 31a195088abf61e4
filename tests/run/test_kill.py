"""kill -9 at any moment: the same command then finishes, and what was finished is not redone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.results.reading import RunResults
from gxarena.run import arrivals

TOYS = Path(__file__).parents[1] / "toys"
KILLS = 10
WORKERS = 2
DELAY = 1.0
"""Seconds that each piece of work takes."""
METRICS = [f"total-{i}" for i in range(12)]
SUITE = f"""
name = "killed"
target = 1
[datasets.mine]
path = "data.csv"
[metrics]
{chr(10).join(f'{label} = {{ name = "total" }}' for label in METRICS)}
[[matrix]]
datasets = ["mine"]
models = ["toy"]
explainers = ["exact", "random"]
metrics = ["faithfulness", {", ".join(f'"{label}"' for label in METRICS)}]
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
    workers = ("--workers", str(WORKERS))
    return [sys.executable, "-m", "gxarena", "run", str(suite), "--out", str(out), *workers]


def _board(out: Path) -> list[dict[str, object]]:
    table = pq.read_table(out / "leaderboard.parquet")
    return table.drop_columns(["seconds_per_sequence"]).to_pylist()  # type: ignore[no-any-return]


def _finished(out: Path) -> dict[str, datetime]:
    """Finished cells, with when they were started."""
    if not (out / "run.json").exists():
        return {}
    return {row["cell_id"]: row["started"] for row in RunResults.of(out).last_rows()}


def _started(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A run that is at work: the toys have written to their log."""
    before = log.stat().st_size if log.exists() else 0
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and (not log.exists() or log.stat().st_size == before):
        time.sleep(0.01)
    return process


@pytest.mark.slow
def test_killed_ten_times(data: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    suite = data.parent / "killed.toml"
    suite.write_text(SUITE)
    undisturbed, killed, log = tmp_path / "undisturbed", tmp_path / "killed", tmp_path / "log"
    slowed = environment | {"TOY_DELAY": str(DELAY), "TOY_LOG": str(log)}

    process = _started(_command(suite, undisturbed), slowed, log)
    start = time.monotonic()
    assert process.wait() == 0
    # As long as the work takes here and now: ten kills share it, however busy the machine is.
    work_lasts = time.monotonic() - start
    log.unlink()

    seen: list[dict[str, datetime]] = []
    for moment in np.random.default_rng(0).uniform(0, 0.4, size=KILLS).tolist():
        process = _started(_command(suite, killed), slowed, log)
        time.sleep(moment * work_lasts)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen.append(_finished(killed))
    assert len({len(parts) for parts in seen}) > 2, "the kills did not fall into the work"
    subprocess.run(_command(suite, killed), env=slowed, check=True, capture_output=True)

    assert _board(killed) == _board(undisturbed)
    for table in ("samples", "curves"):
        assert pq.read_table(killed / f"{table}.parquet").equals(
            pq.read_table(undisturbed / f"{table}.parquet")
        )
    # What was finished before a kill was neither written nor computed again.
    final = _finished(killed)
    for parts in seen:
        assert parts.items() <= final.items()
    attempts = Counter(pq.read_table(killed / "cells.parquet")["cell_id"].to_pylist())
    assert set(attempts.values()) == {1}
    work = Counter(line.split()[0] for line in log.read_text().splitlines())
    # A kill loses at most what each worker is at, and what it brought within the time that scores
    # may wait to be kept: of work that takes as long as that, one piece.
    assert DELAY >= arrivals.WITHIN
    assert work["explain"] + work["total"] <= 2 + 2 * len(METRICS) + KILLS * WORKERS * 2
