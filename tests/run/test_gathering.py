"""Parts of a cell may come in any order: its row is the same, and written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gxarena.results.schemas import SAMPLES
from gxarena.run.cell_rows import CellRows
from gxarena.run.frames import Frame, table_bytes
from gxarena.run.gathering import Gathering
from gxarena.run.parts import parts_of
from gxarena.run.plan import Plan
from gxarena.run.store import Store
from gxarena.run.tasks import Shard, tasks_of

OK: dict[str, Any] = {"status": "ok", "units": "nucleotide", "asked": 1, "again": 0, "seconds": 1.0}
NO: dict[str, Any] = {"status": "error", "error_type": "ValueError", "seconds": 1.0}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A cell of 70 samples in parts of 30."""
    monkeypatch.setattr("gxarena.run.parts.SCORED_AT_ONCE", 30)
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return plan(matrix=[block])


@pytest.fixture
def shards(made: Plan, tmp_path: Path) -> list[Shard]:
    tasks = tasks_of(made, made.cells, Store(tmp_path), CellRows(made).is_whole)
    return [shard for task in tasks for shard in task.shards if shard.cell]


def _frames(made: Plan, shard: Shard) -> list[Frame]:
    cell, samples = made.cells[0], made.datasets["mine"].samples
    part = parts_of(len(samples))[shard.number]
    rows = [
        {"cell_id": cell.id, "sample_id": samples[i].id, "metric": "gini", "value": float(i)}
        for i in part
    ]
    table = pa.Table.from_pylist(rows, SAMPLES)
    return [Frame({"type": "table", "name": "samples"}, table_bytes(table))]


def test_in_any_order_the_last_part_completes_the_cell(made: Plan, shards: list[Shard]) -> None:
    cell = made.cells[0]
    for order in permutations(range(3)):
        gathering = Gathering(made)
        gathering.begin(cell, BEGAN)
        explained = {"dataset": cell.dataset, "model": cell.weights, "explainer": cell.explainer}
        gathering.listen(explained, {"output": "explained "})
        *first, last = order
        for number in first:
            end = OK | {"output": f"part {number} "}
            assert gathering.take(shards[number], cell, _frames(made, shards[number]), end) is None
        end = OK | {"output": f"part {last} "}
        came = gathering.take(shards[last], cell, _frames(made, shards[last]), end)
        assert came is not None
        row, tables = came
        assert (row["forwards"], row["seconds"]) == (3, 3.0)
        assert row["error_traceback"] == "It printed:\nexplained part 0 part 1 part 2 "
        assert tables["samples"]["value"].to_pylist() == list(range(70))
        assert not gathering.is_over(cell)
        assert gathering.end(cell) == BEGAN
        assert gathering.is_over(cell)


def test_of_two_that_fail_the_first_in_order_says_why(made: Plan, shards: list[Shard]) -> None:
    """The second and third of three fail: before the first is there nobody knows which is first."""
    cell = made.cells[0]
    ends = [OK, NO | {"error_message": "second"}, NO | {"error_message": "third"}]
    for order in permutations(range(3)):
        gathering = Gathering(made)
        gathering.begin(cell, BEGAN)
        rows = []
        for number in order:
            frames = _frames(made, shards[number]) if number == 0 else []
            came = gathering.take(shards[number], cell, frames, ends[number])
            if came is not None:
                rows.append(came)
                break
        ((row, tables),) = rows
        assert (row["status"], row["error_message"], tables) == ("error", "second", {})


def test_rows_that_are_not_those_ordered_fail_the_cell(made: Plan, shards: list[Shard]) -> None:
    """Each part is whole, and the second is the first again."""
    cell, gathering = made.cells[0], Gathering(made)
    gathering.begin(cell, BEGAN)
    frames = _frames(made, shards[0])
    assert gathering.take(shards[0], cell, frames, OK) is None
    assert gathering.take(shards[1], cell, frames, OK) is None
    came = gathering.take(shards[2], cell, _frames(made, shards[2]), OK)
    assert came is not None
    row, tables = came
    assert (row["status"], tables) == ("error", {})
    assert "expected a value of 'gini' for each sample" in row["error_message"]
    assert row["error_message"].startswith("gxarena: metric 'gini'")
