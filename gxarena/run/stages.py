"""predict -> explain -> aggregate: each stage computed on demand, in chunks, through the store.

Beside them, what metrics ask a model whoever explains it.

A failure of a stage is remembered for the rest of the run, so that the cells that depend on it
fail at once instead of trying again.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

from gxarena.aggregators.projection import project_all
from gxarena.api import Explainer, Model
from gxarena.capabilities import COARSEN, REFINE
from gxarena.data import Attribution, Explained, Floats, Ints, Sample, Spans
from gxarena.errors import InputError
from gxarena.identity import awaits_download
from gxarena.objective import resolve_targets
from gxarena.run import keys
from gxarena.run.choices import check_unchanged, create, given_parameters
from gxarena.run.contracts import (
    check_attributions,
    check_finite,
    checked_predictions,
    make_batch,
)
from gxarena.run.plan import Plan
from gxarena.run.probe import Explain, Share
from gxarena.run.store import Predictions, Store, chunk_size, chunk_slice, n_chunks

Result = TypeVar("Result")
Report = Callable[[str, int, int], None]
"""Told of progress: what is being done, how many samples are done, of how many."""

KEPT = {"models": 2, "explainers": 4, "aggregators": 16, "metrics": 64}
"""Components of each kind that stay in memory: those used last."""

KEPT_PREDICTIONS = 16
KEPT_EXPLAINED = 4


class Recent(Generic[Result]):
    """The results used last, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Result] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """The result of that key, made where it is not kept."""
        if key not in self._kept:
            made = make()  # the rest may be let go of only now: making it may need them
            while len(self._kept) >= self._limit:
                self._kept.popitem(last=False)
            self._kept[key] = made
        self._kept.move_to_end(key)
        return self._kept[key]

    def forget(self, key: Hashable) -> None:
        """Let go of the result of that key."""
        self._kept.pop(key, None)

    def peek(self, key: Hashable) -> Result | None:
        """The result of that key where it is kept."""
        return self._kept.get(key)


