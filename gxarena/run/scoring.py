"""What became of a cell: its metric on its attributions, through the stages; nothing is written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gxarena.api import ControlledMetric, Scored, SetScored
from gxarena.capabilities import PROBE
from gxarena.data import Explained
from gxarena.errors import StorageError, Unsupported
from gxarena.metrics.renormalisation import renormalised
from gxarena.results.provenance import peak_memory
from gxarena.results.same_maps import fingerprint
from gxarena.run import in_flanks
from gxarena.run.cell_rows import Row, mean_scored, quantities_of, scored_rows, units_of
from gxarena.run.cells import Cell, Explanation
from gxarena.run.failures import failure
from gxarena.run.plan import Plan
from gxarena.run.probe import PROBED_AT_ONCE, ModelProbe
from gxarena.run.stages import Stages

Parts = dict[str, list[Row]]
"""The rows of each other table that a cell comes to."""


class Scoring:
    """Scores the cells of a plan.

    Parameters
    ----------
    plan : Plan
    stages : Stages
    at_once : int
        Questions that a model is given at a time.
    """

    def __init__(self, plan: Plan, stages: Stages, at_once: int = PROBED_AT_ONCE) -> None:
        self._at_once = at_once
        self._plan = plan
        self._stages = stages
        self._fingerprints: dict[str, list[float]] = {}

    def outcome(self, cell: Cell) -> tuple[Row, Parts]:
        """What its `cells` row says of this attempt, and its rows of other tables.

        Raises
        ------
        StorageError
            The disk is full or read-only.
        KeyboardInterrupt
            Somebody pressed Ctrl-C, or a plugin raised it.
        """
        start = time.perf_counter()
        asked = asked_by(self._plan, cell)
        probes = [self._probe(cell, one) for one in asked]
        row: Row = {"status": "ok"}
        parts: Parts = {}
        try:
            if cell.unsupported:
                raise Unsupported(cell.unsupported)
            metric = self._stages.create("metrics", cell.metric)
            row["quantities"] = quantities_of(metric)
            row |= self._attributions(cell)
            read, scored = self._score(cell, metric, probes)
            self._stages.check_unchanged(*sorted(components_of(self._plan, cell)))
            row["units"] = units_of(read)
            parts = scored_rows(cell, read.samples, scored, metric.quantities)
            row |= self._cost(cell, probes)
        except (StorageError, KeyboardInterrupt):
            raise
        # A plugin may raise anything, SystemExit included; its cell fails and the others run.
        except BaseException as error:
            row |= failure(error)
        row["seconds"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        return row, parts

    def _probe(self, cell: Cell, asked: Explanation) -> ModelProbe:
        """The door to a model; it has an explainer where that is the cell's own."""
        own = asked == cell.explanation
        return ModelProbe(
            lambda: self._stages.model(asked.weights),
            self._at_once,
            explain=self._stages.explain_again(asked.weights, asked.explainer) if own else None,
            share=self._stages.share(cell.dataset, asked.weights, cell.metric),
            tell=lambda done: self._stages.report(what_of(cell), done, 0),
        )

    def _attributions(self, cell: Cell) -> Row:
        """Where the cell's attributions are found, and what they are on."""
        names = (cell.dataset, cell.weights, cell.explainer)
        explained, key = self._stages.explained(*names), self._plan.explain_key(*names)
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint(explained)
        return {
            "attributions_key": key,
            "attributions_units": units_of(explained),
            "attributions_fingerprint": self._fingerprints[key],
        }

    def _score(
        self, cell: Cell, metric: Any, probes: Sequence[ModelProbe]
    ) -> tuple[Explained, Scored | SetScored]:
        """The attributions as the metric read them, and what it says of them."""
        explained = self._stages.explained(cell.dataset, cell.weights, cell.explainer)
        partition = self._plan.partition(cell.replicate)

        def projected(one: Explained) -> Explained:
            if cell.against and metric.renormalise:
                one = renormalised(one)
            return self._stages.projected(one, cell.dataset, cell.aggregator, partition)

        read = projected(explained)
        if cell.against:
            others = (
                self._stages.explained(cell.dataset, o.weights, o.explainer) for o in cell.against
            )
            if asked_by(self._plan, cell) is not cell.against:
                return read, mean_scored([metric.compare(read, projected(one)) for one in others])
            pairs = zip(others, probes, strict=True)
            return read, mean_scored(
                [in_flanks.scored([read, projected(o)], p, metric.compare) for o, p in pairs]
            )
        if self._plan.scope(cell.metric) == "set":
            return read, metric.score_set(read)
        return read, with_control(metric, in_flanks.scored([read], probes[0], metric.score), read)

    def _cost(self, cell: Cell, probes: Sequence[ModelProbe]) -> Row:
        """What the cell cost: the explainer's share and the probe's.

        Explainers declare what a sequence costs, or, where that depends on the sequence, say it in
        ``diagnostics["forwards"]``; asked again by a metric, the mean of that.
        """
        names = (cell.dataset, cell.weights, cell.explainer)
        row: Row = {
            "explain_seconds": self._stages.explain_seconds(*names),
            "forwards": sum(probe.forwards for probe in probes),
        }
        cost = self._stages.explain_cost(*names) or _counted(self._stages.explained(*names))
        if cost is not None:
            again = sum(probe.explanations for probe in probes)
            explained = len(self._plan.datasets[cell.dataset].samples) + again
            row |= {
                "forwards": row["forwards"] + round(explained * cost[0]),
                "backwards": round(explained * cost[1]),
            }
        return row | self._stages.hardware(asked_by(self._plan, cell)[0].weights)


def with_control(metric: Any, scored: Scored, explained: Explained) -> Scored:
    """What a metric says of samples, and what its control does where it has one."""
    if not isinstance(metric, ControlledMetric):
        return scored
    control = metric.control(explained)
    return replace(
        scored,
        values={**scored.values, **control.values},
        reasons={**scored.reasons, **control.reasons},
    )


def what_of(cell: Cell) -> str:
    """A cell, as a reader understands it."""
    return f"{cell.metric_name} of {cell.explainer} on {cell.weights}, {cell.dataset}"


def asked_by(plan: Plan, cell: Cell) -> tuple[Explanation, ...]:
    """Whose model the metric may ask: of a pair metric that does, those compared with."""
    asks = PROBE in plan.choice("metrics", cell.metric).requires
    return cell.against if asks and cell.against else (cell.explanation,)


def components_of(plan: Plan, cell: Cell) -> set[tuple[str, str]]:
    """The (kind, label) of everything a cell runs."""
    kinds = ("explainer", "aggregator", "metric")
    models = {("models", one.weights) for one in (cell.explanation, *asked_by(plan, cell))}
    return models | {(f"{kind}s", getattr(cell, kind)) for kind in kinds}


def _counted(explained: Explained) -> tuple[float, float] | None:
    """Mean forwards and backwards a sequence, where the attributions say them."""
    counts = [a.diagnostics.get("forwards") for a in explained.attributions]
    known = [count for count in counts if count is not None]
    return (float(np.mean(known)), 0.0) if len(known) == len(counts) else None
