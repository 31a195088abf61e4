"""What a child says of a cell is taken only where it is of that cell, whole and finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from gxarena.errors import PluginError
from gxarena.results.schemas import SAMPLES
from gxarena.run.cells import Cell
from gxarena.run.frames import Frame, table_bytes
from gxarena.run.plan import Plan
from gxarena.run.publishing import outcome

Rows = list[dict[str, Any]]
OK = {"status": "ok", "units": "nucleotide", "asked": 0, "again": 0}


@pytest.fixture
def made(plan: Callable[..., Plan]) -> Plan:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return plan(matrix=[block])


def _rows(made: Plan, metric: str = "gini") -> Rows:
    (cell,) = made.cells
    ids = [sample.id for sample in made.datasets["mine"].samples]
    fixed = {"cell_id": cell.id, "metric": metric, "value": 0.5, "reason": None}
    return [fixed | {"sample_id": name} for name in ids]


def _outcome(made: Plan, rows: Rows) -> dict[str, pa.Table]:
    cell: Cell = made.cells[0]
    table = pa.Table.from_pylist(rows, SAMPLES)
    frame = Frame({"type": "table", "name": "samples"}, table_bytes(table))
    return outcome(made, cell, [(OK, [frame])])[1]


def test_whole_rows_are_taken_as_they_are(made: Plan) -> None:
    rows = _rows(made, "gini.one") + _rows(made, "gini.two")
    rows[3] |= {"value": None, "reason": "no signal"}
    assert _outcome(made, rows)["samples"].to_pylist() == rows


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"cell_id": "another"}, "rows of the cell that was ordered"),
        ({"sample_id": "another"}, "rows of the cell that was ordered"),
        ({"sample_id": ""}, "a value of 'gini' for each sample"),
        ({"metric": "entropy"}, "a value of 'gini' for each sample"),
        ({"metric": "ginis"}, "a value of 'gini' for each sample"),
        ({"value": float("inf")}, "expected finite values"),
        ({"value": float("nan")}, "expected finite values"),
    ],
)
@pytest.mark.parametrize("row", [0, 40])
def test_other_rows_are_refused(
    made: Plan, changes: dict[str, Any], complaint: str, row: int
) -> None:
    rows = _rows(made)
    rows[row] |= changes
    with pytest.raises(PluginError, match=complaint):
        _outcome(made, rows)


def test_rows_that_lack_one_or_stand_elsewhere_are_refused(made: Plan) -> None:
    rows = _rows(made)
    for other in (rows[:-1], [rows[1], rows[0], *rows[2:]], rows + rows[:1]):
        with pytest.raises(PluginError, match="a value of 'gini' for each sample"):
            _outcome(made, other)


def test_a_row_of_no_metric_is_refused(made: Plan) -> None:
    table = pa.Table.from_pylist(_rows(made), SAMPLES)
    unnamed = pa.nulls(len(table), pa.string())
    table = table.set_column(2, SAMPLES.field("metric"), unnamed)
    frame = Frame({"type": "table", "name": "samples"}, table_bytes(table))
    with pytest.raises(PluginError, match=r"expected finite values|Arrow table"):
        outcome(made, made.cells[0], [(OK, [frame])])