class Stages:
    """The pipeline of one plan over one store.

    Models are asked for by the name of their weights (`gxarena.run.cells.weights_name`).

    Parameters
    ----------
    plan : Plan
    store : Store
    report : callable, optional
        Called with (what, done, total) as samples are finished.
    """

    def __init__(self, plan: Plan, store: Store, report: Report | None = None) -> None:
        self._plan = plan
        self._store = store
        self._report: Report = report or (lambda _what, _done, _total: None)
        self._components: dict[str, Recent[Any]] = {k: Recent(n) for k, n in KEPT.items()}
        self._predictions: Recent[Predictions] = Recent(KEPT_PREDICTIONS)
        self._explained: Recent[Explained] = Recent(KEPT_EXPLAINED)
        self._seconds: dict[str, float] = {}
        self._failures: dict[Hashable, tuple[Exception, TracebackType | None]] = {}

    def create(self, kind: str, label: str) -> Any:
        """A component, created once; the ones used last are kept."""
        return self._once((kind, label), self._components[kind], lambda: self._made(kind, label))

    def _made(self, kind: str, label: str) -> Any:
        choice = self._plan.choice(kind, label)
        awaited = awaits_download(given_parameters(choice))
        made = create(self._plan.registry, choice)
        if not awaited:
            # What it read when it was made is what was planned: later the old file may be back.
            self.check_unchanged((kind, label))
        return made

    def model(self, label: str) -> Model:
        """A loaded model."""
        model: Model = self.create("models", label)
        return model

    def download(self, models: Iterable[str]) -> bool:
        """Load models that may have to be downloaded; whether one is now known by its commit.

        What keeps one from loading is kept for the cells that need it.
        """
        choices = {name: self._plan.choice("models", name) for name in models}
        awaiting = {n: c for n, c in choices.items() if awaits_download(given_parameters(c))}
        for name, choice in awaiting.items():
            self._report(f"download {choice.label}", 0, 1)
            with contextlib.suppress(Exception, SystemExit):
                self.model(name)
        return not all(awaits_download(given_parameters(one)) for one in awaiting.values())

    def loaded(self, label: str) -> Model | None:
        """The model where this run had to load it, else None."""
        return self._components["models"].peek(("models", label))

    def check_unchanged(self, *components: tuple[str, str]) -> None:
        """Raise InputError where a component, by kind and label, is not what was planned."""
        choices = [self._plan.choice(kind, label) for kind, label in components]
        try:
            check_unchanged(self._plan.registry, choices)
        except InputError:
            for kind, label in components:  # it holds what it has read meanwhile
                self._components[kind].forget((kind, label))
            raise

    def predictions(self, dataset: str, model: str) -> Predictions:
        """Raw outputs and units of a data set's samples."""
        key = ("predict", dataset, model)
        return self._once(key, self._predictions, lambda: self._predict(dataset, model))

    def explained(self, dataset: str, model: str, explainer: str) -> Explained:
        """The explainer's attributions, raw and on the model's own units."""
        key = ("explain", dataset, model, explainer)
        return self._once(key, self._explained, lambda: self._explain(dataset, model, explainer))

    def explain_again(self, weights: str, explainer: str) -> Explain:
        """What a metric's probe asks: the explainer, on samples it is given.

        The model too is given: it may be a copy of these weights.
        """
        choice, suite = self._plan.choice("explainers", explainer), self._plan.suite
        replicate = self._plan.choice("models", weights).replicate or 0

        def explain(
            model: Model, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...]
        ) -> list[Attribution]:
            name = choice.found.component.name
            batch = make_batch(
                samples, targets, suite.objective, suite.seed, name, origins, replicate
            )
            attributions: list[Attribution] = self.create("explainers", explainer).explain(
                model, batch
            )
            check_attributions(attributions, batch, choice)
            return attributions

        return explain

    def share(self, dataset: str, weights: str, metric: str) -> Share:
        """What keeps, for a metric's probe, what these weights are asked whoever explains them."""
        suite, identity = self._plan.suite, self._plan.choice("metrics", metric).identity

        def share(question: str, ask: Callable[[], Floats]) -> Floats:
            key = keys.shared_key(
                self._plan.predict_key(dataset, weights),
                identity,
                objective=suite.objective,
                target=suite.target,
                seed=suite.seed,
                question=question,
            )
            answers = self._store.read_shared(key)
            if answers is None:
                start = time.perf_counter()
                answers = ask()
                seconds = time.perf_counter() - start
                self.check_unchanged(("models", weights), ("metrics", metric))
                self._store.write_shared(key, answers, seconds)
            return answers

        return share

    def explain_seconds(self, dataset: str, model: str, explainer: str) -> float:
        """Seconds the attributions took when they were computed."""
        key = self._plan.explain_key(dataset, model, explainer)
        if not self._seconds.get(key):
            n_samples = len(self._plan.datasets[dataset].samples)
            self._seconds[key] = self._store.total_seconds("attributions", key, n_samples)
        return self._seconds[key]

    def projected(
        self, explained: Explained, dataset: str, aggregator: str, partition: str
    ) -> Explained:
        """Attributions carried onto the units the aggregator speaks of.

        Refining ones go to single nucleotides, coarsening ones to the tokens of the model
        `partition`, others stay where they are.
        """
        provides = self._plan.choice("aggregators", aggregator).provides
        if not provides & {REFINE, COARSEN}:
            return explained
        if REFINE in provides:
            onto = tuple(Spans.nucleotides(len(sequence)) for sequence in explained.sequences)
        else:
            onto = self.predictions(dataset, partition).spans
        return project_all(self.create("aggregators", aggregator), explained, onto)

    def _once(self, key: Hashable, kept: Recent[Result], make: Callable[[], Result]) -> Result:
        """The remembered result, or failure; else make it."""
        if key in self._failures:
            error, trace = self._failures[key]
            # Raising adds to a traceback: without this it would grow with every cell.
            raise error.with_traceback(trace)
        try:
            return kept.get(key, make)
        except Exception as error:
            _forget_locals(error)
            self._failures[key] = error, error.__traceback__
            raise

    def _predict(self, dataset: str, model: str) -> Predictions:
        samples = self._plan.datasets[dataset].samples
        key = self._plan.predict_key(dataset, model)
        what, size = f"predict {dataset} with {model}", chunk_size(_longest(samples), (1, 0))

        def compute(chunk: int, part: tuple[Sample, ...]) -> None:
            start = time.perf_counter()
            predictions = checked_predictions(
                self.model(model), part, self._plan.choice("models", model)
            )
            seconds = time.perf_counter() - start
            self.check_unchanged(("models", model))
            self._store.write_predictions(key, chunk, _ids(part), predictions, seconds, size)

        self._fill("predictions", key, samples, what, size, compute)
        return self._store.read_predictions(key, _ids(samples))

    def _explain(self, dataset: str, model: str, explainer: str) -> Explained:
        samples = self._plan.datasets[dataset].samples
        predictions = self.predictions(dataset, model)
        suite, choice = self._plan.suite, self._plan.choice("explainers", explainer)
        labels = [sample.label for sample in samples]
        targets = resolve_targets(suite.target, labels, predictions.outputs)
        key = self._plan.explain_key(dataset, model, explainer)
        name = choice.found.component.name
        replicate = self._plan.choice("models", model).replicate or 0

        declared = getattr(self.create("explainers", explainer), "cost", None)
        size = chunk_size(_longest(samples), declared)

        def compute(chunk: int, part: tuple[Sample, ...]) -> None:
            there: Explainer = self.create("explainers", explainer)
            batch = make_batch(
                part,
                targets[chunk_slice(chunk, size)],
                suite.objective,
                suite.seed,
                name,
                replicate=replicate,
            )
            network = self.model(model)
            start = time.perf_counter()
            attributions = there.explain(network, batch)
            seconds = time.perf_counter() - start
            check_attributions(attributions, batch, choice)
            self.check_unchanged(("models", model), ("explainers", explainer))
            self._store.write_attributions(key, chunk, _ids(part), attributions, seconds, size)

        what = f"{explainer} on {model}, {dataset}"
        self._fill("attributions", key, samples, what, size, compute)
        attributions = self._store.read_attributions(key, _ids(samples))
        check_finite(attributions, choice)
        return Explained(
            samples=samples,
            attributions=attributions,
            targets=targets,
            outputs=predictions.outputs,
            objective=suite.objective,
            seed=suite.seed,
        )

    def _fill(
        self,
        stage: str,
        key: str,
        samples: tuple[Sample, ...],
        what: str,
        size: int,
        compute: Callable[[int, tuple[Sample, ...]], None],
    ) -> None:
        """Compute the chunks of so many samples that the store does not hold yet."""
        for chunk in range(n_chunks(len(samples), size)):
            if self._store.seconds(stage, key, chunk, size) is None:
                part = chunk_slice(chunk, size)
                self._report(what, part.start, len(samples))
                compute(chunk, samples[part])
        self._report(what, len(samples), len(samples))


def _forget_locals(error: BaseException | None) -> None:
    """Let go of what the failed frames worked on: it may be what filled the memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _longest(samples: tuple[Sample, ...]) -> int:
    return max(len(sample.sequence) for sample in samples)


def _ids(samples: tuple[Sample, ...]) -> tuple[str, ...]:
    return tuple(sample.id for sample in samples)
