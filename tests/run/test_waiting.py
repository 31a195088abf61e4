"""What a worker does next: what its child is for, then what takes longest."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gxarena.run.plan import Plan
from gxarena.run.store import Store
from gxarena.run.tasks import EXPLAIN, PREDICT, SCORE, Shard, Task, tasks_of
from gxarena.run.waiting import Waiting


def _task(name: str, child: str, stage: int, predicted: list[Task], position: int = 0) -> Task:
    task = Task(name, child, name, (position, stage), (), predicted=predicted)
    blamed: Any = None  # nobody is, here
    task.shards = [Shard(task, {}, blamed)]
    return task


@pytest.fixture
def open_ones() -> list[Task]:
    """Tasks of a fast and a slow model, as their places are; the slow one has two replicates."""
    fast, slow = (_task(f"predict {name}", name, PREDICT, []) for name in ("fast", "slow"))
    fast.seconds, slow.seconds = 0.1, 2.0
    return [
        _task("explain fast", "a", EXPLAIN, [fast], 1),
        _task("explain slow", "b", EXPLAIN, [slow], 2),
        _task("compare slow", "c", SCORE, [], 3),
        _task("score slow", "d", SCORE, [slow], 4),
        _task("score slow again", "d", SCORE, [slow], 5),
        _task("score the other slow one", "e", SCORE, [slow], 6),
        _task("predict another", "f", PREDICT, [], 7),
    ]


def _taken(waiting: Waiting, after: Task | None, *busy: str) -> Task:
    shard = waiting.next(after, busy)
    assert shard is not None
    return shard.task


def test_what_takes_longest_comes_first_and_what_asks_no_model_before_all(
    open_ones: list[Task],
) -> None:
    waiting = Waiting()
    for task in reversed(open_ones):
        waiting.open(task)
    order = [_taken(waiting, None).name for _ in open_ones]
    assert order == [
        "compare slow",
        "predict another",
        "explain slow",
        "score slow",
        "score slow again",
        "score the other slow one",
        "explain fast",
    ]
    assert waiting.next(None, ()) is None


def test_a_worker_goes_on_with_its_child_and_another_begins_elsewhere(
    open_ones: list[Task],
) -> None:
    waiting = Waiting()
    for task in open_ones[3:6]:
        waiting.open(task)
    first = _taken(waiting, None)
    assert first.name == "score slow"
    assert _taken(waiting, None, "d").name == "score the other slow one"  # of no child at work
    assert _taken(waiting, first, "e").name == "score slow again"


def test_how_long_a_task_takes_is_known_from_its_models_predictions(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    block = {"datasets": ["mine"], "models": ["cnn"], "metrics": ["gini", "faithfulness"]}
    cnn = {"checkpoint": "fly", "replicates": 2}
    made = plan(models={"cnn": cnn}, partition="", matrix=[block | {"explainers": ["lrp"]}])
    tasks = {one.name: one for one in tasks_of(made, made.cells, Store(tmp_path), lambda _: False)}
    predicted = [tasks["predict mine cnn"], tasks["predict mine cnn#1"]]
    assert all(one.weight == math.inf for one in predicted)
    predicted[0].seconds, predicted[1].seconds = 1.0, 3.0
    asks = {name: one.weight for name, one in tasks.items() if one not in predicted}
    # Of replicates, which are as large, the same, so that each has a child of its own.
    assert asks["explain mine cnn lrp"] == asks["explain mine cnn#1 lrp"] == 2.0
    assert sorted(one for name, one in asks.items() if name.startswith("score")) == [
        2,
        2,
        math.inf,
        math.inf,
    ]
