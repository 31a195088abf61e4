"""What the parts of a cell come to together is what the whole would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.api import Curve, Quantity, Scored
from gxarena.data import Sample
from gxarena.run.cell_rows import CellRows, Tables, scored_rows
from gxarena.run.cells import Cell
from gxarena.run.parts import SCORED_AT_ONCE, parts_of, together
from gxarena.run.plan import Plan
from gxarena.run.store import CHUNK, Store
from gxarena.run.tasks import tasks_of

OK: dict[str, Any] = {"status": "ok", "units": "nucleotide", "asked": 0, "again": 0}


@given(st.integers(1, 5 * SCORED_AT_ONCE), st.booleans())
def test_each_sample_is_in_one_part_of_whole_chunks(n_samples: int, whole: bool) -> None:
    parts = parts_of(n_samples, whole=whole)
    assert [sample for part in parts for sample in part] == list(range(n_samples))
    assert all(part.start % CHUNK == 0 for part in parts)
    assert len(parts) == (1 if whole else -(-n_samples // SCORED_AT_ONCE))


def _rows(cell: Cell, start: int, stop: int) -> Tables:
    samples = tuple(Sample(str(i), "ACGT") for i in range(5))
    values = {"b": np.array([1.0, 2.0, np.nan, 4.0, 5.0]), "a": np.arange(5.0)}
    drops = tuple(Curve("drop", i, np.arange(2.0), np.arange(2.0) + i) for i in range(5))
    curves = tuple(replace(one, sample=one.sample - start) for one in drops[start:stop])
    part = {key: column[start:stop] for key, column in values.items()}
    undefined = {2 - start: "no signal"} if start <= 2 < stop else {}
    scored = Scored(part, {"b": undefined}, curves)
    return scored_rows(cell, samples[start:stop], scored, {key: Quantity("higher") for key in part})


@pytest.fixture
def cell(plan: Callable[..., Plan]) -> Cell:
    return plan().cells[0]


def test_rows_of_parts_are_those_of_all(cell: Cell) -> None:
    _, whole = together([(OK, _rows(cell, 0, 5))], 5)
    _, parts = together([(OK, _rows(cell, *some)) for some in ((0, 2), (2, 4), (4, 5))], 5)
    assert whole.keys() == parts.keys()
    for name, table in whole.items():
        assert table.to_pylist() == parts[name].to_pylist()


def test_costs_are_of_all_and_what_was_asked_is_added_up(cell: Cell) -> None:
    """An explanation of 2.5 forwards: of five samples and two asked for again, 17.5, and 7 + 4."""
    first = OK | {"asked": 7, "again": 2, "cost": (2.5, 1.0), "seconds": 1.5, "peak_memory": 8}
    other = first | {"asked": 4, "again": 0, "units": "token", "seconds": 2.0, "peak_memory": 9}
    row, _ = together([(first, _rows(cell, 0, 2)), (other, _rows(cell, 2, 5))], 5)
    assert row == {
        "status": "ok", "units": "token", "seconds": 3.5, "peak_memory": 9,
        "forwards": 7 + 4 + round(17.5), "backwards": 7,
    }  # fmt: skip
    free = {name: value for name, value in first.items() if name != "cost"}
    row, _ = together([(free, _rows(cell, 0, 5))], 5)
    assert (row["forwards"], "backwards" in row) == (7, False)


def test_of_one_that_failed_a_row_says_what_that_part_says(cell: Cell) -> None:
    failed = {"status": "error", "error_message": "no", "seconds": 2.0, "peak_memory": None}
    parts = [(OK | {"seconds": 1.0}, _rows(cell, 0, 2)), (failed, {})]
    assert together(parts, 5) == (failed | {"seconds": 3.0}, {})


def test_shards_are_parts_of_cells_but_of_what_wants_all_at_once(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 70 samples, 64 and 6; a control by position and a set of motifs are of all."""
    monkeypatch.setattr("gxarena.run.parts.SCORED_AT_ONCE", CHUNK)
    metrics = ["gini", "auprc", "patterns", "total"]
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": metrics}
    made = plan(matrix=[block])
    tasks = tasks_of(made, made.cells, Store(tmp_path), CellRows(made).is_whole)
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in metrics}
    for shard in (one for task in tasks for one in task.shards):
        if shard.cell:
            found[shard.cell.metric].append(shard.order["part"])
            assert shard.of == (2 if shard.cell.metric in ("gini", "total") else 1)
    assert found == {
        "gini": [(0, 64), (64, 70)],
        "total": [(0, 64), (64, 70)],
        "auprc": [(0, 70)], "patterns": [(0, 70)],
    }  # fmt: skip
    unknown = CellRows(made, {})  # whoever was asked did not come back
    assert not unknown.is_whole("gini")  # the core's own
    assert unknown.is_whole("total")  # a plugin's, whose cells will say why
