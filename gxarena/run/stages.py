"""predict -> explain -> aggregate: each stage computed on demand, in chunks, through the store.

A failure of a stage is remembered for the rest of the run, so that the cells that depend on it
fail at once instead of trying again.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from gxarena.aggregators import project_all
from gxarena.api import Explainer, Model
from gxarena.capabilities import COARSEN, REFINE
from gxarena.data import Attribution, Batch, Explained, Ints, Sample, Spans
from gxarena.errors import PluginError
from gxarena.objective import check_targets
from gxarena.registry import Registry
from gxarena.run.choices import Choice, given_parameters, resolved_parameters
from gxarena.run.plan import Plan
from gxarena.run.probe import Explain
from gxarena.run.store import Predictions, Store, chunk_slice, n_chunks
from gxarena.seeds import sample_seed

Result = TypeVar("Result")
Report = Callable[[str, int, int], None]
"""Told of progress: what is being done, how many samples are done, of how many."""

KEPT_MODELS = 2
KEPT_PREDICTIONS = 16
KEPT_EXPLAINED = 4


class Stages:
    """The pipeline of one plan over one store.

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
        self._models: dict[str, Model] = {}
        self._predictions: dict[tuple[str, str], Predictions] = {}
        self._explained: dict[tuple[str, str, str], Explained] = {}
        self._failures: dict[object, tuple[Exception, TracebackType | None]] = {}

    def create(self, kind: str, label: str) -> Any:
        """Call a component's factory with its parameters."""
        return create(self._plan.registry, self._plan.choice(kind, label))

    def model(self, label: str) -> Model:
        """A loaded model; the ones used last are kept."""
        return self._once(
            ("model", label), self._models, label, KEPT_MODELS, lambda: self.create("models", label)
        )

    def loaded(self, label: str) -> Model | None:
        """The model where this run had to load it, else None."""
        return self._models.get(label)

    def predictions(self, dataset: str, model: str) -> Predictions:
        """Raw outputs and units of a data set's samples."""
        key = (dataset, model)
        return self._once(
            key, self._predictions, key, KEPT_PREDICTIONS, lambda: self._predict(*key)
        )

    def explained(self, dataset: str, model: str, explainer: str) -> Explained:
        """The explainer's attributions, raw and on the model's own units."""
        key = (dataset, model, explainer)
        return self._once(key, self._explained, key, KEPT_EXPLAINED, lambda: self._explain(*key))

    def explain_again(self, explainer: str) -> Explain:
        """What a metric's probe asks: a fresh explainer, on any model and samples it is given."""
        made: list[Explainer] = []
        choice, suite = self._plan.choice("explainers", explainer), self._plan.suite

        def explain(
            model: Model, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...]
        ) -> list[Attribution]:
            made[:] = made or [self.create("explainers", explainer)]
            name = choice.found.component.name
            batch = make_batch(samples, targets, suite.objective, suite.seed, name, origins)
            attributions = made[0].explain(model, batch)
            check_attributions(attributions, batch, choice)
            return attributions

        return explain

    def explain_seconds(self, dataset: str, model: str, explainer: str) -> float:
        """Seconds the attributions took when they were computed."""
        key = self._plan.explain_key(dataset, model, explainer)
        chunks = range(n_chunks(len(self._plan.datasets[dataset].samples)))
        return sum(self._store.seconds("attributions", key, chunk) or 0.0 for chunk in chunks)

    def projected(self, explained: Explained, dataset: str, aggregator: str) -> Explained:
        """Attributions carried onto the units the aggregator speaks of.

        Refining ones go to single nucleotides, coarsening ones to the tokens of the suite's
        ``partition`` model, others stay where they are.
        """
        provides = self._plan.choice("aggregators", aggregator).provides
        if not provides & {REFINE, COARSEN}:
            return explained
        if REFINE in provides:
            onto = tuple(Spans.nucleotides(len(sequence)) for sequence in explained.sequences)
        else:
            onto = self.predictions(dataset, self._plan.suite.partition).spans
        return project_all(self.create("aggregators", aggregator), explained, onto)

    def _once(
        self,
        failure: object,
        memory: dict[Any, Result],
        key: object,
        keep: int,
        make: Callable[[], Result],
    ) -> Result:
        """The remembered result, or failure, of a stage; else make it."""
        if failure in self._failures:
            error, trace = self._failures[failure]
            # Raising adds to a traceback: without this it would grow with every cell.
            raise error.with_traceback(trace)
        if key not in memory:
            try:
                made = make()
            except Exception as error:
                _forget_locals(error)
                self._failures[failure] = error, error.__traceback__
                raise
            while len(memory) >= keep:
                memory.pop(next(iter(memory)))
            memory[key] = made
        return memory[key]

    def _predict(self, dataset: str, model: str) -> Predictions:
        samples = self._plan.datasets[dataset].samples
        key = self._plan.predict_key(dataset, model)
        what = f"predict {dataset} with {model}"

        def compute(chunk: int, part: tuple[Sample, ...]) -> None:
            start = time.perf_counter()
            predictions = checked_predictions(
                self.model(model), part, self._plan.choice("models", model)
            )
            seconds = time.perf_counter() - start
            self._store.write_predictions(key, chunk, _ids(part), predictions, seconds)

        self._fill("predictions", key, samples, what, compute)
        return self._store.read_predictions(key, _ids(samples))

    def _explain(self, dataset: str, model: str, explainer: str) -> Explained:
        samples = self._plan.datasets[dataset].samples
        predictions = self.predictions(dataset, model)
        targets = resolve_targets(self._plan.suite.target, samples, predictions)
        key = self._plan.explain_key(dataset, model, explainer)
        made: list[Explainer] = []

        def compute(chunk: int, part: tuple[Sample, ...]) -> None:
            made[:] = made or [self.create("explainers", explainer)]
            batch = make_batch(
                part,
                targets[chunk_slice(chunk)],
                self._plan.suite.objective,
                self._plan.suite.seed,
                self._plan.choice("explainers", explainer).found.component.name,
            )
            network = self.model(model)
            start = time.perf_counter()
            attributions = made[0].explain(network, batch)
            seconds = time.perf_counter() - start
            check_attributions(attributions, batch, self._plan.choice("explainers", explainer))
            self._store.write_attributions(key, chunk, _ids(part), attributions, seconds)

        self._fill("attributions", key, samples, f"{explainer} on {model}, {dataset}", compute)
        attributions = self._store.read_attributions(key, _ids(samples))
        check_finite(attributions, self._plan.choice("explainers", explainer))
        return Explained(
            samples=samples,
            attributions=attributions,
            targets=targets,
            outputs=predictions.outputs,
            objective=self._plan.suite.objective,
            seed=self._plan.suite.seed,
        )

    def _fill(
        self,
        stage: str,
        key: str,
        samples: tuple[Sample, ...],
        what: str,
        compute: Callable[[int, tuple[Sample, ...]], None],
    ) -> None:
        """Compute the chunks that the store does not hold yet."""
        for chunk in range(n_chunks(len(samples))):
            if self._store.seconds(stage, key, chunk) is None:
                self._report(what, chunk_slice(chunk).start, len(samples))
                compute(chunk, samples[chunk_slice(chunk)])
        self._report(what, len(samples), len(samples))


