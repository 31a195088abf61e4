"""Tasks: what a plan's cells need, each done by a child that holds one distribution under test.

Predictions by (data set, model), attributions by (data set, model, explainer), scores by these and
by who brings the metric and what it uses. Tasks are cut into shards, which depend on the plan
alone: chunks of samples; parts of cells, where they are scored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from gxarena.capabilities import COARSEN, EXPLAINER, OF_MODELS, PROBE
from gxarena.run.cells import Cell, Explanation
from gxarena.run.choices import Choice
from gxarena.run.luggage import cell_document
from gxarena.run.parts import parts_of
from gxarena.run.plan import Plan
from gxarena.run.probe import PROBED_AT_ONCE
from gxarena.run.scoring import asked_by, blamed_of, what_of
from gxarena.run.store import CHUNK, Store, chunk_slice, n_chunks
from gxarena.sources.dependencies import CORE

Component = tuple[str, str]
"""Kind and label."""
PREDICT, EXPLAIN, SCORE = range(3)
"""Stages of tasks."""


@dataclass(eq=False)
class Task:
    """Work for one child, or for several at a time.

    Attributes
    ----------
    name : str
        Names no two tasks alike.
    child : str
        By which a child is known to work for it: of the built-in components, which are all of one
        distribution, one child may do several tasks that ask the same weights.
    what : str
        As a reader understands it.
    place : tuple
        By the first cell that needs it, then by stage.
    components : tuple of (kind, label)
        All that it runs.
    needs : list of Task
        What must be done before.
    predicted : list of Task
        The predictions of the model that it asks, by all its replicates; none where it asks none.
    seconds : float
        That it has taken, of predictions.
    shards : list of Shard
    failure : dict or None
        What `cells` rows say where it failed.
    """

    name: str
    child: str
    what: str
    place: tuple[int, int]
    components: tuple[Component, ...]
    needs: list[Task] = field(default_factory=list)
    predicted: list[Task] = field(default_factory=list)
    seconds: float = 0.0
    shards: list[Shard] = field(default_factory=list)
    failure: dict[str, Any] | None = None

    @property
    def weight(self) -> float:
        """How long it takes beside others: as predictions of its model did, over all replicates.

        What asks no model comes before all: predictions, which tell how long the rest takes, and
        scores that take little, so that finished cells do not wait for the rest.
        """
        return fmean(one.seconds for one in self.predicted) if self.predicted else math.inf


@dataclass(eq=False)
class Shard:
    """A part of a task that one child works on at a time.

    Attributes
    ----------
    order : dict
        What the child is told (see `gxarena.run.child`).
    blamed : Choice
        Whose fault it is where a child ends, or its results cannot be taken.
    cell : Cell or None
        The one that is scored.
    number, of : int
        Which part of its cell it is, from 0, of how many.
    tries : int
        Attempts that ended a child.
    """

    task: Task
    order: dict[str, Any]
    blamed: Choice
    cell: Cell | None = None
    number: int = 0
    of: int = 1
    tries: int = 0


def tasks_of(
    plan: Plan, cells: Sequence[Cell], store: Store, is_whole: Callable[[str], bool]
) -> list[Task]:
    """What cells need that the store does not hold, in the order in which it is best done.

    Parameters
    ----------
    plan : Plan
    cells : sequence of Cell
    store : Store
    is_whole : callable
        Whether a metric is given all samples at once.
    """
    making = _Making(plan, store, is_whole)
    for position, cell in enumerate(cells):
        making.score(position, cell)
    return sorted(making.tasks.values(), key=lambda task: task.place)


class _Making:
    """Tasks, each made once."""

    def __init__(self, plan: Plan, store: Store, is_whole: Callable[[str], bool]) -> None:
        self.tasks: dict[tuple[str, ...], Task] = {}
        self._plan = plan
        self._store = store
        self._is_whole = is_whole
        self._predicted: dict[tuple[str, str], list[Task]] = {}

    def score(self, position: int, cell: Cell) -> None:
        """Add a cell to the task that scores it."""
        plan = self._plan
        metric = plan.choice("metrics", cell.metric)
        aggregator = plan.choice("aggregators", cell.aggregator)
        asks_model = bool(metric.requires & (OF_MODELS.keys() | {PROBE, EXPLAINER}))
        asked = asked_by(plan, cell) if asks_model else ()
        models = [one.weights for one in asked]
        components: list[Component] = [("metrics", cell.metric), ("aggregators", cell.aggregator)]
        if EXPLAINER in metric.requires:
            components.append(("explainers", cell.explainer))
        bringers = {plan.choice(*one).brought_by for one in components}
        key = ("score", cell.dataset, cell.weights, cell.explainer, *sorted(bringers), *models)
        if key not in self.tasks:
            what = f"scores of {cell.explainer} on {cell.weights}, {cell.dataset}"
            name = " ".join(key)
            own = bringers == {CORE}
            # Whose models are asked: another's, once it is loaded, may change what these say.
            others = [one for one in models if one != cell.weights]
            child = " ".join(("score", cell.dataset, cell.weights, *others)) if own else name
            self.tasks[key] = Task(name, child, what, (position, SCORE), ())
        task = self.tasks[key]
        for one in (cell.explanation, *cell.against):
            self._need(task, self._explain(position, cell.dataset, one))
        if asked:
            task.predicted = self._predicted[cell.dataset, asked[0].model]
        partition = plan.partition(cell.replicate)
        if partition and COARSEN in aggregator.provides:
            self._need(task, self._predict(position, cell.dataset, partition))
        order = {
            "kind": "score",
            "cell": cell_document(cell),
            "models": models,
            "components": components,
            "at_once": PROBED_AT_ONCE,
            "what": what_of(cell),
            "done": 0,
            "total": 0,
        }
        n_samples = len(plan.datasets[cell.dataset].samples)
        parts = parts_of(n_samples, whole=self._is_whole(cell.metric))
        for number, part in enumerate(parts):
            which = {"part": (part.start, part.stop)}
            at = cell, number, len(parts)
            task.shards.append(Shard(task, order | which, blamed_of(plan, cell), *at))

    def _need(self, task: Task, other: Task) -> None:
        if other not in task.needs:
            task.needs.append(other)

    def _predict(self, position: int, dataset: str, weights: str) -> Task:
        key = ("predict", dataset, weights)
        if key not in self.tasks:
            choice = self._plan.choice("models", weights)
            what = f"predict {dataset} with {weights}"
            name = " ".join(key)
            task = Task(name, name, what, (position, PREDICT), (("models", weights),))
            order = {"kind": "predict", "dataset": dataset, "model": weights, "at_once": CHUNK}
            stored = self._plan.predict_key(dataset, weights)
            n_samples = len(self._plan.datasets[dataset].samples)
            task.seconds = self._store.total_seconds("predictions", stored, n_samples)
            task.shards = [
                Shard(task, order | self._part(task, dataset, chunk), choice)
                for chunk in self._due("predictions", stored, dataset)
            ]
            self.tasks[key] = task
        return self.tasks[key]

    def _explain(self, position: int, dataset: str, one: Explanation) -> Task:
        key = ("explain", dataset, one.weights, one.explainer)
        if key not in self.tasks:
            predicted = self._predict(position, dataset, one.weights)
            of_model = self._predicted.setdefault((dataset, one.model), [])
            if predicted not in of_model:  # the list of all tasks on this model, which grows
                of_model.append(predicted)
            choice = self._plan.choice("explainers", one.explainer)
            what = f"{one.explainer} on {one.weights}, {dataset}"
            components = (("models", one.weights), ("explainers", one.explainer))
            name = " ".join(key)
            child = name if choice.is_foreign else " ".join(("explain", dataset, one.weights))
            task = Task(name, child, what, (position, EXPLAIN), components, [predicted], of_model)
            names = {"dataset": dataset, "model": one.weights, "explainer": one.explainer}
            order = {"kind": "explain", **names, "at_once": CHUNK}
            stored = self._plan.explain_key(dataset, one.weights, one.explainer)
            task.shards = [
                Shard(task, order | self._part(task, dataset, chunk), choice)
                for chunk in self._due("attributions", stored, dataset)
            ]
            self.tasks[key] = task
        return self.tasks[key]

    def _part(self, task: Task, dataset: str, chunk: int) -> dict[str, Any]:
        """Which samples, and how far their task is with them."""
        total = len(self._plan.datasets[dataset].samples)
        done = chunk_slice(chunk).start
        return {"chunk": chunk, "what": task.what, "done": done, "total": total}

    def _due(self, stage: str, key: str, dataset: str) -> Iterable[int]:
        chunks = range(n_chunks(len(self._plan.datasets[dataset].samples)))
        return [chunk for chunk in chunks if self._store.seconds(stage, key, chunk) is None]
