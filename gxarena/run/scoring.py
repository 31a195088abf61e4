"""What became of a cell: its metric on its attributions, through the stages; nothing is written.

In parts (see `gxarena.run.parts`), which whoever runs the cell puts together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from gxarena.api import ControlledMetric, Scored, SetScored
from gxarena.capabilities import EXPLAINER, PROBE
from gxarena.data import Explained
from gxarena.errors import PluginError, StorageError, Unsupported
from gxarena.metrics.renormalisation import renormalised
from gxarena.results.provenance import peak_memory
from gxarena.results.same_maps import fingerprint
from gxarena.run import in_flanks
from gxarena.run.blame import Unasked, answered, blamed
from gxarena.run.cell_rows import (
    Row,
    Tables,
    mean_scored,
    of_all,
    quantities_of,
    scored_rows,
    units_of,
)
from gxarena.run.cells import Cell, Explanation
from gxarena.run.choices import Choice
from gxarena.run.failures import failure
from gxarena.run.parts import parts_of, together
from gxarena.run.plan import Plan
from gxarena.run.probe import PROBED_AT_ONCE, ModelProbe
from gxarena.run.stages import Stages
from gxarena.seeds import all_seeded, sample_seed

Answer = TypeVar("Answer", Scored, SetScored)


@dataclass(frozen=True)
class _Facts:
    """What rows say of the attributions of an explainer.

    Attributes
    ----------
    fingerprint : list of float
    units : str
    forwards : float or None
        Mean of those that the attributions say they took; None where some do not.
    """

    fingerprint: list[float]
    units: str
    forwards: float | None


class Scoring:
    """Scores the cells of a plan.

    Parameters
    ----------
    plan : Plan
    stages : Stages
    """

    def __init__(self, plan: Plan, stages: Stages) -> None:
        self._plan = plan
        self._stages = stages
        self._facts: dict[str, _Facts] = {}

    def outcome(self, cell: Cell, *, whole: bool) -> tuple[Row, Tables]:
        """What its `cells` row says of this attempt, and its rows of other tables.

        Parameters
        ----------
        cell : Cell
        whole : bool
            Whether its metric is given all samples at once.

        Raises
        ------
        StorageError
            The disk is full or read-only.
        KeyboardInterrupt
            Somebody pressed Ctrl-C, or a plugin raised it.
        """
        n_samples = len(self._plan.datasets[cell.dataset].samples)
        parts = []
        for part in parts_of(n_samples, whole=whole):
            parts.append(self.part(cell, part))
            if parts[-1][0]["status"] != "ok":
                break
        try:
            return together(parts, n_samples)
        except PluginError as error:
            refused = failure(PluginError(f"{blamed_of(self._plan, cell).where}: {error}"))
            return refused | {"seconds": sum(row["seconds"] for row, _ in parts)}, {}

    def part(self, cell: Cell, part: range, at_once: int = PROBED_AT_ONCE) -> tuple[Row, Tables]:
        """What became of some of its samples, as `gxarena.run.parts.together` wants it.

        Parameters
        ----------
        cell : Cell
        part : range
            Which samples.
        at_once : int
            Questions that a model is given at a time.

        Raises
        ------
        StorageError, KeyboardInterrupt
            As for `outcome`.
        """
        start = time.perf_counter()
        row: Row = {"status": "ok"}
        tables: Tables = {}
        try:
            if cell.unsupported:
                raise Unsupported(cell.unsupported)
            metric = self._stages.create("metrics", cell.metric)
            row["quantities"] = quantities_of(metric)
            row |= self._attributions(cell)
            probes = [self._probe(cell, one, at_once) for one in asked_by(self._plan, cell)]
            read, scored = self._score(cell, metric, part, probes)
            self._stages.check_unchanged(*sorted(components_of(self._plan, cell)))
            where = self._plan.choice("metrics", cell.metric).where
            made = scored_rows(cell, read.samples, scored, metric.quantities, where)
            row |= {"units": units_of(read)} | self._cost(cell, probes)
            tables = made
        except (StorageError, KeyboardInterrupt):
            raise
        # A plugin may raise anything, SystemExit included; its cell fails and the others run.
        except BaseException as error:
            row |= failure(error)
        row["seconds"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        return row, tables

    def _probe(self, cell: Cell, asked: Explanation, at_once: int) -> ModelProbe:
        """The door to a model; it has an explainer where that is the cell's own."""
        own = asked == cell.explanation
        return ModelProbe(
            lambda: self._stages.model(asked.weights),
            at_once,
            explain=self._stages.explain_again(asked.weights, asked.explainer) if own else None,
            share=self._stages.share(cell.dataset, asked.weights, cell.metric),
            tell=lambda done: self._stages.report(what_of(cell), done, 0),
        )

    def _attributions(self, cell: Cell) -> Row:
        """Where the cell's attributions are found, and what they are on."""
        key = self._plan.explain_key(cell.dataset, cell.weights, cell.explainer)
        facts = self._facts_of(cell)
        return {
            "attributions_key": key,
            "attributions_units": facts.units,
            "attributions_fingerprint": facts.fingerprint,
        }

    def _facts_of(self, cell: Cell) -> _Facts:
        names = (cell.dataset, cell.weights, cell.explainer)
        key = self._plan.explain_key(*names)
        if key not in self._facts:
            units: list[str] = []
            counts: list[float | None] = []

            def read() -> Iterator[Explained]:
                for part in parts_of(len(self._plan.datasets[cell.dataset].samples)):
                    explained = self._stages.explained(*names, part)
                    units.append(units_of(explained))
                    counts.extend(a.diagnostics.get("forwards") for a in explained.attributions)
                    yield explained

            found = fingerprint(read())
            self._facts[key] = _Facts(found, of_all(units), _mean(counts))
        return self._facts[key]

    def _score(
        self, cell: Cell, metric: Any, part: range, probes: Sequence[ModelProbe]
    ) -> tuple[Explained, Scored | SetScored]:
        """The attributions as the metric read them, and what it says of them."""
        partition = self._plan.partition(cell.replicate)

        def explained(one: Explanation) -> Explained:
            return self._stages.explained(cell.dataset, one.weights, one.explainer, part)

        def projected(one: Explained) -> Explained:
            if cell.against and metric.renormalise:
                one = renormalised(one)
            return self._stages.projected(one, cell.dataset, cell.aggregator, partition, part)

        read = projected(explained(cell.explanation))
        if cell.against:
            others = map(explained, cell.against)
            compare = self._asking(metric, "compare", Scored, cell, part)
            if asked_by(self._plan, cell) is not cell.against:
                return read, mean_scored([compare(read, projected(one)) for one in others])
            pairs = zip(others, probes, strict=True)
            return read, mean_scored(
                [in_flanks.scored([read, projected(o)], p, compare) for o, p in pairs]
            )
        if self._plan.scope(cell.metric) == "set":
            return read, self._asking(metric, "score_set", SetScored, cell, part)(read)
        score = self._asking(metric, "score", Scored, cell, part)
        door = self._door(cell, probes[0])
        scored = in_flanks.scored([read], door, score)
        with self._seeded(cell, "control", part):
            return read, with_control(metric, scored, read)

    def _seeded(self, cell: Cell, what: str, part: range) -> AbstractContextManager[None]:
        """As in a child that does nothing else.

        Who draws from global generators all the same says the same then with every engine.
        """
        stage = f"{cell.id}/{what}"
        return all_seeded(sample_seed(self._plan.suite.seed, stage, str(part.start)))

    def _door(self, cell: Cell, probe: ModelProbe) -> ModelProbe | Unasked:
        """The cell's own probe, where the metric declares that it asks."""
        choice = self._plan.choice("metrics", cell.metric)
        return probe if choice.requires & {PROBE, EXPLAINER} else Unasked(choice.where)

    def _asking(
        self, metric: Any, method: str, kind: type[Answer], cell: Cell, part: range
    ) -> Callable[..., Answer]:
        """A metric's method, whose answers are what it must give."""
        where = self._plan.choice("metrics", cell.metric).where

        def ask(*given: Any) -> Answer:
            with self._seeded(cell, method, part), blamed(where):
                return answered(getattr(metric, method)(*given), kind, method, where)

        return ask

    def _cost(self, cell: Cell, probes: Sequence[ModelProbe]) -> Row:
        """What the explainer took, and what its metric asked.

        Explainers declare what a sequence costs, or, where that depends on the sequence, say it in
        ``diagnostics["forwards"]``; asked again by a metric, the mean of that.
        """
        names = (cell.dataset, cell.weights, cell.explainer)
        counted = self._facts_of(cell).forwards
        cost = self._stages.explain_cost(*names) or (None if counted is None else (counted, 0.0))
        return {
            "explain_seconds": self._stages.explain_seconds(*names),
            "asked": sum(probe.forwards for probe in probes),
            "again": sum(probe.explanations for probe in probes),
            "cost": cost,
            **self._stages.hardware(cell.dataset, asked_by(self._plan, cell)[0].weights),
        }


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


def blamed_of(plan: Plan, cell: Cell) -> Choice:
    """Whose fault it is taken for where a cell fails while it is scored: what others made first."""
    metric = plan.choice("metrics", cell.metric)
    aggregator = plan.choice("aggregators", cell.aggregator)
    found = aggregator if aggregator.is_foreign and not metric.is_foreign else metric
    if EXPLAINER in metric.requires:
        explainer = plan.choice("explainers", cell.explainer)
        found = explainer if explainer.is_foreign or not found.is_foreign else found
    return found


def components_of(plan: Plan, cell: Cell) -> set[tuple[str, str]]:
    """The (kind, label) of everything a cell runs."""
    kinds = ("explainer", "aggregator", "metric")
    models = {("models", one.weights) for one in (cell.explanation, *asked_by(plan, cell))}
    return models | {(f"{kind}s", getattr(cell, kind)) for kind in kinds}


def _mean(counts: Sequence[float | None]) -> float | None:
    """The mean where every one is known."""
    known = [count for count in counts if count is not None]
    return float(np.mean(known)) if len(known) == len(counts) else None