def _forget_locals(error: BaseException | None) -> None:
    """Let go of what the failed frames worked on: it may be what filled the memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def create(registry: Registry, choice: Choice) -> Any:
    """Call a chosen component's factory with its parameters.

    Raises
    ------
    InputError
        The factory does not take a parameter that was given.
    """
    parameters = given_parameters(choice)
    resolved_parameters(choice, registry)
    return registry.factory(choice.kind, choice.found.component.name)(**parameters)


def make_batch(
    samples: tuple[Sample, ...],
    targets: Ints,
    objective: str,
    seed: int,
    explainer: str,
    origins: tuple[str, ...] = (),
) -> Batch:
    """What an explainer is given for these samples."""
    stage = f"explain/{explainer}"
    return Batch(
        sequences=tuple(sample.sequence for sample in samples),
        targets=targets.copy(),  # an explainer may edit its own, never the metrics'
        objective=objective,
        seeds=np.array([sample_seed(seed, stage, sample.id) for sample in samples], dtype=np.int64),
        ids=_ids(samples),
        annotations=tuple(sample.annotations for sample in samples),
        origins=origins,
    )


def resolve_targets(
    target: str | int, samples: tuple[Sample, ...], predictions: Predictions
) -> Ints:
    """The output explained of each sample, from unperturbed predictions; shape (N,)."""
    if target == "predicted":
        return np.asarray(np.argmax(predictions.outputs, axis=1), dtype=np.int64)
    if target == "label":
        targets = np.array([sample.label for sample in samples], dtype=np.int64)
    else:
        targets = np.full(len(samples), target, dtype=np.int64)
    check_targets(targets, predictions.outputs.shape[1])
    return targets


def check_attributions(attributions: list[Attribution], batch: Batch, choice: Choice) -> None:
    """Raise PluginError where an explainer broke its contract."""
    where = f"{choice.found.distribution}: explainer '{choice.label}'"
    if not isinstance(attributions, list) or len(attributions) != len(batch):
        got = len(attributions) if isinstance(attributions, list) else type(attributions).__name__
        raise PluginError(f"{where}: expected a list of {len(batch)} Attributions, got {got}.")
    for attribution, sequence, identifier in zip(
        attributions, batch.sequences, batch.ids, strict=True
    ):
        if not isinstance(attribution, Attribution):
            raise PluginError(
                f"{where}: expected Attributions, got a {type(attribution).__name__}."
            )
        if attribution.spans.length != len(sequence):
            raise PluginError(
                f"{where}, sample '{identifier}': expected units that tile its {len(sequence)} "
                f"nucleotides, got units up to {attribution.spans.length}."
            )


def check_finite(attributions: tuple[Attribution, ...], choice: Choice) -> None:
    """Raise PluginError where an explainer has no finite answer for any sample.

    One without an answer for some is judged by the others, and what it lacks is counted.
    """
    if not any(np.isfinite(attribution.scores).all() for attribution in attributions):
        raise PluginError(
            f"{choice.found.distribution}: explainer '{choice.label}': expected finite scores, got "
            f"NaN or infinity in each of {len(attributions)} samples."
        )


def checked_predictions(model: Model, samples: tuple[Sample, ...], choice: Choice) -> Predictions:
    """Ask a model; raise PluginError where it broke its contract."""
    sequences = [sample.sequence for sample in samples]
    outputs = np.asarray(model.predict(sequences), dtype=np.float64)
    spans = tuple(model.spans(sequences))
    where = f"{choice.found.distribution}: model '{choice.label}'"
    if outputs.shape != (len(samples), model.n_outputs):
        raise PluginError(
            f"{where}: expected outputs of shape ({len(samples)}, {model.n_outputs}), "
            f"got {outputs.shape}."
        )
    if not np.isfinite(outputs).all():
        raise PluginError(f"{where}: expected finite outputs, got NaN or infinity.")
    if [s.length for s in spans] != [len(sequence) for sequence in sequences]:
        raise PluginError(f"{where}: expected units that tile every sequence, got others.")
    return Predictions(outputs, spans)


def _ids(samples: tuple[Sample, ...]) -> tuple[str, ...]:
    return tuple(sample.id for sample in samples)
