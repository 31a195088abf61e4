"""The fault campaign: a short one, what it calls different, and the published one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "benchmarks" / "faults"
FINE = {"equal board", "one sentence"}


@pytest.fixture(scope="module")
def campaign() -> Any:
    return shipped_script("benchmarks/faults/campaign.py")


@pytest.mark.slow
def test_some_sixty_faults_end_well(tmp_path: Path) -> None:
    out = tmp_path / "faults.parquet"
    command = [
        sys.executable,
        str(SCRIPTS / "campaign.py"),
        str(out),
        "--work",
        str(tmp_path / "w"),
    ]
    asked = ["--seeds", "1", "--kinds", "flip", "cut", "empty", "another's", "SIGKILL", "two runs"]
    done = subprocess.run(
        [*command, *asked], env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pq.read_table(out).to_pylist()
    assert len(rows) >= 60
    assert {row["outcome"] for row in rows} == FINE
    assert {"driver", "fork server", "child"} <= {row["where"] for row in rows}


def test_kills_alone_are_as_many_as_are_asked_for(campaign: Any) -> None:
    asked = list(campaign.kills(100))
    assert len(asked) == len(set(asked)) == 400
    assert {fault.kind for fault in asked} == {"SIGKILL", "SIGKILL, twice"}
    assert {fault.where for fault in asked} == {"driver", "fork server", "child"}
    assert {fault.kind for fault in asked} <= campaign.process.DO.keys()
    # What the whole campaign has of them is among them, and is not made again.
    assert {fault for fault in campaign.faults(5) if fault.kind == "SIGKILL"} <= {*asked}


@pytest.mark.slow
def test_a_run_that_is_killed_and_killed_again_ends_well(tmp_path: Path) -> None:
    script, out = str(SCRIPTS / "campaign.py"), tmp_path / "faults.parquet"
    command = [sys.executable, script, str(out), "--work", str(tmp_path / "w"), "--kills", "1"]
    asked = ["--kinds", "SIGKILL, twice"]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["outcome"] for row in pq.read_table(out).to_pylist()] == ["equal board"]


def test_what_is_different_is_told(campaign: Any) -> None:
    differs = campaign.damage.differs
    cells = [{"cell_id": "a", "seed": 1}, {"cell_id": "b", "seed": 1}]
    whole = {"cells": cells, "samples": [{"cell_id": "a", "value": 0.5}]}
    assert differs(whole, whole) == ""
    assert differs(whole | {"samples": []}, whole) == "samples (0 rows, not 1)"
    other = {"cells": [cells[0] | {"seed": 2}, cells[1]]}
    assert differs(whole | other, whole) == "cells (seed)"
    part = {"cells": cells[1:], "samples": []}
    assert differs(part, whole, whole=False) == ""
    assert differs(part, whole) == "cells (1 rows, not 2)"


def test_a_fault_that_is_not_told_of_is_wrong(campaign: Any, tmp_path: Path) -> None:
    """What a campaign says of a reader that raises, and of one that never ends."""
    outcomes = campaign.process

    def row(outcome: Any) -> str:
        fault = campaign.Fault("flip", "board", 0)
        arena = type("Arena", (), {"place": tmp_path})()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(campaign.damage, "alone", outcome)
            found: str = campaign.ended(fault, arena)["outcome"]
        return found

    def hangs(*_: Any) -> Any:
        raise campaign.Hang

    assert row(lambda *_: outcomes.Outcome(outcomes.EQUAL)) == "equal board"
    assert row(lambda *_: outcomes.Outcome(outcomes.SENTENCE, "Do this.")) == "one sentence"
    assert row(lambda *_: outcomes.Outcome(outcomes.SENTENCE, "two\nlines")) == "traceback"
    assert row(lambda *_: 1 / 0) == "traceback"
    assert row(hangs) == "hang"


def test_a_fuzzer_tells_what_is_wrong() -> None:
    fuzz = shipped_script("benchmarks/faults/fuzz.py")

    def example(seed: int, _value: Any) -> None:
        if seed > 1000:
            raise ValueError("too large")

    tried, wrong = fuzz.fuzzed("toy", example, 0.5)
    assert tried > 1
    assert "ValueError: too large" in wrong
    tried, wrong = fuzz.fuzzed("toy", lambda *_: None, 0.01)
    assert (tried > 0, wrong) == (True, "")


@pytest.mark.parametrize("reader", ["attestation", "weights"])
def test_what_is_read_apart_from_runs_is_damaged_too(reader: str, tmp_path: Path) -> None:
    fuzz = shipped_script("benchmarks/faults/fuzz.py")
    example = getattr(fuzz, f"_{reader}")(tmp_path)  # `readers` would install the toys here
    tried, wrong = fuzz.fuzzed(reader, example, 0.05)
    assert (tried > 0, wrong) == (True, "")


def test_the_published_campaign(campaign: Any) -> None:
    """docs/engines.md, faults."""
    rows = pq.read_table(ROOT / "leaderboard" / "faults.parquet").to_pylist()
    assert len(rows) >= 1000
    assert {row["outcome"] for row in rows} == FINE
    assert all(len(row["message"].splitlines()) == 1 for row in rows if row["message"])
    kinds, wheres = ({row[key] for row in rows} for key in ("kind", "where"))
    assert kinds >= {*campaign.damage.KINDS, *campaign.process.DO, *campaign.cluster.DO}
    assert wheres >= {*campaign.damage.WHERE, *campaign.process.VICTIMS}
    assert all(row["where"] in campaign.process.HARMS for row in rows if row["kind"] == "plugin")
