"""predict -> explain -> aggregate: each stage computed on demand, in chunks, through the store.

Beside them, what metrics ask a model whoever explains it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from gxarena.aggregators.projection import project_all
from gxarena.api import Explainer, Model
from gxarena.capabilities import COARSEN, REFINE
from gxarena.data import Attribution, Explained, Floats, Ints, Sample, Spans
from gxarena.objective import resolve_targets
from gxarena.run import in_flanks, keys
from gxarena.run.blame import blamed
from gxarena.run.components import Components
from gxarena.run.components import Report as Report
from gxarena.run.contracts import (
    check_finite,
    checked_predictions,
    make_batch,
)
from gxarena.run.failures import writable
from gxarena.run.plan import Plan
from gxarena.run.probe import Explain, Share
from gxarena.run.recent import Recent
from gxarena.run.store import CHUNK, Hardware, Predictions, Store, chunk_slice, n_chunks
from gxarena.seeds import all_seeded

KEPT_PREDICTIONS = 16
KEPT_EXPLAINED = 4
KEPT_WHOLE = 1024
"""Results of stages that are known to be in the store with all their chunks."""


class Stages(Components):
    """The pipeline of one plan over one store.

    Models are asked for by the name of their weights (`gxarena.run.cells.weights_name`).

    Parameters
    ----------
    plan : Plan
    store : Store
    report : callable, optional
        Called with (what, done, total) as samples are finished; of questions that metrics ask
        nobody knows the total, which is 0 then.
    """

    def __init__(self, plan: Plan, store: Store, report: Report | None = None) -> None:
        super().__init__(plan, report)
        self._store = store
        self._predictions: Recent[Predictions] = Recent(KEPT_PREDICTIONS)
        self._explained: Recent[Explained] = Recent(KEPT_EXPLAINED)
        self._whole: Recent[None] = Recent(KEPT_WHOLE)
        self._seconds: dict[str, float] = {}

    def hardware(self, dataset: str, model: str) -> Hardware:
        """On what device and in which precision a model computed: here, or else its predictions."""
        if (loaded := self.loaded(model)) is None:
            return self._store.hardware(self._plan.predict_key(dataset, model))
        dtype = str(getattr(loaded, "dtype", "")).removeprefix("torch.")
        device = str(getattr(loaded, "device", "cpu"))
        return {"device": writable(device), "dtype": writable(dtype)}

    def predictions(self, dataset: str, model: str, part: range | None = None) -> Predictions:
        """Raw outputs and units of a data set's samples.

        Parameters
        ----------
        dataset, model : str
        part : range, optional
            Of which samples: from the first of a chunk. All where not given.
        """
        part = part or self._all(dataset)
        compute = partial(self._predict, dataset, model)
        self._once(("predict", dataset, model), self._whole, compute)
        key, ids = self._plan.predict_key(dataset, model), self._ids(dataset, part)
        kept = ("predictions", dataset, model, part)
        return self._once(
            kept, self._predictions, lambda: self._store.read_predictions(key, ids, part.start)
        )

    def explained(
        self, dataset: str, model: str, explainer: str, part: range | None = None
    ) -> Explained:
        """The explainer's attributions, raw and on the model's own units.

        Parameters
        ----------
        dataset, model, explainer : str
        part : range, optional
            As for `predictions`.
        """
        part = part or self._all(dataset)
        names = (dataset, model, explainer)
        self._once(("explain", *names), self._whole, lambda: self._explain(*names))
        kept = ("explained", *names, part)
        return self._once(kept, self._explained, lambda: self._read_explained(*names, part))

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
            return in_flanks.asked(self.create("explainers", explainer), model, batch, choice)

        return explain

    def share(self, dataset: str, weights: str, metric: str) -> Share:
        """What keeps, for a metric's probe, what these weights are asked whoever explains them."""
        asker = self._plan.asker_key(dataset, weights, metric)

        def share(question: str, ask: Callable[[], Floats]) -> Floats:
            key = keys.shared_key(asker, question)
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

    def explain_cost(self, dataset: str, model: str, explainer: str) -> tuple[float, float] | None:
        """Forwards and backwards that the explainer says a sequence costs; None where it does not.

        Kept with the attributions: whoever scores them need not load who made them.
        """
        return self._store.cost(self._plan.explain_key(dataset, model, explainer))

    def projected(
        self,
        explained: Explained,
        dataset: str,
        aggregator: str,
        partition: str,
        part: range | None = None,
    ) -> Explained:
        """Attributions of some samples carried onto the units the aggregator speaks of.

        Refining ones go to single nucleotides, coarsening ones to the tokens of the model
        `partition`, others stay where they are.
        """
        provides = self._plan.choice("aggregators", aggregator).provides
        if not provides & {REFINE, COARSEN}:
            return explained
        if REFINE in provides:
            onto = tuple(Spans.nucleotides(len(sequence)) for sequence in explained.sequences)
        else:
            onto = self.predictions(dataset, partition, part).spans
        made = self.create("aggregators", aggregator)
        with blamed(self._plan.choice("aggregators", aggregator).where):
            return project_all(made, explained, onto)

    def _predict(self, dataset: str, model: str) -> None:
        samples = self._plan.datasets[dataset].samples
        key = self._plan.predict_key(dataset, model)
        what = f"predict {dataset} with {model}"
        self._fill("predictions", key, samples, what, partial(self.predict_chunk, dataset, model))

    def predict_chunk(self, dataset: str, model: str, chunk: int, at_once: int = CHUNK) -> None:
        """Predict one chunk of a data set into the store.

        Parameters
        ----------
        at_once : int
            As for `explain_chunk`.
        """
        part = self._plan.datasets[dataset].samples[chunk_slice(chunk)]
        choice = self._plan.choice("models", model)
        start = time.perf_counter()
        found = [
            checked_predictions(self.model(model), part[first : first + at_once], choice)
            for first in range(0, len(part), at_once)
        ]
        seconds = time.perf_counter() - start
        predictions = Predictions(
            np.concatenate([one.outputs for one in found]),
            tuple(spans for one in found for spans in one.spans),
        )
        self.check_unchanged(("models", model))
        key = self._plan.predict_key(dataset, model)
        hardware = self.hardware(dataset, model)
        self._store.write_predictions(key, chunk, _ids(part), predictions, seconds, hardware)

    def _explain(self, dataset: str, model: str, explainer: str) -> None:
        samples = self._plan.datasets[dataset].samples
        key = self._plan.explain_key(dataset, model, explainer)
        compute = partial(self.explain_chunk, dataset, model, explainer)
        self._fill("attributions", key, samples, f"{explainer} on {model}, {dataset}", compute)
        check_finite(
            (
                one
                for part in self._chunks(dataset)
                for one in self._attributions(dataset, key, part)
            ),
            self._plan.choice("explainers", explainer),
        )

    def _read_explained(self, dataset: str, model: str, explainer: str, part: range) -> Explained:
        key = self._plan.explain_key(dataset, model, explainer)
        return Explained(
            samples=self._plan.datasets[dataset].samples[part.start : part.stop],
            attributions=self._attributions(dataset, key, part),
            targets=self._targets(dataset, model, part),
            outputs=self.predictions(dataset, model, part).outputs,
            objective=self._plan.suite.objective,
            seed=self._plan.suite.seed,
        )

    def _attributions(self, dataset: str, key: str, part: range) -> tuple[Attribution, ...]:
        return self._store.read_attributions(key, self._ids(dataset, part), part.start)

    def explain_chunk(
        self, dataset: str, model: str, explainer: str, chunk: int, at_once: int = CHUNK
    ) -> None:
        """Explain one chunk of a data set into the store.

        Parameters
        ----------
        at_once : int
            Samples that the explainer is given at a time: fewer than a chunk's where memory ran
            out, which may move last bits.
        """
        part = self._plan.datasets[dataset].samples[chunk_slice(chunk)]
        targets = self._targets(dataset, model, self._all(dataset)[chunk_slice(chunk)])
        suite, choice = self._plan.suite, self._plan.choice("explainers", explainer)
        replicate = self._plan.choice("models", model).replicate or 0
        name = choice.found.component.name
        there: Explainer = self.create("explainers", explainer)
        network = self.model(model)
        attributions: list[Attribution] = []
        seconds = 0.0
        for first in range(0, len(part), at_once):
            few = slice(first, first + at_once)
            batch = make_batch(
                part[few], targets[few], suite.objective, suite.seed, name, replicate=replicate
            )
            start = time.perf_counter()
            with all_seeded(int(batch.seeds[0])):  # of global generators, for every engine the same
                attributions += in_flanks.explained(there, network, batch, part[few], choice)
            seconds += time.perf_counter() - start
        self.check_unchanged(("models", model), ("explainers", explainer))
        key = self._plan.explain_key(dataset, model, explainer)
        cost = declared_cost(there)
        self._store.write_attributions(key, chunk, _ids(part), attributions, seconds, cost)

    def _targets(self, dataset: str, model: str, part: range) -> Ints:
        samples = self._plan.datasets[dataset].samples[part.start : part.stop]
        outputs = self.predictions(dataset, model, part).outputs
        return resolve_targets(
            self._plan.suite.target, [sample.label for sample in samples], outputs
        )

    def _all(self, dataset: str) -> range:
        return range(len(self._plan.datasets[dataset].samples))

    def _chunks(self, dataset: str) -> Iterator[range]:
        """The samples of each chunk."""
        every = self._all(dataset)
        return (every[chunk_slice(chunk)] for chunk in range(n_chunks(len(every))))

    def _ids(self, dataset: str, part: range) -> tuple[str, ...]:
        return _ids(self._plan.datasets[dataset].samples[part.start : part.stop])

    def _fill(
        self,
        stage: str,
        key: str,
        samples: tuple[Sample, ...],
        what: str,
        compute: Callable[[int], None],
    ) -> None:
        """Compute the chunks that the store does not hold yet."""
        for chunk in range(n_chunks(len(samples))):
            if self._store.seconds(stage, key, chunk) is None:
                self.report(what, chunk_slice(chunk).start, len(samples))
                compute(chunk)
        self.report(what, len(samples), len(samples))


def declared_cost(explainer: Explainer) -> tuple[float, float] | None:
    """The forwards and backwards of a sequence as an explainer declares them."""
    cost = getattr(explainer, "cost", None)
    return None if cost is None else (float(cost[0]), float(cost[1]))


def _ids(samples: tuple[Sample, ...]) -> tuple[str, ...]:
    return tuple(sample.id for sample in samples)
