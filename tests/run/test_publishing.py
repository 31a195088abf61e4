"""What a child says of a cell is taken only where it is of that cell, whole and finite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gxarena.errors import PluginError
from gxarena.results.schemas import SAMPLES
from gxarena.run.cells import Cell
from gxarena.run.frames import Frame, table_bytes
from gxarena.run.keys import shared_key
from gxarena.run.plan import Plan
from gxarena.run.publishing import Publisher, outcome
from gxarena.run.stages import Stages
from gxarena.run.store import ATTRIBUTIONS, CHUNK, PREDICTIONS, SHARED, Store
from gxarena.run.tasks import Shard, tasks_of

Rows = list[dict[str, Any]]
OK = {"status": "ok", "units": "nucleotide", "asked": 0, "again": 0}


@pytest.fixture
def made(plan: Callable[..., Plan]) -> Plan:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return plan(matrix=[block])


@pytest.fixture
def asking(plan: Callable[..., Plan]) -> Plan:
    """Its metric asks the model."""
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    metrics = {"asks": {"name": "faithfulness", "fill": "complement"}}
    return plan(metrics=metrics, matrix=[block | {"metrics": ["asks"]}])


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
    two = _rows(made, "gini.two")
    of_the_other = rows + rows[:1] + two[1:]
    for other in (rows[:-1], [rows[1], rows[0], *rows[2:]], rows + rows[:1], of_the_other):
        with pytest.raises(PluginError, match="a value of 'gini' for each sample"):
            _outcome(made, other)


def test_a_row_of_no_metric_is_refused(made: Plan) -> None:
    table = pa.Table.from_pylist(_rows(made), SAMPLES)
    unnamed = pa.nulls(len(table), pa.string())
    table = table.set_column(2, SAMPLES.field("metric"), unnamed)
    frame = Frame({"type": "table", "name": "samples"}, table_bytes(table))
    with pytest.raises(PluginError, match=r"expected finite values|Arrow table"):
        outcome(made, made.cells[0], [(OK, [frame])])


ODD: list[tuple[str, dict[str, Any]]] = [
    *((kind, {"seconds": one}) for kind in ("predict", "explain", "score")
      for one in (None, "1", True, [1], float("nan"), float("inf"), 10**400)),
    *(("predict", {name: "\ud800"}) for name in ("device", "dtype")),
    *(("explain", {"cost": one}) for one in (5, [], [1], ["a", "b"], [10**400, 1], {"a": 1})),
    *(("score", {"shape": one}) for one in (None, 2, [], [3], [None, 1], [-2, -1], [2.0], ["2"])),
    *(("score", {"key": one}) for one in (None, 5, "", "../" * 11, "A" * 32, "a" * 64)),
    ("score", {"stage": "attributions"}),
]  # fmt: skip
"""What no child says of what is to be stored."""


def _key(asking: Plan) -> str:
    """A key of answers to the metric of the only cell."""
    return shared_key(asking.asker_key("mine", "toy", "asks"), "[]")


def _shards(asking: Plan, store: Store) -> dict[str, Shard]:
    """One of each kind."""
    tasks = tasks_of(asking, asking.cells, store, lambda _: True)
    return {task.shards[0].order["kind"]: task.shards[0] for task in tasks}


@pytest.fixture
def sent(asking: Plan, tmp_path: Path) -> dict[str, tuple[Mapping[str, Any], pa.Table]]:
    """What a child sends to be stored, by the kind of its order."""
    done = Store(tmp_path / "done")
    Stages(asking, done).explained("mine", "toy", "exact")
    predicted, explained = (
        asking.predict_key("mine", "toy"),
        asking.explain_key("mine", "toy", "exact"),
    )
    common = {
        "type": "stored",
        "seconds": 1.0,
        "stage": "shared",
        "shape": [2],
        "key": _key(asking),
    }
    answers = pa.table([pa.array([1.0, 2.0])], schema=SHARED)
    return {
        "predict": (common, done.first("predictions", predicted, CHUNK).cast(PREDICTIONS)),
        "explain": (common, done.first("attributions", explained, CHUNK).cast(ATTRIBUTIONS)),
        "score": (common, answers),
    }


def _kept(asking: Plan, store: Store, kind: str, header: Mapping[str, Any], table: pa.Table) -> Any:
    frame = Frame(dict(header), table_bytes(table))
    shard = _shards(asking, store)[kind]
    return Publisher(asking, store).keep(shard, [frame], {"status": "ok"}, current=True)


def test_of_what_is_to_be_stored_only_what_is_whole_is_kept(
    asking: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]]
) -> None:
    """A plugin may write to whom its child reports: its order fails, and nothing else does."""
    for kind, odd in ODD:
        header, table = sent[kind]
        end = _kept(asking, Store(tmp_path / "run"), kind, {**header, **odd}, table)
        assert (end["status"], end["error_type"]) == ("error", "PluginError"), odd
        assert "expected" in end["error_message"], odd
    assert not list((tmp_path / "run").rglob("*.parquet"))
    for kind, (header, table) in sent.items():
        end = _kept(asking, Store(tmp_path / "run"), kind, header, table)
        assert end["status"] == "ok", end
    assert len(list((tmp_path / "run").rglob("*.parquet"))) == len(sent)


@pytest.mark.parametrize(
    "other", [("mine", "toy", "entropy"), ("mine", "other", "asks"), ("again", "toy", "asks")]
)
def test_answers_of_another_metric_model_or_data_set_are_refused(
    asking: Plan,
    tmp_path: Path,
    sent: dict[str, tuple[Mapping[str, Any], pa.Table]],
    other: tuple[str, str, str],
) -> None:
    """Who finds them there would take them for what was answered."""
    header, table = sent["score"]
    dataset, model, metric = other
    mine = asking.datasets["mine"]
    asking.datasets["again"] = replace(mine, samples=mine.samples[:1])
    asking.choices["models", "other"] = replace(asking.choice("models", "toy"), identity="another")
    asking.choices["metrics", "entropy"] = replace(
        asking.choice("metrics", "asks"), identity="another"
    )
    forged = shared_key(asking.asker_key(dataset, model, metric), "[]")
    end = _kept(asking, Store(tmp_path / "run"), "score", {**header, "key": forged}, table)
    assert "expected answers under a key of their own, got another's" in end["error_message"]
    assert not list((tmp_path / "run").rglob("*.parquet"))


@pytest.mark.parametrize("end", ["", "0", "G" * 32, "0" * 33])
def test_answers_to_no_question_are_refused(
    asking: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]], end: str
) -> None:
    header, table = sent["score"]
    key = asking.asker_key("mine", "toy", "asks") + end
    found = _kept(asking, Store(tmp_path / "run"), "score", {**header, "key": key}, table)
    assert "expected answers under a key of their own" in found["error_message"]


def test_a_chunk_of_other_samples_or_other_units_is_refused(
    asking: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]]
) -> None:
    for kind in ("predict", "explain"):
        header, table = sent[kind]
        units = table["boundaries"].to_pylist()
        ends = pa.array([one[:-1] for one in units], pa.list_(pa.int64()))
        at = table.schema.get_field_index("boundaries")
        shorter = table.set_column(at, table.schema.field(at), ends)
        if kind == "explain":
            scores = pa.array([one[:-1] for one in table["scores"].to_pylist()])
            shorter = shorter.set_column(1, table.schema.field("scores"), scores)
        for other in (
            table.slice(1),
            table.take([1, 0, *range(2, len(table))]),
            shorter,
        ):
            end = _kept(asking, Store(tmp_path / "run"), kind, header, other)
            assert end["status"] == "error", kind
    assert not list((tmp_path / "run").rglob("*.parquet"))


def test_answers_that_are_there_stay(
    asking: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]]
) -> None:
    header, table = sent["score"]
    store = Store(tmp_path / "run")
    other = pa.table([pa.array([3.0, 4.0])], schema=SHARED)
    for answers in (table, other):
        assert _kept(asking, store, "score", header, answers)["status"] == "ok"
    kept = store.read_shared(_key(asking))
    assert kept is not None
    assert kept.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_outputs_that_are_not_finite_are_refused(
    made: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]], value: float
) -> None:
    header, table = sent["predict"]
    outputs = table["outputs"].to_pylist()
    outputs[5][0] = value
    odd = table.set_column(1, table.schema.field("outputs"), pa.array(outputs))
    end = _kept(made, Store(tmp_path / "run"), "predict", header, odd)
    assert end["status"] == "error"
    assert "expected finite outputs" in end["error_message"]


def test_of_an_explainer_that_changed_something_nothing_stays(
    made: Plan, tmp_path: Path, sent: dict[str, tuple[Mapping[str, Any], pa.Table]]
) -> None:
    """Nor what came of it before that was seen."""
    store = Store(tmp_path / "run")
    header, table = sent["explain"]
    assert _kept(made, store, "explain", header, table)["status"] == "ok"
    assert list(store.root.rglob("*.parquet"))
    shard, end = _shards(made, Store(tmp_path))["explain"], {"status": "ok", "changed": "it"}
    assert Publisher(made, store).keep(shard, [], end, current=True)["status"] == "error"
    assert not list(store.root.rglob("*.parquet"))
