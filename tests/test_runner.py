"""A run: what it writes, what it reuses, and what a bad component cannot harm."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gxarena.errors import InputError, StorageError
from gxarena.leaderboard import LEADERBOARD
from gxarena.plan import Plan
from gxarena.results import CELLS, CURVES, SAMPLES, RunFolder
from gxarena.runner import run

MakePlan = Callable[..., Plan]
Rows = list[dict[str, Any]]


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _block(**changes: object) -> dict[str, Any]:
    block: dict[str, Any] = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact", "random"],
        "metrics": ["gini", "faithfulness"],
    }
    return block | changes


def test_writes_the_tables_with_their_schemas(plan: MakePlan, tmp_path: Path) -> None:
    made = plan()
    summary = run(made, tmp_path / "run")
    assert summary.complete
    for name, schema in (
        ("cells", CELLS),
        ("samples", SAMPLES),
        ("curves", CURVES),
        ("leaderboard", LEADERBOARD),
    ):
        table = pq.read_table(tmp_path / "run" / f"{name}.parquet")
        assert table.schema.remove_metadata().equals(schema), name
        assert len(table), name
    cells = _rows(tmp_path / "run", "cells")
    assert {row["cell_id"] for row in cells} == {cell.id for cell in made.cells}
    ok = next(r for r in cells if (r["metric"], r["explainer"]) == ("faithfulness", "exact"))
    assert ok["status"] == "ok"
    assert '"fill": "unknown"' in ok["metric_parameters"]
    assert ok["forwards"] > 70
    assert ok["backwards"] == 0
    assert ok["dtype"] == "float64"


def test_the_same_again_computes_nothing(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan(), tmp_path / "run")
    board = (tmp_path / "run" / "leaderboard.parquet").read_bytes()
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    again = run(plan(), tmp_path / "run")
    assert not (tmp_path / "log").exists()
    assert again.reused == len(plan().cells)
    assert (tmp_path / "run" / "leaderboard.parquet").read_bytes() == board


def test_a_new_metric_does_not_explain_again(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan(matrix=[_block()]), tmp_path / "run")
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    summary = run(
        plan(matrix=[_block(metrics=["gini", "faithfulness", "total"])]), tmp_path / "run"
    )
    assert not (tmp_path / "log").exists()
    assert (summary.reused, dict(summary.statuses)) == (4, {"ok": 6})


@pytest.mark.parametrize(
    ("bad", "status", "message"),
    [
        ("crash", "error", "this explainer always fails"),
        ("leave", "crashed", "gone"),
        ("hungry", "oom", "MemoryError"),
        ("short-list", "error", "unknown: explainer 'short-list': expected a list of 64"),
        ("absent", "error", "expected module 'no_such_module' to be installed"),
        ("needy", "unsupported", "needs a model that is zennit"),
    ],
)
def test_a_bad_explainer_is_a_row_and_harms_no_other(
    plan: MakePlan, tmp_path: Path, bad: str, status: str, message: str
) -> None:
    run(plan(matrix=[_block()]), tmp_path / "without")
    with_bad = _block(explainers=[bad, "exact", "random"])
    summary = run(plan(matrix=[with_bad]), tmp_path / "with")
    assert summary.complete == (status == "unsupported")
    rows = [r for r in _rows(tmp_path / "with", "cells") if r["explainer"] == bad]
    assert {row["status"] for row in rows} == {status}
    assert all(message in row["error_message"] for row in rows)
    assert _rows(tmp_path / "with", "samples") == _rows(tmp_path / "without", "samples")
    _same_but_ranks(tmp_path, bad)


def _same_but_ranks(tmp_path: Path, bad: str) -> None:
    def board(name: str) -> Rows:
        rows = [r for r in _rows(tmp_path / name, "leaderboard") if r["explainer"] != bad]
        return [{k: v for k, v in r.items() if k != "seconds_per_sequence"} for r in rows]

    assert board("with") == board("without")
    failed = [r for r in _rows(tmp_path / "with", "leaderboard") if r["explainer"] == bad]
    for row in failed:
        assert (row["estimate"], row["rank"], row["n"], row["n_failed"]) == (None, None, 0, 70)


def test_not_a_number_never_ranks(plan: MakePlan, tmp_path: Path) -> None:
    run(plan(matrix=[_block(explainers=["nan", "exact"])]), tmp_path / "run")
    rows = _rows(tmp_path / "run", "leaderboard")
    for row in rows:
        if row["explainer"] == "nan":
            assert (row["rank"], row["estimate"], row["n_undefined"]) == (None, None, 70)
        elif row["direction"] != "none":
            assert row["rank"] == 1
    reasons = {r["reason"] for r in _rows(tmp_path / "run", "samples") if r["value"] is None}
    assert reasons == {"scores are not finite"}


def test_order_of_explainers_changes_nothing(plan: MakePlan, tmp_path: Path) -> None:
    for name, explainers in (("ab", ["exact", "random"]), ("ba", ["random", "exact"])):
        run(plan(matrix=[_block(explainers=explainers)]), tmp_path / name)

    def values(name: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in _rows(tmp_path / name, "samples"))

    assert values("ab") == values("ba")


def test_failures_are_tried_again(plan: MakePlan, tmp_path: Path) -> None:
    made = plan(matrix=[_block(explainers=["crash"])])
    for attempts in (1, 2):
        run(made, tmp_path / "run")
        rows = _rows(tmp_path / "run", "cells")
        assert len(rows) == attempts * len(made.cells)
        assert {row["attempt"] for row in rows} == set(range(1, attempts + 1))


def test_interrupted_is_a_row_and_the_next_run_completes(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    monkeypatch.setenv("TOY_INTERRUPT", str(flag))
    made = plan(matrix=[_block(explainers=["exact", "interrupt"])])
    first = run(made, tmp_path / "run")
    assert first.interrupted
    assert dict(first.statuses) == {"ok": 2, "interrupted": 1, "due": 1}
    flag.unlink()
    second = run(made, tmp_path / "run")
    assert second.complete
    assert second.reused == 2


def test_a_full_disk_ends_the_run_and_keeps_what_was_done(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = os.fsync, [12]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    made = plan(matrix=[_block()])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        run(made, tmp_path / "run")
    monkeypatch.setattr(os, "fsync", real)
    kept = RunFolder(tmp_path / "run").statuses(cell.id for cell in made.cells)
    assert "ok" in kept.values()
    summary = run(made, tmp_path / "run")
    assert summary.complete
    assert summary.reused == list(kept.values()).count("ok")


def test_a_folder_of_something_else_is_refused(plan: MakePlan, tmp_path: Path) -> None:
    run(plan(matrix=[_block()]), tmp_path / "run")
    with pytest.raises(InputError, match="got a run of suite 'toy-suite'"):
        run(plan(name="another", matrix=[_block()]), tmp_path / "run")
    with pytest.raises(InputError, match="something that is no gxarena run"):
        run(plan(), tmp_path)
    with pytest.raises(InputError, match="something that is no gxarena run"):
        run(plan(), tmp_path / "data.csv")


def test_two_runs_do_not_share_a_folder(plan: MakePlan, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.locked(), pytest.raises(InputError, match="expected no other run at work"):
        run(plan(), tmp_path / "run")


def test_a_parameter_that_is_not_there_stops_before_any_work(
    plan: MakePlan, tmp_path: Path
) -> None:
    made = plan(metrics={"gini": {"sing": "positive"}}, matrix=[_block()])
    with pytest.raises(InputError, match=r"metrics.gini: expected parameters of gini\(sign"):
        run(made, tmp_path / "run")
    assert not (tmp_path / "run" / "store").exists()
